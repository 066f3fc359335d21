"""Runs a registered cmdlet in a pipeline, and is the `CmdletContext` it sees (cmdlets/registry.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime import binder as binding
from fleetdeploy.lab.powershell.runtime import call_arguments
from fleetdeploy.lab.powershell.runtime.errors import (
    InvocationInfo,
    ScriptError,
    StopUpstream,
    complete,
    make_record,
)
from fleetdeploy.lab.powershell.runtime.processors import (
    PipelineFailure,
    Processor,
    action_value,
    not_bound,
)
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.signature import cmdlet_signature
from fleetdeploy.lab.powershell.runtime.values_ext import (
    InformationRecord,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    ErrorRecord,
    PSRuntimeError,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet
    from fleetdeploy.lab.powershell.runtime.interp import Interp


class CmdletProcessor(Processor):
    """Runs a registered cmdlet and is its `CmdletContext`."""

    def __init__(
        self, rt: Interp, info: InvocationInfo, cls: type[Cmdlet], args: list[call_arguments.Arg], *, has_input: bool
    ) -> None:
        super().__init__(rt, info, cls.names[0])
        self.cmdlet = cls()
        self.args = args
        self.has_input = has_input
        self.machine = rt.machine
        self.runspace = rt.runspace
        self.interp = rt
        self.line = info.line
        self.command_name = cls.names[0]
        self.signature = cmdlet_signature(cls)
        self.binder = binding.Binder(rt, self.signature, self.name)
        self.outer_cmdlet: Any = None

    def error_suffix(self) -> str:
        return self.cmdlet.implementing

    def inside(self, run: Callable[..., None], *args: Any) -> None:
        rt = self.rt
        self.outer_cmdlet = rt.cmdlet
        rt.cmdlet = self
        try:
            super().inside(run, *args)
        except ScriptError as error:
            raise self._passing(error) from error
        except PipelineFailure as failure:
            if failure.pipeline is self.pipeline and isinstance(failure.cause, ScriptError):
                failure.cause = self._passing(failure.cause)
            raise
        finally:
            rt.cmdlet = self.outer_cmdlet

    def run_alone(self) -> None:
        self.begun = True
        try:
            self.inside(self._whole)
        except StopUpstream as enough:
            if enough.pipeline is not self:
                raise
            self.end()

    def _whole(self) -> None:
        self.do_begin()
        self.do_process_none()
        self.ended = True
        self.do_end()

    def _passing(self, error: ScriptError) -> ScriptError:
        """A statement error of a block this cmdlet ran gets the cmdlet's name; what was thrown stays as it is."""
        if error.thrown or error.stop or "," in error.record.error_id or error.record.activity == self.name:
            return error
        record = ErrorRecord(error.record.exception, error.record.error_id, error.record.category, error.record.target)
        record.__dict__.update(error.record.__dict__)
        record.error_id = self._full_id(record.error_id)
        again = ScriptError(record)
        again.recorded = error.recorded
        return again

    def own_error_lists(self) -> tuple[Any, ...]:
        before = self.rt.streams
        return self.streams.error_lists[len(before.error_lists) :] if before is not self.streams else ()

    def do_begin(self) -> None:
        bound = self.binder.bind(self.args, pipeline_input=self.has_input)
        self.take_common(bound.common)
        self.rt.streams = self.streams
        self._load()
        if self.has_input:
            self.binder.snapshot()
        self.cmdlet.begin(self)

    def _load(self) -> None:
        bound = self.binder.bound
        self.cmdlet.values = bound.values
        self.cmdlet.given = set(bound.given)
        self.cmdlet.set_name = bound.set_name

    def do_process(self, value: Any) -> None:
        self.rt.check_stop()
        try:
            fits = self.binder.bind_object(value)
        except PSRuntimeError as error:
            record = make_record(
                self._full_id(error.error_id), error.category, error.exception, target=value, info=self.info,
                activity=self.name,
            )  # fmt: skip
            self.write_error(record)
            return
        if not fits:
            self.write_error(not_bound(self, value))
            return
        self._load()
        self.cmdlet.process(self)

    def do_process_none(self) -> None:
        self.cmdlet.process(self)

    def do_end(self) -> None:
        self.cmdlet.end(self)

    # -- CmdletContext -------------------------------------------------------------------------------------------

    def write(self, value: Any, *, unroll: bool = False) -> None:
        if value is AUTO_NULL:
            return
        if unroll and is_enumerable(value):
            for item in iterate(value):
                self.out(item)
        else:
            self.out(value)

    def error(self, record: ErrorRecord, *, terminating: bool = False) -> None:
        complete(record, info=self.info, activity=self.name)
        record.error_id = self._full_id(record.error_id)
        if terminating:
            raise self._stop_or_statement(record)
        self.write_error(record)

    def fail(
        self,
        error_id: str,
        category: str,
        exception_type: str,
        message: str,
        *,
        target: Any = None,
        terminating: bool = False,
        inner: Any = None,
        properties: dict[str, Any] | None = None,
    ) -> None:
        record = ErrorRecord(DotNetException(exception_type, message, inner, properties), error_id, category, target)
        record.exception.error_record = record
        self.error(record, terminating=terminating)

    def warning(self, text: str) -> None:
        given = self.common.get("warningaction")
        action = action_value(given) if given is not None else self.rt.preference("WarningPreference", "continue")
        self.rt.write_stream("warning", text, action)

    def verbose(self, text: str) -> None:
        flag = self.flag("verbose")
        action = (
            self.rt.preference("VerbosePreference", "silentlycontinue")
            if flag is None
            else ("continue" if flag else "silentlycontinue")
        )
        self.rt.write_stream("verbose", text, action)

    def debug(self, text: str) -> None:
        flag = self.flag("debug")
        action = (
            self.rt.preference("DebugPreference", "silentlycontinue")
            if flag is None
            else ("inquire" if flag else "silentlycontinue")
        )
        self.rt.write_stream("debug", text, action)

    def information(self, value: Any, tags: Iterable[str] = ()) -> None:
        given = self.common.get("informationaction")
        action = (
            action_value(given)
            if given is not None
            else self.rt.preference("InformationPreference", "silentlycontinue")
        )
        record = value if isinstance(value, InformationRecord) else InformationRecord(value, tuple(tags))
        # The host decides what to show; over the wire every record travels unless it is ignored.
        if action != "ignore":
            self.rt.write_information(record)

    def progress(self, record: dict[str, Any]) -> None:
        self.runspace.sink_progress(record)

    def sleep(self, seconds: float) -> None:
        self.rt.sleep(seconds)

    def check_stop(self) -> None:
        self.rt.check_stop()

    def should_process(self, target: str, action: str) -> bool:
        return not should_process_whatif(self, target, action)

    def stop_upstream(self) -> None:
        """Enough: the commands before this one end now."""
        raise StopUpstream(self)


def should_process_whatif(processor: Processor, target: str, action: str) -> bool:
    rt = processor.rt
    whatif = processor.flag("whatif")
    if whatif is None:
        whatif = rt.preference("WhatIfPreference", "false") in ("true", "1")
    if whatif:
        rt.runspace.host_line(f'What if: Performing the operation "{action}" on target "{target}".')
        return True
    confirm = processor.flag("confirm")
    if confirm:
        raise NotSimulated(f"{processor.name} -Confirm", processor.info.line)
    return False
