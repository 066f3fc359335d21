"""Executes statements: one function per node kind, in the table EXEC; and what an error does to a list of statements.

Decides control flow, try/catch/finally, traps, and whether an error ends the statement, the block or the script
(`after_error`). Commands are run by commands.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, operators
from fleetdeploy.lab.powershell.runtime import assignment, commands
from fleetdeploy.lab.powershell.runtime.errors import (
    BreakFlow,
    ContinueFlow,
    ExitFlow,
    ReturnFlow,
    ScriptError,
)
from fleetdeploy.lab.powershell.runtime.failures import after_error, exec_throw, exec_try, to_script_error
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.values_ext import (
    FunctionInfo,
    LoopEnumerator,
    ScriptBlockValue,
    block_text,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    PSRuntimeError,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

Out = Callable[[Any], None]
_STEPS = {"PlusPlus", "MinusMinus", "PostfixPlusPlus", "PostfixMinusMinus"}


# ------------------------------------------------------------------------------------------------ lists of statements


def exec_block(rt: Interp, block: ast.StatementBlock | ast.NamedBlock, out: Out) -> None:
    exec_statements(rt, block.statements, block.traps, out)


def exec_statements(
    rt: Interp, statements: Sequence[ast.Statement], traps: Sequence[ast.TrapStatement], out: Out
) -> None:
    for statement in statements:
        rt.check_stop()
        try:
            run = EXEC.get(type(statement))
            if run is None:
                raise NotSimulated(type(statement).__name__, statement.extent.line)
            run(rt, statement, out)
        except (ScriptError, PSRuntimeError) as error:
            after_error(rt, to_script_error(rt, error, statement), traps, out)
        except NotSimulated as refusal:
            if not refusal.line:
                refusal.line = statement.extent.line
            raise
        except RecursionError:
            raise NotSimulated("a call chain this deep", statement.extent.line) from None


# ------------------------------------------------------------------------------------------------ pipelines


def exec_pipeline(rt: Interp, node: ast.Pipeline, out: Out) -> None:
    elements = node.pipeline_elements
    if len(elements) == 1:
        only = elements[0]
        if isinstance(only, ast.CommandExpression) and not only.redirections:
            expression = only.expression
            value = rt.eval_raw(expression)
            rt.question = True
            if isinstance(expression, ast.UnaryExpression) and expression.token_kind in _STEPS:
                return
            rt.emit(value, out)
            return
    commands.run_pipeline(rt, node, out)


def exec_assignment(rt: Interp, node: ast.AssignmentStatement, out: Out) -> None:
    assignment.assign_statement(rt, node)


# ------------------------------------------------------------------------------------------------ branches and loops


def exec_if(rt: Interp, node: ast.IfStatement, out: Out) -> None:
    for condition, body in node.clauses:
        taken = rt.condition(condition)
        rt.question = True
        if taken:
            exec_block(rt, body, out)
            return
    if node.else_clause is not None:
        exec_block(rt, node.else_clause, out)


def _mine(flow: BreakFlow, label: str | None) -> bool:
    return flow.label is None or (label is not None and flow.label.lower() == label.lower())


def _run_body(rt: Interp, body: ast.StatementBlock, label: str | None, out: Out) -> bool:
    """Run a loop's body once; False when the loop is left."""
    rt.check_stop()
    try:
        exec_block(rt, body, out)
    except ContinueFlow as flow:
        if not _mine(flow, label):
            raise
    except BreakFlow as flow:
        if not _mine(flow, label):
            raise
        return False
    return True


def exec_while(rt: Interp, node: ast.WhileStatement, out: Out) -> None:
    while rt.condition(node.condition):
        if not _run_body(rt, node.body, node.label, out):
            return


def exec_do_while(rt: Interp, node: ast.DoWhileStatement, out: Out) -> None:
    while _run_body(rt, node.body, node.label, out) and rt.condition(node.condition):
        pass


def exec_do_until(rt: Interp, node: ast.DoUntilStatement, out: Out) -> None:
    while _run_body(rt, node.body, node.label, out) and not rt.condition(node.condition):
        pass


def exec_for(rt: Interp, node: ast.ForStatement, out: Out) -> None:
    if node.initializer is not None:
        rt.value_of(node.initializer)
    while node.condition is None or rt.condition(node.condition):
        if not _run_body(rt, node.body, node.label, out):
            return
        if node.iterator is not None:
            rt.value_of(node.iterator)


def exec_foreach(rt: Interp, node: ast.ForEachStatement, out: Out) -> None:
    if node.parallel or node.throttle_limit is not None:
        raise NotSimulated("foreach -parallel", node.extent.line)
    value = rt.value_of(node.condition)
    if value is AUTO_NULL or value is None:
        return
    enumerator = LoopEnumerator(iterate(value) if is_enumerable(value) else iter([value]))
    scope = rt.scope
    outer = scope.variables.pop("foreach", None)
    scope.set("foreach", enumerator)
    try:
        while enumerator.move_next():
            assignment.set_variable(rt, node.variable.variable_path, enumerator.current)
            if not _run_body(rt, node.body, node.label, out):
                return
    finally:
        restore(scope, "foreach", outer)


def restore(scope: Scope, key: str, saved: Variable | None) -> None:
    if saved is None:
        scope.variables.pop(key, None)
    else:
        scope.variables[key] = saved


def exec_switch(rt: Interp, node: ast.SwitchStatement, out: Out) -> None:
    if "File" in node.flags or "Parallel" in node.flags:
        raise NotSimulated("switch -file", node.extent.line)
    value = rt.value_of(node.condition)
    if value is AUTO_NULL:
        return
    enumerator = LoopEnumerator(iterate(value) if is_enumerable(value) else iter([value]))
    scope = rt.scope
    before = scope.variables.pop("_", None)
    outer = scope.variables.pop("switch", None)
    scope.set("switch", enumerator)
    try:
        while enumerator.move_next():
            scope.variables.pop("_", None)
            scope.set("_", enumerator.current)
            if not _switch_item(rt, node, out):
                return
    finally:
        restore(scope, "_", before)
        restore(scope, "switch", outer)


def _switch_item(rt: Interp, node: ast.SwitchStatement, out: Out) -> bool:
    matched = False
    scope = rt.scope
    try:
        for pattern, body in node.clauses:
            # A body may assign `$_`: the next clauses see the new value.
            variable = scope.variables.get("_")
            if _switch_matches(rt, node, pattern, None if variable is None else variable.value):
                matched = True
                exec_block(rt, body, out)
        if not matched and node.default is not None:
            exec_block(rt, node.default, out)
    except ContinueFlow as flow:
        if not _mine(flow, node.label):
            raise
    except BreakFlow as flow:
        if not _mine(flow, node.label):
            raise
        return False
    return True


def _switch_matches(rt: Interp, node: ast.SwitchStatement, pattern: ast.Expression, item: Any) -> bool:
    wanted = rt.eval(pattern)
    case = "C" if "CaseSensitive" in node.flags else "I"
    if isinstance(wanted, ScriptBlockValue):
        return convert.to_bool(_as_value(rt.invoke_block(wanted, [], dollar_under=item)))
    if "Regex" in node.flags:
        found, groups = operators.match(rt.to_string(item), rt.to_string(wanted), case == "C")
        if found and groups is not None:
            rt.scope.set("Matches", groups)
        return bool(found)
    if "Wildcard" in node.flags:
        return bool(operators.binary(f"{case}like", rt.to_string(item), rt.to_string(wanted)))
    if wanted is None:
        return item is None
    # Without flags both sides are compared as text.
    return convert.to_bool(operators.binary(f"{case}eq", rt.to_string(item), rt.to_string(wanted)))


def _as_value(items: list[Any]) -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import from_list

    value = from_list(items)
    return None if value is AUTO_NULL else value


# ------------------------------------------------------------------------------------------------ leaving


def _label(rt: Interp, node: ast.Expression | None) -> str | None:
    return None if node is None else rt.to_string(rt.eval(node))


def exec_break(rt: Interp, node: ast.BreakStatement, out: Out) -> None:
    raise BreakFlow(_label(rt, node.label))


def exec_continue(rt: Interp, node: ast.ContinueStatement, out: Out) -> None:
    raise ContinueFlow(_label(rt, node.label))


def exec_return(rt: Interp, node: ast.ReturnStatement, out: Out) -> None:
    if node.pipeline is not None:
        if isinstance(node.pipeline, ast.Pipeline):
            exec_pipeline(rt, node.pipeline, out)
        else:
            rt.emit(rt.value_of(node.pipeline), out)
    raise ReturnFlow


def exec_exit(rt: Interp, node: ast.ExitStatement, out: Out) -> None:
    code = 0
    if node.pipeline is not None:
        value = rt.value_of(node.pipeline)
        try:
            code = int(convert.to_number(None if value is AUTO_NULL else value))
        except PSRuntimeError:
            code = 0
    raise ExitFlow(code)


# ------------------------------------------------------------------------------------------------ try


# ------------------------------------------------------------------------------------------------ definitions


def exec_function(rt: Interp, node: ast.FunctionDefinition, out: Out) -> None:
    name = node.name
    scope = rt.scope
    head, colon, tail = name.partition(":")
    if colon and head.lower() in ("global", "script", "local", "private"):
        name = tail
        scope = rt.scope_of(head.lower())
    block = ScriptBlockValue(node.body, block_text(node.body, braces=True), file=node.extent.source.file or "")
    block.parameters = node.parameters
    block.closure = rt.closure
    scope.functions[name.lower()] = FunctionInfo(name, block, is_filter=node.is_filter)


def exec_trap(rt: Interp, node: ast.TrapStatement, out: Out) -> None:
    """Traps stand in their block's list; running into one does nothing."""


def exec_unsupported(rt: Interp, node: ast.Node, out: Out) -> None:
    raise NotSimulated(type(node).__name__, node.extent.line)


EXEC: dict[type, Callable[[Any, Any, Out], None]] = {
    ast.Pipeline: exec_pipeline,
    ast.AssignmentStatement: exec_assignment,
    ast.IfStatement: exec_if,
    ast.WhileStatement: exec_while,
    ast.DoWhileStatement: exec_do_while,
    ast.DoUntilStatement: exec_do_until,
    ast.ForStatement: exec_for,
    ast.ForEachStatement: exec_foreach,
    ast.SwitchStatement: exec_switch,
    ast.BreakStatement: exec_break,
    ast.ContinueStatement: exec_continue,
    ast.ReturnStatement: exec_return,
    ast.ExitStatement: exec_exit,
    ast.ThrowStatement: exec_throw,
    ast.TryStatement: exec_try,
    ast.FunctionDefinition: exec_function,
    ast.TrapStatement: exec_trap,
    ast.DataStatement: exec_unsupported,
}
