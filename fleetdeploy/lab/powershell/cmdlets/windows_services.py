"""Get-, Start-, Stop-, Restart-, New- and Set-Service over the simulated service control manager.

Decides which services are meant, which errors are written, how long is waited, as Windows PowerShell 5.1 does it. What
a service does is the SCM's (``windows/scm.py``); the objects are ``dotnet/windows_services.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import (
    has_wildcard,
    machine_of,
    matches,
    start_and_wait,
    wait_until,
)
from fleetdeploy.lab.powershell.dotnet.windows_common import win32_exception
from fleetdeploy.lab.powershell.dotnet.windows_services import ServiceController
from fleetdeploy.lab.powershell.values import DotNetException
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.service import ServiceConfig, StartType, State

types.load()
_EXCEPTION = "Microsoft.PowerShell.Commands.ServiceCommandException"
_CONTROLLERS = "System.ServiceProcess.ServiceController[]"
_START_TYPES = {
    "boot": StartType.BOOT,
    "system": StartType.SYSTEM,
    "automatic": StartType.AUTO,
    "manual": StartType.DEMAND,
    "disabled": StartType.DISABLED,
}
_STARTUP = Param("StartupType", "string", validate_set=("Automatic", "Manual", "Disabled", "Boot", "System"))


def _choice(*, name_mandatory: bool) -> tuple[Param, ...]:
    need = ("Default",) if name_mandatory else ()
    return (
        Param(
            "Name",
            "string[]",
            0,
            pipeline=True,
            by_property=True,
            aliases=("ServiceName",),
            sets=("Default",),
            mandatory_in=need,
        ),
        Param("DisplayName", "string[]", sets=("DisplayName",), mandatory=True),
        Param(
            "InputObject",
            _CONTROLLERS,
            sets=("InputObject",),
            pipeline=True,
            mandatory_in=("InputObject",) if name_mandatory else (),
        ),
        Param("Include", unsupported=True),
        Param("Exclude", unsupported=True),
    )


class ServiceCmdlet(Cmdlet):
    """Chooses services by name, display name or object; writes what cannot be found."""

    def chosen(self, ctx: CmdletContext) -> list[ServiceController]:
        host = machine_of(ctx)
        if self.bound("InputObject"):
            found = [s for s in self.get("InputObject") if isinstance(s, ServiceController)]
            for service in found:
                service.snapshot = None
            return sorted(found, key=lambda s: s.entry_name().lower())
        by_display = self.bound("DisplayName")
        patterns: Iterable[Any] | None = self.get("DisplayName" if by_display else "Name")
        names: dict[str, None] = {}
        entries = [(n, host.scm.config(n).display_name) for n in host.scm.names()]
        for pattern in patterns if patterns is not None else ("*",):
            text = str(pattern)
            hits = [n for n, display in entries if matches(text, display if by_display else n)]
            names.update(dict.fromkeys(hits))
            if not hits and not has_wildcard(text):
                kind = "DisplayName" if by_display else "Name"
                words = "display name" if by_display else "service name"
                ctx.fail(
                    f"NoServiceFoundForGiven{kind}",
                    "ObjectNotFound",
                    _EXCEPTION,
                    f"Cannot find any service with {words} '{text}'.",
                    target=text,
                )
        made = []
        for name in sorted(names, key=str.lower):
            service = ServiceController(host, name)
            service.snapshot = host.scm.query(name)
            made.append(service)
        return made

    def complain(
        self,
        ctx: CmdletContext,
        service: ServiceController,
        error_id: str,
        text: str,
        *,
        inner: DotNetException | None = None,
        category: str = "OpenError",
    ) -> None:
        """A non-terminating error about one service; {0} is its name, {1} its display name, {2} the inner message."""
        name = service.given_name
        entry = machine_of(ctx).scm.find(name)
        display = entry.config.display_name if entry is not None else name
        message = text.format(name, display, inner.message if inner is not None else "")
        ctx.fail(error_id, category, _EXCEPTION, message, target=service, inner=inner)

    def refused(self, verb: str, service: ServiceController, error: Win32Error) -> DotNetException:
        """The exception of ServiceController's own call."""
        name = service.given_name
        what = f"start service {name}" if verb == "start" else f"stop {name} service"
        message = f"Cannot {what} on computer '.'."
        return DotNetException("System.InvalidOperationException", message, win32_exception(error), hresult=-2146233079)

    def do_start(self, ctx: CmdletContext, service: ServiceController) -> bool:
        host = machine_of(ctx)
        try:
            start_and_wait(ctx, host, service.given_name)
        except Win32Error as error:
            if error.code != 1056:
                self.complain(
                    ctx,
                    service,
                    "CouldNotStartService",
                    "Service '{1} ({0})' cannot be started due to the following error: {2}",
                    inner=self.refused("start", service, error),
                )
                return False
        return self.await_state(ctx, service, State.RUNNING, State.START_PENDING, "start")

    def do_stop(self, ctx: CmdletContext, service: ServiceController, *, force: bool, wait: bool = True) -> bool:
        host = machine_of(ctx)
        running = host.scm.dependents(service.given_name, active_only=True)
        if running and not force:
            self.complain(
                ctx,
                service,
                "ServiceHasDependentServices",
                "Cannot stop service '{1} ({0})' because it has dependent services. It can only be stopped if the "
                "Force flag is set.",
                category="InvalidOperation",
            )
            return False
        for name in running:
            if not self.do_stop(ctx, ServiceController(host, name), force=True):
                return False
        try:
            host.scm.stop(service.given_name)
        except Win32Error as error:
            if error.code != 1062:
                self.complain(
                    ctx,
                    service,
                    "CouldNotStopService",
                    "Service '{1} ({0})' cannot be stopped due to the following error: {2}",
                    inner=self.refused("stop", service, error),
                    category="CloseError",
                )
                return False
        return not wait or self.await_state(ctx, service, State.STOPPED, State.STOP_PENDING, "stop")

    def await_state(
        self, ctx: CmdletContext, service: ServiceController, target: State, pending: State, verb: str
    ) -> bool:
        """Two seconds at a time, with a warning each; an error once the service is on no way to ``target``."""
        host = machine_of(ctx)
        name = service.given_name
        service.snapshot = None

        def state() -> State:
            try:
                return host.scm.query(name).state
            except Win32Error:
                return State.STOPPED

        while not wait_until(ctx, lambda: state() is target, 2.0):
            if not host.up:
                raise NotSimulated("a script that outlives the power of its machine", ctx.line)
            if state() is target:
                return True
            if state() is not pending:
                self.complain(
                    ctx, service, f"{verb.title()}ServiceFailed", f"Failed to {verb} service '{{1}} ({{0}})'."
                )
                return False
            entry = host.scm.find(name)
            display = entry.config.display_name if entry is not None else name
            ctx.warning(f"Waiting for service '{display} ({name})' to {verb}...")
        return True


@cmdlet("Get-Service", aliases=("gsv",))
class GetService(ServiceCmdlet):
    default_set = "Default"
    parameters = (
        *_choice(name_mandatory=False),
        Param("ComputerName", aliases=("Cn",), unsupported=True),
        Param("DependentServices", "switch", aliases=("DS",)),
        Param("RequiredServices", "switch", aliases=("SDO", "ServicesDependedOn")),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        for service in self.chosen(ctx):
            if not self.get("DependentServices") and not self.get("RequiredServices"):
                ctx.write(service)
            if self.get("DependentServices"):
                for name in host.scm.dependents(service.given_name):
                    ctx.write(ServiceController(host, name))
            if self.get("RequiredServices"):
                for name in service.config().dependencies:
                    ctx.write(ServiceController(host, name))


class _Changing(ServiceCmdlet):
    default_set = "InputObject"
    supports_should_process = True

    def act(self, ctx: CmdletContext, service: ServiceController) -> bool:
        raise NotImplementedError

    def process(self, ctx: CmdletContext) -> None:
        for service in self.chosen(ctx):
            display = service.config().display_name
            if not ctx.should_process(f"{display} ({service.given_name})", self.names[0]):
                continue
            if self.act(ctx, service) and self.get("PassThru"):
                service.snapshot = None
                service.read()
                ctx.write(service)


@cmdlet("Start-Service", aliases=("sasv",))
class StartService(_Changing):
    parameters = (*_choice(name_mandatory=True), Param("PassThru", "switch"))

    def act(self, ctx: CmdletContext, service: ServiceController) -> bool:
        return self.do_start(ctx, service)


@cmdlet("Stop-Service", aliases=("spsv",))
class StopService(_Changing):
    parameters = (
        *_choice(name_mandatory=True),
        Param("Force", "switch"),
        Param("NoWait", "switch"),
        Param("PassThru", "switch"),
    )

    def act(self, ctx: CmdletContext, service: ServiceController) -> bool:
        if self.bound("NoWait") and machine_of(ctx).powershell.startswith("4"):
            raise NotSimulated("Stop-Service -NoWait, which PowerShell 4 does not have", ctx.line)
        return self.do_stop(ctx, service, force=bool(self.get("Force")), wait=not self.get("NoWait"))


@cmdlet("Restart-Service")
class RestartService(_Changing):
    parameters = (*_choice(name_mandatory=True), Param("Force", "switch"), Param("PassThru", "switch"))

    def act(self, ctx: CmdletContext, service: ServiceController) -> bool:
        return self.do_stop(ctx, service, force=bool(self.get("Force"))) and self.do_start(ctx, service)


@cmdlet("New-Service")
class NewService(ServiceCmdlet):
    supports_should_process = True
    parameters: ClassVar[tuple[Param, ...]] = (
        Param("Name", "string", 0, mandatory=True, aliases=("ServiceName",), not_null_or_empty=True),
        Param("BinaryPathName", "string", 1, mandatory=True, not_null_or_empty=True),
        Param("DisplayName", "string", not_null_or_empty=True),
        Param("Description", "string", not_null_or_empty=True),
        _STARTUP,
        Param("Credential", unsupported=True),
        Param("DependsOn", "string[]"),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        name = str(self.get("Name"))
        display = str(self.get("DisplayName") or name)
        if not ctx.should_process(f"{display} ({name})", "New-Service"):
            return
        start = _START_TYPES[str(self.get("StartupType") or "Automatic").lower()]
        config = ServiceConfig(
            name=name,
            image_path=str(self.get("BinaryPathName")),
            display_name=display,
            start=start,
            description=str(self.get("Description") or ""),
            dependencies=tuple(str(d) for d in self.get("DependsOn") or ()),
        )
        service = ServiceController(host, name)
        try:
            host.scm.create(config)
        except Win32Error as error:
            ctx.fail(
                "CouldNotNewService",
                "PermissionDenied",
                _EXCEPTION,
                f"Service '{display} ({name})' cannot be created due to the following error: {error.message}",
                target=name,
                inner=win32_exception(error),
            )
            return
        ctx.write(service)


@cmdlet("Set-Service")
class SetService(ServiceCmdlet):
    default_set = "Name"
    supports_should_process = True
    parameters: ClassVar[tuple[Param, ...]] = (
        Param(
            "Name",
            "string",
            0,
            pipeline=True,
            by_property=True,
            aliases=("ServiceName", "SN"),
            sets=("Name",),
            mandatory=True,
        ),
        Param("InputObject", "System.ServiceProcess.ServiceController", pipeline=True, sets=("InputObject",)),
        Param("ComputerName", aliases=("cn",), unsupported=True),
        Param("DisplayName", "string", aliases=("DN",), not_null_or_empty=True),
        Param("Description", "string"),
        Param(
            "StartupType",
            "string",
            aliases=("StartMode", "SM", "ST"),
            validate_set=("Automatic", "Manual", "Disabled", "Boot", "System"),
        ),
        Param("Status", "string", validate_set=("Running", "Stopped", "Paused")),
        Param("PassThru", "switch"),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        given = self.get("InputObject")
        name = given.entry_name() if isinstance(given, ServiceController) else str(self.get("Name"))
        entry = host.scm.find(name)
        if entry is None:
            ctx.fail(
                "NoServiceFoundForGivenName",
                "ObjectNotFound",
                _EXCEPTION,
                f"Service {name} was not found on computer '.'.",
                target=name,
            )
            return
        service = ServiceController(host, entry.config.name)
        if not ctx.should_process(f"{entry.config.display_name} ({entry.config.name})", "Set-Service"):
            return
        changes: dict[str, Any] = {}
        if self.bound("DisplayName"):
            changes["display_name"] = str(self.get("DisplayName"))
        if self.bound("Description"):
            changes["description"] = str(self.get("Description") or "")
        if self.bound("StartupType"):
            changes["start"] = _START_TYPES[str(self.get("StartupType")).lower()]
            if changes["start"] is StartType.AUTO:
                changes["delayed"] = entry.config.delayed
        try:
            if changes:
                host.scm.change(entry.config.name, **changes)
        except Win32Error as error:
            self.complain(
                ctx,
                service,
                "CouldNotSetService",
                "Service '{1} ({0})' cannot be configured due to the following error: {2}",
                inner=win32_exception(error),
                category="PermissionDenied",
            )
            return
        status = str(self.get("Status") or "").lower()
        if status == "running" and host.scm.query(name).state is not State.RUNNING:
            self.do_start(ctx, service)
        elif status == "stopped" and host.scm.query(name).state is not State.STOPPED:
            self.do_stop(ctx, service, force=False)
        elif status == "paused":
            raise NotSimulated("Set-Service -Status Paused", ctx.line)
        if self.get("PassThru"):
            service.snapshot = None
            ctx.write(service)
