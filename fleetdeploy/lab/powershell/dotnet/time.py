"""DateTime, DateTimeOffset, TimeSpan. The host's clock gives "now"; its time zone is UTC."""

from __future__ import annotations

import calendar
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.dotnet.raising import out_of_range, throw
from fleetdeploy.lab.powershell.formatting import FormatFailure, format_value
from fleetdeploy.lab.powershell.formatting_dates import parse_date, parse_exact, parse_timespan, timespan_parts
from fleetdeploy.lab.powershell.operators_compare import compare
from fleetdeploy.lab.powershell.typesystem import REGISTRY
from fleetdeploy.lab.powershell.values import (
    DATETIME,
    DATETIMEOFFSET,
    TICKS_PER_SECOND,
    TIMESPAN,
    DateTime,
    DateTimeOffset,
    EnumValue,
    Int64,
    PSReference,
    TimeSpan,
    define_enum,
    type_of,
)

_MAX_TICKS = 3155378975999999999
_DAY = 86400 * TICKS_PER_SECOND
for _kind in (DATETIME, DATETIMEOFFSET, TIMESPAN):
    _kind.closed = True
    _kind.method("CompareTo(object other)")(lambda one, two: compare(one, two))
    _kind.method("Equals(object other)")(lambda one, two: type(one) is type(two) and one == two)

define_enum(
    "System.Globalization.DateTimeStyles",
    "None AllowLeadingWhite=1 AllowTrailingWhite=2 AllowInnerWhite=4 AllowWhiteSpaces=7 NoCurrentDateDefault=8"
    " AdjustToUniversal=16 AssumeLocal=32 AssumeUniversal=64 RoundtripKind=128",
    flags=True,
)


def now(machine: Any) -> int:
    """Ticks of the simulated host's clock (UTC)."""
    if machine is None:
        raise NotSimulated("the current time without a host")
    moment = machine.clock.now()
    return DateTime.from_unix(moment.timestamp()).ticks


def _moment(ticks: int, kind: str) -> DateTime:
    if not 0 <= ticks <= _MAX_TICKS:
        throw(
            "ArgumentOutOfRangeException",
            "The added or subtracted value results in an un-representable DateTime.\r\nParameter name: value",
        )
    return DateTime(ticks, kind)


def _kind_value(kind: str) -> EnumValue:
    return EnumValue(REGISTRY["system.datetimekind"], {"Unspecified": 0, "Utc": 1, "Local": 2}[kind])


def _part(name: str) -> None:
    attribute = name.lower()
    DATETIME.prop(name, "int", lambda value: getattr(value.py, attribute))


for _name in ("Year", "Month", "Day", "Hour", "Minute", "Second"):
    _part(_name)
DATETIME.prop("Millisecond", "int", lambda value: value.ticks % TICKS_PER_SECOND // 10000)
DATETIME.prop("Ticks", "long", lambda value: Int64(value.ticks))
DATETIME.prop("DayOfYear", "int", lambda value: value.py.timetuple().tm_yday)
DATETIME.prop(
    "DayOfWeek",
    "System.DayOfWeek",
    lambda value: EnumValue(REGISTRY["system.dayofweek"], (value.py.weekday() + 1) % 7),
)
DATETIME.prop("Date", "datetime", lambda value: DateTime(value.ticks - value.ticks % _DAY, value.kind))
DATETIME.prop("TimeOfDay", "timespan", lambda value: TimeSpan(value.ticks % _DAY))
DATETIME.prop("Kind", "System.DateTimeKind", lambda value: _kind_value(value.kind))
DATETIME.prop("DateTime", "string", lambda value: format_value(value, "F"))
DATETIME.static_prop("Now", "datetime", lambda machine: DateTime(now(machine), "Local"))
DATETIME.static_prop("UtcNow", "datetime", lambda machine: DateTime(now(machine), "Utc"))
DATETIME.static_prop("Today", "datetime", lambda machine: DateTime(now(machine) // _DAY * _DAY, "Local"))
DATETIME.static_prop("MinValue", "datetime", lambda _: DateTime(0))
DATETIME.static_prop("MaxValue", "datetime", lambda _: DateTime(_MAX_TICKS))


def _add_unit(name: str, ticks: int) -> None:
    @DATETIME.method(f"Add{name}(double value)")
    def add(value: DateTime, amount: float) -> DateTime:
        # .NET Framework rounds to whole milliseconds.
        milliseconds = amount * (ticks // 10000)
        whole = int(milliseconds + (0.5 if amount >= 0 else -0.5))
        return _moment(value.ticks + whole * 10000, value.kind)


for _name, _ticks in (("Days", _DAY), ("Hours", _DAY // 24), ("Minutes", _DAY // 1440), ("Seconds", TICKS_PER_SECOND)):
    _add_unit(_name, _ticks)
_add_unit("Milliseconds", 10000)
DATETIME.method("AddTicks(long value)")(lambda value, ticks: _moment(value.ticks + int(ticks), value.kind))
DATETIME.method("Add(timespan value)")(lambda value, span: _moment(value.ticks + span.ticks, value.kind))
DATETIME.method("Subtract(timespan value)")(lambda value, span: _moment(value.ticks - span.ticks, value.kind))
DATETIME.method("Subtract(datetime value)")(lambda value, other: TimeSpan(value.ticks - other.ticks))


@DATETIME.method("AddMonths(int months)")
def _add_months(value: DateTime, months: int) -> DateTime:
    moment = value.py
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        throw(
            "ArgumentOutOfRangeException",
            "The added or subtracted value results in an un-representable DateTime.\r\nParameter name: months",
        )
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return DateTime(DateTime.from_parts(year, month + 1, day).ticks + value.ticks % _DAY, value.kind)


DATETIME.method("AddYears(int value)")(lambda value, years: _add_months(value, years * 12))
for _signature in (
    "ToString()",
    "ToString(string format)",
    "ToString(System.IFormatProvider provider)",
    "ToString(string format, System.IFormatProvider provider)",
):

    def _text(value: Any, spec: Any = "", provider: Any = None) -> str:
        if spec is not None and not isinstance(spec, str):
            spec, provider = "", spec
        return format_value(value, spec or "", invariant=provider is not None and provider.invariant)

    for _kind in (DATETIME, DATETIMEOFFSET):
        _kind.method(_signature)(_text)
TIMESPAN.method("ToString()", "ToString(string format)", "ToString(string format, System.IFormatProvider provider)")(
    lambda value, spec="", provider=None: format_value(value, spec)
)
# The host's zone is UTC: conversions change the kind, not the clock.
DATETIME.method("ToUniversalTime()")(lambda value: DateTime(value.ticks, "Utc"))
DATETIME.method("ToLocalTime()")(lambda value: DateTime(value.ticks, "Local"))
for _name, _spec in (
    ("ToShortDateString", "d"),
    ("ToLongDateString", "D"),
    ("ToShortTimeString", "t"),
    ("ToLongTimeString", "T"),
):
    DATETIME.method(f"{_name}()")(lambda value, spec=_spec: format_value(value, spec))
DATETIME.method("ToFileTime()", "ToFileTimeUtc()")(lambda value: Int64(value.ticks - 504911232000000000))
DATETIME.method("ToOADate()")(lambda value: (value.ticks - 599264352000000000) / _DAY)
DATETIME.static("FromFileTime(long ticks)")(lambda ticks: DateTime(int(ticks) + 504911232000000000, "Local"))
DATETIME.static("FromFileTimeUtc(long ticks)")(lambda ticks: DateTime(int(ticks) + 504911232000000000, "Utc"))
DATETIME.static("DaysInMonth(int year, int month)")(lambda year, month: calendar.monthrange(year, month)[1])
DATETIME.static("IsLeapYear(int year)")(calendar.isleap)
DATETIME.static("SpecifyKind(datetime value, System.DateTimeKind kind)")(
    lambda value, kind: DateTime(value.ticks, kind.name)
)
DATETIME.static("Compare(datetime a, datetime b)")(lambda one, two: compare(one, two))


def _styles(value: Any) -> dict[str, bool]:
    number = value.value if isinstance(value, EnumValue) else 0
    return {"adjust_to_universal": bool(number & 16), "assume_utc": bool(number & 64)}


@DATETIME.static(
    "Parse(string s)",
    "Parse(string s, System.IFormatProvider provider)",
    "Parse(string s, System.IFormatProvider provider, System.Globalization.DateTimeStyles styles)",
)
def _parse(text: str, provider: Any = None, styles: Any = None) -> DateTime:
    del provider
    result = parse_date(text, **_styles(styles))
    if isinstance(styles, EnumValue) and styles.value & 128 and text.rstrip().endswith("Z"):
        result.kind = "Utc"
    return result


@DATETIME.static(
    "ParseExact(string s, string format, System.IFormatProvider provider)",
    "ParseExact(string s, string format, System.IFormatProvider p, System.Globalization.DateTimeStyles styles)",
)
def _parse_exact(text: str, spec: str, provider: Any = None, styles: Any = None) -> DateTime:
    del provider
    return parse_exact(text, spec, **_styles(styles))


@DATETIME.static("TryParse(string s, out datetime result)")
def _try_parse(text: str, result: PSReference) -> bool:
    try:
        result.value = parse_date(text or "")
    except FormatFailure:
        result.value = DateTime(0)
        return False
    return True


@DATETIME.static(
    "TryParseExact(string s, string f, System.IFormatProvider p, System.Globalization.DateTimeStyles x, out datetime r)"
)
def _try_exact(text: str, spec: str, provider: Any, styles: Any, result: PSReference) -> bool:
    del provider
    try:
        result.value = parse_exact(text or "", spec, **_styles(styles))
    except FormatFailure:
        result.value = DateTime(0)
        return False
    return True


_DATE_CTORS = ["int year, int month, int day"]
_DATE_CTORS.append(_DATE_CTORS[0] + ", int hour, int minute, int second")


@DATETIME.ctor(*(f"({signature})" for signature in _DATE_CTORS))
def _new(*parts: int) -> DateTime:
    try:
        return DateTime.from_parts(*parts)
    except ValueError:
        throw("ArgumentOutOfRangeException", "Year, Month, and Day parameters describe an un-representable DateTime.")


@DATETIME.ctor(f"({_DATE_CTORS[1]}, System.DateTimeKind kind)", f"({_DATE_CTORS[1]}, int millisecond)")
def _new_kind(*parts: Any) -> DateTime:
    result: DateTime = _new(*parts[:6])
    if isinstance(parts[6], EnumValue):
        result.kind = parts[6].name
    else:
        result.ticks += parts[6] * 10000
    return result


@DATETIME.ctor(f"({_DATE_CTORS[1]}, int millisecond, System.DateTimeKind kind)")
def _new_full(*parts: Any) -> DateTime:
    result: DateTime = _new_kind(*parts[:7])
    result.kind = parts[7].name
    return result


DATETIME.ctor("(long ticks)")(lambda ticks: DateTime(int(ticks)))
DATETIME.ctor("(long ticks, System.DateTimeKind kind)")(lambda ticks, kind: DateTime(int(ticks), kind.name))

# -- TimeSpan -----------------------------------------------------------------------------------------------------
for _at, _name in enumerate(("Days", "Hours", "Minutes", "Seconds"), 1):
    TIMESPAN.prop(
        _name,
        "int",
        lambda span, at=_at: timespan_parts(span.ticks)[at] * (-1 if span.ticks < 0 else 1),  # type: ignore[misc]
    )
TIMESPAN.prop(
    "Milliseconds", "int", lambda span: timespan_parts(span.ticks)[5] // 10000 * (-1 if span.ticks < 0 else 1)
)
TIMESPAN.prop("Ticks", "long", lambda span: Int64(span.ticks))
_UNITS = {
    "Days": _DAY,
    "Hours": _DAY // 24,
    "Minutes": _DAY // 1440,
    "Seconds": TICKS_PER_SECOND,
    "Milliseconds": 10000,
}
for _name, _ticks in _UNITS.items():
    TIMESPAN.prop(f"Total{_name}", "double", lambda span, unit=_ticks: span.ticks / unit)  # type: ignore[misc]
    TIMESPAN.static(f"From{_name}(double value)")(
        lambda value, unit=_ticks: TimeSpan(int(value * (unit // 10000) + (0.5 if value >= 0 else -0.5)) * 10000)
    )
TIMESPAN.static("FromTicks(long value)")(lambda value: TimeSpan(int(value)))
TIMESPAN.static_prop("Zero", "timespan", lambda _: TimeSpan(0))
TIMESPAN.static_prop("MaxValue", "timespan", lambda _: TimeSpan(2**63 - 1))
TIMESPAN.static_prop("MinValue", "timespan", lambda _: TimeSpan(-(2**63)))
for _name, _ticks in (("Day", _DAY), ("Hour", _DAY // 24), ("Minute", _DAY // 1440), ("Second", TICKS_PER_SECOND)):
    TIMESPAN.static_prop(f"TicksPer{_name}", "long", lambda _, held=_ticks: Int64(held))  # type: ignore[misc]
TIMESPAN.static_prop("TicksPerMillisecond", "long", lambda _: Int64(10000))
TIMESPAN.method("Duration()")(lambda span: TimeSpan(abs(span.ticks)))
TIMESPAN.method("Negate()")(lambda span: TimeSpan(-span.ticks))
TIMESPAN.method("Add(timespan other)")(lambda span, other: TimeSpan(span.ticks + other.ticks))
TIMESPAN.method("Subtract(timespan other)")(lambda span, other: TimeSpan(span.ticks - other.ticks))


@TIMESPAN.static("Parse(string s)", "Parse(string s, System.IFormatProvider provider)")
def _parse_span(text: str, provider: Any = None) -> TimeSpan:
    del provider
    try:
        return parse_timespan(text)
    except OverflowError as failure:
        throw("OverflowException", str(failure))


@TIMESPAN.static("TryParse(string s, out timespan result)")
def _try_span(text: str, result: PSReference) -> bool:
    try:
        result.value = parse_timespan(text or "")
    except (FormatFailure, OverflowError):
        result.value = TimeSpan(0)
        return False
    return True


TIMESPAN.ctor("(long ticks)")(lambda ticks: TimeSpan(int(ticks)))


@TIMESPAN.ctor(
    "(int hours, int minutes, int seconds)",
    "(int days, int hours, int minutes, int seconds)",
    "(int days, int hours, int minutes, int seconds, int milliseconds)",
)
def _new_span(*parts: int) -> TimeSpan:
    days, hours, minutes, seconds, milliseconds = (
        (0, *parts, 0) if len(parts) == 3 else (*parts, 0) if len(parts) == 4 else parts
    )
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return TimeSpan(total * TICKS_PER_SECOND + milliseconds * 10000)


def _offset_part(name: str) -> None:
    """The parts of the offset's own clock are those of a DateTime."""
    part = DATETIME.properties[name.lower()]
    DATETIMEOFFSET.prop(name, part.type_name, lambda value: part.getter(DateTime(value.ticks)))


# -- DateTimeOffset -----------------------------------------------------------------------------------------------
DATETIMEOFFSET.static_prop("UtcNow", "object", lambda machine: DateTimeOffset(now(machine)))
DATETIMEOFFSET.static_prop("Now", "object", lambda machine: DateTimeOffset(now(machine)))
_UNIX = 621355968000000000
DATETIMEOFFSET.static("FromUnixTimeSeconds(long seconds)")(
    lambda seconds: DateTimeOffset(_UNIX + int(seconds) * TICKS_PER_SECOND)
)
DATETIMEOFFSET.static("FromUnixTimeMilliseconds(long value)")(lambda value: DateTimeOffset(_UNIX + int(value) * 10000))
DATETIMEOFFSET.ctor("(datetime value)")(lambda value: DateTimeOffset(value.ticks))
DATETIMEOFFSET.ctor("(datetime value, timespan offset)")(
    lambda value, offset: DateTimeOffset(value.ticks, offset.ticks // (60 * TICKS_PER_SECOND))
)
DATETIMEOFFSET.prop("UtcDateTime", "datetime", lambda value: DateTime(value.utc_ticks, "Utc"))
DATETIMEOFFSET.prop("LocalDateTime", "datetime", lambda value: DateTime(value.utc_ticks, "Local"))
DATETIMEOFFSET.prop("DateTime", "datetime", lambda value: DateTime(value.ticks))
for _name in ("Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond", "DayOfWeek", "DayOfYear", "Date"):
    _offset_part(_name)
DATETIMEOFFSET.prop("Offset", "timespan", lambda value: TimeSpan(value.offset * 60 * TICKS_PER_SECOND))
DATETIMEOFFSET.prop("Ticks", "long", lambda value: Int64(value.ticks))
DATETIMEOFFSET.prop("UtcTicks", "long", lambda value: Int64(value.utc_ticks))
DATETIMEOFFSET.method("ToUnixTimeSeconds()")(lambda value: Int64((value.utc_ticks - _UNIX) // TICKS_PER_SECOND))
DATETIMEOFFSET.method("ToUnixTimeMilliseconds()")(lambda value: Int64((value.utc_ticks - _UNIX) // 10000))
DATETIMEOFFSET.method("ToUniversalTime()")(lambda value: DateTimeOffset(value.utc_ticks))
_ = (convert, out_of_range, type_of)
