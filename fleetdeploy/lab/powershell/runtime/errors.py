"""How errors and control flow travel through the interpreter, and how an ErrorRecord is made.

`ScriptError` carries an ErrorRecord; interp.py decides per statement whether it is reported (and the script goes on) or
travels. Flow exceptions (break, continue, return, exit, stop) are no errors: no `catch` of a script sees them.
NotSimulated (lab/errors.py) passes everything too. This module must not know cmdlets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord, PSRuntimeError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell import ast

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
BINDING_EXCEPTION = "System.Management.Automation.ParameterBindingException"


class ScriptError(Exception):
    """A terminating error in flight.

    Attributes:
        record: the ErrorRecord a catch block sees as `$_`.
        thrown: made by the `throw` statement: ends the script unless caught or silenced.
        stop: made by -ErrorAction Stop (or $ErrorActionPreference Stop): always travels until caught.
    """

    def __init__(self, record: ErrorRecord, *, thrown: bool = False, stop: bool = False) -> None:
        super().__init__(str(record))
        self.record = record
        self.thrown = thrown
        self.stop = stop
        self.recorded = False


class Flow(BaseException):
    """Base of control flow that is no error (BaseException: nothing may swallow it by accident)."""


class BreakFlow(Flow):
    def __init__(self, label: str | None = None) -> None:
        super().__init__(label)
        self.label = label


class ContinueFlow(BreakFlow):
    pass


class ReturnFlow(Flow):
    """`return`: what it returns was already written."""


class ExitFlow(Flow):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class StopUpstream(Flow):
    """Select-Object -First has enough: the commands of `pipeline` before it end."""

    def __init__(self, pipeline: object) -> None:
        super().__init__()
        self.pipeline = pipeline


class PipelineStopped(Flow):
    """The pipeline was stopped from outside."""


class InvocationInfo:
    """Where a command or failing statement stood; what `$MyInvocation` and `$_.InvocationInfo` show."""

    __slots__ = ("bound_parameters", "column", "command", "command_name", "invocation_name", "line", "line_text",
                 "pipeline_length", "pipeline_position", "position_text", "script_name", "unbound")  # fmt: skip

    def __init__(
        self,
        line: int = 0,
        column: int = 0,
        line_text: str = "",
        *,
        command: Any = None,
        command_name: str = "",
        invocation_name: str = "",
        position_text: str = "",
        script_name: str = "",
    ) -> None:
        self.line = line
        self.column = column
        self.line_text = line_text
        self.command = command
        self.command_name = command_name
        self.invocation_name = invocation_name
        self.position_text = position_text
        self.script_name = script_name
        self.bound_parameters: Any = None
        self.unbound: Any = None
        self.pipeline_length = 1
        self.pipeline_position = 1


def position(node: ast.Node | None, **more: Any) -> InvocationInfo:
    """An InvocationInfo for a node of the tree."""
    if node is None:
        return InvocationInfo(**more)
    extent = node.extent
    line, column, line_text, text = extent.place
    return InvocationInfo(
        line,
        column,
        line_text,
        position_text=text,
        script_name=extent.source.file or "",
        **more,
    )


def type_label(value: Any) -> str:
    from fleetdeploy.lab.powershell.values import type_of

    return "" if value is None else type_of(value).name


def target_label(value: Any) -> str:
    """What CategoryInfo.TargetName shows of a target object."""
    from fleetdeploy.lab.powershell import convert

    if value is None:
        return ""
    try:
        return convert.to_string(value)
    except PSRuntimeError:
        return ""


def make_record(
    error_id: str,
    category: str,
    exception: DotNetException,
    *,
    target: Any = None,
    node: ast.Node | None = None,
    info: InvocationInfo | None = None,
    activity: str = "",
) -> ErrorRecord:
    record = ErrorRecord(exception, error_id, category, target)
    complete(record, node=node, info=info, activity=activity)
    if exception.error_record is None:
        exception.error_record = record
    return record


def complete(
    record: ErrorRecord, *, node: ast.Node | None = None, info: InvocationInfo | None = None, activity: str = ""
) -> ErrorRecord:
    """Fill what a record shows in CategoryInfo and InvocationInfo, where it is still empty."""
    if not record.reason:
        record.reason = record.exception.type_name.rsplit(".", 1)[-1]
    if not record.target_name and record.target is not None:
        record.target_name = target_label(record.target)
        record.target_type = type_label(record.target)
    if activity and not record.activity:
        record.activity = activity
    if record.invocation_info is None and (info is not None or node is not None):
        record.invocation_info = info or position(node)
    return record


def runtime_error(
    error_id: str,
    category: str,
    message: str,
    *,
    exception_type: str = RUNTIME_EXCEPTION,
    target: Any = None,
    inner: DotNetException | None = None,
) -> PSRuntimeError:
    return PSRuntimeError(error_id, category, DotNetException(exception_type, message, inner), target)


def binding_error(error_id: str, message: str, *, parameter: str = "", category: str = "InvalidArgument",
                  exception_type: str = BINDING_EXCEPTION, inner: DotNetException | None = None,
                  target: Any = None, specified: str = "") -> PSRuntimeError:  # fmt: skip
    """``specified``: the full name of the type of what was given for the parameter, where that is known."""
    exception = DotNetException(
        exception_type,
        message,
        inner,
        {"ParameterName": parameter, "ErrorId": error_id, "CommandInvocation": None, "TypeSpecified": specified},
    )
    return PSRuntimeError(error_id, category, exception, target)
