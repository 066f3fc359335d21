"""What a simulated program leaves behind when it fails: its log, the event logs, and who listens where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fleetdeploy.lab.powershell.engine import Runspace
from fleetdeploy.lab.windows.environment import HttpReply
from fleetdeploy.lab.windows.eventlog import DEFENDER
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.program import Behaviour, log_of
from fleetdeploy.lab.windows.service import State
from tests.lab.windows.test_cmdlets import Script, refused, run
from tests.lab.windows.test_services import code, events, until

Install = Callable[..., str]
LOG = "C:\\svc\\logs\\app.log"
__all__ = ["run"]


def written(host: WindowsHost) -> str:
    return bytes(host.fs.read_bytes(LOG)).decode() if host.fs.is_file(LOG) else ""


def records(host: WindowsHost, log: str, provider: str = "") -> list[tuple[int, tuple[str, ...]]]:
    return [(e.id, e.properties) for e in host.eventlog.read(log) or [] if not provider or e.provider == provider]


def ended(host: WindowsHost, codes: list[int]) -> None:
    """Notes the exit code of every process that ends."""
    host.processes.on_gone.append(lambda process: codes.append(process.exit_code or 0))


def test_a_panic_is_in_the_log_and_ends_with_2(host: WindowsHost, install: Install) -> None:
    codes: list[int] = []
    ended(host, codes)
    install(panic="runtime error: index out of range [3] with length 3", log=LOG)
    host.scm.start("app")
    assert until(lambda: codes)
    assert codes == [2]
    assert host.scm.wait_for("app", State.STOPPED, 20)
    text = written(host)
    assert "\npanic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\n" in "\n" + text
    assert "main.go:42" in text
    assert events(host, 7034) == [7034]
    assert host.scm.query("app").win32_exit_code == 1067  # the SCM does not know the process's own code


def test_a_panic_goes_nowhere_without_a_log(host: WindowsHost, install: Install) -> None:
    codes: list[int] = []
    ended(host, codes)
    install(panic="lost", crash_on_start=True)
    host.scm.start("app")
    assert until(lambda: codes)
    assert codes == [2]
    assert not host.fs.exists(LOG)
    assert records(host, "Application") == []


def test_a_port_in_use(host: WindowsHost, install: Install) -> None:
    taken = host.network.listen(8085, lambda _: HttpReply(200, b""), pid=4)
    try:
        codes: list[int] = []
        ended(host, codes)
        install(port=8085, log=LOG, event_source=True)
        host.scm.start("app")
        assert until(lambda: codes)
        assert codes == [1]
        assert "listen tcp :8085: bind: Only one usage of each socket address" in written(host)
        [(number, inserts)] = records(host, "Application", "app")
        assert number == 1
        assert "bind:" in inserts[0]
        assert host.network.owners == {8085: 4}
    finally:
        taken.cancel()
    assert host.network.listening == set()


def test_a_missing_dll_never_comes_to_run(host: WindowsHost, install: Install) -> None:
    codes: list[int] = []
    ended(host, codes)
    install(missing_dll="libsqlite3.dll", log=LOG)
    assert code(lambda: host.scm.start("app")) == 1053
    assert codes == [0xC0000135]
    assert events(host, 7000, 7009) == [7009, 7000]
    [(number, inserts)] = records(host, "System", "Application Popup")
    assert (number, inserts[0]) == (26, "app.exe - System Error")
    assert "libsqlite3.dll was not found" in inserts[1]
    assert written(host) == ""


def test_a_fault_is_reported_by_windows(host: WindowsHost, install: Install) -> None:
    install(crash_on_start=True, exit_code=0xC0000005)
    host.scm.start("app")
    assert host.scm.wait_for("app", State.STOPPED, 20)
    [(number, inserts)] = records(host, "Application", "Application Error")
    assert (number, inserts[0], inserts[6]) == (1000, "app.exe", "c0000005")
    assert [n for n, _ in records(host, "Application", "Windows Error Reporting")] == [1001]


def test_a_log_grows_over_runs_and_stands_where_it_is_told(host: WindowsHost, install: Install) -> None:
    path = install(port=8086)
    host.scm.change("app", image_path=f'"{path}" --log {LOG}')
    for _ in range(2):
        host.scm.start("app")
        assert host.scm.wait_for("app", State.RUNNING, 20)
        host.scm.stop("app")
        assert host.scm.wait_for("app", State.STOPPED, 20)
    lines = written(host).splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("app v1.0.0 listens on :8086")
    assert host.effects.count("write") == 0
    host.fill_disk()
    host.scm.start("app")
    assert host.scm.wait_for("app", State.RUNNING, 20)  # a full disk loses the line, not the service


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], "C:\\a.log"), (["--log", "C:\\b.log"], "C:\\b.log"), (["-log=C:\\c.log"], "C:\\c.log"), (["--log"], "")],
)
def test_where_a_program_logs(arguments: list[str], expected: str) -> None:
    assert log_of(Behaviour(log="C:\\a.log"), arguments) == expected


def test_who_listens_is_seen_through_cim(host: WindowsHost, run: Script, install: Install) -> None:
    install(port=8087, start=True)
    assert host.scm.wait_for("app", State.RUNNING, 20)
    pid = host.scm.query("app").pid
    query = "Get-CimInstance -Namespace 'root/StandardCimv2' -ClassName MSFT_NetTCPConnection"
    assert run(f"({query} -Filter 'State=2 AND LocalPort=8087').OwningProcess").texts == [str(pid)]
    assert run(f"@({query} -Filter 'State=5').Length").texts == ["0"]
    assert "OffloadState" in refused(host, f"({query} -Filter 'LocalPort=8087').OffloadState")
    assert "MSFT_NetRoute" in refused(host, "Get-CimInstance -Namespace root/StandardCimv2 -ClassName MSFT_NetRoute")
    assert "namespace" in refused(host, "Get-CimInstance -Namespace root/other -ClassName Win32_Service")


def test_defenders_log(host: WindowsHost, run: Script, make_host: Callable[..., Any]) -> None:
    script = f"Get-WinEvent -FilterHashtable @{{LogName='{DEFENDER}'; Id=1116}}"
    assert run(script).errors == ["NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"]
    host.eventlog.write(DEFENDER, "Microsoft-Windows-Windows Defender", 1116, 3, "found", ("x",))
    assert run(f"({script}).Id").texts == ["1116"]
    old = make_host("old", os_build=9600)
    assert old.eventlog.read(DEFENDER) is None
    assert Runspace(old) is not None
    assert "Kernel-PnP" in refused(host, "Get-WinEvent -LogName 'Microsoft-Windows-Kernel-PnP/Operational'")
