"""The scene of a failure on a simulated host: what is gathered, what is kept there, and what never is in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.windows.environment import HttpReply
from fleetdeploy.lab.windows.eventlog import DEFENDER
from fleetdeploy.model.health import HttpCheck
from fleetdeploy.model.scene import Scene, SceneRequest
from fleetdeploy.model.verbs import ActivateOutcome, ActivateResult
from fleetdeploy.policy.explain import explain, facts_of
from tests.hosts.conftest import HAND_MADE, SPEC, MakeRig, Rig, program

LOG = "C:\\fd\\shop\\data\\shop.log"
LOGGING = replace(SPEC, arguments=("--port", "8080", "--log", "{workdir}\\shop.log"), logs=("{workdir}\\*.log",))
CHECK = HttpCheck("healthz", 8080, "/healthz")


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A host with a hand-made service running v1.4.0."""
    return make_rig(program("v1.4.0"))


def failed(rig: Rig, **behaviour: Any) -> tuple[ActivateResult, Scene]:
    """A switch that fails by itself and is put back, and the scene that its answer brings."""
    result = rig.rollout_of(rig.artifact("v1.4.3", **behaviour), spec=LOGGING, checks=(CHECK,), settle_s=1.0)
    assert result.outcome is ActivateOutcome.PUT_BACK
    assert result.notes == ()
    assert result.evidence is not None
    return result, result.evidence


def stored(rig: Rig) -> Scene | None:
    return rig.verbs.stored_scene("R1")


def test_a_panic_is_in_the_evidence_of_a_switch_that_put_itself_back(rig: Rig) -> None:
    result, scene = failed(rig, panic="runtime error: index out of range [3] with length 3", crash_after=0.2)
    assert result.failure is not None
    assert result.failure.win32 == 1067
    [tail] = scene.logs
    assert (tail.path, tail.problem, tail.cut) == (LOG, "", False)
    assert "v1.4.3 listens on :8080" in tail.lines[0]
    assert "panic: runtime error: index out of range [3] with length 3" in tail.lines
    assert any("main.go:42" in line for line in tail.lines)
    assert [(e.id, e.inserts[0]) for e in scene.events if e.id in (7031, 7034)] == [(7034, "Shop")]
    assert scene.service is not None
    assert (scene.service.state, scene.service.exit_code, scene.service.exe_exists) == ("Stopped", 1067, True)
    assert scene.free_bytes > 0
    assert scene.free_memory_kb > 0
    assert rig.state() == "RUNNING"
    # It lies on the host, too: for a machine whose store is empty.
    kept = stored(rig)
    assert kept == scene


def test_a_port_in_use_names_who_listens(rig: Rig) -> None:
    machine = rig.host.machine
    other = machine.processes.spawn("C:\\Tools\\nginx.exe")
    taken = machine.network.listen(8081, lambda _: HttpReply(200, b""), pid=other.pid)
    spec = replace(LOGGING, arguments=("--port", "8081", "--log", "{workdir}\\shop.log"))
    artifact = rig.artifact("v1.4.3", event_source=True)
    result = rig.rollout_of(artifact, spec=spec, checks=(HttpCheck("healthz", 8081, "/healthz"),))
    taken.cancel()
    assert result.outcome is ActivateOutcome.PUT_BACK
    scene = result.evidence
    assert scene is not None
    assert [(x.port, x.pid, x.name) for x in scene.listeners] == [(8081, other.pid, "nginx.exe")]
    assert [p.ours for p in scene.processes if p.name == "nginx.exe"] == [False]
    assert "Only one usage of each socket address" in scene.logs[0].lines[-1]
    own = [e for e in scene.events if e.log == "Application"]
    assert [e.provider for e in own] == ["Shop"]
    assert "bind:" in own[0].message


def test_a_missing_dll_is_named_by_the_loaders_record(rig: Rig) -> None:
    rig.host.machine.connect_timeout = 5.0
    result, scene = failed(rig, missing_dll="libsqlite3.dll")
    assert result.failure is not None
    assert result.failure.win32 == 1053
    assert {7009, 7000, 26} <= {e.id for e in scene.events}
    assert "libsqlite3.dll" in next(e for e in scene.events if e.id == 26).message
    assert scene.logs[0].problem == "no such file"


def test_an_exe_without_a_service_handler(rig: Rig) -> None:
    rig.host.machine.connect_timeout = 0.3
    result, scene = failed(rig, service=False, port=0)
    assert result.failure is not None
    assert result.failure.win32 == 1053
    assert [e.id for e in scene.events if e.provider == "Service Control Manager"] == [7009, 7000]


def test_a_fault_of_the_program_and_a_quarantine_are_seen(rig: Rig) -> None:
    exe = "C:\\fd\\shop\\releases"
    machine = rig.host.machine
    machine.eventlog.write(DEFENDER, "Microsoft-Windows-Windows Defender", 1116, 3, "found", ("x", f"{exe}\\shop.exe"))
    machine.eventlog.write(DEFENDER, "Microsoft-Windows-Windows Defender", 1116, 3, "found", ("x", "C:\\workshop.exe"))
    _, scene = failed(rig, crash_on_start=True, exit_code=-1073741819)
    by_provider = {e.provider: e for e in scene.events}
    assert by_provider["Application Error"].id == 1000
    assert "c0000005" in by_provider["Application Error"].inserts
    assert by_provider["Windows Error Reporting"].id == 1001
    assert len([e for e in scene.events if e.log == DEFENDER]) == 1


def test_an_exe_that_is_gone_after_staging_was_put_into_quarantine(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.3")
    rig.open()
    rig.stage(artifact)
    machine, exe = rig.host.machine, f"C:\\fd\\shop\\releases\\{artifact.release_name}\\shop.exe"
    machine.fs.delete(exe)
    machine.eventlog.write(DEFENDER, "Microsoft-Windows-Windows Defender", 1116, 3, "found", ("x", f"file:_{exe}"))
    result = rig.activate(artifact, spec=LOGGING)
    assert (result.outcome, result.stopped) == (ActivateOutcome.PUT_BACK, 0)
    assert explain(facts_of("web1", result.failure, result.evidence))[0].name == "quarantine"
    assert result.evidence is not None
    assert result.evidence.events[0].id == 1116
    assert stored(rig) is None  # nothing was changed, so there is nothing that could be undone


def test_the_verb_keeps_the_scene_only_while_the_host_is_not_back(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact, spec=LOGGING, checks=(CHECK,))
    request = SceneRequest("R1", logs=(LOG,), ports=(8080,))
    seen = rig.verbs.scene(request)
    assert seen is not None
    assert [p.name for p in seen.processes if p.ours] == ["shop.exe"]
    assert [x.name for x in seen.listeners] == ["shop.exe"]
    assert stored(rig) == seen
    rig.token = rig.verbs.turn(rig.claim()).token
    rig.go_back(artifact)
    after = rig.verbs.scene(request)
    assert after is not None
    assert after.service is not None
    assert after.service.exe == HAND_MADE
    # What was to be seen after the way back did not replace what failed.
    assert stored(rig) == seen
    # It goes with its rollout: of one that the host does not remember nothing stays.
    fs, folder = rig.host.machine.fs, "C:\\fd\\shop\\state\\scenes"
    fs.write_bytes(f"{folder}\\R0.json", b"{}")
    fs.write_bytes(f"{folder}\\R0.json.bak", b"{}")
    rig.verbs.prune(rig.claim(), 3)
    assert not fs.exists(f"{folder}\\R0.json")
    assert not fs.exists(f"{folder}\\R0.json.bak")
    assert fs.exists(f"{folder}\\R1.json")


def test_a_scene_needs_nothing_that_fleetdeploy_made(make_rig: MakeRig) -> None:
    rig = make_rig()
    seen = rig.verbs.scene(SceneRequest("R1", logs=("C:\\nowhere\\*.log",)))
    assert seen is not None
    assert seen.service is None
    assert seen.logs[0].problem == "no such file"
    assert seen.notes == ()
    assert stored(rig) is None


def test_logs_are_bounded_decoded_and_shared_with_their_writer(rig: Rig) -> None:
    fs = rig.host.machine.fs
    fs.mkdir("C:\\logs")
    fs.write_bytes("C:\\logs\\long.log", b"".join(b"line %d\n" % n for n in range(30_000)))
    fs.write_bytes("C:\\logs\\wide.log", "\ufefferste\r\nzw\u00f6lfte\r\n".encode("utf-16-le"))
    fs.write_bytes("C:\\logs\\bom.log", "\ufeffone\ntwo".encode())
    fs.write_bytes("C:\\logs\\empty.log", b"")
    fs.write_bytes("C:\\logs\\huge.log", b"x" * 9000)
    names = ("long", "wide", "bom", "empty", "huge")
    seen = rig.verbs.logs(SceneRequest(logs=tuple(f"C:\\logs\\{n}.log" for n in names), lines=50))
    assert seen is not None
    tails = dict(zip(names, seen.logs, strict=True))
    assert tails["long"].lines == tuple(f"line {n}" for n in range(29_950, 30_000))
    assert tails["long"].cut
    assert tails["wide"].lines == ("erste", "zw\u00f6lfte")
    assert tails["bom"].lines == ("one", "two")
    assert (tails["empty"].lines, tails["empty"].cut) == ((), False)
    assert len(tails["huge"].lines[0]) == 2000


def test_a_pattern_means_the_newest_files(rig: Rig) -> None:
    fs, clock = rig.host.machine.fs, rig.host.machine.clock
    fs.mkdir("C:\\logs")
    for number in range(5):
        fs.write_bytes(f"C:\\logs\\shop-{number}.log", b"x")
        clock.let_pass(10)
    fs.write_bytes("C:\\logs\\other.txt", b"x")
    seen = rig.verbs.logs(SceneRequest(logs=("C:\\logs\\shop-*.log",)))
    assert seen is not None
    assert [t.path for t in seen.logs] == [f"C:\\logs\\shop-{n}.log" for n in (4, 3, 2)]


def test_logs_of_the_running_release_are_known_from_any_machine(rig: Rig) -> None:
    rig.rollout_of(rig.artifact("v1.4.2"), spec=LOGGING)
    anywhere: HostVerbs = rig.connect()
    seen = anywhere.logs(SceneRequest(since_s=600))
    assert seen is not None
    assert [t.path for t in seen.logs] == [LOG]


def test_nothing_of_the_environment_or_of_a_command_line_is_in_a_scene(rig: Rig) -> None:
    spec = replace(LOGGING, environment=(("TOKEN", "s3cret-env"),))
    result = rig.rollout_of(rig.artifact("v1.4.3", crash_on_start=True), spec=spec, checks=(CHECK,))
    assert result.evidence is not None
    text = str(result.evidence.to_json())
    assert "s3cret-env" not in text
    assert "hand-made" not in str(result.evidence.processes)


def test_windows_powershell_4_on_a_windows_without_defender(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0", build={"go_version": "go1.20.14"}), powershell="4.0", os_build=9600)
    seen = rig.verbs.scene(SceneRequest("R1", logs=("C:\\x.log",), ports=(8080,)))
    assert seen is not None
    assert seen.notes == ()
    assert [x.name for x in seen.listeners] == ["shop.exe"]
