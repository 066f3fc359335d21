"""Calling script blocks outside of a written pipeline, and putting bound parameters into a scope.

`call` is what & does with a block, what ForEach-Object does with its own (`same_scope`), and what delegates do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.runtime import call_arguments, parameter_sets, validation
from fleetdeploy.lab.powershell.runtime.errors import ReturnFlow, position
from fleetdeploy.lab.powershell.runtime.interp import NOT_GIVEN
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL, Variable
from fleetdeploy.lab.powershell.runtime.signature import Signature, Spec
from fleetdeploy.lab.powershell.values import Hashtable, PSRuntimeError, PSType, SwitchParameter

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp
    from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor
    from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue


def call(
    rt: Interp,
    block: ScriptBlockValue,
    args: list[Any],
    out: Callable[[Any], None],
    *,
    dollar_under: Any = NOT_GIVEN,
    this: Any = NOT_GIVEN,
    input_items: list[Any] | None = None,
    same_scope: bool = False,
    propagate: bool = False,
) -> None:
    from fleetdeploy.lab.powershell.runtime.script_processor import ScriptProcessor

    before = rt.propagate
    if propagate:
        rt.propagate = True
    try:
        if same_scope and block.closure is None and block.ast.param_block is None:
            _in_place(rt, block, out, dollar_under)
            return
        info = position(block.ast)
        processor = ScriptProcessor(
            rt, info, block, [call_arguments.Arg(value) for value in args], has_input=input_items is not None,
            dot=same_scope and block.closure is None,
        )  # fmt: skip
        processor.out = out
        if dollar_under is not NOT_GIVEN:
            processor.under = dollar_under
        if this is not NOT_GIVEN:
            processor.this = this
        saved = rt.scope.variables.get("_") if same_scope else None
        try:
            if input_items is None:
                processor.accept_none()
            else:
                for item in input_items:
                    processor.accept(item)
            processor.end()
        finally:
            if same_scope:
                _restore(rt, "_", saved)
    finally:
        rt.propagate = before


def _restore(rt: Interp, key: str, saved: Variable | None) -> None:
    if saved is None:
        rt.scope.variables.pop(key, None)
    else:
        rt.scope.variables[key] = saved


def _in_place(rt: Interp, block: ScriptBlockValue, out: Callable[[Any], None], under: Any) -> None:
    """A block without parameters in the current scope, `$_` set for its time."""
    scope = rt.scope
    saved = scope.variables.get("_")
    before = (rt.in_try, rt.dotted)
    rt.in_try = False
    rt.dotted = True
    if under is not NOT_GIVEN:
        scope.variables["_"] = Variable("_", under)
    tree = block.ast
    try:
        for part in (tree.begin_block, tree.process_block, tree.end_block):
            if part is not None:
                try:
                    rt.exec_block(part, out)
                except ReturnFlow:
                    continue
    finally:
        rt.in_try, rt.dotted = before
        if under is not NOT_GIVEN:
            if saved is None:
                scope.variables.pop("_", None)
            else:
                scope.variables["_"] = saved


def set_parameters(
    processor: ScriptProcessor, signature: Signature, bound: parameter_sets.Bound, *, first: bool
) -> None:
    scope = processor.scope
    rt = processor.rt
    shown = Hashtable()
    values = bound.values
    for spec in signature.specs:
        key = spec.key
        if key in values:
            value = values[key]
            _put(processor, spec, value, constrain=first)
            shown.set(bound.given.get(key, spec.name), value)
        elif first or key in processor_pipeline_keys(processor):
            if spec.default is not None:
                value = rt.eval(spec.default)
                if spec.type is not None:
                    value = _typed_default(processor, spec, value)
                _put(processor, spec, value, constrain=first)
            else:
                _put(processor, spec, initial(spec), constrain=first)
    for common, value in bound.common.items():
        from fleetdeploy.lab.powershell.runtime.signature import COMMON, SHOULD_PROCESS

        name = COMMON.get(common) or SHOULD_PROCESS.get(common, common)
        shown.set(name, SwitchParameter(value) if isinstance(value, bool) else value)
    scope.set("PSBoundParameters", shown)
    processor.info.bound_parameters = shown


def processor_pipeline_keys(processor: ScriptProcessor) -> set[str]:
    signature = processor.signature
    return set() if signature is None else {spec.key for spec in signature.specs if spec.takes_pipeline}


def _typed_default(processor: ScriptProcessor, spec: Spec, value: Any) -> Any:
    if spec.is_switch:
        return SwitchParameter(convert.to_bool(value))
    if spec.type is None:
        return value
    if spec.type.full_name == "System.Object" or spec.type_name == "ref":
        return value
    if value is None and not spec.type.is_value_type and spec.type.full_name != "System.String":
        return None
    return convert.to_type(value, spec.type)


def initial(spec: Spec) -> Any:
    """The value of a parameter that is neither given nor defaulted."""
    if spec.is_switch:
        return SwitchParameter(False)
    kind = spec.type
    if kind is None or spec.type_name == "ref":
        return None
    if kind.full_name == "System.String":
        return ""
    if kind.is_value_type:
        try:
            return convert.to_type(None, kind)
        except PSRuntimeError:
            return None
    return None


def _put(processor: ScriptProcessor, spec: Spec, value: Any, *, constrain: bool) -> None:
    scope = processor.scope
    held = None if value is AUTO_NULL else value
    variable = scope.variables.get(spec.key)
    if variable is None or constrain:
        scope.variables[spec.key] = Variable(spec.name, held, constraints=constraints(spec))
    else:
        variable.value = held


def constraints(spec: Spec) -> tuple[Callable[[Any], Any], ...]:
    """The type and the validation of a parameter hold for later assignments too."""
    if spec.sticking is None:
        spec.sticking = _constraints(spec)
    return spec.sticking


def _constraints(spec: Spec) -> tuple[Callable[[Any], Any], ...]:
    found: list[Callable[[Any], Any]] = []
    kind = spec.type
    if kind is not None and kind.full_name != "System.Object" and spec.type_name != "ref":
        found.append(_converter(kind))
    found.extend(validation.variable_validator(check) for check in spec.checks)
    return tuple(found)


def _converter(kind: PSType) -> Callable[[Any], Any]:
    def apply(value: Any) -> Any:
        if value is None and not kind.is_value_type and kind.full_name != "System.String":
            return None
        return convert.to_type(value, kind)

    return apply
