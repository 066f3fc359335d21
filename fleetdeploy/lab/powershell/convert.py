"""Conversions of PowerShell's LanguagePrimitives: casts, parameter binding, truth, text.

``to_type`` is a cast; failures are PSRuntimeErrors as the cast raises them (RuntimeException around a
PSInvalidCastException). Conversion by a class's Parse, constructor or settable properties uses the tables of
``dotnet/`` through ``members``. Numbers in text: ``numbers``. Joining arrays takes the separator ($OFS) as argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import formatting, numbers, types
from fleetdeploy.lab.powershell.formatting import FormatFailure
from fleetdeploy.lab.powershell.formatting_dates import format_date, format_timespan, parse_date, parse_timespan
from fleetdeploy.lab.powershell.typesystem import ACCELERATORS
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
    MISSING,
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
    DictionaryEntry,
    DotNetException,
    EnumValue,
    ErrorRecord,
    Guid,
    HashSet,
    KeyCollection,
    ListBase,
    NetError,
    NoteProperty,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
    PSType,
    Single,
    SwitchParameter,
    TimeSpan,
    Version,
    array_type,
    type_of,
)

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
INVALID_CAST = "System.Management.Automation.PSInvalidCastException"
MAX_DECIMAL = Decimal(79228162514264337593543950335)


def cast_error(error_id: str, message: str, inner: DotNetException | None = None) -> PSRuntimeError:
    """The error of a failed cast."""
    cast = DotNetException(INVALID_CAST, message, inner)
    cast.properties["ErrorId"] = error_id
    return PSRuntimeError(error_id, "InvalidArgument", DotNetException(RUNTIME_EXCEPTION, message, cast))


def _value_error(error_id: str, value: Any, target: PSType, reason: str, kind: str = "") -> PSRuntimeError:
    text = to_string(value)
    message = f'Cannot convert value "{text}" to type "{target.full_name}". Error: "{reason}"'
    return cast_error(error_id, message, DotNetException(kind or "System.FormatException", reason))


def final_error(value: Any, target: PSType) -> PSRuntimeError:
    message = (
        f'Cannot convert the "{to_string(value)}" value of type "{type_of(value).full_name}"'
        f' to type "{target.full_name}".'
    )
    if isinstance(value, PSArray):
        name = value.net_type.full_name
        message = f'Cannot convert the "{name}" value of type "{name}" to type "{target.full_name}".'
    return cast_error("ConvertToFinalInvalidCastException", message)


# -- text ---------------------------------------------------------------------------------------------------------
def to_string(value: Any, separator: str = " ") -> str:
    """[string]: invariant culture, collections joined one level deep."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, ByteArray):
        return separator.join(str(number) for number in value.data)
    if isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        return separator.join(_element_text(item) for item in value)
    return _scalar_text(value)


def _element_text(value: Any) -> str:
    if isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        return net_to_string(value)
    return to_string(value)


def _scalar_text(value: Any) -> str:
    if isinstance(value, (bool, int, float, Decimal)):
        return formatting.number_to_string(value)
    if isinstance(value, DateTime):
        return format_date(value, "G", invariant=True)
    if isinstance(value, DateTimeOffset):
        from fleetdeploy.lab.powershell.formatting_dates import format_offset

        return format_offset(value, invariant=True)
    if isinstance(value, PSType):
        return type_text(value)
    if isinstance(value, PSCustomObject):
        return custom_object_text(value)
    return net_to_string(value)


def type_text(value: PSType) -> str:
    """[string][int] is "int": the accelerator where there is one."""
    if value.is_array and value.element_type is not None:
        return f"{type_text(value.element_type)}[]"
    if value.generic_definition is not None:
        inner = ",".join(type_text(arg) for arg in value.generic_args)
        return f"{value.generic_definition.full_name.split('`')[0]}[{inner}]"
    for name, known in ACCELERATORS.items():
        if known is value:
            return "psobject" if value is PSOBJECT else name
    return value.full_name


def custom_object_text(value: PSCustomObject) -> str:
    if value.to_string_value is not None:
        return value.to_string_value
    from fleetdeploy.lab.powershell import members

    method = value.members.find("ToString")
    if method is not None and hasattr(method, "script"):
        return to_string(method.script.invoke_delegate([], value))
    pieces = []
    for member in value.members.properties():
        held = member.value if isinstance(member, NoteProperty) else members.get_member(value, member.name)
        pieces.append(f"{member.name}={_property_text(held)}")
    return "@{" + "; ".join(pieces) + "}" if pieces else ""


def _property_text(value: Any) -> str:
    if isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        return net_to_string(value)
    if isinstance(value, PSCustomObject):
        return "" if value.to_string_value is None else value.to_string_value
    return to_string(value)


def net_to_string(value: Any) -> str:
    """.ToString() without arguments: the .NET form (current culture), the type name where the class has none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bool, int, float, Decimal)):
        return formatting.number_to_string(value)
    if isinstance(value, EnumValue):
        return value.name
    if isinstance(value, DateTime):
        return format_date(value)
    if isinstance(value, TimeSpan):
        return format_timespan(value)
    if isinstance(value, DateTimeOffset):
        return formatting.format_value(value)
    if isinstance(value, (Guid, Version, ErrorRecord)):
        return str(value)
    if isinstance(value, SwitchParameter):
        return "True" if value.is_present else "False"
    if isinstance(value, PSType):
        return value.full_name
    if isinstance(value, DotNetException):
        text = f"{value.type_name}: {value.message}"
        if value.inner_exception is not None:
            text += f" ---> {net_to_string(value.inner_exception)}\r\n   --- End of inner exception stack trace ---"
        return text
    if isinstance(value, DictionaryEntry):
        if value.generic is None:
            return "System.Collections.DictionaryEntry"
        return f"[{net_to_string(value.key)}, {net_to_string(value.value)}]"
    if isinstance(value, PSCustomObject):
        return custom_object_text(value)
    own = getattr(value, "to_net_string", None)
    if own is not None:
        return str(own())
    if hasattr(value, "invoke_delegate"):
        return str(value.text)
    return type_of(value).full_name


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


def is_collection(value: Any) -> bool:
    """What operators and casts see as a list (dictionaries and strings are none)."""
    return isinstance(value, (PSArray, ListBase, HashSet, KeyCollection))


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
        return value
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
    return _by_class(value, target)


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


def _overflow(value: Any, target: PSType, error_id: str = "InvalidCastIConvertible") -> PSRuntimeError:
    return _value_error(error_id, value, target, overflow_text(target), "System.OverflowException")


def round_half_even(value: float | Decimal) -> int:
    return round(value)


def _to_integer(target: PSType) -> Callable[[Any], Any]:
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
                raise _overflow(value, target) from None
        elif isinstance(value, EnumValue):
            number = value.value
        else:
            raise final_error(value, target)
        if not low <= number <= high:
            raise _overflow(value, target)
        return make_integer(number, target)

    return convert


def _string_to_integer(text: str, target: PSType, low: int, high: int) -> Any:
    if text == "":
        return make_integer(0, target)
    try:
        number = numbers.parse_cast(text)
    except ValueError:
        raise _value_error("InvalidCastFromStringToInteger", text, target, formatting.BAD_FORMAT) from None
    whole = round_half_even(number) if isinstance(number, (float, Decimal)) else number
    if text.strip().lower().startswith(("0x", "&h", "#")) and whole > high:
        width = (high - low + 1).bit_length() - 1
        if whole < 1 << width:
            whole -= 1 << width if low < 0 else 0
    if not low <= whole <= high:
        raise _overflow(text, target, "InvalidCastFromStringToInteger")
    return make_integer(whole, target)


def _to_float(value: Any, target: PSType = DOUBLE) -> Any:
    make = Single if target is SINGLE else float
    if isinstance(value, Char):
        raise final_error(value, target)
    if isinstance(value, str):
        if value == "":
            return make(0)
        try:
            return make(numbers.parse_float(value))
        except ValueError:
            raise _value_error("InvalidCastFromStringToDoubleOrSingle", value, target, formatting.BAD_FORMAT) from None
    if isinstance(value, SwitchParameter):
        value = value.is_present
    if isinstance(value, (bool, int, float, Decimal)):
        return make(value)
    if isinstance(value, EnumValue):
        return make(value.value)
    raise final_error(value, target)


def _to_single(value: Any) -> Any:
    return _to_float(value, SINGLE)


def to_decimal(value: Any) -> Decimal:
    if isinstance(value, Char):
        return Decimal(ord(value))
    if isinstance(value, str):
        if value == "":
            return Decimal(0)
        try:
            result = numbers.parse_decimal(value)
        except ValueError:
            raise _value_error("InvalidCastFromStringToDecimal", value, DECIMAL, formatting.BAD_FORMAT) from None
        # A real engine loses trailing zeros here: [decimal]'1.10' is 1.1; what it does to long texts is not recorded.
        if len(result.as_tuple().digits) > 15:
            raise NotSimulated(f"[decimal]'{value}'")
        result = Decimal(format(result.normalize(), "f"))
    elif isinstance(value, (bool, int, Decimal)):
        result = Decimal(int(value)) if isinstance(value, int) else value
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise _overflow(value, DECIMAL)
        result = Decimal(formatting.float_to_string(value).replace("E", "e"))
        result = Decimal(format(result, "f"))
    elif isinstance(value, EnumValue):
        result = Decimal(value.value)
    else:
        raise final_error(value, DECIMAL)
    if abs(result) > MAX_DECIMAL:
        raise _overflow(value, DECIMAL)
    return result


def _to_char(value: Any) -> Char:
    if isinstance(value, Char):
        return value
    if isinstance(value, str):
        if len(value) == 1:
            return Char(value)
        raise _value_error(
            "InvalidCastParseTargetInvocation", value, CHAR, "String must be exactly one character long."
        )
    if isinstance(value, (int, float, Decimal, EnumValue)) and not isinstance(value, bool):
        if isinstance(value, (float, Decimal)):
            raise cast_error(
                "InvalidCastIConvertible",
                f'Cannot convert value "{to_string(value)}" to type "System.Char". Error: "Invalid cast from'
                f" '{type_of(value).name}' to 'Char'.\"",
            )
        number = int(value)
        if not 0 <= number <= 0xFFFF:
            raise _overflow(value, CHAR)
        return Char(chr(number))
    raise final_error(value, CHAR)


def _to_switch(value: Any) -> SwitchParameter:
    if isinstance(value, SwitchParameter):
        return value
    if isinstance(value, (str, PSArray)) and not isinstance(value, Char):
        raise final_error(value, SWITCH)
    return SwitchParameter(to_bool(value))


def _to_bigint(value: Any) -> BigInteger:
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


def _to_date(value: Any) -> DateTime:
    if isinstance(value, DateTime):
        return value
    if isinstance(value, str) and not isinstance(value, Char):
        try:
            return parse_date(value)
        except FormatFailure as failure:
            raise _value_error(
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
            raise _value_error(kind, value, TIMESPAN, str(failure)) from None
        except OverflowError as failure:
            raise _value_error(kind, value, TIMESPAN, str(failure), "System.OverflowException") from None
    if isinstance(value, int) and not isinstance(value, bool):
        return TimeSpan(int(value))
    raise _invalid_cast(value, TIMESPAN)


def _invalid_cast(value: Any, target: PSType) -> PSRuntimeError:
    if is_collection(value) or isinstance(value, (DictionaryBase, PSCustomObject)):
        return final_error(value, target)
    reason = f"Invalid cast from '{type_of(value).full_name}' to '{target.full_name}'."
    return _value_error("InvalidCastIConvertible", value, target, reason, "System.InvalidCastException")


def _to_guid(value: Any) -> Guid:
    from fleetdeploy.lab.powershell.numbers import parse_guid

    if isinstance(value, Guid):
        return value
    if isinstance(value, str):
        try:
            return Guid(parse_guid(value))
        except ValueError:
            raise _value_error(
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
            raise _value_error(
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


def _by_class(value: Any, target: PSType) -> Any:
    from fleetdeploy.lab.powershell import members

    parse = target.static_methods.get("parse")
    if isinstance(value, str) and not isinstance(value, Char) and parse:
        try:
            return members.call_static(target, "Parse", [str(value)], None)
        except NetError as failure:
            raise _value_error(
                "InvalidCastParseTargetInvocation",
                value,
                target,
                failure.exception.message,
                failure.exception.type_name,
            ) from None
    if target.full_name == "System.Uri" and isinstance(value, str):
        kind = types.resolve("System.UriKind")
        return members.construct_unwrapped(target, [str(value), EnumValue(kind or OBJECT, 0)], None)
    if target.full_name == "System.Xml.XmlDocument":
        from fleetdeploy.lab.powershell.dotnet import xml

        return xml.cast(value)
    for overload in target.constructors or (
        target.generic_definition.constructors if target.generic_definition else []
    ):
        if len(overload.params) != 1:
            continue
        converted = members.implicit_argument(value, overload.params[0], target)
        if converted is MISSING:
            continue
        try:
            return members.construct_unwrapped(target, [converted], None)
        except NetError as failure:
            message = (
                f'Cannot convert value "{to_string(value)}" to type "{target.full_name}".'
                f' Error: "{failure.exception.message}"'
            )
            raise cast_error("InvalidCastConstructorException", message, failure.exception) from None
    if isinstance(value, (DictionaryBase, PSCustomObject)) and target.constructors:
        if isinstance(value, PSCustomObject) and not any(not o.params for o in target.constructors):
            raise final_error(value, target)
        return _from_table(value, target)
    raise final_error(value, target)


def _from_table(value: Any, target: PSType) -> Any:
    from fleetdeploy.lab.powershell import members

    if target.full_name.startswith("System.Collections."):
        message = final_error(value, target).message
        text = f'Cannot convert value "{to_string(value)}" to type "{target.full_name}". Error: "{message}"'
        raise cast_error("InvalidCastConstructorException", text)
    result = members.construct_unwrapped(target, [], None)
    for key, held in value.items():
        name = to_string(key)
        prop = members.find_property(target, name)
        if prop is None or prop.setter is None:
            settable = ", ".join(
                f"[{known.name} <{known.type_name}>]"
                for known in target.properties.values()
                if known.setter is not None
            )
            message = (
                f"Cannot create object of type \"{target.full_name}\". The property '{name}' was not found for the"
                f" '{target.full_name}' object. The settable properties are: {settable}."
            )
            raise cast_error("ObjectCreationError", message)
        members.set_member(result, name, held)
    return result


def to_number(value: Any) -> Any:
    """What arithmetic makes of an operand; for text see ``numbers.parse_operand``."""
    if value is None:
        return 0
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, SwitchParameter):
        return int(value.is_present)
    if isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, Char):
        return ord(value)
    if isinstance(value, str):
        return numbers.parse_operand(value)
    if isinstance(value, EnumValue):
        return value.value
    raise final_error(value, types.resolve("int") or OBJECT)


def dereference(value: Any) -> Any:
    return value.value if isinstance(value, PSReference) else value


_HANDLERS: dict[PSType, Callable[[Any], Any]] = {
    **{integer: _to_integer(integer) for integer in INTEGER_RANGES},
    DOUBLE: _to_float,
    SINGLE: _to_single,
    DECIMAL: to_decimal,
    BIGINTEGER: _to_bigint,
    STRING: to_string,
    BOOLEAN: to_bool,
    CHAR: _to_char,
    SWITCH: _to_switch,
    DATETIME: _to_date,
    TIMESPAN: _to_timespan,
    GUID: _to_guid,
    VERSION: _to_version,
    VOID: lambda _: None,
}
_ = array_type
