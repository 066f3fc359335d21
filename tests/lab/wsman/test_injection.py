"""Faults at the protocol's points: what the client sees, and whether the effect happened."""

from __future__ import annotations

import time

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool

from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.lab.windows.faults import FaultKind
from tests.lab.wsman.conftest import Connect
from tests.lab.wsman.doubles import EchoEngine
from tests.lab.wsman.test_shells import wait_until

BROKEN = (requests.exceptions.ConnectionError, requests.exceptions.ReadTimeout, WinRMError, AuthenticationError)


def invoke(connect: Connect, script: str, **options: object) -> list[object]:
    with RunspacePool(connect(**options)) as pool, PowerShell(pool) as shell:
        return list(shell.add_script(script).invoke())


def _open_and_invoke(connect: Connect, script: str, **options: object) -> None:
    pool = RunspacePool(connect(**options))
    pool.open()
    PowerShell(pool).add_script(script).invoke()


def fails(connect: Connect, script: str, **options: object) -> None:
    with pytest.raises(BROKEN):
        _open_and_invoke(connect, script, **options)


def test_reset_before_leaves_no_effect(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    host.faults.add("reset-before", pattern="activate")
    fails(connect, "say activate")
    assert engine.ran == []
    assert invoke(connect, "say activate") == ["activate"]


def test_reset_during_lets_the_pipeline_go_on(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    host.faults.add("reset-during", pattern="activate")
    fails(connect, "sleep 0.2\nset activate=1")
    assert len(engine.ran) == 1
    (shell,) = host.service.shells.values()
    (command,) = shell.commands.values()
    wait_until(lambda: command.queue.finished)
    assert not command.stop.is_set()


@pytest.mark.parametrize("kind", ["reset-after", "lose-answer"])
def test_the_effect_is_done_and_the_answer_is_lost(
    connect: Connect, host: LabHost, engine: EchoEngine, kind: str
) -> None:
    host.faults.add(kind, pattern="activate")
    fails(connect, "say activate")
    assert engine.ran == [["say activate"]]
    assert host.faults.fired == [(FaultKind(kind), "script say activate")]


def test_silence_delays_and_then_all_is_well(connect: Connect, host: LabHost) -> None:
    host.faults.add("silence", pattern="activate", seconds=1.0)
    begun = time.monotonic()
    assert invoke(connect, "say activate") == ["activate"]
    assert time.monotonic() - begun > 0.9


def test_a_host_that_refuses_until_healed_has_closed_ports(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    host.faults.add("refuse", count=None)
    with pytest.raises(BROKEN):
        PowerShell(pool).add_script("say x").invoke()
    wait_until(lambda: not host.server.open)
    with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        RunspacePool(connect()).open()
    host.faults.heal()
    wait_until(lambda: host.server.open)
    assert invoke(connect, "say back") == ["back"]


def test_refusing_once_breaks_one_connection(connect: Connect, host: LabHost) -> None:
    host.faults.add("refuse")
    with pytest.raises(BROKEN):
        RunspacePool(connect()).open()
    assert invoke(connect, "say x") == ["x"]


def test_a_reboot_ends_shells_and_the_host_comes_back(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    host.faults.add("reboot", pattern="activate")
    with pytest.raises(BROKEN):
        PowerShell(pool).add_script("say activate").invoke()
    wait_until(lambda: not host.service.shells)
    wait_until(lambda: host.machine.up and host.server.open)
    assert invoke(connect, "say up") == ["up"]
    again = RunspacePool(connect())
    again.id = pool.id
    with pytest.raises((WSManFaultError, *BROKEN)):
        pool.close()


def test_a_connection_cut_between_requests_breaks_sealed_sessions(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    host.service.loop.call_soon_threadsafe(host.service.cut_connections)
    wait_until(lambda: not host.service.connections)
    with pytest.raises(BROKEN):
        PowerShell(pool).add_script("say x").invoke()


def test_the_same_cut_is_healed_over_tls(connect: Connect, host: LabHost) -> None:
    with RunspacePool(connect(ssl=True)) as pool:
        host.service.loop.call_soon_threadsafe(host.service.cut_connections)
        wait_until(lambda: not host.service.connections)
        time.sleep(0.1)
        assert PowerShell(pool).add_script("say x").invoke() == ["x"]
