"""Assignments and increments: where a value goes, what type and validation constraints stick to a variable.

Decides scope of a write (always the current one unless qualified) and the compound operators. The quirk of `+=` in a
called block (it starts from the block's own variable only) is in `compound_start`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, members, method_calls, operators
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.compiled import Code, statement_value, value_code
from fleetdeploy.lab.powershell.runtime.constraints import constraint_of
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.member_access import get_index, get_property, member_name
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.specials import READ_ONLY, REFUSED, SPECIAL
from fleetdeploy.lab.powershell.runtime.type_names import resolve_type, type_from
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.runtime.variables import parse_path, undefined, variable_value
from fleetdeploy.lab.powershell.values import PSArray, PSRuntimeError, PSType, is_number, type_of

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

_COMPOUND = {
    "PlusEquals": "Plus",
    "MinusEquals": "Minus",
    "MultiplyEquals": "Multiply",
    "DivideEquals": "Divide",
    "RemainderEquals": "Rem",
}
_FIXED = frozenset({"readonly", "constant"})


def not_writable(name: str) -> PSRuntimeError:
    return runtime_error(
        "VariableNotWritable",
        "WriteError",
        f"Cannot overwrite variable {name} because it is read-only or constant.",
        exception_type="System.Management.Automation.SessionStateUnauthorizedAccessException",
        target=name,
    )


def make_assignment(node: ast.AssignmentStatement) -> Code:
    """Runs the assignment; the assigned value is what `($x = …)` yields."""
    left, extent = node.left, node.extent
    right = statement_value(node.right)
    if node.operator == "Equals":
        put = _put(left)

        def assigned(rt: Interp) -> Any:
            value = right(rt)
            put(rt, value)
            return value

        return assigned
    op = _COMPOUND.get(node.operator)
    if op is None:

        def refused(_rt: Interp) -> Any:
            raise NotSimulated(f"the operator {node.operator}", extent.line)

        return refused
    operator = op
    return lambda rt: compound(rt, left, operator, right)


def _put(target: ast.Expression) -> Callable[[Interp, Any], None]:
    """The function that writes a value to a target."""
    if isinstance(target, ast.VariableExpression):
        return _put_variable(target)
    if isinstance(target, ast.ArrayLiteral):
        literal = target
        return lambda rt, value: destructure(rt, literal, None if value is AUTO_NULL else value)
    if (
        isinstance(target, ast.MemberExpression)
        and not isinstance(target, ast.InvokeMemberExpression)
        and not target.static
        and isinstance(target.member, ast.StringConstantExpression)
    ):
        owner, name = value_code(target.expression), target.member.value
        return lambda rt, value: set_member(rt, owner(rt), name, None if value is AUTO_NULL else value)
    if isinstance(target, ast.IndexExpression):
        holder, index = value_code(target.target), value_code(target.index)
        return lambda rt, value: set_index(holder(rt), index(rt), None if value is AUTO_NULL else value)
    return lambda rt, value: assign(rt, target, value)


def _put_variable(target: ast.VariableExpression) -> Callable[[Interp, Any], None]:
    path, extent = target.variable_path, target.extent
    qualifier, key, _ = parse_path(path)
    if qualifier or key in REFUSED or key in READ_ONLY or key == "null":
        return lambda rt, value: set_variable(rt, path, value, line=extent.line)

    def put(rt: Interp, value: Any) -> None:
        variable = rt.scope.variables.get(key)
        if variable is None or variable.options or variable.constraints:
            set_variable(rt, path, value, line=extent.line)
        else:
            variable.value = value

    return put


def compound(rt: Interp, left: ast.Expression, op: str, right: Code) -> Any:
    if isinstance(left, ast.VariableExpression):
        start = compound_start(rt, left)
        operand = right(rt)
        value = operators.binary(op, start, None if operand is AUTO_NULL else operand)
        assign(rt, left, value)
        return value
    if isinstance(left, ast.MemberExpression) and not isinstance(left, ast.InvokeMemberExpression):
        target = rt.eval(left.expression)
        name = member_name(rt, left.member)
        if left.static or target is None:
            raise NotSimulated("a compound assignment to this member", left.extent.line)
        current = get_property(rt, target, name)
        operand = right(rt)
        value = operators.binary(op, current, None if operand is AUTO_NULL else operand)
        set_member(rt, target, name, value)
        return value
    if isinstance(left, ast.IndexExpression):
        target = rt.eval(left.target)
        index = rt.eval(left.index)
        current = get_index(rt, target, index)
        operand = right(rt)
        value = operators.binary(op, current, None if operand is AUTO_NULL else operand)
        set_index(target, index, value)
        return value
    if isinstance(left, (ast.ConvertExpression, ast.ParenExpression)):
        raise NotSimulated("a compound assignment to this expression", left.extent.line)
    raise NotSimulated(f"a compound assignment to {type(left).__name__}", left.extent.line)


def compound_start(rt: Interp, node: ast.VariableExpression) -> Any:
    """What `$x += …` adds to. In a called function or block that is the block's own variable, never the caller's,
    never what it would read by name: PowerShell has bound the name to the block before."""
    qualifier, key, _ = parse_path(node.variable_path)
    if not qualifier and not rt.dotted and key not in SPECIAL:
        variable = rt.scope.variables.get(key)
        if variable is None:
            return None
        return None if variable.value is AUTO_NULL else variable.value
    value = variable_value(rt, node.variable_path, line=node.extent.line)
    return None if value is AUTO_NULL else value


def destructure(rt: Interp, targets: ast.ArrayLiteral, value: Any) -> None:
    items = list(iterate(value)) if is_enumerable(value) else [value]
    elements = targets.elements
    last = len(elements) - 1
    for position, element in enumerate(elements):
        if position < last or len(items) <= len(elements):
            item = items[position] if position < len(items) else None
        else:
            item = PSArray(items[position:])
        if isinstance(element, ast.ArrayLiteral):
            destructure(rt, element, item)
        elif isinstance(element, ast.ParenExpression):
            raise NotSimulated("nested assignment targets", element.extent.line)
        else:
            assign(rt, element, item)


def assign(rt: Interp, target: ast.Node, value: Any) -> None:
    if isinstance(target, ast.VariableExpression):
        set_variable(rt, target.variable_path, value, line=target.extent.line)
    elif isinstance(target, ast.MemberExpression) and not isinstance(target, ast.InvokeMemberExpression):
        owner = rt.eval(target.expression)
        name = member_name(rt, target.member)
        new = None if value is AUTO_NULL else value
        if target.static:
            if isinstance(owner, str):
                owner = resolve_type(rt, owner)
            static_set(rt, owner, name, new, target.extent.line)
            return
        set_member(rt, owner, name, new)
    elif isinstance(target, ast.IndexExpression):
        owner = rt.eval(target.target)
        index = rt.eval(target.index)
        set_index(owner, index, None if value is AUTO_NULL else value)
    elif isinstance(target, ast.AttributedExpression):
        assign_constrained(rt, target, value)
    elif isinstance(target, ast.ParenExpression):
        inner = target.pipeline
        if isinstance(inner, ast.Pipeline) and len(inner.pipeline_elements) == 1:
            element = inner.pipeline_elements[0]
            if isinstance(element, ast.CommandExpression):
                assign(rt, element.expression, value)
                return
        raise NotSimulated("this assignment target", target.extent.line)
    elif isinstance(target, ast.ArrayLiteral):
        destructure(rt, target, value)
    else:
        raise NotSimulated(f"an assignment to {type(target).__name__}", target.extent.line)


def static_set(rt: Interp, owner: Any, name: str, value: Any, line: int) -> None:
    if rt.constrained:
        language_mode.check_set(owner)
    if not isinstance(owner, PSType):
        raise NotSimulated(f"setting the static property {name}", line)
    method_calls.set_static(owner, name, value, rt.machine)


def set_member(rt: Interp, owner: Any, name: str, value: Any) -> None:
    if owner is None:
        raise runtime_error(
            "PropertyNotFound",
            "InvalidOperation",
            f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set.",
        )
    if rt.constrained:
        language_mode.check_set(owner)
    members.set_member(owner, name, value)


def set_index(owner: Any, index: Any, value: Any) -> None:
    if owner is None:
        raise runtime_error("NullArray", "InvalidOperation", "Cannot index into a null array.")
    if index is None and not isinstance(owner, DictionaryBase):
        raise runtime_error(
            "NullArrayIndex", "InvalidOperation", "Index operation failed; the array index evaluated to null."
        )
    members.set_index(owner, index, value)


def set_variable(rt: Interp, path: str, value: Any, *, line: int = 0) -> None:
    qualifier, key, name = parse_path(path)
    if qualifier and qualifier not in ("global", "script", "local", "private", "variable"):
        rt.set_drive_variable(qualifier, name, None if value is AUTO_NULL else value, line)
        return
    if key in REFUSED:
        raise NotSimulated(f"setting ${name}", line)
    if key in READ_ONLY:
        raise not_writable(name)
    if key == "null" and not qualifier:
        return
    scope = rt.scope if not qualifier or qualifier in ("local", "private", "variable") else rt.scope_of(qualifier)
    set_in_scope(scope, key, name, value, private=qualifier == "private")


def set_in_scope(scope: Scope, key: str, name: str, value: Any, *, private: bool = False) -> Variable:
    variable = scope.variables.get(key)
    if variable is None:
        above = scope.parent
        while above is not None:
            found = above.variables.get(key)
            if found is not None:
                if found.options:
                    if "allscope" in found.options:
                        variable = found
                    elif "constant" in found.options and above.parent is None and key in ("true", "false", "null"):
                        raise not_writable(name)
                break
            above = above.parent
    if variable is None:
        variable = scope.variables[key] = Variable(name, value, private=private)
        return variable
    if variable.options & _FIXED:
        raise not_writable(name)
    if private:
        variable.private = True
    if variable.constraints:
        variable.assign(None if value is AUTO_NULL else value)
    else:
        variable.value = value
    return variable


def assign_constrained(rt: Interp, target: ast.AttributedExpression, value: Any) -> None:
    """`[int]$x = …`, `[ValidateRange(1, 5)]$x = …`: convert, validate, and let the constraints stick."""
    constraints: list[Callable[[Any], Any]] = []
    node: ast.Expression = target
    while isinstance(node, ast.AttributedExpression):
        constraints.insert(0, constraint_of(rt, node))
        node = node.child
    if not isinstance(node, ast.VariableExpression):
        if isinstance(target, ast.ConvertExpression):
            kind = type_from(rt, target.type_name, target.extent.line)
            if rt.constrained:
                language_mode.check_conversion(None if value is AUTO_NULL else value, kind)
            assign(rt, target.child, convert.to_type(None if value is AUTO_NULL else value, kind))
            return
        raise NotSimulated("an attribute on this assignment target", target.extent.line)
    qualifier, key, name = parse_path(node.variable_path)
    if qualifier and qualifier not in ("global", "script", "local", "private"):
        raise NotSimulated(f"a constraint on ${node.variable_path}", target.extent.line)
    scope = rt.scope_of(qualifier) if qualifier else rt.scope
    value = None if value is AUTO_NULL else value
    for constraint in constraints:
        value = constraint(value)
    existing = scope.variables.get(key)
    if existing is not None and existing.options & _FIXED:
        raise not_writable(name)
    if existing is None:
        scope.variables[key] = Variable(name, value, constraints=tuple(constraints), private=qualifier == "private")
    else:
        existing.constraints = tuple(constraints)
        existing.value = value


def increment(rt: Interp, node: ast.UnaryExpression) -> Any:
    child = node.child
    while isinstance(child, ast.ParenExpression):
        inner = child.pipeline
        if not (isinstance(inner, ast.Pipeline) and isinstance(inner.pipeline_elements[0], ast.CommandExpression)):
            raise NotSimulated("++ on this expression", node.extent.line)
        child = inner.pipeline_elements[0].expression
    plus = "Plus" in node.token_kind
    if isinstance(child, ast.VariableExpression):
        qualifier, key, _ = parse_path(child.variable_path)
        if not rt.dotted and not qualifier and rt.scope.strict_version() and rt.scope.find(key) is None:
            raise undefined(child.variable_path)
        old = rt.eval(child)
        new = stepped(old, plus)
        assign(rt, child, new)
    elif isinstance(child, ast.MemberExpression) and not child.static:
        owner = rt.eval(child.expression)
        name = member_name(rt, child.member)
        old = get_property(rt, owner, name)
        new = stepped(old, plus)
        set_member(rt, owner, name, new)
    elif isinstance(child, ast.IndexExpression):
        owner = rt.eval(child.target)
        index = rt.eval(child.index)
        old = get_index(rt, owner, index)
        new = stepped(old, plus)
        set_index(owner, index, new)
    else:
        raise NotSimulated("++ on this expression", node.extent.line)
    if node.token_kind.startswith("Postfix"):
        return 0 if old is None else old
    return new


def stepped(old: Any, plus: bool) -> Any:
    if old is None:
        return 1 if plus else -1
    if not is_number(old):
        sign = "++" if plus else "--"
        raise runtime_error(
            "OperatorRequiresNumber",
            "InvalidOperation",
            f"The '{sign}' operator works only on numbers. The operand is a '{type_of(old).full_name}'.",
        )
    return operators.binary("Plus" if plus else "Minus", old, 1)
