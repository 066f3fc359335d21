"""Freeze windows as data: when nobody may begin to change hosts, and why.

Holds no clock and no time zone database. ``freeze_documents.py`` reads them from YAML, ``policy/freeze.py`` says
whether a moment lies in one, ``rollout/calendar.py`` waits.
"""

from __future__ import annotations

from dataclasses import dataclass

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week: minutes after Monday 00:00 of the zone's wall clock. ``ends`` before ``begins`` is the next week."""

    begins: int
    ends: int

    def __str__(self) -> str:
        return f"{_moment(self.begins)} - {_moment(self.ends)}"


@dataclass(frozen=True, slots=True)
class Dates:
    """Once: wall clock of the zone, ISO 8601 without an offset; ``ends`` is the first minute that is open again."""

    since: str
    until: str

    def __str__(self) -> str:
        return f"{_short(self.since)} - {_short(self.until)}"


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """One window.

    Attributes:
        zone: IANA name of the time zone whose wall clock is meant.
        why: shown to whoever is held by it.
        source: ``file:line`` it was written at.
    """

    when: Weekly | Dates
    zone: str
    why: str = ""
    source: str = ""

    def __str__(self) -> str:
        return f"{self.when} {self.zone}" + (f" ({self.why})" if self.why else "")


def _moment(minute: int) -> str:
    day, rest = divmod(minute, DAY_MINUTES)
    return f"{_DAYS[day % 7]} {rest // 60:02}:{rest % 60:02}"


def _short(text: str) -> str:
    return text.replace("T", " ").removesuffix(":00") if text.count(":") > 1 else text.replace("T", " ")
