"""What a rollout's end means for its version: on every host of the plan and in the store; and the floor behind which
nothing goes back by itself."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.engine.journal import MarkRow
from fleetdeploy.errors import ExitCode
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.run import Hold, Outcome, PauseReason
from fleetdeploy.model.strategy import Amount
from fleetdeploy.model.verbs import HostFailure
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import NO_HANDLER, FakeHost


def on_hosts(scene: Scene, version: str) -> dict[str, str]:
    return {n: r.mark for n, h in scene.hosts.items() for r in h.releases.values() if r.version == version}


def in_store(scene: Scene) -> dict[str, MarkRow]:
    assert scene.journal is not None
    return {row.version: row for row in scene.journal.marks("shop")}


def broken(scene: Scene, version: str) -> None:
    for one in scene.hosts.values():
        one.sick = lambda host: host.version == version


def behind(plan: Plan, **more: Any) -> Plan:
    return replace(plan, rollback_floor="v1.4.0", **more)


def test_a_version_that_was_rolled_back_is_bad_on_every_host_and_in_the_store(scene: Scene) -> None:
    scene.with_hosts(4)
    broken(scene, "v1.4.3")
    result = scene.roll("v1.4.3")
    assert result.outcome is Outcome.ROLLED_BACK
    assert on_hosts(scene, "v1.4.3") == dict.fromkeys(scene.hosts, "bad"), "also where nothing was changed"
    row = in_store(scene)["v1.4.3"]
    assert (row.mark, row.actor) == ("bad", "tester@laptop")
    assert f"rollout {result.rollout} was rolled back" in row.why
    (record,) = scene.hosts["web4"].releases.values()
    assert (record.marked_by, record.marked_why) == (row.actor, row.why)


def test_the_next_plan_on_these_hosts_refuses_it_without_any_store(scene: Scene) -> None:
    scene.with_hosts(2)
    broken(scene, "v1.4.3")
    scene.roll("v1.4.3")
    refused = scene.roll("v1.4.3")
    assert (refused.outcome, refused.exit_code) == (Outcome.REFUSED, ExitCode.REFUSED)
    assert "marked bad" in refused.detail


def test_success_says_nothing_about_a_version_that_nobody_doubted(scene: Scene) -> None:
    scene.with_hosts(2)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    assert in_store(scene) == {}
    assert on_hosts(scene, "v1.4.2") == {}


def test_success_makes_a_bad_version_good_again(scene: Scene) -> None:
    scene.with_hosts(3)
    broken(scene, "v1.4.3")
    scene.roll("v1.4.3")
    for one in scene.hosts.values():
        one.sick = lambda host: False
    plan = replace(scene.plan("v1.4.3"), problems=())
    assert scene.go(plan).outcome is Outcome.SUCCEEDED
    assert on_hosts(scene, "v1.4.3") == dict.fromkeys(scene.hosts, "good")
    assert in_store(scene)["v1.4.3"].mark == "good"
    assert scene.plan("v1.4.3").problems == ()


def test_a_rollback_by_command_marks_what_it_undid(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").outcome is Outcome.SUCCEEDED
    result = scene.go(scene.rollback_plan("R1"))
    assert result.outcome is Outcome.SUCCEEDED
    assert on_hosts(scene, "v1.4.2") == dict.fromkeys(scene.hosts, "bad")
    row = in_store(scene)["v1.4.2"]
    assert row.mark == "bad"
    assert "R1 was undone" in row.why


def test_a_rollout_that_changed_nothing_marks_nothing(scene: Scene) -> None:
    scene.with_hosts(2)
    scene.hosts["web1"].dead = True
    assert scene.roll("v1.4.2").exit_code is not ExitCode.OK
    assert in_store(scene) == {}


LOGON = HostFailure("start", "error 1069", win32=1069)


def test_what_was_the_hosts_own_trouble_is_not_held_against_the_version(scene: Scene) -> None:
    scene.with_hosts(3)
    for one in scene.hosts.values():
        one.never_starts, one.why_not = True, LOGON
    result = scene.roll("v1.4.3")
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert set(on_hosts(scene, "v1.4.3").values()) <= {""}
    assert in_store(scene) == {}
    assert result.aftermath is not None
    assert (result.aftermath.marked_bad, "1069" in result.aftermath.spared) == (False, True)
    assert any("not marked bad" in e.text for e in scene.of(ev.Note) if isinstance(e, ev.Note))
    for one in scene.hosts.values():
        one.never_starts = False
    assert scene.roll("v1.4.3").outcome is Outcome.SUCCEEDED, "nobody has to permit it"


def test_what_fails_on_the_way_back_excuses_nothing(scene: Scene) -> None:
    scene.with_hosts(1)
    scene.health = replace(scene.health, deadline_s=0.5)
    broken(scene, "v1.4.3")
    (host,) = scene.hosts.values()
    host.fails_back = LOGON
    result = scene.roll("v1.4.3")
    assert result.outcome is Outcome.ROLLBACK_INCOMPLETE
    assert result.hosts[0].failure == LOGON
    assert in_store(scene)["v1.4.3"].mark == "bad"


@pytest.mark.parametrize("other", ["sick", "1053", "retry-bad"])
def test_one_failure_that_may_be_the_versions_is_enough(scene: Scene, other: str) -> None:
    scene.with_hosts(3)
    scene.health = replace(scene.health, deadline_s=0.5)
    _, second, third = scene.hosts.values()
    third.never_starts, third.why_not = True, LOGON
    if other == "sick":
        second.sick = lambda host: host.version == "v1.4.3"
    else:
        second.never_starts, second.why_not = True, LOGON if other == "retry-bad" else NO_HANDLER
    plan = scene.plan("v1.4.3", batch=Amount(1), budget=1)
    if other == "retry-bad":
        plan = replace(plan, permits=Permits(retry_bad=True, reason="again"))
    result = scene.go(plan)
    assert result.outcome is Outcome.ROLLED_BACK
    assert set(on_hosts(scene, "v1.4.3").values()) == {"bad"}
    assert in_store(scene)["v1.4.3"].mark == "bad"


def test_an_abort_before_anything_was_changed_marks_nothing(scene: Scene) -> None:
    scene.with_hosts(2)
    assert scene.journal is not None
    journal = scene.journal

    def abort(host: FakeHost) -> None:
        asked = journal.request("R1", "abort-rollback", "eva@laptop")
        until = time.monotonic() + 30
        while journal.answer_of(asked) is None and time.monotonic() < until:
            time.sleep(0.01)

    scene.hosts["web1"].on_stage = abort
    result = scene.roll("v1.4.2")
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.UNDONE)
    assert not any(h.stops for h in scene.hosts.values())
    assert in_store(scene) == {}
    assert "bad" not in on_hosts(scene, "v1.4.2").values()


def test_a_failure_within_the_budget_does_not_make_the_version_bad(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web3"].never_starts = True
    assert scene.roll("v1.4.2", budget=1).outcome is Outcome.SUCCEEDED_IN_PART
    assert in_store(scene) == {}
    assert "bad" not in on_hosts(scene, "v1.4.2").values()


# -- rollback_floor ----------------------------------------------------------------------------------------------------


def test_behind_the_floor_nothing_goes_back_by_itself(scene: Scene) -> None:
    scene.with_hosts(4)
    broken(scene, "v1.4.3")
    result = scene.go(behind(scene.plan("v1.4.3")))
    assert (result.outcome, result.exit_code, result.hold) == (None, ExitCode.PAUSED, Hold.PAUSED)
    assert result.reason is PauseReason.ROLLBACK_FLOOR
    assert scene.hosts["web1"].version == "v1.4.3", "the touched host is left"
    assert [h.version for h in list(scene.hosts.values())[1:]] == ["v1.4.0"] * 3, "and no new one begins"
    assert in_store(scene) == {}


def test_nobody_comes_and_it_still_does_not_go_back(scene: Scene) -> None:
    scene.with_hosts(3)
    broken(scene, "v1.4.3")
    result = scene.go(behind(scene.plan("v1.4.3", on_unknown="rollback")))
    assert (result.outcome, result.exit_code) == (None, ExitCode.PAUSED)
    assert scene.hosts["web1"].version == "v1.4.3"


def test_an_expired_promotion_does_not_cross_the_floor(scene: Scene) -> None:
    scene.with_hosts(3)
    settings = {"pause_after_canary": True, "promote_within_s": 0.2, "on_expiry": "rollback"}
    result = scene.go(behind(scene.plan("v1.4.3", **settings)))
    assert (result.outcome, result.exit_code) == (None, ExitCode.PAUSED)
    assert scene.hosts["web1"].version == "v1.4.3"
    free = scene.rollback_plan(result.rollout)
    assert scene.go(free).outcome is Outcome.SUCCEEDED, "a person's word goes back all the same"


def test_a_sick_host_within_the_budget_stays_too(scene: Scene) -> None:
    scene.with_hosts(4)
    scene.hosts["web3"].sick = lambda host: host.version == "v1.4.3"
    result = scene.go(behind(scene.plan("v1.4.3", budget=1)))
    assert scene.hosts["web3"].version == "v1.4.3"
    assert result.outcome is Outcome.SUCCEEDED_IN_PART
    assert scene.states(result)["web3"] == "unhealthy"


def test_a_start_that_fails_is_left_as_it_is(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web1"].never_starts = True
    result = scene.go(behind(scene.plan("v1.4.3")))
    assert result.reason is PauseReason.ROLLBACK_FLOOR
    assert scene.states(result)["web1"] == "unhealthy"
    assert scene.hosts["web1"].version == "v1.4.3"
    (failed,) = [e for e in scene.events if isinstance(e, ev.HostFailed)]
    assert "going back would cross v1.4.0" in failed.now


def test_abort_rollback_goes_back_all_the_same_and_says_so(scene: Scene) -> None:
    scene.with_hosts(3)
    scene.hosts["web1"].never_starts = True
    plan = behind(scene.plan("v1.4.3"))
    assert scene.go(plan, "R1").exit_code is ExitCode.PAUSED
    scene.hosts["web1"].never_starts = False
    result = scene.go(plan, "R1", resume=True, decision="abort-rollback")
    assert result.exit_code is ExitCode.UNDONE
    assert scene.versions() == {"v1.4.0"}
    assert scene.hosts["web1"].state == "Running"
    assert any("goes back behind rollback_floor v1.4.0" in e.text for e in scene.events if isinstance(e, ev.Note))


def test_before_any_host_was_started_going_back_is_what_it_always_is(scene: Scene) -> None:
    """A put-back before the start leaves nothing to keep: the rollout ends by itself."""
    scene.with_hosts(3)
    plan = behind(scene.plan("v1.4.3"))
    scene.hosts["web1"].never_starts = True
    # The fake puts back only where the request is no one-way: as the script does before the start.
    scene.hosts["web1"].puts_back_before_start = True
    result = scene.go(plan)
    assert result.outcome is Outcome.ROLLED_BACK
    assert scene.versions() == {"v1.4.0"}


def test_without_a_floor_it_goes_back_at_once(scene: Scene) -> None:
    scene.with_hosts(3)
    broken(scene, "v1.4.3")
    assert scene.roll("v1.4.3", on_unknown="wait").outcome is Outcome.ROLLED_BACK
