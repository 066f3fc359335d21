"""Every event has its words: what is drawn, and that nothing that matters is drawn as nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fleetdeploy.cli.output.plain import JsonReporter, PlainReporter
from fleetdeploy.cli.output.wording import OUTCOME_TEXTS, PHASE_TEXTS, seconds_text, sentences, size_text
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason, Phase
from fleetdeploy.model.verbs import HostFailure

FAILURE = HostFailure("start", "the service did not start", win32=1053, event_id=7009, exit_code=2)
SAMPLES: tuple[tuple[ev.Event, tuple[str, ...]], ...] = (
    (
        ev.RolloutStarted("forward", "c", "prod", "shop", "v1.4.2", "abc", ("w1", "w2")),
        ("rolling out shop v1.4.2 on fleet prod: 2 hosts, plan abc",),
    ),
    (ev.BatchStarted(0, 3, ("w1",), is_canary=True), ("canary: w1",)),
    (ev.BatchStarted(1, 3, ("w2", "w3")), ("batch 2 of 3: w2, w3",)),
    (ev.HostChanged("w1", HostState.ROLLED_BACK, "put back", "v1.4.0"), ("w1: rolled back v1.4.0 - put back",)),
    (
        ev.HostFailed("w1", FAILURE, "it is put back", ("fleetdeploy show 1",)),
        (
            "w1: FAILED the service did not start"
            " (error 1053: the service did not respond to the start request in time,"
            " event 7009, exit code 2)",
            "w1:   now  it is put back",
            "w1:   next fleetdeploy show 1",
        ),
    ),
    (ev.HostStaged("w1", "v1-aa", 0), ("w1: staged v1-aa (already there, nothing sent)",)),
    (ev.HostStaged("w1", "v1-aa", 1_500_000), ("w1: staged v1-aa (1.5 MB sent)",)),
    (ev.Turned("budget", "1 of 0"), ("TURNING BACK: more hosts failed than the budget allows: 1 of 0",)),
    (
        ev.HoldChanged(Hold.PAUSED, PauseReason.UNKNOWN, "w1 is silent", 600.0, ("fleetdeploy resume",)),
        (
            "PAUSED (unknown): w1 is silent",
            "  this wait ends by itself in 10 min",
            "  next fleetdeploy resume",
        ),
    ),
    (
        ev.RolloutEnded(Outcome.ROLLED_BACK, 3, "all back", ("look",)),
        ("ROLLED BACK: all back (exit code 3)", "  next look"),
    ),
    (ev.RolloutEnded(None, 130), ("STILL OPEN (exit code 130)",)),
)


@pytest.mark.parametrize(("event", "lines"), SAMPLES)
def test_sentences(event: ev.Event, lines: tuple[str, ...]) -> None:
    assert sentences(event) == lines


def test_every_phase_and_outcome_has_its_words() -> None:
    assert set(PHASE_TEXTS) == set(Phase)
    assert set(OUTCOME_TEXTS) == set(Outcome)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.2 s"), (9, "9 s"), (45.4, "45 s"), (300, "5 min"), (4800, "1 h 20 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (14_500_000, "14.5 MB")])
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


def test_plain_lines_carry_a_time_and_json_lines_carry_everything() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    plain: list[str] = []
    PlainReporter(plain.append, lambda: at).report(ev.Turned("budget"))
    assert plain == ["03:04:05Z TURNING BACK: more hosts failed than the budget allows\n"]
    lines: list[str] = []
    JsonReporter(lines.append, lambda: at).report(ev.ProbeSeen("w1", good=False, detail="500"))
    assert lines == [
        '{"event": "probe-seen", "at": "2026-01-02T03:04:05.000+00:00", "host": "w1", "good": false, "detail": "500"}\n'
    ]


def test_an_event_of_a_newer_version_is_not_passed_over() -> None:
    (line,) = sentences(ev.UnknownEvent({"event": "quorum-lost", "zone": "z1"}))
    assert line.startswith("quorum-lost: written by a newer fleetdeploy")
