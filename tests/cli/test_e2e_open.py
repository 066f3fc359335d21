"""Who holds the hosts, as a person reads it; the end of an abandoned rollout; going on without a store."""

from __future__ import annotations

import json
import stat

import pytest

from tests.cli.conftest import MakeWorld

pytestmark = pytest.mark.timeout(300)


def test_show_who_holds_the_hosts_and_close_what_was_abandoned(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_version("v1.4.2")
    ci = {"FLEETDEPLOY_ACTOR": "release-bot", "CI_JOB_URL": "https://ci/job/9"}
    waits = world.expect(7, "rollout", "v1.4.2", "--pause-after", "canary", "--plan-out", "plan.json", **ci)
    assert stat.S_IMODE((world.project / "plan.json").stat().st_mode) == 0o600
    digest = json.loads((world.project / "plan.json").read_text())["digest"]
    waits.says(f"plan {digest}")

    shown = world.json("open", "show")
    (found,) = shown["open"]
    assert (found["alive"], found["plan_digests"], found["changed"]) == (False, [digest], ["web1"])
    web1 = next(row for row in shown["hosts"] if row["host"] == "web1")
    assert (web1["user"], web1["job_url"], web1["phase"]) == ("release-bot", "https://ci/job/9", "running")
    assert (web1["direction"], web1["token"], web1["alive"]) == ("forward", 1, False)
    world.expect(0, "open", "show").says("release-bot", "https://ci/job/9", "fleetdeploy resume 01", "open close 01")

    world.expect(6, "rollout", "v1.4.2").says("release-bot on", "https://ci/job/9", "its conductor signed off")
    world.expect(6, "rollout", "v1.4.2", "--plan", "plan.json").says(f"not {digest}", "hosts.web1.from.image_path")
    world.expect(2, "open", "close").says("--reason")
    world.expect(6, "open", "close", "--reason", "gone").says("on v1.4.2: web1", "fleetdeploy rollback", "--leave")
    # A machine that has no store, and cannot have one.
    (world.folder / "file").write_text("")
    nowhere = {"FLEETDEPLOY_STATE_DIR": str(world.folder / "file" / "store")}
    world.expect(8, "open", "close", "--leave", "--reason", "gone", **nowhere).says("closed as aborted", "web1", "web2")
    world.expect(0, "open", "show").says("no rollout is open")
    undone = world.expect(0, "rollback", **nowhere)
    undone.says("nothing of this is recorded on this machine")
    assert set(world.on().values()) == {"v1.4.0"}
    assert world.stops() == {"web1": 2, "web2": 0}
