"""Words from another terminal, each in a process of its own: acknowledged at once, obeyed at the next safe point."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import threading
import time
from datetime import datetime
from typing import TextIO

import pytest

from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time
ACKNOWLEDGED_S = 2.0
PATIENCE_S = 60.0
SLACK_S = 4.0  # for a machine that does much else; a conductor that waits for a host would need longer


class Conductor:
    """A rollout in a process of its own, and what it has said so far."""

    def __init__(self, world: World, *arguments: str) -> None:
        self.process: subprocess.Popen[str] = world.start(*arguments, PYTHONFAULTHANDLER="1")
        self.lines: list[str] = []
        self.readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: TextIO) -> None:
        self.lines.extend(stream)

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def until(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while words not in self.said:
            assert time.monotonic() < deadline, f"never said {words!r}:\n{self.said}"
            time.sleep(0.02)

    def ends(self, code: int) -> str:
        found: int | None = None
        try:
            found = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # it says where it stands
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            for reader in self.readers:
                reader.join()
            for stream in (self.process.stdout, self.process.stderr):
                stream.close()  # type: ignore[union-attr]
        assert found == code, self.said
        return self.said


def waits_s(world: World) -> dict[str, float]:
    """How long each request waited for the conductor's answer, as the store has it."""
    with sqlite3.connect(world.folder / "store" / "journal.sqlite3") as db:
        rows = db.execute("SELECT kind, at, answered_at FROM requests WHERE answered_at IS NOT NULL").fetchall()
    db.close()
    times = {kind: [datetime.fromisoformat(t) for t in (at, answered)] for kind, at, answered in rows}
    return {kind: (answered - at).total_seconds() for kind, (at, answered) in times.items()}


def test_pause_exclude_resume_and_promote_from_another_terminal(make_world: MakeWorld) -> None:
    world = make_world(4)  # the canary, two that follow, one that is left out
    world.given_setting("batch: 100%, bake_canary: 700ms", "batch: 1, bake_canary: 60s")
    world.given_version("v1.4.2")
    conductor = Conductor(world, "rollout", "v1.4.2")
    conductor.until("baking")
    # A pause in the bake, which a person ends; meanwhile other words are refused with a reason.
    world.expect(0, "pause", "--reason", "the database is slow").says("no further host starts", "fleetdeploy resume 01")
    conductor.until("PAUSED (asked): eva@")
    assert "the database is slow" in conductor.said
    world.expect(6, "promote", "--full").says("it is paused because a person asked for it", "resume 01")
    world.expect(0, "exclude", "web4", "--reason", "its disk").says("web4 is not started", "exit 8")
    world.expect(2, "retry", "web9").says("has no host 'web9'")
    world.expect(6, "retry", "web2").says("still to come")
    assert world.on() == {"web1": "v1.4.2", "web2": "v1.4.0", "web3": "v1.4.0", "web4": "v1.4.0"}
    world.expect(0, "resume").says("it goes on now: 2 of 4 hosts are still to come")
    conductor.until("going on")
    # The bake of a minute ends by a full promotion.
    world.expect(0, "promote", "--full").says("no more bakes, no more promotions")
    said = conductor.ends(8)
    assert "exclude web4 was asked for by eva@" in said
    assert "fleetdeploy rollout v1.4.2 --limit web4" in said
    assert world.stops() == {"web1": 1, "web2": 1, "web3": 1, "web4": 0}
    waited = waits_s(world)
    assert set(waited) == {"pause", "promote", "exclude", "resume", "retry"}
    assert max(waited.values()) < ACKNOWLEDGED_S + SLACK_S, waited
    # Who asked for what, and why, is in the journal.
    rollout = re.search(r"fleetdeploy show (\w+)", said)
    assert rollout is not None, said
    world.expect(0, "show", rollout[1]).says("pause was asked for by eva@", "(the database is slow)", "(its disk)")


def test_abort_while_a_host_is_at_work_and_nobody_there(make_world: MakeWorld) -> None:
    world = make_world(3)
    world.given_version("v1.4.2", start_seconds=3.0)
    conductor = Conductor(world, "rollout", "v1.4.2")
    conductor.until("activating")
    told = world.expect(0, "abort", "--rollback", "--reason", "wrong version")
    told.says("no further host starts; web1 at work finishes; then every changed host goes back (web1)")
    assert waits_s(world)["abort-rollback"] < ACKNOWLEDGED_S + SLACK_S
    said = conductor.ends(3)
    assert "ABORTED" in said
    assert set(world.on().values()) == {"v1.4.0"}
    assert world.stops() == {"web1": 2, "web2": 0, "web3": 0}

    # And where the conductor is gone, each says so and what to type.
    world.given_version("v1.4.4")
    world.expect(7, "rollout", "v1.4.4", "--pause-after", "canary")
    world.expect(6, "pause").says("no conductor works on it", "nothing runs that could be paused", "fleetdeploy resume")
    world.expect(6, "retry", "web1").says("no conductor works on it", "fleetdeploy retry web1")
    world.expect(6, "exclude", "web2").says("fleetdeploy exclude web2", "fleetdeploy rollback")
    world.expect(3, "abort", "--rollback")


def test_batches_beyond_the_last_and_a_wait_that_expires(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_version("v1.4.2")
    world.expect(6, "rollout", "v1.4.2", "--pause-after", "batch:3").says("there is no batch 3", "batch:2")
    done = world.expect(
        3, "rollout", "v1.4.2", "--pause-after", "canary", "--promote-within", "1s", "--on-expiry", "rollback"
    )
    done.says("this wait ends by itself in 1 s", "nobody promoted it in time", "ROLLED BACK")
    assert set(world.on().values()) == {"v1.4.0"}


def test_another_machine_without_the_store(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_setting("pause_timeout: 1s", "pause_timeout: 1m")
    world.given_version("v1.4.2")
    conductor = Conductor(world, "rollout", "v1.4.2", "--pause-after", "canary")
    conductor.until("AWAITING PROMOTION")
    elsewhere = str(world.folder / "other-store")
    refused = world.expect(6, "pause", FLEETDEPLOY_STATE_DIR=elsewhere)
    refused.says("its conductor is alive", "eva", "takes no requests from this machine's store", "FLEETDEPLOY_STORE")
    world.expect(6, "promote", FLEETDEPLOY_STATE_DIR=elsewhere).says("its conductor is alive", "--take-over --reason")
    world.expect(0, "promote")
    conductor.ends(0)
