"""cmd shells with unmodified pywinrm and pypsrp; the programs themselves are the engine's part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import winrm
from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from winrm.exceptions import InvalidCredentialsError, WinRMTransportError

from fleetdeploy.lab.fleet import Lab, LabHost
from fleetdeploy.lab.wsman.winrs import clixml_errors, split_command_line
from tests.lab.wsman.conftest import Connect
from tests.lab.wsman.test_shells import wait_until

Open = Callable[..., winrm.Session]


@pytest.fixture
def session(lab: Lab, host: LabHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    ca = lab.write_ca(tmp_path / "ca.pem")
    monkeypatch.setenv("NO_PROXY", "*")
    made: list[winrm.Session] = []

    def make(transport: str = "ntlm", *, ssl: bool = False, password: str = "") -> winrm.Session:
        port = host.port_https if ssl else host.port_http
        opened = winrm.Session(
            f"{'https' if ssl else 'http'}://{host.address}:{port}/wsman",
            auth=(lab.user, password or lab.password),
            transport=transport,
            ca_trust_path=str(ca),
            operation_timeout_sec=2,
            read_timeout_sec=5,
        )
        made.append(opened)
        return opened

    yield make
    for opened in made:
        if opened.protocol.transport.session is not None:
            opened.protocol.transport.session.close()


@pytest.mark.parametrize(("transport", "ssl"), [("ntlm", False), ("ntlm", True), ("basic", True)])
def test_pywinrm_runs_a_program(session: Open, transport: str, ssl: bool, host: LabHost) -> None:
    answer = session(transport, ssl=ssl).run_cmd("sc.exe", ["query", "my service"])
    assert answer.std_out == b"sc.exe query my service\r\n"
    assert answer.status_code == 3  # pywinrm joins arguments by blanks and quotes none
    assert answer.std_err == b""
    assert host.service.shells == {}


def test_pywinrm_runs_a_script_and_decodes_its_errors(session: Open) -> None:
    answer = session().run_ps("say hello\nerror bad-thing")
    assert answer.std_out == b"hello\r\n"
    assert b"bad-thing" in answer.std_err
    assert b"CLIXML" not in answer.std_err
    assert answer.status_code == 0


def test_a_scripts_exit_code_and_failure_are_the_programs(session: Open) -> None:
    assert session().run_ps("exit 7").status_code == 7
    assert session().run_ps("throw boom").status_code == 1


def test_a_long_program_outlives_the_operation_timeout(session: Open) -> None:
    assert session().run_ps("sleep 3\nsay done").std_out == b"done\r\n"


def test_a_program_that_does_not_exist(session: Open) -> None:
    answer = session().run_cmd("nonesuch", [])
    assert answer.status_code == 1
    assert b"'nonesuch' is not recognized as an internal or external command" in answer.std_err


def test_cmds_own_language_is_refused_and_recorded(session: Open, host: LabHost) -> None:
    answer = session().run_cmd("dir C:\\ | findstr x", [])
    assert answer.status_code == 1
    assert "cmd: dir" in str(host.not_simulated[0])


def test_a_wrong_password_is_one_attempt(session: Open, host: LabHost) -> None:
    with pytest.raises((InvalidCredentialsError, WinRMTransportError)):
        session(password="wrong").run_cmd("hostname")
    assert host.effects.count("logon_failure") == 1


def test_a_signal_ends_a_program(connect: Connect, host: LabHost) -> None:
    with WinRS(connect()) as winrs:
        process = Process(winrs, "powershell.exe", ["-Command", "sleep 60"])
        process.begin_invoke()
        (shell,) = host.service.shells.values()
        (command,) = shell.commands.values()
        process.signal(SignalCode.CTRL_C)
        wait_until(lambda: command.queue.finished)
        process.end_invoke()
        assert process.rc == 0xC000013A


def test_a_script_may_come_by_standard_input(connect: Connect) -> None:
    with WinRS(connect()) as winrs:
        process = Process(winrs, "powershell.exe", ["-NoProfile", "-"])
        process.begin_invoke()
        process.send(b"say from stdin", end=True)
        process.end_invoke()
        assert process.stdout == b"from stdin\r\n"


def test_a_terminated_command_is_gone(connect: Connect) -> None:
    with WinRS(connect()) as winrs:
        process = Process(winrs, "hostname", [])
        process.invoke()
        process.signal(SignalCode.TERMINATE)
        with pytest.raises(WSManFaultError):
            process.poll_invoke()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("a b  c", ["a", "b", "c"]),
        ('"a b" c', ["a b", "c"]),
        (r'a\\b "c\\" d', ["a\\\\b", "c\\", "d"]),
        (r"\"a\" b", ['"a"', "b"]),
        ('"" x', ["", "x"]),
    ],
)
def test_command_lines_split_as_windows_splits_them(line: str, words: list[str]) -> None:
    assert split_command_line(line) == words


def test_errors_are_escaped_in_clixml() -> None:
    assert '<S S="Error">a &lt;b&gt;_x000D__x000A_</S>' in clixml_errors(["a <b>\r\n"])
