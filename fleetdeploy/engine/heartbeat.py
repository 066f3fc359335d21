"""When is a beat due? Each opened host gets a sign of life at a third of the TTL, through its own worker (rule 14).

Sessions are single-threaded, so the beat is not a thread of its own: the worker gives it when its queue has been
empty until it is due, and long tasks give it between their calls (``pulse``). A verb that runs is a sign of life
itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Heartbeat:
    """The beat of one host. Used by the host's worker thread; ``start`` and ``stop`` may come from any."""

    def __init__(self, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._beat: Callable[[], None] | None = None
        self._last = 0.0

    def start(self, beat: Callable[[], None]) -> None:
        """From now on ``beat`` is called when due (a new token means a new ``beat``)."""
        self._last = self._clock()
        self._beat = beat

    def stop(self) -> None:
        """No more beats."""
        self._beat = None

    def due_in(self) -> float | None:
        """Seconds until the next beat, None if there is none to give."""
        if self._beat is None:
            return None
        return max(0.0, self._last + self._interval_s - self._clock())

    def pulse(self) -> None:
        """Beat if it is due. What the host answers (stale!) is raised here."""
        beat = self._beat
        if beat is not None and self.due_in() == 0.0:
            self._last = self._clock()
            beat()
