"""The session itself: deadlines, exit codes, prompts, errors with their lines, and which shells are ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fleetdeploy.errors import AnswerLost, Unreachable
from fleetdeploy.hosts import psrp
from fleetdeploy.hosts.identify import Line
from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.session import Script
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from tests.hosts.conftest import MakeRig, Rig, until


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig()


@pytest.fixture
def session(rig: Rig) -> Iterator[PsrpSession]:
    where = Connection(rig.host.address, rig.host.port_http, transport="http", auth="ntlm", user=rig.lab.user)
    made = PsrpSession("web01", where, Secret(rig.lab.password))
    yield made
    made.close()


def shells(rig: Rig) -> int:
    return len(rig.host.service.shells)


def test_output_parameters_and_exit_code(session: PsrpSession) -> None:
    script = Script("x", "[CmdletBinding()] param([string]$Name, $Not) $Name; exit 3", {"Name": "a'b‘c$d", "Not": None})
    result = session.run(script, deadline_s=20)
    assert (result.output, result.exit_code, result.failed) == (("a'b‘c$d",), 3, False)


def test_scripts_leave_nothing_behind(session: PsrpSession) -> None:
    session.run(Script("x", "$left = 1; function Get-Left { 1 }; Set-StrictMode -Version 2.0"), deadline_s=20)
    result = session.run(Script("x", "[string]($null -eq $left)"), deadline_s=20)
    assert result.output == ("True",)


def test_errors_have_an_id_and_a_line(session: PsrpSession) -> None:
    result = session.run(Script("x", "'one'\n\nthrow 'two'"), deadline_s=20)
    assert result.failed
    assert [(error.message, error.line) for error in result.errors] == [("two", 3)]
    result = session.run(Script("x", "Write-Error 'three'; 'four'"), deadline_s=20)
    assert (result.failed, result.output, len(result.errors)) == (False, ("four",), 1)


def test_bytes_arrive_whole(session: PsrpSession) -> None:
    text = "[CmdletBinding()] param([Parameter(ValueFromPipeline = $true)]$Item) process { ([byte[]]$Item).Length }"
    result = session.run(Script("x", text), feed=iter([b"abc", bytes(300_000)]), deadline_s=20)
    assert result.output == ("3", "300000")
    assert session.run(Script("x", text), feed=iter(()), deadline_s=20).failed is False


def test_a_deadline_ends_the_wait_and_not_the_script(rig: Rig, session: PsrpSession) -> None:
    session.run(Script("x", "1"), deadline_s=20)
    text = (
        "while (-not [IO.File]::Exists('C:\\go.txt')) { Start-Sleep -Milliseconds 50 }\n"
        "[IO.File]::WriteAllText('C:\\done.txt', 'x')"
    )
    with pytest.raises(AnswerLost):
        session.run(Script("x", text, changing=True), deadline_s=1)
    assert session.may_be_changing
    session.close()
    assert shells(rig) == 1, "a shell in which a changing script may run is never deleted"
    rig.host.machine.fs.write_bytes("C:\\go.txt", b"")
    until(lambda: rig.host.machine.fs.exists("C:\\done.txt"))


def test_a_reset_is_a_lost_answer_and_the_next_call_logs_in_anew(rig: Rig, session: PsrpSession) -> None:
    session.run(Script("x", "1"), deadline_s=20)
    rig.host.faults.add(FaultKind.RESET_DURING)
    with pytest.raises(AnswerLost):
        session.run(Script("x", "2", changing=True), deadline_s=20)
    logons = rig.host.logons
    assert session.run(Script("x", "3"), deadline_s=20).output == ("3",)
    assert rig.host.logons == logons + 1


def test_after_a_silence_the_host_is_asked_first_whether_it_is_there(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long wait for an answer is paid once; later sessions knock, and log in only when somebody answers."""
    line = Line()
    where = Connection(rig.host.address, rig.host.port_http, transport="http", auth="ntlm", user=rig.lab.user)

    def asked(said: str, where: Connection = where) -> None:
        session = PsrpSession("web01", where, Secret(rig.lab.password), line=line)
        try:
            assert session.run(Script("x", f"'{said}'", changing=True), deadline_s=20).output == (said,)
        finally:
            session.close()

    rig.host.faults.add(FaultKind.SILENCE, count=None)
    with monkeypatch.context() as impatient:
        impatient.setattr(psrp, "OPERATION_S", 1)
        impatient.setattr(psrp, "SLACK_S", 1)
        with pytest.raises(Unreachable, match="timed out"):
            asked("one")
    assert line == Line(silent=True)
    logons = rig.host.logons
    with pytest.raises(Unreachable, match="no answer within 1 s"):
        asked("two", replace(where, connect_timeout_s=1.0))
    assert rig.host.logons == logons, "no login was tried: nothing can have been begun there"
    rig.host.faults.heal()
    asked("three")
    assert line == Line()
    assert rig.host.logons == logons + 1


def test_a_pool_is_renewed_and_its_shell_given_back(
    rig: Rig, session: PsrpSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psrp, "RECYCLE_AFTER", 2)
    for number in range(5):
        assert session.run(Script("x", f"{number}"), deadline_s=20).output == (str(number),)
    assert shells(rig) == 1
    session.close()
    assert shells(rig) == 0


def test_a_longer_script_gets_a_shell_that_lives_longer(rig: Rig, session: PsrpSession) -> None:
    session.run(Script("x", "1"), deadline_s=20)
    session.run(Script("x", "1", changing=True), deadline_s=1000)
    assert session._idle_timeout_s >= 1060
    assert shells(rig) == 1


def test_the_environment_is_not_asked(rig: Rig, session: PsrpSession, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
    assert session.run(Script("x", "1"), deadline_s=20).output == ("1",)


def test_a_password_is_in_no_message(rig: Rig) -> None:
    where = Connection(rig.host.address, rig.host.port_http, transport="http", auth="ntlm", user="nobody")
    session = PsrpSession("web01", where, Secret("hunter2-not-to-be-seen"))
    with pytest.raises(Exception, match="login refused") as caught:
        session.run(Script("x", "1"), deadline_s=20)
    assert "hunter2" not in repr(caught.value) + str(caught.value) + repr(vars(session))
