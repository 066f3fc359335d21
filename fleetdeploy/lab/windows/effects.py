"""Counts what was done to a host, so that a test can show that nothing was done twice.

Kinds: ``start`` and ``stop`` (a service was really started or stopped by request), ``crash``, ``recover`` (started by a
recovery action), ``kill``, ``write`` (a file's content changed and was closed), ``delete``, ``move``, ``config`` (a
service's configuration changed), ``create_service``, ``delete_service``, ``boot``. Names compare without case.
"""

from __future__ import annotations

import threading
from collections import Counter


class Effects:
    """A thread-safe counter by kind and target, and the order in which things happened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self.history: list[tuple[str, str]] = []

    def add(self, kind: str, target: str = "") -> None:
        with self._lock:
            self._counts[kind, target.lower()] += 1
            self.history.append((kind, target))

    def count(self, kind: str, target: str | None = None) -> int:
        """How often ``kind`` happened, to ``target`` or to anything."""
        with self._lock:
            if target is not None:
                return self._counts[kind, target.lower()]
            return sum(n for (k, _), n in self._counts.items() if k == kind)

    def targets(self, kind: str) -> dict[str, int]:
        with self._lock:
            return {t: n for (k, t), n in self._counts.items() if k == kind}

    def clear(self) -> None:
        with self._lock:
            self._counts.clear()
            self.history.clear()
