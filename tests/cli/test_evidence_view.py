"""The evidence as people read it: nothing of a host can act upon their terminal, and the parts stand in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.app.evidence import Evidence
from fleetdeploy.cli.evidence_view import json_of, lines_of
from fleetdeploy.cli.output.safe import safe
from fleetdeploy.cli.output.wording import sentences
from fleetdeploy.model import events as ev
from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.scene import LogTail
from fleetdeploy.model.verbs import HostFailure
from tests.model.test_scene import SCENE

FAILURE = HostFailure("start", "the service ended right after its start", 1067, 7034, 1067)
SAMPLES = (
    Sample(10.0, 7, "s", "Running", True),
    Sample(12.5, 0, "", "Stopped", False, (CheckFailure("healthz", "no answer"),)),
)
EVIDENCE = Evidence("web1", "R1", "store", "2026-11-21T17:00:06.000Z", "v1.4.3", FAILURE, SAMPLES, SCENE)


def test_what_likely_and_next_come_first() -> None:
    shown = lines_of(EVIDENCE)
    names = [line[:10].strip() for line in shown]
    assert names[:2] == ["what", "likely"]
    assert (
        names.index("next") < names.index("probe") < names.index("service") < names.index("event") < names.index("log")
    )
    text = "\n".join(shown)
    assert "-2.5 s  Running, PID 7  good" in text
    assert "+0.0 s  Stopped, PID -  healthz: no answer" in text or "-0.0 s  Stopped" in text
    assert "C:\\x.exe  IS GONE" in text
    assert "Service Control Manager 7034 (error): It ended unexpectedly" in text
    assert "8080 is listened on by x.exe (PID 4)" in text
    assert [line.strip() for line in shown if line.strip().startswith("|")] == ["| a", "| b"]


def test_what_is_not_there_is_said() -> None:
    bare = replace(
        SCENE, service=None, events=(), logs=(), processes=(), listeners=(), free_bytes=-1, free_memory_kb=-1
    )
    text = "\n".join(lines_of(Evidence("web1", "", "live", scene=bare)))
    assert "service   there is none" in text
    assert "none about the service since" in text
    assert "none is named in fleetdeploy.yml (logs:)" in text
    assert lines_of(Evidence("web1", "R1", "store")) == []


@pytest.mark.parametrize("bad", ["\x1b[2J", "\x07", "\r", "\x9b31m", "\u202e", "\x00"])
def test_nothing_can_act_upon_a_terminal(bad: str) -> None:
    tail = LogTail(f"C:\\{bad}.log", 1, "t", (f"a{bad}b",))
    shown = "\n".join(lines_of(Evidence("web1", "R1", "host", scene=replace(SCENE, logs=(tail,)))))
    assert bad not in shown
    assert safe("a\tb\nc") == "a    b c"


def test_machines_get_all_of_it() -> None:
    data = json_of(EVIDENCE)
    assert data["scene"]["logs"][0]["lines"] == ["a", "b"]
    assert data["explanations"][0]["name"] == "quarantine"
    assert data["samples"][1]["failures"][0]["check"] == "healthz"


def test_evidence_while_it_runs() -> None:
    quiet = ev.EvidenceKept("web1", "2 events")
    assert sentences(quiet) == ()
    told = ev.EvidenceKept("web1", "2 events", "a panic", ("fleetdeploy show R1 --host web1",))
    assert sentences(told) == (
        "web1: evidence kept: 2 events",
        "web1:   likely a panic",
        "web1:   next fleetdeploy show R1 --host web1",
    )
    failed = sentences(ev.HostFailed("web1", HostFailure("start", "x"), "it runs again", ("look",), "because"))
    assert failed == ("web1: FAILED x", "web1:   likely because", "web1:   now  it runs again", "web1:   next look")


def test_events_are_read_back() -> None:
    for event in (ev.EvidenceKept("web1", "s", "l", ("n",)), ev.HostFailed("web1", FAILURE, "now", ("n",), "likely")):
        assert ev.event_from_json(event.to_json()) == event
    old = {"event": "host-failed", "host": "web1", "failure": ev.HostFailed("web1", FAILURE).to_json()["failure"]}
    assert ev.event_from_json(old) == ev.HostFailed("web1", FAILURE)
