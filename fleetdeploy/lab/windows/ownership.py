"""Who is acting on a host right now: what handles and other belongings are released with, and whose programs run.

The WinRM side wraps each pipeline's thread in ``acting_as(shell)``; what is opened meanwhile belongs to that shell and
is closed when ``host.release(shell)`` is called (the shell died), not when the script merely forgot it. A shell
that may have only so many processes has ``children``; whoever starts a program does so within ``child``.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from fleetdeploy.lab.errors import NotSimulated

from .errors import MachineDown

_owner: ContextVar[Hashable] = ContextVar("lab_owner", default=None)
_boots: ContextVar[dict[int, int] | None] = ContextVar("lab_boots", default=None)


def current_owner() -> Hashable:
    """The shell (or whatever) in whose name this thread acts; None outside."""
    return _owner.get()


@contextmanager
def acting_as(owner: Hashable) -> Iterator[None]:
    """Within the block, and in this thread only, belongings are ``owner``'s."""
    token, boots = _owner.set(owner), _boots.set({})
    try:
        yield
    finally:
        _owner.reset(token)
        _boots.reset(boots)


class Children:
    """The programs that an owner's scripts run at once, of at most ``limit`` processes.

    Whether the owner's own process and the console that it gets for them (conhost.exe) are among those, no document
    says: what might be one too many is refused.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self.running = 0

    def start(self, program: str, processes: int) -> None:
        """Raises NotSimulated where Windows may refuse to start the program."""
        with self._lock:
            if self.running + processes + 2 > self._limit:
                raise NotSimulated(f"{program} where a shell may have {self._limit} processes (MaxProcessesPerShell)")
            self.running += processes

    def end(self, processes: int) -> None:
        with self._lock:
            self.running -= processes


@contextmanager
def child(program: str, *, processes: int = 1) -> Iterator[None]:
    """Within the block this thread's owner runs ``program``, which is that many processes. Raises NotSimulated."""
    children = getattr(_owner.get(), "children", None)
    if not isinstance(children, Children):
        yield
        return
    children.start(program, processes)
    try:
        yield
    finally:
        children.end(processes)


def check_power(machine: object, boot: int, *, up: bool) -> None:
    """Whoever acts for a shell dies with the machine: MachineDown if it is off or has booted since the first look."""
    seen = _boots.get()
    if seen is not None and (seen.setdefault(id(machine), boot) != boot or not up):
        raise MachineDown
