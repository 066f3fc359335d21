"""Formatting and reading of DateTime, DateTimeOffset and TimeSpan.

en-US as the current culture, invariant where told. The host's time zone is UTC, so Local and Utc show the same clock.
``parse_date`` reads the shapes scripts use and refuses (NotSimulated) what .NET might read but this does not.
"""

from __future__ import annotations

import calendar
import re

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.formatting import BAD_FORMAT, FormatFailure
from fleetdeploy.lab.powershell.values import TICKS_PER_SECOND, DateTime, DateTimeOffset, TimeSpan

MONTHS = list(calendar.month_name)
DAYS = list(calendar.day_name)
_STANDARD = {
    "d": "M/d/yyyy",
    "D": "dddd, MMMM d, yyyy",
    "f": "dddd, MMMM d, yyyy h:mm tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "m": "MMMM d",
    "M": "MMMM d",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "h:mm tt",
    "T": "h:mm:ss tt",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "U": "dddd, MMMM d, yyyy h:mm:ss tt",
    "y": "MMMM yyyy",
    "Y": "MMMM yyyy",
}
_INVARIANT = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}


def format_date(value: DateTime, spec: str = "", *, invariant: bool = False, offset: int | None = None) -> str:
    """DateTime.ToString(format); ``offset`` in minutes for a DateTimeOffset."""
    spec = spec or "G"
    if len(spec) == 1:
        table = {**_STANDARD, **_INVARIANT} if invariant else _STANDARD
        if spec not in table:
            raise FormatFailure(BAD_FORMAT)
        spec = table[spec]
        if offset is not None and spec.endswith("K"):
            spec = spec[:-1] + "zzz"
    if spec.startswith("%") and len(spec) == 2:
        spec = spec[1:]
    moment = value.py
    fraction = value.ticks % TICKS_PER_SECOND
    out = ""
    position = 0
    while position < len(spec):
        char = spec[position]
        run = len(spec) - position - len(spec[position:].lstrip(char))
        if char == "y":
            out += str(moment.year % 100).zfill(run) if run <= 2 else str(moment.year).zfill(run)
        elif char == "M":
            name = MONTHS[moment.month]
            out += str(moment.month).zfill(run) if run <= 2 else name[:3] if run == 3 else name
        elif char == "d":
            name = DAYS[moment.weekday()]
            out += str(moment.day).zfill(run) if run <= 2 else name[:3] if run == 3 else name
        elif char == "H":
            out += str(moment.hour).zfill(min(run, 2))
        elif char == "h":
            out += str(moment.hour % 12 or 12).zfill(min(run, 2))
        elif char == "m":
            out += str(moment.minute).zfill(min(run, 2))
        elif char == "s":
            out += str(moment.second).zfill(min(run, 2))
        elif char in "fF":
            if run > 7:
                raise FormatFailure(BAD_FORMAT)
            digits = f"{fraction:07d}"[:run]
            if char == "F":
                digits = digits.rstrip("0")
                if not digits and out.endswith("."):
                    out = out[:-1]
            out += digits
        elif char == "t":
            half = "AM" if moment.hour < 12 else "PM"
            out += half[:1] if run == 1 else half
        elif char == "z":
            minutes = offset or 0
            sign = "-" if minutes < 0 else "+"
            hours, rest = divmod(abs(minutes), 60)
            out += f"{sign}{hours}" if run == 1 else f"{sign}{hours:02d}" + (f":{rest:02d}" if run > 2 else "")
        elif char == "K":
            run = 1
            if value.kind == "Utc":
                out += "Z"
            elif value.kind == "Local":
                out += "+00:00"
        elif char == "g":
            out += "A.D."
        elif char in "'\"":
            end = spec.find(char, position + 1)
            if end < 0:
                raise FormatFailure(BAD_FORMAT)
            out += spec[position + 1 : end]
            run = end - position + 1
        elif char == "\\":
            if position + 1 >= len(spec):
                raise FormatFailure(BAD_FORMAT)
            out += spec[position + 1]
            run = 2
        elif char == "%":
            run = 1
        else:
            out += char * run
        position += run
    return out


def format_offset(value: DateTimeOffset, spec: str = "", *, invariant: bool = False) -> str:
    plain = DateTime(value.ticks)
    if not spec:
        return format_date(plain, "G", invariant=invariant) + format_date(plain, " zzz", offset=value.offset)
    if spec in ("u", "r", "R"):
        return format_date(DateTime(value.utc_ticks), spec)
    return format_date(plain, spec, invariant=invariant, offset=value.offset)


def timespan_parts(ticks: int) -> tuple[str, int, int, int, int, int]:
    """Sign, days, hours, minutes, seconds and ticks below a second."""
    sign = "-" if ticks < 0 else ""
    seconds, fraction = divmod(abs(ticks), TICKS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return sign, days, hour, minute, second, fraction


def format_timespan(value: TimeSpan, spec: str = "") -> str:
    sign, days, hour, minute, second, fraction = timespan_parts(value.ticks)
    if spec in ("", "c", "t", "T"):
        text = f"{sign}{days}." if days else sign
        text += f"{hour:02d}:{minute:02d}:{second:02d}"
        return text + (f".{fraction:07d}" if fraction else "")
    if spec == "g":
        text = f"{sign}{days}:" if days else sign
        text += f"{hour}:{minute:02d}:{second:02d}"
        return text + (f".{fraction:07d}".rstrip("0") if fraction else "")
    if spec == "G":
        return f"{sign}{days}:{hour:02d}:{minute:02d}:{second:02d}.{fraction:07d}"
    if len(spec) == 1:
        raise FormatFailure(BAD_FORMAT)
    out = ""
    position = 0
    if spec.startswith("%") and len(spec) == 2:
        spec = spec[1:]
    numbers = {"d": days, "h": hour, "m": minute, "s": second}
    while position < len(spec):
        char = spec[position]
        run = len(spec) - position - len(spec[position:].lstrip(char))
        if char in numbers:
            if run > (8 if char == "d" else 2):
                raise FormatFailure(BAD_FORMAT)
            out += str(numbers[char]).zfill(run)
        elif char in "fF":
            if run > 7:
                raise FormatFailure(BAD_FORMAT)
            digits = f"{fraction:07d}"[:run]
            out += digits.rstrip("0") if char == "F" else digits
        elif char in "'\"":
            end = spec.find(char, position + 1)
            if end < 0:
                raise FormatFailure(BAD_FORMAT)
            out += spec[position + 1 : end]
            run = end - position + 1
        elif char == "\\" and position + 1 < len(spec):
            out += spec[position + 1]
            run = 2
        elif char == "%":
            run = 1
        else:
            raise FormatFailure(BAD_FORMAT)
        position += run
    return out


def parse_timespan(text: str) -> TimeSpan:
    """FormatFailure for what .NET rejects, OverflowError for parts out of range."""
    match = re.fullmatch(
        r"\s*(-?)(?:(\d+)|(?:(\d+)\.)?(\d+):(\d+)(?::(\d+)(?:\.(\d{1,7}))?)?|(\d+):(\d+):(\d+):(\d+)(?:\.(\d{1,7}))?)\s*",
        text,
    )
    if match is None:
        raise FormatFailure("String was not recognized as a valid TimeSpan.")
    if match[2] is not None:
        days, hours, minutes, seconds, fraction = int(match[2]), 0, 0, 0, ""
    elif match[8] is not None:
        days, hours, minutes, seconds = (int(match[at]) for at in (8, 9, 10, 11))
        fraction = match[12] or ""
    else:
        days, hours, minutes = int(match[3] or 0), int(match[4]), int(match[5])
        seconds, fraction = int(match[6] or 0), match[7] or ""
        if hours > 23 and match[3] is None and match[6] is not None and hours >= 24:
            raise OverflowError(
                "The TimeSpan could not be parsed because at least one of the numeric components is out"
                " of range or contains too many digits."
            )
    if hours > 23 or minutes > 59 or seconds > 59 or days > 10675199:
        raise OverflowError(
            "The TimeSpan could not be parsed because at least one of the numeric components is out of range or"
            " contains too many digits."
        )
    ticks = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * TICKS_PER_SECOND + int(fraction.ljust(7, "0") or 0)
    return TimeSpan(-ticks if match[1] else ticks)


_MONTH = {name[:3].lower(): at for at, name in enumerate(MONTHS) if name}
_TIME = (
    r"(?:(?:\s*T\s*|\s+|\s*,\s*)(?P<h>\d{1,2}):(?P<mi>\d{1,2})(?::(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,7})\d*)?)?"
    r"\s*(?P<half>[AaPp][Mm]?)?\s*(?P<zone>Z|z|GMT|[+-]\d{1,2}:?\d{0,2})?)?"
)
_DAYNAME = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\s*,?\s+)?"
_MONTHNAME = r"(?P<mn>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATES = tuple(
    re.compile(rf"\s*{_DAYNAME}{shape}{_TIME}\s*", re.IGNORECASE)
    for shape in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})",
        r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4}|\d{2})",
        rf"{_MONTHNAME}\s+(?P<d>\d{{1,2}})\s*,?\s+(?P<y>\d{{4}})",
        rf"(?P<d>\d{{1,2}})[ -]{_MONTHNAME}[ -](?P<y>\d{{4}})",
    )
)
NOT_A_DATE = "String was not recognized as a valid DateTime."


def parse_date(text: str, *, adjust_to_universal: bool = False, assume_utc: bool = False) -> DateTime:
    """DateTime.Parse with the invariant culture; FormatFailure where .NET fails."""
    for shape in _DATES:
        match = shape.fullmatch(text)
        if match is not None:
            return _from_match(match, adjust_to_universal=adjust_to_universal, assume_utc=assume_utc)
    words = re.findall(r"[A-Za-z]+", text)
    known = re.compile(
        r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|[apzt]m?$|gmt)"
    )
    if not re.search(r"\d", text) or any(not known.match(word) for word in words):
        message = NOT_A_DATE
        if words and not re.match(r"\s*\d", text):
            message = "The string was not recognized as a valid DateTime. There is an unknown word starting at index 0."
        raise FormatFailure(message)
    if re.fullmatch(r"\s*\d+\s*", text):
        raise FormatFailure(NOT_A_DATE)
    raise NotSimulated(f"reading the date '{text}'")


def _from_match(match: re.Match[str], *, adjust_to_universal: bool, assume_utc: bool) -> DateTime:
    parts = match.groupdict()
    year = int(parts["y"])
    if len(parts["y"]) == 2:
        year += 2000 if year < 50 else 1900
    month = int(parts["m"]) if parts.get("m") else _MONTH[parts["mn"][:3].lower()]
    hour = int(parts["h"] or 0)
    half = (parts["half"] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            raise FormatFailure(NOT_A_DATE)
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        result = DateTime.from_parts(
            year,
            month,
            int(parts["d"]),
            hour,
            int(parts["mi"] or 0),
            int(parts["s"] or 0),
            ticks=int((parts["f"] or "").ljust(7, "0")),
        )
    except ValueError:
        raise FormatFailure(NOT_A_DATE) from None
    zone = parts["zone"]
    if not zone:
        result.kind = "Utc" if assume_utc and adjust_to_universal else "Unspecified"
        if assume_utc and not adjust_to_universal:
            result.kind = "Local"
        return result
    minutes = 0
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        minutes = -minutes if zone[0] == "-" else minutes
    result.ticks -= minutes * 60 * TICKS_PER_SECOND
    # The host's zone is UTC: .NET converts to local time, which shows the same clock.
    result.kind = "Utc" if adjust_to_universal else "Local"
    return result


_EXACT = {
    "yyyy": r"(?P<y>\d{4})",
    "yy": r"(?P<yy>\d{2})",
    "MMMM": r"(?P<mn>[A-Za-z]+)",
    "MMM": r"(?P<mn>[A-Za-z]{3})",
    "MM": r"(?P<m>\d{2})",
    "M": r"(?P<m>\d{1,2})",
    "dddd": r"(?:[A-Za-z]+day)",
    "ddd": r"(?:[A-Za-z]{3})",
    "dd": r"(?P<d>\d{2})",
    "d": r"(?P<d>\d{1,2})",
    "HH": r"(?P<h>\d{2})",
    "H": r"(?P<h>\d{1,2})",
    "hh": r"(?P<h>\d{2})",
    "h": r"(?P<h>\d{1,2})",
    "mm": r"(?P<mi>\d{2})",
    "m": r"(?P<mi>\d{1,2})",
    "ss": r"(?P<s>\d{2})",
    "s": r"(?P<s>\d{1,2})",
    "tt": r"(?P<half>[AaPp][Mm])",
    "K": r"(?P<zone>Z|[+-]\d\d:\d\d|)",
    "zzz": r"(?P<zone>[+-]\d\d:\d\d)",
}


def parse_exact(text: str, spec: str, *, adjust_to_universal: bool = False, assume_utc: bool = False) -> DateTime:
    """DateTime.ParseExact for the formats in the table; others are refused."""
    if len(spec) == 1:
        if spec not in _STANDARD:
            raise FormatFailure("Input string was not in a correct format.")
        if spec in "rRU":
            raise NotSimulated(f"reading a date by the format '{spec}'")
        # The round-trip format keeps a Z as Utc instead of converting to local time.
        adjust_to_universal = adjust_to_universal or (spec in "oO" and text.endswith("Z"))
        spec = {**_STANDARD, **_INVARIANT}[spec]
    pattern = ""
    for token in re.findall(r"'[^']*'|\\.|([A-Za-z])\1*|.", spec) and re.finditer(
        r"'[^']*'|\"[^\"]*\"|\\.|([A-Za-z])\1*|.", spec
    ):
        piece = token[0]
        if piece in _EXACT:
            pattern += _EXACT[piece]
        elif piece[0] in "'\"":
            pattern += re.escape(piece[1:-1])
        elif piece[0] == "\\":
            pattern += re.escape(piece[1:])
        elif piece[0] == "f" and len(piece) <= 7:
            pattern += rf"(?P<f>\d{{{len(piece)}}})"
        elif piece[0] == "F" and len(piece) <= 7:
            pattern += rf"(?P<f>\d{{0,{len(piece)}}})"
        elif piece.isalpha() and piece[0] in "gyMdHhmstzKF":
            raise NotSimulated(f"reading a date by the format '{spec}'")
        else:
            pattern += re.escape(piece)
    try:
        match = re.fullmatch(pattern, text)
    except re.error:
        raise NotSimulated(f"reading a date by the format '{spec}'") from None
    if match is None:
        raise FormatFailure(NOT_A_DATE)
    found: dict[str, str | None] = {
        "y": None,
        "m": None,
        "d": None,
        "h": None,
        "mi": None,
        "s": None,
        "f": None,
        "half": None,
        "zone": None,
    }
    found |= match.groupdict()
    if found.get("yy"):
        found["y"] = found["yy"]
    if not found["y"] or not (found["m"] or found.get("mn")):
        raise NotSimulated(f"reading a date without year or month by the format '{spec}'")
    found["d"] = found["d"] or "1"
    if (found.get("mn") or "jan")[:3].lower() not in _MONTH:
        raise FormatFailure(NOT_A_DATE)

    class _Groups:
        @staticmethod
        def groupdict() -> dict[str, str | None]:
            return found

    return _from_match(_Groups(), adjust_to_universal=adjust_to_universal, assume_utc=assume_utc)  # type: ignore[arg-type]
