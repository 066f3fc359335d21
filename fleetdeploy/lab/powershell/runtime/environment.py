"""What a fresh runspace holds: preference and automatic variables, environment variables of the simulated host.

Facts of the host come from `machine`; without one (pure language tests) neutral values. Must not hold behaviour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import convert, method_calls, types
from fleetdeploy.lab.powershell.dotnet.remoting_host import INTERNAL_HOST, HostPart
from fleetdeploy.lab.powershell.runtime.scope import Variable
from fleetdeploy.lab.powershell.values import Hashtable, Version

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.engine import Runspace

_ACTION = "System.Management.Automation.ActionPreference"


def initial_environment(machine: Any) -> dict[str, tuple[str, str]]:
    name = "HOST" if machine is None else str(machine.name).upper()
    pairs = {
        "ALLUSERSPROFILE": r"C:\ProgramData",
        "APPDATA": r"C:\Users\Administrator\AppData\Roaming",
        "CommonProgramFiles": r"C:\Program Files\Common Files",
        "CommonProgramFiles(x86)": r"C:\Program Files (x86)\Common Files",
        "CommonProgramW6432": r"C:\Program Files\Common Files",
        "COMPUTERNAME": name,
        "ComSpec": r"C:\Windows\system32\cmd.exe",
        "HOMEDRIVE": "C:",
        "LOCALAPPDATA": r"C:\Users\Administrator\AppData\Local",
        "NUMBER_OF_PROCESSORS": "4",
        "OS": "Windows_NT",
        "Path": r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem;C:\Windows\System32\WindowsPowerShell\v1.0"
        "\\",
        "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC;.CPL",
        "PROCESSOR_ARCHITECTURE": "AMD64",
        "ProgramData": r"C:\ProgramData",
        "ProgramFiles": r"C:\Program Files",
        "ProgramFiles(x86)": r"C:\Program Files (x86)",
        "ProgramW6432": r"C:\Program Files",
        "PUBLIC": r"C:\Users\Public",
        "SystemDrive": "C:",
        "SystemRoot": r"C:\Windows",
        "TEMP": r"C:\Users\Administrator\AppData\Local\Temp",
        "TMP": r"C:\Users\Administrator\AppData\Local\Temp",
        "USERDOMAIN": name,
        "USERNAME": "Administrator",
        "USERPROFILE": r"C:\Users\Administrator",
        "windir": r"C:\Windows",
    }
    return {key.lower(): (key, value) for key, value in pairs.items()}


def version_table(version: str, build: int) -> Hashtable:
    """$PSVersionTable of Windows PowerShell 5.1 or 4.0."""
    table = Hashtable()
    if version.startswith("4"):
        full = Version(4, 0)
        compatible = [Version(1, 0), Version(2, 0), Version(3, 0), Version(4, 0)]
        table.set("PSVersion", full)
        table.set("WSManStackVersion", Version(3, 0))
        table.set("SerializationVersion", Version(1, 1, 0, 1))
        table.set("CLRVersion", Version(4, 0, 30319, 42000))
        table.set("BuildVersion", Version(6, 3, build, 17400))
    else:
        full = Version(5, 1, build, 1)
        compatible = [Version(1, 0), Version(2, 0), Version(3, 0), Version(4, 0), Version(5, 0), full]
        table.set("PSVersion", full)
        table.set("PSEdition", "Desktop")
        table.set("WSManStackVersion", Version(3, 0))
        table.set("SerializationVersion", Version(1, 1, 0, 1))
        table.set("CLRVersion", Version(4, 0, 30319, 42000))
        table.set("BuildVersion", Version(10, 0, build, 1))
    kind = types.resolve("version[]")
    from fleetdeploy.lab.powershell.values import PSArray

    array = PSArray(compatible)
    table.set("PSCompatibleVersions", array if kind is None else convert.to_type(array, kind))
    table.set("PSRemotingProtocolVersion", Version(2, 3 if version.startswith("5") else 2))
    return table


def fill(runspace: Runspace, variables: dict[str, Any]) -> None:
    """Put the initial variables into the global scope."""
    scope = runspace.global_scope
    scope.script = None
    action = types.resolve(_ACTION)

    def preference(name: str, value: str) -> None:
        text: Any = value if action is None else convert.to_type(value, action)
        scope.set(name, text)
        if action is not None:  # these variables of the global scope are typed: 'Stop' becomes ActionPreference.Stop
            scope.variables[name.lower()].constraints = (lambda value: convert.to_type(value, action),)

    preference("ErrorActionPreference", "Continue")
    preference("WarningPreference", "Continue")
    preference("VerbosePreference", "SilentlyContinue")
    preference("DebugPreference", "SilentlyContinue")
    preference("InformationPreference", "SilentlyContinue")
    preference("ProgressPreference", "Continue")
    impact = types.resolve("System.Management.Automation.ConfirmImpact")
    scope.set("ConfirmPreference", "High" if impact is None else convert.to_type("High", impact))
    scope.set("WhatIfPreference", False)
    build = 20348 if runspace.machine is None else runspace.machine.os_build
    constant = frozenset({"constant", "allscope"})
    for name, value in (
        ("PSVersionTable", version_table(runspace.version, build)),
        ("Error", runspace.errors),
        ("PID", 4242 if runspace.machine is None else runspace.machine.shell_process.pid),
        ("PSHOME", r"C:\Windows\System32\WindowsPowerShell\v1.0"),
        ("HOME", r"C:\Users\Administrator"),
        ("PSCulture", "en-US"),
        ("PSUICulture", "en-US"),
        ("ShellId", "Microsoft.PowerShell"),
        ("Host", HostPart(INTERNAL_HOST, runspace.version, build)),
    ):
        scope.variables[name.lower()] = Variable(name, value, options=constant)
    from fleetdeploy.lab.powershell.values import PSArray

    scope.set("args", PSArray([]))
    scope.set("PSScriptRoot", "")
    scope.set("PSCommandPath", "")
    scope.set("MaximumErrorCount", 256)
    scope.set("StackTrace", "")
    for name in ("Alias", "Drive", "Function", "History", "Variable"):
        scope.set(f"Maximum{name}Count", 4096)
    scope.set("FormatEnumerationLimit", 4)
    scope.set("NestedPromptLevel", 0)
    scope.set("ConsoleFileName", "")
    scope.set("PSEmailServer", "")
    scope.set("ErrorView", "NormalView")
    scope.set("PSSessionApplicationName", "wsman")
    scope.set("PSSessionConfigurationName", "http://schemas.microsoft.com/powershell/Microsoft.PowerShell")
    encoding = types.resolve("System.Text.Encoding")
    scope.set("OutputEncoding", None if encoding is None else method_calls.get_static(encoding, "ASCII", None))
    for name, value in variables.items():
        scope.set(name, value)
