"""The lives of shells, quotas and WS-Management faults, as unmodified clients see them."""

from __future__ import annotations

import threading
import time
import uuid

import pytest
from pypsrp.exceptions import WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import SelectorSet, WSMan, WSManAction

from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.lab.wsman import faults
from fleetdeploy.lab.wsman.service import WinRmService
from tests.lab.wsman.conftest import Connect
from tests.lab.wsman.doubles import EchoEngine


def wait_until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


def soon_idle(service: WinRmService) -> None:
    """The shells' idle timeout is over in a moment (and was not while they were being used)."""

    def shorten() -> None:
        for shell in list(service.shells.values()):
            shell.idle_timeout = 0.3
            service._watch(shell)

    service.loop.call_soon_threadsafe(shorten)


def shell_of(client: WSMan, shell_id: str) -> WinRS:
    """A client's view of a shell that it did not open."""
    winrs = WinRS(client, id=shell_id)
    winrs._selector_set = SelectorSet()
    winrs._selector_set.add_option("ShellId", shell_id)
    return winrs


def running(pool: RunspacePool, script: str) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script).begin_invoke()
    return shell


def test_a_long_poll_that_yields_nothing_is_the_timeout_fault(connect: Connect, host: LabHost) -> None:
    with RunspacePool(connect()) as pool:
        shell = running(pool, "sleep 20\nsay late")
        begun = time.monotonic()
        shell.poll_invoke(timeout=1)  # pypsrp swallows this fault here, and only this one
        assert 0.9 < time.monotonic() - begun < 15
        with pytest.raises(WSManFaultError) as caught:
            pool._receive(timeout=1)
        assert caught.value.code == faults.OPERATION_TIMEOUT


def test_delete_ends_the_shell_and_what_runs_in_it(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    pool = RunspacePool(connect())
    pool.open()
    running(pool, "sleep 60")
    shell = next(iter(host.service.shells.values()))
    (command,) = shell.commands.values()
    pool.close()
    assert host.service.shells == {}
    assert command.stop.is_set()
    assert host.machine.released[0] is shell
    wait_until(lambda: host.machine.released == [shell, shell])  # again when its last pipeline has ended


def test_an_idle_shell_ends_with_its_pipelines(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    shell = next(iter(host.service.shells.values()))
    running(pool, "sleep 60")
    (command,) = shell.commands.values()
    soon_idle(host.service)
    wait_until(lambda: not host.service.shells)
    assert command.stop.is_set()
    with pytest.raises(WSManFaultError) as caught:
        pool.close()
    assert caught.value.code == faults.SHELL_NOT_FOUND


def test_a_shell_in_use_is_not_idle(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    engine.gates["go"] = go = threading.Event()
    with RunspacePool(connect(operation_timeout=30, read_timeout=60)) as pool:
        shell = running(pool, "wait-for go\nsay done")
        (lab_shell,) = host.service.shells.values()
        (command,) = lab_shell.commands.values()

        def idle_meanwhile() -> None:
            wait_until(lambda: command.queue.receiving)
            soon_idle(host.service)
            time.sleep(0.7)  # more than the idle timeout is now
            lab_shell.idle_timeout = 600.0
            go.set()

        waits = threading.Thread(target=idle_meanwhile)
        waits.start()
        shell.end_invoke()
        waits.join()
        assert shell.output == ["done"]


def test_the_clients_death_ends_nothing(connect: Connect, host: LabHost, engine: EchoEngine) -> None:
    client = connect()
    pool = RunspacePool(client)
    pool.open()
    running(pool, "sleep 0.5\nset done=1")
    assert client.transport.session is not None
    client.transport.session.close()
    wait_until(lambda: not host.service.connections)
    (shell,) = host.service.shells.values()
    (command,) = shell.commands.values()
    wait_until(lambda: command.queue.finished)
    assert not command.stop.is_set()
    assert list(host.service.shells.values()) == [shell]


def test_an_idle_connection_is_closed_and_a_sealed_session_with_it(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    healed = RunspacePool(connect(ssl=True))
    healed.open()
    host.service.connection_idle_s = 0.3
    assert pool.is_alive()  # one request each, after which their connections rest
    assert healed.is_alive()
    wait_until(lambda: not host.service.connections)
    host.service.connection_idle_s = 120.0  # a slow machine must not lose the next ones
    assert len(host.service.shells) == 2
    with pytest.raises(WinRMTransportError) as caught:
        PowerShell(pool).add_script("say x").invoke()
    assert caught.value.code == 400
    assert PowerShell(healed).add_script("say x").invoke() == ["x"]


def test_an_unknown_shell_is_that_fault(connect: Connect) -> None:
    winrs = shell_of(connect(), str(uuid.uuid4()).upper())
    with pytest.raises(WSManFaultError) as caught:
        winrs.command("hostname", [])
    assert caught.value.code == faults.SHELL_NOT_FOUND
    assert "the shell was not found on the server" in str(caught.value)


def test_a_shell_belongs_to_its_account(connect: Connect, host: LabHost) -> None:
    host.machine.accounts.add("other", "pw-other")
    with RunspacePool(connect()) as pool:
        stranger = shell_of(connect(username="other", password="pw-other"), pool.id)
        with pytest.raises(WSManFaultError) as caught:
            stranger.command("hostname", [])
    assert caught.value.code == faults.SHELL_NOT_FOUND


def test_commands_count_until_they_are_closed(connect: Connect) -> None:
    with RunspacePool(connect()) as pool:
        for _ in range(3):
            PowerShell(pool).add_script("say x").invoke()
        with pytest.raises(WSManFaultError):
            PowerShell(pool).add_script("say x").invoke()
    with RunspacePool(connect()) as pool:
        for _ in range(6):
            with PowerShell(pool) as shell:
                assert shell.add_script("say x").invoke() == ["x"]


def test_more_than_50_mb_for_one_command_breaks_the_session(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect(ssl=True, auth="basic"))
    pool.open()
    shell = PowerShell(pool)
    shell.add_script("input")
    block = b"\x00" * 6_000_000
    with pytest.raises(WSManFaultError) as caught:
        shell.invoke([block] for _ in range(7))
    assert "52428800" in str(caught.value)
    assert host.service.shells == {}


def test_one_object_over_10_mb_breaks_the_session(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect(ssl=True, auth="basic"))
    pool.open()
    shell = PowerShell(pool)
    shell.add_script("input")
    with pytest.raises(WSManFaultError) as caught:
        shell.invoke([b"\x00" * 8_000_000] for _ in range(1))
    assert "10485760" in str(caught.value)
    assert host.service.shells == {}


def test_the_configuration_can_be_read(connect: Connect) -> None:
    client = connect()
    client.update_max_payload_size()
    assert client.max_envelope_size == 512000


def test_is_alive_and_enumerate_see_the_shell(connect: Connect, host: LabHost) -> None:
    pool = RunspacePool(connect())
    pool.open()
    assert pool.is_alive()
    found = RunspacePool.get_runspace_pools(connect())
    assert [p.id for p in found] == [pool.id]
    host.service.loop.call_soon_threadsafe(host.service.end_all_shells)
    wait_until(lambda: not host.service.shells)
    assert not pool.is_alive()


def test_identify_tells_the_stack(connect: Connect, host: LabHost) -> None:
    import requests

    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
        "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
    )
    url = f"http://{host.address}:{host.port_http}/wsman"
    answer = requests.post(url, data=body, headers={"WSMANIDENTIFY": "unauthenticated"}, timeout=5)
    assert answer.status_code == 200
    assert "OS: 0.0.0 SP: 0.0 Stack: 3.0" in answer.text
    answer.close()


def test_relates_to_echoes_the_message_id(connect: Connect) -> None:
    client = connect()
    with WinRS(client) as winrs:
        answer = client.invoke(WSManAction.GET, winrs.resource_uri, None, None, winrs._selector_set)
    assert answer is not None


def test_cmd_programs_report_their_exit_code(connect: Connect) -> None:
    with WinRS(connect()) as winrs:
        process = Process(winrs, "exit", ["7"])
        process.invoke()
        assert process.rc == 7
