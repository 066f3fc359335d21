"""What expressions do: one maker per node kind, put into the table of ``compiled``.

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
from fleetdeploy.lab.powershell.operators import QUICK_INTEGERS
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.compiled import (
    EXPRESSIONS,
    Code,
    Test,
    block_run,
    code_of,
    statement_value,
    value_code,
)
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.known_types import may_exist
from fleetdeploy.lab.powershell.runtime.member_access import make_index, make_invoke, make_member
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope
from fleetdeploy.lab.powershell.runtime.specials import SPECIAL
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.runtime.values_ext import (
    ScriptBlockValue,
    VariableReference,
    block_text,
    from_list,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.scalars import STRING
from fleetdeploy.lab.powershell.spelled import Spelled, plain
from fleetdeploy.lab.powershell.values import (
    Hashtable,
    OrderedDictionary,
    PSArray,
    PSCustomObject,
    PSReference,
    PSRuntimeError,
    PSType,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

_LOGICAL = {"And", "Or", "Xor"}
_MATCH = {"Imatch", "Cmatch", "Inotmatch", "Cnotmatch"}
_TYPE_TESTS = {"Is", "IsNot", "As"}


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
        special = SPECIAL.get(key)
        if special is not None:
            return special(rt)
        variable = rt.scope.find(key)
    elif qualifier in ("global", "script", "local", "private"):
        scope = rt.scope_of(qualifier)
        special = SPECIAL.get(key)
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


def make_variable(node: ast.VariableExpression) -> Code:
    path, extent = node.variable_path, node.extent
    qualifier, key, _ = parse_path(path)
    special = None if qualifier else SPECIAL.get(key)
    if special is not None:
        return special

    def qualified(rt: Interp) -> Any:
        return variable_value(rt, path, line=extent.line)

    if qualifier:
        return qualified

    def plain(rt: Interp) -> Any:
        # As Scope.find, without its call.
        scope: Scope | None = rt.scope
        own = scope
        while scope is not None:
            variable = scope.variables.get(key)
            if variable is not None and (scope is own or not variable.private):
                return variable.value
            scope = scope.parent
        return variable_value(rt, path, line=extent.line)

    return plain


# ------------------------------------------------------------------------------------------------ simple ones


def make_constant(node: ast.ConstantExpression | ast.StringConstantExpression) -> Code:
    value = node.value
    return lambda _rt: value


def make_expandable(node: ast.ExpandableStringExpression) -> Code:
    pieces: list[str | Code] = [
        _expanded(node.nested_expressions[part]) if isinstance(part, int) else part for part in node.parts
    ]

    def run(rt: Interp) -> Any:
        return "".join([piece if isinstance(piece, str) else piece(rt) for piece in pieces])

    return run


def _expanded(nested: ast.Expression) -> Code:
    """The text of what stands in a string; PSToStringBinder takes a value out of its PSObject first."""
    if isinstance(nested, ast.VariableExpression):
        path, extent = nested.variable_path, nested.extent
        qualifier, key, _ = parse_path(path)
        common = not qualifier and key not in SPECIAL

        def variable(rt: Interp) -> str:
            found = rt.scope.find(key) if common else None
            if found is not None:
                value = found.value
            else:
                value = variable_value(rt, path, line=extent.line, quiet=rt.scope.strict_version() < 2)
            if type(value) is str:
                return value
            if isinstance(value, Spelled):
                value = value.plain
            return rt.to_string(None if value is AUTO_NULL else value)

        return variable
    code = value_code(nested)

    def other(rt: Interp) -> str:
        value = code(rt)
        if type(value) is str:
            return value
        return rt.to_string(value.plain if isinstance(value, Spelled) else value)

    return other


def make_type(node: ast.TypeExpression) -> Code:
    return type_code(node.type_name, node.extent)


def type_code(name: ast.TypeName, extent: ast.Extent) -> Code:
    """A written type; one that is known without a namespace is looked up once."""
    known: list[PSType] = []

    def run(rt: Interp) -> Any:
        if known:
            return known[0]
        found = type_from(rt, name, extent.line)
        if types.resolve(name.full_name) is found:
            known.append(found)
        return found

    return run


def make_array_literal(node: ast.ArrayLiteral) -> Code:
    codes = [value_code(element) for element in node.elements]
    return lambda rt: PSArray([code(rt) for code in codes])


def make_array_expression(node: ast.ArrayExpression) -> Code:
    block = node.sub_expression
    if len(block.statements) == 1 and not block.traps:
        # `@($list)` and `@(1, 2)`: an array written there is taken as it is, not rebuilt.
        only = block.statements[0]
        if isinstance(only, ast.Pipeline) and len(only.pipeline_elements) == 1:
            element = only.pipeline_elements[0]
            if isinstance(element, ast.CommandExpression) and isinstance(element.expression, ast.ArrayLiteral):
                return code_of(element.expression)
    body = block_run(block)

    def run(rt: Interp) -> Any:
        items: list[Any] = []
        body(rt, items.append)
        return PSArray(items)

    return run


def make_sub_expression(node: ast.SubExpression) -> Code:
    body = block_run(node.sub_expression)

    def run(rt: Interp) -> Any:
        items: list[Any] = []
        body(rt, items.append)
        return from_list(items)

    return run


def make_paren(node: ast.ParenExpression) -> Code:
    return statement_value(node.pipeline)


def make_script_block(node: ast.ScriptBlockExpression) -> Code:
    tree = node.script_block
    text = block_text(tree, braces=True)
    file = node.extent.source.file or ""
    return lambda _rt: ScriptBlockValue(tree, text, file=file)


def hash_pairs(node: ast.Hashtable, make: Callable[[], DictionaryBase]) -> Code:
    """The function that fills a table of the kind with what is written between the brackets."""
    pairs = [(value_code(key), statement_value(value)) for key, value in node.key_value_pairs]

    def run(rt: Interp) -> Any:
        table = make()
        for key_code, code in pairs:
            key = plain(key_code(rt))
            if key is None:
                raise runtime_error(
                    "InvalidNullKey", "InvalidOperation", "A null key is not allowed in a hash literal."
                )
            if table.contains(key):
                raise runtime_error(
                    "DuplicateKeyInHashLiteral",
                    "InvalidOperation",
                    f"Duplicate keys '{rt.to_string(key)}' are not allowed in hash literals.",
                    target=key,
                )
            value = code(rt)
            table.set(key, None if value is AUTO_NULL else value)
        return table

    return run


def make_hashtable(node: ast.Hashtable) -> Code:
    return hash_pairs(node, Hashtable)


def make_using(node: ast.UsingExpression) -> Code:
    extent = node.extent
    return lambda rt: variable_value(rt, f"using:{extent.text}", line=extent.line)


# ------------------------------------------------------------------------------------------------ operators


def make_binary(node: ast.BinaryExpression) -> Code:
    op, extent = node.operator, node.extent
    if op in _LOGICAL:
        return _logical(op, truth(node.left), truth(node.right))
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


def truth(node: ast.Expression) -> Test:
    """An expression as true or false."""
    code = code_of(node)

    def test(rt: Interp) -> bool:
        value = code(rt)
        if value is True or value is False:
            return value
        return False if value is AUTO_NULL else convert.to_bool(value)

    return test


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
        test = truth(node.child)
        return lambda rt: not test(rt)
    code = value_code(node.child)
    if op == "Comma":
        return lambda rt: PSArray([code(rt)])
    return lambda rt: operators.unary(op, code(rt))


_CUSTOM = ("pscustomobject", "system.management.automation.pscustomobject")


def make_convert(node: ast.ConvertExpression) -> Code:
    name = node.type_name.full_name.lower()
    child, extent = node.child, node.extent
    if isinstance(child, ast.Hashtable) and (name == "ordered" or name in _CUSTOM):
        pairs = hash_pairs(child, OrderedDictionary)
        if name == "ordered":
            return pairs

        def custom_object(rt: Interp) -> Any:
            table = pairs(rt)
            if rt.constrained:
                raise language_mode.no_custom_object()
            return PSCustomObject([(rt.to_string(key), value) for key, value in table.items()])

        return custom_object
    if name == "ref" and isinstance(child, ast.VariableExpression):
        return lambda rt: reference_to(rt, child)
    if name == "ordered":

        def refused(_rt: Interp) -> Any:
            raise NotSimulated("[ordered] on something else than a hashtable", extent.line)

        return refused
    code = value_code(child)
    if name == "ref":
        return lambda rt: PSReference(code(rt))
    if name == "void":

        def nothing(rt: Interp) -> Any:
            code(rt)
            return AUTO_NULL

        return nothing
    wanted = type_code(node.type_name, extent)
    custom = name in _CUSTOM

    def run(rt: Interp) -> Any:
        target = wanted(rt)
        value = code(rt)
        if rt.constrained:
            if custom:
                raise language_mode.no_custom_object()
            language_mode.check_conversion(value, target)
        if target is STRING:
            if type(value) is str:
                return value
            if is_enumerable(value):
                return rt.to_string(value)
        return convert.to_custom_object(value) if custom else convert.to_type(value, target)

    return run


def reference_to(rt: Interp, node: ast.VariableExpression) -> PSReference:
    qualifier, key, name = parse_path(node.variable_path)
    if qualifier and qualifier not in ("global", "script", "local", "private"):
        raise NotSimulated(f"[ref]${node.variable_path}", node.extent.line)
    scope = rt.scope_of(qualifier) if qualifier else rt.scope
    variable = scope.find(key)
    if variable is None:
        if key == "null" and not qualifier:
            return PSReference(None)  # what is written there is dropped
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


EXPRESSIONS.update(
    {
        ast.ConstantExpression: make_constant,
        ast.StringConstantExpression: make_constant,
        ast.ExpandableStringExpression: make_expandable,
        ast.VariableExpression: make_variable,
        ast.BinaryExpression: make_binary,
        ast.UnaryExpression: make_unary,
        ast.ConvertExpression: make_convert,
        ast.MemberExpression: make_member,
        ast.InvokeMemberExpression: make_invoke,
        ast.IndexExpression: make_index,
        ast.TypeExpression: make_type,
        ast.ArrayLiteral: make_array_literal,
        ast.ArrayExpression: make_array_expression,
        ast.SubExpression: make_sub_expression,
        ast.ParenExpression: make_paren,
        ast.ScriptBlockExpression: make_script_block,
        ast.Hashtable: make_hashtable,
        ast.UsingExpression: make_using,
    }
)
