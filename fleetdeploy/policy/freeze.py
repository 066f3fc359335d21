"""Does the calendar let anybody begin now? ``closed(windows, now) -> Closed | None`` (pure; time is an argument).

Windows are wall clock, so they follow summer time. Where the wall clock shows a time twice, or never, the longer window
counts: a calendar that is in doubt is closed. Windows that touch or overlap count as one, so that ``until`` is the
moment from which somebody really may begin. Never asked for a way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fleetdeploy.model.freeze import WEEK_MINUTES, Dates, FreezeWindow, Weekly

_HORIZON = timedelta(days=400)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Closed:
    """Nobody may begin. ``until`` is UTC, None if no end is in sight; ``window`` is the one that was met first."""

    until: datetime | None
    why: str
    window: FreezeWindow

    def __str__(self) -> str:
        why = f": {self.why}" if self.why else ""
        if self.until is None:
            return f"the freeze calendar is closed, no end in sight{why} ({self.window.source or self.window})"
        end = self.until.astimezone(ZoneInfo(self.window.zone))
        return f"the freeze calendar is closed until {end:%a %Y-%m-%d %H:%M %Z}{why}"


def closed(windows: Sequence[FreezeWindow], now: datetime) -> Closed | None:
    """The window that ``now`` (aware) lies in, with the end of the whole frozen time; None if it is open."""
    moment = now.astimezone(UTC)
    first: FreezeWindow | None = None
    limit = moment + _HORIZON
    while moment < limit:
        met = [(ends, window) for window in windows if (ends := _ends(window, moment)) is not None]
        if not met:
            return None if first is None else Closed(moment, first.why, first)
        moment, window = max(met, key=lambda pair: pair[0])
        first = first or window
        if moment == _NEVER:
            return Closed(None, f"the time zone {window.zone} is not known here: pip install tzdata", window)
    assert first is not None  # noqa: S101 - the loop ran at least once
    return Closed(None, first.why, first)


def _ends(window: FreezeWindow, moment: datetime) -> datetime | None:
    """End of the window if ``moment`` lies in it."""
    try:
        zone = ZoneInfo(window.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Read on another machine, which knew it. In doubt it is closed.
        return _NEVER
    for begins, ends in _spans(window.when, moment.astimezone(zone).replace(tzinfo=None)):
        first, last = _moments(begins, zone), _moments(ends, zone)
        if min(first) <= moment < max(last):
            return max(last)
    return None


def _spans(when: Weekly | Dates, local: datetime) -> list[tuple[datetime, datetime]]:
    """Wall-clock spans that may hold the wall-clock time ``local``."""
    if isinstance(when, Dates):
        return [(datetime.fromisoformat(when.since), datetime.fromisoformat(when.until))]
    monday = local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=local.weekday())
    length = (when.ends - when.begins) % WEEK_MINUTES
    starts = [monday + timedelta(weeks=week, minutes=when.begins) for week in (1, 0, -1)]
    return [(start, start + timedelta(minutes=length)) for start in starts]


def _moments(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Both moments that a wall-clock time may mean; the same twice on most days."""
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
