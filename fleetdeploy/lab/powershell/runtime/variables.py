"""Variables as expressions: paths with a scope or drive, automatic ones, strict mode."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.runtime.compiled import Code
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.scope import Scope
from fleetdeploy.lab.powershell.runtime.specials import SPECIAL
from fleetdeploy.lab.powershell.values import PSRuntimeError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


@lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[str, str, str]:
    """(qualifier, lower-case key, name): qualifier '' | global | script | local | private | using | a drive."""
    head, colon, tail = path.partition(":")
    if colon and tail and head:
        return head.lower(), tail.lower(), tail
    return "", path.lower(), path


def variable_value(rt: Interp, path: str, *, line: int = 0, quiet: bool = False) -> Any:
    qualifier, key, name = parse_path(path)
    if not qualifier:
        special = SPECIAL.get(key)
        if special is not None:
            return special(rt)
        variable = rt.scope.find(key)
    elif qualifier in ("global", "script", "local", "private"):
        scope = rt.scope_of(qualifier)
        special = SPECIAL.get(key)
        if special is not None:
            return special(rt)
        variable = scope.find(key) if qualifier == "script" and scope is not rt.scope else scope.variables.get(key)
    elif qualifier == "variable":
        variable = rt.scope.find(key)
    elif qualifier == "using":
        raise runtime_error(
            "UsingWithoutInvokeCommand",
            "InvalidOperation",
            "A Using variable cannot be retrieved. A Using variable can be used only with Invoke-Command, "
            "Start-Job, or InlineScript in the script workflow.",
        )
    else:
        return rt.drive_variable(qualifier, name, line)
    if variable is not None:
        return variable.value
    if not quiet and rt.scope.strict_version() >= 1 and key not in rt.NEVER_UNSET:
        raise undefined(path)
    return None


def undefined(path: str) -> PSRuntimeError:
    return runtime_error(
        "VariableIsUndefined",
        "InvalidOperation",
        f"The variable '${path}' cannot be retrieved because it has not been set.",
        target=path,
    )


def make_variable(node: ast.VariableExpression) -> Code:
    path, extent = node.variable_path, node.extent
    qualifier, key, _ = parse_path(path)
    special = None if qualifier else SPECIAL.get(key)
    if special is not None:
        return special

    def qualified(rt: Interp) -> Any:
        return variable_value(rt, path, line=extent.line)

    if qualifier:
        return qualified

    def plain(rt: Interp) -> Any:
        # As Scope.find, without its call.
        scope: Scope | None = rt.scope
        own = scope
        while scope is not None:
            variable = scope.variables.get(key)
            if variable is not None and (scope is own or not variable.private):
                return variable.value
            scope = scope.parent
        return variable_value(rt, path, line=extent.line)

    return plain
