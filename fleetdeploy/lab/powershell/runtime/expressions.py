"""What expressions do: one maker per node kind, put into the table of ``compiled``.

Decides evaluation order, strict-mode errors, member enumeration and what yields nothing (AUTO_NULL). What an
operator or a conversion does with values is `operators`, `convert` and `members`. Next: variables.py,
operator_expressions.py, member_access.py, assignment.py, statements.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, types
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.compiled import (
    EXPRESSIONS,
    Code,
    block_run,
    code_of,
    statement_value,
    value_code,
)
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.member_access import make_index, make_invoke, make_member
from fleetdeploy.lab.powershell.runtime.operator_expressions import make_binary, make_unary
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.specials import SPECIAL
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.runtime.values_ext import (
    ScriptBlockValue,
    VariableReference,
    block_text,
    from_list,
    is_enumerable,
)
from fleetdeploy.lab.powershell.runtime.variables import make_variable, parse_path, variable_value
from fleetdeploy.lab.powershell.scalars import STRING
from fleetdeploy.lab.powershell.spelled import Spelled, plain
from fleetdeploy.lab.powershell.values import Hashtable, OrderedDictionary, PSArray, PSCustomObject, PSReference, PSType

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


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
