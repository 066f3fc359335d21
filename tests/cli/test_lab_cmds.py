"""``fleetdeploy lab`` through the real command line; one real lab in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.complex_objects import RunspacePoolState
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan
from typer.testing import CliRunner, Result

from fleetdeploy.artifacts import read_build_info, resolve
from fleetdeploy.cli.main import app
from fleetdeploy.inventory import load_inventory
from fleetdeploy.model.project import ArtifactSource


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answer(*arguments: str | Path) -> Any:
    done = call(*arguments, "--output", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running lab of four hosts in two zones, with a service on each."""
    folder = tmp_path_factory.mktemp("lab") / "here"
    faults = folder.with_name("faults.yml")
    faults.write_text("faults:\n  - {hosts: '*-z2-1', fault: clock-skew, seconds: 60}\n", encoding="utf-8")
    up = ("lab", "up", "--lab", folder, "--hosts", "4", "--zones", "2", "--service", "shop=v1.4.0", "--http")
    made = answer(*up, "--faults", faults, "--limit", "MaxShellsPerUser=1", "--limit", "idletimeout=90000")
    try:
        assert made["hosts"] == ["lab-z1-1", "lab-z1-2", "lab-z2-1", "lab-z2-2"]
        yield folder
    finally:
        done = call("lab", "down", "--lab", folder)
    assert done.exit_code == 0, done.output
    assert call("lab", "status", "--lab", folder).exit_code == 2


def test_a_lab_brings_its_inventory(lab: Path) -> None:
    fleet = load_inventory(lab / "inventory.yml")
    assert [host.zone for host in fleet.hosts] == ["z1", "z1", "z2", "z2"]
    assert [host.connection.transport for host in fleet.hosts] == ["https", "http", "https", "http"]
    assert all(host.connection.address.startswith("127.") for host in fleet.hosts)
    checked = call("inventory", "check", "--secrets", "-i", lab / "inventory.yml")
    assert checked.exit_code == 0, checked.output
    assert (lab / "password").read_text() not in checked.output


def test_status_break_and_heal(lab: Path) -> None:
    states = {host["name"]: host for host in answer("lab", "status", "--lab", lab)["hosts"]}
    assert states["lab-z1-1"]["up"]
    assert call("lab", "break", "lab-z1-1", "disk-full", "--forever", "--lab", lab).exit_code == 0
    assert call("lab", "break", "*", "lose-answer", "--lab", lab).exit_code == 0
    states = {host["name"]: host for host in answer("lab", "status", "--lab", lab)["hosts"]}
    assert states["lab-z1-1"]["faults"] == ["disk-full", "lose-answer"]
    assert states["lab-z2-2"]["faults"] == ["lose-answer"]
    assert call("lab", "heal", "lab-z1-1", "--kind", "disk-full", "--lab", lab).exit_code == 0
    assert call("lab", "heal", "--lab", lab).exit_code == 0
    assert "lab-z1-1" in call("lab", "status", "--lab", lab).stdout
    assert all(host["faults"] == [] for host in answer("lab", "status", "--lab", lab)["hosts"])


def test_limits_are_told_and_hold(lab: Path) -> None:
    state = answer("lab", "status", "--lab", lab)
    assert [host["limits"] for host in state["hosts"]] == [{"MaxShellsPerUser": 1, "IdleTimeout": 90000}] * 4
    assert "limits: MaxShellsPerUser=1 IdleTimeout=90000\n" in call("lab", "status", "--lab", lab).stdout
    host, password = state["hosts"][0], (lab / "password").read_text(encoding="utf-8")
    client = WSMan(
        host["address"],
        port=host["port_http"],
        ssl=False,
        username=state["user"],
        password=password,
        auth="negotiate",
        no_proxy=True,
    )
    with client, RunspacePool(client) as first:
        assert first.state == RunspacePoolState.OPENED
        with pytest.raises(WSManFaultError, match="maximum number of 1 concurrent shells"):
            RunspacePool(client).open()


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("MaxShels=5", "'MaxShels' is no limit that the lab knows"),
        ("MaxShellsPerUser", "write NAME=VALUE"),
        ("MaxShellsPerUser=many", "--limit MaxShellsPerUser: a whole number from 0 to 2147483647, not 'many'"),
        ("MaxEnvelopeSizekb=31", "a whole number from 32 to 4294967295, not '31'"),
        ("QuotaFaults=soap", "wmi or wsman, not 'soap'"),
    ],
)
def test_limits_that_windows_does_not_have(tmp_path: Path, limit: str, words: str) -> None:
    done = call("lab", "up", "--hosts", "1", "--limit", limit, "--lab", tmp_path / "lab")
    assert done.exit_code == 2
    told = " ".join(done.stderr.split())
    assert words in told
    assert "MaxConcurrentCommandsPerShell, MaxConcurrentOperationsPerUser" in told, "the names are listed"
    assert not (tmp_path / "lab").exists()


def test_what_has_happened_is_told(lab: Path) -> None:
    fired = answer("lab", "events", "--faults", "--lab", lab)["events"]
    assert [(row["host"], row["what"]) for row in fired] == [("lab-z2-1", "clock-skew")], "from faults.yml"
    made = answer("lab", "break", "*-z1-*", "--fault", "by-hand", "--do", "kill", "--lab", lab)
    assert made["hosts"] == ["lab-z1-1", "lab-z1-2"]
    rows = answer("lab", "events", "lab-z1-2", "--last", "0", "--lab", lab)["events"]
    assert [(row["source"], row["what"]) for row in rows[-2:]] == [
        ("fault", "by-hand"),
        ("System", "Service Control Manager 7034"),
    ]
    text = call("lab", "events", "lab-z1-2", "--last", "2", "--lab", lab).stdout
    assert "by-hand" in text
    assert "terminated unexpectedly" in text
    waits = ("--fault", "stop-hangs", "--verb", "activate", "--skip", "1", "--service", "")
    assert call("lab", "break", "lab-z1-1", *waits, "--lab", lab).exit_code == 0
    waiting = answer("lab", "status", "--lab", lab)["hosts"][0]["waiting"]
    assert "after=^script" in waiting[0]
    assert "skip=1" in waiting[0]
    assert call("lab", "heal", "*-z1-*", "--lab", lab).exit_code == 0


def test_the_table_of_faults() -> None:
    listed = answer("lab", "break", "--list")
    assert {"reboot", "quarantine", "wsman-fault"} <= {row["fault"] for row in listed["faults"]}
    assert {"name": "max-shells", "code": 2150859173, "form": "wmi"} in listed["wsman_faults"]
    assert "stays STOP_PENDING" in call("lab", "break", "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("break", "lab-z1-1", "--fault", "rebot"), "did you mean reboot"),
        (("break", "lab-z1-1", "refuse", "--seconds", "3"), "refuse takes no seconds"),
        (("break", "lab-z1-1", "reboot", "--step", "halt Shop"), "no step of a host"),
        (("break", "lab-z1-1", "wsman-fault", "--code", "max-shell"), "did you mean max-shells"),
        (("break", "lab-z1-1"), "say which host"),
        (("break", "nobody", "reboot"), "has no host nobody"),
        (("break", "lab-z1-1", "earthquake"), "earthquake"),
        (("break", "lab-z1-1", "reboot", "--pattern", "("), "no regular expression"),
        (("up",), "runs already"),
    ],
)
def test_what_a_running_lab_refuses(lab: Path, arguments: tuple[str, ...], words: str) -> None:
    done = call("lab", *arguments, "--lab", lab)
    assert done.exit_code == 2
    assert words in done.stderr


def test_no_lab(tmp_path: Path) -> None:
    for command in ("status", "down", "heal"):
        done = call("lab", command, "--lab", tmp_path)
        assert done.exit_code == 2
        assert "no lab runs" in done.stderr


def test_an_artifact_of_the_lab_is_one_of_the_project(tmp_path: Path) -> None:
    call("init", "shop", "-C", tmp_path)
    made = answer("lab", "artifact", "v1.4.3", "-C", tmp_path, "--size", "100k", "--set", "unhealthy_after=4s")
    assert made["file"] == str(tmp_path / "dist/v1.4.3/shop.exe")
    assert made["size"] == 100 * 1024
    found = resolve(ArtifactSource("dist/{version}/shop.exe"), "latest", tmp_path)
    assert (found.version, found.exe_sha256) == ("v1.4.3", made["sha256"])
    assert b'"unhealthy_after": 4.0' in Path(made["file"]).read_bytes()


def test_an_artifact_with_other_build_info(tmp_path: Path) -> None:
    file = tmp_path / "x" / "a.exe"
    answer("lab", "artifact", "v1", "--file", file, "--go", "go1.20.1", "--arch", "arm64", "--dirty", "--set", "port=9")
    info = read_build_info(file)
    assert (info.machine, info.go_version, info.vcs_modified) == ("arm64", "go1.20.1", True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "healthy"), "write NAME=VALUE"),
        (("--set", "no_such_thing=1"), "no_such_thing"),
        (("--set", "crash_after=4 days"), "no duration"),
        (("--size", "12x"), "--size"),
        (("--arch", "mips"), "mips"),
    ],
)
def test_artifacts_that_cannot_be_made(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = call("lab", "artifact", "v1", "--file", tmp_path / "a.exe", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert not (tmp_path / "a.exe").exists()
