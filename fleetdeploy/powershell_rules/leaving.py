"""Statements that end more than the script they stand in: its answer is lost, or its caller's loop.

Sources: about_Language_Keywords (exit: "causes PowerShell to exit a script or a PowerShell instance"), about_Break ("if
there is no enclosing loop, PowerShell looks in the callers").
"""

from __future__ import annotations

from collections.abc import Iterator

from fleetdeploy.lab.powershell import ast
from fleetdeploy.powershell_rules.findings import Note
from fleetdeploy.powershell_rules.script import Script

_ELSEWHERE = {"start-job", "invoke-command"}
"""What runs a block in a runspace of its own."""


def find_leaving(script: Script) -> Iterator[Note]:
    """``exit``, and ``break`` or ``continue`` that no loop of the script is around."""
    elsewhere = {call.node for call in script.calls if call.name in _ELSEWHERE}
    for leaving in script.of(ast.ExitStatement):
        if not any(above in elsewhere for above in script.above(leaving)):
            yield Note(
                leaving.extent,
                "exit ends the pipeline that the script was sent in, and with it whoever called it: nobody gets an"
                " answer",
                "write return, and throw for a failure; a check writes return $true or return $false",
            )
    for statement in script.of(ast.BreakStatement, ast.ContinueStatement):
        ends = (ast.LabeledStatement, ast.TrapStatement, ast.FunctionDefinition)
        around = next((above for above in script.above(statement) if isinstance(above, ends)), None)
        if around is None or isinstance(around, ast.FunctionDefinition):
            word = "break" if isinstance(statement, ast.BreakStatement) else "continue"
            message = f"{word} without a loop around it leaves a loop of the caller: what comes behind it is skipped"
            # A function may be called in a loop of the script, however unlikely it is that this is meant.
            yield Note(statement.extent, message, "write return", around is None)
