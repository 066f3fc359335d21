"""Random histories on the lab: real scripts, real WinRM, conductors that die, lines that break, machines that reboot.

The same as ``tests/rollout/test_histories.py`` with the real host side. At the end, after sensible commands: nothing is
held, every service runs and is armed again, and a good version still goes out. Seeds in full with ``make soak``.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from fleetdeploy.app.conducting import Said
from fleetdeploy.app.drift import find_drift
from fleetdeploy.errors import FleetdeployError
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import Permits
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome, wait_for

FAULTS = (
    ("lose-answer", {"pattern": "Invoke-FdForward"}),
    ("reset-during", {"pattern": "Invoke-FdForward"}),
    ("lose-answer", {"pattern": "Invoke-FdBack"}),
    ("reset-after", {}),
    ("reset-before", {}),
    ("reboot", {"pattern": "^stop Shop"}),
    ("reboot", {"pattern": "^start Shop"}),
    ("lock-file", {"pattern": "shop.exe", "seconds": 1.0}),
    ("reboot", {"pattern": "write .*state.json"}),
)


class Killed(BaseException):
    """The conductor's process is gone."""


def armed(config: Any) -> bool:
    """Recovery actions are set."""
    return config.failure is not None and bool(config.failure.actions)


def play(world: World, seed: int) -> None:
    rng = random.Random(seed)
    # What was undone is tried again here. Nobody edits a host, so whatever happens nothing may look like drift.
    world.permits = Permits(retry_bad=True, allow_downgrade=True, reason="a history")
    world.given_setting("lock_wait: 2s", "lock_wait: 2s, life_ttl: 3s")
    world.given_hosts(3)
    world.given_version("v1.4.2")
    world.given_version("v1.4.3", unhealthy_after=0.6)
    world.given_version("v1.4.9", crash_after=0.3)
    left = [-1]
    real = world.report

    def report(event: ev.Event) -> None:
        real(event)
        if left[0] >= 0 and not isinstance(event, ev.TRANSIENT):
            left[0] -= 1
            if left[0] < 0:
                raise Killed

    world.report = report  # type: ignore[method-assign]
    history: list[str] = []

    def does(command: str) -> None:
        left[0] = rng.choice([-1, rng.randint(2, 40)])
        try:
            if command == "rollback":
                result = world.when_rollback()
            elif command == "resume":
                result = world.when_going_on("resume")
            else:
                result = world.when_rollout(command)
            said = result.text if isinstance(result, Said) else str(outcome(result))
        except Killed:
            said = "killed"
        except FleetdeployError as error:
            said = f"{type(error).__name__}: {error}"
        left[0] = -1
        history.append(f"{command}: {said}")

    for _ in range(rng.randint(2, 3)):
        for name in world.lab.hosts:
            if rng.random() < 0.4:
                kind, more = rng.choice(FAULTS)
                world.given_fault(name, kind, **more)
        does(rng.choice(["v1.4.2", "v1.4.2", "v1.4.3", "v1.4.9", "rollback", "resume"]))
    for host in world.lab.hosts.values():
        host.faults.heal()
    wait_for(lambda: all(h.machine.up for h in world.lab.hosts.values()))

    def closed() -> bool:
        if world.nothing_is_open():
            return True
        does("rollback")
        left[0] = -1
        return world.nothing_is_open()

    wait_for(closed, 60.0, every=1.0)
    told = "\n".join(history)
    for name, host in world.lab.hosts.items():
        assert world.service_state(name) == "RUNNING", f"{name}\n{told}"
        image, config = world.image(name), host.machine.scm.config("Shop")
        if image != HAND_MADE_IMAGE:
            assert armed(config), f"{name} is disarmed\n{told}"
    left[0] = -1
    assert [row for row in find_drift(world.workspace()) if row.differences] == [], told
    result = world.when_rollout("v1.4.2")
    assert outcome(result) == ("succeeded", 0), told + "\n" + world.texts()
    for name, host in world.lab.hosts.items():
        config = host.machine.scm.config("Shop")
        assert armed(config), f"{name} is disarmed\n{told}"
        assert config.failure_flag, f"{name} is half armed\n{told}"
    assert {row.status for row in find_drift(world.workspace())} == {"as recorded"}, told


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(40))
def test_histories_on_the_lab(world: World, seed: int) -> None:
    play(world, seed)
