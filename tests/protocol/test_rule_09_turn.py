"""Rule 9: the way back is known to every host before the first one goes back, and resume reads it from the hosts."""

from __future__ import annotations

from dataclasses import replace

from fleetdeploy.app.conducting import Back, run_back
from fleetdeploy.app.connect import connector
from fleetdeploy.app.planning import look
from fleetdeploy.app.undoing import find_rollback
from fleetdeploy.model.verbs import Claim
from tests.hosts.conftest import SPEC, build_artifact
from tests.protocol.adversary import Party
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, outcome


def test_resume_goes_back_if_one_host_was_turned(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    held = world.when_rollout("v1.4.2", pause_after_canary="true", bake_canary="0s")
    assert outcome(held)[1] == 7, world.texts()
    # Its conductor turned a host that it had not touched yet, and died: its own journal knows nothing of it.
    untouched = next(n for n, stops in world.stops().items() if not stops)
    workspace = world.workspace()
    state = look(workspace)[untouched].observation.state  # type: ignore[union-attr]
    assert state is not None
    assert state.open is not None
    verbs = connector(workspace)(workspace.fleet.host(untouched))
    token = verbs.turn(Claim(state.open.rollout, state.open.conductor, state.open.token, 50)).token
    verbs.beat(Claim(state.open.rollout, state.open.conductor, token, 50), last=True)
    verbs.disconnect()
    result = world.when_going_on("resume")
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert sum(world.stops().values()) == 2, "the canary there and back, and nobody else"
    assert world.nothing_is_open()


def test_every_host_is_turned_before_the_first_goes_back(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.3", unhealthy_after=0.3)
    order: list[tuple[str, str]] = []
    for name, host in world.lab.hosts.items():
        ended = host.service.injection.ended

        def note(command: object, name: str = name, ended: object = ended) -> None:
            text = str(getattr(command, "text", ""))
            if "Protocol rule 9. The old token" in text:
                order.append(("turn", name))
            ended(command)  # type: ignore[operator]

        host.service.injection.ended = note  # type: ignore[method-assign]
        stop = host.machine.reach

        def reach(point: str, name: str = name, stop: object = stop) -> None:
            if point == "stop Shop":
                order.append(("stop", name))
            stop(point)  # type: ignore[operator]

        host.machine.reach = reach
    result = world.when_rollout("v1.4.3")
    assert outcome(result) == ("rolled_back", 3), world.texts()
    assert [what for what, _ in order] == ["stop", "turn", "turn", "turn", "stop"], order
    marks = {
        s.observation.state.releases[k].mark for s in look(world.workspace()).values() for k in s.observation.staged
    }  # type: ignore[union-attr]
    assert marks == {"bad"}


def test_a_host_that_a_dead_conductor_changes_after_the_rollback_was_planned_goes_back_too(world: World) -> None:
    world.given_hosts(2)
    workspace = world.workspace()
    artifact = build_artifact(world.folder, "v2.0.0")
    machines = tuple((n, "m") for n in world.lab.hosts)
    dead = {
        n: Party(connector(workspace)(workspace.fleet.host(n)), "01DEAD", "C1", machines=machines)
        for n in world.lab.hosts
    }
    spec = replace(SPEC, root=workspace.app.root)
    for one in dead.values():
        one.open(ttl_s=0.0)
        one.stage(artifact)
    assert dead["web1"].activate(artifact, spec=spec).outcome.value == "activated"
    found = find_rollback(world.workspace(), tick=lambda: None)
    assert isinstance(found, Back)
    assert found.plan.changing == ("web1",)
    # Its request to the other host comes only now, before the rollback has opened it.
    assert dead["web2"].activate(artifact, spec=spec).outcome.value == "activated"
    for one in dead.values():
        one.verbs.disconnect()
    result = run_back(world.workspace(), found, actor=ACTOR, reporter=world, take_over=True)
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert world.nothing_is_open()
