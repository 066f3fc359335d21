"""The faults of one simulated host, as data: what shall go wrong, when, how often, on what.

Decides only whether a fault applies. The WinRM side asks ``take`` at its points (connect, before, during and after a
request's effect, the answer); files, services and logons ask for theirs through ``host.py``; what happens at a point
of the host's life is ``fault_acts.py``. Each that fired is in ``log``. Deterministic: counts, patterns and seeded dice
decide. What there is: ``fault_kinds.py``.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .fault_kinds import FaultError, FaultKind, check, kind_of

__all__ = ["Fault", "FaultError", "FaultKind", "Faults", "Fired"]

_SHOWN = 200
_VERB = re.compile(r"verb = '([A-Za-z][A-Za-z0-9_-]*)'")


@dataclass(slots=True)
class Fault:
    """One fault. ``pattern`` (a regular expression, any case) must be found in what is being done; ``count`` None:
    until healed; ``skip``: so many matching times pass first; ``after`` and ``offset``: it sleeps until the host has
    reached such a point, and a file there has so many bytes. The other fields are options of its kind."""

    kind: FaultKind
    count: int | None = 1
    pattern: str = ""
    seconds: float = 0.0
    skip: int = 0
    path: str = ""
    probability: float = 1.0
    seed: int | str = 0
    after: str = ""
    offset: int = 0
    code: str = ""
    form: str = ""
    do: str = ""
    service: str = ""
    jitter: float = 0.0
    bandwidth: int = 0
    hits: int = field(default=0)
    awake: bool = field(default=True)
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        self.awake = not (self.after or self.offset)
        self.dice = random.Random(f"{self.kind}:{self.seed}")  # noqa: S311 - a simulation's dice

    def matches(self, text: str) -> bool:
        return not self.pattern or re.search(self.pattern, text, re.IGNORECASE) is not None

    @property
    def unconditional(self) -> bool:
        """Nothing says when: it may happen now."""
        return not (self.pattern or self.after or self.offset or self.skip) and self.probability >= 1

    def told(self) -> str:
        """In one line: the kind, and what was given with it."""
        words = [self.kind.value]
        for name in ("do", "code", "service", "path", "seconds", "jitter", "bandwidth", "pattern", "after", "offset"):
            value = getattr(self, name)
            if value not in ("", 0, 0.0):
                words.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
        if self.probability < 1:
            words.append(f"probability={self.probability:g}")
        if self.skip:
            words.append(f"skip={self.skip}")
        words.append("until healed" if self.count is None else f"{self.count} times" if self.count > 1 else "once")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that happened. ``at`` is UTC by the host's clock; ``text``: what it happened to; ``note``: what came of
    it, where that is not plain."""

    at: datetime
    kind: FaultKind
    text: str
    note: str = ""


class Faults:
    """The faults that wait on a host, in the order they were set; the first that matches is taken."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._lock = threading.Lock()
        self._now = now
        self._waiting: list[Fault] = []
        self._undo: list[tuple[FaultKind, Callable[[], None]]] = []
        self.log: list[Fired] = []
        self.on_added: list[Callable[[Fault], None]] = []

    @property
    def fired(self) -> list[tuple[FaultKind, str]]:
        """Kind and text of each that happened."""
        return [(one.kind, one.text) for one in list(self.log)]

    @property
    def quiet(self) -> bool:
        """Nothing waits: the common case, which must cost nothing."""
        return not self._waiting

    def add(
        self,
        kind: FaultKind | str,
        *,
        count: int | None = 1,
        pattern: str = "",
        seconds: float = 0.0,
        skip: int = 0,
        path: str = "",
        **options: Any,
    ) -> Fault:
        """Set a fault. Raises FaultError for a kind that does not exist or an option that the kind does not take."""
        known = kind_of(str(kind))
        given = {"count": count, "pattern": pattern, "seconds": seconds, "skip": skip, "path": path, **options}
        fault = Fault(known, **check(known, given))
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
                if fault.kind is not kind or not fault.awake or not fault.matches(text):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    return None
                if fault.probability < 1 and fault.dice.random() >= fault.probability:
                    continue
                fault.hits += 1
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                self.log.append(Fired(self._now(), kind, _told(text)))
                return fault
        return None

    def standing(self, kind: FaultKind) -> Fault | None:
        """The fault of a kind that lasts until healed; told once, when it is first felt."""
        if self.quiet:
            return None
        with self._lock:
            for fault in self._waiting:
                if fault.kind is kind and fault.awake:
                    fault.hits += 1
                    if fault.hits == 1:
                        self.log.append(Fired(self._now(), kind, ""))
                    return fault
        return None

    def passed(self, point: str, size: int = 0) -> None:
        """The host has reached a point; ``size``: of the file that is being written there."""
        with self._lock:
            for fault in self._waiting:
                if not fault.awake and size >= fault.offset:
                    wanted = fault.after or "^upload "
                    fault.awake = re.search(wanted, point, re.IGNORECASE) is not None

    def happened(self, kind: FaultKind, text: str, note: str = "") -> None:
        """Something fired that nobody took (it was to be at once), or came to something worth telling."""
        with self._lock:
            self.log.append(Fired(self._now(), kind, _told(text), note))

    def on_heal(self, kind: FaultKind, undo: Callable[[], None]) -> None:
        """What takes the effect of a fault back, when it is healed."""
        with self._lock:
            self._undo.append((kind, undo))

    def blanket(self, kind: FaultKind) -> bool:
        """Whether a fault of this kind stands that needs no pattern and lasts until healed; takes nothing."""
        with self._lock:
            return any(f.kind is kind and f.count is None and not f.pattern and f.awake for f in self._waiting)

    def pending(self, kind: FaultKind) -> bool:
        """Whether one of this kind waits; takes nothing."""
        with self._lock:
            return any(f.kind is kind and f.awake for f in self._waiting)

    def heal(self, kind: FaultKind | str | None = None) -> None:
        """Forget the faults of a kind, or all, and take back what can be taken back."""
        which = None if kind is None else kind_of(str(kind))
        with self._lock:
            self._waiting = [f for f in self._waiting if which is not None and f.kind is not which]
            undo = [act for done, act in self._undo if which is None or done is which]
            self._undo = [one for one in self._undo if which is not None and one[0] is not which]
        for act in undo:
            act()

    def listing(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting)


def _told(text: str) -> str:
    """What a fault happened to, short: of a script that calls itself something, that name."""
    named = _VERB.search(text) if text.startswith("script ") else None
    return f"script {named[1]}" if named else text[:_SHOWN]
