"""What statements do: one maker per node kind, put into the table of ``compiled``.

Decides control flow. Errors, try and throw are failures.py, commands are run by commands.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, convert_numbers, operators
from fleetdeploy.lab.powershell.runtime import assignment, commands
from fleetdeploy.lab.powershell.runtime.compiled import (
    STATEMENTS,
    VALUES,
    Out,
    Run,
    block_run,
    code_of,
    condition,
    plain_expression,
    run_of,
    statement_value,
)
from fleetdeploy.lab.powershell.runtime.errors import BreakFlow, ContinueFlow, ExitFlow, ReturnFlow
from fleetdeploy.lab.powershell.runtime.failures import exec_throw, exec_try
from fleetdeploy.lab.powershell.runtime.files import read_lines
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.values_ext import (
    FunctionInfo,
    LoopEnumerator,
    ScriptBlockValue,
    block_text,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.spelled import plain
from fleetdeploy.lab.powershell.values import (
    PSArray,
    PSRuntimeError,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

_STEPS = {"PlusPlus", "MinusMinus", "PostfixPlusPlus", "PostfixMinusMinus"}


# ------------------------------------------------------------------------------------------------ pipelines


def make_pipeline(node: ast.Pipeline | ast.CommandExpression) -> Run:
    expression = plain_expression(node)
    if expression is None:
        return commands.make_pipeline(node.pipeline_elements if isinstance(node, ast.Pipeline) else (node,))
    code = code_of(expression)
    silent = isinstance(expression, ast.UnaryExpression) and expression.token_kind in _STEPS

    def run(rt: Interp, out: Out) -> None:
        value = code(rt)
        rt.question = True
        if not silent:
            rt.emit(value, out)

    return run


def make_assignment(node: ast.AssignmentStatement) -> Run:
    code = statement_value(node)

    def run(rt: Interp, out: Out) -> None:
        code(rt)

    return run


# ------------------------------------------------------------------------------------------------ branches and loops


def make_if(node: ast.IfStatement) -> Run:
    clauses = [(condition(test), block_run(body)) for test, body in node.clauses]
    otherwise = None if node.else_clause is None else block_run(node.else_clause)

    def run(rt: Interp, out: Out) -> None:
        for test, body in clauses:
            taken = test(rt)
            rt.question = True
            if taken:
                body(rt, out)
                return
        if otherwise is not None:
            otherwise(rt, out)

    return run


def _mine(flow: BreakFlow, label: str | None) -> bool:
    return flow.label is None or (label is not None and flow.label.lower() == label.lower())


def _body(node: ast.StatementBlock, label: str | None) -> Callable[[Interp, Out], bool]:
    """The function that runs a loop's body once; False when the loop is left."""
    block = block_run(node)

    def once(rt: Interp, out: Out) -> bool:
        rt.check_stop()
        try:
            block(rt, out)
        except ContinueFlow as flow:
            if not _mine(flow, label):
                raise
        except BreakFlow as flow:
            if not _mine(flow, label):
                raise
            return False
        return True

    return once


def make_while(node: ast.WhileStatement) -> Run:
    test, once = condition(node.condition), _body(node.body, node.label)

    def run(rt: Interp, out: Out) -> None:
        while test(rt):
            if not once(rt, out):
                return

    return run


def make_do_while(node: ast.DoWhileStatement) -> Run:
    test, once = condition(node.condition), _body(node.body, node.label)

    def run(rt: Interp, out: Out) -> None:
        while once(rt, out) and test(rt):
            pass

    return run


def make_do_until(node: ast.DoUntilStatement) -> Run:
    test, once = condition(node.condition), _body(node.body, node.label)

    def run(rt: Interp, out: Out) -> None:
        while once(rt, out) and not test(rt):
            pass

    return run


def make_for(node: ast.ForStatement) -> Run:
    first = None if node.initializer is None else statement_value(node.initializer)
    test = None if node.condition is None else condition(node.condition)
    after = None if node.iterator is None else statement_value(node.iterator)
    once = _body(node.body, node.label)

    def run(rt: Interp, out: Out) -> None:
        if first is not None:
            first(rt)
        while test is None or test(rt):
            if not once(rt, out):
                return
            if after is not None:
                after(rt)

    return run


def make_foreach(node: ast.ForEachStatement) -> Run:
    if node.parallel or node.throttle_limit is not None:
        return _refused("foreach -parallel", node)
    items, once = statement_value(node.condition), _body(node.body, node.label)
    path = node.variable.variable_path

    def run(rt: Interp, out: Out) -> None:
        value = items(rt)
        if value is AUTO_NULL or value is None:
            return
        enumerator = LoopEnumerator(iterate(value) if is_enumerable(value) else iter([value]))
        scope = rt.scope
        outer = scope.variables.pop("foreach", None)
        scope.set("foreach", enumerator)
        try:
            while enumerator.move_next():
                assignment.set_variable(rt, path, enumerator.current)
                if not once(rt, out):
                    return
        finally:
            restore(scope, "foreach", outer)

    return run


def restore(scope: Scope, key: str, saved: Variable | None) -> None:
    if saved is None:
        scope.variables.pop(key, None)
    else:
        scope.variables[key] = saved


def exec_switch(rt: Interp, node: ast.SwitchStatement, out: Out) -> None:
    if "Parallel" in node.flags:
        raise NotSimulated("switch -parallel", node.extent.line)
    value = rt.value_of(node.condition)
    if value is AUTO_NULL:
        return
    if "File" in node.flags:
        value = PSArray(list(read_lines(rt, rt.to_string(value), node.extent.line)))
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
                rt.exec_block(body, out)
        if not matched and node.default is not None:
            rt.exec_block(node.default, out)
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
    # PSSwitchClauseEvalBinder and PSToStringBinder take both sides out of their PSObject.
    item, wanted = plain(item), plain(wanted)
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


def make_return(node: ast.ReturnStatement) -> Run:
    pipeline = node.pipeline
    if pipeline is None:
        return _leave
    if isinstance(pipeline, ast.Pipeline):
        run = run_of(pipeline)
    else:
        code = statement_value(pipeline)

        def run(rt: Interp, out: Out) -> None:
            rt.emit(code(rt), out)

    def write_and_leave(rt: Interp, out: Out) -> None:
        run(rt, out)
        raise ReturnFlow

    return write_and_leave


def _leave(rt: Interp, out: Out) -> None:
    raise ReturnFlow


def exec_exit(rt: Interp, node: ast.ExitStatement, out: Out) -> None:
    code = 0
    if node.pipeline is not None:
        value = rt.value_of(node.pipeline)
        try:
            code = int(convert_numbers.to_number(None if value is AUTO_NULL else value))
        except PSRuntimeError:
            code = 0
    raise ExitFlow(code)


# ------------------------------------------------------------------------------------------------ definitions


def make_function(node: ast.FunctionDefinition) -> Run:
    name = node.name
    head, colon, tail = name.partition(":")
    qualifier = ""
    if colon and head.lower() in ("global", "script", "local", "private"):
        name, qualifier = tail, head.lower()
    key, tree, parameters, is_filter = name.lower(), node.body, node.parameters, node.is_filter
    text = block_text(tree, braces=True)
    file = node.extent.source.file or ""

    def run(rt: Interp, out: Out) -> None:
        scope = rt.scope_of(qualifier) if qualifier else rt.scope
        block = ScriptBlockValue(tree, text, closure=rt.closure, file=file)
        block.parameters = parameters
        scope.functions[key] = FunctionInfo(name, block, is_filter=is_filter)

    return run


def make_trap(node: ast.TrapStatement) -> Run:
    """Traps stand in their block's list; running into one does nothing."""
    return lambda _rt, _out: None


def _refused(what: str, node: ast.Node) -> Run:
    def run(rt: Interp, out: Out) -> None:
        raise NotSimulated(what, node.extent.line)

    return run


def _with(run: Callable[[Interp, Any, Out], None]) -> Callable[[Any], Run]:
    """The maker of a rare statement: what it does is looked up in its node each time."""

    def make(node: Any) -> Run:
        return lambda rt, out: run(rt, node, out)

    return make


STATEMENTS.update(
    {
        ast.Pipeline: make_pipeline,
        ast.CommandExpression: make_pipeline,
        ast.AssignmentStatement: make_assignment,
        ast.IfStatement: make_if,
        ast.WhileStatement: make_while,
        ast.DoWhileStatement: make_do_while,
        ast.DoUntilStatement: make_do_until,
        ast.ForStatement: make_for,
        ast.ForEachStatement: make_foreach,
        ast.SwitchStatement: _with(exec_switch),
        ast.BreakStatement: _with(exec_break),
        ast.ContinueStatement: _with(exec_continue),
        ast.ReturnStatement: make_return,
        ast.ExitStatement: _with(exec_exit),
        ast.ThrowStatement: _with(exec_throw),
        ast.TryStatement: _with(exec_try),
        ast.FunctionDefinition: make_function,
        ast.TrapStatement: make_trap,
    }
)
VALUES[ast.AssignmentStatement] = assignment.make_assignment
