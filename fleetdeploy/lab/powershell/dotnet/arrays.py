"""System.Array: members and static methods."""

from __future__ import annotations

import functools
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, method_calls
from fleetdeploy.lab.powershell.dotnet.core import net_equals
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.operators_compare import compare
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    ARRAY,
    OBJECT,
    ByteArray,
    Int64,
    PSArray,
    PSReference,
    PSType,
    is_number,
    type_of,
)

# -- Array --------------------------------------------------------------------------------------------------------
ARRAY.prop("Length", "int", len)
ARRAY.prop("Count", "int", len)
ARRAY.prop("LongLength", "long", lambda array: Int64(len(array)))
ARRAY.prop("Rank", "int", lambda array: 1)
ARRAY.prop("IsFixedSize", "bool", lambda array: True)
ARRAY.prop("IsReadOnly", "bool", lambda array: False)
ARRAY.prop("IsSynchronized", "bool", lambda array: False)
ARRAY.prop("SyncRoot", "object", lambda array: array)


def find(items: Any, wanted: Any) -> int:
    return next((at for at, item in enumerate(items) if net_equals(item, wanted)), -1)


def _fixed(*_: Any) -> Any:
    throw("NotSupportedException", "Collection was of a fixed size.")


ARRAY.method("Add(object value)", "Remove(object value)", "RemoveAt(int at)", "Insert(int at, object value)")(_fixed)


@ARRAY.method("Clone()")
def _clone(array: PSArray) -> PSArray:
    return ByteArray(bytes(array.data)) if isinstance(array, ByteArray) else PSArray(list(array), array.element_type)


ARRAY.method("Contains(object value)")(lambda array, value: find(array, value) >= 0)
ARRAY.method("IndexOf(object value)")(lambda array, value: find(array, value))
ARRAY.method("GetLength(int dimension)")(lambda array, dimension: len(array))
ARRAY.method("GetUpperBound(int dimension)")(lambda array, dimension: len(array) - 1)
ARRAY.method("GetLowerBound(int dimension)")(lambda array, dimension: 0)


@ARRAY.method("GetValue(int index)")
def _get_value(array: PSArray, at: int) -> Any:
    if not 0 <= at < len(array):
        throw("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    return members.index(array, at)


@ARRAY.method("SetValue(object value, int index)")
def _set_value(array: PSArray, value: Any, at: int) -> Any:
    if not 0 <= at < len(array):
        throw("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    members.set_index(array, at, value)
    return NOTHING


def copy_range(source: PSArray, at: int, target: PSArray, to: int, count: int) -> Any:
    if at < 0 or to < 0 or count < 0 or at + count > len(source):
        throw(
            "ArgumentException",
            "Source array was not long enough. Check srcIndex and length, and the array's lower bounds.",
        )
    if to + count > len(target):
        throw(
            "ArgumentException",
            "Destination array was not long enough. Check destIndex and length, and the array's lower bounds.",
        )
    if isinstance(source, ByteArray) and isinstance(target, ByteArray):
        target.data[to : to + count] = source.data[at : at + count]
        return NOTHING
    items = list(source)[at : at + count]
    for offset, item in enumerate(items):
        if not _fits(item, target.element_type):
            throw("ArrayTypeMismatchException", "Source array type cannot be assigned to destination array type.")
        members.set_index(target, to + offset, item)
    return NOTHING


def _fits(item: Any, element: PSType) -> bool:
    return item is None or element is OBJECT or type_of(item).is_assignable_to(element) or is_number(item)


ARRAY.static("Copy(array source, int at, array target, int to, int length)")(copy_range)
ARRAY.static("Copy(array source, array target, int length)")(
    lambda source, target, length: copy_range(source, 0, target, 0, length)
)
ARRAY.method("CopyTo(array target, int index)")(
    lambda source, target, at: copy_range(source, 0, target, at, len(source))
)


def _assign(array: PSArray, items: list[Any]) -> Any:
    if isinstance(array, ByteArray):
        array.data[:] = bytes(items)
    else:
        array.items[:] = items
    return NOTHING


ARRAY.static("Reverse(array value)")(lambda array: _assign(array, list(array)[::-1]))


def sort_items(items: list[Any]) -> list[Any]:
    """Sort by the default comparer; an element that cannot be compared is .NET's InvalidOperationException."""
    from fleetdeploy.lab.powershell.values import PSRuntimeError

    def order(one: Any, two: Any) -> int:
        if type(one) is not type(two) and one is not None and two is not None:
            throw("InvalidOperationException", "Failed to compare two elements in the array.")
        return compare(one, two, ignore_case=False)

    try:
        return sorted(items, key=functools.cmp_to_key(order))
    except PSRuntimeError:
        throw("InvalidOperationException", "Failed to compare two elements in the array.")


ARRAY.static("Sort(array value)")(lambda array: _assign(array, sort_items(list(array))))


@ARRAY.static("Clear(array value, int index, int length)")
def _clear(array: PSArray, at: int, length: int) -> Any:
    if at < 0 or length < 0 or at + length > len(array):
        throw("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    empty = method_calls.new_array(array.element_type, length)
    return copy_range(empty, 0, array, at, length)


ARRAY.static("IndexOf(array value, object wanted)")(lambda array, wanted: find(array, wanted))
ARRAY.static("CreateInstance(type elementType, int length)")(method_calls.new_array)


@ARRAY.static("Resize(ref array value, int size)")
def _resize(reference: PSReference, size: int) -> Any:
    array = reference.value
    if not isinstance(array, PSArray):
        raise NotSimulated("[Array]::Resize of something else than an array")
    result = method_calls.new_array(array.element_type, size)
    copy_range(array, 0, result, 0, min(size, len(array)))
    reference.value = result
    return NOTHING


@ARRAY.static("Empty()")
def _empty() -> PSArray:
    return PSArray()


@ARRAY.static("Exists(array value, System.Predicate`1 test)")
def _exists(array: PSArray, test: Any) -> bool:
    return any(holds(test, item) for item in array)


def holds(test: Any, item: Any) -> bool:
    return convert.to_bool(test.invoke_delegate([item]))
