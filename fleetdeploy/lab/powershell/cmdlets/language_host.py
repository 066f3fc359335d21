"""What a script asks about its host and culture: Get-Host, Get-Culture, Get-UICulture, Get-ExecutionPolicy; and
Measure-Command. Changes nothing on the machine.
"""

from __future__ import annotations

import time
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import method_calls, types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.values import TimeSpan

_TICKS = 10_000_000


@cmdlet("Measure-Command")
class MeasureCommand(Cmdlet):
    """How long a block took, in the process's own time; what it writes is dropped."""

    parameters = (
        Param("Expression", "scriptblock", position=0, mandatory=True),
        Param("InputObject", "object", pipeline=True, allow_null=True),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.seconds = 0.0

    def process(self, ctx: CmdletContext) -> None:
        before = time.perf_counter()
        item = self.get("InputObject") if self.bound("InputObject") else None
        ctx.interp.invoke_block(self.get("Expression"), (), dollar_under=item, same_scope=True, propagate=True)
        self.seconds += time.perf_counter() - before

    def end(self, ctx: CmdletContext) -> None:
        ctx.write(TimeSpan(int(self.seconds * _TICKS)))


def _static(type_name: str, name: str, ctx: CmdletContext) -> Any:
    kind = types.resolve(type_name)
    if kind is None:
        raise NotSimulated(f"the type {type_name}", ctx.line)
    return method_calls.get_static(kind, name, ctx.machine)


@cmdlet("Get-Culture")
class GetCulture(Cmdlet):
    def process(self, ctx: CmdletContext) -> None:
        ctx.write(_static("System.Globalization.CultureInfo", "CurrentCulture", ctx))


@cmdlet("Get-UICulture")
class GetUICulture(Cmdlet):
    def process(self, ctx: CmdletContext) -> None:
        ctx.write(_static("System.Globalization.CultureInfo", "CurrentUICulture", ctx))


@cmdlet("Get-Host")
class GetHost(Cmdlet):
    def process(self, ctx: CmdletContext) -> None:
        found = ctx.interp.scope.find("host")
        if found is None:
            raise NotSimulated("Get-Host without $Host", ctx.line)
        ctx.write(found.value)
