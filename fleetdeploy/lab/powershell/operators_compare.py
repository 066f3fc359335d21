"""Comparison: -eq and its family, ordering, membership. The left operand decides what the right one becomes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, convert_errors, convert_numbers, numbers
from fleetdeploy.lab.powershell.convert import is_collection, to_bool, to_string
from fleetdeploy.lab.powershell.values import (
    Char,
    DateTime,
    DateTimeOffset,
    DictionaryBase,
    DotNetException,
    EnumValue,
    Guid,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    SwitchParameter,
    TimeSpan,
    Version,
    type_of,
)

_NUMBERS = (bool, int, float, Decimal)
_SYMBOLS = '\t\n\r !"#$%&()*,./:;?@[\\]^_`{|}~+<=>'


def equal(left: Any, right: Any, *, ignore_case: bool = True) -> bool:
    """-eq for a left operand that is no collection."""
    if left is None or right is None:
        return left is None and right is None
    if isinstance(left, str):
        if isinstance(left, Char) and isinstance(right, _NUMBERS) and not isinstance(right, bool):
            return ord(left) == right
        return _text_equal(left, to_string(right), ignore_case)
    if isinstance(left, bool):
        return left == to_bool(right)
    if isinstance(left, _NUMBERS):
        number = _numeric(right, left)
        return number is not None and _numbers(left, number, operator.eq)
    if isinstance(left, SwitchParameter):
        return left.is_present == to_bool(right)
    if left is right:
        return True
    if isinstance(left, EnumValue) and isinstance(right, EnumValue) and left.type is not right.type:
        return False
    if isinstance(left, (PSCustomObject, DictionaryBase)):
        return False
    try:
        converted = convert.to_type(right, type_of(left))
    except PSRuntimeError:
        return False
    return bool(left == converted)


def _text_equal(left: str, right: str, ignore_case: bool) -> bool:
    return left.upper() == right.upper() if ignore_case else str(left) == str(right)


def _numeric(value: Any, left: Any) -> Any:
    """The right operand of a number as a number, None where that fails."""
    try:
        if isinstance(value, str) and not isinstance(value, Char):
            return numbers.parse_operand(value)
        return convert_numbers.to_number(value)
    except (PSRuntimeError, ValueError):
        del left
        return None


def _numbers(left: Any, right: Any, compare: Callable[[Any, Any], bool]) -> bool:
    if isinstance(left, Decimal) != isinstance(right, Decimal):
        left = convert_numbers.to_decimal(left) if isinstance(left, float) else left
        right = convert_numbers.to_decimal(right) if isinstance(right, float) else right
    elif isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    return compare(left, right)


def _weight(char: str) -> tuple[int, int, str]:
    if char.isalpha():
        return (3, 0, char.lower())
    if char.isdigit():
        return (2, 0, char)
    if char in _SYMBOLS:
        return (1, _SYMBOLS.index(char), char)
    raise NotSimulated(f"the place of '{char}' in the order of strings")


def _culture_key(text: str) -> list[tuple[int, int, str]]:
    return [_weight(char) for char in text]


def compare_text(left: str, right: str, *, ignore_case: bool = True) -> int:
    """The culture's order of two strings: -1, 0 or 1. Symbols, digits, letters; lower case before upper."""
    if left == right or (ignore_case and left.lower() == right.lower()):
        return 0
    if any(char in "-'" for char in left + right):
        # Windows gives - and ' almost no weight: decide only where they are at equal places.
        if [at for at, char in enumerate(left) if char in "-'"] != [
            at for at, char in enumerate(right) if char in "-'"
        ]:
            shorter = min(len(left), len(right))
            common = next((at for at in range(shorter) if left[at].lower() != right[at].lower()), shorter)
            decided = common < shorter and not any(char in "-'" for char in left[: common + 1] + right[: common + 1])
            if not decided and (common < shorter or any(c in "-'" for c in left[common:] + right[common:])):
                raise NotSimulated(f"the order of '{left}' and '{right}'")
        left, right = left.replace("-", "").replace("'", ""), right.replace("-", "").replace("'", "")
    one, two = _culture_key(left), _culture_key(right)
    if one != two:
        return -1 if one < two else 1
    if ignore_case:
        return 0
    for mine, theirs in zip(left, right, strict=False):
        if mine != theirs:
            return -1 if mine.islower() else 1
    return 0


def compare(left: Any, right: Any, *, ignore_case: bool = True) -> int:
    """-lt and its family, Sort-Object: -1, 0 or 1; an error where the two cannot be compared."""
    if left is None or right is None:
        return _compare_null(left, right)
    if isinstance(left, Char) and not isinstance(right, str):
        left = ord(left)
    if isinstance(left, str):
        return compare_text(left, to_string(right), ignore_case=ignore_case)
    if isinstance(left, bool):
        return int(left) - int(to_bool(right))
    if isinstance(left, _NUMBERS):
        number = convert_operand(right, left)
        if _numbers(left, number, operator.lt):
            return -1
        return 1 if _numbers(left, number, operator.gt) else 0
    comparable = (DateTime, TimeSpan, Version, EnumValue, Guid, DateTimeOffset)
    if not isinstance(left, comparable):
        if left is right:
            return 0
        message = f'Cannot compare "{to_string(left)}" because it is not IComparable.'
        exception = DotNetException("System.Management.Automation.RuntimeException", message)
        raise PSRuntimeError("NotIcomparable", "InvalidOperation", exception)
    try:
        converted = convert.to_type(right, type_of(left))
    except PSRuntimeError as failure:
        inner = failure.exception.inner_exception
        text = f'Could not compare "{to_string(left)}" to "{to_string(right)}". Error: "{failure.message}"'
        exception = DotNetException("System.Management.Automation.RuntimeException", text, inner)
        raise PSRuntimeError("ComparisonFailure", "InvalidOperation", exception) from None
    one, two = _sort_key(left), _sort_key(converted)
    return -1 if one < two else 1 if one > two else 0


def _sort_key(value: Any) -> Any:
    if isinstance(value, (DateTime, TimeSpan)):
        return value.ticks
    if isinstance(value, DateTimeOffset):
        return value.utc_ticks
    if isinstance(value, Version):
        return value.parts
    if isinstance(value, EnumValue):
        return value.value
    return value.uuid.fields


def _compare_null(left: Any, right: Any) -> int:
    if left is None and right is None:
        return 0
    if left is None:
        return 1 if _is_negative(right) else -1
    return -1 if _is_negative(left) else 1


def _is_negative(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool) and value < 0


def convert_operand(value: Any, other: Any) -> Any:
    """An operand of arithmetic or ordering as a number; text that is none fails like a cast to the other's type."""
    if isinstance(value, str) and not isinstance(value, Char):
        try:
            return numbers.parse_operand(value)
        except ValueError:
            target = type_of(other) if isinstance(other, _NUMBERS) and not isinstance(other, bool) else type_of(0)
            return convert.to_type(str(value), target)
    if is_collection(value) or isinstance(value, (DictionaryBase, PSCustomObject)):
        raise convert_errors.final_error(value, type_of(other))
    return convert_numbers.to_number(value)


_ORDER: dict[str, Callable[[int], bool]] = {
    "gt": lambda result: result > 0,
    "ge": lambda result: result >= 0,
    "lt": lambda result: result < 0,
    "le": lambda result: result <= 0,
}


def _ordered(name: str, left: Any, right: Any, ignore_case: bool) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        values = [value for value in (left, right) if isinstance(value, float)]
        if any(value != value for value in values):
            return False
    return _ORDER[name](compare(left, right, ignore_case=ignore_case))


def comparison(name: str, left: Any, right: Any, *, ignore_case: bool) -> Any:
    """eq, ne, gt, ge, lt, le; a collection on the left gives the elements that match."""
    if name == "eq":

        def test(item: Any) -> bool:
            return equal(item, right, ignore_case=ignore_case)
    elif name == "ne":

        def test(item: Any) -> bool:
            return not equal(item, right, ignore_case=ignore_case)
    else:

        def test(item: Any) -> bool:
            return _ordered(name, item, right, ignore_case)

    if is_collection(left):
        return PSArray([item for item in left if test(item)])
    return test(left)


def contains(collection: Any, wanted: Any, *, ignore_case: bool) -> bool:
    items = collection if is_collection(collection) else [collection]
    return any(_member(item, wanted, ignore_case) for item in items)


def _member(item: Any, wanted: Any, ignore_case: bool) -> bool:
    if is_collection(item):
        return item is wanted
    return equal(item, wanted, ignore_case=ignore_case)
