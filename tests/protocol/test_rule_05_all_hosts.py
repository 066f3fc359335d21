"""Rule 5: who takes over closes the dead rollout on all hosts of its entry, also those it had not come to."""

from __future__ import annotations

from fleetdeploy.app.conducting import run_forward
from fleetdeploy.app.planning import make_plan
from fleetdeploy.app.workspace import load_workspace
from tests.protocol.test_rule_06_close import of
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, outcome


def test_a_take_over_closes_the_hosts_that_the_dead_one_had_not_opened(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    workspace = load_workspace(world.folder, inventory=None, limit="web1", overrides={"bake_canary": "0s"})
    first = run_forward(workspace, make_plan(workspace, "v1.4.2").plan, actor=ACTOR, reporter=world)
    assert outcome(first)[1] == 0, world.texts()
    # Another one, of all three hosts, died when it had opened the first of them.
    dead = of(world, "web1", "01DEAD", "C1")
    dead.open(ttl_s=0.0)
    dead.verbs.disconnect()
    # The first is undone, on the one host that it had.
    assert outcome(world.when_rollback(first.rollout)) == ("succeeded", 0), world.texts()
    assert world.image("web1") == HAND_MADE_IMAGE
    # What the dead one had sent to the others comes only now.
    for name in world.lab.hosts:
        late = of(world, name, "01DEAD", "C1")
        assert late.open().result == "ended", name
        late.verbs.disconnect()
    assert world.nothing_is_open()
