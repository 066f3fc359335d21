"""Faults of one simulated host, as data: what shall go wrong, how often, on what.

Decides only whether a fault applies. The WinRM side asks ``take`` at its points (connect, before, during and after a
request's effect, the answer); files, services and logons ask for theirs through ``host.py``. Each that
fired is in ``fired``. Deterministic: no chance is involved; counts and patterns decide.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong, and who acts on it."""

    REFUSE = "refuse"  # wsman: connections are refused
    RESET_BEFORE = "reset-before"  # wsman: the connection is reset before the request has any effect
    RESET_DURING = "reset-during"  # wsman: reset while the pipeline runs; it goes on
    RESET_AFTER = "reset-after"  # wsman: reset after the effect, before the answer
    LOSE_ANSWER = "lose-answer"  # wsman: the effect is complete, the answer never comes
    SILENCE = "silence"  # wsman: nothing is said for `seconds`
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - wsman: logons fail
    DISK_FULL = "disk-full"  # files: a file whose path matches takes no byte more
    LOCK_FILE = (
        "lock-file"  # files: held without sharing for `seconds`: the file `path` now, or what matches once written
    )
    TAMPER = "tamper"  # files: a file whose path matches is changed after it was written
    REBOOT = (
        "reboot"  # at a matching point ("stop NAME", "start NAME", "write PATH", "script TEXT") the machine reboots
    )


@dataclass(slots=True)
class Fault:
    """One fault. ``pattern`` (a regular expression, any case) must be found in what is being done; ``count`` None:
    until healed; ``skip``: so many matching times pass first; ``seconds``: how long, where that means something."""

    kind: FaultKind
    count: int | None = 1
    pattern: str = ""
    seconds: float = 0.0
    skip: int = 0
    path: str = ""
    hits: int = field(default=0)

    def matches(self, text: str) -> bool:
        return not self.pattern or re.search(self.pattern, text, re.IGNORECASE) is not None


class Faults:
    """The faults that wait on a host, in the order they were set; the first that matches is taken."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.fired: list[tuple[FaultKind, str]] = []
        self.on_added: list[Callable[[Fault], None]] = []

    def add(
        self,
        kind: FaultKind | str,
        *,
        count: int | None = 1,
        pattern: str = "",
        seconds: float = 0.0,
        skip: int = 0,
        path: str = "",
    ) -> Fault:
        fault = Fault(FaultKind(kind), count, pattern, seconds, skip, path)
        with self._lock:
            self._waiting.append(fault)
        for listener in self.on_added:
            listener(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            if fault in self._waiting:
                self._waiting.remove(fault)

    def take(self, kind: FaultKind, text: str = "") -> Fault | None:
        """The fault of this kind that applies now to ``text``; counts it."""
        with self._lock:
            for fault in self._waiting:
                if fault.kind is not kind or not fault.matches(text):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                fault.hits += 1
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                self.fired.append((kind, text[:200]))
                return fault
        return None

    def blanket(self, kind: FaultKind) -> bool:
        """Whether a fault of this kind stands that needs no pattern and lasts until healed; takes nothing."""
        with self._lock:
            return any(f.kind is kind and f.count is None and not f.pattern for f in self._waiting)

    def pending(self, kind: FaultKind) -> bool:
        """Whether one of this kind waits; takes nothing."""
        with self._lock:
            return any(f.kind is kind for f in self._waiting)

    def heal(self, kind: FaultKind | str | None = None) -> None:
        """Forget the faults of a kind, or all."""
        with self._lock:
            self._waiting = [f for f in self._waiting if kind is not None and f.kind is not FaultKind(kind)]

    def listing(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)
