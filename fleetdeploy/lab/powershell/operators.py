"""The operators by their token kinds: ``binary('Ieq', l, r)``, ``unary('Minus', v)``, ``match(l, r, False)``.

Arithmetic: ``operators_arithmetic``; comparison: ``operators_compare``; text: ``operators_text``. Logical operators
and assignment belong to the runtime.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, operators_arithmetic, operators_compare, operators_text, types
from fleetdeploy.lab.powershell.spelled import Spelled, plain
from fleetdeploy.lab.powershell.values import (
    INT32,
    OBJECT,
    PSCUSTOMOBJECT,
    PSOBJECT,
    DictionaryBase,
    DotNetException,
    Hashtable,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    type_of,
)

_COMPARE = {"eq", "ne", "gt", "ge", "lt", "le"}
_BITS = {"Band", "Bor", "Bxor", "Shl", "Shr"}
QUICK_INTEGERS: dict[str, Callable[[int, int], Any]] = {
    "Plus": operator.add,
    "PlusEquals": operator.add,
    "Minus": operator.sub,
    "MinusEquals": operator.sub,
    "Multiply": operator.mul,
    "Ieq": operator.eq,
    "Ine": operator.ne,
    "Igt": operator.gt,
    "Ige": operator.ge,
    "Ilt": operator.lt,
    "Ile": operator.le,
}
"""The commonest case, two Int32, without looking further; an overflow goes the long way."""
_ARITHMETIC = {"Plus", "Minus", "Multiply", "Divide", "Rem"}
_TEXT = {"Format", "Join", "As", "like", "notlike", "match", "notmatch", "replace", "split"}
"""Operators whose operands a real engine does not take out of their PSObject (ParserOps of 5.1): with them a number
that was written as an argument is its text. All others see the number alone."""


def binary(op: str, left: Any, right: Any, *, separator: str = " ") -> Any:
    """Evaluate; compound assignment operators ('PlusEquals') are accepted too. ``separator`` is $OFS."""
    if type(left) is int and type(right) is int:
        quick = QUICK_INTEGERS.get(op)
        if quick is not None:
            result = quick(left, right)
            if type(result) is bool or -(2**31) <= result < 2**31:
                return result
    elif type(left) is str and type(right) is str and op in ("Ieq", "Ine"):
        return (left.upper() == right.upper()) == (op == "Ieq")
    op = op.removesuffix("Equals")
    if (isinstance(left, Spelled) or isinstance(right, Spelled)) and (op if op in _TEXT else op[1:]) not in _TEXT:
        left, right = plain(left), plain(right)
    if op in _ARITHMETIC:
        if op == "Plus" and isinstance(left, str) and separator != " ":
            return str(left) + convert.to_string(right, separator)
        return operators_arithmetic.arithmetic(op, left, right)
    if op in _BITS:
        return operators_arithmetic.bitwise(op, left, right)
    if op == "Format":
        return operators_text.format_operator(left, right)
    if op == "Join":
        return operators_text.join(left, right)
    if op == "DotDot":
        return dot_dot(left, right)
    if op == "Is":
        return is_type(left, right)
    if op == "IsNot":
        return not is_type(left, right)
    if op == "As":
        return as_type(left, right)
    if op in ("And", "Or", "Xor"):
        one, two = convert.to_bool(left), convert.to_bool(right)
        return one and two if op == "And" else one or two if op == "Or" else one != two
    ignore_case, name = op[:1] != "C", op[1:]
    if name in _COMPARE:
        return operators_compare.comparison(name, left, right, ignore_case=ignore_case)
    if name in ("contains", "notcontains"):
        return operators_compare.contains(left, right, ignore_case=ignore_case) == (name == "contains")
    if name in ("in", "notin"):
        return operators_compare.contains(right, left, ignore_case=ignore_case) == (name == "in")
    if name in ("like", "notlike"):
        return operators_text.like(left, right, ignore_case=ignore_case, positive=name == "like")
    if name in ("match", "notmatch"):
        return operators_text.match_operator(left, right, ignore_case=ignore_case, positive=name == "match")
    if name == "replace":
        return operators_text.replace(left, right, ignore_case=ignore_case)
    if name == "split":
        return operators_text.split(left, right, ignore_case=ignore_case)
    raise NotSimulated(f"operator {op}")


def unary(op: str, value: Any) -> Any:
    if op in ("Not", "Exclaim"):
        return not convert.to_bool(value)
    if op in ("Minus", "Plus", "Bnot"):
        value = plain(value)
    if op == "Minus":
        return operators_arithmetic.negate(value)
    if op == "Plus":
        return operators_arithmetic.arithmetic("Plus", 0, value)
    if op == "Bnot":
        return operators_arithmetic.complement(value)
    if op == "Join":
        return operators_text.join(value, "")
    if op in ("Isplit", "Csplit"):
        return operators_text.unary_split(value)
    if op == "Comma":
        return PSArray([value])
    raise NotSimulated(f"unary operator {op}")


def match(left: Any, right: Any, case_sensitive: bool = False) -> tuple[bool, Hashtable | None]:
    """-match of one value: whether, and the new $Matches."""
    return operators_text.match(left, right, ignore_case=not case_sensitive)


def dot_dot(left: Any, right: Any) -> PSArray:
    low, high = convert.to_type(left, INT32), convert.to_type(right, INT32)
    step = 1 if low <= high else -1
    if abs(high - low) > 20_000_000:
        raise NotSimulated("a range of more than 20 million numbers")
    return PSArray(list(range(low, high + step, step)))


def _wanted_type(right: Any) -> PSType:
    if isinstance(right, PSType):
        return right
    return convert.to_ps_type(right)


def is_type(left: Any, right: Any) -> bool:
    """-is."""
    try:
        wanted = _wanted_type(right)
    except PSRuntimeError as failure:
        inner = failure.exception.inner_exception
        exception = DotNetException("System.Management.Automation.RuntimeException", failure.message, inner)
        raise PSRuntimeError("RuntimeException", "NotSpecified", exception) from None
    if left is None:
        return False
    if wanted is PSCUSTOMOBJECT or wanted is PSOBJECT:
        if isinstance(left, PSCustomObject):
            return True
        # [pscustomobject] and [psobject] are one type: whether a value is wrapped depends on where it came from.
        if getattr(left, "extended", None) is not None:
            return True
        if isinstance(left, (str, DictionaryBase)):
            return False
        raise NotSimulated(f"-is [psobject] of a [{type_of(left).full_name}]")
    if wanted is OBJECT:
        return True
    if types.is_nullable(wanted):
        wanted = wanted.generic_args[0]
    return type_of(left).is_assignable_to(wanted)


def as_type(left: Any, right: Any) -> Any:
    """-as."""
    wanted = _wanted_type(right)
    if left is None and wanted.full_name == "System.String":
        return ""
    try:
        return convert.to_type(left, wanted)
    except PSRuntimeError:
        return None
