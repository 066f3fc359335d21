"""Calls of cmdlets, by name or alias, held against what 5.1 and 4.0 have.

Sources: ``commands.json.gz`` (command_table.py says of what it is made), ``newer_commands.py``, about_Aliases,
about_Command_Precedence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.aliases import ALIASES, CONFUSED
from fleetdeploy.powershell_rules.command_table import COMMON_ALIASES, commands, common, constants_in
from fleetdeploy.powershell_rules.findings import VERSIONS, Note
from fleetdeploy.powershell_rules.newer_commands import ALIASES_OF_PARAMETERS, PARAMETERS_SINCE_6, SINCE_5, SINCE_6
from fleetdeploy.powershell_rules.script import PROGRAM_ENDINGS, Call, Script

_INSTEAD = {
    "test-json": "try { ConvertFrom-Json -InputObject $text } catch { ... }",
    "join-string": "[string]::Join(', ', [string[]]$parts)",
    "remove-service": "& sc.exe delete $name, and look at $LASTEXITCODE",
    "get-uptime": "[Diagnostics.Stopwatch]::GetTimestamp(), or Win32_OperatingSystem's LastBootUpTime",
    "get-error": "$_.Exception in a catch block",
    "new-guid": "[guid]::NewGuid()",
    "new-temporaryfile": "[IO.Path]::GetTempFileName()",
    "get-itempropertyvalue": "(Get-Item -LiteralPath $key).GetValue($name)",
    "compress-archive": "System.IO.Compression by Add-Type",
    "expand-archive": "System.IO.Compression by Add-Type",
    "write-information": "a field of the JSON answer",
    "start-threadjob": "a plain loop: hosts are worked on in parallel",
    "mkdir": "[void][IO.Directory]::CreateDirectory($path)",
}
_INSTEAD_OF_PARAMETER = {
    "asbytestream": "[IO.File]::ReadAllBytes($path)",
    "parallel": "a plain loop: hosts are worked on in parallel",
    "throttlelimit": "a plain loop: hosts are worked on in parallel",
    "ashashtable": "the object's properties ($x.PSObject.Properties)",
    "skipcertificatecheck": "[Net.WebRequest], and a certificate that the host trusts",
    "skiphttperrorcheck": "try { ... } catch [Net.WebException] { $_.Exception.Response }",
    "nonewline": "[IO.File]::WriteAllText($path, $text)",
    "depth": "for Get-ChildItem a loop of your own; ConvertFrom-Json reads every depth",
    "leafbase": "[IO.Path]::GetFileNameWithoutExtension($path)",
    "extension": "[IO.Path]::GetExtension($path)",
}


def _systems(versions: tuple[str, ...]) -> str:
    names = {"5.1": "5.1", "4.0": "4.0 (Windows Server 2012 R2)"}
    return " and ".join(names[version] for version in VERSIONS if version in versions)


def find_aliases(script: Script) -> Iterator[Note]:
    """Calls by an alias. A function of that name does not help: an alias comes first (about_Command_Precedence)."""
    for call in script.calls:
        if call.name in ALIASES and call.name not in CONFUSED:
            why = f"{call.shown} is an alias of {ALIASES[call.name]}: anybody's profile or module may change it"
            yield Note(call.node.extent, why, f"write {ALIASES[call.name]}")


def find_confused(script: Script) -> Iterator[Note]:
    """Calls by an alias that looks like a program."""
    for call in script.calls:
        if call.name in CONFUSED:
            command = ALIASES[call.name]
            why = f"{call.shown} is {command} here and the program {call.name}.exe elsewhere"
            yield Note(call.node.extent, why, f"write {command}, or {call.name}.exe if that is meant")


def _has(version: str, name: str) -> bool:
    """Whether a version has a command. The pages for 5.1 leave out modules of servers, which 4.0's do not."""
    return name in commands(version) or (version == "5.1" and name in commands("4.0"))


def _meant(script: Script) -> Iterator[Call]:
    """Calls of cmdlets by their own names, and by aliases of those."""
    yield from script.cmdlet_calls
    for call in script.calls:
        meant = ALIASES.get(call.name, "").lower()
        if any(meant in commands(version) for version in VERSIONS):
            yield replace(call, name=meant)


def _asked_for(script: Script) -> frozenset[str]:
    """Names that the script asks ``Get-Command`` about: it will not call them where they are not."""
    return frozenset(
        text.lower() for call in script.calls if call.name == "get-command" for text in constants_in(call.node)
    )


def find_unknown(script: Script) -> Iterator[Note]:
    """Commands that a version does not have."""
    guarded = _asked_for(script)
    for call in _meant(script):
        lacking = tuple(v for v in script.versions if not _has(v, call.name))
        if not lacking or call.name in guarded or not _is_command_name(call.name):
            continue
        sure = call.name in SINCE_6 or (call.name in SINCE_5 and lacking == ("4.0",))
        where = f"in {_systems(lacking)}, and no function of that name in the script"
        message = f"there is no command {call.shown} {where}"
        instead = "define the function in the script or its parts, or use a command that both versions have"
        if not sure:
            message += ": only a host that has its module has it"
        if call.name in _INSTEAD:
            instead = f"write {_INSTEAD[call.name]}"
        yield Note(call.node.extent, message, instead, sure)


def _is_command_name(name: str) -> bool:
    return "-" in name and not any(sign in name for sign in "\\/:") and not name[:1].isdigit()


def find_bare_names(script: Script) -> Iterator[Note]:
    """Names that are no command's: programs without their ending, files of scripts."""
    for call in script.calls:
        ended = call.name.endswith(PROGRAM_ENDINGS)
        if ended or call.name in script.functions or call.name in ALIASES or _is_command_name(call.name):
            continue
        # 0b11 and clean { } are newer syntax, which has a rule of its own.
        if call.name[:1].isdigit() or call.name == "clean" or any(_has(v, call.name) for v in script.versions):
            continue
        instead = _INSTEAD.get(call.name) or f"{call.shown}.exe if it is a program, a function of the script if not"
        message = f"{call.shown} is no command of {_systems(script.versions)}, and no function of the script"
        yield Note(call.node.extent, message, f"write {instead}")


def find_parameters(script: Script) -> Iterator[Note]:
    """Parameters that a version does not have."""
    for call in _meant(script):
        versions = tuple(v for v in script.versions if call.name in commands(v))
        for element in call.arguments:
            if not isinstance(element, ast.CommandParameter):
                continue
            name = element.parameter_name.lower()
            if name in COMMON_ALIASES or _is_other_name(call, name):
                continue
            lacking = tuple(v for v in versions if not _takes(v, call.name, name))
            if lacking:
                newer = "5.1" not in lacking and _takes("5.1", call.name, name)
                instead = _INSTEAD_OF_PARAMETER.get(name)
                yield Note(
                    element.extent,
                    f"{call.shown} has no parameter -{element.parameter_name} in {_systems(lacking)}",
                    f"write {instead}" if instead else "do without it",
                    sure=newer or name in PARAMETERS_SINCE_6.get(call.name, ()),
                )


def _takes(version: str, command: str, parameter: str) -> bool:
    known = commands(version).get(command)
    return known is not None and any(k.startswith(parameter) for k in known.parameters | common(version))


def _is_other_name(call: Call, parameter: str) -> bool:
    if parameter in ALIASES_OF_PARAMETERS.get(call.name, ()):
        return True
    literal = any("literalpath" in known.parameters for v in VERSIONS if (known := commands(v).get(call.name)))
    return literal and parameter in ("pspath", "lp")
