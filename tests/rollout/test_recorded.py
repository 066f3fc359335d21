"""What is written before and after, what is taken from there on resume, and a store that breaks in the middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.steps import OtherVersion
from fleetdeploy.errors import ExitCode, StoreError
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState, Outcome
from fleetdeploy.rollout import recorded
from fleetdeploy.rollout.recorded import BAKE, PROMOTION, TURN_DECIDED, of_batch
from fleetdeploy.rollout.resume import stored_plan
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost


class Killed(BaseException):
    """The conductor's process is gone."""


def kill_at(scene: Scene, wanted: Callable[[ev.Event], bool]) -> None:
    """The next conductor dies when it says that; the one after it lives."""
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if wanted(event):
            scene.report = real  # type: ignore[method-assign]
            raise Killed

    scene.report = report  # type: ignore[method-assign]


def rolled_and_killed(scene: Scene, wanted: Callable[[ev.Event], bool], version: str = "v1.4.2", **more: Any) -> None:
    kill_at(scene, wanted)
    with pytest.raises(Killed):
        scene.roll(version, **more)
    died(scene)


def died(scene: Scene) -> None:
    for host in scene.hosts.values():
        host.beaten_at = -1e9


def resumed(scene: Scene, **more: Any) -> Any:
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None
    return scene.go(plan, "R1", resume=True, **more)


def rows(scene: Scene, rollout: str = "R1") -> dict[tuple[str, str], Any]:
    assert scene.journal is not None
    return {(r.host, r.name): r for r in scene.journal.steps(rollout)}


def notes(scene: Scene) -> str:
    return "\n".join(e.text for e in scene.events if isinstance(e, ev.Note))


class Fragile:
    """A store that cannot be written any more once ``broken`` says so; what it holds can still be read."""

    def __init__(self, scene: Scene) -> None:
        self._journal: Any = scene.journal
        self.broken: Callable[[str, tuple[Any, ...]], bool] = lambda name, values: False
        self.is_broken = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._journal, name)

        def call(*values: Any, **named: Any) -> Any:
            if name in ("begin", "append", "end", "step_begin", "step_end"):
                self.is_broken = self.is_broken or self.broken(name, values)
                if self.is_broken:
                    raise StoreError("the disk is full", next_steps=("make room",))
            return method(*values, **named)

        return call


def fragile(scene: Scene) -> Fragile:
    made, ports = Fragile(scene), scene.ports
    scene.ports = lambda: replace(ports(), log=made)  # type: ignore[method-assign]
    return made


# -- what is written ---------------------------------------------------------------------------------------------------


def test_every_verb_and_decision_of_a_good_rollout_is_recorded_with_its_end(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    found = rows(scene)
    for host in scene.hosts:
        for name in ("open", "stage", "activate", "prune", "close"):
            assert found[host, name].result is not None, (host, name)
        assert found[host, "activate"].result["outcome"] == "activated"
    assert found["", "bake"].result is not None
    assert all(row.result is not None for row in found.values())
    assert not any(name in ("turn-host", "put-back", "turn-decided") for _, name in found)


def test_going_back_is_recorded_as_a_decision_and_on_each_host(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web1"].sick = lambda host: host.version == "v1.4.3"
    assert scene.roll("v1.4.3").outcome is Outcome.ROLLED_BACK
    found = rows(scene)
    assert found["", "turn-decided"].result["reason"] == "budget"
    assert {host for host, name in found if name == "turn-host"} == set(scene.hosts)
    assert {host for host, name in found if name == "put-back"} == {"web1"}


def test_a_chain_of_rollouts_that_are_undone_has_a_number_each(scene: Scene) -> None:
    scene.with_hosts(1)
    assert scene.roll("v1.4.1").outcome is Outcome.SUCCEEDED
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    plan = scene.rollback_plan(target="v1.4.0")
    assert plan.host("web1").undo == ("R2", "R1")
    assert scene.go(plan).outcome is Outcome.SUCCEEDED
    assert scene.journal is not None
    undone = {r.step: r.result["undo"] for r in scene.journal.steps("R3") if r.name == "put-back" and r.result}
    assert undone == {recorded.PUT_BACK: "R2", recorded.PUT_BACK + 1: "R1"}


def test_a_lost_answer_stays_in_flight_until_the_host_has_said_what_became_of_it(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].lose_answer = 1
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert rows(scene)["web1", "activate"].tries == 2
    assert rows(scene)["web1", "activate"].result["outcome"] == "already"


# -- what is taken from there ------------------------------------------------------------------------------------------


def _activating(event: ev.Event) -> bool:
    return isinstance(event, ev.HostChanged) and event.state is HostState.VERIFYING


def test_resume_writes_what_became_of_the_verbs_in_flight(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, _activating)
    assert scene.journal is not None
    scene.journal.step_begin("R1", "web1", recorded.ACTIVATE, "activate", "C1", again=True)  # its end was not written
    scene.journal.step_begin("R1", "web2", recorded.ACTIVATE, "activate", "C1", again=True)  # it was never sent
    stops = scene.hosts["web1"].stops
    assert resumed(scene).outcome is Outcome.SUCCEEDED
    said = [(e.host, e.text) for e in scene.of(ev.Note) if isinstance(e, ev.Note) and "was under way" in e.text]
    assert ("web1", "activate was under way when its conductor ended: done") in said
    assert ("web2", "activate was under way when its conductor ended: it never arrived") in said
    assert scene.hosts["web1"].stops == stops == 1
    assert all(row.result is not None for row in rows(scene).values())


def test_a_rollback_writes_what_became_of_the_verbs_in_flight_of_what_it_undoes(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, _activating)
    assert scene.journal is not None
    scene.journal.step_begin("R1", "web1", recorded.ACTIVATE, "activate", "C1", again=True)
    scene.journal.step_begin("R1", "web2", recorded.ACTIVATE, "activate", "C1", again=True)
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    found = rows(scene)
    assert found["web1", "activate"].result["resolved"] == "done"
    assert found["web2", "activate"].result["resolved"] == "it never arrived"


def test_the_end_is_written_where_it_was_missing_and_each_host_is_told_as_it_is(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert scene.journal is not None
    last = scene.hosts["web3"]
    last.rollouts["R1"] = replace(last.rollouts["R1"], ended=False, outcome="")
    scene.journal.step_begin("R1", "web2", recorded.CLOSE, "close", "C1", again=True)
    scene.journal.step_begin("R1", "web3", recorded.CLOSE, "close", "C1", again=True)
    result = resumed(scene)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert set(scene.states(result).values()) == {"healthy"}
    assert {h.label for h in result.hosts} == {"v1.4.2"}
    assert last.rollouts["R1"].outcome == "succeeded"
    assert all(row.result is not None for row in rows(scene).values())


def test_a_bake_that_is_recorded_is_not_done_again(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.BatchStarted) and e.index == 1)
    assert of_batch(0, BAKE) in {r.step for r in scene.journal.steps("R1")}  # type: ignore[union-attr]
    assert resumed(scene).outcome is Outcome.SUCCEEDED
    assert scene.of(ev.BakeProgress) == []


def test_a_bake_that_is_not_recorded_is_done_again(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.BakeProgress))
    assert resumed(scene).outcome is Outcome.SUCCEEDED
    assert scene.of(ev.BakeProgress) != []


def test_a_promotion_that_is_recorded_is_not_asked_for_again(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2", pause_after_canary=True).exit_code is ExitCode.PAUSED
    assert scene.journal is not None
    step = of_batch(0, PROMOTION)
    scene.journal.step_begin("R1", "", step, "promotion", "C1")
    scene.journal.step_end("R1", "", step, {"by": "eva"})
    died(scene)
    assert resumed(scene).outcome is Outcome.SUCCEEDED


def test_a_turn_that_was_decided_is_carried_out_although_no_host_had_heard_of_it(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.BatchStarted) and e.index == 1)
    assert scene.journal is not None
    scene.journal.step_begin("R1", "", TURN_DECIDED, "turn-decided", "C1")
    scene.journal.step_end("R1", "", TURN_DECIDED, {"reason": "budget", "aborted": False})
    result = resumed(scene)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert scene.versions() == {"v1.4.0"}


@pytest.mark.parametrize("in_flight", [True, False])
def test_a_host_that_is_back_already_is_back_when_the_turn_is_carried_on(scene: Scene, in_flight: bool) -> None:
    scene.with_hosts(4)
    for host in scene.hosts.values():
        host.sick = _bad_later(scene)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.HostChanged) and e.state is HostState.ROLLED_BACK, "v1.4.3")
    back = [name for name, host in scene.hosts.items() if host.stops == 2]
    assert back
    assert scene.journal is not None
    if in_flight:
        scene.journal.step_begin("R1", back[0], recorded.PUT_BACK, "put-back", "C1", again=True)
    result = resumed(scene)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert scene.states(result)[back[0]] == "rolled_back"
    assert scene.versions() == {"v1.4.0"}
    assert {h.stops for h in scene.hosts.values()} <= {0, 2}
    probed = [e.host for e in scene.events if isinstance(e, ev.ProbeSeen)]
    assert (back[0] in probed) == in_flight, "looked at once more if nobody had"


def test_an_abort_that_was_interrupted_ends_as_an_abort(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.BatchStarted) and e.index == 1)
    kill_at(scene, lambda e: isinstance(e, ev.Turned))
    with pytest.raises(Killed):
        resumed(scene, decision="abort-rollback")
    died(scene)
    assert resumed(scene).outcome is Outcome.ABORTED


def test_a_record_of_another_version_stops_a_resume_and_no_rollback(scene: Scene) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, _activating)
    assert scene.journal is not None
    scene.journal.step_begin("R1", "web3", 31, "warm-up", "C1")
    with pytest.raises(OtherVersion, match="another version"):
        resumed(scene)
    assert scene.hosts["web2"].stops == 0
    assert resumed(scene, decision="abort-rollback").exit_code is ExitCode.UNDONE
    assert "going back needs none of it" in notes(scene)
    assert scene.versions() == {"v1.4.0"}


# -- hosts that cannot be asked ----------------------------------------------------------------------------------------


def _half_seen(scene: Scene, silent: str) -> None:
    scene.with_hosts(3)
    rolled_and_killed(scene, lambda e: isinstance(e, ev.BatchStarted) and e.index == 1, unreachable="skip")
    scene.hosts[silent].dead = True


def test_a_silent_host_that_may_have_turned_keeps_a_rollout_from_going_forward(scene: Scene) -> None:
    _half_seen(scene, "web1")
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")  # it came in a file: on this machine nothing is recorded
    assert plan is not None
    scene.journal.close()
    scene.journal = Journal(scene.tmp / "another.sqlite3")
    result = scene.go(plan, "R1", resume=True)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, ExitCode.REFUSED)
    assert "web1" in result.detail
    assert [h.stops for h in scene.hosts.values()] == [1, 0, 0]
    assert scene.journal.rollout("R1").outcome is None  # type: ignore[union-attr]
    scene.hosts["web1"].dead = False
    died(scene)
    assert scene.go(plan, "R1", resume=True).outcome is Outcome.SUCCEEDED


def test_the_record_rules_out_that_it_had_turned(scene: Scene) -> None:
    _half_seen(scene, "web1")
    result = resumed(scene)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)


def test_a_conductor_that_the_record_does_not_know_may_have_turned_it(scene: Scene) -> None:
    _half_seen(scene, "web1")
    for name in ("web2", "web3"):
        host = scene.hosts[name]
        assert host.open is not None
        host.open = replace(host.open, conductor="C-elsewhere")
    assert resumed(scene).exit_code is ExitCode.REFUSED


# -- a store that breaks -----------------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written_refuses_a_rollout_before_anything(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    fragile(scene).is_broken = True
    with pytest.raises(StoreError) as caught:
        scene.go(plan)
    assert caught.value.exit_code is ExitCode.REFUSED
    assert all(h.open is None and h.stops == 0 for h in scene.hosts.values())


def test_a_store_that_breaks_while_hosts_are_opened_gives_them_back(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    fragile(scene).broken = lambda name, values: name == "step_end"
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, ExitCode.REFUSED)
    assert "the disk is full" in result.detail
    assert all(h.open is None for h in scene.hosts.values())


def test_a_store_that_breaks_while_staging_stops_with_nothing_changed(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    fragile(scene).broken = lambda name, values: name == "step_begin" and values[2] == recorded.STAGE
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (None, ExitCode.REFUSED)
    assert all(h.stops == 0 for h in scene.hosts.values())
    assert any("fleetdeploy resume R1" in step for step in result.next_steps)


@pytest.mark.parametrize("number", range(1, 4))
def test_a_store_that_breaks_at_a_host_starts_no_other_and_can_be_resumed(scene: Scene, number: int) -> None:
    scene.with_hosts(4)
    plan = scene.plan("v1.4.2")
    store = fragile(scene)
    seen = 0

    def broken(name: str, values: tuple[Any, ...]) -> bool:
        nonlocal seen
        seen += name == "step_begin" and values[2] == recorded.ACTIVATE
        return seen == number

    store.broken = broken
    result = scene.go(plan)
    changed = sum(h.stops for h in scene.hosts.values())
    assert min(1, number - 1) <= changed < number  # of two at once the other may not have been sent yet
    assert result.outcome is None
    assert result.exit_code is (ExitCode.MIXED if changed else ExitCode.REFUSED)
    assert "the disk is full" in result.detail
    assert notes(scene).count("no new host is started") == 1
    assert not any(h.failure for h in result.hosts)  # no host is to blame
    store.is_broken, store.broken = False, lambda name, values: False
    died(scene)
    assert resumed(scene).outcome is Outcome.SUCCEEDED
    assert {h.stops for h in scene.hosts.values()} == {1}


def test_a_store_that_breaks_does_not_stop_a_way_back(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web1"].sick = _bad_later(scene)
    plan = scene.plan("v1.4.3")
    store = fragile(scene)
    store.broken = lambda name, values: name == "step_begin" and values[2] == recorded.TURN
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert scene.versions() == {"v1.4.0"}
    assert notes(scene).count("going back needs none and goes on") == 1


def test_a_rollback_needs_no_store(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    plan = scene.rollback_plan("R1")
    fragile(scene).is_broken = True
    assert scene.go(plan).outcome is Outcome.SUCCEEDED
    assert scene.versions() == {"v1.4.0"}


def _bad_later(scene: Scene) -> Callable[[FakeHost], bool]:
    return lambda host: host.version == "v1.4.3" and scene.hosts["web2"].version == "v1.4.3"
