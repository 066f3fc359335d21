"""System.Object, Type, Enum, Boolean, interfaces and the small enums scripts name everywhere."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, enums
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.formatting import format_value
from fleetdeploy.lab.powershell.operators_compare import compare
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    BOOLEAN,
    ENUM,
    OBJECT,
    PSOBJECT,
    STRING,
    SWITCH,
    TYPE,
    EnumValue,
    NetObject,
    PlainObject,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
    PSType,
    define,
    define_enum,
    dict_key,
    type_of,
)

INTERFACES = """System.IDisposable System.IComparable System.ICloneable System.IConvertible System.IFormattable
System.Collections.IEnumerable System.Collections.ICollection System.Collections.IList System.Collections.IDictionary
System.Collections.IEnumerator System.Collections.Generic.IEnumerable`1 System.Collections.Generic.ICollection`1
System.Collections.Generic.IList`1 System.Collections.Generic.IDictionary`2 System.IFormatProvider
System.Collections.Specialized.IOrderedDictionary System.Collections.IEqualityComparer System.Collections.IComparer
System.Collections.Generic.IEqualityComparer`1 System.Collections.Generic.IComparer`1 System.IAsyncResult
System.Collections.Generic.ISet`1"""
for _name in INTERFACES.split():
    define(_name, interface=True)
for _name in [
    "System.Delegate",
    "System.Action",
    "System.Action`1",
    "System.Func`1",
    "System.Func`2",
    "System.Predicate`1",
    "System.Comparison`1",
    "System.Nullable`1",
    "System.Attribute",
    "System.EventArgs",
    "System.AsyncCallback",
]:
    define(_name)

OBJECT.closed = True
ENUM.closed = True
BOOLEAN.closed = True
SWITCH.closed = True
SWITCH.prop("IsPresent", "bool", lambda value: value.is_present)
SWITCH.method("ToBool()")(lambda value: value.is_present)


@OBJECT.method("GetType()")
def _get_type(value: Any) -> PSType:
    return type_of(value)


@OBJECT.method("ToString()")
def _to_string(value: Any) -> str:
    return convert.net_to_string(value)


@OBJECT.method("Equals(object other)")
def _equals(value: Any, other: Any) -> bool:
    return net_equals(value, other)


@OBJECT.method("GetHashCode()")
def _hash(value: Any) -> int:
    if isinstance(value, int) and type_of(value).full_name in ("System.Int32", "System.Byte"):
        return int(value)
    raise NotSimulated(f"[{type_of(value).full_name}].GetHashCode()")


@OBJECT.static("ReferenceEquals(object one, object two)")
def _reference(one: Any, two: Any) -> bool:
    return one is two


@OBJECT.static("Equals(object one, object two)")
def _static_equals(one: Any, two: Any) -> bool:
    return net_equals(one, two)


OBJECT.ctor("()")(PlainObject)
PSOBJECT.ctor("()")(PSCustomObject)
PSOBJECT.ctor("(object value)")(lambda value: value)


def net_equals(one: Any, two: Any) -> bool:
    """object.Equals: same type and value; reference types by identity."""
    if one is None or two is None:
        return one is two
    return bool(dict_key(one, False) == dict_key(two, False))


# -- Boolean ------------------------------------------------------------------------------------------------------
BOOLEAN.static_prop("TrueString", "string", lambda _: "True")
BOOLEAN.static_prop("FalseString", "string", lambda _: "False")


def _parse_bool(text: str) -> bool | None:
    trimmed = text.strip(" \t\r\n\0").lower()
    return {"true": True, "false": False}.get(trimmed)


@BOOLEAN.static("Parse(string value)")
def _bool_parse(text: str) -> bool:
    found = _parse_bool(text)
    if found is None:
        throw("FormatException", "String was not recognized as a valid Boolean.")
    return found


@BOOLEAN.static("TryParse(string value, out bool result)")
def _bool_try(text: str, result: PSReference) -> bool:
    found = _parse_bool(text)
    result.value = bool(found)
    return found is not None


@BOOLEAN.method("CompareTo(object other)")
def _bool_compare(value: bool, other: Any) -> int:
    return compare(value, other)


# -- Enum ---------------------------------------------------------------------------------------------------------
@ENUM.method("HasFlag(object flag)")
def _has_flag(value: EnumValue, flag: Any) -> bool:
    wanted = flag if isinstance(flag, EnumValue) else convert.to_type(flag, value.type)
    return value.value & wanted.value == wanted.value


@ENUM.method("ToString()")
def _enum_name(value: EnumValue) -> str:
    return value.name


@ENUM.method("ToString(string format)")
def _enum_text(value: EnumValue, spec: str) -> str:
    return format_value(value, spec)


@ENUM.method("CompareTo(object other)")
def _enum_compare(value: EnumValue, other: Any) -> int:
    return compare(value, other)


@ENUM.static("GetNames(type kind)")
def _names(kind: PSType) -> PSArray:
    table = kind.enum_values or {}
    return PSArray(sorted(table, key=lambda name: table[name] & 0xFFFFFFFFFFFFFFFF), STRING)


@ENUM.static("GetValues(type kind)")
def _values(kind: PSType) -> PSArray:
    numbers = sorted((kind.enum_values or {}).values())
    return PSArray([EnumValue(kind, number) for number in numbers], kind)


@ENUM.static("GetName(type kind, object value)")
def _name_of(kind: PSType, value: Any) -> str | None:
    number = value.value if isinstance(value, EnumValue) else value
    return next((name for name, known in (kind.enum_values or {}).items() if known == number), None)


@ENUM.static("IsDefined(type kind, object value)")
def _is_defined(kind: PSType, value: Any) -> bool:
    table = kind.enum_values or {}
    if isinstance(value, str):
        return value in table
    return (value.value if isinstance(value, EnumValue) else value) in table.values()


def _find(kind: PSType, text: str, ignore_case: bool) -> EnumValue | None:
    table = kind.enum_values or {}
    total = 0
    for piece in text.split(","):
        name = piece.strip()
        if name.lstrip("+-").isdigit():
            total |= int(name)
            continue
        found = next(
            (known for known in table if known == name or (ignore_case and known.lower() == name.lower())), None
        )
        if found is None:
            return None
        total |= table[found]
    return EnumValue(kind, total)


@ENUM.static("Parse(type kind, string value)", "Parse(type kind, string value, bool ignoreCase)")
def _parse(kind: PSType, text: str, ignore_case: bool = False) -> EnumValue:
    if not text.strip():
        throw("ArgumentException", "Must specify valid information for parsing in the string.")
    found = _find(kind, text, ignore_case)
    if found is None:
        throw("ArgumentException", f"Requested value '{text}' was not found.")
    return found


@ENUM.static("ToObject(type kind, object value)")
def _to_object(kind: PSType, value: Any) -> EnumValue:
    return EnumValue(kind, int(value.value if isinstance(value, EnumValue) else value))


# -- Type ---------------------------------------------------------------------------------------------------------
_TYPE = TYPE.base or TYPE
_TYPE.closed = True
TYPE.closed = True
_TYPE.prop("FullName", "string", lambda kind: kind.full_name)
_TYPE.prop("Name", "string", lambda kind: kind.name)
_TYPE.prop("Namespace", "string", lambda kind: kind.namespace)
_TYPE.prop("BaseType", "type", lambda kind: kind.base)
_TYPE.prop("IsArray", "bool", lambda kind: kind.is_array)
_TYPE.prop("IsEnum", "bool", lambda kind: kind.is_enum)
_TYPE.prop("IsValueType", "bool", lambda kind: kind.is_value_type)
_TYPE.prop("IsInterface", "bool", lambda kind: kind.is_interface)
_TYPE.prop("IsClass", "bool", lambda kind: not kind.is_value_type and not kind.is_interface)
_TYPE.prop("IsGenericType", "bool", lambda kind: bool(kind.generic_args) or "`" in kind.name)
_TYPE.prop("IsPublic", "bool", lambda kind: "+" not in kind.full_name)
_TYPE.prop(
    "IsPrimitive",
    "bool",
    lambda kind: (
        kind.name
        in (
            "Boolean",
            "Byte",
            "SByte",
            "Int16",
            "UInt16",
            "Int32",
            "UInt32",
            "Int64",
            "UInt64",
            "Char",
            "Double",
            "Single",
        )
    ),
)
_TYPE.prop("UnderlyingSystemType", "type", lambda kind: kind)
_TYPE.method("GetElementType()")(lambda kind: kind.element_type if kind.is_array else None)
_TYPE.method("GetGenericArguments()")(lambda kind: PSArray(list(kind.generic_args), _TYPE))
_TYPE.method("IsInstanceOfType(object value)")(
    lambda kind, value: value is not None and type_of(value).is_assignable_to(kind)
)
_TYPE.method("IsAssignableFrom(type other)")(lambda kind, other: other is not None and other.is_assignable_to(kind))
_TYPE.method("IsSubclassOf(type other)")(
    lambda kind, other: kind is not other and any(other is known for known in kind.ancestry())
)
_TYPE.method("GetType()")(lambda kind: TYPE)


@_TYPE.static("GetType(string name)", "GetType(string name, bool throwOnError)")
def _type_by_name(name: str, throw_on_error: bool = False) -> PSType | None:
    from fleetdeploy.lab.powershell.typesystem import REGISTRY

    found = REGISTRY.get(name.split(",", 1)[0].strip().lower())
    if found is None and throw_on_error:
        throw("TypeLoadException", f"Could not load type '{name}'.")
    return found if found is None or found.full_name == name.split(",", 1)[0].strip() else None


# -- [ref], null string ----------------------------------------------------------------------------------------------
_REF = type_of(PSReference())
_REF.closed = True
_REF.prop("Value", "object", lambda ref: ref.value, lambda ref, value: setattr(ref, "value", value))


class NullString(NetObject):
    """[NullString]::Value: a null for string parameters."""


NULL_STRING = define("System.Management.Automation.Language.NullString", aliases=("NullString",), py=NullString)
_NULL = NullString()
NULL_STRING.static_prop("Value", "object", lambda _: _NULL)
DBNULL = define("System.DBNull")


# -- enums --------------------------------------------------------------------------------------------------------
define_enum("System.DayOfWeek", "Sunday Monday Tuesday Wednesday Thursday Friday Saturday")
define_enum("System.DateTimeKind", "Unspecified Utc Local")
define_enum("System.MidpointRounding", "ToEven AwayFromZero")
define_enum(
    "System.StringComparison",
    "CurrentCulture CurrentCultureIgnoreCase InvariantCulture InvariantCultureIgnoreCase Ordinal OrdinalIgnoreCase",
)
define_enum("System.StringSplitOptions", "None RemoveEmptyEntries", flags=True)
define_enum("System.EnvironmentVariableTarget", "Process User Machine")
define_enum("System.UriKind", "RelativeOrAbsolute Absolute Relative")
define_enum("System.TypeCode", "Empty Object DBNull Boolean Char SByte Byte Int16 UInt16 Int32 UInt32 Int64 UInt64")
define_enum(
    "System.ConsoleColor", "Black DarkBlue DarkGreen DarkCyan DarkRed DarkMagenta DarkYellow Gray DarkGray Blue"
)
define_enum("System.PlatformID", "Win32S Win32Windows Win32NT WinCE Unix Xbox MacOSX")
define_enum("System.Base64FormattingOptions", "None InsertLineBreaks", flags=True)
define_enum("System.Management.Automation.ActionPreference", "SilentlyContinue Stop Continue Inquire Ignore Suspend")
define_enum(
    "System.Management.Automation.ErrorCategory",
    "NotSpecified OpenError CloseError DeviceError DeadlockDetected InvalidArgument InvalidData InvalidOperation"
    " InvalidResult InvalidType MetadataError NotImplemented NotInstalled ObjectNotFound OperationStopped"
    " OperationTimeout SyntaxError ParserError PermissionDenied ResourceBusy ResourceExists ResourceUnavailable"
    " ReadError WriteError FromStdErr SecurityError ProtocolError ConnectionError AuthenticationError LimitsExceeded"
    " QuotaExceeded NotEnabled",
)
define_enum(
    "System.Management.Automation.PSMemberTypes",
    {
        "AliasProperty": 1,
        "CodeProperty": 2,
        "Property": 4,
        "NoteProperty": 8,
        "ScriptProperty": 16,
        "Properties": 31,
        "PropertySet": 32,
        "Method": 64,
        "CodeMethod": 128,
        "ScriptMethod": 256,
        "Methods": 448,
        "ParameterizedProperty": 512,
        "MemberSet": 1024,
        "Event": 2048,
        "Dynamic": 4096,
        "All": 8191,
    },
    flags=True,
)
define_enum(
    "System.Management.Automation.PSLanguageMode", "FullLanguage RestrictedLanguage NoLanguage ConstrainedLanguage"
)
define_enum(
    "System.Management.Automation.CommandTypes",
    "Alias=1 Function=2 Filter=4 Cmdlet=8 ExternalScript=16 Application=32 Script=64",
    flags=True,
)
define_enum("System.Threading.ThreadPriority", "Lowest BelowNormal Normal AboveNormal Highest")
define_enum("System.Security.Principal.WindowsBuiltInRole", "Administrator=544 User=545 Guest=546 PowerUser=547")
_ = (NOTHING, enums, PSRuntimeError)
