"""Options that several commands share: each means the same everywhere. No host and no project is needed to see it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from fleetdeploy.cli import main

NEEDS_REASON = [
    (("promote", "--take-over"), "--take-over"),
    (("resume", "--take-over"), "--take-over"),
    (("abort", "--leave", "--take-over"), "--take-over"),
    (("rollback", "--take-over"), "--take-over"),
    (("resume", "--no-way-back"), "--no-way-back"),
    (("rollout", "v1.4.2", "--no-way-back"), "--no-way-back"),
    (("plan", "v1.4.2", "--retry-bad"), "--retry-bad"),
    (("plan", "v1.4.2", "--override-freeze"), "--override-freeze"),
    (("open", "close"), "open close"),
    (("open", "close", "--reason", " "), "open close"),
    (("artifact", "mark", "v1.4.2", "--bad"), "artifact mark"),
    (("artifact", "unmark", "v1.4.2"), "artifact unmark"),
]


@pytest.mark.parametrize(("typed", "what"), NEEDS_REASON, ids=[" ".join(t) for t, _ in NEEDS_REASON])
def test_who_overrides_something_says_why(typed: tuple[str, ...], what: str) -> None:
    said = CliRunner().invoke(main.app, typed)
    assert said.exit_code == 2
    assert f"{what} needs --reason: the next person will want to know" in said.stderr
    assert "--reason '...'" in said.stderr.partition("next")[2]
