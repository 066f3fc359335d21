"""Errors inside a script: what one does to a list of statements, traps, throw, and try/catch/finally.

Decides whether an error ends the statement, the block or the script (`after_error`), which handler sees it, and what
the handler sees. Other statements are statements.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast
from fleetdeploy.lab.powershell.runtime.errors import (
    RUNTIME_EXCEPTION,
    BreakFlow,
    ContinueFlow,
    PipelineStopped,
    ScriptError,
    complete,
    make_record,
)
from fleetdeploy.lab.powershell.runtime.pscmdlet import ThrowTerminating
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    ErrorRecord,
    PSRuntimeError,
    PSType,
    type_of,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

Out = Callable[[Any], None]


def to_script_error(rt: Interp, error: Exception, node: ast.Node | None) -> ScriptError:
    if isinstance(error, ScriptError):
        complete(error.record, node=node)
        return error
    if not isinstance(error, PSRuntimeError):
        raise error
    record = make_record(error.error_id, error.category, error.exception, target=error.target, node=node)
    if "CommandName" in error.exception.properties and record.invocation_info is not None:
        record.invocation_info.invocation_name = error.exception.properties["CommandName"]
    return ScriptError(record)


def after_error(rt: Interp, error: ScriptError, traps: Sequence[ast.TrapStatement], out: Out) -> None:
    """Report the error and go on, or let it travel on."""
    rt.question = False
    rt.remember(error)
    if traps:
        outcome = run_traps(rt, error, traps, out)
        if outcome == "continue":
            return
        if outcome == "break":
            raise error
        if outcome == "done":
            rt.report(error.record)
            return
    if error.stop or rt.propagate or rt.in_try or (isinstance(error, ThrowTerminating) and error.frame is rt.frame):
        raise error
    preference = rt.preference("ErrorActionPreference", "continue")
    if preference in ("silentlycontinue", "ignore"):
        rt.listen(error.record)
        return
    if preference == "stop":
        error.stop = True
        raise error
    if preference != "continue":
        raise NotSimulated(f"$ErrorActionPreference = {preference}")
    if error.thrown:
        raise error
    rt.report(error.record)


def run_traps(rt: Interp, error: ScriptError, traps: Sequence[ast.TrapStatement], out: Out) -> str:
    chosen, record = find_handler(
        rt, error.record, [((trap.trap_type,) if trap.trap_type else (), trap) for trap in traps]
    )
    if chosen is None:
        return "none"
    before = (rt.scope, rt.propagate, rt.in_try)
    rt.scope = Scope(parent=rt.scope, script=rt.scope.script)
    rt.scope.set("_", record)
    rt.propagate = rt.in_try = False
    try:
        rt.exec_block(chosen.body, out)
    except ContinueFlow:
        return "continue"
    except BreakFlow:
        return "break"
    finally:
        rt.scope, rt.propagate, rt.in_try = before
    return "done"


def find_handler(rt: Interp, record: ErrorRecord, clauses: Sequence[tuple[Any, Any]]) -> tuple[Any, ErrorRecord]:
    """The first clause whose types match the exception or one it wraps; else the clause for all."""
    exception: DotNetException | None = record.exception
    resolved: list[tuple[list[PSType], Any]] = []
    for constraints, clause in clauses:
        resolved.append(([type_from(rt, item.type_name, item.extent.line) for item in constraints], clause))
    while exception is not None:
        kind = type_of(exception)
        for wanted, clause in resolved:
            if any(kind.is_assignable_to(one) for one in wanted):
                if exception is record.exception:
                    return clause, record
                return clause, with_exception(record, exception)
        exception = exception.inner_exception
    for wanted, clause in resolved:
        if not wanted:
            return clause, record
    return None, record


def own_record(record: ErrorRecord) -> ErrorRecord:
    """What a typed catch sees of an error made terminating by -ErrorAction Stop.

    It is a RuntimeException's own record, whose id has no command's name yet.
    """
    if not type_of(record.exception).is_assignable_to(_runtime_exception()) or "," not in record.error_id:
        return record
    copy = with_exception(record, record.exception)
    copy.error_id = record.error_id.split(",", 1)[0]
    return copy


def with_exception(record: ErrorRecord, exception: DotNetException) -> ErrorRecord:
    copy = ErrorRecord(exception, record.error_id, record.category, record.target)
    copy.__dict__.update({**record.__dict__, "exception": exception})
    return copy


def exec_throw(rt: Interp, node: ast.ThrowStatement, out: Out) -> None:
    if node.pipeline is None:
        if rt.catching:
            record = rt.catching[-1]
            again = ScriptError(record, thrown=True)
            raise again
        raise thrown(rt, None, node, bare=True)
    value = rt.value_of(node.pipeline)
    raise thrown(rt, None if value is AUTO_NULL else value, node)


def thrown(rt: Interp, value: Any, node: ast.Node, *, bare: bool = False) -> ScriptError:
    """The error that `throw value` makes."""
    if isinstance(value, ErrorRecord):
        complete(value, node=node)
        return ScriptError(value, thrown=True)
    if isinstance(value, DotNetException):
        own = value.error_record
        if own is not None and type_of(value).is_assignable_to(_runtime_exception()):
            value.properties["WasThrownFromThrowStatement"] = True
            complete(own, node=node)
            return ScriptError(own, thrown=True)
        record = ErrorRecord(value, value.message, "OperationStopped", None)
        if type_of(value).is_assignable_to(_runtime_exception()):
            record.error_id = value.type_name.rsplit(".", 1)[-1]
            record.category = "NotSpecified"
            value.properties["WasThrownFromThrowStatement"] = True
        value.error_record = record
        complete(record, node=node)
        return ScriptError(record, thrown=True)
    text = "ScriptHalted" if value is None else rt.to_string(value)
    exception = DotNetException(RUNTIME_EXCEPTION, text, None, {"WasThrownFromThrowStatement": True})
    record = make_record(text, "OperationStopped", exception, target=value, node=node)
    return ScriptError(record, thrown=True)


def _runtime_exception() -> PSType:
    from fleetdeploy.lab.powershell import types

    found = types.resolve(RUNTIME_EXCEPTION)
    return found if found is not None else types.exception_type(RUNTIME_EXCEPTION)


def exec_try(rt: Interp, node: ast.TryStatement, out: Out) -> None:
    if node.finally_ is None:
        _try_catch(rt, node, out)
        return
    flags = (rt.propagate, rt.in_try)
    try:
        _try_catch(rt, node, out)
    except NotSimulated:
        # The refusal wins whatever the finally block does; it still runs, so that a script gives its locks back.
        rt.propagate, rt.in_try = flags
        with contextlib.suppress(Exception):
            rt.exec_block(node.finally_, out)
        raise
    except PipelineStopped:
        rt.propagate, rt.in_try = flags
        with rt.shielded():
            rt.exec_block(node.finally_, lambda _value: None)
        raise
    except BaseException:
        rt.propagate, rt.in_try = flags
        rt.exec_block(node.finally_, out)
        raise
    rt.exec_block(node.finally_, out)


def _try_catch(rt: Interp, node: ast.TryStatement, out: Out) -> None:
    flags = (rt.propagate, rt.in_try)
    scope = rt.scope
    try:
        if node.catch_clauses:
            rt.propagate = True
        else:
            rt.in_try = True
        rt.exec_block(node.body, out)
        return
    except (ScriptError, PSRuntimeError) as caught:
        rt.propagate, rt.in_try = flags
        error = to_script_error(rt, caught, node)
        rt.remember(error)
        clause, record = find_handler(rt, error.record, [(one.catch_types, one) for one in node.catch_clauses])
        if clause is not None and clause.catch_types and error.stop and record is error.record:
            record = own_record(record)
        if clause is None:
            raise error from None
    finally:
        rt.propagate, rt.in_try = flags
    before = scope.variables.pop("_", None)
    scope.set("_", record)
    rt.catching.append(error.record)
    try:
        rt.exec_block(clause.body, out)
    finally:
        rt.catching.pop()
        if before is None:
            scope.variables.pop("_", None)
        else:
            scope.variables["_"] = before
