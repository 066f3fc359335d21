"""Operators as expressions: binary, unary, logical, -match with $Matches, type tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, operators, types
from fleetdeploy.lab.powershell.operators import QUICK_INTEGERS
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.compiled import Code, Test, code_of, truth, value_code
from fleetdeploy.lab.powershell.runtime.known_types import may_exist
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.values import PSArray, PSType

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


_LOGICAL = {"And", "Or", "Xor"}
_MATCH = {"Imatch", "Cmatch", "Inotmatch", "Cnotmatch"}
_TYPE_TESTS = {"Is", "IsNot", "As"}


def make_binary(node: ast.BinaryExpression) -> Code:
    op, extent = node.operator, node.extent
    if op in _LOGICAL:
        return _logical(op, truth(code_of(node.left)), truth(code_of(node.right)))
    left_code, right_code = code_of(node.left), code_of(node.right)
    plus = op == "Plus"
    quick = QUICK_INTEGERS.get(op)
    equal = _SAME_TEXT.get(op)

    def operands(rt: Interp) -> Any:
        left = left_code(rt)
        right = right_code(rt)
        kind = type(left)
        if kind is type(right):
            # The commonest cases without a call; an overflow goes the long way.
            if kind is int and quick is not None:
                result = quick(left, right)
                if type(result) is bool or -0x80000000 <= result < 0x80000000:
                    return result
            elif kind is str:
                if equal is not None:
                    return (left.upper() == right.upper()) is equal
                if plus:
                    return left + right
        if left is AUTO_NULL:
            left = None
        if right is AUTO_NULL:
            if plus and is_enumerable(left):
                return PSArray(list(iterate(left)))
            right = None
        if plus and isinstance(left, str) and is_enumerable(right):
            return str(left) + rt.to_string(right)
        return operators.binary(op, left, right)

    def special(rt: Interp) -> Any:
        left = left_code(rt)
        right = right_code(rt)
        if left is AUTO_NULL:
            left = None
        if right is AUTO_NULL:
            right = None
        if op in _TYPE_TESTS:
            return type_test(rt, op, left, right, extent.line)
        return match(rt, op, left, right)

    return special if op in _TYPE_TESTS or op in _MATCH else operands


_SAME_TEXT = {"Ieq": True, "Ine": False}


def _logical(op: str, left: Test, right: Test) -> Code:
    if op == "And":
        return lambda rt: left(rt) and right(rt)
    if op == "Or":
        return lambda rt: left(rt) or right(rt)
    return lambda rt: left(rt) != right(rt)


def match(rt: Interp, op: str, left: Any, right: Any) -> Any:
    """-match and -notmatch; a scalar left sets $Matches."""
    if is_enumerable(left):
        return operators.binary(op, left, right)
    positive = op.replace("not", "")
    found, groups = operators.match(left, right, op.startswith("C"))
    if found and groups is not None:
        rt.scope.set("Matches", groups)
    return found if op == positive else not found


def type_test(rt: Interp, op: str, left: Any, right: Any, line: int) -> Any:
    if isinstance(right, str) and types.resolve(right) is None and may_exist(right.lower()):
        raise NotSimulated(f"type [{right}]", line)
    if rt.constrained and op == "As":
        kind = right if isinstance(right, PSType) else types.resolve(right) if isinstance(right, str) else None
        if kind is not None and not language_mode.allows_conversion(left, kind):
            return None
    return operators.binary(op, left, right)


def make_unary(node: ast.UnaryExpression) -> Code:
    op = node.token_kind
    if op in ("PlusPlus", "MinusMinus", "PostfixPlusPlus", "PostfixMinusMinus"):
        from fleetdeploy.lab.powershell.runtime import assignment

        return lambda rt: assignment.increment(rt, node)
    if op in ("Not", "Exclaim"):
        test = truth(code_of(node.child))
        return lambda rt: not test(rt)
    code = value_code(node.child)
    if op == "Comma":
        return lambda rt: PSArray([code(rt)])
    return lambda rt: operators.unary(op, code(rt))
