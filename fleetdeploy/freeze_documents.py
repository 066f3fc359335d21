"""The ``freeze`` section of ``fleetdeploy.yml`` and of an inventory: the same words in both, so one reader for both.

    freeze:
      - {weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin, why: nobody is here at the weekend}
      - {from: 2026-12-20, to: 2027-01-02, zone: Europe/Berlin, why: Christmas}   # both days included
      - {from: "2026-11-27 08:00", to: "2026-11-27 20:00", zone: Europe/Berlin}   # to the minute

A zone must be named: a calendar that means another hour on the CI runner than on a laptop guards nothing. Stands beside
``inventory/`` and ``settings/``, which may not import one another. Knows no clock (``policy/freeze.py`` does).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from fleetdeploy.documents import Section, Value, did_you_mean
from fleetdeploy.errors import ConfigError
from fleetdeploy.model.freeze import DAY_MINUTES, Dates, FreezeWindow, Weekly

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOMENT = re.compile(r"(?P<day>[A-Za-z]+)\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})", re.ASCII)
_EXAMPLE = 'write {weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin} or {from: 2026-12-20, to: 2027-01-02, zone: …}'


def read_freeze(value: Value | None) -> tuple[FreezeWindow, ...]:
    """The windows of a ``freeze`` key; none if there is no such key.

    Raises:
        ConfigError: with file and line.
    """
    if value is None:
        return ()
    return tuple(_window(item) for item in value.items())


def _window(item: Value) -> FreezeWindow:
    section = item.section()
    weekly, since, until = section.get("weekly"), section.get("from"), section.get("to")
    why, zone = section.get("why"), section.get("zone")
    section.done()
    if (weekly is None) == (since is None and until is None):
        raise item.error("a window is either weekly, or from and to", next_steps=(_EXAMPLE,))
    if zone is None:
        raise item.error("zone is missing: whose clock is meant?", next_steps=("add zone: Europe/Berlin",))
    when: Weekly | Dates
    if weekly is not None:
        when = _weekly(weekly)
    else:
        when = _dates(section, item)
    return FreezeWindow(when, _zone(zone), why.text() if why else "", item.source)


def _zone(value: Value) -> str:
    name = value.text("a time zone (Europe/Berlin)")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        if not known:
            # No time zone database here. Such a window counts as closed where it is asked (policy/freeze.py, which
            # says what to install), but it must not keep anybody from status or rollback.
            return name
        raise value.error(f"{name!r} is no time zone", next_steps=did_you_mean(name, known)) from None
    return name


def _weekly(value: Value) -> Weekly:
    text = value.text('a part of the week ("Fri 16:00 - Mon 06:00")')
    parts = re.split(r"\s*(?:-|–)\s*", text.strip())
    if len(parts) != 2:
        raise value.error(f"{text!r} is no part of the week", next_steps=('write "Fri 16:00 - Mon 06:00"',))
    begins, ends = (_minute(value, part) for part in parts)
    if begins == ends:
        raise value.error(f"{text!r} begins where it ends: that is the whole week")
    return Weekly(begins, ends)


def _minute(value: Value, text: str) -> int:
    found = _MOMENT.fullmatch(text)
    names = {name: index for names in (_DAYS, _LONG) for index, name in enumerate(names)}
    if not found or found["day"].lower() not in names:
        raise value.error(f"{text!r} is no moment of the week", next_steps=('write "Fri 16:00 - Mon 06:00"',))
    hour, minute = int(found["hour"]), int(found["minute"])
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        raise value.error(f"{found['hour']}:{found['minute']} is no time of day")
    return (names[found["day"].lower()] * DAY_MINUTES + hour * 60 + minute) % (7 * DAY_MINUTES)


def _dates(section: Section, item: Value) -> Dates:
    since, until = section.get("from"), section.get("to")
    if since is None or until is None:
        raise item.error("from and to belong together", next_steps=(_EXAMPLE,))
    begins, _ = _when(since)
    ends, whole_day = _when(until)
    if whole_day:
        ends += timedelta(days=1)
    if ends <= begins:
        raise until.error(f"{until.text()} is not after {since.text()}")
    return Dates(begins.isoformat(timespec="minutes"), ends.isoformat(timespec="minutes"))


def _when(value: Value) -> tuple[datetime, bool]:
    """(moment, whether only a day was written)."""
    text = value.text("a day (2026-12-20) or a moment (2026-12-20 18:00)").strip()
    problem: ConfigError = value.error(
        f"{text!r} is neither a day nor a moment", next_steps=('write 2026-12-20 or "2026-12-20 18:00"',)
    )
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return _sane(datetime.combine(date.fromisoformat(text), time())), True
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}", text, re.ASCII):
            return _sane(datetime.fromisoformat(text)), False
    except ValueError:
        pass
    raise problem


def _sane(when: datetime) -> datetime:
    """Far from the ends of the calendar, where time zones cannot be reckoned with."""
    if not 1970 <= when.year <= 2999:
        raise ValueError(when.year)
    return when
