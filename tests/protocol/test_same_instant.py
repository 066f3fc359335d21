"""Two controllers with separate stores at the same door: one goes on, one is told who, no host is touched twice."""

from __future__ import annotations

import pytest

from tests.cli.conftest import MakeWorld, make_world
from tests.protocol.processes import barrier, start, together_at_the_door

__all__ = ["make_world"]

WHO = ("ann", "bob")


def meet(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_setting("kind: canary, canary: 1, batch: 100%, bake_canary: 700ms", "kind: all-at-once")
    world.given_version("v1.4.2")
    gate = barrier(len(WHO))
    jobs = {who: start(world, who, "rollout", "v1.4.2", prepare=together_at_the_door, gate=gate) for who in WHO}
    done = {who: job.end(120.0) for who, job in jobs.items()}
    assert sorted(d.code for d in done.values()) == [0, 6], "\n".join(map(str, done.values()))
    winner = next(who for who, d in done.items() if d.code == 0)
    loser = next(who for who, d in done.items() if d.code == 6)
    done[loser].says(f"of {winner} on ", "last sign of life", "fleetdeploy open show")
    assert f"of {loser} on " not in done[loser].text
    assert world.stops() == {"web1": 1, "web2": 1}
    starts = {name: host.effects.count("start", "Shop") for name, host in world.lab.hosts.items()}
    assert set(starts.values()) == {1}, starts
    assert set(world.on().values()) == {"v1.4.2"}
    world.expect(0, "open", "show").says("no rollout is open")


@pytest.mark.parametrize("number", range(2))
def test_in_the_same_instant(make_world: MakeWorld, number: int) -> None:
    meet(make_world)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(50))
def test_in_the_same_instant_fifty_times(make_world: MakeWorld, number: int) -> None:
    meet(make_world)
