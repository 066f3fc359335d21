"""Evaluates expressions: one function per node kind, in the table EVAL.

Decides evaluation order, strict-mode errors, member enumeration and what yields nothing (AUTO_NULL). What an
operator or a conversion does with values is `operators`, `convert` and `members`. Next: assignment.py,
statements.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, operators, types
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.member_access import eval_index, eval_invoke, eval_member
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.runtime.values_ext import (
    ScriptBlockValue,
    VariableReference,
    block_text,
    from_list,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    Hashtable,
    OrderedDictionary,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

_LOGICAL = {"And", "Or", "Xor"}
_MATCH = {"Imatch", "Cmatch", "Inotmatch", "Cnotmatch"}
_TYPE_TESTS = {"Is", "IsNot", "As"}
_KNOWN_ROOTS = ("system.", "microsoft.", "windows.")


# ------------------------------------------------------------------------------------------------ variables


@lru_cache(maxsize=4096)
def parse_path(path: str) -> tuple[str, str, str]:
    """(qualifier, lower-case key, name): qualifier '' | global | script | local | private | using | a drive."""
    head, colon, tail = path.partition(":")
    if colon and tail and head:
        return head.lower(), tail.lower(), tail
    return "", path.lower(), path


def variable_value(rt: Interp, path: str, *, line: int = 0, quiet: bool = False) -> Any:
    qualifier, key, name = parse_path(path)
    if not qualifier:
        special = rt.SPECIAL.get(key)
        if special is not None:
            return special(rt)
        variable = rt.scope.find(key)
    elif qualifier in ("global", "script", "local", "private"):
        scope = rt.scope_of(qualifier)
        special = rt.SPECIAL.get(key)
        if special is not None:
            return special(rt)
        variable = scope.find(key) if qualifier == "script" and scope is not rt.scope else scope.variables.get(key)
    elif qualifier == "variable":
        variable = rt.scope.find(key)
    elif qualifier == "using":
        raise runtime_error(
            "UsingWithoutInvokeCommand",
            "InvalidOperation",
            "A Using variable cannot be retrieved. A Using variable can be used only with Invoke-Command, "
            "Start-Job, or InlineScript in the script workflow.",
        )
    else:
        return rt.drive_variable(qualifier, name, line)
    if variable is not None:
        return variable.value
    if not quiet and rt.scope.strict_version() >= 1 and key not in rt.NEVER_UNSET:
        raise undefined(path)
    return None


def undefined(path: str) -> PSRuntimeError:
    return runtime_error(
        "VariableIsUndefined",
        "InvalidOperation",
        f"The variable '${path}' cannot be retrieved because it has not been set.",
        target=path,
    )


def eval_variable(rt: Interp, node: ast.VariableExpression) -> Any:
    path = node.variable_path
    qualifier, key, _ = parse_path(path)
    if not qualifier and key not in rt.SPECIAL:
        variable = rt.scope.find(key)
        if variable is not None:
            return variable.value
    return variable_value(rt, path, line=node.extent.line)


# ------------------------------------------------------------------------------------------------ simple ones


def eval_constant(rt: Interp, node: ast.ConstantExpression) -> Any:
    return node.value


def eval_string(rt: Interp, node: ast.StringConstantExpression) -> Any:
    return node.value


def eval_expandable(rt: Interp, node: ast.ExpandableStringExpression) -> Any:
    pieces: list[str] = []
    for part in node.parts:
        if isinstance(part, int):
            nested = node.nested_expressions[part]
            if isinstance(nested, ast.VariableExpression):
                value = variable_value(
                    rt, nested.variable_path, line=nested.extent.line, quiet=rt.scope.strict_version() < 2
                )
                pieces.append(rt.to_string(None if value is AUTO_NULL else value))
            else:
                pieces.append(rt.to_string(rt.eval(nested)))
        else:
            pieces.append(part)
    return "".join(pieces)


def eval_type(rt: Interp, node: ast.TypeExpression) -> Any:
    return type_from(rt, node.type_name, node.extent.line)


def eval_array_literal(rt: Interp, node: ast.ArrayLiteral) -> Any:
    return PSArray([rt.eval(element) for element in node.elements])


def eval_array_expression(rt: Interp, node: ast.ArrayExpression) -> Any:
    block = node.sub_expression
    if len(block.statements) == 1 and not block.traps:
        # `@($list)` and `@(1, 2)`: an array written there is taken as it is, not rebuilt.
        only = block.statements[0]
        if isinstance(only, ast.Pipeline) and len(only.pipeline_elements) == 1:
            element = only.pipeline_elements[0]
            if isinstance(element, ast.CommandExpression) and isinstance(element.expression, ast.ArrayLiteral):
                return rt.eval(element.expression)
    items: list[Any] = []
    rt.exec_block(block, items.append)
    return PSArray(items)


def eval_sub_expression(rt: Interp, node: ast.SubExpression) -> Any:
    items: list[Any] = []
    rt.exec_block(node.sub_expression, items.append)
    return from_list(items)


def eval_paren(rt: Interp, node: ast.ParenExpression) -> Any:
    return rt.value_of(node.pipeline, parenthesised=True)


def eval_script_block(rt: Interp, node: ast.ScriptBlockExpression) -> Any:
    file = node.extent.source.file or ""
    return ScriptBlockValue(node.script_block, block_text(node.script_block, braces=True), file=file)


def hash_pairs(rt: Interp, node: ast.Hashtable, table: DictionaryBase) -> Any:
    for key_node, value_node in node.key_value_pairs:
        key = rt.eval(key_node)
        if key is None:
            raise runtime_error("InvalidNullKey", "InvalidOperation", "A null key is not allowed in a hash literal.")
        if table.contains(key):
            raise runtime_error(
                "DuplicateKeyInHashLiteral",
                "InvalidOperation",
                f"Duplicate keys '{rt.to_string(key)}' are not allowed in hash literals.",
                target=key,
            )
        value = rt.value_of(value_node)
        table.set(key, None if value is AUTO_NULL else value)
    return table


def eval_hashtable(rt: Interp, node: ast.Hashtable) -> Any:
    return hash_pairs(rt, node, Hashtable())


def eval_using(rt: Interp, node: ast.UsingExpression) -> Any:
    return variable_value(rt, f"using:{node.extent.text}", line=node.extent.line)


# ------------------------------------------------------------------------------------------------ operators


def eval_binary(rt: Interp, node: ast.BinaryExpression) -> Any:
    op = node.operator
    if op in _LOGICAL:
        left = convert.to_bool(rt.eval(node.left))
        if op == "And":
            return left and convert.to_bool(rt.eval(node.right))
        if op == "Or":
            return left or convert.to_bool(rt.eval(node.right))
        return left != convert.to_bool(rt.eval(node.right))
    left = rt.eval(node.left)
    right = rt.eval_raw(node.right)
    if right is AUTO_NULL:
        if op == "Plus" and is_enumerable(left):
            return PSArray(list(iterate(left)))
        right = None
    if op in _TYPE_TESTS:
        return type_test(rt, op, left, right, node.extent.line)
    if op in _MATCH:
        return match(rt, op, left, right)
    if op == "Plus" and isinstance(left, str) and is_enumerable(right):
        return str(left) + rt.to_string(right)
    return operators.binary(op, left, right)


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
    if isinstance(right, str) and types.resolve(right) is None and right.lower().startswith(_KNOWN_ROOTS):
        raise NotSimulated(f"type [{right}]", line)
    return operators.binary(op, left, right)


def eval_unary(rt: Interp, node: ast.UnaryExpression) -> Any:
    op = node.token_kind
    if op in ("PlusPlus", "MinusMinus", "PostfixPlusPlus", "PostfixMinusMinus"):
        from fleetdeploy.lab.powershell.runtime import assignment

        return assignment.increment(rt, node)
    if op in ("Not", "Exclaim"):
        return not convert.to_bool(rt.eval(node.child))
    if op == "Comma":
        return PSArray([rt.eval(node.child)])
    return operators.unary(op, rt.eval(node.child))


def eval_convert(rt: Interp, node: ast.ConvertExpression) -> Any:
    name = node.type_name.full_name.lower()
    child = node.child
    if name == "ordered" and isinstance(child, ast.Hashtable):
        return hash_pairs(rt, child, OrderedDictionary())
    if name in ("pscustomobject", "system.management.automation.pscustomobject") and isinstance(child, ast.Hashtable):
        table = hash_pairs(rt, child, OrderedDictionary())
        return PSCustomObject([(rt.to_string(key), value) for key, value in table.items()])
    if name == "ref":
        if isinstance(child, ast.VariableExpression):
            return reference_to(rt, child)
        return PSReference(rt.eval(child))
    if name == "void":
        rt.eval(child)
        return AUTO_NULL
    if name == "ordered":
        raise NotSimulated("[ordered] on something else than a hashtable", node.extent.line)
    target = type_from(rt, node.type_name, node.extent.line)
    value = rt.eval(child)
    if target.full_name == "System.String" and is_enumerable(value):
        return rt.to_string(value)
    if name in ("pscustomobject", "system.management.automation.pscustomobject"):
        return convert.to_custom_object(value)
    return convert.to_type(value, target)


def reference_to(rt: Interp, node: ast.VariableExpression) -> PSReference:
    qualifier, key, name = parse_path(node.variable_path)
    if qualifier and qualifier not in ("global", "script", "local", "private"):
        raise NotSimulated(f"[ref]${node.variable_path}", node.extent.line)
    scope = rt.scope_of(qualifier) if qualifier else rt.scope
    variable = scope.find(key)
    if variable is None:
        if rt.scope.strict_version() >= 1 or not qualifier:
            raise runtime_error(
                "NonExistingVariableReference",
                "InvalidOperation",
                "[ref] cannot be applied to a variable that does not exist.",
                target=name,
            )
        variable = scope.set(name, None)
    return VariableReference(variable)


# ------------------------------------------------------------------------------------------------ members and indices


def unsupported(rt: Interp, node: ast.Node) -> Any:
    raise NotSimulated(type(node).__name__, node.extent.line)


EVAL: dict[type, Callable[[Any, Any], Any]] = {
    ast.ConstantExpression: eval_constant,
    ast.StringConstantExpression: eval_string,
    ast.ExpandableStringExpression: eval_expandable,
    ast.VariableExpression: eval_variable,
    ast.BinaryExpression: eval_binary,
    ast.UnaryExpression: eval_unary,
    ast.ConvertExpression: eval_convert,
    ast.MemberExpression: eval_member,
    ast.InvokeMemberExpression: eval_invoke,
    ast.IndexExpression: eval_index,
    ast.TypeExpression: eval_type,
    ast.ArrayLiteral: eval_array_literal,
    ast.ArrayExpression: eval_array_expression,
    ast.SubExpression: eval_sub_expression,
    ast.ParenExpression: eval_paren,
    ast.ScriptBlockExpression: eval_script_block,
    ast.Hashtable: eval_hashtable,
    ast.UsingExpression: eval_using,
}
