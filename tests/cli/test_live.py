"""The live view: it draws what was said, cuts long fleets, leaves nothing behind, and never breaks a rollout."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fleetdeploy.cli.output.live import LiveReporter
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState, Phase
from fleetdeploy.model.verbs import HostFailure


def console(height: int = 24) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=height, highlight=False)


def said(screen: Console) -> str:
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def started(hosts: int) -> ev.RolloutStarted:
    names = tuple(f"web{i:03}" for i in range(hosts))
    return ev.RolloutStarted("forward", "c", "prod", "shop", "v1.4.2", "abc", names)


def drawn(view: LiveReporter, height: int = 200) -> str:
    screen = Console(file=io.StringIO(), width=100, height=height)
    screen.print(view._draw())
    return said(screen)


def test_it_draws_host_batch_gate_and_bake() -> None:
    view = LiveReporter(console(40))
    view.report(started(2))
    view.report(ev.PhaseChanged(Phase.ROLLING))
    view.report(ev.BatchStarted(0, 2, ("web000",), is_canary=True))
    view.report(ev.HostChanged("web000", HostState.HEALTHY, "", "v1.4.2"))
    view.report(ev.GateDecided("bake", "batch-done"))
    view.report(ev.BakeProgress(3.0, 5.0, 1))
    picture = drawn(view)
    view.close()
    for words in ("shop v1.4.2 on prod", "canary", "bake  3 s of 5 s healthy", "web000", "healthy 1"):
        assert words in picture
    assert "canary: web000" in said(view._console)


def test_a_large_fleet_shows_hosts_that_need_eyes_and_counts_the_rest() -> None:
    view = LiveReporter(console(20))
    view.report(started(300))
    view.report(ev.HostChanged("web299", HostState.UNHEALTHY, "503", "v1.4.2"))
    picture = drawn(view)
    view.close()
    lines = picture.splitlines()
    assert len(lines) < 20
    assert "web299" in picture
    assert "pending 299" in picture
    assert "more" in lines[-1]


def test_it_ends_clean() -> None:
    screen = console()
    view = LiveReporter(screen)
    view.report(started(3))
    view.report(ev.RolloutEnded(None, 130))
    view.close()
    text = said(screen)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1  # the cursor is shown again
    after = text[text.rindex("STILL OPEN") :]
    assert "pending" not in after.rsplit("\x1b[2K", 1)[-1]


def test_a_picture_that_breaks_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    view = LiveReporter(console())
    monkeypatch.setattr(view, "_absorb", lambda event: 1 / 0)
    view.report(ev.HostFailed("web1", HostFailure("health", "503"), "it counts"))
    view.report(ev.Note("goes on"))
    view.close()
    out = capsys.readouterr().out
    assert "web1: FAILED 503" in out
    assert "goes on" in out


def test_a_table_that_breaks_in_the_drawing_thread_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    view = LiveReporter(console())
    monkeypatch.setattr(view, "_table", lambda: 1 / 0)
    view.report(started(1))
    view._draw()
    view.report(ev.Note("goes on"))
    view.close()
    assert "goes on" in capsys.readouterr().out
