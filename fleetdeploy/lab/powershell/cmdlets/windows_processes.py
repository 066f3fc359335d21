"""Get-, Stop- and Wait-Process, Restart- and Stop-Computer over the simulated machine.

Decides which processes are meant and which errors are written, as Windows PowerShell 5.1 does it. The process
objects are ``dotnet/windows_processes.py``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import has_wildcard, machine_of, matches, wait_until
from fleetdeploy.lab.powershell.dotnet.windows_processes import ProcessObject

types.load()
_EXCEPTION = "Microsoft.PowerShell.Commands.ProcessCommandException"
_PROCESSES = "System.Diagnostics.Process[]"


class ProcessCmdlet(Cmdlet):
    """Chooses processes by name, id or object; writes what cannot be found."""

    def chosen(self, ctx: CmdletContext) -> list[ProcessObject]:
        host = machine_of(ctx)
        if self.bound("InputObject"):
            return [p for p in self.get("InputObject") if isinstance(p, ProcessObject)]
        every = [ProcessObject(host, p) for p in host.processes.all()]
        found: dict[int, ProcessObject] = {}
        if self.bound("Id"):
            for pid in self.get("Id"):
                hit = next((p for p in every if p.process.pid == pid), None)
                if hit is None:
                    ctx.fail(
                        "NoProcessFoundForGivenId",
                        "ObjectNotFound",
                        _EXCEPTION,
                        f"Cannot find a process with the process identifier {pid}.",
                        target=pid,
                    )
                else:
                    found[hit.process.pid] = hit
        else:
            names = self.get("Name")
            for pattern in names if names is not None else ("*",):
                text = str(pattern)
                hits = [p for p in every if matches(text, p.short_name)]
                found.update({p.process.pid: p for p in hits})
                if not hits and not has_wildcard(text):
                    ctx.fail(
                        "NoProcessFoundForGivenName",
                        "ObjectNotFound",
                        _EXCEPTION,
                        f'Cannot find a process with the name "{text}". Verify the process name and call the cmdlet '
                        "again.",
                        target=text,
                    )
        return sorted(found.values(), key=lambda p: (p.short_name.lower(), p.process.pid))


@cmdlet("Get-Process", aliases=("gps", "ps"))
class GetProcess(ProcessCmdlet):
    default_set = "Name"
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Name", "string[]", 0, by_property=True, aliases=("ProcessName",), sets=("Name",)),
        Param("Id", "int[]", by_property=True, aliases=("PID",), sets=("Id",), mandatory=True),
        Param("InputObject", _PROCESSES, pipeline=True, sets=("InputObject",), mandatory=True),
        Param("ComputerName", aliases=("Cn",), unsupported=True),
        Param("Module", unsupported=True),
        Param("FileVersionInfo", aliases=("FV", "FVI"), unsupported=True),
        Param("IncludeUserName", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        for found in self.chosen(ctx):
            ctx.write(found)


@cmdlet("Stop-Process", aliases=("kill", "spps"))
class StopProcess(ProcessCmdlet):
    default_set = "Id"
    supports_should_process = True
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Id", "int[]", 0, by_property=True, sets=("Id",), mandatory=True),
        Param("Name", "string[]", by_property=True, aliases=("ProcessName",), sets=("Name",), mandatory=True),
        Param("InputObject", _PROCESSES, 0, pipeline=True, sets=("InputObject",), mandatory=True),
        Param("Force", "switch"),
        Param("PassThru", "switch"),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        for found in self.chosen(ctx):
            label = f"{found.short_name} ({found.process.pid})"
            if not ctx.should_process(label, "Stop-Process"):
                continue
            if found.process is host.shell_process:
                raise NotSimulated("a script that kills its own shell", ctx.line)
            with host.lock:
                running, protected = found.process.running, found.process.protected
                if running and not protected:
                    host.effects.add("kill", found.process.name)
                    host.processes.end(found.process, -1)
            if protected:
                ctx.fail(
                    "CouldNotStopProcess",
                    "CloseError",
                    _EXCEPTION,
                    f'Cannot stop process "{label}" because of the following error: Access is denied',
                    target=found,
                )
            elif self.get("PassThru"):
                ctx.write(found)


@cmdlet("Wait-Process")
class WaitProcess(ProcessCmdlet):
    default_set = "Name"
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Name", "string[]", 0, by_property=True, aliases=("ProcessName",), sets=("Name",), mandatory=True),
        Param("Id", "int[]", by_property=True, aliases=("PID", "ProcessId"), sets=("Id",), mandatory=True),
        Param("InputObject", _PROCESSES, pipeline=True, sets=("InputObject",), mandatory=True),
        Param("Timeout", "int", 1, aliases=("TimeoutSec",), validate_range=(0, 32767)),
    )

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[ProcessObject] = []

    def process(self, ctx: CmdletContext) -> None:
        self._waiting.extend(self.chosen(ctx))

    def end(self, ctx: CmdletContext) -> None:
        limit = float(self.get("Timeout")) if self.bound("Timeout") else float("inf")
        wait_until(ctx, lambda: not any(p.process.running for p in self._waiting), limit)
        for late in (p for p in self._waiting if p.process.running):
            ctx.fail(
                "ProcessNotTerminated",
                "CloseError",
                "System.TimeoutException",
                f'This command stopped operation because process "{late.short_name} ({late.process.pid})" is not '
                "stopped in the specified time-out.",
                target=late,
            )


class _Power(Cmdlet):
    supports_should_process = True

    def act(self, host: Any) -> None:
        raise NotImplementedError

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        if ctx.should_process(f"localhost ({host.name})", self.names[0]):
            self.act(host)


_REMOTE = ("ComputerName", "Credential", "AsJob", "ThrottleLimit")


@cmdlet("Restart-Computer")
class RestartComputer(_Power):
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Force", "switch"),
        *(
            Param(n, unsupported=True)
            for n in (*_REMOTE, "Wait", "For", "Delay", "Timeout", "Protocol", "Impersonation")
        ),
        *(Param(n, unsupported=True) for n in ("DcomAuthentication", "WsmanAuthentication")),
    )

    def act(self, host: Any) -> None:
        host.env.schedule(0.05, host.reboot)


@cmdlet("Stop-Computer")
class StopComputer(_Power):
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Force", "switch"),
        *(Param(n, unsupported=True) for n in (*_REMOTE, "Protocol", "Impersonation")),
        *(Param(n, unsupported=True) for n in ("DcomAuthentication", "WsmanAuthentication")),
    )

    def act(self, host: Any) -> None:
        host.env.schedule(0.05, host.power_off)
