"""Conversions of PowerShell's LanguagePrimitives: casts, parameter binding, truth, text.

``to_type`` is a cast; failures are PSRuntimeErrors as the cast raises them (RuntimeException around a
PSInvalidCastException: ``convert_errors``). Numbers: ``convert_numbers``; numbers in text: ``numbers``. Conversion by
a class's Parse, constructor or settable properties uses the tables of ``dotnet/`` through ``members``. Joining arrays
takes the separator ($OFS) as argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.convert_errors import cast_error, final_error, value_error
from fleetdeploy.lab.powershell.convert_numbers import (
    make_integer,
    overflow,
    to_bigint,
    to_decimal,
    to_float,
    to_integer,
    to_single,
)
from fleetdeploy.lab.powershell.formatting import FormatFailure
from fleetdeploy.lab.powershell.formatting_dates import parse_date, parse_timespan
from fleetdeploy.lab.powershell.spelled import doubted
from fleetdeploy.lab.powershell.text_forms import custom_object_text as custom_object_text
from fleetdeploy.lab.powershell.text_forms import is_collection as is_collection
from fleetdeploy.lab.powershell.text_forms import net_to_string as net_to_string
from fleetdeploy.lab.powershell.text_forms import to_string as to_string
from fleetdeploy.lab.powershell.text_forms import type_text as type_text
from fleetdeploy.lab.powershell.text_forms import written as written
from fleetdeploy.lab.powershell.values import (
    ARRAY,
    BIGINTEGER,
    BOOLEAN,
    BYTE,
    CHAR,
    DATETIME,
    DECIMAL,
    DOUBLE,
    GUID,
    INTEGER_RANGES,
    OBJECT,
    PSCUSTOMOBJECT,
    PSOBJECT,
    SINGLE,
    STRING,
    SWITCH,
    TIMESPAN,
    TYPE,
    VERSION,
    VOID,
    BigInteger,
    ByteArray,
    Char,
    DateTime,
    DateTimeOffset,
    DictionaryBase,
    EnumValue,
    Guid,
    ListBase,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    Single,
    SwitchParameter,
    TimeSpan,
    Version,
    type_of,
)


# -- truth --------------------------------------------------------------------------------------------------------
def to_bool(value: Any) -> bool:
    if value is None:
        return False
    if isinstance(value, Char):
        return value != "\0"
    if isinstance(value, (str, bool, int, float, Decimal)):
        return bool(value)
    if isinstance(value, SwitchParameter):
        return value.is_present
    if isinstance(value, (PSArray, ListBase)):
        if len(value) == 0:
            return False
        if len(value) == 1:
            only = value.items[0]
            if isinstance(only, (PSArray, ListBase)):
                return len(only) > 0 if len(only) != 1 else True
            return to_bool(only)
        return True
    if isinstance(value, EnumValue):
        return value.value != 0
    return True


# -- casts --------------------------------------------------------------------------------------------------------
def to_type(value: Any, target: PSType) -> Any:
    """[target]value."""
    if target is OBJECT or target is PSOBJECT:
        return value
    if value is None:
        return _from_null(target)
    handler = _HANDLERS.get(target)
    if handler is not None:
        return handler(value)
    source = type_of(value)
    if source.is_assignable_to(target) and not (type(value) is PSCustomObject and target is not PSCUSTOMOBJECT):
        return doubted(value)
    if types.is_nullable(target):
        return to_type(value, target.generic_args[0])
    if target.is_array and target.element_type is not None:
        return _to_array(value, target.element_type)
    if target.is_enum:
        from fleetdeploy.lab.powershell import enums

        return enums.to_enum(value, target)
    if target is TYPE or target.full_name == "System.Type":
        return to_ps_type(value)
    if target is ARRAY or target.full_name in ("System.Collections.IEnumerable", "System.Collections.IList"):
        return value if is_collection(value) else PSArray([value])
    if target.full_name in _DELEGATES or target.full_name.startswith(_DELEGATE_PREFIXES):
        if hasattr(value, "invoke_delegate"):
            return value
        raise final_error(value, target)
    from fleetdeploy.lab.powershell import convert_classes

    return convert_classes.by_class(value, target)


_DELEGATES = {"System.Delegate", "System.Action", "System.Text.RegularExpressions.MatchEvaluator"}
_DELEGATE_PREFIXES = ("System.Func`", "System.Predicate`", "System.Action`", "System.Comparison`")


def to_ps_type(value: Any) -> PSType:
    """A type or its name."""
    if isinstance(value, PSType):
        return value
    found = types.resolve(value) if isinstance(value, str) else None
    if found is None:
        message = (
            f'Cannot convert the "{to_string(value)}" value of type "{type_of(value).full_name}" to type "System.Type".'
        )
        raise cast_error("InvalidCastFromStringToType", message)
    return found


def _from_null(target: PSType) -> Any:
    if target is STRING:
        return ""
    if target is BOOLEAN:
        return False
    if target is CHAR:
        return Char("\0")
    if target is SWITCH:
        return SwitchParameter(False)
    if target in INTEGER_RANGES:
        return make_integer(0, target)
    if target is DOUBLE:
        return 0.0
    if target is SINGLE:
        return Single(0)
    if target is DECIMAL:
        return Decimal(0)
    if target is BIGINTEGER:
        return BigInteger(0)
    if types.is_nullable(target) or not target.is_value_type or target is VOID:
        return None
    raise cast_error("nullToObjectInvalidCast", f'Cannot convert null to type "{target.full_name}".')


def _to_char(value: Any) -> Char:
    if isinstance(value, Char):
        return value
    if isinstance(value, str):
        if len(value) == 1:
            return Char(value)
        raise value_error("InvalidCastParseTargetInvocation", value, CHAR, "String must be exactly one character long.")
    if isinstance(value, (int, float, Decimal, EnumValue)) and not isinstance(value, bool):
        if isinstance(value, (float, Decimal)):
            raise cast_error(
                "InvalidCastIConvertible",
                f'Cannot convert value "{to_string(value)}" to type "System.Char". Error: "Invalid cast from'
                f" '{type_of(value).name}' to 'Char'.\"",
            )
        number = int(value)
        if not 0 <= number <= 0xFFFF:
            raise overflow(value, CHAR)
        return Char(chr(number))
    raise final_error(value, CHAR)


def _to_switch(value: Any) -> SwitchParameter:
    if isinstance(value, SwitchParameter):
        return value
    if isinstance(value, (str, PSArray)) and not isinstance(value, Char):
        raise final_error(value, SWITCH)
    return SwitchParameter(to_bool(value))


def _to_date(value: Any) -> DateTime:
    if isinstance(value, DateTime):
        return value
    if isinstance(value, str) and not isinstance(value, Char):
        try:
            return parse_date(value)
        except FormatFailure as failure:
            raise value_error(
                "InvalidCastParseTargetInvocationWithFormatProvider", value, DATETIME, str(failure)
            ) from None
    if isinstance(value, int) and not isinstance(value, bool):
        return DateTime(int(value))
    if isinstance(value, DateTimeOffset):
        return DateTime(value.utc_ticks, "Local")
    raise _invalid_cast(value, DATETIME)


def _to_timespan(value: Any) -> TimeSpan:
    if isinstance(value, TimeSpan):
        return value
    if isinstance(value, str) and not isinstance(value, Char):
        kind = "InvalidCastParseTargetInvocationWithFormatProvider"
        try:
            return parse_timespan(value)
        except FormatFailure as failure:
            raise value_error(kind, value, TIMESPAN, str(failure)) from None
        except OverflowError as failure:
            raise value_error(kind, value, TIMESPAN, str(failure), "System.OverflowException") from None
    if isinstance(value, int) and not isinstance(value, bool):
        return TimeSpan(int(value))
    raise _invalid_cast(value, TIMESPAN)


def _invalid_cast(value: Any, target: PSType) -> PSRuntimeError:
    if is_collection(value) or isinstance(value, (DictionaryBase, PSCustomObject)):
        return final_error(value, target)
    reason = f"Invalid cast from '{type_of(value).full_name}' to '{target.full_name}'."
    return value_error("InvalidCastIConvertible", value, target, reason, "System.InvalidCastException")


def _to_guid(value: Any) -> Guid:
    from fleetdeploy.lab.powershell.numbers import parse_guid

    if isinstance(value, Guid):
        return value
    if isinstance(value, str):
        try:
            return Guid(parse_guid(value))
        except ValueError:
            raise value_error(
                "InvalidCastParseTargetInvocationWithFormatProvider",
                value,
                GUID,
                "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
            ) from None
    if isinstance(value, ByteArray) and len(value) == 16:
        import uuid

        return Guid(uuid.UUID(bytes_le=bytes(value.data)))
    raise final_error(value, GUID)


def _to_version(value: Any) -> Version:
    if isinstance(value, Version):
        return value
    if isinstance(value, str):
        from fleetdeploy.lab.powershell.numbers import VersionError, parse_version

        try:
            return Version(*parse_version(value))
        except VersionError as failure:
            raise value_error(
                "InvalidCastParseTargetInvocation", value, VERSION, failure.message, failure.kind
            ) from None
    if isinstance(value, (float, Decimal)) or (isinstance(value, int) and not isinstance(value, bool)):
        return _to_version(to_string(value))
    raise final_error(value, VERSION)


def _to_array(value: Any, element: PSType) -> PSArray:
    if element is CHAR and isinstance(value, str) and not isinstance(value, Char):
        return PSArray([Char(char) for char in value], CHAR)
    if isinstance(value, PSArray) and value.element_type is element:
        return value
    items: Iterable[Any] = value if is_collection(value) else [value]
    if element is BYTE:
        if isinstance(value, ByteArray):
            return value
        return ByteArray([int(to_type(item, BYTE)) for item in items])
    return PSArray([convert_element(item, element) for item in items], element)


def convert_element(value: Any, element: PSType) -> Any:
    if element is OBJECT:
        return value
    if element is PSOBJECT and isinstance(value, DictionaryBase):
        return value
    return to_type(value, element)


def to_custom_object(value: Any) -> Any:
    """[pscustomobject]value: dictionaries become objects, anything else stays (RUNTIME tells it from [psobject])."""
    if isinstance(value, DictionaryBase):
        return PSCustomObject((to_string(key), held) for key, held in value.items())
    return value


_HANDLERS: dict[PSType, Callable[[Any], Any]] = {
    **{integer: to_integer(integer) for integer in INTEGER_RANGES},
    DOUBLE: to_float,
    SINGLE: to_single,
    DECIMAL: to_decimal,
    BIGINTEGER: to_bigint,
    STRING: written,
    BOOLEAN: to_bool,
    CHAR: _to_char,
    SWITCH: _to_switch,
    DATETIME: _to_date,
    TIMESPAN: _to_timespan,
    GUID: _to_guid,
    VERSION: _to_version,
    VOID: lambda _: None,
}
