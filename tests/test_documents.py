"""YAML values that know their line: durations, texts as written, unknown keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.documents import did_you_mean, format_duration, parse, parse_duration
from fleetdeploy.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("30", 30), ("1.5", 1.5), ("30s", 30), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("500ms", 0.5)]
    + [("1m30s", 90), ("2d", 172800), (" 1.5s ", 1.5), ("1m500ms", 60.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", " ", "s", "5 minutes", "-5s", "5s5m", "1e3", "5M", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


@given(st.integers(0, 10_000_000))
def test_a_duration_that_is_shown_reads_the_same(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-5, abs=1e-4)


def test_scalars_stay_as_written() -> None:
    top = parse("a: 1.10\nb: no\nc: 012\nd: ~\ne: 2024-01-01\n", "f.yml")
    assert [value.text() for key, value in top.entries() if key != "d"] == ["1.10", "no", "012", "2024-01-01"]
    assert top.get("d") is None
    assert [v.plain() for k, v in top.entries() if k != "d"] == [1.1, False, "012", "2024-01-01"]


def test_aliases_and_merged_places() -> None:
    top = parse("x: &x {a: 1}\ny: *x\n", "f.yml")
    assert top.section("y").need("a", "").integer(0, 9) == 1
    assert top.places()["y.a"] == "f.yml:1"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [\n", 3, "not valid YAML"),
        ("a: 1\n---\nb: 1\n", 2, "not valid YAML"),
        ("- a\n", 1, "expected a mapping"),
        ("a: 1\nA: 2\n", 2, "there twice (first in line 1)"),
        ("? [a]\n: b\n", 1, "plain text"),
        ("a: \x00\n", 0, "not valid YAML"),
        ("[" * 5000, 1, "nested too deeply"),
    ],
)
def test_bad_documents(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f.yml")
    assert words in caught.value.what
    assert caught.value.line == line


def test_shared_aliases_are_not_walked_again_and_again() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert len(parse("\n".join(lines), "f.yml").entries()) == 30


def test_an_unknown_key_names_its_line() -> None:
    top = parse("known: 1\nknwon: 2\n", "f.yml")
    top.get("known")
    with pytest.raises(ConfigError, match="unknown key 'knwon' in the file") as caught:
        top.done()
    assert (caught.value.line, caught.value.next_steps) == (2, ("did you mean known?",))


def test_did_you_mean() -> None:
    assert did_you_mean("WEB01", ["web01", "db"]) == ("did you mean web01?",)
    assert did_you_mean("zzz", ["a", "b"]) == ("known are: a, b",)
    assert did_you_mean("zzz", []) == ()
