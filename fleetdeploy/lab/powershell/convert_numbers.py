"""Conversions to numbers: ranges, rounding, numbers in text. Which conversion a cast takes is ``convert``."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import formatting, numbers, types
from fleetdeploy.lab.powershell.convert_errors import final_error, value_error
from fleetdeploy.lab.powershell.spelled import plain
from fleetdeploy.lab.powershell.values import (
    BIGINTEGER,
    DECIMAL,
    DOUBLE,
    INTEGER_RANGES,
    OBJECT,
    SINGLE,
    BigInteger,
    Char,
    EnumValue,
    PSRuntimeError,
    PSType,
    Single,
    SwitchParameter,
)

MAX_DECIMAL = Decimal(79228162514264337593543950335)


def make_integer(number: int, target: PSType) -> Any:
    """An in-range integer of the given type."""
    cls = target.py_class or int
    return int(number) if cls is int else cls(number)


_OVERFLOW_NAMES = {
    "System.Int32": "an Int32",
    "System.Int64": "an Int64",
    "System.Byte": "an unsigned byte",
    "System.SByte": "a signed byte",
    "System.Int16": "an Int16",
    "System.UInt16": "a UInt16",
    "System.UInt32": "a UInt32",
    "System.UInt64": "a UInt64",
    "System.Decimal": "a Decimal",
    "System.Char": "a character",
    "System.Single": "a Single",
}


def overflow_text(target: PSType) -> str:
    return f"Value was either too large or too small for {_OVERFLOW_NAMES.get(target.full_name, target.name)}."


def overflow(value: Any, target: PSType, error_id: str = "InvalidCastIConvertible") -> PSRuntimeError:
    return value_error(error_id, value, target, overflow_text(target), "System.OverflowException")


def round_half_even(value: float | Decimal) -> int:
    return round(value)


def to_integer(target: PSType) -> Callable[[Any], Any]:
    low, high = INTEGER_RANGES[target]

    def convert(value: Any) -> Any:
        if isinstance(value, SwitchParameter):
            value = value.is_present
        if isinstance(value, Char):
            number = ord(value)
        elif isinstance(value, str):
            return _string_to_integer(value, target, low, high)
        elif isinstance(value, (bool, int)):
            number = int(value)
        elif isinstance(value, (float, Decimal)):
            try:
                number = round_half_even(value)
            except (ValueError, OverflowError):
                raise overflow(value, target) from None
        elif isinstance(value, EnumValue):
            number = value.value
        else:
            raise final_error(value, target)
        if not low <= number <= high:
            raise overflow(value, target)
        return make_integer(number, target)

    return convert


def _string_to_integer(text: str, target: PSType, low: int, high: int) -> Any:
    if text == "":
        return make_integer(0, target)
    try:
        number = numbers.parse_cast(text)
    except ValueError:
        raise value_error("InvalidCastFromStringToInteger", text, target, formatting.BAD_FORMAT) from None
    whole = round_half_even(number) if isinstance(number, (float, Decimal)) else number
    if text.strip().lower().startswith(("0x", "&h", "#")) and whole > high:
        width = (high - low + 1).bit_length() - 1
        if whole < 1 << width:
            whole -= 1 << width if low < 0 else 0
    if not low <= whole <= high:
        raise overflow(text, target, "InvalidCastFromStringToInteger")
    return make_integer(whole, target)


def to_float(value: Any, target: PSType = DOUBLE) -> Any:
    make: Callable[[Any], Any] = make_single if target is SINGLE else float
    if isinstance(value, Char):
        raise final_error(value, target)
    if isinstance(value, str):
        if value == "":
            return make(0)
        try:
            return make(numbers.parse_float(value))
        except ValueError:
            raise value_error("InvalidCastFromStringToDoubleOrSingle", value, target, formatting.BAD_FORMAT) from None
    if isinstance(value, SwitchParameter):
        value = value.is_present
    if isinstance(value, (bool, int, float, Decimal)):
        return make(value)
    if isinstance(value, EnumValue):
        return make(value.value)
    raise final_error(value, target)


def make_single(value: Any) -> Single:
    """Rounded to 24 bits, as a System.Single holds it."""
    try:
        return Single(struct.unpack("<f", struct.pack("<f", float(value)))[0])
    except OverflowError:
        return Single(float("inf") if value > 0 else float("-inf"))


def to_single(value: Any) -> Any:
    return to_float(value, SINGLE)


def to_decimal(value: Any) -> Decimal:
    if isinstance(value, Char):
        return Decimal(ord(value))
    if isinstance(value, str):
        if value == "":
            return Decimal(0)
        try:
            result = numbers.parse_decimal(value)
        except ValueError:
            raise value_error("InvalidCastFromStringToDecimal", value, DECIMAL, formatting.BAD_FORMAT) from None
        # A real engine loses trailing zeros here: [decimal]'1.10' is 1.1; what it does to long texts is not recorded.
        if len(result.as_tuple().digits) > 15:
            raise NotSimulated(f"[decimal]'{value}'")
        result = Decimal(format(result.normalize(), "f"))
    elif isinstance(value, (bool, int, Decimal)):
        result = Decimal(int(value)) if isinstance(value, int) else plain(value)
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise overflow(value, DECIMAL)
        result = Decimal(formatting.float_to_string(value).replace("E", "e"))
        result = Decimal(format(result, "f"))
    elif isinstance(value, EnumValue):
        result = Decimal(value.value)
    else:
        raise final_error(value, DECIMAL)
    if abs(result) > MAX_DECIMAL:
        raise overflow(value, DECIMAL)
    return result


def to_bigint(value: Any) -> BigInteger:
    if isinstance(value, str) and not isinstance(value, Char):
        number = numbers.parse_cast(value)
        if isinstance(number, int):
            return BigInteger(number)
        raise final_error(value, BIGINTEGER)
    if isinstance(value, int):
        return BigInteger(value)
    if isinstance(value, (float, Decimal)):
        return BigInteger(int(value))
    raise final_error(value, BIGINTEGER)


def to_number(value: Any) -> Any:
    """What arithmetic makes of an operand; for text see ``numbers.parse_operand``."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, SwitchParameter):
        return int(value.is_present)
    if isinstance(value, (int, float, Decimal)):
        return plain(value)
    if isinstance(value, Char):
        return ord(value)
    if isinstance(value, str):
        return numbers.parse_operand(value)
    if isinstance(value, EnumValue):
        return value.value
    raise final_error(value, types.resolve("int") or OBJECT)
