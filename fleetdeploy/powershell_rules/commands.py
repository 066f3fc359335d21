"""Calls of cmdlets and of the script's own functions, held against what 5.1 and 4.0 have.

Sources: ``commands.json.gz`` (command_table.py says of what it is made), about_Parameters, about_Aliases,
about_Functions ("a function without CmdletBinding puts what it does not know into $args").
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.aliases import ALIASES, GONE_IN_7
from fleetdeploy.powershell_rules.command_table import commands, common, constants_in, words_of
from fleetdeploy.powershell_rules.findings import VERSIONS, Note
from fleetdeploy.powershell_rules.script import Call, Script, constant_text, parameters_of

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
_POSITIONAL = {
    "new-object": 2,
    "where-object": 1,
    "foreach-object": 1,
    "write-host": 1,
    "write-output": 1,
    "write-error": 1,
    "write-warning": 1,
    "write-verbose": 1,
    "write-debug": 1,
    "start-sleep": 1,
}
"""How many arguments without a name are clear enough: the same since 3.0, whatever their type."""


def _systems(versions: tuple[str, ...]) -> str:
    names = {"5.1": "5.1", "4.0": "4.0 (Windows Server 2012 R2)"}
    return " and ".join(names[version] for version in VERSIONS if version in versions)


def _cmdlet_calls(script: Script) -> Iterator[Call]:
    for call in script.calls:
        if not call.is_program and call.name not in script.functions and call.name not in ALIASES:
            yield call


def find_aliases(script: Script) -> Iterator[Note]:
    """Calls by an alias."""
    for call in script.calls:
        if call.name in script.functions or call.name not in ALIASES:
            continue
        command = ALIASES[call.name]
        if call.name in GONE_IN_7:
            why = f"{call.shown} is {command} here and the program {call.name}.exe elsewhere"
        else:
            why = f"{call.shown} is an alias of {command}: anybody's profile or module may change it"
        instead = f"write {command}" + (f", or {call.name}.exe if that is meant" if call.name in GONE_IN_7 else "")
        yield Note(call.node.extent, why, instead)


def find_unknown(script: Script) -> Iterator[Note]:
    """Commands that a version does not have."""
    for call in _cmdlet_calls(script):
        lacking = tuple(v for v in script.versions if call.name not in commands(v))
        if not lacking:
            continue
        if _is_number_or_block(call):
            continue
        instead = _INSTEAD.get(call.name)
        if instead is None:
            instead = (
                "define the function in the script or its parts, or use a command that both versions have"
                if "-" in call.name
                else f"write {call.shown}.exe if it is a program"
            )
        message = f"there is no command {call.shown} in {_systems(lacking)}, and no function of that name in the script"
        yield Note(call.node.extent, message, f"write {instead}" if call.name in _INSTEAD else instead)


def _is_number_or_block(call: Call) -> bool:
    """``0b11`` and ``clean { }``: newer syntax, which has a rule of its own."""
    return call.name[:1].isdigit() or call.name == "clean"


def _spelling(name: str, known: dict[str, str]) -> str | None:
    """The full name of an abbreviation, if exactly one parameter begins so."""
    found = [full for lower, full in known.items() if lower.startswith(name)]
    return found[0] if len(found) == 1 else None


def find_parameters(script: Script) -> Iterator[Note]:
    """Parameters that a version does not have."""
    for call in _cmdlet_calls(script):
        versions = tuple(v for v in script.versions if call.name in commands(v))
        for element in call.arguments:
            if not isinstance(element, ast.CommandParameter):
                continue
            name = element.parameter_name.lower()
            lacking = tuple(
                v
                for v in versions
                if not any(k.startswith(name) for k in commands(v)[call.name].parameters | common(v))
            )
            if lacking and name not in _COMMON_ALIASES:
                instead = _INSTEAD_OF_PARAMETER.get(name)
                yield Note(
                    element.extent,
                    f"{call.shown} has no parameter -{element.parameter_name} in {_systems(lacking)}",
                    f"write {instead}" if instead else "do without it",
                )


_COMMON_ALIASES = {
    "ea": "ErrorAction",
    "wa": "WarningAction",
    "ev": "ErrorVariable",
    "wv": "WarningVariable",
    "ov": "OutVariable",
    "ob": "OutBuffer",
    "pv": "PipelineVariable",
    "vb": "Verbose",
    "db": "Debug",
    "infa": "InformationAction",
    "iv": "InformationVariable",
    "wi": "WhatIf",
    "cf": "Confirm",
}


def find_abbreviated(script: Script) -> Iterator[Note]:
    """Parameters that are not written in full."""
    for call in _cmdlet_calls(script):
        versions = tuple(v for v in script.versions if call.name in commands(v))
        for element in call.arguments:
            if not isinstance(element, ast.CommandParameter):
                continue
            name = element.parameter_name.lower()
            for version in versions:
                known = commands(version)[call.name].parameters | common(version)
                if name in known or not (name in _COMMON_ALIASES or any(k.startswith(name) for k in known)):
                    continue
                full = _COMMON_ALIASES.get(name) or _spelling(name, known)
                could = "" if full else f" ({', '.join(sorted(f for k, f in known.items() if k.startswith(name)))})"
                yield Note(
                    element.extent,
                    f"-{element.parameter_name} of {call.shown} is an abbreviation{could}: another version,"
                    " with another parameter that begins so, refuses it",
                    f"write -{full}" if full else "write the whole name",
                )
                break
    for call in script.calls:
        function = script.functions.get(call.name)
        if function is None:
            continue
        own = {p.name.variable_path.lower(): p.name.variable_path for p in parameters_of(function)}
        for element in call.arguments:
            if isinstance(element, ast.CommandParameter):
                name = element.parameter_name.lower()
                if name not in own and (full := _spelling(name, own)):
                    message = f"-{element.parameter_name} of {call.shown} is an abbreviation: a new parameter breaks it"
                    yield Note(element.extent, message, f"write -{full}")


def find_positional(script: Script) -> Iterator[Note]:
    """Arguments without a name, where the name is not clear."""
    for call in _cmdlet_calls(script):
        if not any(call.name in commands(v) for v in script.versions):
            continue
        allowed = _POSITIONAL.get(call.name, 0)
        rest = [node for node in words_of(call).positional if not _is_splatted(node)][allowed:]
        if rest:
            yield Note(
                rest[0].extent,
                f"{call.shown} {rest[0].extent.text} does not say which parameter is meant: that depends on the"
                " others, and on the version",
                "write the parameter's name before it",
            )


def _is_splatted(node: ast.Node) -> bool:
    return isinstance(node, ast.VariableExpression) and node.splatted


def find_paths(script: Script) -> Iterator[Note]:
    """``-Path`` where a path is meant and not a pattern."""
    for call in _cmdlet_calls(script):
        versions = [v for v in script.versions if call.name in commands(v)]
        if not versions or not all("literalpath" in commands(v)[call.name].parameters for v in versions):
            continue
        for word, value in words_of(call).named:
            name = word.parameter_name.lower()
            text = constant_text(value)
            pattern = text is not None and ("*" in text or "?" in text)
            if name in ("path", "filepath") and name in commands(versions[0])[call.name].parameters and not pattern:
                yield Note(
                    word.extent,
                    f"{call.shown} -{word.parameter_name} takes [, ], * and ? of a path as a pattern, and then finds"
                    " nothing or something else",
                    "write -LiteralPath",
                )


_PROCESSING = ("whatif", "confirm")


def find_own(script: Script) -> Iterator[Note]:
    """Calls of the script's own functions with arguments that these do not declare."""
    for call in script.calls:
        function = script.functions.get(call.name)
        if function is None or any(
            v.variable_path.lower() == "args" for v in script.within(function, ast.VariableExpression)
        ):
            continue
        parameters = parameters_of(function)
        own = {p.name.variable_path.lower(): p for p in parameters}
        aliases = {alias.lower() for p in parameters for alias in _aliases(p)}
        switches = frozenset(name for name, p in own.items() if _is_switch(p))
        advanced = _is_advanced(function)
        words = words_of(call, switches)
        for word, _ in words.named:
            name = word.parameter_name.lower()
            if (
                name in aliases
                or any(k.startswith(name) for k in own)
                or (advanced and (name in common("5.1") or name in _COMMON_ALIASES or name in _PROCESSING))
            ):
                continue
            yield Note(
                word.extent,
                f"the function {function.name} has no parameter -{word.parameter_name}: it would be swallowed",
                "write one of " + ", ".join(f"-{p.name.variable_path}" for p in parameters)
                if parameters
                else "leave it out",
            )
        if advanced or any(_is_splatted(node) for node in words.positional):
            continue
        named = {word.parameter_name.lower() for word, _ in words.named}
        free = [name for name in own if name not in switches and not any(name.startswith(n) for n in named)]
        if len(words.positional) > len(free):
            extra = words.positional[len(free)]
            yield Note(
                extra.extent,
                f"the function {function.name} takes {len(free)} arguments here:"
                f" {extra.extent.text} would be swallowed",
                "leave it out, or declare a parameter for it",
            )


def _aliases(parameter: ast.Parameter) -> Iterator[str]:
    for attribute in parameter.attributes:
        if (
            isinstance(attribute, ast.Attribute)
            and attribute.type_name.name.lower().removesuffix("attribute") == "alias"
        ):
            for argument in attribute.positional_arguments:
                yield from constants_in(argument)


def _is_switch(parameter: ast.Parameter) -> bool:
    return any(
        isinstance(a, ast.TypeConstraint) and a.type_name.name.lower().endswith(("switch", "switchparameter"))
        for a in parameter.attributes
    )


def _is_advanced(function: ast.FunctionDefinition) -> bool:
    block = function.body.param_block
    above = block.attributes if block is not None else ()
    attributes = [*above, *(a for p in parameters_of(function) for a in p.attributes)]
    return any(
        isinstance(a, ast.Attribute) and a.type_name.name.lower() in ("cmdletbinding", "parameter") for a in attributes
    )
