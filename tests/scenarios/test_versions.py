"""Versions that were undone stay bad, older ones are not taken by mistake, and nothing crosses a one-way migration."""

from __future__ import annotations

import shutil

import pytest

from fleetdeploy.app.marks import list_artifacts, mark_version, stored_marks
from fleetdeploy.app.planning import look, make_plan, refuse_problems
from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.run import PauseReason
from fleetdeploy.rollout.result import RolloutResult
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, outcome

RETRY = Permits(retry_bad=True, reason="it was the database")


def refusal(plan: Plan) -> str:
    """What the command would say."""
    with pytest.raises(Refused) as caught:
        refuse_problems(plan)
    assert caught.value.reason is RefusalReason.BAD_VERSION
    return " ".join((caught.value.what, *caught.value.why))


def marks(world: World, version: str) -> dict[str, str]:
    found = {}
    for name, sight in look(world.workspace()).items():
        assert sight.observation is not None
        assert sight.observation.state is not None
        found[name] = next((r.mark for r in sight.observation.state.releases.values() if r.version == version), "")
    return found


def test_a_version_that_was_rolled_back_stays_bad(world: World) -> None:
    # Given a version that does not start, and an older good one beside it
    world.given_hosts(2)
    world.given_version("v1.4.2")
    world.given_version("v1.4.3", crash_on_start=True)
    result = world.when_rollout("latest")
    assert outcome(result) == ("rolled_back", 3), world.texts()
    # Then it is marked on every host, also on the one that it never touched
    assert marks(world, "v1.4.3") == {"web1": "bad", "web2": "bad"}
    # And the nightly job is refused, and takes no older one
    said = refusal(world.plan("latest"))
    assert "latest is v1.4.3, an older version is never taken instead" in said
    assert "eva@laptop" in said
    assert isinstance(result, RolloutResult)
    assert result.rollout in said
    # Also from a machine with an empty store
    shutil.rmtree(world.store)
    assert "marked bad on web1, web2" in refusal(world.plan("v1.4.3"))
    # And a person who knows better goes on
    world.permits = RETRY
    plan = world.plan("v1.4.3")
    assert plan.problems == ()
    assert len(plan.overridden) == 1


def test_a_persons_word_reaches_store_and_hosts_and_is_taken_back(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    assert outcome(world.when_rollout("v1.4.2")) == ("succeeded", 0)
    # When somebody marks what runs, while one host is away
    world.given_fault("web2", "refuse", count=None)
    done = mark_version(world.workspace(), "v1.4.2", "bad", actor=ACTOR, why="it eats orders")
    assert (done.told, [name for name, _ in done.untold]) == (("web1",), ["web2"])
    world.host("web2").faults.heal()
    assert "it eats orders" in refusal(world.plan("v1.4.2"))
    assert marks(world, "v1.4.2") == {"web1": "bad", "web2": "good"}
    (listed,) = list_artifacts(world.workspace().need_project())
    assert listed.held is not None
    assert (listed.version, listed.held.mark, listed.held.why) == ("v1.4.2", "bad", "it eats orders")
    # And takes it back
    done = mark_version(world.workspace(), "v1.4.2", "", actor=ACTOR, why="it was the database")
    assert done.told == ("web1", "web2")
    assert world.plan("v1.4.2").problems == ()
    assert [m.mark for m in stored_marks("shop")] == [""]


def test_a_downgrade_is_refused_and_names_the_rollback(world: World) -> None:
    world.given_hosts(1, "v1.5.0")
    world.given_version("v1.4.2")
    plan = make_plan(world.workspace(), "v1.4.2").plan
    (problem,) = plan.problems
    assert problem.reason is RefusalReason.DOWNGRADE
    assert "v1.5.0 on web1" in problem.what
    assert any("rollback --to v1.4.2" in step for step in problem.next_steps)
    world.permits = Permits(allow_downgrade=True)
    assert outcome(world.when_rollout("v1.4.2")) == ("succeeded", 0)


def test_behind_a_one_way_migration_nothing_goes_back_by_itself(world: World) -> None:
    # Given a project that says: v1.4.1 migrated the data
    world.given_setting("artifacts:\n", "rollback_floor: v1.4.1\nartifacts:\n")
    world.given_hosts(2)
    world.given_version("v1.4.2", crash_on_start=True)
    plan = world.plan("v1.4.2")
    assert plan.rollback_floor == "v1.4.1"
    assert any("no automatic way back" in note for note in plan.notes)
    # When the new version dies at its start
    result = world.when_rollout("v1.4.2")
    # Then it is left there, and a person is asked
    assert outcome(result) == ("paused", 7), world.texts()
    assert isinstance(result, RolloutResult)
    assert result.reason is PauseReason.ROLLBACK_FLOOR
    assert sorted(world.stops().values()) == [0, 1]
    canary = plan.batches[0].hosts[0]
    assert "v1.4.2" in world.image(canary)
    # And a person's word takes it back all the same
    back = world.when_rollback()
    assert outcome(back) == ("succeeded", 0), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    assert world.nothing_is_open()


def test_a_host_that_cannot_prove_its_way_back_is_not_started(world: World) -> None:
    # Given a host whose state cannot be written any more once the rollout has begun
    world.given_hosts(2)
    world.given_version("v1.4.2")
    canary = world.plan("v1.4.2").batches[0].hosts[0]
    other = next(n for n in world.lab.hosts if n != canary)
    hand_made = "C:\\Program Files\\Shop\\shop.exe"

    def tamper(event: ev.Event) -> None:
        world.events.append(event)
        if isinstance(event, ev.BatchDone) and event.index == 0:
            world.host(other).machine.fs.move(hand_made, hand_made + ".aside")

    world.report = tamper  # type: ignore[method-assign]
    # When its batch comes
    result = world.when_rollout("v1.4.2")
    # Then it is not touched, and it is said what it lacks
    assert outcome(result) == ("paused", 7), world.texts()
    assert isinstance(result, RolloutResult)
    assert result.reason is PauseReason.NOT_READY
    assert "the previous is gone" in world.texts()
    assert world.stops()[other] == 0
    assert world.stops()[canary] == 1
    # When that is mended, it goes on
    world.host(other).machine.fs.move(hand_made + ".aside", hand_made)
    assert outcome(world.when_going_on("resume")) == ("succeeded", 0), world.texts()
