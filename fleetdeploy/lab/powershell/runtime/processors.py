"""The commands of a running pipeline: each gets objects pushed in and pushes objects out.

`Processor` is the common part (streams, common parameters, errors); `CmdletProcessor` runs a registered cmdlet and is the context
it sees; `ScriptProcessor` runs a function or block (blocks.py calls it too). commands.py chains and drives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, types
from fleetdeploy.lab.powershell.runtime import binder as binding
from fleetdeploy.lab.powershell.runtime.errors import (
    BreakFlow,
    Flow,
    InvocationInfo,
    PipelineStopped,
    ReturnFlow,
    ScriptError,
    StopUpstream,
    binding_error,
    complete,
    make_record,
)
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.signature import Signature, cmdlet_signature, signature_of
from fleetdeploy.lab.powershell.runtime.values_ext import (
    InformationRecord,
    PSEnumerator,
    ScriptBlockValue,
    is_enumerable,
    iterate,
)
from fleetdeploy.lab.powershell.values import (
    ArrayList,
    DotNetException,
    EnumValue,
    ErrorRecord,
    PSArray,
    PSRuntimeError,
    SwitchParameter,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet
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
            raise NotSimulated("-PipelineVariable", self.info.line)
        if "outbuffer" in common:
            raise NotSimulated("-OutBuffer", self.info.line)
        if "erroraction" in common:
            self.error_action = action_value(common["erroraction"])
            if self.error_action in ("inquire", "suspend", "break"):
                raise NotSimulated(f"-ErrorAction {self.error_action}", self.info.line)
        _ = rt

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


# ------------------------------------------------------------------------------------------------ cmdlets


class CmdletProcessor(Processor):
    """Runs a registered cmdlet and is its `CmdletContext`."""

    def __init__(
        self, rt: Interp, info: InvocationInfo, cls: type[Cmdlet], args: list[binding.Arg], *, has_input: bool
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


def not_bound(processor: Processor, value: Any) -> ErrorRecord:
    error = binding_error(
        "InputObjectNotBound",
        "The input object cannot be bound to any parameters for the command either because the command does not take "
        "pipeline input or the input and its properties do not match any of the parameters that take pipeline input.",
    )
    return make_record(
        processor._full_id(error.error_id), error.category, error.exception, target=value, info=processor.info,
        activity=processor.name,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ functions and blocks


class ScriptProcessor(Processor):
    """Runs a function, filter, script or block."""

    def __init__(
        self,
        rt: Interp,
        info: InvocationInfo,
        block: ScriptBlockValue,
        args: list[binding.Arg],
        *,
        name: str = "",
        dot: bool = False,
        has_input: bool = False,
        is_filter: bool = False,
        own_script_scope: bool = False,
    ) -> None:
        super().__init__(rt, info, name)
        self.block = block
        self.args = args
        self.dot = dot
        self.has_input = has_input
        self.caller_scope = rt.scope
        self.propagate = rt.propagate
        self.collected: list[Any] = []
        self.signature: Signature | None = None
        self.binder: binding.Binder | None = None
        self.this: Any = AUTO_NULL
        self.under: Any = AUTO_NULL
        self.returned = False
        self.frame_before: Any = None
        tree = block.ast
        if tree.dynamic_param_block is not None:
            raise NotSimulated("dynamicparam", tree.extent.line)
        if dot:
            self.scope = rt.scope
        elif block.closure is not None:
            self.scope = Scope(parent=block.closure, script=block.closure)
        else:
            self.scope = Scope(parent=rt.scope, script=rt.scope.script)
        if own_script_scope and not dot:
            self.scope.script = self.scope
        self.advanced = False
        self.is_filter = is_filter

    def outer_scope(self) -> Scope:
        return self.caller_scope

    def error_suffix(self) -> str:
        return self.name

    # -- life ----------------------------------------------------------------------------------------------------

    def inside(self, run: Callable[..., None], *args: Any) -> None:
        if self.returned and run != self.do_begin:
            # `return` in one block ends that block only; the next still run.
            self.returned = False
        rt = self.rt
        if rt.depth > rt.runspace.max_depth:
            raise NotSimulated("a call chain this deep", self.info.line)
        before = (rt.in_try, rt.dotted, rt.frame, rt.catching, rt.cmdlet)
        rt.cmdlet = None
        rt.in_try = False
        rt.dotted = self.dot
        rt.frame = self
        rt.catching = list(rt.catching)
        rt.depth += 1
        try:
            super().inside(run, *args)
        finally:
            rt.in_try, rt.dotted, rt.frame, rt.catching, rt.cmdlet = before
            rt.depth -= 1

    def _run(self, block: ast.NamedBlock | None) -> None:
        if block is None:
            return
        try:
            self.rt.exec_block(block, self.out)
        except ReturnFlow:
            self.returned = True

    def do_begin(self) -> None:
        rt = self.rt
        tree = self.block.ast
        signature = self.signature = signature_of(rt, tree, self.block.parameters)
        self.advanced = signature.advanced
        self.binder = binding.Binder(rt, signature, self.name)
        rt.scope = self.caller_scope
        bound = self.binder.bind(self.args, pipeline_input=self.has_input and self.takes_pipeline)
        rt.scope = self.scope
        if self.advanced:
            self.take_common(bound.common)
            rt.streams = self.streams
            self._preferences()
        scope = self.scope
        self._set_automatic(scope)
        self._set_parameters(first=True)
        if self.has_input:
            self.binder.snapshot()
        if tree.begin_block is not None:
            scope.set("input", PSEnumerator([]))
            self._run(tree.begin_block)

    @property
    def takes_pipeline(self) -> bool:
        return self.signature is not None and any(spec.takes_pipeline for spec in self.signature.specs)

    def _set_automatic(self, scope: Scope) -> None:
        assert self.binder is not None
        bound = self.binder.bound
        if not self.advanced and (not self.dot or bound.rest or self.args):
            scope.set("args", PSArray(bound.rest))
        elif self.advanced:
            scope.variables.pop("args", None)
        if self.under is not AUTO_NULL:
            scope.set("_", self.under)
        if self.this is not AUTO_NULL:
            scope.set("this", self.this)
        if not self.dot or self.name or self.top_level:
            self.info.unbound = list(bound.rest)
            scope.set("MyInvocation", self.info)
        if self.advanced:
            from fleetdeploy.lab.powershell.runtime.pscmdlet import PSCmdletValue

            scope.set("PSCmdlet", PSCmdletValue(self))
        if self.block.file:
            scope.set("PSCommandPath", self.block.file)
            scope.set("PSScriptRoot", self.block.file.rsplit("\\", 1)[0].rsplit("/", 1)[0])

    def _preferences(self) -> None:
        scope = self.scope
        kind = types.resolve(ACTION_PREFERENCE)

        def put(name: str, value: str) -> None:
            scope.set(name, convert.to_type(value, kind) if kind is not None else value)

        if self.error_action is not None:
            put("ErrorActionPreference", self.error_action)
        for key, name in (("warningaction", "WarningPreference"), ("informationaction", "InformationPreference")):
            if key in self.common:
                put(name, action_value(self.common[key]))
        verbose = self.flag("verbose")
        if verbose is not None:
            put("VerbosePreference", "Continue" if verbose else "SilentlyContinue")
        debug = self.flag("debug")
        if debug is not None:
            put("DebugPreference", "Inquire" if debug else "SilentlyContinue")
        if self.flag("whatif") is not None:
            scope.set("WhatIfPreference", SwitchParameter(bool(self.flag("whatif"))))
        confirm = self.flag("confirm")
        if confirm is not None:
            impact = types.resolve("System.Management.Automation.ConfirmImpact")
            text = "Low" if confirm else "None"
            scope.set("ConfirmPreference", convert.to_type(text, impact) if impact is not None else text)

    def _set_parameters(self, *, first: bool) -> None:
        """Put bound values and defaults into the scope; later only what the pipeline object changed."""
        from fleetdeploy.lab.powershell.runtime import blocks

        assert self.binder is not None
        assert self.signature is not None
        blocks.set_parameters(self, self.signature, self.binder.bound, first=first)

    def do_process(self, value: Any) -> None:
        rt = self.rt
        rt.check_stop()
        tree = self.block.ast
        assert self.binder is not None
        if self.advanced or self.takes_pipeline:
            try:
                fits = self.binder.bind_object(value)
            except PSRuntimeError as error:
                if error.error_id.startswith("ParameterArgument"):
                    record = make_record(
                        self._full_id(error.error_id), error.category, error.exception, target=value, info=self.info,
                        activity=self.name,
                    )  # fmt: skip
                    self.write_error(record)
                    return
                raise
            if not fits:
                rt.scope = self.caller_scope
                action = self.error_action
                self.error_action = action
                self.write_error(not_bound(self, value))
                return
            self._set_parameters(first=False)
        if tree.process_block is not None:
            self.scope.set("_", value)
            self.scope.set("input", PSEnumerator([value]))
            self._run(tree.process_block)
        else:
            self.collected.append(value)

    def do_process_none(self) -> None:
        tree = self.block.ast
        if tree.process_block is not None:
            if self.under is AUTO_NULL and not self.dot:
                self.scope.set("_", None)
            self._run(tree.process_block)

    def do_end(self) -> None:
        tree = self.block.ast
        if (tree.process_block is None and not self.dot) or self.collected or self.has_input:
            self.scope.set("input", PSEnumerator(list(self.collected)))
        if tree.end_block is not None:
            self._run(tree.end_block)


_ = (PipelineStopped, BreakFlow)
