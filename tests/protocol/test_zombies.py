"""Zombies: a CI job that woke up again, and a pipeline that runs on a host after its controller has died.

Neither may change a host any more once somebody else has taken over (protocol.md rules 7 and 8).
"""

from __future__ import annotations

import signal
import time

import pytest

from tests.cli.conftest import MakeWorld, make_world
from tests.cli.e2e_world import World
from tests.hosts.conftest import until
from tests.protocol.processes import ASLEEP_AT, Job, asleep_before_activate, run, start

__all__ = ["make_world"]

pytestmark = pytest.mark.timeout(300)


def given(make_world: MakeWorld, **behaviour: object) -> World:
    world = make_world(2)
    world.given_setting("lock_wait: 4s, life_ttl: 6s", "lock_wait: 3s, life_ttl: 3s")
    world.given_setting("bake_canary: 700ms", "bake_canary: 300ms")
    world.given_version("v1.4.2", **behaviour)
    return world


def asleep(world: World, at: str) -> Job:
    job = start(world, "ci", "rollout", "v1.4.2", prepare=asleep_before_activate, **{ASLEEP_AT: at})
    until(lambda: job.is_asleep, 60.0)
    return job


def test_a_job_that_wakes_up_after_a_rollback_changes_nothing(make_world: MakeWorld) -> None:
    world = given(make_world)
    job = asleep(world, "web2")
    assert world.on() == {"web1": "v1.4.2", "web2": "v1.4.0"}
    assert world.stops() == {"web1": 1, "web2": 0}
    time.sleep(3.0)  # its sign of life has to run out first
    until(lambda: run(world, "eva", "rollback").code == 0, 60.0)
    assert world.stops() == {"web1": 2, "web2": 0}
    job.signal(signal.SIGCONT)
    done = job.end()
    # It had changed a host: 4, and it says by whom and which rollout it was ended.
    assert done.code == 4, str(done)
    assert done.says("taken over by eva on", "who ended it as rolled back", "fleetdeploy status")
    assert world.stops() == {"web1": 2, "web2": 0}
    assert set(world.on().values()) == {"v1.4.0"}


@pytest.mark.soak
def test_a_job_that_wakes_up_while_another_rolls_out_is_told_who(make_world: MakeWorld) -> None:
    world = given(make_world)
    world.given_setting("bake_canary: 300ms", "bake_canary: 20s")
    job = asleep(world, "web1")
    until(lambda: run(world, "eva", "open", "close", "--reason", "the runner hangs").code == 0, 60.0)
    other = start(world, "bob", "rollout", "v1.4.2")
    until(lambda: world.stops() == {"web1": 1, "web2": 0}, 60.0)
    job.signal(signal.SIGCONT)
    done = job.end()
    # It was about to change the host, and does not know that it did not come to that: 4.
    assert done.code == 4, str(done)
    assert done.says("taken over by eva on", "the runner hangs")
    other.signal(signal.SIGTERM)
    assert other.end().code == 130
    assert world.stops() == {"web1": 1, "web2": 0}
    assert run(world, "eva", "rollback").code == 0
    assert set(world.on().values()) == {"v1.4.0"}


def test_a_pipeline_that_outlives_its_controller_changes_nothing_after_the_take_over(make_world: MakeWorld) -> None:
    world = given(make_world, start_seconds=1.5)
    job = start(world, "ci", "rollout", "v1.4.2")
    until(lambda: world.stops()["web1"] == 1, 60.0)
    job.signal(signal.SIGKILL)
    assert job.end().code == -signal.SIGKILL
    # Its script runs on: it is the owner's sign of life, so nobody comes in between (rule 3) ...
    refused = run(world, "eva", "rollback")
    assert refused.code in (0, 6), str(refused)
    # ... but by force: that waits at the lock until the script has ended, done or put back, then undoes it.
    if refused.code == 6:
        assert refused.says("ci on", "last sign of life")
        until(lambda: run(world, "eva", "rollback", "--take-over", "--reason", "its runner is gone").code == 0, 60.0)
    assert set(world.on().values()) == {"v1.4.0"}
    assert world.stops() == {"web1": 2, "web2": 0}
