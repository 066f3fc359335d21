"""System.ServiceProcess.ServiceController over the simulated service control manager.

Decides what the object caches (Status until Refresh) and which exceptions its calls throw; states and codes are the
SCM's (``windows/scm.py``). The cmdlets are ``cmdlets/windows_services.py``.
"""

from __future__ import annotations

import time
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.windows_common import invalid_operation
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    EnumValue,
    NetError,
    NetObject,
    PSArray,
    TimeSpan,
    define,
    define_enum,
)
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.service import ACCEPT_PAUSE, ACCEPT_SHUTDOWN, ACCEPT_STOP, ServiceStatus, State

STATUS = define_enum(
    "System.ServiceProcess.ServiceControllerStatus",
    "Stopped=1 StartPending StopPending Running ContinuePending PausePending Paused",
)
START_MODE = define_enum("System.ServiceProcess.ServiceStartMode", "Boot=0 System Automatic Manual Disabled")
SERVICE_TYPE = define_enum(
    "System.ServiceProcess.ServiceType",
    "KernelDriver=1 FileSystemDriver=2 Adapter=4 RecognizerDriver=8 Win32OwnProcess=16 Win32ShareProcess=32 "
    "InteractiveProcess=256",
    flags=True,
)


class ServiceController(NetObject):
    """One service as a script holds it. ``snapshot`` is what was last read; None: to be read at the next look."""

    def __init__(self, machine: Any, name: str) -> None:
        self.machine = machine
        self.given_name = name
        self.snapshot: ServiceStatus | None = None

    def entry_name(self) -> str:
        """The key name; a display name is understood too. Throws if there is no such service."""
        if self.machine is None:
            raise NotSimulated("ServiceController without a machine")
        scm = self.machine.scm
        found = scm.find(self.given_name) or scm.by_display_name(self.given_name)
        if found is None:
            raise invalid_operation(
                f"Service {self.given_name} was not found on computer '.'.",
                Win32Error(1060),
            )
        return str(found.config.name)

    def read(self) -> ServiceStatus:
        if self.snapshot is None:
            try:
                self.snapshot = self.machine.scm.query(self.entry_name())
            except Win32Error as error:
                raise invalid_operation(f"Cannot open {self.given_name} service on computer '.'.", error) from error
        return self.snapshot

    def config(self) -> Any:
        try:
            return self.machine.scm.config(self.entry_name())
        except Win32Error as error:
            raise invalid_operation(f"Cannot open {self.given_name} service on computer '.'.", error) from error


CONTROLLER = define("System.ServiceProcess.ServiceController", py=ServiceController)
CONTROLLER.ctor("(string name)", machine=True)(lambda machine, name: ServiceController(machine, name))


def _controllers(svc: ServiceController, names: list[str]) -> PSArray:
    return PSArray([ServiceController(svc.machine, name) for name in names], CONTROLLER)


def _name(svc: ServiceController) -> str:
    return svc.entry_name()


def _needed(svc: ServiceController) -> PSArray:
    return _controllers(svc, [d for d in svc.config().dependencies if not d.startswith("+")])


def _accepts(bit: int) -> Any:
    return lambda svc: bool(svc.read().accepts & bit)


CONTROLLER.prop("Name", "string", _name)
CONTROLLER.prop("RequiredServices", "System.ServiceProcess.ServiceController[]", _needed)
CONTROLLER.prop("CanPauseAndContinue", "bool", _accepts(ACCEPT_PAUSE))
CONTROLLER.prop("CanShutdown", "bool", _accepts(ACCEPT_SHUTDOWN))
CONTROLLER.prop("CanStop", "bool", _accepts(ACCEPT_STOP))
CONTROLLER.prop("DisplayName", "string", lambda svc: svc.config().display_name)
CONTROLLER.prop(
    "DependentServices",
    "System.ServiceProcess.ServiceController[]",
    lambda svc: _controllers(svc, svc.machine.scm.dependents(svc.entry_name())),
)
CONTROLLER.prop("MachineName", "string", lambda svc: ".")
CONTROLLER.prop("ServiceName", "string", _name)
CONTROLLER.prop("ServicesDependedOn", "System.ServiceProcess.ServiceController[]", _needed)
CONTROLLER.prop(
    "Status", "System.ServiceProcess.ServiceControllerStatus", lambda svc: EnumValue(STATUS, int(svc.read().state))
)
CONTROLLER.prop(
    "ServiceType",
    "System.ServiceProcess.ServiceType",
    lambda svc: EnumValue(SERVICE_TYPE, int(svc.config().service_type)),
)


def _start_type(svc: ServiceController) -> EnumValue:
    if svc.machine is not None and str(svc.machine.powershell).startswith("4"):
        raise NotSimulated("ServiceController.StartType, which .NET 4.5 does not have")
    return EnumValue(START_MODE, int(svc.config().start))


CONTROLLER.prop("StartType", "System.ServiceProcess.ServiceStartMode", _start_type)


@CONTROLLER.method("Start()", "Start(string[] args)")
def _start(svc: ServiceController, args: Any = ()) -> Any:
    name = svc.entry_name()
    try:
        svc.machine.scm.start(name, tuple(str(a) for a in args))
    except Win32Error as error:
        raise invalid_operation(f"Cannot start service {name} on computer '.'.", error) from error
    return NOTHING


@CONTROLLER.method("Stop()")
def stop(svc: ServiceController) -> Any:
    """As in .NET Framework: running dependents are stopped first, the innermost first."""
    name = svc.entry_name()
    scm = svc.machine.scm
    for dependent in scm.dependents(name, active_only=True):
        inner = ServiceController(svc.machine, dependent)
        stop(inner)
        _wait(inner, EnumValue(STATUS, int(State.STOPPED)), TimeSpan(300_000_000))
    try:
        svc.snapshot = scm.stop(name)
    except Win32Error as error:
        raise invalid_operation(f"Cannot stop {name} service on computer '.'.", error) from error
    return NOTHING


@CONTROLLER.method("Refresh()")
def _refresh(svc: ServiceController) -> Any:
    svc.snapshot = None
    return NOTHING


@CONTROLLER.method("Close()", "Dispose()")
def _close(svc: ServiceController) -> Any:
    svc.snapshot = None
    return NOTHING


@CONTROLLER.method("WaitForStatus(System.ServiceProcess.ServiceControllerStatus desiredStatus, timespan timeout)")
def _wait(svc: ServiceController, desired: EnumValue, timeout: TimeSpan) -> Any:
    end = time.monotonic() + timeout.ticks / 10_000_000
    boot = svc.machine.boots
    svc.snapshot = None
    while int(svc.read().state) != desired.value:
        if time.monotonic() > end or svc.machine.boots != boot:
            raise NetError(
                DotNetException(
                    "System.ServiceProcess.TimeoutException",
                    "Time out has expired and the operation has not been completed.",
                    hresult=-2146233083,
                )
            )
        time.sleep(0.02)
        svc.snapshot = None
    return NOTHING


@CONTROLLER.static("GetServices()", machine=True)
def _services(machine: Any) -> PSArray:
    return PSArray([ServiceController(machine, name) for name in machine.scm.names()], CONTROLLER)
