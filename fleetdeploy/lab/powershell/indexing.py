"""value[key] and value[key] = new."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.convert import is_collection, to_string
from fleetdeploy.lab.powershell.spelled import doubted, plain
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    INT32,
    MISSING,
    ByteArray,
    Char,
    DictionaryBase,
    DotNetException,
    GenericDictionary,
    ListBase,
    OrderedDictionary,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    type_of,
)

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"


def error(error_id: str, category: str, message: str, kind: str = RUNTIME_EXCEPTION) -> PSRuntimeError:
    """A runtime error with its exception."""
    return PSRuntimeError(error_id, category, DotNetException(kind, message))


def outcome(value: Any) -> Any:
    """What a script gets of a method's result: no output of a void one."""
    if value is NOTHING:
        from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL

        return AUTO_NULL
    return value


def cannot_index(value: Any) -> PSRuntimeError:
    message = f"Unable to index into an object of type {type_of(value).full_name}."
    return error("CannotIndex", "InvalidOperation", message)


def _out_of_range() -> PSRuntimeError:
    message = "Index was outside the bounds of the array."
    return error("System.IndexOutOfRangeException", "OperationStopped", message, "System.IndexOutOfRangeException")


def index(value: Any, key: Any, strict: bool = False) -> Any:
    """value[key]; out of range is MISSING, or an error when ``strict`` (strict mode 3)."""
    if isinstance(value, DictionaryBase):
        return _dictionary_index(value, key)
    own = getattr(value, "net_index", None)
    if own is not None:
        return own(key)
    items: Any
    if isinstance(value, ByteArray):
        items = value.data
    elif isinstance(value, (PSArray, ListBase)):
        items = value.items
    elif isinstance(value, str) and not isinstance(value, Char):
        items = value
    else:
        return _scalar_index(value, key)
    if is_collection(key):
        found = [_element(value, items, convert.to_type(one, INT32), strict) for one in key]
        return PSArray([item for item in found if item is not MISSING])
    return _element(value, items, convert.to_type(key, INT32), strict)


def _scalar_index(value: Any, key: Any) -> Any:
    """A value that is no list: itself at 0 and -1, nothing elsewhere."""
    if is_collection(key) or is_collection(value) or getattr(value, "__iter__", None) is not None:
        raise NotSimulated(f"an index into [{type_of(value).full_name}]")
    if isinstance(key, int) and not isinstance(key, bool):
        return value if key in (0, -1) else MISSING
    if isinstance(value, PSCustomObject):
        return outcome(NOTHING)
    raise NotSimulated(f"an index into [{type_of(value).full_name}]")


def _element(value: Any, items: Any, at: int, strict: bool) -> Any:
    size = len(items)
    if at < 0:
        at += size
    if not 0 <= at < size:
        if strict:
            raise _out_of_range()
        return MISSING
    if isinstance(value, str):
        if not value.isascii() and any(ord(char) > 0xFFFF for char in value):
            raise NotSimulated("an index into a string with characters beyond U+FFFF")
        return Char(items[at])
    if isinstance(value, ByteArray):
        from fleetdeploy.lab.powershell.values import Byte

        return Byte(items[at])
    return items[at]


def _dictionary_index(value: DictionaryBase, key: Any) -> Any:
    key = plain(key)
    if key is None:
        raise error("NullArrayIndex", "InvalidOperation", "Index operation failed; the array index evaluated to null.")
    if is_collection(key) and not value.contains(key):
        return PSArray([_dictionary_index(value, one) for one in key])
    if isinstance(value, OrderedDictionary) and type(key) is int:
        values = value.values()
        return values[key] if 0 <= key < len(values) else None
    if isinstance(value, GenericDictionary):
        key = convert.to_type(key, value.key_type)
    return value.get(key)


def set_index(value: Any, key: Any, new: Any) -> None:
    """value[key] = new."""
    key, new = plain(key), doubted(new)
    if isinstance(value, DictionaryBase):
        _set_dictionary(value, key, new)
        return
    own = getattr(value, "net_set_index", None)
    if own is not None:
        own(key, new)
        return
    if not isinstance(value, (PSArray, ListBase)):
        raise cannot_index(value)
    if is_collection(key):
        places = ",".join(to_string(one) for one in key)
        message = f"Array assignment to [{places}] failed because assignment to slices is not supported."
        raise error("ArraySliceAssignmentFailed", "InvalidOperation", message)
    at = convert.to_type(key, INT32)
    converted = convert.convert_element(new, value.element_type)
    size = len(value)
    if at < 0:
        at += size
    if not 0 <= at < size:
        if isinstance(value, ListBase):
            message = (
                "Index was out of range. Must be non-negative and less than the size of the collection."
                "\r\nParameter name: index"
            )
            kind = "System.ArgumentOutOfRangeException"
            raise error(kind, "OperationStopped", message, kind)
        raise _out_of_range()
    if isinstance(value, ByteArray):
        value.data[at] = int(converted)
    else:
        value.items[at] = converted


def _set_dictionary(value: DictionaryBase, key: Any, new: Any) -> None:
    if key is None:
        raise error("NullArrayIndex", "InvalidOperation", "Index operation failed; the array index evaluated to null.")
    if isinstance(value, OrderedDictionary) and type(key) is int:
        keys = value.keys()
        if not 0 <= key < len(keys):
            message = (
                "Index was out of range. Must be non-negative and less than the size of the collection."
                "\r\nParameter name: index"
            )
            kind = "System.ArgumentOutOfRangeException"
            raise error(kind, "OperationStopped", message, kind)
        value.set(keys[key], new)
        return
    if isinstance(value, GenericDictionary):
        key = convert.to_type(key, value.key_type)
        new = convert.convert_element(new, value.value_type)
    value.set(key, new)
