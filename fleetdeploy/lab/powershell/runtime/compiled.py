"""Turns nodes of the syntax tree into Python functions, once per node: a script's tree is shared by all hosts.

An expression becomes ``code(rt) -> value`` (AUTO_NULL where it yields nothing), a statement and a block
``run(rt, out) -> None``. What a node does is decided by the makers in the two tables, which ``expressions`` and
``statements`` fill: a maker is called once, must not evaluate anything and must not raise; what cannot be run is
refused when it is run. Functions are kept on the node itself and hold no state of a pipeline: all of that is ``rt``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.runtime.errors import PipelineStopped, ScriptError
from fleetdeploy.lab.powershell.runtime.failures import after_error, to_script_error
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import from_list
from fleetdeploy.lab.powershell.values import PSRuntimeError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

Out = Callable[[Any], None]
Code = Callable[["Interp"], Any]
Test = Callable[["Interp"], bool]
Run = Callable[["Interp", Out], None]

EXPRESSIONS: dict[type, Callable[[Any], Code]] = {}
"""What makes the function of an expression, by kind of node."""
STATEMENTS: dict[type, Callable[[Any], Run]] = {}
"""What makes the function of a statement, by kind of node."""
VALUES: dict[type, Callable[[Any], Code]] = {}
"""Statements that have a value of their own (``$x = …`` in brackets); of all others it is what they write."""


def _keep(node: ast.Node, attribute: str, made: Any) -> Any:
    object.__setattr__(node, attribute, made)
    return made


def _refuse(node: ast.Node) -> Any:
    def run(*_: Any) -> Any:
        raise NotSimulated(type(node).__name__, node.extent.line)

    return run


def code_of(node: ast.Node) -> Code:
    """The function of an expression."""
    try:
        made: Code = node.code
    except AttributeError:
        make: Callable[[Any], Code] = EXPRESSIONS.get(type(node), _refuse)
        made = _keep(node, "code", make(node))
    return made


def value_code(node: ast.Node) -> Code:
    """As ``code_of``, with $null where the expression yields nothing."""
    code = code_of(node)
    if isinstance(node, _NEVER_NOTHING):
        return code

    def run(rt: Interp) -> Any:
        value = code(rt)
        return None if value is AUTO_NULL else value

    return run


_NEVER_NOTHING = (
    ast.ConstantExpression,
    ast.StringConstantExpression,
    ast.ExpandableStringExpression,
    ast.BinaryExpression,
    ast.ArrayLiteral,
    ast.ArrayExpression,
    ast.Hashtable,
    ast.ScriptBlockExpression,
    ast.TypeExpression,
)


def run_of(node: ast.Node) -> Run:
    """The function of a statement."""
    try:
        made: Run = node.code
    except AttributeError:
        make: Callable[[Any], Run] = STATEMENTS.get(type(node), _refuse)
        made = _keep(node, "code", make(node))
    return made


def statement_value(node: ast.Statement) -> Code:
    """A statement as a value: an expression's own value, else what it writes (AUTO_NULL, one, or an array)."""
    try:
        made: Code = node.value_code
    except AttributeError:
        made = _keep(node, "value_code", _statement_value(node))
    return made


def plain_expression(node: ast.Statement) -> ast.Expression | None:
    """The expression that a statement consists of, if it is nothing else."""
    only: ast.Node = node
    if isinstance(node, ast.Pipeline):
        if len(node.pipeline_elements) != 1:
            return None
        only = node.pipeline_elements[0]
    if isinstance(only, ast.CommandExpression) and not only.redirections:
        return only.expression
    return None


def _statement_value(node: ast.Statement) -> Code:
    own = VALUES.get(type(node))
    if own is not None:
        return own(node)
    expression = plain_expression(node)
    if expression is not None:
        code = code_of(expression)

        def evaluate(rt: Interp) -> Any:
            value = code(rt)
            rt.question = True
            return value

        return evaluate
    run = run_of(node)

    def collect(rt: Interp) -> Any:
        items: list[Any] = []
        run(rt, items.append)
        return from_list(items)

    return collect


def condition(node: ast.Statement) -> Test:
    """A statement as a condition."""
    return truth(statement_value(node))


def truth(code: Code) -> Test:
    """A value as true or false."""

    def test(rt: Interp) -> bool:
        value = code(rt)
        if value is True or value is False:
            return value
        return False if value is AUTO_NULL else convert.to_bool(value)

    return test


def block_run(block: ast.StatementBlock | ast.NamedBlock) -> Run:
    """The function of a list of statements; its statements are looked at when it first runs."""
    try:
        made: Run = block.code
    except AttributeError:
        made = _keep(block, "code", _block(block))
    return made


def _block(block: ast.StatementBlock | ast.NamedBlock) -> Run:
    steps: list[tuple[Run, ast.Statement]] = []
    statements, traps = block.statements, block.traps
    if not statements:
        return lambda _rt, _out: None

    def run(rt: Interp, out: Out) -> None:
        if not steps:
            # In one go: two hosts may run the same script at once.
            steps[:] = [(run_of(statement), statement) for statement in statements]
        for step, statement in steps:
            if rt.stopped() and not rt.shields:
                raise PipelineStopped
            try:
                step(rt, out)
            except (ScriptError, PSRuntimeError) as error:
                after_error(rt, to_script_error(rt, error, statement), traps, out)
            except NotSimulated as refusal:
                if not refusal.line:
                    refusal.line = statement.extent.line
                raise
            except RecursionError:
                raise NotSimulated("a call chain this deep", statement.extent.line) from None

    return run
