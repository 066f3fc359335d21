"""Signals, kills, promotion, and two conductors at once: the command itself, in processes of its own."""

from __future__ import annotations

import os
import signal

import pytest

from fleetdeploy.app.conducting import Said
from fleetdeploy.model.permits import Permits
from tests.scenarios.steps import HAND_MADE_IMAGE, World, end, outcome, wait_for

SLOW = {"start_seconds": 1.0}


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.soak)])
def test_a_signal_in_the_middle_then_resume(world: World, number: signal.Signals) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2", **SLOW)
    process = world.when_started("rollout", "v1.4.2", "--yes")
    wait_for(lambda: sum(world.stops().values()) > 0, 40.0)
    # When a signal comes while the canary is being activated
    code, output = end(process, number)
    # Then it ends at a safe point: 130, and no service is left stopped
    assert code == 130, output
    assert "resume" in output
    assert {world.service_state(n) for n in world.lab.hosts} == {"RUNNING"}
    # And resume finishes what was begun, touching nothing twice
    result = world.when_going_on("resume")
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.stops().values()) == {1}
    assert world.nothing_is_open()


def test_a_second_signal_leaves_at_once_and_the_host_ends_by_itself(world: World) -> None:
    world.given_setting("start_timeout: 3s", "start_timeout: 20s")
    world.given_setting("deadline: 4s", "deadline: 30s")
    world.given_hosts(2)
    world.given_version("v1.4.2", start_seconds=4.0)
    process = world.when_started("rollout", "v1.4.2", "--yes")
    wait_for(lambda: sum(world.stops().values()) > 0, 40.0, every=0.005)
    process.send_signal(signal.SIGINT)
    code, output = end(process, signal.SIGTERM)  # another one: two of the same at once are one to the kernel
    assert code == 4, output
    # The script on the host was not ended with it
    wait_for(lambda: {world.service_state(n) for n in world.lab.hosts} == {"RUNNING"})
    wait_for(lambda: any("releases" in image for image in world.images()))


def test_a_controller_killed_inside_activate(world: World) -> None:
    world.given_setting("lock_wait: 2s", "lock_wait: 2s, life_ttl: 3s")
    world.given_hosts(2)
    world.given_version("v1.4.2", **SLOW)
    process = world.when_started("rollout", "v1.4.2", "--yes")
    wait_for(lambda: sum(world.stops().values()) > 0, 40.0, every=0.005)
    end(process, signal.SIGKILL)
    # The script on the host goes on: the service runs, whatever became of its controller
    wait_for(lambda: {world.service_state(n) for n in world.lab.hosts} == {"RUNNING"})
    stopped = [n for n, count in world.stops().items() if count]
    assert len(stopped) == 1
    wait_for(lambda: "releases" in world.image(stopped[0]))
    # A rollback from another store brings it back once the dead owner's sign of life has run out
    os.environ["FLEETDEPLOY_STATE_DIR"] = str(world.store) + "-other"

    def rolled_back() -> bool:
        back = world.when_rollback()
        return not isinstance(back, Said) and outcome(back) == ("succeeded", 0)

    wait_for(rolled_back, 30.0, every=1.0)
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    assert world.nothing_is_open()


@pytest.mark.soak  # as typed: tests/cli/test_e2e_people.py
def test_pause_after_the_canary_then_promote(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    result = world.when_rollout("v1.4.2", pause_after_canary="true")
    assert outcome(result) == ("awaiting_promotion", 7), world.texts()
    assert sorted(world.stops().values()) == [0, 0, 1]
    promoted = world.when_going_on("promote")
    assert outcome(promoted) == ("succeeded", 0), world.texts()
    assert set(world.running().values()) == {"v1.4.2"}
    assert set(world.stops().values()) == {1}


@pytest.mark.soak  # as typed: tests/cli/test_e2e_people.py
def test_abort_rolls_back_or_leaves(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    world.when_rollout("v1.4.2", pause_after_canary="true")
    result = world.when_going_on("abort-rollback")
    assert outcome(result) == ("aborted", 3), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    world.permits = Permits(retry_bad=True, reason="it was not to blame")
    world.when_rollout("v1.4.2", pause_after_canary="true")
    result = world.when_going_on("abort-leave")
    assert outcome(result) == ("aborted", 8), world.texts()
    assert sorted(world.running().values()) == ["v1.4.0", "v1.4.0", "v1.4.2"]
    assert world.nothing_is_open()


def test_two_rollouts_from_two_stores_one_is_refused_by_the_hosts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a rollout that lasts until the other one has asked
    world.given_setting("bake_canary: 400ms", "bake_canary: 2s")
    world.given_hosts(3)
    world.given_version("v1.4.2", **SLOW)
    first = world.when_started("rollout", "v1.4.2", "--yes")
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(world.store) + "-other")
    second = world.when_started("rollout", "v1.4.2", "--yes")
    results = [end(first, seconds=90.0), end(second, seconds=90.0)]
    assert sorted(code for code, _ in results) == [0, 6], results
    assert set(world.stops().values()) == {1}
    assert set(world.running().values()) == {"v1.4.2"}
