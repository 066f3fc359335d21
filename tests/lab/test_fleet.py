"""A lab in this process: addresses, services that are there from the beginning, power, and its end."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

import pytest
import requests
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from fleetdeploy.lab.wsman.server import bound_socket


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def run(lab: Lab, host: LabHost, script: str) -> list[object]:
    with (
        WSMan(
            host.address, port=host.port_http, ssl=False, username=lab.user, password=lab.password, no_proxy=True
        ) as client,
        RunspacePool(client) as pool,
    ):
        return list(PowerShell(pool).add_script(script).invoke())


def app(port: int = 8080) -> ServiceSpec:
    return ServiceSpec("app", r"C:\apps\app.exe", make_artifact("v1.0.0", port=port))


def test_labs_live_side_by_side_on_standard_ports() -> None:
    with Lab.start([HostSpec("a"), HostSpec("b")]) as first, Lab.start([HostSpec("a")]) as second:
        hosts = [*first.hosts.values(), *second.hosts.values()]
        assert len({host.address for host in hosts}) == 3
        assert {(host.port_http, host.port_https) for host in hosts} == {(5985, 5986)}
        assert all(host.address.startswith("127.") for host in hosts)
        assert first.password != second.password


def test_hosts_can_share_the_one_loopback_address() -> None:
    with Lab.start([HostSpec(name, services=(app(),)) for name in ("a", "b")], one_address=True) as lab:
        first, second = lab.hosts.values()
        assert first.address == second.address == "127.0.0.1"
        assert len({first.port_http, first.port_https, second.port_http, second.port_https}) == 4
        assert run(lab, first, "$env:COMPUTERNAME") == ["A"]
        assert run(lab, second, "$env:COMPUTERNAME") == ["B"]


def test_a_service_is_there_from_the_beginning_and_answers() -> None:
    with Lab.start([HostSpec("web01", services=(app(8123),))]) as lab:
        host = lab.hosts["web01"]
        assert run(lab, host, "(Get-Service -Name app).Status.ToString()") == ["Running"]
        url = f"http://{host.address}:8123/version"
        wait_until(lambda: _get(url) is not None)
        assert "v1.0.0" in str(_get(url))
        assert host.effects.count("start") == 0
        assert host.effects.count("write") == 0


def _get(url: str) -> str | None:
    try:
        answer = requests.get(url, timeout=2)
    except requests.RequestException:
        return None
    answer.close()
    return answer.text


def test_a_reboot_ends_shells_and_automatic_services_come_back() -> None:
    with Lab.start([HostSpec("web01", services=(app(),), options={"boot_seconds": 0.3})]) as lab:
        host = lab.hosts["web01"]
        before = host.machine.boot_id
        client = WSMan(host.address, ssl=False, username=lab.user, password=lab.password, no_proxy=True)
        pool = RunspacePool(client)
        pool.open()
        host.machine.reboot()
        wait_until(lambda: not host.service.shells)
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"http://{host.address}:8080/healthz", timeout=2)
        wait_until(lambda: host.machine.up and host.server.open)
        assert host.machine.boot_id != before
        wait_until(lambda: run(lab, host, "(Get-Service -Name app).Status.ToString()") == ["Running"])
        client.close()


def test_an_unknown_behaviour_of_an_artifact_is_refused() -> None:
    with pytest.raises(ValueError, match="explodes"):
        make_artifact("v1", explodes=True)


def test_two_hosts_of_one_name_are_refused() -> None:
    with Lab.start([HostSpec("web01")]) as lab, pytest.raises(ValueError, match="already"):
        lab.add(HostSpec("web01"))


def test_only_loopback_is_ever_bound() -> None:
    with pytest.raises(PermissionError):
        bound_socket("0.0.0.0", 0)
    with pytest.raises(PermissionError):
        bound_socket("192.0.2.1", 5985)


def test_the_end_of_a_lab_leaves_no_port_no_script_and_no_loop() -> None:
    lab = Lab.start([HostSpec("web01")])
    host = lab.hosts["web01"]
    client = WSMan(host.address, ssl=False, username=lab.user, password=lab.password, no_proxy=True)
    pool = RunspacePool(client)
    pool.open()
    PowerShell(pool).add_script("Start-Sleep -Seconds 60").begin_invoke()
    lab.stop()
    client.close()
    wait_until(lambda: not [t for t in threading.enumerate() if t.name == "lab-web01-pipeline"])
    bound_socket(host.address, host.port_http).close()
    gc.collect()
