"""System.Diagnostics.Process over the simulated process table.

Decides what a script sees of a process; what is not simulated (threads, windows, CPU times) is no member of the
table and is refused by ``members``. The cmdlets are ``cmdlets/windows_processes.py``.
"""

from __future__ import annotations

import time
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.windows_common import invalid_operation, local_time, win32_exception
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    DateTime,
    DotNetException,
    Int64,
    NetError,
    NetObject,
    PSArray,
    define,
)
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.processes import Process


class ProcessObject(NetObject):
    """A process as a script holds it: the process itself, also after it has ended."""

    def __init__(self, machine: Any, process: Process) -> None:
        self.machine = machine
        self.process = process

    @property
    def short_name(self) -> str:
        name = self.process.name
        return name[:-4] if name.lower().endswith(".exe") else name

    def to_net_string(self) -> str:
        return f"System.Diagnostics.Process ({self.short_name})"


class ProcessModule(NetObject):
    """A module of a process: only the main one is simulated."""

    def __init__(self, process: Process) -> None:
        self.process = process

    def to_net_string(self) -> str:
        return f"System.Diagnostics.ProcessModule ({self.process.name})"


MODULE = define("System.Diagnostics.ProcessModule", py=ProcessModule)
MODULE.prop("FileName", "string", lambda m: m.process.image_path)
MODULE.prop("ModuleName", "string", lambda m: m.process.name)

PROCESS = define("System.Diagnostics.Process", py=ProcessObject)


def _path(p: ProcessObject) -> str | None:
    return p.process.image_path if "\\" in p.process.image_path else None


def _started(p: ProcessObject) -> DateTime:
    return local_time(p.machine, p.process.created)


def _exit_code(p: ProcessObject) -> int:
    if p.process.exit_code is None:
        raise invalid_operation("Process must exit before requested information can be determined.")
    return int(p.process.exit_code)


def _memory(p: ProcessObject) -> int:
    return p.process.working_set


PROCESS.prop("Id", "int", lambda p: p.process.pid)
PROCESS.prop("Name", "string", lambda p: p.short_name)
PROCESS.prop("ProcessName", "string", lambda p: p.short_name)
PROCESS.prop("Path", "string", _path)
PROCESS.prop("StartTime", "datetime", _started)
PROCESS.prop("HasExited", "bool", lambda p: not p.process.running)
PROCESS.prop("ExitCode", "int", _exit_code)
PROCESS.prop("MachineName", "string", lambda p: ".")
PROCESS.prop("SessionId", "int", lambda p: 0)
PROCESS.prop("MainModule", "System.Diagnostics.ProcessModule", lambda p: ProcessModule(p.process))
PROCESS.prop("WorkingSet64", "long", lambda p: Int64(_memory(p)))
PROCESS.prop("WorkingSet", "int", _memory)
# Windows PowerShell 5.1 means the 64 bit counter by WS.
PROCESS.prop("WS", "long", lambda p: Int64(_memory(p)))
PROCESS.prop("SI", "int", lambda p: 0)


@PROCESS.method("Kill()")
def kill(p: ProcessObject) -> Any:
    """TerminateProcess with exit code -1."""
    with p.machine.lock:
        if not p.process.running:
            raise invalid_operation("Cannot process request because the process has exited.")
        if p.process is p.machine.shell_process:
            raise NotSimulated("a script that kills its own shell")
        if p.process.protected:
            raise NetError(win32_exception(Win32Error(5)))
        p.machine.effects.add("kill", p.process.name)
        p.machine.processes.end(p.process, -1)
    return NOTHING


@PROCESS.method("WaitForExit()", "WaitForExit(int milliseconds)")
def wait_for_exit(p: ProcessObject, milliseconds: int | None = None) -> Any:
    end = None if milliseconds is None or milliseconds < 0 else time.monotonic() + milliseconds / 1000
    while p.process.running:
        if end is not None and time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return NOTHING if milliseconds is None else True


@PROCESS.method("Refresh()", "Close()", "Dispose()")
def _nothing(p: ProcessObject) -> Any:
    """Nothing is cached and nothing is held."""
    return NOTHING


@PROCESS.static("GetProcessById(int processId)", machine=True)
def _by_id(machine: Any, pid: int) -> ProcessObject:
    found = machine.processes.get(pid)
    if found is None:
        raise NetError(
            DotNetException(
                "System.ArgumentException", f"Process with an Id of {pid} is not running.", hresult=-2147024809
            )
        )
    return ProcessObject(machine, found)


@PROCESS.static("GetProcesses()", machine=True)
def _all(machine: Any) -> PSArray:
    return PSArray([ProcessObject(machine, p) for p in machine.processes.all()], PROCESS)


@PROCESS.static("GetProcessesByName(string processName)", machine=True)
def _by_name(machine: Any, name: str) -> PSArray:
    every = [ProcessObject(machine, p) for p in machine.processes.all()]
    return PSArray([p for p in every if p.short_name.lower() == name.lower()], PROCESS)


@PROCESS.static("GetCurrentProcess()", machine=True)
def _current(machine: Any) -> ProcessObject:
    return ProcessObject(machine, machine.shell_process)
