"""Numbers, versions and GUIDs in text, as PowerShell and .NET read them. ValueError where they do not."""

from __future__ import annotations

import math
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.values import BigInteger, Int64

_MULTIPLIERS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "pb": 1 << 50}
_OPERAND = re.compile(
    r"\s*([+-]?)(?:0x([0-9a-f]+)(l?)|(\d+\.\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|\d+(?:e[+-]?\d+)?)([ld]?))"
    r"(kb|mb|gb|tb|pb)?\s*",
    re.IGNORECASE,
)


def widen(number: int) -> Any:
    """The first of Int32, Int64, Decimal, Double that holds the integer, as for a literal."""
    if -(2**31) <= number < 2**31:
        return number
    if -(2**63) <= number < 2**63:
        return Int64(number)
    if abs(number) <= 79228162514264337593543950335:
        return Decimal(number)
    return float(number)


def parse_literal(text: str) -> Any:
    """A PowerShell number literal (with suffix, multiplier, hex) or ValueError."""
    match = _OPERAND.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, hexadecimal, hex_long, digits, suffix, multiplier = match.groups()
    factor = _MULTIPLIERS[multiplier.lower()] if multiplier else 1
    negative = sign == "-"
    if hexadecimal is not None:
        bare = hexadecimal.lstrip("0")
        number = int(hexadecimal, 16)
        if not hex_long and len(bare) <= 8 and number >= 2**31:
            number -= 2**32
        elif len(bare) <= 16 and number >= 2**63:
            number -= 2**64
        number = -number if negative else number
        return Int64(number * factor) if hex_long else widen(number * factor)
    suffix = suffix.lower()
    if suffix == "d":
        try:
            result = Decimal(digits) * factor
        except InvalidOperation:
            raise ValueError(text) from None
        return -result if negative else result
    if "." in digits or "e" in digits.lower():
        if suffix == "l":
            number = round(float(digits)) * factor
            return Int64(-number if negative else number)
        real = float(digits) * factor
        return -real if negative else real
    number = int(digits) * factor
    number = -number if negative else number
    if suffix == "l":
        if not -(2**63) <= number < 2**63:
            raise ValueError(text)
        return Int64(number)
    return widen(number)


def parse_operand(text: str) -> Any:
    """Text as an operand of arithmetic: 0 when empty, else a literal, else what a cast accepts."""
    if text == "":
        return 0
    try:
        return parse_literal(text)
    except ValueError:
        return parse_cast(text)


def parse_cast(text: str) -> Any:
    """[int]'...' before range and rounding: hex, thousands separators, exponents, multipliers."""
    trimmed = text.strip()
    if not trimmed:
        raise ValueError(text)
    lowered = trimmed.lower()
    if re.fullmatch(r"(0x|&h|#)[0-9a-f]+", lowered):
        return int(re.sub(r"^(0x|&h|#)", "", lowered), 16)
    if re.fullmatch(r"[+-]?\d+", trimmed):
        return int(trimmed)
    try:
        return parse_literal(trimmed)
    except ValueError:
        return parse_float(trimmed)


_FLOAT = re.compile(r"([+-]?)(?:(\d[\d,]*)?(?:\.(\d*))?)(?:e([+-]?\d+))?", re.IGNORECASE)


def _float_text(text: str) -> str:
    trimmed = text.strip()
    match = _FLOAT.fullmatch(trimmed)
    if match is None or not (match[2] or match[3]):
        raise ValueError(text)
    return trimmed.replace(",", "")


def parse_float(text: str) -> float:
    """double.Parse: sign, thousands separators, point, exponent, NaN and Infinity."""
    trimmed = text.strip()
    special = {"nan": float("nan"), "infinity": float("inf"), "-infinity": float("-inf")}.get(trimmed.lower())
    if special is not None:
        return special
    number = float(_float_text(text))
    if math.isinf(number):
        raise NotSimulated(f"the number {trimmed}, too large for a double")
    return number


def parse_decimal(text: str) -> Decimal:
    number = Decimal(_float_text(text))
    return Decimal(format(number, "f"))


def parse_int_style(text: str, *, hexadecimal: bool = False, thousands: bool = False) -> int:
    """int.Parse: surrounding blanks and a sign; with styles also hex or thousands separators."""
    if hexadecimal:
        if not re.fullmatch(r"\s*[0-9A-Fa-f]+\s*", text):
            raise ValueError(text)
        return int(text.strip(), 16)
    trimmed = text.strip(" \t\r\n\v\f")
    if thousands:
        trimmed = trimmed.replace(",", "")
    if not re.fullmatch(r"[+-]?[0-9]+", trimmed):
        raise ValueError(text)
    return int(trimmed)


def parse_bigint(text: str, *, hexadecimal: bool = False) -> BigInteger:
    if hexadecimal:
        digits = text.strip()
        if not re.fullmatch(r"[0-9A-Fa-f]+", digits):
            raise ValueError(text)
        number = int(digits, 16)
        if int(digits[0], 16) >= 8:
            number -= 1 << (4 * len(digits))
        return BigInteger(number)
    return BigInteger(parse_int_style(text))


class VersionError(Exception):
    """Why Version.Parse failed: exception type and message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def parse_version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    if not 2 <= len(parts) <= 4:
        raise VersionError("System.ArgumentException", "Version string portion was too short or too long.")
    result: list[int] = []
    for part in parts:
        try:
            number = parse_int_style(part)
        except ValueError:
            raise VersionError("System.FormatException", "Input string was not in a correct format.") from None
        if number < 0:
            raise VersionError(
                "System.ArgumentOutOfRangeException", "Version's parameters must be greater than or equal to zero."
            )
        if number > 2**31 - 1:
            raise VersionError("System.OverflowException", "Value was either too large or too small for an Int32.")
        result.append(number)
    return tuple(result)


_GUID = re.compile(
    r"\s*(?:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}"
    r"|\(([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)|([0-9a-f]{32}))\s*",
    re.IGNORECASE,
)


def parse_guid(text: str) -> uuid.UUID:
    match = _GUID.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return uuid.UUID(next(group for group in match.groups() if group))
