"""The service control manager: states, codes, recovery, what listens."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

from fleetdeploy.lab.windows import scm_registry
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind, Win32Error
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.nodes import Access, Share
from fleetdeploy.lab.windows.service import Action, FailureActions, ServiceConfig, StartType, State


def until(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def code(action: Callable[[], object]) -> int:
    with pytest.raises(Win32Error) as caught:
        action()
    return caught.value.code


def events(host: WindowsHost, *ids: int) -> list[int]:
    return [e.id for e in host.eventlog.read("System") or [] if e.id in ids]


def get(host: WindowsHost, port: int, path: str) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host.address}:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_service_starts_answers_and_stops(host: WindowsHost, install: Callable[..., str]) -> None:
    install(version="v1.4.2", port=8081)
    host.scm.start("APP")
    assert host.scm.query("app").state in (State.START_PENDING, State.RUNNING)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    status = host.scm.query("app")
    process = host.processes.get(status.pid)
    assert process is not None
    assert process.image_path == "C:\\svc\\app.exe"
    assert process.command_line == '"C:\\svc\\app.exe" --flag'
    assert get(host, 8081, "/healthz")[0] == 200
    assert json.loads(get(host, 8081, "/version")[1])["version"] == "v1.4.2"
    assert 'http_requests_total{code="200"}' in get(host, 8081, "/metrics")[1]
    assert get(host, 8081, "/nothing")[0] == 404
    assert host.scm.stop("app").state in (State.STOP_PENDING, State.STOPPED)
    assert host.scm.wait_for("app", State.STOPPED, 5)
    assert not process.running
    assert host.scm.query("app").win32_exit_code == 0
    with pytest.raises(urllib.error.URLError):
        get(host, 8081, "/healthz")
    assert (host.effects.count("start", "app"), host.effects.count("stop", "app")) == (1, 1)
    assert [e.properties[1] for e in host.eventlog.read("System") or [] if e.id == 7036 and "app" in e.message] == [
        "running",
        "stopped",
    ]


def test_the_port_comes_from_arguments_then_environment(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install(port=8081)
    key = scm_registry.key_of("app")
    host.registry.set(key, "Environment", "MultiString", ("PORT=8083", "X=1"))
    host.scm.start("app")
    assert host.scm.wait_for("app", State.RUNNING, 20)
    assert host.network.listening == {8083}
    host.scm.stop("app")
    host.scm.wait_for("app", State.STOPPED, 5)
    host.scm.change("app", image_path=f'"{path}" --port 8084')
    host.scm.start("app")
    assert host.scm.wait_for("app", State.RUNNING, 20)
    assert host.network.listening == {8084}


def test_refusals_of_the_scm(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install(start_seconds=0.3)
    scm = host.scm
    assert code(lambda: scm.query("nothing")) == 1060
    assert code(lambda: scm.stop("app")) == 1062
    scm.start("app")
    assert code(lambda: scm.start("app")) == 1056
    assert code(lambda: scm.stop("app")) == 1061
    assert scm.wait_for("app", State.RUNNING, 20)
    assert code(lambda: scm.create(ServiceConfig("APP", path))) == 1073
    assert code(lambda: scm.create(ServiceConfig("other", path, display_name="the APP"))) == 1078
    assert code(lambda: scm.create(ServiceConfig("other", path, account=".\\nobody"))) == 1057
    scm.create(ServiceConfig("child", path, dependencies=("app",)))
    scm.start("child")
    assert code(lambda: scm.stop("app")) == 1051
    assert scm.wait_for("child", State.RUNNING, 20)
    scm.stop("child")
    assert scm.wait_for("child", State.STOPPED, 5)
    scm.change("child", start=StartType.DISABLED)
    assert code(lambda: scm.start("child")) == 1058
    assert events(host, 7040) == [7040]
    assert events(host, 7045) == [7045, 7045]


def test_a_dependency_is_started_first(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install()
    host.scm.create(ServiceConfig("child", path, dependencies=("app",)))
    host.scm.start("child")
    assert host.scm.wait_for("app", State.RUNNING, 20)
    host.scm.create(ServiceConfig("orphan", path, dependencies=("gone",)))
    assert code(lambda: host.scm.start("orphan")) == 1075
    assert events(host, 7003) == [7003]


def test_delete_waits_for_the_end_and_for_handles(host: WindowsHost, install: Callable[..., str]) -> None:
    install()
    scm = host.scm
    scm.start("app")
    assert scm.wait_for("app", State.RUNNING, 20)
    scm.hold("app")
    scm.delete("app")
    assert code(lambda: scm.delete("app")) == 1072
    assert code(lambda: scm.change("app", description="x")) == 1072
    scm.stop("app")
    assert scm.wait_for("app", State.STOPPED, 5)
    assert code(lambda: scm.start("app")) == 1072
    assert code(lambda: scm.create(ServiceConfig("app", "C:\\x.exe"))) == 1072
    scm.hold("app", -1)
    assert scm.find("app") is None
    assert not host.registry.exists(scm_registry.key_of("app"))


@pytest.mark.parametrize("behaviour", [{"never_starts": True}, {"service": False}, {"exits_at_once": True}])
def test_a_program_that_does_not_connect(
    host: WindowsHost, install: Callable[..., str], behaviour: dict[str, bool]
) -> None:
    host.connect_timeout = 0.1
    install(**behaviour)
    assert code(lambda: host.scm.start("app")) == 1053
    assert host.scm.query("app").state is State.STOPPED
    assert host.scm.query("app").win32_exit_code == 1053
    assert host.processes.by_image("C:\\svc\\app.exe") == []
    assert events(host, 7009, 7000) == [7009, 7000]


def test_a_file_that_is_no_program_or_missing(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install()
    host.fs.write_bytes(path, b"hello")
    assert code(lambda: host.scm.start("app")) == 193
    host.fs.delete(path)
    assert code(lambda: host.scm.start("app")) == 2
    host.scm.change("app", image_path="C:\\nowhere\\app.exe")
    assert code(lambda: host.scm.start("app")) == 3
    assert events(host, 7000) == [7000] * 3


def test_logon_of_a_service_account(host: WindowsHost, install: Callable[..., str]) -> None:
    account = host.accounts.add("svc", "right")
    install(config={"account": ".\\svc", "password": "wrong"})
    assert code(lambda: host.scm.start("app")) == 1069
    host.scm.change("app", password="right")
    assert code(lambda: host.scm.start("app")) == 1069
    account.service_logon_right = True
    host.scm.start("app")
    assert events(host, 7038, 7041, 7000) == [7038, 7000, 7041, 7000]


def test_a_kill_is_a_crash_and_recovery_fires(host: WindowsHost, install: Callable[..., str]) -> None:
    failure = FailureActions(86400, ((Action.RESTART, 50), (Action.NONE, 0)))
    install(config={"failure": failure}, start=True)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    first = host.scm.query("app").pid
    process = host.processes.get(first)
    assert process is not None
    with host.lock:
        host.processes.end(process, 1)
    assert host.scm.query("app").win32_exit_code == 1067
    assert until(lambda: host.scm.query("app").state is State.RUNNING)
    second = host.processes.get(host.scm.query("app").pid)
    assert second is not None
    assert second.pid != first
    with host.lock:
        host.processes.end(second, 1)
    time.sleep(0.1)
    assert host.scm.query("app").state is State.STOPPED
    assert events(host, 7031, 7034) == [7031, 7034]
    assert host.effects.count("recover", "app") == 1


def test_a_crash_loop_repeats_the_last_action(host: WindowsHost, install: Callable[..., str]) -> None:
    install(config={"failure": FailureActions(60, ((Action.RESTART, 10),))}, start=True, crash_after=0.02)
    assert until(lambda: host.effects.count("crash", "app") >= 3)
    assert len(events(host, 7031)) >= 3
    host.scm.change("app", failure=FailureActions())


def test_a_clean_end_with_a_code_counts_only_with_the_flag(host: WindowsHost, install: Callable[..., str]) -> None:
    failure = FailureActions(60, ((Action.RESTART, 10),))
    install(config={"failure": failure}, start=True, stops_after=0.02, exit_code=7)
    assert until(lambda: host.scm.query("app").win32_exit_code == 7)
    time.sleep(0.05)
    assert host.effects.count("recover") == 0
    host.scm.change("app", failure_flag=True)
    host.scm.start("app")
    assert until(lambda: host.effects.count("recover") >= 1)
    host.scm.change("app", failure_flag=False)


def test_a_service_that_hangs_in_its_stop_goes_when_killed(host: WindowsHost, install: Callable[..., str]) -> None:
    install(start=True, hang_on_stop=True)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    host.scm.stop("app")
    assert not host.scm.wait_for("app", State.STOPPED, 0.1)
    assert host.scm.query("app").state is State.STOP_PENDING
    process = host.processes.get(host.scm.query("app").pid)
    assert process is not None
    with host.lock:
        host.processes.end(process, 1)
    assert host.scm.query("app").state is State.STOPPED


def test_unhealthy_after_a_while(host: WindowsHost, install: Callable[..., str]) -> None:
    install(start=True, port=8085, unhealthy_after=60.0)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    assert get(host, 8085, "/healthz")[0] == 200
    host.clock.let_pass(61.0)
    assert get(host, 8085, "/healthz")[0] == 503


def test_a_running_program_is_locked_but_can_be_renamed(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    with pytest.raises(FileError) as caught:
        host.fs.open(path, "Create", Access.WRITE, Share.NONE)
    assert caught.value.kind is FileErrorKind.SHARING
    with pytest.raises(FileError) as caught:
        host.fs.delete(path)
    assert caught.value.kind is FileErrorKind.DENIED
    host.fs.move(path, path + ".old")
    host.scm.stop("app")
    assert host.scm.wait_for("app", State.STOPPED, 5)
    assert until(lambda: not host.processes.by_image(path))
    host.fs.delete(path + ".old")


def test_reboot_brings_automatic_services_back(host: WindowsHost, install: Callable[..., str]) -> None:
    path = install(start=True)
    host.scm.create(ServiceConfig("manual", path))
    host.scm.start("manual")
    lock = host.fs.open("C:\\svc\\lock", "OpenOrCreate", Access.WRITE, Share.NONE)
    down: list[int] = []
    host.on_down.append(lambda: down.append(1))
    before, uptime = host.boot_id, host.clock.uptime()
    host.registry.set(scm_registry.key_of("manual"), "Start", "DWord", 4)
    assert host.scm.config("manual").start is StartType.DEMAND
    host.reboot()
    assert not host.up
    assert until(lambda: host.up)
    assert host.boot_id != before
    assert host.clock.uptime() < uptime
    assert lock.closed
    assert down == [1]
    assert host.scm.wait_for("app", State.RUNNING, 20)
    assert host.scm.query("manual").state is State.STOPPED
    assert host.scm.config("manual").start is StartType.DISABLED


def test_reboot_at_a_point(host: WindowsHost, install: Callable[..., str]) -> None:
    install(start=True, stop_seconds=5)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    host.faults.add(FaultKind.REBOOT, pattern="^stop app$")
    host.scm.stop("app")
    assert until(lambda: host.boots == 2)
    assert host.scm.wait_for("app", State.RUNNING, 20)


def test_a_go_binary_too_new_for_the_windows(make_host: Callable[..., WindowsHost]) -> None:
    from .conftest import pe_blob

    old = make_host("old", os_build=9600, powershell="4.0")
    old.connect_timeout = 0.1
    old.fs.put("C:\\svc\\app.exe", pe_blob({"port": 0}))
    old.install(ServiceConfig("app", "C:\\svc\\app.exe"), start=False)
    assert code(lambda: old.scm.start("app")) == 1053


def test_failure_actions_in_the_registry(host: WindowsHost, install: Callable[..., str]) -> None:
    failure = FailureActions(86400, ((Action.RESTART, 5000), (Action.RESTART, 30000), (Action.NONE, 0)))
    install(config={"failure": failure, "failure_flag": True, "delayed": True, "preshutdown_ms": 20000})
    key = scm_registry.key_of("app")
    raw = host.registry.get(key, "FailureActions")
    assert raw is not None
    assert raw.data == bytes.fromhex(
        "8051010000000000000000000300000014000000010000008813000001000000307500000000000000000000"
    )
    assert scm_registry.read(host.registry, "app", None) == host.scm.config("app")


def test_a_wrapper_runs_its_program_as_a_child(host: WindowsHost, install: Callable[..., str]) -> None:
    from .conftest import pe_blob

    host.fs.put("C:\\apps\\real.exe", pe_blob({"version": "v3", "start_seconds": 0}))
    install(name="nssm", kind="nssm", port=0)
    key = scm_registry.key_of("nssm") + "\\Parameters"
    host.registry.set(key, "Application", "ExpandString", "C:\\apps\\real.exe")
    host.registry.set(key, "AppParameters", "ExpandString", "--port 8087")
    host.scm.start("nssm")
    assert host.scm.wait_for("nssm", State.RUNNING, 20)
    child = host.processes.by_image("C:\\apps\\real.exe")[0]
    assert child.parent_pid == host.scm.query("nssm").pid
    assert json.loads(get(host, 8087, "/version")[1])["version"] == "v3"
    host.scm.stop("nssm")
    assert host.scm.wait_for("nssm", State.STOPPED, 5)
    assert not child.running


def test_restarting_many_times_on_the_same_port(host: WindowsHost, install: Callable[..., str]) -> None:
    install(port=8088, start_seconds=0, stop_seconds=0)
    for _ in range(20):
        host.scm.start("app")
        assert host.scm.wait_for("app", State.RUNNING, 20)
        assert get(host, 8088, "/healthz")[0] == 200
        host.scm.stop("app")
        assert host.scm.wait_for("app", State.STOPPED, 5)
    assert host.effects.count("crash") == 0


def test_two_services_on_one_port_end_in_a_crash(host: WindowsHost, install: Callable[..., str]) -> None:
    install(name="first", port=8089, start=True)
    assert host.scm.wait_for("first", State.RUNNING, 20)
    install(name="second", port=8089)
    host.scm.start("second")
    assert until(lambda: host.effects.count("crash", "second") == 1)


def test_events_carry_the_error_as_a_number(host: WindowsHost, install: Callable[..., str]) -> None:
    install(config={"image_path": "C:\\nowhere\\app.exe"})
    assert code(lambda: host.scm.start("app")) == 3
    event = [e for e in host.eventlog.read("System") or [] if e.id == 7000][-1]
    assert event.properties == ("The app", "%%3")
    assert event.message.endswith("error: \r\nThe system cannot find the path specified.")
    assert event.provider == "Service Control Manager"


def test_errors_come_at_the_declared_rate(host: WindowsHost, install: Callable[..., str]) -> None:
    install(port=8090, start=True, error_rate=0.5)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    codes = [get(host, 8090, "/healthz")[0] for _ in range(60)]
    assert 10 < codes.count(500) < 50


def test_process_ids_are_not_used_again_at_once(host: WindowsHost) -> None:
    seen = set()
    for _ in range(300):
        with host.lock:
            process = host.processes.spawn("C:\\x.exe")
            assert process.pid % 4 == 0
            assert process.pid not in seen
            seen.add(process.pid)
            host.processes.end(process, 0)


def test_a_host_is_the_same_for_the_same_seed(make_host: Callable[..., WindowsHost]) -> None:
    one, two, other = make_host("x", seed=1), make_host("x", seed=1), make_host("x", seed=2)
    assert one.machine_guid == two.machine_guid != other.machine_guid
    assert one.services_process.pid == two.services_process.pid


def test_accounts_count_failures_and_lock(host: WindowsHost) -> None:
    account = host.accounts.add("deploy", "s3cret")
    host.accounts.lockout_threshold = 3
    assert "s3cret" not in repr(account)
    assert host.accounts.check("WEB01\\Deploy", "s3cret")
    assert not any(host.accounts.check("deploy", "wrong") for _ in range(3))
    assert not host.accounts.check("deploy", "s3cret")
    assert account.total_failures == 4


def test_a_listener_is_never_bound_outside_loopback(host: WindowsHost) -> None:
    with pytest.raises(PermissionError):
        host.env.serve_tcp("0.0.0.0", 0, lambda _: None)  # type: ignore[arg-type,return-value]


def test_the_recovery_action_reboot(host: WindowsHost, install: Callable[..., str]) -> None:
    install(config={"failure": FailureActions(60, ((Action.REBOOT, 10),))}, start=True)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    process = host.processes.get(host.scm.query("app").pid)
    assert process is not None
    with host.lock:
        host.processes.end(process, 1)
    assert until(lambda: host.boots == 2)
    assert host.scm.wait_for("app", State.RUNNING, 20)


def test_the_failure_count_starts_again_after_the_reset_period() -> None:
    from fleetdeploy.lab.windows.scm_recovery import next_action
    from fleetdeploy.lab.windows.service import INFINITE, Service

    steps = ((Action.RESTART, 1), (Action.RESTART, 2), (Action.NONE, 0))
    entry = Service(ServiceConfig("x", "x.exe", failure=FailureActions(100, steps)))
    taken = [next_action(entry, at) for at in (0.0, 50.0, 100.0, 150.0, 300.0)]
    assert taken == [steps[0], steps[1], steps[2], steps[2], steps[0]]
    never = Service(ServiceConfig("x", "x.exe", failure=FailureActions(INFINITE, steps)))
    assert [next_action(never, at) for at in (0.0, 1e6, 2e6)] == list(steps)
