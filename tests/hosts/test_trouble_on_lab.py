"""Lines that break, answers that get lost, machines that reboot: what the host is left in, and what comes back."""

from __future__ import annotations

import threading

import pytest

from fleetdeploy.errors import AnswerLost, Busy, ProtocolRefused, ScriptFailed, Unreachable
from fleetdeploy.hosts.doctor import diagnose, healthy
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.nodes import Access, Share
from fleetdeploy.model.health import ScriptCheck
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import ActivateOutcome, ActivateResult, ProbeRequest
from tests.hosts.conftest import APP, MakeRig, Rig, program, until


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig(program("v1.4.0"))


@pytest.mark.parametrize("kind", [FaultKind.RESET_DURING, FaultKind.LOSE_ANSWER, FaultKind.RESET_AFTER])
def test_a_lost_answer_of_activate_is_seen_by_looking(rig: Rig, kind: FaultKind) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    rig.host.faults.add(kind, pattern="Invoke-FdForward")
    with pytest.raises(AnswerLost):
        rig.activate(artifact)
    until(lambda: rig.host.effects.count("start", "Shop") == 1 and rig.seen().running_verb == "")
    assert rig.activate(artifact).outcome is ActivateOutcome.ALREADY
    assert rig.host.effects.count("stop", "Shop") == 1
    assert rig.host.effects.count("start", "Shop") == 1


def test_a_reset_before_the_effect_is_sent_again_by_itself_only_if_that_is_safe(rig: Rig) -> None:
    rig.host.faults.add(FaultKind.RESET_BEFORE, count=1)
    assert rig.seen().service is not None


@pytest.mark.parametrize("leaving", ["break", "continue", "if ($true) { break }; $true"])
def test_a_check_that_leaves_a_loop_which_is_not_its_own_has_failed_and_the_next_one_is_asked(
    rig: Rig, leaving: str
) -> None:
    checks = (ScriptCheck("first", "$true"), ScriptCheck("leaves", leaving), ScriptCheck("last", "$false"))
    last = rig.verbs.probe(ProbeRequest(0.0, 0.1, "x.exe", "", "v1.4.0", checks)).samples[-1]
    assert {failure.check for failure in last.failures} == {"leaves", "last"}


def test_a_host_that_refuses_is_unreachable(rig: Rig) -> None:
    rig.host.faults.add(FaultKind.REFUSE, count=None)
    until(lambda: not rig.host.server.open)
    with pytest.raises(Unreachable):
        rig.seen()


def test_an_upload_goes_on_after_a_reset(rig: Rig) -> None:
    rig.open()
    rig.host.faults.add(FaultKind.RESET_BEFORE, pattern="receive")
    assert rig.stage(rig.artifact("v1.4.2")).sent_bytes > 0


def test_an_upload_that_is_cut_by_its_caller_ends_at_once_and_leaves_nothing_behind(rig: Rig) -> None:
    class EnoughError(Exception):
        pass

    told: list[int] = []

    def progress(sent: int, total: int) -> None:
        told.append(sent)
        raise EnoughError

    rig.open()
    artifact = rig.artifact("v1.4.2")
    shells = set(rig.host.service.shells)
    with pytest.raises(EnoughError):
        rig.verbs.stage(rig.claim(), artifact, progress=progress)
    assert len(told) == 1, "it was not tried again"
    assert set(rig.host.service.shells) == shells, "the session is as good as before"
    assert not rig.seen().staged
    rig.stage(artifact)
    assert rig.seen().staged == (artifact.release_name,)


def test_a_file_changed_on_the_way_is_not_taken(rig: Rig) -> None:
    rig.open()
    rig.host.faults.add(FaultKind.TAMPER, pattern="tree.*shop.exe")
    with pytest.raises(ScriptFailed) as caught:
        rig.stage(rig.artifact("v1.4.2"))
    assert caught.value.error_id == "hash"
    assert rig.seen().staged == ()
    assert rig.stage(rig.artifact("v1.4.2")).already is False


def test_a_full_disk_is_said(rig: Rig) -> None:
    rig.open()
    rig.host.faults.add(FaultKind.DISK_FULL, pattern="incoming", count=None)
    with pytest.raises(ScriptFailed) as caught:
        rig.stage(rig.artifact("v1.4.2"))
    assert (caught.value.error_id, caught.value.code) == ("disk-full", 112)


def test_a_disk_that_is_full_when_the_switch_begins_is_said_before_anything_is_changed(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    rig.host.faults.add(FaultKind.DISK_FULL, pattern=r"state\.json")
    failure = rig.activate(artifact).failure
    assert failure is not None
    assert (failure.kind, failure.win32) == ("disk-full", 112)
    assert rig.host.effects.count("stop", "Shop") == 0


def test_an_exe_held_by_a_scanner_is_waited_for(rig: Rig) -> None:
    rig.open()
    artifact = rig.artifact("v1.4.2")
    rig.host.faults.add(FaultKind.LOCK_FILE, pattern="shop.exe", seconds=1.0)
    rig.stage(artifact)
    assert rig.activate(artifact).outcome is ActivateOutcome.ACTIVATED


@pytest.mark.parametrize("point", ["^stop Shop", "^start Shop"])
def test_a_reboot_in_the_middle_is_repaired_by_the_next_activate(rig: Rig, point: str) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    before = rig.seen().service
    rig.host.faults.add(FaultKind.REBOOT, pattern=point)
    with pytest.raises((AnswerLost, Unreachable)):
        rig.activate(artifact)
    until(lambda: rig.seen().service is not None and rig.host.machine.up)
    result = rig.activate(artifact)
    assert result.outcome in (ActivateOutcome.ACTIVATED, ActivateOutcome.ALREADY)
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.RESTORED
    after = rig.seen().service
    assert before is not None
    assert after is not None
    assert (after.state, after.snapshot) == ("Running", before.snapshot)


def test_two_verbs_at_once_wait_for_each_other(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    done: list[ActivateResult] = []
    request = rig.request(artifact, lock_wait_s=60.0)
    second = rig.connect(attempts=1)
    files = rig.host.machine.fs
    files.mkdir("C:\\ProgramData\\fleetdeploy")
    # The first one has the app's lock and waits for the machine's, for as long as this test likes.
    machine_lock = files.open("C:\\ProgramData\\fleetdeploy\\machine.lock", "OpenOrCreate", Access.READ, Share.NONE)
    worker = threading.Thread(target=lambda: done.append(rig.verbs.activate(request)))
    worker.start()
    try:
        until(lambda: second.observe().running_verb == "activate")
        with pytest.raises(Busy):
            second.activate(rig.request(artifact, lock_wait_s=0.2))
        second.beat(rig.claim())
        assert done == []
    finally:
        machine_lock.close()
        worker.join()
    assert [result.outcome for result in done] == [ActivateOutcome.ACTIVATED]


def connection(rig: Rig, **changes: object) -> Connection:
    from dataclasses import replace

    base = Connection(rig.host.address, rig.host.port_http, transport="http", auth="ntlm", user=rig.lab.user)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_doctor_finds_a_healthy_host_healthy(rig: Rig) -> None:
    findings = diagnose("web01", connection(rig), Secret(rig.lab.password), APP)
    assert healthy(findings), findings
    assert [f.layer for f in findings] == [
        "dns",
        "tcp",
        "winrm",
        "login",
        "psrp",
        "language",
        "powershell",
        "admin",
        "disk",
    ]


def test_doctor_names_the_lowest_layer_that_fails(rig: Rig) -> None:
    secret = Secret(rig.lab.password)
    assert first_bad(diagnose("web01", connection(rig, address="no.such.host.invalid"), secret, APP)) == "dns"
    assert first_bad(diagnose("web01", connection(rig, port=9), secret, APP)) == "tcp"
    plain = connection(rig, transport="https", port=rig.host.port_http)
    assert first_bad(diagnose("web01", plain, secret, APP)) == "tls"
    unknown_ca = connection(rig, transport="https", port=rig.host.port_https)
    assert first_bad(diagnose("web01", unknown_ca, secret, APP)) == "tls"
    logons = rig.host.logons
    assert first_bad(diagnose("web01", connection(rig), Secret("wrong"), APP)) == "login"
    assert rig.host.logons == logons + 1


def first_bad(findings: object) -> str:
    return next(f.layer for f in findings if f.ok is False)  # type: ignore[attr-defined]


def test_an_unknown_certificate_is_refused(rig: Rig) -> None:
    from fleetdeploy.hosts.psrp import PsrpSession
    from fleetdeploy.hosts.session import Script

    where = connection(rig, transport="https", port=rig.host.port_https, fingerprint="0" * 64)
    session = PsrpSession("web01", where, Secret(rig.lab.password))
    with pytest.raises(ProtocolRefused):
        session.run(Script("x", "1"), deadline_s=10)
    session.close()
    assert rig.host.logons == 0
