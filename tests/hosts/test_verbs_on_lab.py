"""Every verb, asked of a simulated host over sealed NTLM: what it does there, counted by the host itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.errors import HostError, LoginRefused, ScriptFailed, Stale
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.fleet import ServiceSpec
from fleetdeploy.model.health import HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import ActivateOutcome, AppRef, OpenMode, ProbeRequest
from fleetdeploy.plan.drift import drift_of
from tests.hosts.conftest import APP, ARMED, HAND_MADE, SPEC, MakeRig, Rig, program, until


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A host with a hand-made service running v1.4.0."""
    return make_rig(program("v1.4.0"))


def test_observe_an_empty_host(make_rig: MakeRig) -> None:
    seen = make_rig().seen()
    assert (seen.service, seen.state, seen.running_verb) == (None, None, "")
    assert (seen.os_build, seen.arch, seen.language_mode, seen.is_admin) == (20348, "amd64", "FullLanguage", True)
    assert seen.free_bytes > 0
    assert seen.boot.pid > 0
    assert seen.uptime_s > 0


def test_observe_a_hand_made_service(rig: Rig) -> None:
    seen = rig.seen()
    service = seen.service
    assert service is not None
    assert (service.state, service.kind.kind, service.build_version) == ("Running", "native", "v1.4.0")
    assert service.snapshot.image_path == f'"{HAND_MADE}" --port 8080 --hand-made'
    assert service.exe_path == HAND_MADE
    assert service.running_image.lower() == HAND_MADE.lower()
    assert service.running_sha256 == service.exe_sha256 != ""
    assert service.fingerprint
    again = rig.seen()
    assert again.service is not None
    assert again.service.fingerprint == service.fingerprint
    assert (again.boot, again.machine_id) == (seen.boot, seen.machine_id)


def test_observe_finds_the_app_by_the_hosts_own_index(rig: Rig) -> None:
    rig.open()
    anywhere = rig.connect(app=AppRef("shop", "", ""))
    seen = anywhere.observe()
    assert seen.state is not None
    assert seen.state.open is not None
    assert seen.service is not None


def test_windows_powershell_4(make_rig: MakeRig) -> None:
    old = {"go_version": "go1.20.14"}
    rig = make_rig(program("v1.4.0", build=old), powershell="4.0", os_build=9600)
    assert rig.seen().powershell.startswith("4.")
    assert rig.rollout_of(rig.artifact("v1.4.2", build=old)).outcome is ActivateOutcome.ACTIVATED
    rig.close()


def test_first_install_and_its_end(make_rig: MakeRig) -> None:
    rig = make_rig()
    artifact = rig.artifact("v1.4.2")
    result = rig.rollout_of(artifact, spec=replace(SPEC, recovery=ARMED, display_name="The Shop"))
    assert (result.outcome, result.failure, result.started) == (ActivateOutcome.ACTIVATED, None, 1)
    service = rig.seen().service
    assert service is not None
    assert (service.state, service.snapshot.values["start_type"]) == ("Running", "auto")
    assert service.snapshot.values["display_name"] == "The Shop"
    assert service.snapshot.values["failure_actions"]
    rig.verbs.turn(rig.claim())
    rig.token += 1
    back = rig.go_back(artifact)
    assert back.outcome is ActivateOutcome.ABSENT
    assert rig.seen().service is None
    assert rig.close("rolled_back") == "rolled_back"


def test_first_install_that_fails_removes_only_what_it_made(make_rig: MakeRig) -> None:
    rig = make_rig()
    result = rig.rollout_of(rig.artifact("v1.4.2", crash_on_start=True))
    assert (result.outcome, result.label) == (ActivateOutcome.PUT_BACK, "absent")
    assert result.failure is not None
    assert rig.seen().service is None


def test_take_over_and_put_back_verbatim(rig: Rig) -> None:
    before = rig.seen().service
    artifact = rig.artifact("v1.4.2")
    result = rig.rollout_of(artifact, expected=rig.expected())
    assert result.outcome is ActivateOutcome.ACTIVATED
    assert result.image.endswith(f"{artifact.release_name}\\shop.exe")
    seen = rig.seen()
    assert seen.state is not None
    assert seen.service is not None
    record = seen.state.rollout("R1")
    assert record is not None
    assert record.done
    assert record.origin is not None
    assert (record.origin.label, record.origin.existed, record.origin.was_running) == ("v1.4.0", True, True)
    assert seen.state.releases[record.origin.release].mark == "adopted"
    assert seen.service.build_version == "v1.4.2"
    rig.token = rig.verbs.turn(rig.claim()).token
    back = rig.go_back(artifact)
    assert (back.outcome, back.stopped, back.started) == (ActivateOutcome.RESTORED, 1, 1)
    after = rig.seen().service
    assert before is not None
    assert after is not None
    assert after.snapshot == before.snapshot
    assert after.running_sha256 == before.running_sha256
    assert rig.host.effects.count("stop", "Shop") == 2


def test_a_finished_rollout_is_not_done_twice(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    starts = rig.host.effects.count("start", "Shop")
    assert rig.activate(artifact).outcome is ActivateOutcome.ALREADY
    assert rig.stage(artifact).sent_bytes == 0
    assert rig.host.effects.count("start", "Shop") == starts


@pytest.mark.parametrize("behaviour", ["crash_on_start", "never_starts", "hang_on_start"])
def test_a_switch_that_fails_puts_the_previous_back(rig: Rig, behaviour: str) -> None:
    rig.host.machine.connect_timeout = 1.0
    before = rig.seen().service
    result = rig.rollout_of(rig.artifact("v1.4.3", **{behaviour: True}), start_timeout_s=1.5)
    assert result.outcome is ActivateOutcome.PUT_BACK
    assert result.failure is not None
    assert result.failure.kind == "start"
    after = rig.seen().service
    assert before is not None
    assert after is not None
    assert (after.state, after.snapshot) == ("Running", before.snapshot)


def test_a_service_that_never_stops_is_killed(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0", hang_on_stop=True))
    result = rig.rollout_of(rig.artifact("v1.4.2"), stop_timeout_s=0.5)
    assert (result.outcome, result.forced_kill) == (ActivateOutcome.ACTIVATED, True)


def test_recovery_is_armed_again_as_it_was(rig: Rig) -> None:
    rig.rollout_of(rig.artifact("v1.4.2"), spec=replace(SPEC, recovery=ARMED))
    armed = rig.seen().service
    assert armed is not None
    rig.close()
    rig.open("R2", "C2")
    bad = rig.artifact("v1.4.3", crash_on_start=True)
    rig.stage(bad)
    assert rig.activate(bad).outcome is ActivateOutcome.PUT_BACK
    after = rig.seen().service
    assert after is not None
    assert after.snapshot == armed.snapshot


def test_an_account_of_its_own_with_a_password(rig: Rig) -> None:
    rig.host.machine.accounts.add("svc-shop", "Pa55 word", service_logon_right=True)
    spec = replace(
        SPEC,
        account=".\\svc-shop",
        working_directory="C:\\data\\shop",
        environment=(("SHOP_HOME", "{workdir}"), ("A", "1")),
        start_type="delayed-auto",
        description="sells things",
        display_name="The Shop",
        dependencies=(),
    )
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    before = rig.seen().service
    refused = rig.activate(artifact, spec=spec)
    assert (refused.outcome, refused.failure and refused.failure.win32) == (ActivateOutcome.PUT_BACK, 1057)
    result = rig.verbs.activate(rig.request(artifact, spec=spec), password=Secret("Pa55 word"))
    assert (result.outcome, result.failure, result.notes) == (ActivateOutcome.ACTIVATED, None, ())
    service = rig.seen().service
    assert service is not None
    values = service.snapshot.values
    assert values["account"].lower() == ".\\svc-shop"
    assert values["environment"] == ["SHOP_HOME=C:\\data\\shop", "A=1"]
    assert (values["start_type"], values["delayed"], values["description"]) == ("auto", True, "sells things")
    assert rig.host.machine.fs.exists("C:\\data\\shop")
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.RESTORED
    after = rig.seen().service
    assert before is not None
    assert after is not None
    assert after.snapshot == before.snapshot


def test_a_missing_logon_right_is_put_back_in_the_scms_words(rig: Rig) -> None:
    rig.host.machine.accounts.add("svc-shop", "Pa55 word")
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    request = rig.request(artifact, spec=replace(SPEC, account=".\\svc-shop"))
    result = rig.verbs.activate(request, password=Secret("Pa55 word"))
    assert result.outcome is ActivateOutcome.PUT_BACK
    assert result.failure is not None
    assert (result.failure.win32, result.failure.event_id) == (1069, 7000)
    assert rig.state() == "RUNNING"


def test_what_an_earlier_try_left_is_put_back_even_if_the_release_is_gone(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    before = rig.seen().service
    rig.host.faults.add("reboot", pattern="^stop Shop")
    with pytest.raises(HostError):
        rig.activate(artifact)
    until(lambda: rig.seen().service is not None)
    rig.host.machine.fs.delete(f"C:\\fd\\shop\\releases\\{artifact.release_name}\\shop.exe")
    assert rig.activate(artifact).outcome is ActivateOutcome.PUT_BACK
    after = rig.seen().service
    assert before is not None
    assert after is not None
    assert (after.state, after.snapshot) == ("Running", before.snapshot)


def test_a_changed_release_is_not_started(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    path = f"C:\\fd\\shop\\releases\\{artifact.release_name}\\shop.exe"
    rig.host.machine.fs.put(path, rig.host.machine.fs.blob(HAND_MADE))
    result = rig.activate(artifact)
    assert (result.outcome, result.stopped) == (ActivateOutcome.PUT_BACK, 0)
    assert result.failure is not None
    assert result.failure.kind == "artifact"
    assert rig.host.effects.count("stop", "Shop") == 0


def test_what_the_plan_did_not_find_is_left_alone(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    expected = rig.expected()
    for other in (
        replace(expected, image_path="C:\\else.exe"),
        replace(expected, exe_sha256="0" * 64),
        replace(expected, fingerprint="0" * 64),
        replace(expected, exists=False),
    ):
        result = rig.activate(artifact, expected=other)
        assert result.outcome is ActivateOutcome.DIFFERENT
        assert len(result.differences) == 1
    assert rig.host.effects.count("stop", "Shop") == 0


def test_stopped_by_a_person_is_reported_and_left(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"), running=False)
    artifact = rig.artifact("v1.4.2")
    assert rig.rollout_of(artifact).outcome is ActivateOutcome.STOPPED_BY_PERSON
    assert rig.host.effects.count("start", "Shop") == 0
    assert rig.activate(artifact, allow_stopped=True).outcome is ActivateOutcome.ACTIVATED


def test_wrapped_services_are_recognised_and_refused(make_rig: MakeRig) -> None:
    rig = make_rig()
    wrapper = ServiceSpec("Shop", "C:\\tools\\nssm.exe", program("v1", kind="nssm"), running=False)
    from fleetdeploy.lab.fleet import _install

    _install(rig.host.machine, wrapper)
    service = rig.seen().service
    assert service is not None
    assert service.kind.kind == "nssm"
    with pytest.raises(ScriptFailed) as caught:
        rig.rollout_of(rig.artifact("v1.4.2"))
    assert caught.value.error_id == "unsupported"


def test_winsw_and_shared_processes_are_recognised(rig: Rig) -> None:
    from fleetdeploy.lab.windows.blobs import intern

    rig.host.machine.fs.put(
        "C:\\Program Files\\Shop\\shop.xml",
        intern(b"<service><id>Shop</id><executable>C:\\shop\\real.exe</executable></service>"),
    )
    service = rig.seen().service
    assert service is not None
    assert service.kind.kind == "winsw"
    rig.host.machine.fs.delete("C:\\Program Files\\Shop\\shop.xml")
    rig.host.machine.scm.change("Shop", service_type=0x20)
    service = rig.seen().service
    assert service is not None
    assert service.kind.kind == "shared"


def test_tokens_steps_and_ends(rig: Rig) -> None:
    first = rig.open()
    assert (first.result, first.token) == ("opened", 1)
    assert rig.open().token == 1, "the same id and conductor: the same token"
    artifact = rig.artifact("v1.4.2")
    rig.stage(artifact)
    late = rig.request(artifact)
    rig.activate(artifact)
    for wrong in (
        replace(late.claim, token=7, step=99),
        replace(late.claim, conductor="C9", step=99),
        replace(late.claim, rollout="R9", step=99),
        late.claim,
    ):
        with pytest.raises(Stale):
            rig.verbs.activate(replace(late, claim=wrong))
    assert rig.close() == "succeeded"
    assert rig.close("failed") == "succeeded", "what is written stays"
    with pytest.raises(Stale) as caught:
        rig.verbs.beat(rig.claim())
    assert caught.value.outcome == "succeeded"
    again = rig.open()
    assert (again.result, again.outcome) == ("ended", "succeeded")
    assert rig.open("R2", "C2").token == 2


def test_turning_gives_a_new_token_and_repeats_safely(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    late = rig.request(artifact)
    claim = rig.claim()
    token = rig.verbs.turn(claim).token
    assert token == rig.token + 1
    assert rig.verbs.turn(claim).token == token
    with pytest.raises(Stale):
        rig.verbs.activate(late)
    state = rig.seen().state
    assert state is not None
    assert state.open is not None
    assert state.open.direction == "back"
    assert state.releases[artifact.release_name].mark == "bad"


def test_occupied_taken_over_and_given_back(rig: Rig) -> None:
    rig.open()
    other = rig.open("R2", "C2")
    assert other.result == "occupied"
    assert other.owner is not None
    assert (other.owner.rollout, other.owner.alive_here, other.owner.actor.user) == ("R1", True, "eva")
    wrong = rig.open("R2", "C2", mode=OpenMode.TAKE_OVER, expected=("R1", "C1", 99))
    assert wrong.result == "occupied"
    old = rig.claim()
    taken = rig.open("R2", "C2", mode=OpenMode.TAKE_OVER, expected=("R1", "C1", 1), kind="back", undoes="R1")
    assert (taken.result, taken.token) == ("opened", 2)
    with pytest.raises(Stale, match="another conductor") as caught:
        rig.verbs.beat(old)
    assert "eva" in caught.value.taken_over_by
    rig.close("withdrawn", withdraw=True, restore=taken.replaced)
    state = rig.seen().state
    assert state is not None
    assert state.open is not None
    assert (state.open.rollout, state.open.alive_here) == ("R1", False)
    assert state.rollout("R2") is None


def test_a_rollback_closes_itself_and_what_it_undoes(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    rig.open("R2", "C2", mode=OpenMode.TAKE_OVER, expected=("R1", "C1", 1), kind="back", undoes="R1", direction="back")
    assert rig.go_back(artifact, undo="R1").outcome is ActivateOutcome.RESTORED
    assert rig.go_back(artifact, undo="R1").outcome is ActivateOutcome.RESTORED, "again: nothing more is done"
    assert rig.host.effects.count("stop", "Shop") == 2
    rig.close("rolled_back", also=(("R1", "rolled_back"),), kind="back")
    state = rig.seen().state
    assert state is not None
    assert state.open is None
    assert {one.id: one.outcome for one in state.rollouts} == {"R1": "rolled_back", "R2": "rolled_back"}


def test_close_without_an_open_keeps_late_requests_out(rig: Rig) -> None:
    rig.rollout, rig.conductor, rig.token = "R5", "C5", 0
    assert rig.close("aborted", machines=(("web01", "m1"),)) == "aborted"
    assert rig.open("R5", "C5").result == "ended"


def test_going_back_leaves_others_alone(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.NOTHING
    assert rig.host.effects.count("stop", "Shop") == 0


def test_a_host_that_runs_something_else_by_now_is_left_alone(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    with rig.host.machine.lock:
        rig.host.machine.scm.change("Shop", image_path=f'"{HAND_MADE}" --by-hand')
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.LEFT_ALONE


def test_beat_renews_the_sign_of_life(rig: Rig) -> None:
    rig.open(ttl_s=60.0)
    rig.host.machine.clock.let_pass(61.0)
    state = rig.seen().state
    assert state is not None
    assert state.open is not None
    assert state.open.alive_here is False
    rig.verbs.beat(rig.claim())
    state = rig.seen().state
    assert state is not None
    assert state.open is not None
    assert state.open.phase == "running"
    assert state.open.life is not None
    assert state.open.alive_here is True
    rig.host.machine.reboot(seconds=0.2)
    until(lambda: rig.host.machine.boots == 2 and rig.host.machine.up)
    rig.verbs.disconnect()
    state = rig.seen().state
    assert state is not None
    assert state.open is not None
    assert state.open.alive_here is False


def test_probe_samples_and_checks(rig: Rig) -> None:
    port = 8080
    checks = (
        TcpCheck("port", port),
        HttpCheck("health", port),
        HttpCheck("version", port, "/version", contains="{version}"),
        HttpCheck("missing", port, "/nowhere"),
        TcpCheck("closed", 9, timeout_s=0.5),
        ScriptCheck("own", "param([string]$Name) $Name -eq 'x'", parameters=(("Name", "x"),)),
        ScriptCheck("no", "$false"),
    )
    service = rig.seen().service
    assert service is not None
    request = ProbeRequest(0.5, 0.2, HAND_MADE, service.exe_sha256, "v1.4.0", checks)
    result = rig.verbs.probe(request)
    assert len(result.samples) >= 2
    last = result.samples[-1]
    assert (last.state, last.pid, last.image_ok) == ("Running", service.pid, True)
    assert {failure.check for failure in last.failures} == {"missing", "closed", "no"}
    assert [sample.at for sample in result.samples] == sorted(sample.at for sample in result.samples)
    other = rig.verbs.probe(replace(request, window_s=0.0, wanted_image="C:\\x.exe", checks=()))
    assert [sample.image_ok for sample in other.samples] == [False]


def test_prune_keeps_what_is_needed(rig: Rig) -> None:
    for number in range(1, 6):
        rig.rollout, rig.conductor = f"R{number}", f"C{number}"
        rig.open(f"R{number}", f"C{number}")
        artifact = rig.artifact(f"v1.5.{number}")
        rig.stage(artifact)
        assert rig.activate(artifact).outcome is ActivateOutcome.ACTIVATED
        pruned = rig.verbs.prune(rig.claim(), 1)
        rig.close()
    assert len(pruned.removed) == 1
    # It is the last look at a host, too: what it saw is what 'drift' compares.
    assert pruned.service is not None
    assert pruned.state is not None
    assert drift_of(replace(rig.seen(), service=pruned.service, state=pruned.state)) == ()
    assert pruned.state.active == artifact.release_name
    staged = rig.seen().staged
    assert {name.split("-")[0] for name in staged} == {"v1.5.2", "v1.5.3", "v1.5.4", "v1.5.5"}
    assert rig.host.machine.fs.exists(HAND_MADE)


def test_a_wrong_password_is_tried_once(rig: Rig) -> None:
    verbs = rig.connect(password="wrong")
    before = rig.host.logons
    with pytest.raises(LoginRefused):
        verbs.observe()
    assert rig.host.logons == before + 1


@pytest.mark.parametrize("auth", ["ntlm", "basic"])
def test_over_https_with_a_pinned_certificate(rig: Rig, auth: str) -> None:
    assert rig.connect(tls=True, auth=auth).observe().service is not None


def test_a_session_is_kept_warm_and_closed(rig: Rig) -> None:
    rig.seen()
    logons = rig.host.logons
    rig.seen()
    assert rig.host.logons == logons
    rig.verbs.disconnect()
    assert isinstance(rig.verbs, HostVerbs)
    assert rig.verbs.app == APP
