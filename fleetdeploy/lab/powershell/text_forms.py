"""Text forms of values: [string], "$value", ToString(). Invariant culture for casts; ``convert`` re-exports them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell import formatting
from fleetdeploy.lab.powershell.formatting_dates import format_date, format_timespan
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.typesystem import ACCELERATORS
from fleetdeploy.lab.powershell.values import (
    PSOBJECT,
    ByteArray,
    DateTime,
    DateTimeOffset,
    DictionaryEntry,
    DotNetException,
    EnumValue,
    ErrorRecord,
    Guid,
    HashSet,
    KeyCollection,
    ListBase,
    NoteProperty,
    PSArray,
    PSCustomObject,
    PSType,
    SwitchParameter,
    TimeSpan,
    Version,
    type_of,
)


def is_collection(value: Any) -> bool:
    """What operators and casts see as a list (dictionaries and strings are none)."""
    return isinstance(value, (PSArray, ListBase, HashSet, KeyCollection))


def to_string(value: Any, separator: str = " ") -> str:
    """[string]: invariant culture, collections joined one level deep."""
    if type(value) is str:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        return ""
    if isinstance(value, ByteArray):
        return separator.join(str(number) for number in value.data)
    if isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        return separator.join(_element_text(item) for item in value)
    return _scalar_text(value)


def written(value: Any, separator: str = " ") -> str:
    """As ``to_string``, where a real engine asks the PSObject: a number that remembers its text gives that text."""
    if isinstance(value, Spelled) and value.spelling is not None:
        return value.spelling
    return to_string(value, separator)


def _element_text(value: Any) -> str:
    # PSObject.ToStringEnumerable wraps each element, or finds it wrapped.
    if isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        return net_to_string(value)
    return written(value)


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
    return written(value)


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
