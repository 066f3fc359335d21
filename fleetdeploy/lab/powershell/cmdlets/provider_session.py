"""Items on the drives of the session: env:, variable:, function:; and Set-Item, Clear-Item.

Decides nothing about variables themselves: it goes through the interpreter's scope and the runspace's environment.
provider_items.py asks here when a path leads to one of these drives.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.convert import to_string
from fleetdeploy.lab.powershell.runtime.values_ext import FunctionInfo, ScriptBlockValue
from fleetdeploy.lab.powershell.values import DictionaryEntry

DRIVES = (pp.ENVIRONMENT, pp.VARIABLE, pp.FUNCTION)


def get(ctx: CmdletContext, target: pp.Target) -> Any:
    """The item as Get-Item gives it."""
    key = target.path.lower()
    if target.provider == pp.ENVIRONMENT:
        name, value = ctx.runspace.environment[key]
        return DictionaryEntry(name, value)
    if target.provider == pp.FUNCTION:
        return ctx.interp.scope.find_function(key)
    return ctx.interp.scope.find(key)


def value_of(ctx: CmdletContext, target: pp.Target) -> Any:
    """The value as Get-Content gives it."""
    key = target.path.lower()
    if target.provider == pp.ENVIRONMENT:
        return ctx.runspace.environment_get(key)
    if target.provider == pp.VARIABLE:
        found = ctx.interp.scope.find(key)
        return None if found is None else found.value
    raise NotSimulated(f"the value of an item on the drive {target.drive}:", ctx.line)


def put(ctx: CmdletContext, target: pp.Target, value: Any) -> None:
    """Set-Item and New-Item."""
    if target.provider == pp.ENVIRONMENT:
        ctx.runspace.environment_set(target.path, None if value is None else to_string(value))
    elif target.provider == pp.FUNCTION and isinstance(value, ScriptBlockValue):
        ctx.interp.scope.functions[target.path.lower()] = FunctionInfo(target.path, value)
    elif target.provider == pp.VARIABLE:
        found = ctx.interp.scope.find(target.path.lower())
        if found is not None and (found.options or found.constraints):
            raise NotSimulated("Set-Item on a variable with options or a type", ctx.line)
        if found is not None:
            found.value = value
        else:
            ctx.interp.scope.set(target.path, value)
    else:
        raise NotSimulated(f"an item on the drive {target.drive}:", ctx.line)


def remove(ctx: CmdletContext, target: pp.Target) -> None:
    """Remove-Item."""
    key = target.path.lower()
    if target.provider == pp.ENVIRONMENT:
        ctx.runspace.environment_set(key, None)
        return
    for scope in ctx.interp.scope.chain():
        table = scope.variables if target.provider == pp.VARIABLE else scope.functions
        if key in table:
            if target.provider == pp.VARIABLE and table[key].options:
                raise NotSimulated("Remove-Item on a variable with options", ctx.line)
            del table[key]
            return


@cmdlet("Set-Item", aliases=("si",))
class SetItem(pp.PathCmdlet):
    parameters = (
        *pp.PATH_PARAMETERS,
        Param("Value", "object", position=1, pipeline=True, by_property=True, allow_null=True),
        Param("PassThru", "switch"),
        *pp.FILTERS,
    )
    default_set = "Path"
    supports_should_process = True

    def process(self, ctx: CmdletContext) -> None:
        texts, _ = self.texts()
        for text in texts:
            try:
                target = pp.literal(ctx, text)
            except pp.DriveMissing as missing:
                pp.drive_missing(ctx, missing.drive)
                continue
            if target.provider not in DRIVES:
                raise NotSimulated(f"Set-Item on {text}", ctx.line)
            if ctx.should_process(f"Item: {target.path}", "Set Item"):
                put(ctx, target, self.get("Value"))
            if self.get("PassThru"):
                ctx.write(get(ctx, target))
