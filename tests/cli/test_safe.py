"""Words of a host reach no terminal as commands to it, whichever way they are printed."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable

import pytest
from rich.console import Console

from fleetdeploy.cli.output import progress, render
from fleetdeploy.cli.output.live import LiveReporter
from fleetdeploy.cli.output.plain import JsonReporter, PlainReporter
from fleetdeploy.cli.output.safe import safe, safe_json
from fleetdeploy.cli.reporting import say_ignored
from fleetdeploy.cli.results import CommandResult, Lines, Table
from fleetdeploy.errors import RefusalReason, Refused, ScriptFailed, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState
from fleetdeploy.model.verbs import HostFailure

ACTS = ("\x1b[2J", "\x1b]0;title\x07", "\r", "\x08", "\x9b31m", "\x85", "\x7f", "\u202e", "\u2066", "\u2028", "\x00")
HOSTILE = f"before{''.join(ACTS)}\nSUCCEEDED (exit code 0)[red]not[/red]after"
EVENTS = (
    ev.HostChanged("web1", HostState.UNHEALTHY, HOSTILE, HOSTILE),
    ev.HostFailed("web1", HostFailure("start", HOSTILE), HOSTILE, (HOSTILE,), HOSTILE),
    ev.Note(HOSTILE, "web1", "warning"),
    ev.Turned("budget", HOSTILE),
    ev.ProbeSeen("web2", good=False, detail=HOSTILE),
)


def harmless(said: str, *, lines: bool = True) -> bool:
    """Nothing but text and the ends of lines; the markup is still there to be read."""
    assert "[red]not[/red]" in said
    assert "after" in said
    bad = {c for c in said if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}
    assert not bad, said
    if lines:
        assert not [line for line in said.splitlines() if line.startswith("SUCCEEDED")], "a line that it made up"
    return True


def test_a_running_rollout_in_plain_lines() -> None:
    out: list[str] = []
    reporter = PlainReporter(out.append)
    for event in EVENTS:
        reporter.report(event)
    assert harmless("".join(out))
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in out)


def test_a_running_rollout_as_a_picture() -> None:
    screen, picture = (Console(file=io.StringIO(), width=300, height=100) for _ in range(2))
    view = LiveReporter(screen)
    view.report(ev.RolloutStarted("forward", "c", "prod", "shop", HOSTILE, "abc", ("web1", "web2")))
    for event in EVENTS:
        view.report(event)
    picture.print(view._draw())
    view.close()
    assert view._drawing
    for console in (screen, picture):
        assert isinstance(console.file, io.StringIO)
        assert harmless(console.file.getvalue())


def test_a_running_rollout_for_machines_is_the_same_text_escaped() -> None:
    out: list[str] = []
    reporter = JsonReporter(out.append)
    reporter.report(ev.Note(HOSTILE, "web1", "warning"))
    assert harmless("".join(out))
    assert json.loads(out[0])["text"] == HOSTILE


WRITERS: dict[str, Callable[[], object]] = {
    "lines": lambda: render.print_result(CommandResult({}, (Lines([HOSTILE]),)), "text"),
    "table": lambda: render.print_result(CommandResult({}, (Table(HOSTILE, ("x",), [(HOSTILE,)]),)), "text"),
    "data": lambda: render.print_result(CommandResult({HOSTILE: [HOSTILE]}), "json"),
    "script": lambda: render.print_error(ScriptFailed(HOSTILE, host="web1"), "text"),
    "lost": lambda: render.print_error(Unreachable("x", host="w", why=(HOSTILE,), next_steps=(HOSTILE,)), "text"),
    "refused": lambda: render.print_error(Refused(HOSTILE, reason=RefusalReason.LOGIN), "json"),
    "bug": lambda: render.print_internal_error(ValueError(HOSTILE), "text", None),
    "bug for machines": lambda: render.print_internal_error(ValueError(HOSTILE), "json", None),
    "ignored": lambda: say_ignored(HOSTILE),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    WRITERS[name]()
    said = capsys.readouterr()
    assert harmless(said.out + said.err)


def test_what_takes_time(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT_S", 0.0)
    with progress.ticking(HOSTILE, "text") as tick:
        tick()
    assert harmless(capsys.readouterr().err)


@pytest.mark.parametrize("text", ["", "web1: größer, 文件 😀", "C:\\new\\table [x]", "a  b"])
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert safe(text) == text
    assert safe_json(json.dumps(text, ensure_ascii=False)) == json.dumps(text, ensure_ascii=False)


@pytest.mark.parametrize("acting", ACTS)
def test_each_of_them_alone(acting: str) -> None:
    assert all(c.isprintable() for c in safe(f"a{acting}b"))
    line = json.dumps(acting, ensure_ascii=False)
    assert json.loads(safe_json(line)) == acting
    assert safe_json(line).isprintable()
