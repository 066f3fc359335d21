"""What all commands of a running pipeline share: streams, common parameters, how errors become records.

Each command gets objects pushed in and pushes objects out. A cmdlet is cmdlet_processor.py, a function or block
script_processor.py, a program native.py; commands.py chains and drives them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.runtime.errors import (
    BreakFlow,
    Flow,
    InvocationInfo,
    ScriptError,
    binding_error,
    make_record,
)
from fleetdeploy.lab.powershell.runtime.scope import Scope, Variable
from fleetdeploy.lab.powershell.runtime.values_ext import (
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    ArrayList,
    EnumValue,
    ErrorRecord,
    PSRuntimeError,
    SwitchParameter,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

ACTION_PREFERENCE = "System.Management.Automation.ActionPreference"


class PipelineFailure(Flow):
    """An error of a later command on its way through the earlier ones, which must not catch it."""

    def __init__(self, pipeline: object, cause: BaseException) -> None:
        super().__init__()
        self.pipeline = pipeline
        self.cause = cause


def action_value(value: Any) -> str:
    """The lower-case name of an ActionPreference given as text, number or enum."""
    kind = types.resolve(ACTION_PREFERENCE)
    if kind is not None and not isinstance(value, EnumValue):
        try:
            value = convert.to_type(value, kind)
        except PSRuntimeError as error:
            raise binding_error(
                "CannotConvertArgumentNoMessage",
                f"Cannot bind parameter 'ErrorAction'. {error.message}",
                parameter="ErrorAction",
                inner=error.exception.inner_exception or error.exception,
            ) from error
    return convert.to_string(value).lower()


class Processor:
    """One command of a pipeline."""

    has_input = False

    def __init__(self, rt: Interp, info: InvocationInfo, name: str) -> None:
        self.rt = rt
        self.info = info
        self.name = name
        self.scope = rt.scope
        self.streams = rt.streams
        self.out: Callable[[Any], None] = lambda _value: None
        self.pipeline: object = None
        self.top_level = False
        self.begun = False
        self.ended = False
        self.failed = False
        self.index = 0
        self.error_action: str | None = None
        self.common: dict[str, Any] = {}
        self.on_close: list[Callable[[], None]] = []

    # -- driven by commands.py ---------------------------------------------------------------------------------

    def begin(self) -> None:
        if not self.begun:
            self.begun = True
            self.inside(self.do_begin)

    def accept(self, value: Any) -> None:
        self.begin()
        self.inside(self.do_process, value)

    def accept_none(self) -> None:
        """The only call of process when nothing is piped in."""
        self.begin()
        self.inside(self.do_process_none)

    def end(self) -> None:
        if not self.ended:
            self.ended = True
            self.begin()
            self.inside(self.do_end)

    def run_alone(self) -> None:
        """Begin, process and end of a command that is a pipeline of its own, without input."""
        self.begin()
        self.accept_none()
        self.end()

    def inside(self, run: Callable[..., None], *args: Any) -> None:
        """Run with this command's scope and streams; an error is given its place and, past the first, wrapped."""
        rt = self.rt
        before = (rt.scope, rt.streams)
        rt.scope, rt.streams = self.scope, self.streams
        try:
            run(*args)
        except PSRuntimeError as error:
            self.failed = True
            failure = self.terminating(error)
            if self.index and self.pipeline is not None:
                raise PipelineFailure(self.pipeline, failure) from error
            raise failure from error
        except (ScriptError, BreakFlow) as error:
            self.failed = True
            if self.index and self.pipeline is not None:
                raise PipelineFailure(self.pipeline, error) from error
            raise
        except NotSimulated as refusal:
            if not refusal.line:
                refusal.line = self.info.line
            raise
        finally:
            rt.scope, rt.streams = before

    def do_begin(self) -> None: ...

    def do_process(self, value: Any) -> None: ...

    def do_process_none(self) -> None: ...

    def do_end(self) -> None: ...

    def close(self) -> None:
        for action in self.on_close:
            action()

    # -- errors ------------------------------------------------------------------------------------------------

    def error_suffix(self) -> str:
        return self.name

    def terminating(self, error: PSRuntimeError) -> ScriptError:
        """A runtime error of the command itself as its terminating error."""
        record = make_record(
            self._full_id(error.error_id), error.category, error.exception, target=error.target, info=self.info,
            activity=self.name,
        )  # fmt: skip
        return self._stop_or_statement(record)

    def _stop_or_statement(self, record: ErrorRecord) -> ScriptError:
        for collected in self.own_error_lists():
            collected.items.append(record)
        return ScriptError(record)

    def own_error_lists(self) -> tuple[Any, ...]:
        return ()

    def _full_id(self, error_id: str) -> str:
        suffix = self.error_suffix()
        if not suffix or error_id.endswith(f",{suffix}"):
            return error_id
        return f"{error_id},{suffix}"

    def effective_action(self) -> str:
        return self.error_action or self.rt.preference("ErrorActionPreference", "continue")

    def write_error(self, record: ErrorRecord) -> None:
        """A non-terminating error: what -ErrorAction or the preference makes of it."""
        rt = self.rt
        self.failed = True
        action = self.effective_action()
        if action == "ignore":
            return
        if action == "stop":
            error = ScriptError(record, stop=True)
            rt.remember(error)
            rt.listen(record)
            raise error
        if action not in ("continue", "silentlycontinue"):
            raise NotSimulated(f"-ErrorAction {action}", self.info.line)
        rt.add_to_errors(record)
        rt.listen(record)
        if action == "continue":
            rt.streams.error(record)

    # -- common parameters ---------------------------------------------------------------------------------------

    def take_common(self, common: dict[str, Any]) -> None:
        """Lists of -ErrorVariable and so on; actions are read by the subclasses."""
        self.common = common
        rt = self.rt
        changes: dict[str, Any] = {}
        for key, attribute in (
            ("errorvariable", "error_lists"),
            ("warningvariable", "warning_lists"),
            ("informationvariable", "information_lists"),
        ):
            if key in common:
                collected = self._list_variable(convert.to_string(common[key]))
                changes[attribute] = (*getattr(self.streams, attribute), collected)
        if changes:
            self.streams = self.streams.with_(**changes)
        if "outvariable" in common:
            collected = self._list_variable(convert.to_string(common["outvariable"]))
            inner = self.out

            def keep(value: Any) -> None:
                collected.items.append(value)
                inner(value)

            self.out = keep
        if "pipelinevariable" in common:
            self._publish(convert.to_string(common["pipelinevariable"]))
        if "outbuffer" in common:
            raise NotSimulated("-OutBuffer", self.info.line)
        if "erroraction" in common:
            self.error_action = action_value(common["erroraction"])
            if self.error_action in ("inquire", "suspend", "break"):
                raise NotSimulated(f"-ErrorAction {self.error_action}", self.info.line)
        _ = rt

    def _publish(self, name: str) -> None:
        """-PipelineVariable: what is written can be read by later commands; gone when the pipeline is."""
        scope = self.outer_scope()
        if name.lower() in scope.variables:
            raise NotSimulated(f"-PipelineVariable {name} over a variable of that name", self.info.line)
        inner = self.out

        def put(value: Any) -> None:
            scope.set(name, value)
            inner(value)

        def forget() -> None:
            scope.variables.pop(name.lower(), None)

        self.out = put
        self.on_close.append(forget)

    def _list_variable(self, name: str) -> ArrayList:
        append = name.startswith("+")
        name = name.lstrip("+")
        scope = self.outer_scope()
        existing = scope.find(name.lower())
        if append and existing is not None and isinstance(existing.value, ArrayList):
            return existing.value
        made = ArrayList([])
        if append and existing is not None and existing.value is not None:
            value = existing.value
            made.items.extend(iterate(value) if is_enumerable(value) else [value])
        variable = scope.variables.get(name.lower())
        if variable is None:
            scope.variables[name.lower()] = Variable(name, made)
        else:
            variable.value = made
        return made

    def outer_scope(self) -> Scope:
        return self.scope

    def flag(self, key: str) -> bool | None:
        """-Verbose, -Debug, -WhatIf, -Confirm: None when not given."""
        if key not in self.common:
            return None
        value = self.common[key]
        return value.is_present if isinstance(value, SwitchParameter) else convert.to_bool(value)


def not_bound(processor: Processor, value: Any) -> ErrorRecord:
    error = binding_error(
        "InputObjectNotBound",
        "The input object cannot be bound to any parameters for the command either because the command does not take "
        "pipeline input or the input and its properties do not match any of the parameters that take pipeline input.",
        specified="System.Management.Automation.PSObject",
    )
    return make_record(
        processor._full_id(error.error_id), error.category, error.exception, target=value, info=processor.info,
        activity=processor.name,
    )  # fmt: skip
