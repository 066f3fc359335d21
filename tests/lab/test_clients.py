"""Unmodified pypsrp and pywinrm against a whole simulated host: wire, PowerShell and Windows together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import winrm
from pypsrp.client import Client

from fleetdeploy.lab.fleet import Lab


@pytest.fixture
def session(windows_lab: Lab, ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[winrm.Session]:
    monkeypatch.setenv("NO_PROXY", "*")
    host = windows_lab.hosts["web01"]
    made = winrm.Session(
        f"https://{host.address}:{host.port_https}/wsman",
        auth=(windows_lab.user, windows_lab.password),
        transport="ntlm",
        ca_trust_path=str(ca_file),
    )
    yield made
    if made.protocol.transport.session is not None:
        made.protocol.transport.session.close()


def test_execute_ps(client: Client) -> None:
    output, streams, had_errors = client.execute_ps("'hello'; 1..3; Write-Warning 'careful'; Write-Error 'bad'")
    assert output == "hello\n1\n2\n3"
    assert [str(w) for w in streams.warning] == ["careful"]
    assert [str(e) for e in streams.error] == ["bad"]
    assert not had_errors


def test_execute_cmd(client: Client) -> None:
    stdout, stderr, code = client.execute_cmd("hostname")
    assert (stdout.strip().lower(), stderr, code) == ("web01", "", 0)


def test_pywinrm_runs_programs(session: winrm.Session) -> None:
    answer = session.run_cmd("hostname")
    assert answer.std_out.strip().lower() == b"web01"
    query = session.run_cmd("sc.exe", ["query", "EventLog"])
    assert query.status_code == 0, query.std_err
    assert b"STATE              : 4  RUNNING" in query.std_out
    missing = session.run_cmd("sc.exe", ["query", "NoSuchService"])
    assert missing.status_code == 1060


def test_pywinrm_runs_scripts(session: winrm.Session) -> None:
    answer = session.run_ps("1..3; Write-Error 'bad'; exit 4")
    assert answer.std_out == b"1\r\n2\r\n3\r\n"
    assert b"bad" in answer.std_err
    assert answer.status_code == 4
