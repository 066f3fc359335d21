"""Faults that happen to the machine at a point of its life, or at once: what each one does.

``ACTS`` is the table: one function for each kind of ``KINDS`` that is an event. Decides nothing about when
(``faults.py``) and nothing about the wire (``wsman/injection.py``). An act never fails its point: where it cannot do
what it is for (the service is not there), its line in the log of faults says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from . import defender, paths
from .errors import FileError, Win32Error
from .fault_kinds import KINDS, FaultKind
from .faults import Fault
from .scenery import SYSTEM32
from .service import FailureActions, Service, ServiceConfig, StartType, State

if TYPE_CHECKING:
    from .host import WindowsHost

_NAMED = re.compile(r"(?:start|stop|config) (.+)", re.DOTALL)
_FILE = re.compile(r"(?:write|upload) (.+)", re.DOTALL)
_KILLED = 1
_AGAIN_S = 0.05
_TRIES = 200
BY_HAND_EXE = "C:\\Temp\\by-hand.exe"


def at(host: WindowsHost, point: str, size: int = 0) -> None:
    """The host has reached a point: what waits for it happens now. Cheap where nothing waits."""
    faults = host.faults
    if faults.quiet:
        return
    faults.passed(point, size)
    for kind in ACTS:
        fault = faults.take(kind, point)
        if fault is not None:
            _do(host, fault, point)


def at_once(host: WindowsHost, fault: Fault) -> bool:
    """A fault was set: an event that nothing holds back happens now, once. True if it did."""
    if not KINDS[fault.kind].event or not fault.unconditional:
        return False
    host.faults.remove(fault)
    host.faults.happened(fault.kind, "at once", fault.do)
    _do(host, fault, "")
    return True


def _do(host: WindowsHost, fault: Fault, point: str) -> None:
    with host.lock:
        try:
            ACTS[fault.kind](host, fault, point)
        except (Win32Error, FileError) as error:
            host.faults.happened(fault.kind, point, f"could not be: {error}")


def _service(host: WindowsHost, fault: Fault, point: str) -> Service:
    """The service that is meant: named, or the point's, or the only one that did not come with Windows."""
    named = _NAMED.fullmatch(point)
    if fault.service or named:
        return host.scm.service(fault.service or (named[1] if named else ""))
    own = [
        entry
        for name in host.scm.names()
        if (entry := host.scm.find(name)) is not None
        and not host.expand(entry.config.image_path).lstrip('"').lower().startswith(SYSTEM32.lower())
    ]
    if len(own) != 1:
        raise Win32Error(1060)
    return own[0]


def _later(host: WindowsHost, seconds: float, act: Callable[[], None]) -> None:
    """Now, or after so many seconds if the machine is still up then."""

    def fire() -> None:
        with host.lock:
            if host.up:
                act()

    if seconds > 0:
        host.env.schedule(seconds, fire)
    else:
        act()


# ---- the machine -----------------------------------------------------------------------------------------------------
def _reboot(host: WindowsHost, fault: Fault, point: str) -> None:
    host.env.schedule(fault.seconds, host.reboot)


def _clock_skew(host: WindowsHost, fault: Fault, point: str) -> None:
    jump = timedelta(seconds=fault.seconds)
    host.clock.offset += jump

    def back() -> None:
        host.clock.offset -= jump

    host.faults.on_heal(fault.kind, back)


def _shells_gone(host: WindowsHost, fault: Fault, point: str) -> None:
    for listener in tuple(host.on_winrm_restart):
        listener(fault.seconds)


def _quarantine(host: WindowsHost, fault: Fault, point: str) -> None:
    of_point = _FILE.fullmatch(point)
    meant = []
    if not fault.path and of_point:
        node = next((node for path, node in defender.files(host) if path.lower() == of_point[1].lower()), None)
        meant = [] if node is None else [node]
    tries = [_TRIES]

    def act() -> None:
        left = False
        for path, node in list(defender.files(host)):
            wanted = node in meant if meant else bool(fault.path) and re.search(fault.path, path, re.IGNORECASE)
            if wanted and not defender.quarantine(host, path, clean=fault.do == "changed"):
                left = True
            elif wanted:
                host.faults.happened(fault.kind, path, fault.do)
        if left and tries[0] > 0:  # somebody still writes it
            tries[0] -= 1
            _later(host, _AGAIN_S, act)

    _later(host, fault.seconds, act)


# ---- the service -----------------------------------------------------------------------------------------------------
def _crash(host: WindowsHost, fault: Fault, point: str) -> None:
    entry = _service(host, fault, point)

    def act() -> None:
        if entry.process is None:
            host.faults.happened(fault.kind, point, f"could not be: {entry.config.name} has no process")
        else:
            host.processes.end(entry.process, 2)

    _later(host, fault.seconds, act)


def _disable(host: WindowsHost, fault: Fault, point: str) -> None:
    host.scm.change(_service(host, fault, point).config.name, start=StartType.DISABLED)


def _mark_deleted(host: WindowsHost, fault: Fault, point: str) -> None:
    name = _service(host, fault, point).config.name
    host.scm.hold(name)
    host.scm.delete(name)

    def closed() -> None:
        if host.scm.find(name) is not None:
            host.scm.hold(name, -1)

    host.faults.on_heal(fault.kind, closed)


def _dependent(host: WindowsHost, fault: Fault, point: str) -> None:
    name = _service(host, fault, point).config.name
    other = f"{name}Agent"
    image = f"{SYSTEM32}\\svchost.exe -k {other}"
    host.scm.create(ServiceConfig(other, image, f"{name} Agent", StartType.AUTO, dependencies=(name,)))
    host.scm.begin_start(other)

    def gone() -> None:
        entry = host.scm.find(other)
        if entry is not None:
            if entry.state is State.RUNNING:
                host.scm.stop(other)
            host.scm.delete(other)

    host.faults.on_heal(fault.kind, gone)


def _by_hand(host: WindowsHost, fault: Fault, point: str) -> None:
    entry = _service(host, fault, point)
    name, scm = entry.config.name, host.scm
    match fault.do:
        case "stop":
            scm.stop(name)
        case "start":
            scm.begin_start(name)
        case "restart":
            scm.stop(name)
            _start_when_stopped(host, name, _TRIES)
        case "kill":
            if entry.process is None:
                raise Win32Error(1062)
            host.processes.end(entry.process, _KILLED)
        case "arguments":
            scm.change(name, image_path=f"{entry.config.image_path} --by-hand")
        case "image":
            exe = paths.split_command_line(host.expand(entry.config.image_path))[0]
            host.fs.put(BY_HAND_EXE, host.fs.blob(exe))
            scm.change(name, image_path=entry.config.image_path.replace(exe, BY_HAND_EXE))
        case "recovery":
            scm.change(name, failure=FailureActions(), failure_flag=False)
        case "description":
            scm.change(name, description="changed by hand")
        case _:
            scm.delete(name)


def _start_when_stopped(host: WindowsHost, name: str, tries: int) -> None:
    entry = host.scm.find(name)
    if entry is None or tries <= 0:
        return
    if entry.state is State.STOPPED:
        try:
            host.scm.begin_start(name)
        except Win32Error as error:
            host.faults.happened(FaultKind.BY_HAND, name, f"could not be started: {error}")
        return
    _later(host, _AGAIN_S, lambda: _start_when_stopped(host, name, tries - 1))


Act = Callable[["WindowsHost", Fault, str], None]

ACTS: Mapping[FaultKind, Act] = {
    FaultKind.QUARANTINE: _quarantine,
    FaultKind.CRASH: _crash,
    FaultKind.DISABLE: _disable,
    FaultKind.BY_HAND: _by_hand,
    FaultKind.DEPENDENT: _dependent,
    FaultKind.MARK_DELETED: _mark_deleted,
    FaultKind.CLOCK_SKEW: _clock_skew,
    FaultKind.SHELLS_GONE: _shells_gone,
    FaultKind.REBOOT: _reboot,
}
