"""Runs a function, filter, script or block in a pipeline: its scope, its parameters, its three blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert, types
from fleetdeploy.lab.powershell.runtime import binder as binding
from fleetdeploy.lab.powershell.runtime import call_arguments, parameter_sets
from fleetdeploy.lab.powershell.runtime.compiled import block_run
from fleetdeploy.lab.powershell.runtime.errors import (
    InvocationInfo,
    ReturnFlow,
    make_record,
)
from fleetdeploy.lab.powershell.runtime.processors import (
    ACTION_PREFERENCE,
    Processor,
    action_value,
    not_bound,
)
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Scope, Variable
from fleetdeploy.lab.powershell.runtime.signature import Signature, signature_of
from fleetdeploy.lab.powershell.runtime.values_ext import (
    PSEnumerator,
    ScriptBlockValue,
)
from fleetdeploy.lab.powershell.values import (
    PSArray,
    PSRuntimeError,
    SwitchParameter,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


class ScriptProcessor(Processor):
    """Runs a function, filter, script or block."""

    def __init__(
        self,
        rt: Interp,
        info: InvocationInfo,
        block: ScriptBlockValue,
        args: list[call_arguments.Arg],
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

    def run_alone(self) -> None:
        # At once: entering and leaving the scope three times is what a call of a small function costs most.
        self.begun = self.ended = True
        self.inside(self._whole)

    def _whole(self) -> None:
        self.do_begin()
        self.do_process_none()
        self.do_end()

    def _run(self, block: ast.NamedBlock | None) -> None:
        if block is None:
            return
        try:
            block_run(block)(self.rt, self.out)
        except ReturnFlow:
            return  # it ends that block only; the next still run

    def do_begin(self) -> None:
        rt = self.rt
        tree = self.block.ast
        for using in tree.using_statements:
            if using.using_statement_kind != "Namespace" or using.name is None:
                raise NotSimulated(f"using {using.using_statement_kind.lower()}", using.extent.line)
            rt.namespaces.append(using.name.value)
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
        bound = self.binder.bound if self.binder is not None else parameter_sets.Bound()
        variables = scope.variables
        if not self.dot:
            # A scope of its own is empty yet.
            self.info.unbound = list(bound.rest)
            variables["myinvocation"] = Variable("MyInvocation", self.info)
            if not self.advanced:
                variables["args"] = Variable("args", PSArray(bound.rest))
        elif self.advanced:
            variables.pop("args", None)
        elif bound.rest or self.args:
            scope.set("args", PSArray(bound.rest))
        if self.under is not AUTO_NULL:
            scope.set("_", self.under)
        if self.this is not AUTO_NULL:
            scope.set("this", self.this)
        if self.dot and (self.name or self.top_level):
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

        if self.binder is not None and self.signature is not None:
            blocks.set_parameters(self, self.signature, self.binder.bound, first=first)

    def do_process(self, value: Any) -> None:
        rt = self.rt
        rt.check_stop()
        tree = self.block.ast
        if self.binder is not None and (self.advanced or self.takes_pipeline):
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
        own_input = tree.process_block is None and (not self.dot or self.top_level)
        if own_input or self.collected or self.has_input:
            self.scope.set("input", PSEnumerator(self.collected))
        if tree.end_block is not None:
            self._run(tree.end_block)
