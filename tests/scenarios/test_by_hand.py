"""People change services after their switch and before the rollout has ended: it does not claim them as its own."""

from __future__ import annotations

import pytest

from fleetdeploy.app.drift import find_drift
from fleetdeploy.cli.ended import ended
from fleetdeploy.lab.fault_orders import FaultOrder, conditions, give
from fleetdeploy.lab.windows.fault_acts import BY_HAND_EXE
from fleetdeploy.model import events as ev
from fleetdeploy.rollout.result import RolloutResult
from tests.scenarios.steps import World, outcome


def changed_at_the_end(world: World) -> RolloutResult:
    world.given_setting("kind: canary, canary: 1, batch: 2, bake_canary: 400ms", "kind: all-at-once")
    world.given_hosts(2)
    world.given_version("v1.4.2")
    # Given a person who sets a service to another exe when every host is switched and well, right before the last look
    give(world.lab, FaultOrder(("web1",), "by-hand", {"do": "image", **conditions("by-hand", verb="prune")}))
    return world.when_rollout("v1.4.2")


@pytest.mark.soak  # the conductor's part: tests/rollout/test_by_hand.py; as typed: tests/faults/cases.py
def test_a_host_that_was_changed_since_its_switch_is_not_told_to_be_on_target(world: World) -> None:
    result = changed_at_the_end(world)
    # Then it ends as asked, but not everywhere: the host is named, with what was changed there
    assert outcome(result) == ("succeeded_in_part", 8), world.texts()
    assert world.states(result) == {"web1": "excluded", "web2": "healthy"}
    changed, well = result.hosts
    assert (changed.on_target, well.on_target, well.differences) == (False, True, ())
    assert [d.key for d in changed.differences] == ["image_path"]
    assert BY_HAND_EXE in changed.differences[0].found
    assert "changed by hand since: web1 (image_path)" in result.detail
    assert any(step.startswith("fleetdeploy drift --limit web1") for step in result.next_steps)
    assert any(isinstance(e, ev.Note) and (e.host, e.level) == ("web1", "warning") for e in world.events)
    shown = "\n".join(str(block) for block in ended(result).blocks)
    assert "shop v1.4.2 on fleet lab: 1 excluded, 1 healthy" in shown
    assert "web1: excluded v1.4.2: somebody has changed it since it was on target" in shown
    # Nothing was put right or undone, and drift says the same
    assert BY_HAND_EXE in world.image("web1")
    assert [r.host for r in find_drift(world.workspace()) if r.differences] == ["web1"]


@pytest.mark.soak
def test_a_rollback_after_it_is_not_held_up(world: World) -> None:
    assert outcome(changed_at_the_end(world)) == ("succeeded_in_part", 8), world.texts()
    # What is set to something else is left alone (rule 13), the rest goes back
    back = world.when_rollback()
    assert outcome(back)[0] == "rollback_incomplete", world.texts()
    assert world.states(back) == {"web1": "skipped", "web2": "rolled_back"}
    assert world.nothing_is_open()
