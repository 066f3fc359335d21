"""Every fault that the lab sends of itself: its real number, its form, and what the product takes it for."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import SelectorSet, WSMan, WSManAction

from fleetdeploy.errors import UsageError
from fleetdeploy.hosts.faults import Fault, Meaning
from fleetdeploy.lab.fleet_description import host_spec
from fleetdeploy.lab.wsman import faults, limits, quotas, sessions
from fleetdeploy.lab.wsman.limits import ServiceLimits
from tests.lab.wsman.protocol import Bench, bench, refused, running
from tests.lab.wsman.test_shells import wait_until


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture(autouse=True)
def as_before(lab: Bench) -> Iterator[None]:
    yield
    lab.reset()


def shell_of(client: WSMan, shell_id: str) -> WinRS:
    made = WinRS(client, id=shell_id)
    made._selector_set = SelectorSet()
    made._selector_set.add_option("ShellId", shell_id)
    return made


def receive(pool: RunspacePool, command: str, timeout: int = 20) -> Any:
    return pool.shell.receive("stdout", command_id=command, timeout=timeout)


# -- how each is provoked -------------------------------------------------------------------------------------------


def long_poll(lab: Bench) -> Fault:
    pool = lab.pool()
    return refused(pool.connection, lambda: pool._receive(timeout=1))


def unknown_shell(lab: Bench) -> Fault:
    client = lab.client()
    return refused(client, lambda: shell_of(client, str(uuid.uuid4()).upper()).command("hostname", []))


def unknown_command(lab: Bench) -> Fault:
    pool = lab.pool()
    return refused(pool.connection, lambda: receive(pool, str(uuid.uuid4()).upper()))


def unknown_configuration(lab: Bench) -> Fault:
    client = lab.client()
    return refused(client, RunspacePool(client, configuration_name="JustEnough").open)


def receive_twice(lab: Bench) -> Fault:
    pool = lab.pool()
    (shell,) = lab.host.service.shells.values()
    shell.queue.receiving = True
    return refused(pool.connection, pool._receive)


def shells_per_user(lab: Bench) -> Fault:
    lab.limit(max_shells_per_user=1)
    client = lab.pool().connection
    return refused(client, RunspacePool(client).open)


def users(lab: Bench) -> Fault:
    lab.limit(max_concurrent_users=1)
    lab.pool()
    client = lab.client("other", "pw-other")
    return refused(client, RunspacePool(client).open)


def commands_per_shell(lab: Bench) -> Fault:
    lab.limit(max_commands_per_shell=1)
    pool = lab.pool()
    running(pool, "say x").end_invoke()  # ended, not terminated: it counts (pypsrp#148)
    return refused(pool.connection, lambda: running(pool, "say x"))


def operations_per_user(lab: Bench) -> Fault:
    lab.limit(max_operations_per_user=1)
    first, second = lab.pool(), lab.pool()
    running(first, "say x")
    return refused(second.connection, lambda: running(second, "say x"))


def processes_per_shell(lab: Bench) -> Fault:
    lab.limit(max_processes_per_shell=1)
    shell = WinRS(lab.client())
    shell.open()
    Process(shell, "powershell.exe", ["-Command", "sleep 30"]).begin_invoke()
    return refused(shell.wsman, Process(shell, "hostname", []).begin_invoke)


def memory(lab: Bench) -> Fault:
    """While a Receive waits, the process holds too much for its client, and dies."""
    lab.limit(max_memory_per_shell_mb=52)
    pool = lab.pool()
    lab.engine.gates["go"] = go = threading.Event()
    running(pool, "\n".join(["wait-for go", *["big 400000"] * 12]))
    (shell,) = lab.host.service.shells.values()

    def let_go() -> None:
        wait_until(lambda: shell.queue.receiving)
        go.set()

    waits = threading.Thread(target=let_go)
    waits.start()
    fault = refused(pool.connection, pool._receive)
    waits.join()
    return fault


def request_too_large(lab: Bench) -> Fault:
    lab.limit(max_envelope_kb=150)
    pool = lab.pool()
    return refused(pool.connection, lambda: running(pool, "say " + "x" * 400_000))


def answer_larger_than_asked(lab: Bench) -> Fault:
    pool = lab.pool()
    command = running(pool, "big 90000").id
    pool.connection.max_envelope_size = 8192
    return refused(pool.connection, lambda: receive(pool, command))


def answer_larger_than_allowed(lab: Bench) -> Fault:
    pool = lab.pool()
    command = running(pool, "big 90000").id
    lab.limit(max_envelope_kb=32)
    return refused(pool.connection, lambda: receive(pool, command))


def envelope_too_small(lab: Bench) -> Fault:
    pool = lab.pool()
    pool.connection.max_envelope_size = 4096
    return refused(pool.connection, pool._receive)


def idle_timeout(lab: Bench) -> Fault:
    lab.limit(min_idle_timeout_s=60.0)
    client = lab.client()
    return refused(client, RunspacePool(client, idle_timeout=5).open)


def disconnected(lab: Bench) -> Fault:
    pool = lab.pool()
    pool.disconnect()
    return refused(pool.connection, pool._receive)


def disconnected_twice(lab: Bench) -> Fault:
    pool = lab.pool()
    pool.disconnect()
    client = pool.connection
    return refused(
        client,
        lambda: client.disconnect(pool.shell.resource_uri, _disconnect(), selector_set=pool.shell._selector_set),
    )


def _disconnect() -> Any:
    import xml.etree.ElementTree as ET

    return ET.Element("{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}Disconnect")


def disconnected_cmd(lab: Bench) -> Fault:
    shell = WinRS(lab.client())
    shell.open()
    return refused(
        shell.wsman, lambda: shell.wsman.disconnect(shell.resource_uri, _disconnect(), selector_set=shell._selector_set)
    )


def reconnected_by_another(lab: Bench) -> Fault:
    pool, client = lab.pool(), lab.client()
    pool.disconnect()
    return refused(client, lambda: client.reconnect(pool.shell.resource_uri, selector_set=pool.shell._selector_set))


def connected_by_another(lab: Bench) -> Fault:
    lab.pool()
    (found,) = RunspacePool.get_runspace_pools(lab.client())
    return refused(found.connection, found.connect)


def connected_by_its_owner(lab: Bench) -> Fault:
    client = lab.pool().connection
    (found,) = RunspacePool.get_runspace_pools(client)
    return refused(client, found.connect)


def deleted_under_a_receive(lab: Bench) -> Fault:
    pool = lab.pool()
    (shell,) = lab.host.service.shells.values()
    shell.queue.abort(faults.WSManFault.aborted())
    return refused(pool.connection, pool._receive)


def too_much_for_one_command(lab: Bench) -> Fault:
    pool = lab.pool()
    shell = PowerShell(pool)
    shell.add_script("input")

    def feed() -> Iterator[list[bytes]]:
        (command,) = next(iter(lab.host.service.shells.values())).commands.values()
        command.quota = 1000  # type: ignore[attr-defined]
        yield [b"\x00" * 5000]

    return refused(pool.connection, lambda: shell.invoke(feed()))


def busy(lab: Bench) -> Fault:
    client = lab.pool().connection
    lab.limit(max_connections=0)
    return refused(client, lambda: client.get("http://schemas.microsoft.com/wbem/wsman/1/config"))


def wrong_password(lab: Bench) -> Fault:
    client = lab.client(password="wrong")
    return refused(client, RunspacePool(client).open)


def not_simulated(lab: Bench) -> Fault:
    client = lab.client()
    uri = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
    return refused(client, lambda: client.invoke(WSManAction.PULL, uri, None))


PROVOKED: tuple[tuple[Callable[[Bench], Fault], int | None, str, Meaning], ...] = (
    (long_poll, faults.OPERATION_TIMEOUT, "TimedOut", Meaning.POLL_AGAIN),
    (unknown_shell, faults.SHELL_NOT_FOUND, "InvalidSelectors", Meaning.SHELL_GONE),
    (unknown_command, faults.SHELL_NOT_FOUND, "InvalidSelectors", Meaning.SHELL_GONE),
    (unknown_configuration, faults.INVALID_RESOURCE, "DestinationUnreachable", Meaning.REFUSED),
    (receive_twice, faults.RECEIVE_IN_PROGRESS, "InternalError", Meaning.POLL_AGAIN),
    (shells_per_user, quotas.QUOTA_MAX_SHELLS, "QuotaLimit", Meaning.BUSY),
    (users, quotas.QUOTA_MAX_SHELLUSERS, "QuotaLimit", Meaning.BUSY),
    (commands_per_shell, quotas.QUOTA_COMMANDS_PER_SHELL, "InternalError", Meaning.BUSY),
    (operations_per_user, quotas.QUOTA_MAX_OPERATIONS, "InternalError", Meaning.BUSY),
    (processes_per_shell, quotas.NOT_ENOUGH_QUOTA, "InternalError", Meaning.BUSY),
    (memory, faults.HOST_PROCESS_DIED, "InternalError", Meaning.SHELL_GONE),
    (request_too_large, None, "", Meaning.TOO_BIG),
    (answer_larger_than_asked, quotas.MAX_ENVELOPE_SIZE_EXCEEDED, "EncodingLimit", Meaning.TOO_BIG),
    (answer_larger_than_allowed, quotas.SERVER_ENVELOPE_LIMIT, "EncodingLimit", Meaning.TOO_BIG),
    (envelope_too_small, quotas.MIN_ENVELOPE_SIZE, "EncodingLimit", Meaning.TOO_BIG),
    (idle_timeout, faults.IDLE_TIMEOUT_OUT_OF_BOUNDS, "InvalidParameter", Meaning.REFUSED),
    (disconnected, sessions.SHELL_DISCONNECTED, "InvalidParameter", Meaning.SHELL_GONE),
    (disconnected_twice, sessions.DISCONNECT_NOT_VALID, "InvalidParameter", Meaning.UNKNOWN),
    (disconnected_cmd, sessions.DISCONNECT_NOT_SUPPORTED, "InvalidParameter", Meaning.UNKNOWN),
    (reconnected_by_another, sessions.SESSION_ID_MISMATCH, "InvalidParameter", Meaning.SHELL_GONE),
    (connected_by_another, sessions.CONNECTED_TO_DIFFERENT_CLIENT, "InvalidParameter", Meaning.BUSY),
    (connected_by_its_owner, sessions.CONNECT_NOT_VALID, "InvalidParameter", Meaning.UNKNOWN),
    (deleted_under_a_receive, faults.OPERATION_ABORTED, "InternalError", Meaning.SHELL_GONE),
    (too_much_for_one_command, faults.PLUGIN_FAILED, "InternalError", Meaning.UNKNOWN),
    (busy, None, "", Meaning.BUSY),
    (wrong_password, None, "", Meaning.LOGIN),
    (not_simulated, faults.NOT_SUPPORTED, "UnsupportedFeature", Meaning.UNKNOWN),
)


@pytest.mark.parametrize(
    ("provoke", "code", "subcode", "meaning"), PROVOKED, ids=[provoke.__name__ for provoke, *_ in PROVOKED]
)
def test_each_fault_has_its_number_and_its_meaning(
    lab: Bench, provoke: Callable[[Bench], Fault], code: int | None, subcode: str, meaning: Meaning
) -> None:
    fault = provoke(lab)
    assert (fault.code, fault.subcode, fault.meaning) == (code, subcode, meaning), fault


@pytest.mark.parametrize("form", ["wmi", "wsman"])
def test_a_quota_has_both_forms(lab: Bench, form: str) -> None:
    """Newer hosts say it in MSFT_WmiError, of which pypsrp reads no number; the product reads it."""
    lab.limit(max_shells_per_user=1, quota_faults=form)
    client = lab.pool().connection
    fault = refused(client, RunspacePool(client).open)
    assert (fault.code, fault.meaning) == (quotas.QUOTA_MAX_SHELLS, Meaning.BUSY)
    assert "maximum number of 1 concurrent shells" in fault.text


def test_what_an_ended_shell_held_is_free_again(lab: Bench) -> None:
    lab.limit(max_shells_per_user=1, max_operations_per_user=1)
    client = lab.client()
    for _ in range(3):
        with RunspacePool(client) as pool, PowerShell(pool) as shell:
            assert shell.add_script("say x").invoke() == ["x"]


def test_operations_of_cmd_shells_count_until_the_shell_ends(lab: Bench) -> None:
    """MS-WSMV note 118: a Terminate does not give the operation back."""
    lab.limit(max_operations_per_user=2)
    client = lab.client()
    with WinRS(client) as shell:
        for _ in range(2):
            process = Process(shell, "hostname", [])
            process.invoke()
        fault = refused(client, Process(shell, "hostname", []).begin_invoke)
        assert fault.code == quotas.QUOTA_MAX_OPERATIONS
    with WinRS(client) as shell:
        Process(shell, "hostname", []).invoke()


def test_a_shell_whose_process_died_is_gone(lab: Bench) -> None:
    memory(lab)
    assert lab.host.service.shells == {}


def test_limits_come_from_a_description() -> None:
    spec = host_spec({"name": "web01", "limits": {"max_shells_per_user": 2, "quota_faults": "wsman"}})
    assert (spec.limits.max_shells_per_user, spec.limits.quota_faults, spec.limits.max_envelope_kb) == (2, "wsman", 500)
    with pytest.raises(UsageError, match="no such limit: max_shell"):
        host_spec({"name": "web01", "limits": {"max_shell": 2}})
    with pytest.raises(UsageError, match="a number from 0 on"):
        host_spec({"name": "web01", "limits": {"max_connections": "many"}})


def test_limits_have_the_names_and_units_of_windows() -> None:
    made = ServiceLimits.of({"maxTimeoutMS": 90_500, "MaxProcessesPerShell": "7", "QuotaFaults": "wsman"})
    assert (made.max_timeout_s, made.max_processes_per_shell, made.quota_faults) == (90.5, 7, "wsman")
    assert made.changed() == {"MaxTimeoutms": 90_500, "MaxProcessesPerShell": 7, "QuotaFaults": "wsman"}
    assert ServiceLimits().changed() == {}
    for values, words in (
        ({"MaxTimeoutms": 499}, "from 500 to 4294967295"),
        ({"MaxShellsPerUser": 1.5}, "a whole number"),
        ({"MaxShellsPerUser": True}, "a whole number"),
        ({"MaxShellsPerUser": 2, "max_shells_per_user": 2}, "given twice"),
        ({"MaxShells": 2}, "there are: IdleConnectionTimeout, IdleTimeout, MaxConcurrent"),
    ):
        with pytest.raises(ValueError, match=words):
            ServiceLimits.of(values)


def test_each_setting_is_a_limit_of_its_own() -> None:
    own = {field.name for field in dataclasses.fields(ServiceLimits)}
    assert [setting.name for setting in limits.SETTINGS if setting.field not in own] == []
    assert own - {setting.field for setting in limits.SETTINGS} == {"min_idle_timeout_s"}, "Windows has no setting"
    for setting in limits.SETTINGS:
        usual = setting.told(getattr(ServiceLimits(), setting.field))
        assert setting.value(usual) == getattr(ServiceLimits(), setting.field), setting.name


def test_nought_is_no_limit_where_windows_says_so(lab: Bench) -> None:
    lab.limit(MaxShellsPerUser=0, MaxProcessesPerShell=0, MaxMemoryPerShellMB=0)
    client = lab.pool().connection
    with WinRS(client) as shell:
        Process(shell, "powershell.exe", ["-Command", "sleep 30"]).begin_invoke()
        Process(shell, "hostname", []).invoke()
    assert lab.host.service.limits.changed()["MaxShellsPerUser"] == 0


def test_the_configuration_tells_the_limits(lab: Bench) -> None:
    lab.limit(max_operations_per_user=15, max_memory_per_shell_mb=150)
    answer = lab.client().get("http://schemas.microsoft.com/wbem/wsman/1/config")
    told = {node.tag.rpartition("}")[2]: node.text for node in answer.iter()}
    assert (told["MaxConcurrentOperationsPerUser"], told["MaxMemoryPerShellMB"]) == ("15", "150")
