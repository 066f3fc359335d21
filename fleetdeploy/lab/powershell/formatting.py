"""Text forms of .NET values: ToString with and without format, composite formatting ({0,5:N2}).

Cultures: en-US where .NET takes the current culture, invariant where told; they differ here only for dates, percent
and currency. Doubles print with at most 15 digits, as the .NET Framework under Windows PowerShell 5.1 does. What is
not known to be the same is refused with NotSimulated; what .NET rejects raises ``FormatFailure``.
Dates and time spans: ``formatting_dates``.
"""

from __future__ import annotations

import decimal
import math
import re
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.values import (
    INTEGER_RANGES,
    Char,
    DateTime,
    DateTimeOffset,
    EnumValue,
    Guid,
    Single,
    TimeSpan,
    type_of,
)

BAD_FORMAT = "Input string was not in a correct format."
_WIDTHS = {
    "System.Byte": 8,
    "System.SByte": 8,
    "System.Int16": 16,
    "System.UInt16": 16,
    "System.Int32": 32,
    "System.UInt32": 32,
    "System.Int64": 64,
    "System.UInt64": 64,
}


class FormatFailure(Exception):
    """System.FormatException; the text is its message."""


def float_to_string(value: float, precision: int = 15) -> str:
    """G15 (G7 for Single): scientific from 1E+15 up and below 1E-5."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.{precision - 1}e}".partition("e")
    power = int(exponent)
    if -5 < power < precision:
        text = f"{value:.{max(precision - 1 - power, 0)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}E{'+' if power >= 0 else '-'}{abs(power):02d}"


def round_trip(value: float) -> str:
    """The "R" format: the shortest text that reads back as the same number, .NET Framework style."""
    if math.isnan(value) or math.isinf(value) or value == 0:
        return float_to_string(value)
    short = float_to_string(value)
    if float(short) == value:
        return short
    mantissa, _, exponent = f"{value:.16e}".partition("e")
    del mantissa, exponent
    return float_to_string(value, 17) if float(float_to_string(value, 16)) != value else float_to_string(value, 16)


def decimal_to_string(value: Decimal) -> str:
    text = format(value, "f")
    return text[1:] if text.startswith("-") and not value else text


def number_to_string(value: Any) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Spelled):
        raise NotSimulated(f"the text here of {value.plain}, a number that was written as an argument")
    if isinstance(value, int):
        return int.__str__(value)
    if isinstance(value, Single):
        return float_to_string(value, 7)
    if isinstance(value, float):
        return float_to_string(value)
    return decimal_to_string(value)


def _exact(value: Any) -> Decimal:
    """The digits .NET Framework formats: 15 significant for a double, 7 for a single."""
    if isinstance(value, Single):
        return Decimal(f"{value:.6e}")
    if isinstance(value, float):
        return Decimal(f"{value:.14e}")
    return Decimal(value)


def _fixed(value: Decimal, digits: int) -> str:
    """Half away from zero: what .NET Framework does with the digits it has."""
    with decimal.localcontext() as context:
        context.prec = 400
        result = value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return format(abs(result), "f") if result == 0 else format(result, "f")


def _fixed_agreed(value: Any, digits: int, *, times: int = 1) -> str:
    """A number with that many decimals; a double only where .NET Framework and the recorder's .NET write the same.

    .NET Framework rounds the 15 digits of a double half away from zero; .NET since Core 3.0 rounds the exact binary
    value, a tie to the even digit. Formats with a pattern (`0.00`) round 15 digits in both.
    """
    text = _fixed(_exact(value) * times, digits)
    if isinstance(value, float):
        with decimal.localcontext() as context:
            context.prec = 800
            newer = (Decimal(value) * times).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
        if newer != Decimal(text):
            raise NotSimulated(f"rounding the double {number_to_string(value)} in a format")
    return text


def _significant(value: Any, digits: int) -> Decimal:
    """A number rounded to significant digits, with the same care."""
    exact = _exact(value)
    if exact == 0:
        return exact
    with decimal.localcontext() as context:
        context.prec, context.rounding = digits, ROUND_HALF_UP
        older = +exact
        context.rounding = ROUND_HALF_EVEN
        if isinstance(value, float) and +Decimal(value) != older:
            raise NotSimulated(f"rounding the double {number_to_string(value)} in a format")
    return older


def _group(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    whole, dot, rest = text.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{dot}{rest}"


def format_number(value: Any, spec: str, *, invariant: bool = False) -> str:
    """A number with a standard or custom numeric format."""
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        return float_to_string(value)
    match = re.fullmatch(r"([A-Za-z])(\d{0,2})", spec)
    if match is None:
        return _custom_number(value, spec)
    kind, digits = match[1].upper(), int(match[2]) if match[2] else -1
    whole = isinstance(value, int)
    exact = _exact(value)
    if kind == "D" or kind == "X":
        if not whole:
            raise FormatFailure("Format specifier was invalid.")
        if kind == "D":
            text = str(abs(int(value))).rjust(max(digits, 0), "0")
            return f"-{text}" if value < 0 else text
        number = int(value)
        if number < 0:
            width = _WIDTHS.get(type_of(value).full_name)
            if width is None:
                raise NotSimulated("hexadecimal form of a negative BigInteger")
            number += 1 << width
        text = f"{number:x}".rjust(max(digits, 0), "0")
        return text.upper() if match[1] == "X" else text
    if kind == "N":
        return _group(_fixed_agreed(value, 2 if digits < 0 else digits))
    if kind == "F":
        return _fixed_agreed(value, 2 if digits < 0 else digits)
    if kind == "P":
        text = _group(_fixed_agreed(value, 2 if digits < 0 else digits, times=100))
        return f"{text} %"
    if kind == "C":
        text = _group(_fixed_agreed(value, 2 if digits < 0 else digits)).lstrip("-")
        symbol = "¤" if invariant else "$"
        return f"({symbol}{text})" if exact < 0 and Decimal(text.replace(",", "")) else f"{symbol}{text}"
    if kind == "E":
        places = 6 if digits < 0 else digits
        if exact == 0:
            text = f"{0:.{places}f}e+0"
        else:
            text = f"{_significant(value, places + 1):.{places}e}"
        mantissa, _, power = text.partition("e")
        return f"{mantissa}{match[1]}{'-' if power.startswith('-') else '+'}{abs(int(power)):03d}"
    if kind == "G":
        if digits <= 0:
            return number_to_string(value)
        if isinstance(value, float):
            _significant(value, digits)
            return float_to_string(float(value), digits)
        if whole and len(str(abs(int(value)))) <= digits:
            return str(int(value))
        raise NotSimulated(f"number format '{spec}'")
    if kind == "R" and isinstance(value, float):
        return round_trip(value)
    if kind in "BHIJKLMOQSTUVWYZA":
        raise FormatFailure("Format specifier was invalid.")
    raise NotSimulated(f"number format '{spec}'")


def _sections(spec: str) -> list[str]:
    parts = [""]
    quote = ""
    position = 0
    while position < len(spec):
        char = spec[position]
        if char == "\\" and position + 1 < len(spec):
            parts[-1] += spec[position : position + 2]
            position += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == ";":
            parts.append("")
            position += 1
            continue
        parts[-1] += char
        position += 1
    return parts


def _custom_number(value: Any, spec: str) -> str:
    exact = _exact(value)
    sections = _sections(spec)
    negative = exact < 0
    section = sections[0]
    if len(sections) > 1 and negative and sections[1]:
        section, exact, negative = sections[1], -exact, False
    elif len(sections) > 2 and exact == 0:
        section = sections[2]
    if re.search(r"[eE][+-]?0", section):
        raise NotSimulated(f"scientific custom number format '{spec}'")
    tokens = re.findall(r"\\.|'[^']*'|\"[^\"]*\"|[0#.,%‰]|[^0#.,%‰\\'\"]+", section)
    pattern = "".join(token for token in tokens if token in ("0", "#", ".", ",", "%"))
    if "‰" in section:
        raise NotSimulated("per mille number format")
    exact = abs(exact) * (100 ** pattern.count("%"))
    body = pattern.replace("%", "")
    whole_pattern, _, fraction_pattern = body.partition(".")
    fraction_pattern = fraction_pattern.replace(".", "").replace(",", "")
    scaled = len(whole_pattern) - len(whole_pattern.rstrip(","))
    exact = exact / (Decimal(1000) ** scaled)
    grouping = "," in whole_pattern.rstrip(",").lstrip(",")
    digits_pattern = whole_pattern.replace(",", "")
    text = _fixed(exact, len(fraction_pattern))
    if Decimal(text) == 0:
        negative = False
    whole, _, fraction = text.partition(".")
    least = len(digits_pattern) - digits_pattern.find("0") if "0" in digits_pattern else 0
    whole = whole.lstrip("0").rjust(least, "0")
    if grouping and whole:
        padded = f"{int(whole):,}"
        if len(whole) > len(str(int(whole))):
            reverse = whole[::-1]
            padded = ",".join(reverse[at : at + 3] for at in range(0, len(reverse), 3))[::-1]
        whole = padded
    least_fraction = fraction_pattern.rfind("0") + 1
    while len(fraction) > least_fraction and fraction.endswith("0"):
        fraction = fraction[:-1]
    number_digits = iter(whole)
    out = "-" if negative else ""
    # Literals between digit placeholders would interleave with digits; only lead and tail are laid out here.
    first = next((at for at, token in enumerate(tokens) if token in ("0", "#", ".")), None)
    last = max((at for at, token in enumerate(tokens) if token in ("0", "#", ".", ",")), default=-1)
    del number_digits
    for at, token in enumerate(tokens):
        if first is not None and first <= at <= last:
            if at == first:
                out += whole + (f".{fraction}" if fraction else "")
            if token not in ("0", "#", ".", ",", "%"):
                raise NotSimulated(f"number format '{spec}' with text between digits")
            continue
        if token == "%":  # noqa: S105
            out += "%"
        elif token.startswith("\\"):
            out += token[1:]
        elif token[0] in "'\"":
            out += token[1:-1]
        elif token != ",":  # noqa: S105
            out += token
    return out


def format_guid(value: Guid, spec: str) -> str:
    text = str(value)
    kind = (spec or "D").upper()
    if kind == "D":
        return text
    if kind == "N":
        return text.replace("-", "")
    if kind == "B":
        return f"{{{text}}}"
    if kind == "P":
        return f"({text})"
    raise FormatFailure('Format String can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".')


def format_value(value: Any, spec: str = "", *, invariant: bool = False) -> str:
    """IFormattable.ToString(format): what a placeholder of -f writes. Types without formats ignore ``spec``."""
    from fleetdeploy.lab.powershell import convert
    from fleetdeploy.lab.powershell.formatting_dates import format_date, format_offset, format_timespan

    if value is None:
        return ""
    if isinstance(value, (bool, str)):
        return convert.to_string(value)
    if isinstance(value, (int, float, Decimal)):
        return format_number(value, spec, invariant=invariant) if spec else number_to_string(value)
    if isinstance(value, DateTime):
        return format_date(value, spec, invariant=invariant)
    if isinstance(value, DateTimeOffset):
        return format_offset(value, spec, invariant=invariant)
    if isinstance(value, TimeSpan):
        return format_timespan(value, spec)
    if isinstance(value, Guid):
        return format_guid(value, spec)
    if isinstance(value, EnumValue):
        kind = (spec or "G").upper()
        if kind in ("G", "F"):
            return value.name
        if kind == "D":
            return str(value.value)
        if kind == "X":
            return f"{value.value & 0xFFFFFFFF:08X}"
        raise FormatFailure(
            'Format String can be only "G", "g", "X", "x", "F", "f", "D" or "d".',
        )
    return convert.net_to_string(value)


_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\s*(?:,\s*(-?\d+)\s*)?(?::((?:[^{}]|\{\{|\}\})*))?\}|[{}]")


def composite(template: str, args: list[Any], *, invariant: bool = False) -> str:
    """String.Format; FormatFailure for a bad template or a missing argument."""

    def replace(match: re.Match[str]) -> str:
        text = match[0]
        if text in ("{{", "}}"):
            return text[0]
        if match[1] is None:
            raise FormatFailure(BAD_FORMAT)
        index = int(match[1])
        if index >= len(args):
            raise FormatFailure(
                "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
            )
        spec = (match[3] or "").replace("{{", "{").replace("}}", "}")
        value = format_value(args[index], spec, invariant=invariant)
        width = int(match[2] or 0)
        return value.ljust(-width) if width < 0 else value.rjust(width)

    return _PLACEHOLDER.sub(replace, template)


def integer_type_name(value: Any) -> str:
    """'Int32' and friends, for the messages of overflow."""
    return type_of(value).name


_ = (Char, INTEGER_RANGES)
