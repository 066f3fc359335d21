"""Accounts that may not log on: a bare 401 for the client, whatever the reason; the host's Security log has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost
from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.windows.accounts import Account
from tests.lab.wsman.doubles import EchoEngine

PASSWORD = "right-Pa55"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start([HostSpec("web01")], engine=EchoEngine()) as running:
        yield running


@pytest.fixture
def host(lab: Lab) -> LabHost:
    found = lab.hosts["web01"]
    found.machine.accounts.lockout_threshold = 3
    found.effects.clear()
    return found


def log_on(host: LabHost, user: str, password: str = PASSWORD) -> list[Any]:
    with WSMan(
        host.address, port=host.port_http, ssl=False, username=user, password=password, auth="negotiate", no_proxy=True
    ) as client:
        # Opened in two steps: a pool that never opened must not be closed, for that would log on once more.
        pool = RunspacePool(client)
        pool.open()
        with pool:
            return list(PowerShell(pool).add_script("say hello").invoke())


def refused(host: LabHost, user: str, password: str = PASSWORD) -> tuple[str, ...]:
    """Log on in vain; the properties of the one event that tells of it."""
    before = len(host.machine.eventlog.read("Security"))
    with pytest.raises(AuthenticationError):
        log_on(host, user, password)
    new = [event for event in host.machine.eventlog.read("Security")[before:] if event.id == 4625]
    assert len(new) == 1
    assert f"Account Name:\t\t{user.rpartition(chr(92))[2]}" in new[0].message
    properties: tuple[str, ...] = new[0].properties
    assert len(properties) == 21
    return properties


def test_an_unknown_user_and_a_wrong_password_look_alike_to_the_client(host: LabHost) -> None:
    host.machine.accounts.add("alice", PASSWORD)
    unknown, wrong = refused(host, "nobody"), refused(host, "alice", "wrong")
    assert (unknown[7:10], wrong[7:10]) == (
        ("0xc000006d", "%%2313", "0xc0000064"),
        ("0xc000006d", "%%2313", "0xc000006a"),
    )
    assert unknown[5:7] == ("nobody", "")
    assert wrong[10:13] == ("3", "NtLmSsp ", "NTLM")
    assert wrong[13] not in ("", "-"), "an NTLM client names its workstation"
    assert wrong[19] == "127.0.0.1"
    assert wrong[20].isdigit()


RESTRICTIONS: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("disabled", {"enabled": False}, ("0xc000006e", "%%2310", "0xc0000072")),
    ("expired", {"expired": True}, ("0xc000006e", "%%2305", "0xc0000193")),
    ("stale", {"password_expired": True}, ("0xc000006e", "%%2309", "0xc0000071")),
    ("fresh", {"must_change_password": True}, ("0xc0000224", "%%2309", "0x0")),
    ("local", {"network_logon": False}, ("0xc000015b", "%%2308", "0x0")),
]


@pytest.mark.parametrize(("name", "state", "told"), RESTRICTIONS, ids=[row[0] for row in RESTRICTIONS])
def test_a_restricted_account_is_refused_although_the_password_is_right(
    host: LabHost, name: str, state: dict[str, Any], told: tuple[str, str, str]
) -> None:
    account = host.machine.accounts.add(name, PASSWORD)
    for key, value in state.items():
        setattr(account, key, value)
    assert refused(host, name)[7:10] == told
    assert (account.failures, account.total_failures) == (0, 1), "a right password does not count towards the lock-out"
    for key in state:
        setattr(account, key, getattr(Account("x", ""), key))
    assert log_on(host, name) == ["hello"]


def test_a_restriction_is_not_told_to_whoever_does_not_know_the_password(host: LabHost) -> None:
    host.machine.accounts.add("gone", PASSWORD).enabled = False
    assert refused(host, "gone", "wrong")[9] == "0xc000006a"


def test_the_lock_out_comes_after_so_many_wrong_passwords_and_ends_by_itself(host: LabHost) -> None:
    account = host.machine.accounts.add("bob", PASSWORD)
    for _ in range(3):
        assert refused(host, "bob", "wrong")[7] == "0xc000006d"
    locked = [event for event in host.machine.eventlog.read("Security") if event.id == 4740]
    assert [event.properties[0] for event in locked] == ["bob"]
    assert refused(host, "bob")[7:10] == ("0xc0000234", "%%2307", "0x0")
    host.machine.clock.let_pass(599)
    assert host.machine.accounts.locked(account)
    host.machine.clock.let_pass(2)
    assert log_on(host, "bob") == ["hello"]
    assert account.failures == 0


def test_wrong_passwords_far_apart_do_not_add_up_and_an_administrator_unlocks(host: LabHost) -> None:
    accounts = host.machine.accounts
    account = accounts.add("carol", PASSWORD)
    for _ in range(2):
        assert not accounts.check("carol", "wrong")
    host.machine.clock.let_pass(accounts.lockout_window_s + 1)
    assert not accounts.check("carol", "wrong")
    assert accounts.check("carol", PASSWORD)
    accounts.lockout_duration_s, before = 0.0, accounts.lockout_duration_s
    for _ in range(3):
        assert not accounts.check("carol", "wrong")
    host.machine.clock.let_pass(1e6)
    assert accounts.locked(account)
    accounts.unlock(account)
    assert accounts.check("carol", PASSWORD)
    accounts.lockout_duration_s = before


def test_who_is_no_administrator_may_log_on_and_do_nothing(host: LabHost) -> None:
    account = host.machine.accounts.add("reader", PASSWORD, admin=False)
    with pytest.raises(WSManFaultError) as denied:
        log_on(host, "reader")
    assert denied.value.code == 5
    account.remote_management = True
    assert log_on(host, "reader") == ["hello"]
    assert host.effects.count("logon_failure") == 0


def test_basic_is_refused_alike_and_says_that_the_password_came_in_clear(
    lab: Lab, host: LabHost, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    host.machine.accounts.add("dave", PASSWORD).enabled = False
    ca = str(lab.write_ca(tmp_path / "ca.pem"))
    url = f"https://{host.address}:{host.port_https}/wsman"
    post: Callable[..., requests.Response] = requests.post
    with post(url, auth=("dave", PASSWORD), verify=ca, timeout=10) as answer:
        assert (answer.status_code, answer.content) == (401, b"")
    event = host.machine.eventlog.read("Security")[-1]
    assert event.properties[7:13] == ("0xc000006e", "%%2310", "0xc0000072", "8", "Advapi  ", "Negotiate")


def test_a_script_reads_the_reason_as_the_number_it_is(host: LabHost) -> None:
    host.machine.accounts.add("frank", PASSWORD)
    refused(host, "frank", "wrong")
    script = """
        $event = Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 1
        '{0:X} {1:X} {2}' -f $event.Properties[7].Value, $event.Properties[9].Value, $event.Properties[10].Value
        $event.Properties[7].Value.GetType().Name
        $event.Properties[5].Value; $event.ProcessId -eq (Get-Process -Name lsass).Id"""
    out: list[Any] = []
    sink = SimpleNamespace(output=out.append, error=out.append)
    outcome = Runspace(host.machine).run([CommandSpec(script)], None, sink, threading.Event())
    assert (outcome.state, outcome.not_simulated) == ("Completed", None)
    other = CommandSpec("Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4624, 4625}")
    assert Runspace(host.machine).run([other], None, sink, threading.Event()).not_simulated is not None
    assert out == ["C000006D C000006A 3", "Int32", "frank", True]


def test_no_password_is_in_the_security_log(host: LabHost) -> None:
    refused(host, "eve", "very-secret-guess")
    assert "very-secret-guess" not in str(host.machine.eventlog.read("Security"))
