"""Small native programs of the simulated Windows: hostname, whoami, taskkill.

Each answers what its real self prints for the uses given here and refuses the rest. sc.exe has its own module.
"""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.native import NativeContext, NativeResult, native
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.ownership import current_owner


def _host(ctx: NativeContext, program: str) -> WindowsHost:
    if not isinstance(ctx.machine, WindowsHost):
        raise NotSimulated(f"{program} without a machine")
    return ctx.machine


@native("hostname.exe")
def hostname(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    host = _host(ctx, "hostname.exe")
    if argv:
        raise NotSimulated(f"hostname.exe {argv[0]}")
    return NativeResult(0, [host.name.partition(".")[0]])


@native("whoami.exe")
def whoami(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    host = _host(ctx, "whoami.exe")
    user = getattr(current_owner(), "user", None) or ctx.environment("USERNAME")
    if argv or not user:
        raise NotSimulated("whoami.exe with options, or without a user")
    return NativeResult(0, [f"{host.name.partition('.')[0]}\\{user}".lower()])


@native("taskkill.exe")
def taskkill(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    """``taskkill /F /PID n``, in any order, one process."""
    host = _host(ctx, "taskkill.exe")
    words = [w.lower() for w in argv]
    if "/f" not in words or words.count("/pid") != 1 or len(words) != 3:
        raise NotSimulated(f"taskkill.exe {' '.join(argv)}")
    number = words[(words.index("/pid") + 1) % 3]
    if not number.isdigit():
        raise NotSimulated(f"taskkill.exe {' '.join(argv)}")
    with host.lock:
        process = host.processes.get(int(number))
        if process is None:
            return NativeResult(128, (), [f'ERROR: The process "{number}" not found.'])
        if process.protected:
            reason = "Reason: Access is denied."
            return NativeResult(1, (), [f"ERROR: The process with PID {number} could not be terminated.", reason])
        host.effects.add("kill", process.name)
        host.processes.end(process, 1)
    return NativeResult(0, [f"SUCCESS: The process with PID {number} has been terminated."])
