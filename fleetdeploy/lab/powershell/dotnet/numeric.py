"""Numbers: Int32 and its like, Double, Decimal, BigInteger, Math."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell import convert, convert_numbers, numbers
from fleetdeploy.lab.powershell.dotnet.cultures import CultureInfo
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, throw
from fleetdeploy.lab.powershell.formatting import BAD_FORMAT, format_number, number_to_string
from fleetdeploy.lab.powershell.operators_compare import compare
from fleetdeploy.lab.powershell.values import (
    BIGINTEGER,
    BY_CLASS,
    BYTE,
    DECIMAL,
    DOUBLE,
    INTEGER_RANGES,
    SINGLE,
    BigInteger,
    ByteArray,
    EnumValue,
    Int64,
    PSReference,
    PSType,
    Single,
    define,
    define_enum,
    type_of,
)


def _text(value: Any, spec: Any = "", provider: Any = None) -> str:
    if isinstance(spec, CultureInfo) or not spec:
        return number_to_string(value)
    return format_number(value, spec, invariant=provider is not None and provider.invariant)


_SIGNATURES = (
    "ToString()",
    "ToString(string format)",
    "ToString(System.IFormatProvider provider)",
    "ToString(string format, System.IFormatProvider provider)",
)


def _common(kind: PSType) -> None:
    kind.closed = True
    kind.method(*_SIGNATURES)(_text)
    kind.method("CompareTo(object value)")(lambda one, two: compare(one, two))
    kind.method("Equals(object value)")(lambda one, two: type_of(one) is type_of(two) and one == two)


def _hex(style: Any) -> bool:
    return isinstance(style, EnumValue) and bool(style.value & 512)


def _integer(kind: PSType) -> None:
    low, high = INTEGER_RANGES[kind]
    kind.static_prop("MaxValue", kind.full_name, lambda _: convert_numbers.make_integer(high, kind))
    kind.static_prop("MinValue", kind.full_name, lambda _: convert_numbers.make_integer(low, kind))

    @kind.static(
        "Parse(string s)",
        "Parse(string s, System.IFormatProvider provider)",
        "Parse(string s, System.Globalization.NumberStyles style)",
        "Parse(string s, System.Globalization.NumberStyles style, System.IFormatProvider provider)",
    )
    def parse(text: str | None, style: Any = None, provider: Any = None) -> Any:
        del provider
        if text is None:
            argument_null("String")
        thousands = isinstance(style, EnumValue) and bool(style.value & 64)
        try:
            number = numbers.parse_int_style(text, hexadecimal=_hex(style), thousands=thousands)
        except ValueError:
            throw("FormatException", BAD_FORMAT)
        if _hex(style) and number > high and low < 0:
            number -= (high + 1) * 2
        if not low <= number <= high:
            throw("OverflowException", convert_numbers.overflow_text(kind))
        return convert_numbers.make_integer(number, kind)

    @kind.static(
        f"TryParse(string s, out {kind.full_name} result)",
        f"TryParse(string s, System.Globalization.NumberStyles x, System.IFormatProvider p, out {kind.full_name} r)",
    )
    def try_parse(text: str, *rest: Any) -> bool:
        result: PSReference = rest[-1]
        result.value = convert_numbers.make_integer(0, kind)
        try:
            number = numbers.parse_int_style(text or "", hexadecimal=len(rest) > 1 and _hex(rest[0]))
        except ValueError:
            return False
        if not low <= number <= high:
            return False
        result.value = convert_numbers.make_integer(number, kind)
        return True


for _kind in INTEGER_RANGES:
    _common(_kind)
    _integer(_kind)
for _kind in (DOUBLE, SINGLE, DECIMAL, BIGINTEGER):
    _common(_kind)

for _name, _value in (
    ("MaxValue", 1.7976931348623157e308),
    ("MinValue", -1.7976931348623157e308),
    ("NaN", math.nan),
    ("PositiveInfinity", math.inf),
    ("NegativeInfinity", -math.inf),
    ("Epsilon", 5e-324),
):
    DOUBLE.static_prop(_name, "double", lambda _, held=_value: held)  # type: ignore[misc]
DOUBLE.static("IsNaN(double d)")(math.isnan)
DOUBLE.static("IsInfinity(double d)")(math.isinf)
SINGLE.static_prop("MaxValue", "float", lambda _: Single(3.4028234663852886e38))
SINGLE.static_prop("MinValue", "float", lambda _: Single(-3.4028234663852886e38))
DECIMAL.static_prop("MaxValue", "decimal", lambda _: convert_numbers.MAX_DECIMAL)
DECIMAL.static_prop("MinValue", "decimal", lambda _: -convert_numbers.MAX_DECIMAL)
DECIMAL.static_prop("Zero", "decimal", lambda _: Decimal(0))
DECIMAL.static_prop("One", "decimal", lambda _: Decimal(1))


def _parser(kind: PSType, read: Any) -> None:
    zero = convert.to_type(None, kind)

    @kind.static(
        "Parse(string s)",
        "Parse(string s, System.IFormatProvider provider)",
        "Parse(string s, System.Globalization.NumberStyles style)",
        "Parse(string s, System.Globalization.NumberStyles style, System.IFormatProvider provider)",
    )
    def parse(text: str | None, *rest: Any) -> Any:
        del rest
        if text is None:
            argument_null("String")
        try:
            return read(text)
        except ValueError:
            throw("FormatException", BAD_FORMAT)

    @kind.static(
        f"TryParse(string s, out {kind.full_name} result)",
        f"TryParse(string s, System.Globalization.NumberStyles x, System.IFormatProvider p, out {kind.full_name} r)",
    )
    def try_parse(text: str, *rest: Any) -> bool:
        result: PSReference = rest[-1]
        try:
            result.value = read(text or "")
        except ValueError:
            result.value = zero
            return False
        return True


_parser(DOUBLE, numbers.parse_float)
_parser(SINGLE, lambda text: Single(numbers.parse_float(text)))
_parser(DECIMAL, numbers.parse_decimal)

# -- BigInteger ---------------------------------------------------------------------------------------------------
for _name, _number in (("Zero", 0), ("One", 1), ("MinusOne", -1)):
    BIGINTEGER.static_prop(_name, "bigint", lambda _, held=_number: BigInteger(held))  # type: ignore[misc]


@BIGINTEGER.static("Parse(string value)", "Parse(string value, System.Globalization.NumberStyles style)")
def _big_parse(text: str, style: Any = None) -> BigInteger:
    try:
        return numbers.parse_bigint(text, hexadecimal=_hex(style))
    except ValueError:
        throw("FormatException", "The value could not be parsed.")


@BIGINTEGER.method("ToByteArray()")
def _big_bytes(value: BigInteger) -> ByteArray:
    number = int(value)
    size = number.bit_length() // 8 + 1 if number >= 0 else (number + 1).bit_length() // 8 + 1
    return ByteArray(number.to_bytes(size, "little", signed=True))


@BIGINTEGER.ctor("(byte[] value)")
def _big_from(data: ByteArray) -> BigInteger:
    return BigInteger(int.from_bytes(bytes(data.data), "little", signed=True))


BIGINTEGER.ctor("(int value)", "(long value)", "(uint64 value)")(BigInteger)
BIGINTEGER.ctor("(double value)", "(decimal value)")(lambda value: BigInteger(int(value)))
BIGINTEGER.static("Add(bigint a, bigint b)")(lambda one, two: BigInteger(one + two))
BIGINTEGER.static("Subtract(bigint a, bigint b)")(lambda one, two: BigInteger(one - two))
BIGINTEGER.static("Multiply(bigint a, bigint b)")(lambda one, two: BigInteger(one * two))
BIGINTEGER.static("Pow(bigint value, int exponent)")(lambda value, power: BigInteger(value**power))
BIGINTEGER.static("ModPow(bigint v, bigint e, bigint m)")(
    lambda one, two, mod: BigInteger(pow(int(one), int(two), int(mod)))
)
BIGINTEGER.static("Compare(bigint a, bigint b)")(lambda one, two: (one > two) - (one < two))
BIGINTEGER.static("Abs(bigint value)")(lambda value: BigInteger(abs(value)))
BIGINTEGER.static("Max(bigint a, bigint b)")(lambda one, two: BigInteger(max(one, two)))
BIGINTEGER.static("Min(bigint a, bigint b)")(lambda one, two: BigInteger(min(one, two)))
BIGINTEGER.static("Negate(bigint value)")(lambda value: BigInteger(-value))


@BIGINTEGER.static("Divide(bigint a, bigint b)")
def _big_divide(one: BigInteger, two: BigInteger) -> BigInteger:
    if two == 0:
        throw("DivideByZeroException", "Attempted to divide by zero.")
    quotient = abs(one) // abs(two)
    return BigInteger(quotient if (one < 0) == (two < 0) else -quotient)


@BIGINTEGER.static("Remainder(bigint a, bigint b)")
def _big_remainder(one: BigInteger, two: BigInteger) -> BigInteger:
    return BigInteger(int(one) - int(_big_divide(one, two)) * int(two))


for _name, _test in (("IsZero", lambda v: v == 0), ("IsOne", lambda v: v == 1), ("IsEven", lambda v: v % 2 == 0)):
    BIGINTEGER.prop(_name, "bool", _test)
BIGINTEGER.prop("Sign", "int", lambda value: (value > 0) - (value < 0))

# -- Math ---------------------------------------------------------------------------------------------------------
MATH = define("System.Math", closed=True)
MATH.static_prop("PI", "double", lambda _: math.pi)
MATH.static_prop("E", "double", lambda _: math.e)
_ALL = ("int", "long", "double", "decimal", "byte", "uint32", "uint64", "int16", "uint16", "sbyte", "float")


def _same(value: Any, like: Any) -> Any:
    return BY_CLASS.get(type(like), DOUBLE).py_class(value) if isinstance(like, int) else value  # type: ignore[misc]


for _t in _ALL:
    MATH.static(f"Max({_t} a, {_t} b)")(lambda a, b: b if b > a or b != b else a)
    MATH.static(f"Min({_t} a, {_t} b)")(lambda a, b: b if b < a or b != b else a)
for _t in ("int", "long", "double", "decimal", "int16", "sbyte", "float"):
    MATH.static(f"Sign({_t} value)")(lambda value: (value > 0) - (value < 0))


def _absolute(kind: str) -> None:
    @MATH.static(f"Abs({kind} value)")
    def absolute(value: Any) -> Any:
        if kind == "int" and value == -(2**31):
            throw("OverflowException", "Negating the minimum value of a twos complement number is invalid.")
        return _same(abs(value), value)


for _t in ("int", "long", "double", "decimal", "int16", "sbyte"):
    _absolute(_t)


def _whole(value: Any, rounding: str) -> Any:
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1), rounding=rounding)
    if math.isnan(value) or math.isinf(value):
        return value
    if rounding == decimal.ROUND_FLOOR:
        return float(math.floor(value))
    if rounding == decimal.ROUND_CEILING:
        return float(math.ceil(value))
    return float(math.trunc(value))


for _t in ("double", "decimal"):
    MATH.static(f"Floor({_t} d)")(lambda d: _whole(d, decimal.ROUND_FLOOR))
    MATH.static(f"Ceiling({_t} d)")(lambda d: _whole(d, decimal.ROUND_CEILING))
    MATH.static(f"Truncate({_t} d)")(lambda d: _whole(d, decimal.ROUND_DOWN))


def _round(value: Any, digits: Any = 0, mode: Any = None) -> Any:
    if isinstance(digits, EnumValue):
        digits, mode = 0, digits
    if not 0 <= digits <= (28 if isinstance(value, Decimal) else 15):
        throw(
            "ArgumentOutOfRangeException",
            "Rounding digits must be between 0 and 15, inclusive.\r\nParameter name: digits",
        )
    rounding = decimal.ROUND_HALF_UP if mode is not None and mode.value == 1 else decimal.ROUND_HALF_EVEN
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        return value if places <= digits else value.quantize(Decimal(1).scaleb(-digits), rounding=rounding)
    if math.isnan(value) or math.isinf(value) or abs(value) >= 1e16:
        return value
    # .NET scales, rounds the double and scales back; decimals would round some halves differently.
    scaled = value * 10.0**digits
    whole = math.floor(scaled)
    rest = scaled - whole
    up = value > 0 if rounding == decimal.ROUND_HALF_UP else whole % 2 == 1
    if rest > 0.5 or (rest == 0.5 and up):
        whole += 1
    return whole / 10.0**digits


for _t in ("double", "decimal"):
    MATH.static(
        f"Round({_t} d)",
        f"Round({_t} d, int digits)",
        f"Round({_t} d, System.MidpointRounding mode)",
        f"Round({_t} d, int digits, System.MidpointRounding mode)",
    )(_round)


@MATH.static("Pow(double x, double y)")
def _pow(one: float, two: float) -> float:
    try:
        result = one**two
    except OverflowError:
        return math.inf
    except ZeroDivisionError:
        return math.inf
    return math.nan if isinstance(result, complex) else float(result)


MATH.static("Sqrt(double d)")(lambda d: math.sqrt(d) if d >= 0 else math.nan)
MATH.static("Exp(double d)")(math.exp)
MATH.static("Log10(double d)")(lambda d: math.log10(d) if d > 0 else -math.inf if d == 0 else math.nan)
MATH.static("Log(double d)")(lambda d: math.log(d) if d > 0 else -math.inf if d == 0 else math.nan)
MATH.static("Log(double a, double newBase)")(lambda a, base: math.log(a, base) if a > 0 else math.nan)
MATH.static("Atan2(double y, double x)")(math.atan2)
MATH.static("IEEERemainder(double x, double y)")(lambda x, y: math.remainder(x, y) if y else math.nan)
DECIMAL.static(
    "Round(decimal d)",
    "Round(decimal d, int decimals)",
    "Round(decimal d, System.MidpointRounding mode)",
    "Round(decimal d, int decimals, System.MidpointRounding mode)",
)(_round)
for _name in ("Sin", "Cos", "Tan", "Atan"):
    MATH.static(f"{_name}(double d)")(getattr(math, _name.lower()))


@MATH.static("DivRem(int a, int b, out int result)")
def _div_rem(one: int, two: int, result: PSReference) -> int:
    if two == 0:
        throw("DivideByZeroException", "Attempted to divide by zero.")
    quotient = int(_big_divide(BigInteger(one), BigInteger(two)))
    result.value = one - quotient * two
    return quotient


@MATH.static("DivRem(long a, long b, out long result)")
def _div_rem_long(one: int, two: int, result: PSReference) -> Any:

    quotient = _div_rem(one, two, result)
    result.value = Int64(result.value)
    return Int64(quotient)


MATH.static("BigMul(int a, int b)")(lambda a, b: convert_numbers.make_integer(a * b, type_of(Int64(0))))
_ = (BYTE, define_enum)
