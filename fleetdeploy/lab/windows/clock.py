"""A host's wall clock and its time since boot.

The wall clock may be off and may be set by a test; uptime never jumps but by ``let_pass``. Times are aware UTC
datetimes; local time of a host is UTC plus ``utc_offset`` (simulated hosts run in UTC unless told).
Look next: ``host.py``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .environment import LabEnvironment


class Clock:
    """Wall clock with an offset, and uptime that restarts at boot."""

    def __init__(
        self, env: LabEnvironment, *, offset: timedelta = timedelta(0), utc_offset: timedelta = timedelta(0)
    ) -> None:
        self._env = env
        self.offset = offset
        self.utc_offset = utc_offset
        self._booted_at = env.monotonic()
        self.boot_time = self.now()

    def now(self) -> datetime:
        """The host's idea of the present, UTC."""
        return datetime.now(UTC) + self.offset

    def uptime(self) -> float:
        """Seconds since boot; what ``Stopwatch.GetTimestamp`` counts (times 10,000,000)."""
        return self._env.monotonic() - self._booted_at

    def let_pass(self, seconds: float) -> None:
        """Much later, at once: both clocks say so. Timers and sleeping scripts notice nothing."""
        self._booted_at -= seconds
        self.offset += timedelta(seconds=seconds)

    def restart(self, *, uptime: float = 0.0) -> None:
        """The machine boots now (or booted ``uptime`` seconds ago)."""
        self._booted_at = self._env.monotonic() - uptime
        self.boot_time = self.now() - timedelta(seconds=uptime)
