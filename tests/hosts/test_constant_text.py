"""A script's text is escaped once; a value never is kept."""

from __future__ import annotations

from fleetdeploy.hosts.constant_text import ConstantText


def test_the_same_text_is_escaped_once_for_all_sessions() -> None:
    calls: list[str | None] = []

    def escape(value: str | None) -> str | None:
        calls.append(value)
        return None if value is None else value.replace("\n", "_x000A_")

    script = "test_constant_text: one\ntwo"
    for _ in range(3):
        constant = ConstantText()
        constant.text = script
        assert constant.around(escape)(script) == "test_constant_text: one_x000A_two"
    assert calls == [script]


def test_values_are_escaped_each_time_even_if_they_look_alike() -> None:
    calls: list[str | None] = []

    def escape(value: str | None) -> str | None:
        calls.append(value)
        return value

    constant = ConstantText()
    constant.text = "a script"
    escaped = constant.around(escape)
    secret = "".join(["a ", "secret"])
    assert [escaped(secret), escaped(secret), escaped(None)] == [secret, secret, None]
    assert calls == [secret, secret, None]
