"""Signals, promotion, resume, rollback by command, and two conductors that meet."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from fleetdeploy.errors import ExitCode, FleetdeployError, LoginRefused
from fleetdeploy.model import events as ev
from fleetdeploy.model.host import Fleet
from fleetdeploy.model.project import Timeouts
from fleetdeploy.model.run import Hold, Outcome
from fleetdeploy.plan.rollback import AlreadyUndone, CloseOnly, NothingToUndo, Undo, candidate
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from fleetdeploy.rollout.resume import finish_closing, stored_plan
from fleetdeploy.rollout.survey import survey_once
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import ACTOR, FakeHost


def choice(scene: Scene):
    sights = survey_once(scene.fleet.hosts, scene.connect)
    return candidate({n: s.observation for n, s in sights.items()})


def test_a_signal_stops_at_a_safe_point_and_resume_finishes(scene: Scene) -> None:
    scene.with_hosts(5)
    scene.hosts["web2"].on_activate = lambda h, r: scene.interrupt.request()
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.hold, result.exit_code) == (None, Hold.INTERRUPTED, ExitCode.INTERRUPTED)
    assert all(h.open is not None for h in scene.hosts.values())
    stops = {n: h.stops for n, h in scene.hosts.items()}
    assert 0 < sum(stops.values()) < 5
    scene.interrupt = type(scene.interrupt)()
    for host in scene.hosts.values():
        host.on_activate = lambda h, r: None
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None
    assert scene.go(plan, rollout="R1", resume=True).exit_code is ExitCode.OK
    assert scene.versions() == {"v1.4.2"}
    assert all(h.stops == 1 and h.open is None for h in scene.hosts.values())


def test_the_stored_plan_is_the_same_plan(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    scene.go(plan)
    assert scene.journal is not None
    assert stored_plan(scene.journal, "R1") == plan


def test_a_living_owner_is_not_taken_over(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].on_activate = lambda h, r: scene.interrupt.request()
    first = scene.roll("v1.4.2")
    assert first.exit_code is ExitCode.INTERRUPTED
    scene.interrupt = type(scene.interrupt)()
    scene.hosts["web1"].on_activate = lambda h, r: None
    for host in scene.hosts.values():
        host.beaten_at = time.monotonic()  # as if it had been killed, not asked to leave
    # The entries look alive: another rollout is refused, and so is a resume that was not told to take over.
    assert scene.roll("v1.4.2").exit_code is ExitCode.REFUSED
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None
    assert scene.go(plan, rollout="R1", resume=True).exit_code is ExitCode.REFUSED
    taken = scene.go(plan, rollout="R1", resume=True, take_over=True)
    assert taken.outcome is Outcome.SUCCEEDED


def test_a_dead_owner_is_named_to_a_new_rollout(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].on_activate = lambda h, r: scene.interrupt.request()
    scene.roll("v1.4.2")
    scene.interrupt = type(scene.interrupt)()
    for host in scene.hosts.values():
        host.on_activate = lambda h, r: None
    result = scene.roll("v1.4.3")
    assert result.exit_code is ExitCode.REFUSED
    assert any("resume R1" in step for step in result.next_steps)


def test_pause_after_canary_ends_with_7_and_promote_goes_on(scene: Scene) -> None:
    scene.with_hosts(4)
    result = scene.roll("v1.4.2", pause_after_canary=True)
    assert (result.hold, result.exit_code) == (Hold.AWAITING_PROMOTION, ExitCode.PAUSED)
    assert sum(h.stops for h in scene.hosts.values()) == 1
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None
    done = scene.go(plan, rollout="R1", resume=True, decision="promote")
    assert done.outcome is Outcome.SUCCEEDED
    assert all(h.stops == 1 for h in scene.hosts.values())


def test_promote_through_the_requests_table(scene: Scene) -> None:
    scene.with_hosts(3)
    journal = scene.journal
    assert journal is not None

    def promote() -> None:
        for _ in range(3000):
            if any(isinstance(e, ev.HoldChanged) and e.hold is Hold.AWAITING_PROMOTION for e in scene.events):
                journal.request("R1", "promote", "me")
                return
            time.sleep(0.02)

    thread = threading.Thread(target=promote)
    thread.start()
    result = scene.go(scene.plan("v1.4.2", pause_after_canary=True, pause_timeout_s=60.0))
    thread.join()
    assert result.outcome is Outcome.SUCCEEDED


def test_abort_of_a_paused_rollout_undoes_or_leaves(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.roll("v1.4.2", pause_after_canary=True)
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None
    result = scene.go(plan, rollout="R1", resume=True, decision="abort-rollback")
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.UNDONE)
    assert scene.versions() == {"v1.4.0"}


def test_rollback_by_command_from_the_hosts_alone(scene: Scene) -> None:
    scene.with_hosts(4)
    assert choice(scene) == NothingToUndo()
    scene.roll("v1.4.2")
    assert choice(scene) == Undo("R1", "v1.4.2", is_open=False)
    result = scene.go(scene.rollback_plan("R1"))
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert scene.versions() == {"v1.4.0"}
    assert choice(scene) == AlreadyUndone("R1", "v1.4.2")


def test_rollback_to_a_version_goes_over_several_rollouts(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.roll("v1.4.1")
    scene.roll("v1.4.2")
    plan = scene.rollback_plan(target="v1.4.0")
    assert plan.host("web1").undo == ("R2", "R1")
    assert scene.go(plan).outcome is Outcome.SUCCEEDED
    assert scene.versions() == {"v1.4.0"}


def test_rollback_takes_over_a_dead_rollout(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web2"].on_activate = lambda h, r: scene.interrupt.request()
    scene.roll("v1.4.2")
    scene.interrupt = type(scene.interrupt)()
    for host in scene.hosts.values():
        host.on_activate = lambda h, r: None
    found = choice(scene)
    assert isinstance(found, Undo)
    assert found.is_open
    result = scene.go(scene.rollback_plan("R1"))
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert scene.versions() == {"v1.4.0"}
    assert all(r.ended for h in scene.hosts.values() for r in h.rollouts.values())


def test_an_end_that_was_not_written_is_written_and_nothing_is_undone(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.roll("v1.4.2", pause_after_canary=True)
    assert scene.journal is not None
    plan = stored_plan(scene.journal, "R1")
    assert plan is not None

    def die(host: FakeHost, request: object) -> None:
        pass

    scene.go(plan, rollout="R1", resume=True, decision="promote")
    # As if web3 had not answered the close.
    from dataclasses import replace

    web3 = scene.hosts["web3"]
    record = web3.rollouts["R1"]
    web3.rollouts["R1"] = replace(record, ended=False, outcome="")
    assert choice(scene) == CloseOnly("R1", "v1.4.2", "succeeded")
    assert finish_closing("R1", "succeeded", scene.fleet.hosts, scene.ports()) == {}


def test_two_rollouts_from_two_stores_one_is_refused_by_the_hosts(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    results: list[ExitCode] = []

    def go() -> None:
        results.append(scene.go(plan, rollout=f"T{threading.get_ident()}").exit_code)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ExitCode.OK in results
    assert all(h.stops == 1 for h in scene.hosts.values())
    assert set(results) <= {ExitCode.OK, ExitCode.REFUSED}


def test_nobody_listens_any_more_and_it_goes_on(scene: Scene) -> None:
    scene.with_hosts(2)

    def closed(event: ev.Event) -> None:
        raise BrokenPipeError

    plan = scene.plan("v1.4.2")
    scene.report = closed  # type: ignore[method-assign]
    assert scene.go(plan).outcome is Outcome.SUCCEEDED


def test_what_breaks_in_us_after_a_change_needs_a_person(scene: Scene) -> None:
    scene.with_hosts(2)
    real = scene.report

    def broken(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HostChanged) and event.state.value == "healthy":
            raise ZeroDivisionError

    plan = scene.plan("v1.4.2")
    scene.report = broken  # type: ignore[method-assign]
    with pytest.raises(FleetdeployError) as failure:
        scene.go(plan)
    assert failure.value.exit_code is ExitCode.MIXED
    assert {h.state for h in scene.hosts.values()} == {"Running"}


def test_a_signal_cuts_an_upload(scene: Scene) -> None:
    scene.with_hosts(2)

    def progress(host: FakeHost) -> None:
        scene.interrupt.request()

    for host in scene.hosts.values():
        host.on_stage = progress
    result = scene.roll("v1.4.2")
    assert result.exit_code is ExitCode.INTERRUPTED
    assert all(h.stops == 0 for h in scene.hosts.values())


def test_a_rollback_that_finds_nothing_left_still_writes_the_end(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].sick = lambda h: h.version == "v1.4.3"
    killed = scene.report

    def report(event: ev.Event) -> None:
        killed(event)
        if isinstance(event, ev.HostChanged) and event.state.value == "rolled_back":
            raise KeyboardInterrupt  # dies after the last put-back, before the end is written

    plan = scene.plan("v1.4.3")
    scene.report = report  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        scene.go(plan)
    scene.report = killed  # type: ignore[method-assign]
    for host in scene.hosts.values():
        host.beaten_at = -1e9
    found = choice(scene)
    assert isinstance(found, Undo)
    assert found.is_open
    back = scene.rollback_plan("R1")
    assert back.is_empty
    assert scene.go(back).outcome is Outcome.SUCCEEDED
    assert all(h.open is None and all(r.ended for r in h.rollouts.values()) for h in scene.hosts.values())


def test_a_rollback_too_tries_a_password_once(scene: Scene) -> None:
    scene.with_hosts(5)
    scene.roll("v1.4.2")
    plan = scene.rollback_plan("R1")
    for host in scene.hosts.values():
        host.refuse_login = LoginRefused(f"{host.name}: 401", host=host.name)
        host.calls = 0
    assert scene.go(plan).exit_code is ExitCode.REFUSED
    assert sum(h.calls for h in scene.hosts.values()) == 1


def test_hosts_that_let_nobody_in_do_not_hold_up_the_way_back_of_others(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.with_hosts(4)
    hosts = [
        replace(h, connection=replace(h.connection, user="other")) if h.name in ("web1", "web2") else h
        for h in scene.fleet.hosts
    ]
    monkeypatch.setattr(Scene, "fleet", property(lambda self: Fleet("lab", tuple(hosts))))
    scene.roll("v1.4.2")
    plan = scene.rollback_plan("R1")
    for name in ("web1", "web2"):
        scene.hosts[name].refuse_login = LoginRefused(f"{name}: 401", host=name)
        scene.hosts[name].calls = 0
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLBACK_INCOMPLETE, ExitCode.PARTIAL)
    assert {scene.hosts[n].version for n in ("web3", "web4")} == {"v1.4.0"}
    assert sum(scene.hosts[n].calls for n in ("web1", "web2")) == 1, "one attempt, not a lock-out"


def test_who_is_taken_over_stops_and_says_by_whom(scene: Scene) -> None:
    scene.with_hosts(3)
    results: list[RolloutResult] = []
    plan = scene.plan("v1.4.2", pause_after_canary=True, pause_timeout_s=20.0)
    times = Timeouts(call_s=0.3, lock_wait_s=0.1, life_ttl_s=0.6)
    waiting = threading.Event()
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HoldChanged):
            waiting.set()

    scene.report = report  # type: ignore[method-assign]
    first = RolloutRun("R1", "C1", plan, ACTOR, times)
    thread = threading.Thread(target=lambda: results.append(conduct(first, scene.ports())))
    thread.start()
    assert waiting.wait(10.0)
    # A living one is not taken over, unless told so
    back = scene.rollback_plan("R1")
    run = RolloutRun("R2", "C2", back, ACTOR, times)
    refused = conduct(run, scene.ports())
    assert refused.exit_code is ExitCode.REFUSED
    assert "R1" in refused.detail
    taken = conduct(RolloutRun("R3", "C3", back, ACTOR, times, take_over=True), scene.ports())
    assert taken.outcome is Outcome.SUCCEEDED
    thread.join(10.0)
    assert not thread.is_alive()
    assert results[0].outcome is None
    assert results[0].exit_code is ExitCode.MIXED
    assert "taken over" in results[0].detail
    assert scene.versions() == {"v1.4.0"}
    assert all(h.open is None for h in scene.hosts.values())


def test_resume_finishes_an_end_that_was_not_written_everywhere(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.BatchDone) and event.index == event.of - 1:
            scene.hosts["web3"].dead_for_close = True

    scene.report = report  # type: ignore[method-assign]
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.PARTIAL)
    assert "web3" in result.detail
    scene.hosts["web3"].dead_for_close = False
    scene.hosts["web3"].beaten_at = -1e9
    stops = [h.stops for h in scene.hosts.values()]
    again = scene.go(plan, rollout="R1", resume=True)
    assert (again.outcome, again.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert [h.stops for h in scene.hosts.values()] == stops
    assert scene.hosts["web3"].rollouts["R1"].outcome == "succeeded"


def test_a_canary_that_fell_ill_while_it_waited_is_not_promoted(scene: Scene) -> None:
    scene.with_hosts(3)
    journal = scene.journal
    assert journal is not None
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HoldChanged) and event.hold is Hold.AWAITING_PROMOTION:
            for host in scene.hosts.values():
                host.sick = lambda h: h.version == "v1.4.2"
            journal.request("R1", "promote", "me")

    scene.report = report  # type: ignore[method-assign]
    result = scene.go(scene.plan("v1.4.2", pause_after_canary=True, pause_timeout_s=5.0))
    assert result.outcome is Outcome.ROLLED_BACK
    assert sum(1 for h in scene.hosts.values() if h.stops) == 1


def test_a_signal_before_anything_was_opened_leaves_nothing_to_resume(scene: Scene) -> None:
    scene.with_hosts(2)
    plan = scene.plan("v1.4.2")
    scene.interrupt.request()
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.INTERRUPTED)
    assert all(not h.rollouts and h.open is None for h in scene.hosts.values())


def test_a_conductor_that_is_cut_off_waits_and_goes_on_when_the_line_is_back(scene: Scene) -> None:
    scene.with_hosts(4)
    plan = scene.plan("v1.4.2", pause_timeout_s=4.0)
    canary = scene.hosts[plan.batches[0].hosts[0]]

    def cut(host: FakeHost, request: object) -> None:
        for other in scene.hosts.values():
            other.dead = True

    canary.on_activate = cut
    real = scene.report

    def report(event: ev.Event) -> None:
        real(event)
        if isinstance(event, ev.HoldChanged) and event.hold is Hold.PAUSED:
            assert event.reason is not None
            assert event.reason.value == "cut-off"
            canary.on_activate = lambda h, r: None
            for host in scene.hosts.values():
                host.dead = False

    scene.report = report  # type: ignore[method-assign]
    result = scene.go(plan)
    assert any(isinstance(e, ev.HoldChanged) and e.hold is Hold.PAUSED for e in scene.events)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert all(h.stops == 1 for h in scene.hosts.values())


def test_on_unknown_says_what_ends_a_pause_that_nobody_ends(scene: Scene) -> None:
    scene.with_hosts(4)
    bad: list[bool] = []
    for host in scene.hosts.values():
        host.sick = lambda h: bool(bad)
        host.on_activate = lambda h, r: bad.append(True)
    plan = scene.plan("v1.4.2", on_unknown="stop", pause_timeout_s=0.2)
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.MIXED), "an unhealthy host is left"
    for host in scene.hosts.values():
        host.on_activate = lambda h, r: None
    bad.clear()
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    plan = scene.plan("v1.4.3", on_unknown="rollback", pause_timeout_s=0.2)
    for host in scene.hosts.values():
        host.sick = lambda h: bool(bad) and h.version == "v1.4.3"
        host.on_activate = lambda h, r: bad.append(True)
    assert scene.go(plan).outcome is Outcome.ROLLED_BACK
    assert scene.versions() == {"v1.4.0"}
