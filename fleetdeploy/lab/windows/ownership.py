"""Who is acting on a host right now: what handles and other belongings are released with.

The WinRM side wraps each pipeline's thread in ``acting_as(shell)``; what is opened meanwhile belongs to that shell and
is closed when ``host.release(shell)`` is called (the shell died), not when the script merely forgot it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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


def check_power(machine: object, boot: int, *, up: bool) -> None:
    """Whoever acts for a shell dies with the machine: MachineDown if it is off or has booted since the first look."""
    seen = _boots.get()
    if seen is not None and (seen.setdefault(id(machine), boot) != boot or not up):
        raise MachineDown
