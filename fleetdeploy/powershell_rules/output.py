"""What leaves a script: one JSON object, no text for a console that is not there, no question, no formatted tables.

Sources: about_Output_Streams (Write-Host is a host call on 4.0, the information stream since 5.0), Format-Table,
about_Character_Encoding (defaults by cmdlet, and the names that only 6.0 has).
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.command_table import parameter_value
from fleetdeploy.powershell_rules.findings import Note, words
from fleetdeploy.powershell_rules.script import Script, constant_text, plain_type

_TO_HOST = {"write-host", "out-host", "out-default"}
_ASKS = {"read-host", "pause", "get-credential", "out-gridview", "show-command", "ogv", "shcm"}
_ASKS_HOST = words("readline readlineassecurestring prompt promptforchoice promptforcredential readkey")
_FORMATS = {"format-table", "format-list", "format-wide", "format-custom", "out-string"}
_READS_TEXT = {"get-content", "gc", "cat", "type"}
_WRITES_TEXT = {"set-content", "add-content", "out-file", "export-csv", "export-clixml", "tee-object"}
_ENCODINGS = words("unknown string unicode byte bigendianunicode utf8 utf7 utf32 ascii default oem bigendianutf32")


def find_host(script: Script) -> Iterator[Note]:
    """``Write-Host`` and its like."""
    instead = "put it into the JSON answer, or Write-Verbose"
    for call in script.calls:
        if call.name in _TO_HOST:
            yield Note(
                call.node.extent,
                f"{call.shown} in a data path: on 4.0 it calls the client's host, since 5.0 it writes another stream,"
                " and the caller sees neither",
                instead,
            )
    for member in script.of(ast.MemberExpression, ast.InvokeMemberExpression):
        target = member.expression
        console = isinstance(target, ast.TypeExpression) and plain_type(target.type_name) == "console"
        ui = (
            isinstance(target, ast.VariableExpression)
            and target.variable_path.lower() == "host"
            and (constant_text(member.member) or "").lower() == "ui"
        )
        if console or ui:
            yield Note(member.extent, f"{member.extent.text} speaks to a console: over WinRM there is none", instead)


def find_questions(script: Script) -> Iterator[Note]:
    """What waits for a person."""
    for call in script.calls:
        if call.name in _ASKS:
            yield Note(
                call.node.extent,
                f"{call.shown} waits for a person: over WinRM nobody answers, and the pipeline hangs",
                "take it as a parameter, or a secret as pipeline input",
            )
        for element in call.arguments:
            asks = isinstance(element, ast.CommandParameter) and element.parameter_name.lower() == "confirm"
            if asks and isinstance(element, ast.CommandParameter):
                if element.argument is not None and element.argument.extent.text.lower() == "$false":
                    continue
                yield Note(
                    element.extent,
                    f"{call.shown} -Confirm asks: over WinRM nobody answers, and the pipeline hangs",
                    "leave it out, or write -Confirm:$false",
                )
    for invoked in script.of(ast.InvokeMemberExpression):
        target = invoked.expression
        raw = isinstance(target, ast.MemberExpression) and (constant_text(target.member) or "").lower() == "rawui"
        if raw and isinstance(target, ast.MemberExpression):
            target = target.expression
        if _is_host_ui(target) and (constant_text(invoked.member) or "").lower() in _ASKS_HOST:
            yield Note(
                invoked.extent,
                f"{invoked.extent.text} waits for a person: over WinRM nobody answers, and the pipeline hangs",
                "take it as a parameter",
            )


def _is_host_ui(node: ast.Node) -> bool:
    """``$Host.UI``."""
    return (
        isinstance(node, ast.MemberExpression)
        and isinstance(node.expression, ast.VariableExpression)
        and node.expression.variable_path.lower() == "host"
        and (constant_text(node.member) or "").lower() == "ui"
    )


def find_formatted(script: Script) -> Iterator[Note]:
    """Tables for the eye where data is wanted."""
    for call in script.calls:
        if call.name in _FORMATS:
            yield Note(
                call.node.extent,
                f"{call.shown} makes text for a console: cut to its width, and translated on many a host",
                "write ConvertTo-Json -InputObject $data -Compress -Depth N",
            )


def find_text_files(script: Script) -> Iterator[Note]:
    """Files read and written with an encoding that nobody named, or with strings that carry more than text."""
    for call in script.calls:
        if call.name in _READS_TEXT:
            yield Note(
                call.node.extent,
                f"{call.shown} gives strings with note properties, which ConvertTo-Json writes out, and reads by the"
                " code page",
                "write [IO.File]::ReadAllText($path, (New-Object System.Text.UTF8Encoding($false)))",
            )
        elif call.name in _WRITES_TEXT and parameter_value(call, "encoding") is None:
            if call.name == "tee-object" and parameter_value(call, "variable") is not None:
                continue
            yield Note(
                call.node.extent,
                f"{call.shown} without -Encoding: UTF-16, the code page or ASCII, by cmdlet and version",
                "write [IO.File]::WriteAllText($path, $text, (New-Object System.Text.UTF8Encoding($false)))",
            )
    for redirection in script.of(ast.FileRedirection):
        if redirection.location.extent.text.lower() != "$null":
            yield Note(
                redirection.extent,
                "a redirection writes UTF-16 here and UTF-8 from PowerShell 6.0 on",
                "write [IO.File]::WriteAllText($path, $text, (New-Object System.Text.UTF8Encoding($false)))",
            )


def find_encodings(script: Script) -> Iterator[Note]:
    """Names of encodings that only PowerShell 6.0 and later have."""
    for call in script.calls:
        value = None if call.is_program else parameter_value(call, "encoding")
        text = constant_text(value)
        if value is not None and text is not None and text.lower() not in _ENCODINGS:
            yield Note(
                value.extent,
                f"-Encoding {text} came with PowerShell 6.0, and UTF8 means with a byte order mark here",
                "write [IO.File]::WriteAllText($path, $text, (New-Object System.Text.UTF8Encoding($false)))",
            )
