"""Syntax: what the parser of 5.1 refuses, what only looks as if it took it, and what 4.0 has no words for.

Sources: about_Operators and about_Pipeline_Chain_Operators (7.0: ternary, ``??``, ``&&``), about_Classes and
about_Using (5.0), about_Functions_Advanced_Methods (7.3: ``clean``), about_Numeric_Literals (suffixes, ``0b``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.findings import Note
from fleetdeploy.powershell_rules.script import Script, constant_text

_AT_ERROR = (
    ("??=", "the operator ??= came with PowerShell 7.0", "if ($null -eq $x) { $x = ... }"),
    ("??", "the operator ?? came with PowerShell 7.0", "if ($null -eq $x) { ... } else { ... }"),
    ("?.", "the operator ?. came with PowerShell 7.1", "if ($null -ne $x) { $x.Member }"),
    ("?[", "the operator ?[] came with PowerShell 7.1", "if ($null -ne $x) { $x[0] }"),
    ("&&", "the operator && came with PowerShell 7.0", "the second command in if ($LASTEXITCODE -eq 0) { ... }"),
    ("||", "the operator || came with PowerShell 7.0", "the second command in if ($LASTEXITCODE -ne 0) { ... }"),
    ("?", "the ternary ? : came with PowerShell 7.0", "if (...) { ... } else { ... }"),
)
_AT_ERROR_ID = {
    "AmpersandNotAllowed": ("a trailing & (background job) came with PowerShell 6.0", "Start-Job -ScriptBlock { ... }"),
    "KeywordParameterReservedForFutureUse": (
        "foreach -parallel is for workflows only",
        "a plain foreach: hosts are worked on in parallel, not a host's work",
    ),
}
_NUMBER_OF_7 = re.compile(r"0b[01]+|\d+(?:u[lsy]?|[ysn])", re.IGNORECASE)
_ARGUMENTS_OF_7 = {"?": "? :", "??": "??", "??=": "??="}
_WORDS_OF_5 = {
    "class": "a function that returns [pscustomobject]@{ ... }",
    "enum": "text, or numbers in a hashtable",
    "using module": "what is needed, written into the script",
    "using assembly": "Add-Type -AssemblyName ...",
}


def _known_error(script: Script, error: ast.ParseError) -> tuple[str, str] | None:
    text = script.text
    at = error.extent.start
    if error.error_id in _AT_ERROR_ID:
        return _AT_ERROR_ID[error.error_id]
    if error.error_id == "MissingNamedBlocks" and error.extent.text.lower() == "clean":
        return "a clean block came with PowerShell 7.3", "try { ... } finally { ... }"
    above, _, before = text[:at].rpartition("\n")
    if error.error_id == "EmptyPipeElement" and above.strip() and not before.strip():
        return "a line may begin with | since PowerShell 7.0", "the | at the end of the line before"
    for sign, what, instead in _AT_ERROR:
        if text.startswith(sign, at):
            return what, instead
    return None


def find_newer(script: Script) -> Iterator[Note]:
    """Syntax of PowerShell 6 and 7."""
    for error in script.errors:
        known = _known_error(script, error)
        if known is not None:
            yield Note(error.extent, f"{known[0]}: 5.1 does not parse the script", f"write {known[1]}")
    if script.tree is None:
        return
    for variable in script.of(ast.VariableExpression):
        if "?" in variable.variable_path and variable.variable_path != "?":
            parent = script.parents.get(variable)
            sign = "?[]" if isinstance(parent, ast.IndexExpression) else "?."
            sign = "??" if "??" in variable.variable_path else sign
            yield Note(
                variable.extent,
                f"{sign} came with PowerShell 7; 5.1 takes ${variable.variable_path} as the name of a variable",
                "write if ($null -ne $x) { ... }, and no ? in names",
            )
    for node in script.of(ast.Command):
        for element in node.command_elements[1:]:
            bare = isinstance(element, ast.StringConstantExpression) and element.string_constant_type == "BareWord"
            if bare and (word := _ARGUMENTS_OF_7.get(constant_text(element) or "")):
                yield Note(
                    element.extent,
                    f"the operator {word} came with PowerShell 7.0; 5.1 takes it as an argument of the command",
                    "write the call in parentheses into a variable, then if (...) { ... } else { ... }",
                )
        head = node.command_elements[0]
        if isinstance(head, ast.StringConstantExpression) and head.string_constant_type == "BareWord":
            if _NUMBER_OF_7.fullmatch(head.value):
                yield Note(
                    head.extent,
                    f"{head.value} is a number since PowerShell 6.2; 5.1 looks for a command of that name",
                    "write 0x..., or a cast such as [uint32]1",
                )
            elif head.value.lower() == "clean" and len(node.command_elements) == 2:
                yield Note(
                    head.extent,
                    "a clean block came with PowerShell 7.3; 5.1 looks for a command of that name",
                    "write try { ... } finally { ... }",
                )
    for binary in script.of(ast.BinaryExpression):
        if binary.operator == "DotDot" and any(
            isinstance(side, (ast.StringConstantExpression, ast.ExpandableStringExpression))
            and not (constant_text(side) or "").strip().lstrip("+-").isdigit()
            for side in (binary.left, binary.right)
        ):
            yield Note(
                binary.extent,
                "a range of characters came with PowerShell 6.0; 5.1 wants numbers",
                "write [int][char]'a'..[int][char]'z' | ForEach-Object { [char]$_ }",
            )
        if binary.operator in ("Ireplace", "Creplace"):
            right = binary.right
            last = right.elements[-1] if isinstance(right, ast.ArrayLiteral) else right
            if isinstance(last, ast.ScriptBlockExpression):
                yield Note(
                    last.extent,
                    "-replace with a script block came with PowerShell 6.1; 5.1 puts the block's text in",
                    "write [regex]::Replace($text, $pattern, { param($m) ... })",
                )


def find_errors(script: Script) -> Iterator[Note]:
    """What 5.1 does not parse, if it is not the syntax of a newer version."""
    if any(_known_error(script, error) for error in script.errors):
        return  # what follows from it is no news
    for error in script.errors:
        yield Note(error.extent, f"5.1 does not parse this: {error.message}", "write it as 5.1 has it")


def find_words_of_5(script: Script) -> Iterator[Note]:
    """What needs 5.0 while 4.0 is asked about."""
    if "4.0" not in script.versions:
        return
    if script.refused is not None and script.refused.construct in _WORDS_OF_5:
        word = script.refused.construct
        extent = script.line_place(script.refused.line)
        yield Note(extent, f"{word} came with PowerShell 5.0; 4.0 has none", f"write {_WORDS_OF_5[word]}")
    if script.tree is None:
        return
    for using in script.of(ast.UsingStatement):
        yield Note(
            using.extent, "using came with PowerShell 5.0; 4.0 does not parse it", "write names of types in full"
        )
    for invoked in script.of(ast.InvokeMemberExpression):
        if invoked.static and (constant_text(invoked.member) or "").lower() == "new":
            yield Note(
                invoked.extent,
                "::new() came with PowerShell 5.0; 4.0 finds no such method",
                "write New-Object TypeName($argument)",
            )


def find_refused(script: Script) -> Iterator[Note]:
    """What cannot be walked, so nothing can be said about the script."""
    refused = script.refused
    if refused is None or (refused.construct in _WORDS_OF_5 and "4.0" in script.versions):
        return
    extent = script.line_place(refused.line)
    yield Note(extent, f"{refused.construct} cannot be checked here, and so the script cannot", "do without it")


def find_non_ascii(script: Script) -> Iterator[Note]:
    """Characters outside ASCII: the first of each line."""
    seen: set[int] = set()
    for match in re.finditer(r"[^\x00-\x7f]", script.text):
        extent = script.place(match.start(), match.end())
        if extent.line not in seen:
            seen.add(extent.line)
            yield Note(
                extent,
                f"{match.group()!a} is not ASCII: 5.1 reads such bytes by its own code page, and takes curly quotes "
                "for quotes",
                f"write [char]0x{ord(match.group()):x}",
            )
