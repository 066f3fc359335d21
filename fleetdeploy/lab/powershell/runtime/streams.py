"""Where a command's error, warning, verbose, debug and information records go, and what redirections change.

`Streams` is immutable: a redirected command runs with a changed copy. Must not decide preferences (interp.py does).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

Put = Callable[[Any], None]
NAMES = ("error", "warning", "verbose", "debug", "information")


@dataclass(frozen=True, slots=True)
class Streams:
    """Targets of the streams 2 to 6."""

    error: Put
    warning: Put
    verbose: Put
    debug: Put
    information: Put
    # Lists of -ErrorVariable and the like, of every command around: each gets every record.
    error_lists: tuple[Any, ...] = field(default=())
    warning_lists: tuple[Any, ...] = field(default=())
    information_lists: tuple[Any, ...] = field(default=())

    def with_(self, **changes: Any) -> Streams:
        return replace(self, **changes)
