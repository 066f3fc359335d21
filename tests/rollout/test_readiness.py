"""The proof of the way back, before each batch: who is not started, what is said, and what it never holds up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.errors import ExitCode
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.readiness import Lacking
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason
from fleetdeploy.rollout import crew
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost

DISK = (Lacking.DISK,)


def notes(scene: Scene, level: str = "") -> list[ev.Note]:
    return [e for e in scene.events if isinstance(e, ev.Note) and (not level or e.level == level)]


def pauses(scene: Scene) -> list[ev.HoldChanged]:
    return [e for e in scene.events if isinstance(e, ev.HoldChanged) and e.hold is Hold.PAUSED]


def with_permits(plan: Plan, **permits: object) -> Plan:
    return replace(plan, permits=Permits(reason="we know", **permits))  # type: ignore[arg-type]


def test_every_host_is_asked_before_its_own_batch_and_not_earlier(scene: Scene) -> None:
    scene.with_hosts(4)
    asked_when: dict[str, int] = {}

    def note(host: FakeHost) -> None:
        asked_when[host.name] = sum(h.stops for h in scene.hosts.values())

    for one in scene.hosts.values():
        one.on_ready = note
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert asked_when == {"web1": 0, "web2": 1, "web3": 1, "web4": 3}
    for one in scene.hosts.values():
        assert one.log.index("ready") < one.log.index("stop v1.4.0")


def test_a_host_that_cannot_go_back_is_not_started_and_the_rollout_pauses(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web3"].lacking = DISK
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.hold, result.exit_code) == (None, Hold.PAUSED, ExitCode.PAUSED)
    assert result.reason is PauseReason.NOT_READY
    assert scene.hosts["web3"].stops == 0
    assert scene.hosts["web2"].stops == 0, "no host of that batch begins"
    assert scene.hosts["web1"].version == "v1.4.2", "what was done stays"
    (pause,) = pauses(scene)
    assert "web3: it lacks DISK" in pause.detail
    for words in (f"resume {result.rollout}", "exclude web3", "--no-way-back --reason", "abort"):
        assert any(words in step for step in pause.next_steps), words
    assert [n.host for n in notes(scene, "error")] == ["web3"]


def test_resume_asks_again_and_goes_on_when_it_is_mended(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].lacking = DISK
    plan = scene.plan("v1.4.2")
    first = scene.go(plan, "R1")
    assert first.reason is PauseReason.NOT_READY
    scene.hosts["web2"].lacking = ()
    again = scene.go(plan, "R1", resume=True)
    assert again.outcome is Outcome.SUCCEEDED
    assert {h.stops for h in scene.hosts.values()} == {1}


def test_resume_of_what_is_still_not_ready_pauses_again(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].lacking = DISK
    plan = scene.plan("v1.4.2")
    scene.go(plan, "R1")
    assert scene.go(plan, "R1", resume=True).reason is PauseReason.NOT_READY
    assert scene.hosts["web2"].stops == 0


def test_with_a_permit_it_goes_on_and_the_journal_has_who_and_why(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].lacking = DISK
    result = scene.go(with_permits(scene.plan("v1.4.2"), no_way_back=True))
    assert result.outcome is Outcome.SUCCEEDED
    (note,) = [n for n in notes(scene, "warning") if "without a way back" in n.text]
    assert (note.host, "it lacks DISK" in note.text, "tester@laptop: we know" in note.text) == ("web2", True, True)
    assert scene.journal is not None
    kept = [e.event for e in scene.journal.events(result.rollout) if isinstance(e.event, ev.Note)]
    assert note in kept


def test_a_permit_for_something_else_is_none(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].lacking = DISK
    result = scene.go(with_permits(scene.plan("v1.4.2"), retry_bad=True, allow_downgrade=True))
    assert result.reason is PauseReason.NOT_READY


def test_what_a_person_permitted_is_said_once(scene: Scene) -> None:
    scene.with_hosts(4)
    plan = replace(
        with_permits(scene.plan("v1.4.2"), retry_bad=True), overridden=("v1.4.2 is marked bad; --retry-bad",)
    )
    assert scene.go(plan).outcome is Outcome.SUCCEEDED
    said = [n.text for n in notes(scene, "warning")]
    assert said.count("v1.4.2 is marked bad; --retry-bad: by tester@laptop: we know") == 1


def test_a_first_install_says_what_its_way_back_is(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].exists = False
    scene.hosts["web1"].state = "Stopped"
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert [n.host for n in notes(scene) if "remove it" in n.text] == ["web1"]


def test_a_failing_previous_version_is_a_warning_never_a_refusal(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].sick = lambda host: host.version == "v1.4.0"
    result = scene.roll("v1.4.2", max_unavailable=None)
    assert result.outcome is Outcome.SUCCEEDED
    assert [n.host for n in notes(scene, "warning") if "going back means: as it was" in n.text] == ["web2"]


def test_a_host_that_falls_silent_counts_like_one_that_is_silent_at_its_switch(scene: Scene) -> None:
    scene.with_hosts(4)
    victim = scene.hosts["web3"]

    def gone(host: FakeHost) -> None:
        victim.dead = True

    scene.hosts["web1"].on_activate = lambda host, request: gone(host)
    result = scene.roll("v1.4.2")
    assert result.outcome is Outcome.ROLLED_BACK, "one failure more than the budget"
    assert victim.stops == 0
    assert scene.states(result)["web3"] == "unreachable"
    assert scene.states(result)["web2"] == "staged", "the rest of its batch was not started"


def test_within_the_budget_the_others_go_on(scene: Scene) -> None:
    scene.with_hosts(4)
    victim = scene.hosts["web3"]

    def gone(host: FakeHost) -> None:
        victim.dead = True

    scene.hosts["web1"].on_activate = lambda host, request: gone(host)
    result = scene.roll("v1.4.2", budget=1)
    assert result.outcome is Outcome.SUCCEEDED_IN_PART
    assert {n for n, h in scene.hosts.items() if h.version == "v1.4.2"} == {"web1", "web2", "web4"}


@pytest.mark.parametrize("permitted", [False, True])
def test_another_try_needs_a_proof_too(scene: Scene, permitted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_REQUESTS_EVERY_S", 0.0)  # these hosts are so quick that it would come too late
    scene.with_hosts(6)
    victim = scene.hosts["web3"]
    scene.hosts["web1"].on_activate = lambda host, request: setattr(victim, "dead", True)
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HostChanged) and (event.host, event.state) == ("web3", HostState.UNREACHABLE):
            victim.dead, victim.lacking = False, DISK
            assert scene.journal is not None
            scene.journal.request("R1", "retry", "eva@desk", argument="web3", reason="it is back")

    scene.report = report  # type: ignore[method-assign]
    plan = scene.plan("v1.4.2", budget=1)
    result = scene.go(with_permits(plan, no_way_back=True) if permitted else plan, "R1")
    if permitted:
        assert (result.outcome, victim.version) == (Outcome.SUCCEEDED, "v1.4.2")
        assert [n.host for n in notes(scene, "warning") if "without a way back (it lacks DISK)" in n.text] == ["web3"]
    else:
        assert (result.outcome, victim.stops) == (Outcome.SUCCEEDED_IN_PART, 0)
        assert scene.states(result)["web3"] == "skipped"
        assert [n.host for n in notes(scene, "error") if "cannot prove its way back: it lacks DISK" in n.text] == [
            "web3"
        ]


def test_a_rollback_is_never_asked_to_prove_anything(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    for one in scene.hosts.values():
        one.lacking = DISK
        one.log.clear()
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    assert scene.versions() == {"v1.4.0"}
    assert not any("ready" in one.log for one in scene.hosts.values())


def test_the_way_back_of_a_broken_rollout_is_not_held_up_either(scene: Scene) -> None:
    scene.with_hosts(3)

    def fill(host: FakeHost) -> None:
        host.lacking = DISK

    for one in scene.hosts.values():
        one.sick = lambda host: host.version == "v1.4.3"
        one.on_activate = lambda host, request: fill(host)
    result = scene.roll("v1.4.3")
    assert result.outcome is Outcome.ROLLED_BACK
    assert scene.versions() == {"v1.4.0"}


def test_a_person_lets_it_go_on_while_it_waits(scene: Scene) -> None:
    """``resume --no-way-back``, answered by the conductor that lives."""
    scene.with_hosts(3)
    scene.hosts["web2"].lacking = DISK
    scene.strategy = replace(scene.strategy, pause_timeout_s=20.0)
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HoldChanged) and event.reason is PauseReason.NOT_READY:
            assert scene.journal is not None
            scene.journal.request("R1", "resume", "eva@desk", argument="no-way-back", reason="grown at noon")

    scene.report = report  # type: ignore[method-assign]
    result = scene.go(scene.plan("v1.4.2"), "R1")
    assert result.outcome is Outcome.SUCCEEDED
    assert len(pauses(scene)) == 1
    (note,) = [n for n in notes(scene, "warning") if "without a way back" in n.text]
    assert "by eva@desk: grown at noon" in note.text
