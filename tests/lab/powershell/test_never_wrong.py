"""What Windows has and the lab has not is refused: a script must never hear that it does not exist."""

from __future__ import annotations

import threading

import pytest

from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.powershell.runtime import cmdlet_modules, known_commands
from tests.lab.powershell.recorded import ROOT, Recorder, make_machine

MACHINE = make_machine()
REFUSED = {
    "a command of a module": "Get-VpnConnection",
    "a program": "netsh advfirewall show allprofiles",
    "a type of a namespace below System": "[Web.HttpUtility]::UrlEncode('a')",
    "a type of the namespace System": "[TimeZoneInfo]::Local.Id",
    "a type for New-Object": "New-Object Collections.SortedList",
    "a static property": "[regex]::CacheSize",
    "a method of a closed type": "'abc'.IsNormalized()",
    "an overload with more arguments": "[array]::IndexOf((1, 2), 2, 0)",
    "a property of an exception": "try { [IO.File]::OpenRead('C:\\n') } catch { $_.Exception.InnerException.FileName }",
    "the stack of a thrown error": "try { throw 'x' } catch { $_.ScriptStackTrace }",
    "the defaults of parameters": "$PSDefaultParameterValues['Get-Item:Force'] = $true",
    "a function of the session as an item": "Get-Item function:mkdir",
    "a list of all functions": "Get-ChildItem function:",
    "a parameter": "Invoke-Command { 1 } -ThrottleLimit 3",
    "an address that nobody knows": "Test-Connection nowhere.example -Quiet",
    "a shell of cmd": "cmd /c dir",
    "the room in a list": "(New-Object Collections.ArrayList).Capacity",
}
MISSING = {
    "Get-NoSuchThing": "CommandNotFoundException",
    "[NoSuchType]": "TypeNotFound",
    "'abc'.NoSuchMethod()": "MethodNotFound",
    "'abc'.Substring()": "MethodCountCouldNotFindBest",
    "Import-Module NoSuchModule": "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
}


def run(script: str) -> tuple[Recorder, object]:
    recorder = Recorder()
    runspace = Runspace(MACHINE, variables={"root": ROOT})
    return recorder, runspace.run([CommandSpec(script)], None, recorder, threading.Event())


@pytest.mark.parametrize("what", REFUSED)
def test_what_exists_is_refused(what: str) -> None:
    recorder, outcome = run(REFUSED[what])
    assert outcome.not_simulated is not None, (recorder.output_values, recorder.errors)  # type: ignore[attr-defined]


@pytest.mark.parametrize("script", MISSING)
def test_what_does_not_exist_is_an_error(script: str) -> None:
    recorder, outcome = run(script)
    assert outcome.not_simulated is None  # type: ignore[attr-defined]
    ended = outcome.error  # type: ignore[attr-defined]
    assert [one["id"] for one in recorder.errors] + ([ended.error_id] if ended else []) == [MISSING[script]]


def test_a_parameter_of_other_commands_is_not_taken() -> None:
    recorder, outcome = run("Test-Path C:\\ -Force")
    assert outcome.not_simulated is not None  # type: ignore[attr-defined]
    assert not recorder.output_values


def test_each_command_with_a_module_is_known_to_windows() -> None:
    names = [name for name in cmdlet_modules._BY_NAME if "-" in name]
    assert len(names) > 90
    assert not [name for name in names if not known_commands.exists_on_windows(name)]
