"""Shells that outlive their client, as recorded from Windows: opened in two steps, left, found again, taken over."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest
from pypsrp.complex_objects import RunspacePoolState
from pypsrp.powershell import PowerShell, RunspacePool

from fleetdeploy.lab.wsman import sessions
from tests.lab.wsman.protocol import Bench, bench, bodies, refused, running
from tests.lab.wsman.recorded import unpack
from tests.lab.wsman.test_shells import soon_idle, wait_until

RSP = "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("sessions")) as made:
        yield made


@pytest.fixture(autouse=True)
def as_before(lab: Bench) -> Iterator[None]:
    yield
    lab.reset()


def test_opening_takes_two_receives(lab: Bench) -> None:
    client = lab.client()
    pool = RunspacePool(client)
    answers = bodies(client, pool.open)
    streams = [[base64.b64decode(node.text or "") for node in answer.iter(f"{RSP}Stream")] for answer in answers[1:]]
    kinds = [[(m.type, m.bom, m.rpid_zero) for one in answer for m in unpack([one])] for answer in streams]
    assert kinds == [
        [("SessionCapability", True, True), ("ApplicationPrivateData", True, False)],
        [("RunspacePoolState", True, False)],
    ]


def test_one_receive_brings_several_streams_and_no_state_while_it_runs(lab: Bench) -> None:
    pool = lab.pool()
    shell = running(pool, "say a\nsay b\nsleep 30")
    (command,) = next(iter(lab.host.service.shells.values())).commands.values()
    wait_until(lambda: command.queue.held > 0)
    (answer,) = bodies(pool.connection, lambda: shell.poll_invoke(timeout=20))
    while len(shell.output) < 2:
        shell.poll_invoke(timeout=20)
    assert {node.get("CommandId") for node in answer.iter(f"{RSP}Stream")} == {shell.id}
    assert list(answer.iter(f"{RSP}CommandState")) == []
    assert shell.output == ["a", "b"]


def test_a_disconnected_shell_goes_on_and_its_client_comes_back(lab: Bench) -> None:
    pool = lab.pool()
    shell = running(pool, "say a\nset x=1\nsay b")
    pool.disconnect()
    (lab_shell,) = lab.host.service.shells.values()
    (command,) = lab_shell.commands.values()
    wait_until(lambda: command.queue.finished)
    pool.connect()
    shell.connect()  # type: ignore[no-untyped-call]
    assert shell.output == ["a", "b"]
    assert PowerShell(pool).add_script("get x").invoke() == ["1"]


def test_another_client_finds_the_shell_and_takes_it_over(lab: Bench) -> None:
    first = lab.pool()
    running(first, "say a\nsleep 0.2\nsay b")
    first.disconnect()

    second = lab.client()
    (found,) = RunspacePool.get_runspace_pools(second)
    assert (found.id, found.state) == (first.id, RunspacePoolState.DISCONNECTED)
    found.connect()
    assert found.application_private_data is not None
    assert found.application_private_data.data["PSVersionTable"]["PSEdition"] == "Desktop"
    (shell,) = found.create_disconnected_power_shells()
    assert shell.connect() == ["a", "b"]  # type: ignore[no-untyped-call]
    found.connect()  # pypsrp takes a pool that it connected to for disconnected until it reconnects (recorded)
    assert PowerShell(found).add_script("say again").invoke() == ["again"]

    fault = refused(first.connection, first.connect)
    assert fault.code == sessions.CONNECTED_TO_DIFFERENT_CLIENT
    found.close()
    assert lab.host.service.shells == {}


def test_a_client_that_died_still_holds_its_shell(lab: Bench) -> None:
    dead = lab.pool()
    dead.connection.close()
    (found,) = RunspacePool.get_runspace_pools(lab.client())
    assert refused(found.connection, found.connect).code == sessions.CONNECTED_TO_DIFFERENT_CLIENT


def test_the_list_of_shells_is_as_recorded(lab: Bench) -> None:
    pool = lab.pool()
    running(pool, "sleep 30")
    pool.disconnect()
    client = lab.client()
    shells, commands = bodies(client, lambda: RunspacePool.get_runspace_pools(client))
    (shell,) = shells.iter(f"{RSP}Shell")
    told = {node.tag.removeprefix(RSP): node.text for node in shell}
    assert list(told) == [
        *("ShellId", "ResourceUri", "Owner", "ClientIP", "ProcessId", "IdleTimeOut", "InputStreams", "OutputStreams"),
        *("MaxIdleTimeOut", "Locale", "DataLocale", "CompressionMode", "ProfileLoaded", "Encoding", "BufferMode"),
        *("State", "ShellRunTime", "ShellInactivity", "MemoryUsed", "ChildProcesses"),
    ]
    assert (told["State"], told["MemoryUsed"], told["IdleTimeOut"]) == ("Disconnected", "50MB", "PT7200.000S")
    (command,) = commands.iter(f"{RSP}Command")
    assert [node.tag.removeprefix(RSP) for node in command] == ["CommandId", "CommandLine", "CommandState"]
    assert command.findtext(f"{RSP}CommandState") == "Running"


def test_shells_of_others_are_not_listed(lab: Bench) -> None:
    lab.pool()
    assert RunspacePool.get_runspace_pools(lab.client("other", "pw-other")) == []


def test_a_waiting_receive_ends_when_its_session_lets_go(lab: Bench) -> None:
    pool = lab.pool()
    shell = running(pool, "sleep 30")
    (lab_shell,) = lab.host.service.shells.values()
    (command,) = lab_shell.commands.values()
    codes: list[int | None] = []

    def wait() -> None:
        codes.append(refused(pool.connection, lambda: shell.poll_invoke(timeout=20)).code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    wait_until(lambda: command.queue.receiving)
    other = lab.client()
    other.session_id = pool.connection.session_id  # a second connection of the same session
    found = RunspacePool(other)
    found.id = found.shell.id = pool.id
    found.state = RunspacePoolState.OPENED
    found.disconnect()
    waiting.join(20)
    assert codes == [sessions.SHELL_DISCONNECTED]
    assert not command.stop.is_set()


def test_a_disconnected_shell_dies_of_its_idle_timeout(lab: Bench) -> None:
    lab.pool().disconnect()
    soon_idle(lab.host.service)
    wait_until(lambda: not lab.host.service.shells)
