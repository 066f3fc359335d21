"""A lab in its own process: up, status, break, heal, down, and who may command it."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.errors import UsageError
from fleetdeploy.lab import control
from fleetdeploy.lab.fleet import make_artifact

FLEET = [
    {
        "name": "web01",
        "services": [
            {"name": "app", "exe": r"C:\apps\app.exe", "version": "v1.4.0", "behaviour": {"port": 8080}, "size": 70_000}
        ],
    },
    {"name": "web02", "powershell": "4.0", "os_build": 9600},
]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[control.LabState]:
    state = control.up(tmp_path / "lab", FLEET)
    yield state
    try:
        control.down(state.directory)
    except UsageError:
        assert not (state.directory / control.STATE_FILE).exists()


def connect(state: control.LabState) -> WSMan:
    host = state.hosts[0]
    password = state.password_file.read_text(encoding="utf-8")
    return WSMan(
        host.address,
        port=host.port_https,
        username=state.user,
        password=password,
        auth="negotiate",
        cert_validation=str(state.ca_file),
        no_proxy=True,
    )


def test_a_lab_lives_in_its_own_process_and_obeys(running: control.LabState) -> None:
    assert [(h.name, h.up, h.reachable) for h in running.hosts] == [("web01", True, True), ("web02", True, True)]
    with connect(running) as client, RunspacePool(client):
        assert [h.shells for h in control.status(running.directory).hosts] == [1, 0]
    health = requests.get(f"http://{running.hosts[0].address}:8080/healthz", timeout=5)
    assert health.status_code == 200
    health.close()

    control.break_host(running.directory, "web01", "refuse")
    assert control.status(running.directory).hosts[0].faults == ("refuse",)
    with pytest.raises(requests.exceptions.ConnectionError), connect(running) as client:
        RunspacePool(client).open()
    control.break_host(running.directory, "*", "silence", count=None, seconds=1)
    control.heal(running.directory)
    assert [h.faults for h in control.status(running.directory).hosts] == [(), ()]

    with pytest.raises(UsageError, match="runs already"):
        control.up(running.directory, FLEET)
    with pytest.raises(UsageError, match="no host web99"):
        control.break_host(running.directory, "web99", "refuse")
    with pytest.raises(UsageError, match="no fault of the lab"):
        control.break_host(running.directory, "web01", "explode")

    control.down(running.directory)
    with pytest.raises(UsageError, match="no lab runs"):
        control.status(running.directory)


def test_only_the_owner_can_read_the_secrets_and_only_the_token_commands(running: control.LabState) -> None:
    for name in (control.STATE_FILE, control.PASSWORD_FILE):
        assert stat.S_IMODE((running.directory / name).stat().st_mode) == 0o600
    state = json.loads((running.directory / control.STATE_FILE).read_text(encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", state["port"]), timeout=5) as connection:
        connection.sendall(b'{"op": "down", "token": "guess"}\n')
        assert b"error" in connection.recv(4096)
    assert control.status(running.directory).pid == running.pid


def test_a_bad_fleet_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="colour"):
        control.up(tmp_path, [{"name": "web01", "colour": "red"}])
    with pytest.raises(UsageError, match="no such behaviour"):
        control.up(
            tmp_path,
            [{"name": "a", "services": [{"name": "s", "exe": r"C:\s.exe", "version": "v1", "behaviour": {"x": 1}}]}],
        )
    assert not (tmp_path / control.STATE_FILE).exists()


def test_artifacts_are_of_the_size_asked_for(tmp_path: Path) -> None:
    path = control.write_artifact(tmp_path / "app.exe", "v2.0.0", size=200_000, port=9000)
    assert path.stat().st_size == 200_000
    assert path.read_bytes()[:2] == b"MZ"
    assert make_artifact("v1") != make_artifact("v2")
