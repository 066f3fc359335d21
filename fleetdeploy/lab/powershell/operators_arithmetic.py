"""Arithmetic and bits: + - * / %, -band and friends, shifts, unary minus. Result types as PowerShell's binder."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, convert_errors, convert_numbers
from fleetdeploy.lab.powershell.convert import is_collection, to_string
from fleetdeploy.lab.powershell.operators_compare import convert_operand
from fleetdeploy.lab.powershell.values import (
    BigInteger,
    Char,
    DateTime,
    DictionaryBase,
    DotNetException,
    EnumValue,
    Hashtable,
    Int64,
    NetObject,
    OrderedDictionary,
    PSArray,
    PSRuntimeError,
    Single,
    SwitchParameter,
    TimeSpan,
    UInt32,
    UInt64,
    type_of,
)

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
_METHODS = {
    "Plus": "op_Addition",
    "Minus": "op_Subtraction",
    "Multiply": "op_Multiply",
    "Divide": "op_Division",
    "Rem": "op_Modulus",
    "Band": "op_BitwiseAnd",
    "Bor": "op_BitwiseOr",
    "Bxor": "op_ExclusiveOr",
    "Shl": "op_LeftShift",
    "Shr": "op_RightShift",
}
_MAX_DECIMAL = 79228162514264337593543950335


def method_not_found(value: Any, op: str) -> PSRuntimeError:
    name = _METHODS[op]
    message = f"Method invocation failed because [{type_of(value).full_name}] does not contain a method named '{name}'."
    return PSRuntimeError("MethodNotFound", "InvalidOperation", DotNetException(RUNTIME_EXCEPTION, message), name)


def _divide_by_zero() -> PSRuntimeError:
    message = "Attempted to divide by zero."
    inner = DotNetException("System.DivideByZeroException", message)
    return PSRuntimeError("RuntimeException", "NotSpecified", DotNetException(RUNTIME_EXCEPTION, message, inner))


def arithmetic(op: str, left: Any, right: Any) -> Any:
    """One of Plus, Minus, Multiply, Divide, Rem."""
    if isinstance(left, SwitchParameter):
        left = left.is_present
    if op == "Plus":
        done, result = _plus(left, right)
        if done:
            return result
    elif op == "Multiply":
        if isinstance(left, str):
            return _repeat_text(left, right)
        if is_collection(left):
            return PSArray(list(left) * _count(right))
        if left is None:
            return None
    if isinstance(left, (DateTime, TimeSpan)):
        return _time(op, left, right)
    if isinstance(left, EnumValue) or isinstance(right, EnumValue):
        if isinstance(left, EnumValue):
            raise NotSimulated(f"arithmetic with the enum {left.type.full_name}")
        right = right.value
    if is_collection(left) or (isinstance(left, NetObject) and not isinstance(left, BigInteger)):
        raise method_not_found(left, op)
    if is_collection(right) and not isinstance(left, str):
        raise method_not_found(right, op)
    if isinstance(right, (DateTime, TimeSpan)):
        raise convert_errors.final_error(right, type_of(left if left is not None else 0))
    one = convert_operand(left, right)
    two = convert_operand(right, one)
    return _calculate(op, one, two)


def _plus(left: Any, right: Any) -> tuple[bool, Any]:
    if left is None:
        return True, right
    if isinstance(left, str):
        return True, str(left) + _concat_text(right)
    if is_collection(left):
        more = list(right) if is_collection(right) else [right]
        return True, PSArray(list(left) + more)
    if isinstance(left, DictionaryBase):
        return True, _merge(left, right)
    return False, None


def _concat_text(value: Any) -> str:
    return to_string(value)


def _merge(left: DictionaryBase, right: Any) -> DictionaryBase:
    if right is None:
        return left
    if not isinstance(right, DictionaryBase):
        message = "A hash table can only be added to another hash table."
        raise PSRuntimeError(
            "AddHashTableToNonHashTable", "InvalidOperation", DotNetException(RUNTIME_EXCEPTION, message)
        )
    ignore_case = left.ignore_case if isinstance(left, (Hashtable, OrderedDictionary)) else True
    result: DictionaryBase = Hashtable(left.items(), ignore_case=ignore_case)
    if isinstance(left, OrderedDictionary):
        result = OrderedDictionary(left.items(), ignore_case=ignore_case)
    for key, value in right.items():
        if result.contains(key):
            message = (
                f"Item has already been added. Key in dictionary: '{to_string(result.stored_key(key))}'"
                f"  Key being added: '{to_string(key)}'"
            )
            exception = DotNetException("System.ArgumentException", message)
            raise PSRuntimeError("System.ArgumentException", "OperationStopped", exception)
        result.set(key, value)
    return result


def _count(value: Any) -> int:
    count: int = convert.to_type(value, type_of(0))
    if count < 0:
        message = (
            f"times ('{count}') must be a non-negative value.\r\nParameter name: times\r\nActual value was {count}."
        )
        exception = DotNetException("System.ArgumentOutOfRangeException", message)
        raise PSRuntimeError("System.ArgumentOutOfRangeException", "OperationStopped", exception)
    return count


def _repeat_text(left: str, right: Any) -> str:
    count = _count(right)
    if len(left) * count > 64 * 1024 * 1024:
        raise NotSimulated("a string of more than 64 MB")
    return str(left) * count


def _time(op: str, left: Any, right: Any) -> Any:
    if op not in ("Plus", "Minus"):
        raise method_not_found(left, op)
    sign = 1 if op == "Plus" else -1
    if isinstance(left, DateTime):
        if isinstance(right, DateTime):
            if op == "Minus":
                return TimeSpan(left.ticks - right.ticks)
            text = convert.net_to_string(right)
            reason = "Invalid cast from 'System.DateTime' to 'System.TimeSpan'."
            cast = f'Cannot convert value "{text}" to type "System.TimeSpan". Error: "{reason}"'
            message = (
                f'Cannot convert argument "1", with value: "{text}", for "op_Addition" to type "System.TimeSpan":'
                f' "{cast}"'
            )
            inner = DotNetException("System.Management.Automation.PSInvalidCastException", cast)
            exception = DotNetException("System.Management.Automation.MethodException", message, inner)
            raise PSRuntimeError("MethodArgumentConversionInvalidCastArgument", "NotSpecified", exception)
        if op == "Minus" and isinstance(right, str):
            message = 'Multiple ambiguous overloads found for "op_Subtraction" and the argument count: "2".'
            exception = DotNetException("System.Management.Automation.MethodException", message)
            raise PSRuntimeError("MethodCountCouldNotFindBest", "NotSpecified", exception)
        return DateTime(left.ticks + sign * _span(right, op).ticks, left.kind)
    return TimeSpan(left.ticks + sign * _span(right, op).ticks)


def _span(value: Any, op: str) -> TimeSpan:
    try:
        result: TimeSpan = convert.to_type(value, type_of(TimeSpan(0)))
    except PSRuntimeError as failure:
        text = convert.net_to_string(value)
        message = (
            f'Cannot convert argument "1", with value: "{text}", for "{_METHODS[op]}" to type "System.TimeSpan":'
            f' "{failure.message}"'
        )
        exception = DotNetException(
            "System.Management.Automation.MethodException", message, failure.exception.inner_exception
        )
        raise PSRuntimeError("MethodArgumentConversionInvalidCastArgument", "NotSpecified", exception) from None
    return result


def _rank(value: Any) -> int:
    if isinstance(value, Decimal):
        return 15
    if isinstance(value, Single):
        return 13
    if isinstance(value, float):
        return 14
    if isinstance(value, BigInteger):
        return 20
    if isinstance(value, UInt64):
        return 12
    if isinstance(value, Int64):
        return 11
    if isinstance(value, UInt32):
        return 10
    return 9


def _calculate(op: str, left: Any, right: Any) -> Any:
    rank = max(_rank(left), _rank(right))
    if rank == 20:
        return _big(op, left, right)
    if rank == 15:
        return _decimals(op, convert_numbers.to_decimal(left), convert_numbers.to_decimal(right))
    if rank >= 13:
        if isinstance(left, Single) and isinstance(right, Single):
            raise NotSimulated("arithmetic of two [single] values")
        return _doubles(op, float(left), float(right))
    negative = left < 0 or right < 0
    if rank == 10 and negative:
        rank = 11
    if rank == 12 and negative:
        raise NotSimulated("arithmetic of a [uint64] with a negative number")
    kind: type[int] = {9: int, 10: UInt32, 11: Int64, 12: UInt64}[rank]
    low, high = {
        9: (-(2**31), 2**31 - 1),
        10: (0, 2**32 - 1),
        11: (-(2**63), 2**63 - 1),
        12: (0, 2**64 - 1),
    }[rank]
    one, two = int(left), int(right)
    if op in ("Divide", "Rem"):
        if two == 0:
            raise _divide_by_zero()
        if op == "Rem":
            return kind(math.copysign(abs(one) % abs(two), one)) if abs(one) < 2**53 else kind(_remainder(one, two))
        if one % two:
            return one / two
        result = one // two
    else:
        result = one + two if op == "Plus" else one - two if op == "Minus" else one * two
    return kind(result) if low <= result <= high else float(result)


def _remainder(one: int, two: int) -> int:
    rest = abs(one) % abs(two)
    return -rest if one < 0 else rest


def _doubles(op: str, left: float, right: float) -> float:
    if op == "Plus":
        return left + right
    if op == "Minus":
        return left - right
    if op == "Multiply":
        return left * right
    if op == "Divide":
        if right == 0:
            if left == 0 or math.isnan(left):
                return math.nan
            return math.copysign(math.inf, left) * math.copysign(1, right)
        return left / right
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def _decimals(op: str, left: Decimal, right: Decimal) -> Decimal:
    if right == 0 and op in ("Divide", "Rem"):
        raise _divide_by_zero()
    with decimal.localcontext() as context:
        context.prec = 60
        if op == "Plus":
            result = left + right
        elif op == "Minus":
            result = left - right
        elif op == "Multiply":
            result = left * right
        elif op == "Rem":
            result = left % right
        else:
            result = left / right
        return fit_decimal(result)


def fit_decimal(value: Decimal) -> Decimal:
    """Round to what a System.Decimal holds: 28 places, 96 bits."""
    with decimal.localcontext() as context:
        context.prec = 60
        if abs(value) > _MAX_DECIMAL:
            message = "Value was either too large or too small for a Decimal."
            inner = DotNetException("System.OverflowException", message)
            raise PSRuntimeError("RuntimeException", "NotSpecified", DotNetException(RUNTIME_EXCEPTION, message, inner))
        places = -int(value.as_tuple().exponent)
        if places < 0:
            value = value.quantize(Decimal(1))
            places = 0
        places = min(places, 28)
        while True:
            rounded = value.quantize(Decimal(1).scaleb(-places), rounding=decimal.ROUND_HALF_EVEN)
            digits = int("".join(map(str, rounded.as_tuple().digits)) or "0")
            if digits <= _MAX_DECIMAL or places == 0:
                return rounded
            places -= 1


def _big(op: str, left: Any, right: Any) -> BigInteger:
    one, two = int(left), int(right)
    if op in ("Divide", "Rem"):
        if two == 0:
            raise _divide_by_zero()
        quotient = abs(one) // abs(two) * (1 if (one < 0) == (two < 0) else -1)
        return BigInteger(quotient if op == "Divide" else one - quotient * two)
    return BigInteger(one + two if op == "Plus" else one - two if op == "Minus" else one * two)


def bitwise(op: str, left: Any, right: Any) -> Any:
    """Band, Bor, Bxor, Shl, Shr."""
    if isinstance(left, EnumValue) and op in ("Band", "Bor", "Bxor"):
        other = convert.to_type(right, left.type)
        number = _bits(op, left.value, other.value)
        return EnumValue(left.type, number)
    for value in (left, right):
        if is_collection(value) or isinstance(value, (DictionaryBase, DateTime, TimeSpan)):
            raise method_not_found(value, op)
    one = _integer(left, op)
    if op in ("Shl", "Shr"):
        count = int(convert.to_type(right, type_of(0)))
        width = 64 if isinstance(one, (Int64, UInt64)) else 32
        count &= width - 1
        kind = type(one)
        number = int(one) << count if op == "Shl" else int(one) >> count
        return kind(_wrap(number, width, signed=not isinstance(one, (UInt32, UInt64))))
    two = _integer(right, op)
    rank = max(_rank(one), _rank(two))
    kind = {9: int, 10: UInt32, 11: Int64, 12: UInt64, 20: BigInteger}[rank]
    if rank == 10 and (one < 0 or two < 0):
        kind = Int64
    if rank == 12 and (one < 0 or two < 0):
        raise NotSimulated("bits of a [uint64] with a negative number")
    return kind(_bits(op, int(one), int(two)))


def _bits(op: str, one: int, two: int) -> int:
    return one & two if op == "Band" else one | two if op == "Bor" else one ^ two


def _wrap(number: int, width: int, *, signed: bool) -> int:
    number &= (1 << width) - 1
    return number - (1 << width) if signed and number >> (width - 1) else number


def _integer(value: Any, op: str) -> Any:
    if isinstance(value, EnumValue):
        return value.value
    number = convert_operand(value, 0) if not isinstance(value, Char) else ord(value)
    if isinstance(number, (float, Decimal)):
        whole = round(number)
        if isinstance(number, Decimal) and op:
            raise NotSimulated("bits of a [decimal]")
        return UInt64(whole) if whole >= 0 else Int64(whole)
    if type(number) in (Int64, UInt64, UInt32, BigInteger):
        return number
    return int(number)


def negate(value: Any) -> Any:
    """Unary minus."""
    if isinstance(value, TimeSpan):
        return TimeSpan(-value.ticks)
    return arithmetic("Minus", 0, value)


def complement(value: Any) -> Any:
    """-bnot."""
    number = _integer(value, "Bnot")
    if isinstance(number, UInt32):
        return UInt32(~int(number) & 0xFFFFFFFF)
    if isinstance(number, UInt64):
        return UInt64(~int(number) & (2**64 - 1))
    return type(number)(~int(number))
