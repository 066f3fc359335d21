"""A team's store in PostgreSQL: begun on one machine, seen, promoted, paused and checked from another one."""

from __future__ import annotations

import json
import time

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.place import store_place
from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import Done, World
from tests.journals import assert_whole
from tests.postgres import PostgresServer

pytestmark = pytest.mark.timeout(300)


class OtherMachine:
    """Inventory and login, the same store by URL; no project, no files, no state of its own."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url
        self.folder = world.folder / "elsewhere"
        world.given_inventory(self.folder)

    def expect(self, code: int, *arguments: str) -> Done:
        return self.world.expect(
            code,
            *arguments,
            cwd=self.folder,
            FLEETDEPLOY_STORE=self.url,
            FLEETDEPLOY_STATE_DIR=str(self.folder / "no-store"),
            FLEETDEPLOY_ACTOR="otto",
        )


def test_begun_here_and_promoted_there(make_world: MakeWorld, postgres: PostgresServer) -> None:
    world, url = make_world(2), postgres.url(password="hunter2")
    world.given_version("v1.4.2")
    there = OtherMachine(world, url)
    paused = world.expect(7, "rollout", "v1.4.2", "--pause-after", "canary", FLEETDEPLOY_STORE=url)
    assert not (world.folder / "store").exists(), "nothing is written beside the store that was named"
    there.expect(0, "promote").says("SUCCEEDED")
    assert world.on() == {"web1": "v1.4.2", "web2": "v1.4.2"}
    listed = there.expect(0, "history", "--output", "json").json_lines[0]
    (row,) = listed["rollouts"]
    assert (row["outcome"], row["actor"][:4], row["holder"][:5]) == ("succeeded", "eva@", "otto@")
    there.expect(0, "verify", row["id"]).says(f"{row['id']}: whole")
    assert not (there.folder / "no-store").exists()
    assert "hunter2" not in world.said() + str(paused)
    journal = Journal(store_place({"FLEETDEPLOY_STORE": url}))
    assert_whole(journal)
    assert [s.name for s in journal.steps(row["id"]) if not s.ended] == []
    assert "hunter2" not in "\n".join(journal.export())
    journal.close()


def test_a_living_conductor_is_asked_through_the_store(make_world: MakeWorld, postgres: PostgresServer) -> None:
    world, url = make_world(2), postgres.url()
    world.given_setting("pause_timeout: 1s", "pause_timeout: 1m")
    world.given_version("v1.4.2")
    there = OtherMachine(world, url)
    conductor = world.start("rollout", "v1.4.2", "--pause-after", "canary", FLEETDEPLOY_STORE=url)
    until = time.monotonic() + 60
    while "AWAITING PROMOTION" not in "".join(_events(url)):
        assert time.monotonic() < until
        assert conductor.poll() is None
        time.sleep(0.1)
    there.expect(0, "promote").says("promote accepted")
    done = world.end(conductor)
    assert done.code == 0, done
    done.says("promote was asked for by otto@", "SUCCEEDED")


def _events(url: str) -> list[str]:
    journal = Journal(store_place({"FLEETDEPLOY_STORE": url}))
    try:
        rows = journal.rollouts()
        text = json.dumps([e.to_json() for r in rows for e in journal.events(r.id)])
    finally:
        journal.close()
    return ["AWAITING PROMOTION"] if "awaiting_promotion" in text else []


def test_a_rollback_needs_no_server(make_world: MakeWorld, postgres: PostgresServer) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    world.expect(0, "rollout", "v1.4.2", FLEETDEPLOY_STORE=postgres.url())
    gone = "postgresql://eva:hunter2@127.0.0.1:1/none"
    refused = world.expect(6, "rollout", "v1.4.2", "--reason", "x", FLEETDEPLOY_STORE=gone)
    refused.says("postgresql://eva@127.0.0.1:1/none does not answer", "fleetdeploy rollback")
    world.expect(0, "rollback", FLEETDEPLOY_STORE=gone).says("nothing of this is recorded", "does not answer")
    assert set(world.on().values()) == {"v1.4.0"}
    assert "hunter2" not in world.said()
    assert not (world.folder / "store").exists()
