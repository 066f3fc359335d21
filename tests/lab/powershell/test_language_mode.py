"""ConstrainedLanguage hosts: what is refused, with which error, and what goes on working."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from fleetdeploy.lab.powershell.engine import CommandSpec, Outcome, Runspace
from fleetdeploy.lab.powershell.runtime.language_mode import is_core
from fleetdeploy.lab.powershell.types import resolve
from tests.lab.powershell import machine

METHOD = "MethodInvocationNotSupportedInConstrainedLanguage"
SETTER = "PropertySetterNotSupportedInConstrainedLanguage"
CONVERSION = "ConversionSupportedOnlyToCoreTypes"
CREATE = "CannotCreateTypeConstrainedLanguage"


@pytest.fixture(scope="module")
def locked_down() -> Any:
    host = machine.fresh("C:\\work")
    host.language_mode = "ConstrainedLanguage"
    return host


def run(host: Any, script: str) -> tuple[list[Any], list[Any], Outcome]:
    out: list[Any] = []
    errors: list[Any] = []
    silent = dict.fromkeys(("warning", "verbose", "debug", "information", "progress"), lambda *_, **__: None)
    sink = SimpleNamespace(output=out.append, error=errors.append, **silent)
    outcome = Runspace(host).run([CommandSpec(script)], None, sink, threading.Event())
    return out, errors, outcome


REFUSED = [
    ("[Math]::Pow(2, 10)", METHOD, "InvalidOperation"),
    ("[IO.File]::ReadAllBytes('C:\\x')", METHOD, "InvalidOperation"),
    ("[object]::Equals('A', 'B')", METHOD, "InvalidOperation"),
    ("[Text.Encoding]::UTF8.GetBytes('x')", METHOD, "InvalidOperation"),
    ("$type = [IO.Path]; $name = 'GetTempPath'; $type::$name()", METHOD, "InvalidOperation"),
    ("(Get-Process -Id $PID).Kill()", METHOD, "InvalidOperation"),
    ("([ordered]@{a = 1}).Contains('a')", METHOD, "InvalidOperation"),
    ("'x'.GetType().GetProperty('Length')", METHOD, "InvalidOperation"),
    ("{ 1 }.Invoke()", METHOD, "InvalidOperation"),
    ("[scriptblock]::Create('1')", METHOD, "InvalidOperation"),
    ("@(1).Where{ [IO.Path]::GetTempPath() }", METHOD, "InvalidOperation"),
    ("(Get-Process).ForEach('Refresh')", METHOD, "InvalidOperation"),
    ("try { throw 'x' } catch { $_.Exception.GetBaseException() }", METHOD, "InvalidOperation"),
    ("[Collections.ArrayList]::new()", CREATE, "InvalidOperation"),
    ("[Text.StringBuilder]::new('x').Append('y')", CREATE, "InvalidOperation"),
    ("[Net.ServicePointManager]::SecurityProtocol = 'Tls12'", SETTER, "InvalidOperation"),
    ("$ExecutionContext.SessionState.LanguageMode = 'FullLanguage'", SETTER, "InvalidOperation"),
    ("(Get-Item C:\\work).Attributes = 'Hidden'", SETTER, "InvalidOperation"),
    ("[pscustomobject]@{a = 1}", CONVERSION, "InvalidArgument"),
    ("[pscustomobject]'x'", CONVERSION, "InvalidArgument"),
    ("[IO.FileInfo]'C:\\x'", CONVERSION, "InvalidArgument"),
    ("[type]'int'", CONVERSION, "InvalidArgument"),
    ("[scriptblock]'1'", CONVERSION, "InvalidArgument"),
    ("[Collections.ArrayList]@(1, 2)", CONVERSION, "InvalidArgument"),
    ("New-Object IO.MemoryStream", f"{CREATE},Microsoft.PowerShell.Commands.NewObjectCommand", "PermissionDenied"),
    (
        "Add-Type -TypeDefinition 'public class X {}'",
        "CannotDefineNewType,Microsoft.PowerShell.Commands.AddTypeCommand",
        "PermissionDenied",
    ),
    (
        "Add-Type -Name W -MemberDefinition 'public int x;'",
        "CannotDefineNewType,Microsoft.PowerShell.Commands.AddTypeCommand",
        "PermissionDenied",
    ),
    (
        "Get-Process | ForEach-Object -MemberName Refresh",
        f"{METHOD},Microsoft.PowerShell.Commands.ForEachObjectCommand",
        "InvalidOperation",
    ),
    (
        "Invoke-Expression '[object]::Equals(1, 2)'",
        f"{METHOD},Microsoft.PowerShell.Commands.InvokeExpressionCommand",
        "InvalidOperation",
    ),
]


@pytest.mark.parametrize(("script", "error_id", "category"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused(locked_down: Any, script: str, error_id: str, category: str) -> None:
    before = f"try {{ {script} }} catch {{ $_.FullyQualifiedErrorId; $_.CategoryInfo.Category.ToString() }}"
    out, errors, outcome = run(locked_down, before)
    if errors:  # written, not thrown: ForEach-Object goes on
        assert errors[0].error_id == error_id
        return
    assert outcome.not_simulated is None
    assert out == [error_id, category]


ALLOWED = [
    ("$ExecutionContext.SessionState.LanguageMode.ToString()", ["ConstrainedLanguage"]),
    ("[string]::Join('-', 1, 2)", ["1-2"]),
    ("'abc'.Substring(1).ToUpper()", ["BC"]),
    ("[regex]::Escape('a.b'); ([regex]'b').Replace('abc', '-')", ["a\\.b", "a-c"]),
    ("(Get-Date '2026-01-02').AddDays(1).ToString('yyyy-MM-dd')", ["2026-01-03"]),
    ("[datetime]::ParseExact('02.01.2026', 'dd.MM.yyyy', $null).Day", [2]),
    ("@{a = 1}.ContainsKey('a')", [True]),
    ("([xml]'<a b=\"1\"/>').a.b", ["1"]),
    ("[version]::Parse('1.2').Minor; [int]::Parse('7'); [guid]::Empty.ToString().Length", [2, 7, 36]),
    ("[Environment]::MachineName", ["WEB01"]),
    ("[DayOfWeek]::Friday.CompareTo([DayOfWeek]::Monday)", [1]),
    ("[byte[]](1, 2)", [1, 2]),
    ("$o = New-Object PSObject -Property @{a = 1}; $o.a = 2; $o.a", [2]),
    ("$t = [ordered]@{b = 1; a = 2}; $t.Keys -join ','", ["b,a"]),
    ("(1234 -as [IO.FileInfo]) -eq $null; '5' -as [int]", [True, 5]),
    ("[IO.FileInfo](Get-Item C:\\Windows\\System32\\cmd.exe) | ForEach-Object { $_.Name }", ["cmd.exe"]),
    ("[Collections.ArrayList]$null -eq $null", [True]),
    ("(Get-Item C:\\work).ToString()", ["C:\\work"]),
    ("New-Object System.String 'Hello'", ["Hello"]),
    ("@(1, 2, 3).Where{ $_ -gt 1 }.Count; (1, 2).ForEach{ $_ * 2 }", [2, 2, 4]),
    ("'a', 'b' | ForEach-Object ToUpper", ["A", "B"]),
    ("function f([string] $x, [int] $n = 1, [switch] $s) { \"$x$n$s\" }; f y -n '3' -s", ["y3True"]),
    ("[int] $n = '4'; $n + 1", [5]),
    ("$null = [void](1); (Get-Process -Id $PID).Id -eq $PID", [True]),
]


@pytest.mark.parametrize(("script", "output"), ALLOWED, ids=[row[0] for row in ALLOWED])
def test_what_goes_on_working(locked_down: Any, script: str, output: list[Any]) -> None:
    out, errors, outcome = run(locked_down, script)
    assert (errors, outcome.error, outcome.not_simulated) == ([], None, None)
    assert out == output


@pytest.mark.parametrize(
    "script",
    [
        "function f([IO.FileInfo] $x) { $x.Name }; f 'C:\\x'",
        "[Collections.ArrayList] $list = 1, 2",
        "Add-Type -AssemblyName System.IO.Compression",
    ],
)
def test_what_no_record_tells_is_not_simulated(locked_down: Any, script: str) -> None:
    assert run(locked_down, script)[2].not_simulated is not None
    locked_down.not_simulated.clear()


def test_a_full_language_host_refuses_none_of_it() -> None:
    host = machine.fresh("C:\\work")
    out, errors, outcome = run(
        host, "[Math]::Pow(2, 10); ([pscustomobject]@{a = 1}).a; [Collections.ArrayList]::new().Add(1)"
    )
    assert (out, errors, outcome.state) == ([1024.0, 1, 0], [], "Completed")
    for script in ("Add-Type -TypeDefinition 'x'", "$ExecutionContext.SessionState.LanguageMode = 'NoLanguage'"):
        assert run(host, script)[2].not_simulated is not None


def test_core_types_by_their_names() -> None:
    for name, core in {"int": True, "int[]": True, "object": False, "object[]": True, "io.fileinfo[]": False}.items():
        kind = resolve(name)
        assert kind is not None
        assert is_core(kind) is core
