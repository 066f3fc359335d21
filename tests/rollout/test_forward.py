"""The conductor on the fake fleet: what goes forward, and what turns it."""

from __future__ import annotations

import time
from dataclasses import replace

from fleetdeploy.errors import ExitCode, LoginRefused, ScriptFailed
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import NOT_SERVING, Hold, HostState, Outcome, PauseReason
from fleetdeploy.model.strategy import Amount
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost


def sick_at(version: str, after_s: float = 0.0):
    def sick(host: FakeHost) -> bool:
        return host.version == version and time.monotonic() - host.started_at >= after_s

    return sick


def test_a_good_release_reaches_every_host_canary_first(scene: Scene) -> None:
    scene.with_hosts(5)
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert scene.versions() == {"v1.4.2"}
    assert all(h.stops == 1 and h.open is None for h in scene.hosts.values())
    batches = [e for e in scene.of(ev.BatchStarted) if isinstance(e, ev.BatchStarted)]
    assert [(len(b.hosts), b.is_canary) for b in batches] == [(1, True), (2, False), (2, False)]
    assert {r.outcome for h in scene.hosts.values() for r in h.rollouts.values()} == {"succeeded"}


def test_running_it_again_touches_nothing(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.roll("v1.4.2")
    before = {n: list(h.log) for n, h in scene.hosts.items()}
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    # The fake has no configuration but the image path, so the second plan is empty.
    assert before == {n: h.log for n, h in scene.hosts.items()}
    assert set(scene.states(result).values()) == {"unchanged"}


def test_bad_in_the_bake_is_undone_and_only_the_canary_was_stopped(scene: Scene) -> None:
    scene.with_hosts(5)
    for host in scene.hosts.values():
        host.sick = sick_at("v1.4.3", 0.12)
    result = scene.roll("v1.4.3", bake_canary_s=2.0)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert scene.versions() == {"v1.4.0"}
    assert sum(1 for h in scene.hosts.values() if h.stops) == 1
    assert all("turn" in h.log for h in scene.hosts.values())


def test_bad_in_the_second_batch(scene: Scene) -> None:
    scene.with_hosts(5)
    scene.hosts["web4"].sick = sick_at("v1.4.3")
    scene.hosts["web5"].sick = sick_at("v1.4.3")
    result = scene.roll("v1.4.3")
    assert result.outcome is Outcome.ROLLED_BACK
    assert scene.versions() == {"v1.4.0"}


def test_one_that_does_not_start_puts_itself_back_and_breaks_the_budget(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web1"].never_starts = True
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert [h.stops for h in scene.hosts.values()] == [1, 0, 0, 0]


def test_within_the_budget_it_goes_on_without_the_failed_host(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web2"].sick = sick_at("v1.4.2")
    result = scene.roll("v1.4.2", budget=1)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert scene.hosts["web2"].version == "v1.4.0"
    assert sorted(h.version for h in scene.hosts.values()) == ["v1.4.0", "v1.4.2", "v1.4.2", "v1.4.2"]


def test_a_lost_answer_is_looked_up_and_nothing_is_done_twice(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web2"].lose_answer = 1
    result = scene.roll("v1.4.2")
    assert result.outcome is Outcome.SUCCEEDED
    assert [h.stops for h in scene.hosts.values()] == [1, 1, 1]


def test_a_host_lost_after_its_stop_leaves_a_person_needed(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web1"].dies_after_stop = True
    scene.strategy = replace(scene.strategy, kind="rolling", batch=Amount(1))
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED)
    assert scene.states(result)["web1"] in ("unknown", "unreachable")


def test_unreachable_from_the_start_refuses_and_changes_nothing(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web3"].dead = True
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, ExitCode.UNREACHABLE)
    assert all(not h.log for h in scene.hosts.values())


def test_unreachable_can_be_set_aside(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web3"].dead = True
    result = scene.roll("v1.4.2", unreachable="skip")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert scene.states(result)["web3"] == "excluded"


def test_a_refused_login_is_one_attempt(scene: Scene) -> None:
    scene.with_hosts(6)
    for host in scene.hosts.values():
        host.refuse_login = LoginRefused(f"{host.name}: 401", host=host.name)
    plan = scene.plan("v1.4.2")
    assert sum(h.calls for h in scene.hosts.values()) == 1
    assert {p.reason.value for p in plan.problems} == {"login"}
    result = scene.go(plan)
    assert result.exit_code is ExitCode.REFUSED


def test_staging_that_fails_changes_nothing(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web1"].stage_error = ScriptFailed("web1: the disk is full", host="web1")
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.FAILED, ExitCode.UNDONE)
    assert all(h.stops == 0 and h.open is None for h in scene.hosts.values())


def test_a_stale_plan_is_refused_and_given_back(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    scene.hosts["web2"].image = r"D:\other\shop.exe"
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, ExitCode.REFUSED)
    assert all(h.open is None and not h.rollouts for h in scene.hosts.values())


def test_controls_that_fail_too_pause_it(scene: Scene) -> None:
    scene.with_hosts(4)
    went_bad: list[bool] = []
    for host in scene.hosts.values():
        host.sick = lambda h: bool(went_bad)
        host.on_activate = lambda h, request: went_bad.append(True)
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.hold, result.exit_code) == (None, Hold.PAUSED, ExitCode.PAUSED)
    assert result.reason is not None
    assert result.reason.value == "not-to-blame"
    assert sum(h.stops for h in scene.hosts.values()) == 1


def test_the_floor_is_never_exceeded(scene: Scene) -> None:
    scene.with_hosts(7)
    result = scene.roll("v1.4.2", kind="rolling", batch=Amount(3), max_unavailable=Amount(2))
    assert result.outcome is Outcome.SUCCEEDED
    sizes = [len(e.hosts) for e in scene.of(ev.BatchStarted) if isinstance(e, ev.BatchStarted)]
    assert max(sizes) == 2
    assert most_down(scene.events) == 2


def test_a_host_that_became_unknown_takes_room_away(scene: Scene) -> None:
    scene.with_hosts(6)
    plan = scene.plan("v1.4.2", kind="rolling", batch=Amount(2), budget=1)
    scene.hosts[plan.batches[0].hosts[0]].dies_after_stop = True
    result = scene.go(plan)
    # Within the budget, but nobody knows what runs there: a person is needed
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.MIXED)
    assert "unknown" in scene.states(result).values()
    assert most_down(scene.events) == 2, "one at a time from then on"


def test_without_a_canary_that_runs_it_a_person_is_asked(scene: Scene) -> None:
    scene.with_hosts(4)
    plan = scene.plan("v1.4.2", kind="canary", pause_timeout_s=0.3)
    canary = plan.batches[0].hosts[0]
    scene.hosts[canary].on_ready = lambda h: setattr(h, "state", "Stopped")  # by a person, just before its turn
    result = scene.go(plan, "R1")
    assert (result.outcome, result.exit_code, result.reason) == (None, ExitCode.PAUSED, PauseReason.NO_CANARY)
    assert canary in next(e.detail for e in scene.events if isinstance(e, ev.HoldChanged) and e.reason)
    assert not any(h.stops for h in scene.hosts.values())
    # Who resumes has been asked already: it goes on with the others, and lists the canary
    again = scene.go(plan, "R1", resume=True)
    assert (again.outcome, again.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert [n for n, h in scene.hosts.items() if not h.stops] == [canary]


def test_a_rollback_keeps_the_floor_for_what_is_healthy(scene: Scene) -> None:
    scene.with_hosts(6)
    scene.strategy = replace(scene.strategy, kind="rolling", batch=Amount(2), max_unavailable=Amount(2))
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    assert most_down(scene.events) == 2
    assert scene.roll("v1.4.3").outcome is Outcome.SUCCEEDED  # what was rolled back is marked bad
    scene.strategy = replace(scene.strategy, all_at_once_rollback=True)
    assert scene.go(scene.rollback_plan("R3")).outcome is Outcome.SUCCEEDED
    assert most_down(scene.events) > 2, "asked to hurry"


def most_down(events: list[ev.Event]) -> int:
    """Most hosts that did not serve at the same time, by what was reported."""
    states: dict[str, HostState] = {}
    worst = 0
    for event in events:
        if isinstance(event, ev.HostChanged):
            states[event.host] = event.state
            worst = max(worst, sum(1 for s in states.values() if s in NOT_SERVING))
    return worst
