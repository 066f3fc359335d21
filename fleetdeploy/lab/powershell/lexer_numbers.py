"""Numeric literals: where they end, what they are worth and of which .NET type.

Decides the value of `0xFFFFFFFF`, `10kb`, `1.5d`, `1e3`, `5l` as the engine does; must not know about tokens.
"""

from __future__ import annotations

import re
from decimal import Decimal

from fleetdeploy.lab.powershell.scalars import BigInteger, Byte, Int16, Int64, SByte, UInt16, UInt32, UInt64
from fleetdeploy.lab.powershell.tokens import AFTER_NUMBER, FORCE_CHARS

_DASH = "\\-\u2013\u2014\u2015"
_BODY = (
    rf"(?P<sign>[+{_DASH}]?)"
    r"(?:0[xX](?P<hex>[0-9a-fA-F]*){binary}|(?P<int>[0-9]*)(?P<frac>\.(?!\.)[0-9]*)?(?P<exp>[eE]"
    rf"(?P<expsign>[+{_DASH}]?)(?P<expdigits>[0-9]*))?)"
    r"(?P<suffix>{suffix})(?P<mul>(?:[kmgtpKMGTP][bB]?)?)"
)
_PATTERNS = {
    "7": re.compile(_BODY.replace("{binary}", "|0[bB](?P<bin>[01]*)").replace("{suffix}", "[dlnsuyDLNSUY]{0,2}")),
    "5.1": re.compile(_BODY.replace("{binary}", "").replace("{suffix}", "[dlDL]?")),
}
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_RANGES = {
    "y": (-(2**7), 2**7 - 1, "SByte"),
    "uy": (0, 2**8 - 1, "Byte"),
    "s": (-(2**15), 2**15 - 1, "Int16"),
    "us": (0, 2**16 - 1, "UInt16"),
    "l": (-(2**63), 2**63 - 1, "Int64"),
    "ul": (0, 2**64 - 1, "UInt64"),
}
_DECIMAL_MAX = 2**96 - 1
_WRAP = {
    "SByte": SByte,
    "Byte": Byte,
    "Int16": Int16,
    "UInt16": UInt16,
    "UInt32": UInt32,
    "Int64": Int64,
    "UInt64": UInt64,
    "BigInteger": BigInteger,
}


def scan_number(text: str, start: int, in_expression: bool, version: str) -> tuple[int, object, str] | None:
    """(end, value, type name) of the number at `start`; an empty type name: out of range; None: no number."""
    match = _PATTERNS["7" if version == "7" else "5.1"].match(text, start)
    if match is None:
        return None
    end = match.end()
    after = text[end] if end < len(text) else "\0"
    if after not in FORCE_CHARS and not (in_expression and after in AFTER_NUMBER):
        return None
    group = match.groupdict()
    suffix = group["suffix"].lower()
    mul = group["mul"].lower()
    if len(mul) == 1 or suffix not in ("", "d", "l", "y", "uy", "s", "us", "u", "ul", "n"):
        return None
    if group["exp"] is not None and not group["expdigits"]:
        return None
    multiplier = int(1024 ** _POWERS[mul[:1]])
    negative = group["sign"] not in ("", "+")
    digits = group["hex"]
    if digits is not None or group.get("bin") is not None:
        base = 16 if digits is not None else 2
        digits = digits if digits is not None else group.get("bin") or ""
        if not digits:
            return None if version != "7" else (end, None, "")
        value = _twos_complement(digits, base, suffix, version) * (-multiplier if negative else multiplier)
        narrow = base ** len(digits) > 2**63 and suffix in ("", "u")
        return (end, *_fit(value, suffix + "l" if narrow else suffix, big_allowed=False))
    if not group["int"] and (group["frac"] is None or group["frac"] == "."):
        return None
    if group["frac"] is None and group["exp"] is None:
        value = int(group["int"]) * (-multiplier if negative else multiplier)
        return (end, *_fit(value, suffix, big_allowed=True))
    literal = ("-" if negative else "") + (group["int"] or "0") + (group["frac"] or "")
    if group["exp"]:
        literal += "e" + ("-" if group["expsign"] not in ("", "+") else "") + group["expdigits"]
    return (end, *_real(literal, suffix, multiplier))


def _twos_complement(digits: str, base: int, suffix: str, version: str) -> int:
    value = int(digits, base)
    bits = len(digits) * (4 if base == 16 else 1)
    if suffix.startswith("u") or (suffix in ("l", "d") and bits < 64):
        return value
    signed_widths = (32, 64) if version != "7" else range(8 if base == 2 else 32, 4096, 8 if base == 2 else 32)
    if bits in signed_widths and value >> (bits - 1):
        return value - (1 << bits)
    return value


def _fit(value: int, suffix: str, big_allowed: bool) -> tuple[object, str]:
    if suffix == "":
        if -(2**31) <= value < 2**31:
            return value, "Int32"
        if -(2**63) <= value < 2**63:
            return Int64(value), "Int64"
        if not big_allowed:
            return None, ""
        if abs(value) <= _DECIMAL_MAX:
            return Decimal(value), "Decimal"
        return float(value), "Double"
    if suffix == "d":
        return (Decimal(value), "Decimal") if abs(value) <= _DECIMAL_MAX else (None, "")
    if suffix == "n":
        return BigInteger(value), "BigInteger"
    if suffix == "u":
        if 0 <= value < 2**32:
            return UInt32(value), "UInt32"
        suffix = "ul"
    low, high, name = _RANGES[suffix]
    if low <= value <= high:
        return _WRAP[name](value), name
    return None, ""


def _real(literal: str, suffix: str, multiplier: int) -> tuple[object, str]:
    if suffix == "d":
        exact = Decimal(literal) * multiplier
        return (exact, "Decimal") if abs(exact) <= _DECIMAL_MAX else (None, "")
    value = float(literal) * multiplier
    if suffix == "":
        # .NET Framework refuses what overflows, .NET gives infinity
        return value, "Double"
    if value in (float("inf"), float("-inf")):
        return None, ""
    return _fit(round(value), suffix, big_allowed=False)
