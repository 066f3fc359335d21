"""What the cmdlets over the simulated Windows share: choosing services, waiting without blocking a stop, WMI's codes.

Registers nothing. Look next: ``windows_services``, ``windows_cim``, ``windows_processes``, ``windows_events``.
"""

from __future__ import annotations

import time
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import wildcard
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext
from fleetdeploy.lab.windows.errors import Win32Error
from fleetdeploy.lab.windows.host import WindowsHost

WMI_CODES = {
    5: 2,
    1051: 3,
    1052: 4,
    1061: 5,
    1062: 6,
    1053: 7,
    2: 9,
    3: 9,
    1056: 10,
    1075: 12,
    1068: 13,
    1058: 14,
    1069: 15,
    1072: 16,
    1054: 17,
    1059: 18,
    1078: 19,
    123: 20,
    87: 21,
    1057: 22,
    1073: 23,
}
"""Win32 error to Win32_Service ReturnValue; anything else is 8 (unknown failure)."""


def machine_of(ctx: CmdletContext) -> WindowsHost:
    """The simulated machine; a pure language test has none."""
    if not isinstance(ctx.machine, WindowsHost):
        raise NotSimulated(f"{ctx.command_name} without a machine", ctx.line)
    return ctx.machine


def has_wildcard(text: str) -> bool:
    return any(c in text for c in "*?[")


def matches(pattern: str, text: str) -> bool:
    try:
        return wildcard.compile_wildcard(pattern).fullmatch(text) is not None
    except ValueError as error:
        raise NotSimulated(f"the wildcard pattern {pattern}") from error


def start_and_wait(ctx: CmdletContext, host: WindowsHost, name: str, arguments: tuple[str, ...] = ()) -> None:
    """StartService: waits for the program to connect, and stops waiting when the pipeline is stopped."""
    pending = host.scm.begin_start(name, arguments)
    while not pending.done.is_set():
        if not host.up:
            raise Win32Error(1115)
        ctx.sleep(0.02)
    if pending.error is not None:
        raise Win32Error(pending.error)


def wait_until(ctx: CmdletContext, condition: Any, seconds: float) -> bool:
    """Poll a condition for so long; ends at once when the pipeline is stopped."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        ctx.sleep(0.02)
    return True
