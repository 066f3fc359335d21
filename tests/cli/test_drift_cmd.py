"""``fleetdeploy drift`` as it is typed: the table, the exit codes, and no secret in any of it."""

from __future__ import annotations

import pytest

from fleetdeploy.app.drift import HostDrift
from fleetdeploy.cli.drift_cmd import _code, _tail
from fleetdeploy.errors import ExitCode
from fleetdeploy.lab.windows.service import StartType
from fleetdeploy.model.sight import Lost
from fleetdeploy.plan.drift import Difference
from tests.cli.conftest import MakeWorld

KEY = r"HKLM\SYSTEM\CurrentControlSet\Services\Shop"
CLEAN = HostDrift("a", "z", "as recorded", "v1")
DRIFTED = HostDrift("b", "z", "drifted", "v1", (Difference("start_type", "auto", "demand"),))
SILENT = HostDrift("c", "z", "cannot be asked", error="no route", lost=Lost.UNREACHABLE)
LOCKED_OUT = HostDrift("d", "z", "cannot be asked", error="401", lost=Lost.LOGIN)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((CLEAN,), ExitCode.OK),
        ((CLEAN, DRIFTED), ExitCode.PARTIAL),
        ((CLEAN, DRIFTED, SILENT), ExitCode.UNREACHABLE),
        ((CLEAN, SILENT, LOCKED_OUT), ExitCode.REFUSED),
        ((), ExitCode.OK),
    ],
)
def test_exit_codes(rows: tuple[HostDrift, ...], code: ExitCode) -> None:
    assert _code(rows) is code


def test_what_to_type_next() -> None:
    assert _tail((CLEAN,)) == []
    assert any("--accept-drift" in line for line in _tail((DRIFTED,)))
    assert _tail((SILENT,)) == ["c: no route"]
    assert any("fleetdeploy status" in line for line in _tail((HostDrift("e", "", "in the middle of a rollout"),)))


def test_drift_as_it_is_typed(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_version("v1.4.2")
    world.given_version("v1.4.3")
    world.expect(0, "rollout", "v1.4.2", "--yes")
    world.expect(0, "drift").says("2 as recorded")
    machine = world.lab.hosts["web1"].machine
    machine.scm.change("Shop", start=StartType.DEMAND)
    machine.registry.set(KEY, "Environment", "MultiString", ("API_TOKEN=geheim",))
    told = world.expect(8, "drift")
    told.says("1 drifted, 1 as recorded", "start_type", "auto", "demand", "environment API_TOKEN", "--accept-drift")
    (data,) = world.expect(8, "drift", "--output", "json").json_lines
    assert [d["key"] for d in data["hosts"][0]["differences"]] == ["start_type", "environment API_TOKEN"]
    assert data["hosts"][1]["status"] == "as recorded"
    assert "geheim" not in told.text + str(data)
    # The plan shows it and leaves the host alone; accepted, it is changed
    world.expect(0, "plan", "v1.4.3").says("skip: drifted: start_type, environment API_TOKEN")
    world.expect(0, "plan", "v1.4.3", "--accept-drift").says("2 of 2 hosts change", "drifted: start_type")
    world.lab.hosts["web2"].machine.power_off()
    world.expect(5, "drift").says("web2", "cannot be asked")
