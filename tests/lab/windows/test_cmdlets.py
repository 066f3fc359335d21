"""Service, CIM, process and event cmdlets and sc.exe, run as scripts on a simulated machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fleetdeploy.lab.powershell.convert import to_string
from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.powershell.values import DateTime, UInt32
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import Action, State


class Result:
    """The streams of one script."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.errors: list[str] = []
        self.messages: list[str] = []
        self.warnings: list[str] = []
        self.outcome: Any = None

    def output(self, value: Any) -> None:
        self.values.append(value)

    def error(self, record: Any) -> None:
        self.errors.append(record.error_id)
        self.messages.append(str(record))

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def verbose(self, message: str) -> None: ...

    def debug(self, message: str) -> None: ...

    def information(self, value: Any, tags: Sequence[str] = ()) -> None: ...

    def progress(self, **record: Any) -> None: ...

    def set_should_exit(self, code: int) -> None: ...

    @property
    def texts(self) -> list[str]:
        return [to_string(v) for v in self.values]


Script = Callable[[str], Result]


@pytest.fixture
def run(host: WindowsHost) -> Script:
    runspace = Runspace(host)

    def script(text: str) -> Result:
        result = Result()
        result.outcome = runspace.run([CommandSpec(text)], None, result, threading.Event())
        assert result.outcome.not_simulated is None, str(result.outcome.not_simulated)
        assert result.outcome.state == "Completed", str(result.outcome.error)
        return result

    return script


def refused(host: WindowsHost, text: str) -> str:
    result = Result()
    outcome = Runspace(host).run([CommandSpec(text)], None, result, threading.Event())
    assert outcome.not_simulated is not None, text
    return str(outcome.not_simulated)


def test_get_service(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    found = run("foreach ($s in Get-Service app) { $s.Name; $s.DisplayName; $s.Status; $s.StartType; $s.CanStop }")
    assert found.texts == ["app", "The app", "Running", "Automatic", "True"]
    assert run("(Get-Service -DisplayName 'the a*').ServiceName").texts == ["app"]
    assert "winrm" in [t.lower() for t in run("(Get-Service).Name").texts]
    assert run("(Get-Service a*).Name").texts == ["app"]
    missing = run("Get-Service nothing")
    assert missing.errors == ["NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand"]
    assert missing.messages == ["Cannot find any service with service name 'nothing'."]
    assert run("Get-Service nothing*").errors == []
    assert run("(Get-Service app).Status -eq 'Running'").values == [True]


def test_status_is_a_snapshot_until_refresh(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    script = "$s = Get-Service app; $s.Stop(); $s.WaitForStatus('Stopped', [timespan]'00:00:05'); $s.Status"
    assert run(script).texts == ["Stopped"]
    assert run("$s = Get-Service app; Start-Service app; $s.Status; $s.Refresh(); $s.Status").texts == [
        "Stopped",
        "Running",
    ]


def test_start_stop_restart(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install()
    assert run("(Start-Service app -PassThru).Status").texts == ["Running"]
    first = host.scm.query("app").pid
    run("Start-Service app")
    run("Restart-Service app")
    assert host.scm.query("app").pid != first
    run("Get-Service app | Stop-Service")
    run("Stop-Service app")
    assert host.scm.query("app").state is State.STOPPED
    assert (host.effects.count("start", "app"), host.effects.count("stop", "app")) == (2, 2)


def test_a_start_that_fails(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(config={"image_path": "C:\\nowhere.exe"})
    failed = run("Start-Service app")
    assert failed.errors == ["CouldNotStartService,Microsoft.PowerShell.Commands.StartServiceCommand"]
    assert failed.messages == [
        "Service 'The app (app)' cannot be started due to the following error: "
        "Cannot start service app on computer '.'."
    ]
    code = "catch { $_.Exception.InnerException.InnerException.NativeErrorCode }"
    assert run("try { Start-Service app -ErrorAction Stop } " + code).values == [2]
    assert run("try { (Get-Service app).Start() } " + code).values == [2]


def test_a_service_with_dependents_needs_force(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(name="base", start=True)
    assert host.scm.wait_for("base", State.RUNNING, 5)
    install(name="child", config={"dependencies": ("base",)}, start=True)
    assert host.scm.wait_for("child", State.RUNNING, 5)
    assert run("Stop-Service base").errors == [
        "ServiceHasDependentServices,Microsoft.PowerShell.Commands.StopServiceCommand"
    ]
    assert run("(Get-Service base).DependentServices.Name").texts == ["child"]
    run("Stop-Service base -Force")
    assert host.scm.query("child").state is State.STOPPED
    assert host.scm.query("base").state is State.STOPPED


def test_a_crash_while_starting_is_reported(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(crash_on_start=True)
    assert run("Start-Service app").errors == ["StartServiceFailed,Microsoft.PowerShell.Commands.StartServiceCommand"]


def test_new_and_set_service(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    path = install()
    made = run(f"(New-Service -Name web -BinaryPathName '\"{path}\" -x' -DisplayName Web -StartupType Manual).Name")
    assert made.texts == ["web"]
    assert host.scm.config("web").image_path == f'"{path}" -x'
    again = run(f"New-Service -Name web -BinaryPathName '{path}'")
    assert again.errors == ["CouldNotNewService,Microsoft.PowerShell.Commands.NewServiceCommand"]
    run("Set-Service web -StartupType Disabled -Description 'What it does'")
    config = host.scm.config("web")
    assert (config.start.name, config.description) == ("DISABLED", "What it does")
    assert run("(Get-Service web).StartType").texts == ["Disabled"]


def test_win32_service(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    path = install(start=True, config={"delayed": True})
    assert host.scm.wait_for("app", State.RUNNING, 5)
    script = """$s = Get-CimInstance -ClassName Win32_Service -Filter "Name='app'"
        $s.State; $s.PathName; $s.StartMode; $s.StartName; $s.DelayedAutoStart; $s.ProcessId -is [uint32]"""
    assert run(script).texts == ["Running", f'"{path}" --flag', "Auto", "LocalSystem", "True", "True"]
    pid = run("""(Get-CimInstance Win32_Service -Filter 'Name="APP" AND State="Running"').ProcessId""").values
    assert pid == [UInt32(host.scm.query("app").pid)]
    assert run("""Get-CimInstance Win32_Service -Filter "Name='x'" """).values == []
    by_query = run("""(Get-CimInstance -Query "SELECT * FROM Win32_Service WHERE Name LIKE 'ap%'").Name""")
    assert by_query.texts == ["app"]
    assert run("Get-CimInstance Win32_Service -Filter 'Name='").errors == [
        "HRESULT 0x80041017,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand"
    ]


def test_change_create_and_delete_by_cim(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    get = """$s = Get-CimInstance Win32_Service -Filter "Name='app'"; """
    arguments = "@{PathName='\"C:\\x y\\z.exe\" -a'}"
    change = f"(Invoke-CimMethod -InputObject $s -MethodName Change -Arguments {arguments}).ReturnValue"
    assert run(get + change).values == [0]
    assert host.scm.config("app").image_path == '"C:\\x y\\z.exe" -a'
    bad = "($s | Invoke-CimMethod -MethodName Change -Arguments @{StartMode='Auto'}).ReturnValue"
    assert run(get + bad).values == [21]
    wrong_account = "($s | Invoke-CimMethod -MethodName Change -Arguments @{StartName='.\\nobody'}).ReturnValue"
    assert run(get + wrong_account).values == [22]
    create = """(Invoke-CimMethod -ClassName Win32_Service -MethodName Create -Arguments @{
        Name='made'; DisplayName='Made'; PathName='C:\\svc\\app.exe'; ServiceType=[byte]16; ErrorControl=[byte]1;
        StartMode='Manual'; DesktopInteract=$false }).ReturnValue"""
    assert run(create).values == [0]
    assert run(create).values == [23]
    assert run(get + "($s | Invoke-CimMethod -MethodName StartService).ReturnValue").values == [10]
    assert run(get + "($s | Invoke-CimMethod -MethodName Delete).ReturnValue").values == [0]
    assert run(get + "($s | Invoke-CimMethod -MethodName Delete).ReturnValue").values == [16]
    assert run(get + "($s | Invoke-CimMethod -MethodName StopService).ReturnValue").values == [0]
    assert host.scm.wait_for("app", State.STOPPED, 5) or host.scm.find("app") is None


def test_other_cim_classes(host: WindowsHost, run: Script) -> None:
    os = run("$o = Get-CimInstance Win32_OperatingSystem; $o.BuildNumber; $o.Version; $o.LastBootUpTime -is [datetime]")
    assert os.texts == ["20348", "10.0.20348", "True"]
    free = run("""(Get-CimInstance Win32_LogicalDisk -Filter "DeviceID='C:'").FreeSpace""").values
    assert free == [host.fs.drives["C"].free]
    script = """$p = Get-CimInstance Win32_Process -Filter "Name='services.exe'"; $p.ProcessId; $p.CreationDate"""
    pid, created = run(script).values
    assert pid == host.services_process.pid
    assert isinstance(created, DateTime)
    assert "Win32_Fan" in refused(host, "Get-CimInstance Win32_Fan")
    assert "ThreadCount" in refused(host, "(Get-CimInstance Win32_Process).ThreadCount")
    assert "ComputerName" in refused(host, "Get-CimInstance Win32_Process -ComputerName x")


def test_processes(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    path = install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    pid = host.scm.query("app").pid
    shown = run(f"$p = Get-Process -Id {pid}; $p.ProcessName; $p.Path; $p.MainModule.FileName; $p.HasExited")
    assert shown.texts == ["app", path, path, "False"]
    assert run("Get-Process -Id 99996").errors == [
        "NoProcessFoundForGivenId,Microsoft.PowerShell.Commands.GetProcessCommand"
    ]
    assert run("Get-Process nothing").errors == [
        "NoProcessFoundForGivenName,Microsoft.PowerShell.Commands.GetProcessCommand"
    ]
    gone = run(f"$p = Get-Process -Id {pid}; Stop-Process -Id {pid} -Force; $p.WaitForExit(1000); $p.HasExited")
    assert gone.values == [True, True]
    assert host.scm.query("app").state is State.STOPPED
    assert run("Stop-Process -Id 4").errors == ["CouldNotStopProcess,Microsoft.PowerShell.Commands.StopProcessCommand"]


def test_events(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(config={"image_path": "C:\\nowhere.exe"})
    run("Start-Service app -ErrorAction SilentlyContinue")
    script = """$e = Get-WinEvent -FilterHashtable @{
            LogName='System'; ProviderName='Service Control Manager'; Id=7000,7009}
        $e.Id; $e.LevelDisplayName; $e.Properties[0].Value; $e.Properties[1].Value; $e.Message"""
    assert run(script).texts == [
        "7000",
        "Error",
        "The app",
        "%%2",
        "The The app service failed to start due to the following error: \r\n"
        "The system cannot find the file specified.",
    ]
    none = "Get-WinEvent -FilterHashtable @{LogName='System'; Id=7031}"
    assert run(none).errors == ["NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"]
    later = "Get-WinEvent -FilterHashtable @{LogName='System'; Id=7000; StartTime=[datetime]'2100-01-01'}"
    assert run(later).errors == ["NoMatchingEventsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"]
    assert run("Get-WinEvent -LogName Nothing").errors == [
        "NoMatchingLogsFound,Microsoft.PowerShell.Commands.GetWinEventCommand"
    ]
    assert "the key data" in refused(host, "Get-WinEvent -FilterHashtable @{LogName='System'; Data='x'}")


def test_sc_query(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    lines = run("sc.exe queryex app; $LASTEXITCODE").texts
    assert lines == [
        "",
        "SERVICE_NAME: app ",
        "        TYPE               : 10  WIN32_OWN_PROCESS  ",
        "        STATE              : 4  RUNNING ",
        "                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)",
        "        WIN32_EXIT_CODE    : 0  (0x0)",
        "        SERVICE_EXIT_CODE  : 0  (0x0)",
        "        CHECKPOINT         : 0x0",
        "        WAIT_HINT          : 0x0",
        f"        PID                : {host.scm.query('app').pid}",
        "        FLAGS              : ",
        "0",
    ]
    assert run("sc.exe query nothing; $LASTEXITCODE").texts == [
        "[SC] EnumQueryServicesStatus:OpenService FAILED 1060:",
        "",
        "The specified service does not exist as an installed service.",
        "",
        "1060",
    ]


def test_sc_config_failure_and_security(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install(config={"start": 3})
    run("sc.exe config app start= delayed-auto depend= EventLog/RpcSs")
    config = host.scm.config("app")
    assert (config.start, config.delayed, config.dependencies) == (2, True, ("EventLog", "RpcSs"))
    run("sc.exe config app start= auto depend= /")
    assert (host.scm.config("app").delayed, host.scm.config("app").dependencies) == (False, ())
    run("sc.exe failure app reset= 86400 actions= restart/5000/restart/30000//0; sc.exe failureflag app 1")
    failure = host.scm.config("app").failure
    assert failure is not None
    assert failure.actions == ((Action.RESTART, 5000), (Action.RESTART, 30000), (Action.NONE, 0))
    assert host.scm.config("app").failure_flag
    assert run("sc.exe sdset app 'D:(A;;CC;;;SY)'; sc.exe sdshow app").texts == [
        "[SC] SetServiceObjectSecurity SUCCESS",
        "",
        "D:(A;;CC;;;SY)",
    ]
    run("""sc.exe failure app reset= 0 actions= '""'""")
    emptied = host.scm.config("app").failure
    assert emptied is not None
    assert emptied.actions == ()
    assert "wrong use" in refused(host, "sc.exe config app start=auto")


def test_sc_start_stop_create_delete(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    path = install()
    assert run(f"sc.exe create made binPath= {path} start= demand; $LASTEXITCODE").texts[-1] == "0"
    assert run("sc.exe start made; $LASTEXITCODE").texts[-1] == "0"
    assert host.scm.wait_for("made", State.RUNNING, 5)
    assert run("sc.exe start made; $LASTEXITCODE").texts[-1] == "1056"
    assert run("sc.exe stop made; $LASTEXITCODE").texts[-1] == "0"
    assert host.scm.wait_for("made", State.STOPPED, 5)
    assert run("sc.exe stop made; $LASTEXITCODE").texts[-1] == "1062"
    assert run("sc.exe delete made; $LASTEXITCODE").texts == ["[SC] DeleteService SUCCESS", "0"]
    assert run("sc.exe delete made; $LASTEXITCODE").texts[-1] == "1060"


def test_a_waiting_script_can_be_stopped(host: WindowsHost, install: Callable[..., str]) -> None:
    install(never_starts=True)
    stop = threading.Event()
    result = Result()
    outcomes: list[Any] = []
    thread = threading.Thread(
        target=lambda: outcomes.append(Runspace(host).run([CommandSpec("Start-Service app")], None, result, stop))
    )
    thread.start()
    stop.set()
    thread.join(5)
    assert outcomes
    assert outcomes[0].state == "Stopped"


def test_the_older_wmi_objects(host: WindowsHost, run: Script, install: Callable[..., str]) -> None:
    install()
    script = """$s = Get-WmiObject Win32_Service -Filter "Name='app'"
        $s.State; $s.StartService().ReturnValue; $s.StartService().ReturnValue
        (gwmi -Query "select * from Win32_Service where Name = 'app'").Started"""
    assert run(script).texts == ["Stopped", "0", "10", "True"]
    boot = "$o = Get-WmiObject Win32_OperatingSystem; $o.ConvertToDateTime($o.LastBootUpTime) -is [datetime]"
    assert run(boot).values == [True]
    assert "__PATH" in refused(host, "(Get-WmiObject Win32_OperatingSystem).__PATH")


def test_the_shell_has_a_process(host: WindowsHost, run: Script) -> None:
    assert run("(Get-Process -Id $PID).ProcessName").texts == ["wsmprovhost"]
    assert "its own shell" in refused(host, "Stop-Process -Id $PID -Force")


def test_a_script_dies_with_its_machine(host: WindowsHost, install: Callable[..., str]) -> None:
    from fleetdeploy.lab.windows.ownership import acting_as

    install(start=True)
    assert host.scm.wait_for("app", State.RUNNING, 5)
    host.fs.mkdir("C:\\d")
    result = Result()
    outcomes: list[Any] = []
    text = """sc.exe stop app; $n = 0
        try { while ($true) { try { sc.exe query app | Out-Null; $n++ } catch { } } }
        finally { sc.exe config app start= disabled }"""

    def work() -> None:
        with acting_as("shell"):
            outcomes.append(Runspace(host).run([CommandSpec(text)], None, result, threading.Event()))

    host.faults.add("reboot", pattern="^stop app$")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert outcomes
    assert outcomes[0].state == "Stopped"
    assert host.scm.wait_for("app", State.RUNNING, 5)
    assert host.scm.config("app").start == 2
    assert host.boots == 2
