"""Wall clocks are for people: a controller an hour off and a host two days off change nothing that is decided."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.conftest import MakeWorld, make_world
from tests.protocol.processes import CLOCK_SHIFT, run, shifted_clock

__all__ = ["make_world"]

HOUR = 3600


@pytest.mark.parametrize(
    ("shift", "off"),
    [(HOUR, timedelta(days=-2)), pytest.param(-HOUR, timedelta(days=2), marks=pytest.mark.soak)],
)
def test_a_rollout_a_take_over_and_a_rollback(make_world: MakeWorld, shift: int, off: timedelta) -> None:
    world = make_world(2)
    world.host("web2").machine.clock.offset += off
    world.given_setting("bake_canary: 700ms", "bake_canary: 300ms")
    world.given_version("v1.4.2")
    wrong = {"prepare": shifted_clock, CLOCK_SHIFT: str(shift)}
    waits = run(world, "ci", "rollout", "v1.4.2", "--pause-after", "canary", "--plan-out", "plan.json", **wrong)
    assert waits.code == 7, str(waits)
    # Another machine, whose clock is right, goes on with it; and one whose clock is wrong undoes it.
    promoted = run(world, "eva", "promote", "--plan", "plan.json")
    assert promoted.code == 0, str(promoted)
    assert set(world.on().values()) == {"v1.4.2"}
    undone = run(world, "bob", "rollback", **wrong)
    assert undone.code == 0, str(undone)
    assert set(world.on().values()) == {"v1.4.0"}
    assert world.stops() == {"web1": 2, "web2": 2}
