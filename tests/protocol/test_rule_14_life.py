"""Rule 14: every opened host gets signs of life, always: in long verbs, in uploads, in the queue, in holds."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from fleetdeploy.app.connect import connector
from fleetdeploy.engine.executor import Done, Tools, Workers
from fleetdeploy.hosts import transfer
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold
from tests.hosts.conftest import Rig
from tests.protocol.adversary import entry, party
from tests.scenarios.steps import World, outcome, wait_for


def life_at(rig: Rig) -> float:
    life = entry(rig).life
    assert life is not None
    return life.uptime_s


def test_a_verb_that_takes_longer_than_the_ttl_ends_with_a_fresh_sign(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2", start_seconds=1.2)
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    begin = rig.seen().uptime_s
    one.activate(artifact)
    assert life_at(rig) >= begin + 1.2


def test_every_segment_of_an_upload_is_a_sign_of_life(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "CHUNK_BYTES", 4_000)
    monkeypatch.setattr(transfer, "SEGMENT_BYTES", 4_000)
    one = party(rig, "R1", "C1")
    one.open()
    seen: list[float] = []
    other = rig.connect()

    def progress(sent: int, total: int) -> None:
        state = other.observe().state
        assert state is not None
        assert state.open is not None
        assert state.open.life is not None
        seen.append(state.open.life.uptime_s)

    one.verbs.stage(one.claim(), rig.artifact("v1.4.2"), progress=progress)
    assert len(seen) >= 3
    assert seen == sorted(set(seen)), "each one later than the one before"


def test_a_host_that_waits_for_its_turn_is_beaten_for() -> None:
    beats: list[str] = []
    workers: Workers[object] = Workers(lambda name: object(), parallel=1, beat_interval_s=0.05)
    ended = threading.Event()

    def start(tools: Tools[Any]) -> None:
        tools.heartbeat.start(lambda: beats.append(tools.host))

    try:
        for host in ("a", "b"):
            workers.submit(host, "open", start)
        for _ in range(2):
            assert isinstance(workers.next(5.0), Done)
        workers.submit("a", "work", lambda tools: ended.wait(60.0))
        workers.submit("b", "work", lambda tools: None)
        wait_for(lambda: beats.count("b") >= 3)
        ended.set()
        left = 2
        while left:
            left -= isinstance(workers.next(1.0), Done)
    finally:
        ended.set()
        workers.shutdown(5.0)


def test_every_host_is_beaten_for_while_a_person_is_waited_for(world: World) -> None:
    world.given_setting("lock_wait: 2s", "lock_wait: 1s, life_ttl: 3s")
    world.given_setting("pause_timeout: 1s", "pause_timeout: 30s")
    world.given_hosts(2)
    world.given_version("v1.4.2")
    results: list[Any] = []
    runner = threading.Thread(
        target=lambda: results.append(world.when_rollout("v1.4.2", pause_after_canary="true", bake_canary="0s"))
    )
    runner.start()

    def held() -> bool:
        return any(isinstance(e, ev.HoldChanged) and e.hold is Hold.AWAITING_PROMOTION for e in tuple(world.events))

    wait_for(lambda: held() or not runner.is_alive(), 60.0)
    assert held(), results
    workspace = world.workspace()
    ports = {h.name: connector(workspace)(h) for h in workspace.fleet.hosts}

    def lives() -> dict[str, float]:
        found: dict[str, float] = {}
        for name, port in ports.items():
            state = port.observe().state
            assert state is not None
            assert state.open is not None
            assert state.open.life is not None
            found[name] = state.open.life.uptime_s
        return found

    begin = lives()
    wait_for(lambda: all(at > begin[name] for name, at in lives().items()), 10.0)
    again = lives()
    wait_for(lambda: all(at > again[name] for name, at in lives().items()), 10.0)
    # A living owner is not taken over, by nobody's rollback (rule 3) ...
    mine = tuple(world.events)
    refused = world.when_rollback()
    assert outcome(refused) == ("refused", 6), refused
    assert "alive" in world.texts()
    world.events[:] = list(mine)
    # ... but with --take-over; then it stops at once, changes nothing more and says who (rule 7).
    from fleetdeploy.app.conducting import Back, run_back
    from fleetdeploy.app.undoing import find_rollback
    from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE

    found = find_rollback(world.workspace(), tick=lambda: None)
    assert isinstance(found, Back)
    back = run_back(world.workspace(), found, actor=ACTOR, reporter=world, take_over=True)
    assert outcome(back) == ("succeeded", 0), world.texts()
    runner.join(30.0)
    assert results
    assert results[0].outcome is None
    assert int(results[0].exit_code) == 4
    assert "taken over" in results[0].detail
    for port in ports.values():
        port.disconnect()
    time.sleep(0.2)
    assert world.images() == {HAND_MADE_IMAGE}
    assert sum(world.stops().values()) == 2
    assert world.nothing_is_open()
