"""What a freshly installed Windows Server holds: directories, system programs, registry, services, processes.

Decides only what there is at the beginning; just enough for what scripts look at. Called once per host.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from . import blobs, pe
from .scm_registry import CONTROL, write
from .service import SHARE_PROCESS, ServiceConfig, StartType

if TYPE_CHECKING:
    from .host import WindowsHost

__all__ = ["OS_NAMES", "SYSTEM32", "boot_processes", "furnish"]

SYSTEM32 = "C:\\Windows\\System32"
OS_NAMES = {
    9600: ("Windows Server 2012 R2", "6.3.9600"),
    14393: ("Windows Server 2016", "10.0.14393"),
    17763: ("Windows Server 2019", "10.0.17763"),
    20348: ("Windows Server 2022", "10.0.20348"),
    26100: ("Windows Server 2025", "10.0.26100"),
}
_PROGRAMS = (
    "svchost.exe",
    "services.exe",
    "cmd.exe",
    "sc.exe",
    "hostname.exe",
    "whoami.exe",
    "lsass.exe",
    "wininit.exe",
)
_DIRECTORIES = (
    "C:\\Program Files",
    "C:\\Program Files (x86)",
    "C:\\ProgramData",
    "C:\\Users\\Public",
    "C:\\Users\\Administrator\\AppData\\Local\\Temp",
    "C:\\Users\\Administrator\\Documents",
    "C:\\Windows\\Temp",
    f"{SYSTEM32}\\drivers\\etc",
    f"{SYSTEM32}\\WindowsPowerShell\\v1.0",
)
_SVCHOST = f"{SYSTEM32}\\svchost.exe"
_SERVICES = (
    ("EventLog", "Windows Event Log", StartType.AUTO, "LocalServiceNetworkRestricted", "NT AUTHORITY\\LocalService"),
    ("RpcSs", "Remote Procedure Call (RPC)", StartType.AUTO, "rpcss", "NT AUTHORITY\\NetworkService"),
    ("LanmanServer", "Server", StartType.AUTO, "netsvcs", "LocalSystem"),
    ("Winmgmt", "Windows Management Instrumentation", StartType.AUTO, "netsvcs", "LocalSystem"),
    (
        "WinRM",
        "Windows Remote Management (WS-Management)",
        StartType.AUTO,
        "NetworkService",
        "NT AUTHORITY\\NetworkService",
    ),
    ("W32Time", "Windows Time", StartType.DEMAND, "LocalService", "NT AUTHORITY\\LocalService"),
    ("BITS", "Background Intelligent Transfer Service", StartType.DEMAND, "netsvcs", "LocalSystem"),
)
_system_program = blobs.intern(pe.make_exe(None, size=4096, go=False))


def furnish(host: WindowsHost) -> None:
    """Files, registry and services of a new machine."""
    for directory in _DIRECTORIES:
        host.fs.mkdir(directory)
    for program in _PROGRAMS:
        host.fs.put(f"{SYSTEM32}\\{program}", _system_program)
    host.fs.put(f"{SYSTEM32}\\WindowsPowerShell\\v1.0\\powershell.exe", _system_program)
    _registry(host)
    for name, display, start, group, account in _SERVICES:
        config = ServiceConfig(
            name=name,
            display_name=display,
            image_path=f"%SystemRoot%\\System32\\svchost.exe -k {group}",
            start=start,
            account=account,
            service_type=SHARE_PROCESS,
        )
        write(host.registry, config)


def _registry(host: WindowsHost) -> None:
    reg = host.registry
    caption, version = OS_NAMES.get(host.os_build, ("Windows Server", f"10.0.{host.os_build}"))
    current = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    reg.set(current, "ProductName", "String", f"{caption} {host.edition}")
    reg.set(current, "CurrentBuild", "String", str(host.os_build))
    reg.set(current, "CurrentBuildNumber", "String", str(host.os_build))
    reg.set(current, "CurrentVersion", "String", "6.3")
    if host.os_build >= 10240:
        reg.set(current, "CurrentMajorVersionNumber", "DWord", int(version.split(".")[0]))
        reg.set(current, "CurrentMinorVersionNumber", "DWord", int(version.split(".")[1]))
        reg.set(current, "UBR", "DWord", 2340)
    reg.set(current, "InstallationType", "String", "Server")
    reg.set("HKLM\\SOFTWARE\\Microsoft\\Cryptography", "MachineGuid", "String", host.machine_guid)
    engine = "HKLM\\SOFTWARE\\Microsoft\\PowerShell\\3\\PowerShellEngine"
    reg.set(
        engine,
        "PowerShellVersion",
        "String",
        f"{host.powershell}.{host.os_build}.2340" if host.powershell == "5.1" else "4.0",
    )
    ndp = "HKLM\\SOFTWARE\\Microsoft\\NET Framework Setup\\NDP\\v4\\Full"
    reg.set(ndp, "Release", "DWord", 528449 if host.os_build >= 20348 else 461814)
    environment = f"{CONTROL}\\Session Manager\\Environment"
    reg.set(
        environment,
        "Path",
        "ExpandString",
        "%SystemRoot%\\system32;%SystemRoot%;%SystemRoot%\\System32\\WindowsPowerShell\\v1.0\\",
    )
    reg.set(environment, "ComSpec", "ExpandString", "%SystemRoot%\\system32\\cmd.exe")
    reg.set(environment, "TEMP", "ExpandString", "%SystemRoot%\\TEMP")
    reg.set(environment, "TMP", "ExpandString", "%SystemRoot%\\TEMP")
    reg.set(environment, "OS", "String", "Windows_NT")
    reg.set(environment, "PROCESSOR_ARCHITECTURE", "String", "AMD64")
    reg.set(environment, "NUMBER_OF_PROCESSORS", "String", "4")
    reg.set(environment, "PATHEXT", "String", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC")
    reg.create("HKLM\\SYSTEM\\CurrentControlSet\\Services")
    computer = f"{CONTROL}\\ComputerName\\ActiveComputerName"
    reg.set(computer, "ComputerName", "String", host.name.upper())


def boot_processes(host: WindowsHost) -> None:
    """The processes that are there after boot; ``services.exe`` is the boot's identity."""
    host.processes.spawn("System", "", pid=4, parent_pid=0, protected=True)
    wininit = host.processes.spawn(f"{SYSTEM32}\\wininit.exe", "wininit.exe", protected=True)
    host.services_process = host.processes.spawn(
        f"{SYSTEM32}\\services.exe", f"{SYSTEM32}\\services.exe", parent_pid=wininit.pid, protected=True
    )
    shell = f"{SYSTEM32}\\wsmprovhost.exe"
    host.shell_process = host.processes.spawn(shell, f"{shell} -Embedding", protected=True)
    host.processes.spawn(f"{SYSTEM32}\\lsass.exe", f"{SYSTEM32}\\lsass.exe", parent_pid=wininit.pid, protected=True)


def machine_guid(seed: int, name: str) -> str:
    """The same for the same lab: derived from seed and name."""
    return str(uuid.UUID(bytes=hashlib.sha256(f"{seed}|{name.lower()}".encode()).digest()[:16], version=4))
