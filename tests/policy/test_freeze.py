"""When the calendar is closed, and until when: windows of the wall clock, summer time included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.model.freeze import DAY_MINUTES, WEEK_MINUTES, Dates, FreezeWindow, Weekly
from fleetdeploy.policy.freeze import closed

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
FRI_16, MON_6 = 4 * DAY_MINUTES + 16 * 60, 6 * 60
WEEKEND = FreezeWindow(Weekly(FRI_16, MON_6), BERLIN, "nobody is here")
CHRISTMAS = FreezeWindow(Dates("2026-12-20T00:00", "2027-01-03T00:00"), BERLIN, "Christmas")


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def until(*windows: FreezeWindow, now: datetime) -> str | None:
    found = closed(windows, now)
    if found is None:
        return "open"
    return None if found.until is None else f"{found.until.astimezone(ZoneInfo(windows[0].zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 15:59", "open"),
        ("2026-11-20 16:00", "2026-11-23 06:00"),
        ("2026-11-21 12:00", "2026-11-23 06:00"),
        ("2026-11-23 05:59", "2026-11-23 06:00"),
        ("2026-11-23 06:00", "open"),
        ("2026-11-25 12:00", "open"),
    ],
)
def test_a_weekend(now: str, expected: str) -> None:
    assert until(WEEKEND, now=at(now)) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-19 23:59", "open"),
        ("2026-12-20 00:00", "2027-01-03 00:00"),
        ("2027-01-02 23:59", "2027-01-03 00:00"),
        ("2027-01-03 00:00", "open"),
    ],
)
def test_dates(now: str, expected: str) -> None:
    assert until(CHRISTMAS, now=at(now)) == expected


def test_windows_that_touch_are_one() -> None:
    # The second of January is a Saturday: the weekend ends on Monday the fourth.
    assert until(CHRISTMAS, WEEKEND, now=at("2026-12-24 12:00")) == "2027-01-04 06:00"
    found = closed((CHRISTMAS, WEEKEND), at("2026-12-24 12:00"))
    assert found is not None
    assert (found.why, found.window) == ("Christmas", CHRISTMAS)
    assert str(found) == "the freeze calendar is closed until Mon 2027-01-04 06:00 CET: Christmas"


def test_a_calendar_that_never_opens_says_so() -> None:
    first = FreezeWindow(Weekly(0, 3 * DAY_MINUTES), BERLIN)
    rest = FreezeWindow(Weekly(3 * DAY_MINUTES, 0), BERLIN)
    found = closed((first, rest), at("2026-11-25 12:00"))
    assert found is not None
    assert found.until is None
    assert "no end in sight" in str(found)


def test_a_zone_that_this_machine_does_not_know_is_closed() -> None:
    found = closed((FreezeWindow(Weekly(0, 60), "Mars/Olympus"),), at("2026-11-25 12:00"))
    assert found is not None
    assert found.until is None
    assert "tzdata" in found.why


def test_the_zone_decides_not_the_machine() -> None:
    noon = FreezeWindow(Weekly(12 * 60, 13 * 60), NEW_YORK)  # Mondays
    assert until(noon, now=at("2026-11-23 17:30", "UTC")) == "2026-11-23 13:00"
    assert until(noon, now=at("2026-11-23 12:30", "UTC")) == "open"


def test_summer_time_an_hour_that_is_there_twice() -> None:
    # 2026-10-25 in Berlin: 03:00 CEST becomes 02:00 CET. A window that ends at 02:30 ends at the second one.
    window = FreezeWindow(Weekly(6 * DAY_MINUTES, 6 * DAY_MINUTES + 150), BERLIN)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    for minutes in range(-149, 0):
        found = closed((window,), second + timedelta(minutes=minutes))
        assert found is not None, minutes
        assert found.until == second
    assert closed((window,), second) is None
    # One that begins at 02:30 begins at the first one.
    window = FreezeWindow(Weekly(6 * DAY_MINUTES + 150, 6 * DAY_MINUTES + 240), BERLIN)
    assert closed((window,), datetime(2026, 10, 25, 0, 29, tzinfo=UTC)) is None
    assert closed((window,), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) is not None
    assert closed((window,), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)) is not None


def test_summer_time_an_hour_that_is_not_there() -> None:
    # 2026-03-29 in Berlin: 02:00 CET becomes 03:00 CEST at 01:00 UTC. 02:30 is never shown; the longer window counts.
    window = FreezeWindow(Weekly(6 * DAY_MINUTES + 60, 6 * DAY_MINUTES + 150), BERLIN)
    assert closed((window,), datetime(2026, 3, 29, 0, 0, tzinfo=UTC)) is not None
    assert closed((window,), datetime(2026, 3, 29, 1, 15, tzinfo=UTC)) is not None
    assert closed((window,), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) is None


ZONES = st.sampled_from([BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"])
NOWS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
WEEKLIES = st.tuples(st.integers(0, WEEK_MINUTES - 1), st.integers(0, WEEK_MINUTES - 1)).filter(lambda p: p[0] != p[1])


@st.composite
def windows(draw: st.DrawFn) -> FreezeWindow:
    zone = draw(ZONES)
    if draw(st.booleans()):
        begins, ends = draw(WEEKLIES)
        return FreezeWindow(Weekly(begins, ends), zone)
    since = draw(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1))).replace(second=0, microsecond=0)
    until_ = since + timedelta(minutes=draw(st.integers(1, 60 * 24 * 40)))
    return FreezeWindow(Dates(since.isoformat(timespec="minutes"), until_.isoformat(timespec="minutes")), zone)


@given(st.lists(windows(), min_size=1, max_size=4), NOWS)
def test_until_is_the_first_moment_that_is_open(calendar: list[FreezeWindow], now: datetime) -> None:
    found = closed(calendar, now)
    if found is None or found.until is None:
        return
    assert found.until > now
    assert closed(calendar, found.until) is None
    assert closed(calendar, found.until - timedelta(seconds=1)) is not None
    assert closed(calendar, now + (found.until - now) / 2) is not None


@given(st.lists(windows(), min_size=1, max_size=4), NOWS)
def test_more_windows_never_open_anything(calendar: list[FreezeWindow], now: datetime) -> None:
    alone = [closed([window], now) is not None for window in calendar]
    assert (closed(calendar, now) is not None) == any(alone)
    assert closed((), now) is None


@given(WEEKLIES, ZONES, NOWS)
def test_a_weekly_window_is_the_wall_clock_away_from_clock_changes(
    pair: tuple[int, int], zone: str, now: datetime
) -> None:
    begins, ends = pair
    local = now.astimezone(ZoneInfo(zone))
    minute = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
    steady = len({(now + timedelta(days=d)).astimezone(ZoneInfo(zone)).utcoffset() for d in range(-9, 10)}) == 1
    inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if steady:
        assert (closed([FreezeWindow(Weekly(begins, ends), zone)], now) is not None) == inside
