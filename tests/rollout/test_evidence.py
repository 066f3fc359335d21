"""When a host is asked for its scene, how much of it, and that nothing of it can stop the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.errors import AnswerLost, StoreError
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Outcome
from fleetdeploy.model.scene import LogTail, SceneRequest, SceneService
from fleetdeploy.model.scene import Scene as Seen
from fleetdeploy.rollout.evidence import record_of, summary
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakePort


def sick_of(version: str) -> Any:
    return lambda host: host.version == version


@pytest.fixture
def bad(scene: Scene) -> Scene:
    """Three hosts and a version that is bad on all but the canary."""
    scene.with_hosts(3)
    for name in ("web2", "web3"):
        scene.hosts[name].sick = sick_of("v1.4.3")
    return scene


def kept(scene: Scene) -> dict[str, ev.EvidenceKept]:
    return {e.host: e for e in scene.events if isinstance(e, ev.EvidenceKept)}


def test_sick_hosts_in_full_and_healthy_ones_in_brief(bad: Scene) -> None:
    assert bad.roll("v1.4.3").outcome is Outcome.ROLLED_BACK
    asked = {n: [(r.brief, r.rollout) for r in h.scenes] for n, h in bad.hosts.items()}
    assert asked["web1"] == [(True, "R1")]
    for name in ("web2", "web3"):
        assert asked[name] in ([(False, "R1")], [(True, "R1")])
    assert any(not brief for calls in asked.values() for brief, _ in calls)
    events = kept(bad)
    assert set(events) == {"web1", "web2", "web3"}
    assert events["web1"].next_steps == ()
    failed = {e.host for e in bad.events if isinstance(e, ev.HostFailed)}
    assert all("fleetdeploy show R1 --host" in events[n].next_steps[0] for n in failed)
    assert bad.journal is not None
    rows = {row.host: row.data for row in bad.journal.evidence("R1")}
    assert set(rows) == {"web1", "web2", "web3"}
    wrong = rows[min(failed)]
    assert wrong["failure"]["kind"] == "health"
    assert 1 <= len(wrong["samples"]) <= 5
    assert any(s["failures"] for s in wrong["samples"])


def test_each_scene_comes_before_its_host_goes_back(bad: Scene) -> None:
    bad.roll("v1.4.3")
    for name, event in kept(bad).items():
        back = [
            i
            for i, e in enumerate(bad.events)
            if isinstance(e, ev.HostChanged) and e.host == name and e.state.value == "rolling_back"
        ]
        assert bad.events.index(event) < back[0]


def test_in_a_hurry_healthy_hosts_are_not_asked(bad: Scene) -> None:
    bad.strategy = replace(bad.strategy, all_at_once_rollback=True)
    assert bad.roll("v1.4.3").outcome is Outcome.ROLLED_BACK
    assert bad.hosts["web1"].scenes == []
    assert any(bad.hosts[n].scenes for n in ("web2", "web3"))


def test_a_rollback_by_command_keeps_the_scene_of_what_it_undoes(scene: Scene) -> None:
    scene.with_hosts(2)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    assert [r.rollout for r in scene.hosts["web1"].scenes] == ["R1"]
    assert scene.journal is not None
    assert {row.host for row in scene.journal.evidence("R1")} == {"web1", "web2"}


def test_a_scene_that_does_not_come_is_a_note(bad: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: FakePort, request: SceneRequest, *, deadline_s: float = 10.0) -> Seen | None:
        assert deadline_s <= 8
        raise AnswerLost(f"{self.h.name}: no answer in time", host=self.h.name)

    monkeypatch.setattr(FakePort, "scene", lost)
    assert bad.roll("v1.4.3").outcome is Outcome.ROLLED_BACK
    assert kept(bad) == {}
    notes = [e for e in bad.events if isinstance(e, ev.Note) and "could not be gathered" in e.text]
    assert {n.host for n in notes} == {"web1", "web2", "web3"}


def test_a_store_that_cannot_keep_it_does_not_stop_the_way_back(bad: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise StoreError("the disk is full")

    monkeypatch.setattr("fleetdeploy.engine.journal.Journal.keep_evidence", full)
    assert bad.roll("v1.4.3").outcome is Outcome.ROLLED_BACK
    assert all(h.version == "v1.4.0" for h in bad.hosts.values())


def test_a_host_that_does_not_answer_is_not_asked(bad: Scene) -> None:
    bad.hosts["web2"].dies_after_stop = True
    bad.roll("v1.4.3")
    assert bad.hosts["web2"].scenes == []


def test_one_line_of_it() -> None:
    service = SceneService("Shop", "Shop", "Stopped", 0, "", "", "", True, "", 1066, 3, "", "")
    assert summary(Seen("", "", "", service)) == "service Stopped, exit code 3, 0 events, no logs are named"
    tails = (LogTail("a", 1, "", ("x", "y")), LogTail("b", 0, "", (), problem="no such file"))
    running = replace(service, state="Running", exit_code=0)
    assert summary(Seen("", "", "", running, logs=tails)) == "service Running, 0 events, 2 lines of 1 log"
    assert summary(Seen("", "", "", None)) == "0 events, no logs are named"


def test_a_record_without_anything_can_be_written() -> None:
    assert record_of(None, None)["samples"] == []
