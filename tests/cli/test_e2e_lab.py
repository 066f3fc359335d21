"""``fleetdeploy lab`` as a newcomer uses it: a lab in a process of its own, the project beside it, something broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.lab.fleet import Lab
from tests.cli.e2e_world import PROJECT, World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time


def test_a_rollout_against_a_lab_in_its_own_process(tmp_path: Path) -> None:
    nothing = Lab.start([])  # the lab here is another process's
    nothing.stop()
    world = World(tmp_path, nothing)
    world.project.mkdir()
    (world.project / "fleetdeploy.yml").write_text(PROJECT, encoding="utf-8")
    up = world.expect(0, "lab", "up", "--hosts", "2", "--zones", "1", "--service", "shop=v1.4.0", "--http")
    try:
        up.says("2 hosts run in process", "fleetdeploy status -i .lab/inventory.yml")
        (world.project / "inventories").mkdir()
        _story(world)
    finally:
        world.expect(0, "lab", "down").says("has ended")
    world.expect(2, "lab", "status").says("no lab runs")


def _story(world: World) -> None:
    where = ("-i", ".lab/inventory.yml")
    text = (world.project / "fleetdeploy.yml").read_text(encoding="utf-8")
    (world.project / "fleetdeploy.yml").write_text(text.replace("service: Shop", "service: shop"), encoding="utf-8")
    world.expect(0, "lab", "artifact", "v1.4.2", "--size", "64k").says("wrote dist/v1.4.2/shop.exe")
    planned = world.expect(0, "plan", "v1.4.2", *where)
    told = next(line for line in planned.out.splitlines() if line.startswith("next  fleetdeploy"))
    assert "-i .lab/inventory.yml" in told  # typed as it stands it reaches the same fleet
    world.expect(0, *told.split()[2:]).says("SUCCEEDED", "shop v1.4.2 on fleet lab: 2 healthy")

    world.expect(0, "lab", "break", "lab-z1-2", "refuse", "--forever")
    broken = world.expect(5, "rollout", "v1.4.2", *where)
    broken.says("1 of 2 hosts does not answer", "fleetdeploy doctor -i .lab/inventory.yml --limit lab-z1-2")
    world.expect(0, "lab", "heal")
    world.expect(0, "rollback", *where).says("lab-z1-1: rolled back v1.4.0", "SUCCEEDED")
    states = {host["name"]: host for host in world.json("lab", "status")["hosts"]}
    assert {name: host["effects"]["stop"] for name, host in states.items()} == {"lab-z1-1": 2, "lab-z1-2": 2}
    assert all(host["not_simulated"] == [] for host in states.values())
