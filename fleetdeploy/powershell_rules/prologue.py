"""The first lines of a script: what an advanced script and every verb of ours must say before anything else.

Sources: about_Preference_Variables, about_Functions_CmdletBindingAttribute, Set-StrictMode.
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.findings import Note
from fleetdeploy.powershell_rules.script import Script, constant_text

_PREFERENCES = {
    "erroractionpreference": ("$ErrorActionPreference = 'Stop'", "stop", "a cmdlet that fails would be passed over"),
    "confirmpreference": ("$ConfirmPreference = 'None'", "none", "a question would wait for ever: nobody is there"),
    "progresspreference": (
        "$ProgressPreference = 'SilentlyContinue'",
        "silentlycontinue",
        "progress records would be sent over the wire, and slow 5.1 down",
    ),
}
_STRICT = "Set-StrictMode -Version 2.0"


def _only(statement: ast.Statement) -> ast.Node | None:
    """The one element of a pipeline, or a statement that is one."""
    if isinstance(statement, ast.CommandBase):
        return statement
    if isinstance(statement, ast.Pipeline) and len(statement.pipeline_elements) == 1:
        return statement.pipeline_elements[0]
    return None


def _preference(statement: ast.Statement) -> tuple[str, str | None] | None:
    """Name and constant value, if the statement sets one of the preferences."""
    if not isinstance(statement, ast.AssignmentStatement) or statement.operator != "Equals":
        return None
    left = statement.left
    if not isinstance(left, ast.VariableExpression) or left.variable_path.lower() not in _PREFERENCES:
        return None
    element = _only(statement.right)
    value = constant_text(element.expression) if isinstance(element, ast.CommandExpression) else None
    return left.variable_path.lower(), value


def _strict_mode(statement: ast.Statement) -> str | None:
    """What ``Set-StrictMode`` is told, if the statement is one."""
    element = _only(statement)
    if not isinstance(element, ast.Command):
        return None
    words = [part.extent.text for part in element.command_elements]
    return " ".join(words[1:]).strip("'") if words[0].lower() == "set-strictmode" else None


def find_binding(script: Script) -> Iterator[Note]:
    """No ``[CmdletBinding()]`` above the script's ``param``."""
    block = script.root.param_block
    attributes = block.attributes if block is not None else ()
    if not any(a.type_name.name.lower().removesuffix("attribute") == "cmdletbinding" for a in attributes):
        yield Note(
            block.extent if block is not None else script.place(0),
            "no [CmdletBinding()] above the script's param(): a parameter that it does not declare would be swallowed",
            "write [CmdletBinding()] and param(...) first",
        )


def find_missing(script: Script) -> Iterator[Note]:
    """Parts of the prologue that do not stand first, or say something else."""
    root = script.root
    block = root.begin_block or root.process_block or root.end_block
    statements = block.statements if block is not None else ()
    where = statements[0].extent if statements else script.place(0)
    missing = {name: text for name, (text, _, _) in _PREFERENCES.items()}
    strict = False
    for statement in statements:
        preference = _preference(statement)
        told = _strict_mode(statement)
        if preference is not None:
            name, value = preference
            if (value or "").lower() == _PREFERENCES[name][1]:
                missing.pop(name, None)
        elif told is not None:
            strict = strict or told in ("-Version 2.0", "-Version 2")
        else:
            break
    for name, text in missing.items():
        yield Note(where, f"{text} does not stand first: {_PREFERENCES[name][2]}", f"write {text} before all else")
    if not strict:
        message = f"{_STRICT} does not stand first: a misspelt variable or property would be $null"
        yield Note(where, message, f"write {_STRICT} before all else (not Latest, which is another thing elsewhere)")


def find_undone(script: Script) -> Iterator[Note]:
    """The prologue taken back in the script's own scope."""
    for assigned in script.within(script.root, ast.AssignmentStatement):
        preference = _preference(assigned)
        if preference is None or _in_block(script, assigned):
            continue
        text, wanted, why = _PREFERENCES[preference[0]]
        if (preference[1] or "").lower() != wanted:
            yield Note(assigned.extent, f"{assigned.extent.text} takes the prologue back: {why}", f"leave it at {text}")
    for pipeline in script.within(script.root, ast.Pipeline):
        if _strict_mode(pipeline) == "-Off" and not _in_block(script, pipeline):
            yield Note(
                pipeline.extent,
                "Set-StrictMode -Off takes the prologue back: a misspelt variable or property would be $null",
                "write & { Set-StrictMode -Off; ... } around the one call that needs it",
            )


def _in_block(script: Script, node: ast.Node) -> bool:
    return any(isinstance(above, ast.ScriptBlockExpression) for above in script.above(node))
