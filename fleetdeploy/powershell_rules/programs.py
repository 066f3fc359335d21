"""Calls of native programs: Windows PowerShell builds one command line of its own, drops and breaks arguments silently.

Sources: about_Parsing ("Passing arguments to native commands"), about_Quoting_Rules, PowerShell issue 1995 (empty
arguments and quotes; mended in 7.3 only), issue 3996 (redirected stderr and $ErrorActionPreference; until 7.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.findings import Note
from fleetdeploy.powershell_rules.script import Call, Script

_SPECIAL = re.compile(r"[@`#%{}<>^!*?\[\]]")


def _in_arguments(call: Call) -> Iterator[ast.Node]:
    """Arguments, and the elements of lists among them."""
    for element in call.arguments:
        if isinstance(element, ast.ArrayExpression):
            yield from (n for n in element.walk() if isinstance(n, ast.StringConstantExpression))
        else:
            yield element


def find_unquoted(script: Script) -> Iterator[Note]:
    """Arguments that are not quoted and hold what PowerShell reads in its own way."""
    for call in script.programs:
        previous: ast.Node | None = None
        for element in call.arguments:
            said = _unquoted(call, element, previous)
            previous = element
            if said is not None:
                yield Note(element.extent, f"{call.shown} {element.extent.text}: {said}", "quote the argument: '...'")


def _unquoted(call: Call, element: ast.Node, previous: ast.Node | None) -> str | None:
    if isinstance(element, ast.StringConstantExpression) and element.string_constant_type == "BareWord":
        if element.value == "--%":
            return "after --% no variable is filled in, and the rest of the line is not PowerShell"
        if isinstance(previous, ast.CommandParameter) and element.extent.start == previous.extent.end:
            return "5.1 splits an unquoted argument with a dash at the first dot: it arrives as two"
        if _SPECIAL.search(element.extent.text):
            return "it holds characters that PowerShell or the program reads in its own way"
    elif isinstance(element, ast.CommandParameter) and element.argument is not None:
        return "5.1 may split -name:value at the colon: it arrives as two"
    elif isinstance(element, ast.ExpandableStringExpression) and element.string_constant_type == "BareWord":
        return "what is filled in ends at the next dot or bracket, by rules that nobody remembers"
    elif isinstance(element, ast.ArrayLiteral):
        return "a comma makes a list: it arrives as several arguments"
    elif isinstance(element, ast.ScriptBlockExpression):
        return "braces make a script block, which a program cannot take"
    return None


def find_broken(script: Script) -> Iterator[Note]:
    """Arguments that 5.1 does not pass on as they are, quoted or not."""
    for call in script.programs:
        for element in _in_arguments(call):
            if not isinstance(element, ast.StringConstantExpression):
                continue
            text = element.value
            if text == "" and element.string_constant_type != "BareWord":
                message = "Windows PowerShell drops an empty argument: those behind it move up"
                yield Note(element.extent, f"{call.shown} {element.extent.text}: {message}", "write '\"\"'")
            elif '"' in text.replace('\\"', "") and text != '""':
                message = "Windows PowerShell passes quotes on without escaping them: the program sees none"
                yield Note(
                    element.extent, f"{call.shown} {element.extent.text}: {message}", 'write \\" for each of them'
                )
            elif text.endswith("\\") and " " in text:
                message = "the quote that 5.1 puts behind the backslash is escaped by it"
                yield Note(
                    element.extent, f"{call.shown} {element.extent.text}: {message}", "leave the last backslash out"
                )


def find_stderr(script: Script) -> Iterator[Note]:
    """stderr of a program redirected while errors stop the script."""
    for call in script.programs:
        if _goes_on(script, call):
            continue
        for redirection in call.node.redirections:
            if redirection.from_stream in ("Error", "All"):
                yield Note(
                    redirection.extent,
                    f"{call.shown} {redirection.extent.text}: with $ErrorActionPreference = 'Stop' the first line on"
                    " stderr ends the script, whatever the exit code",
                    "leave it out and look at $LASTEXITCODE",
                )


def _goes_on(script: Script, call: Call) -> bool:
    """Whether errors do not stop where the program is called: the function, or the script, has said so before."""
    scope = script.scopes[call.node]
    return any(
        isinstance(assigned.left, ast.VariableExpression)
        and assigned.left.variable_path.lower() == "erroractionpreference"
        and assigned.extent.start < call.node.extent.start
        and "stop" not in assigned.right.extent.text.lower()
        for assigned in script.within(scope, ast.AssignmentStatement)
    )


def find_exit_codes(script: Script) -> Iterator[Note]:
    """Programs whose exit code nobody looks at."""
    for call in script.programs:
        scope = script.scopes[call.node]
        looked = any(
            variable.variable_path.lower() in ("lastexitcode", "global:lastexitcode")
            and variable.extent.start > call.node.extent.start
            for variable in script.within(scope, ast.VariableExpression)
        )
        if not looked:
            yield Note(
                call.node.extent,
                f"nobody looks at $LASTEXITCODE after {call.shown}: a program that fails is no error for PowerShell",
                "write if ($LASTEXITCODE -ne 0) { throw ... } behind it",
            )
