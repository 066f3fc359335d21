"""Binds arguments to parameters: by name, prefix, alias, position, pipeline object and property name.

Decides what is bound twice, unknown or too much, with PowerShell's error ids; which parameter sets are left is
parameter_sets.py. Conversion and validation of one value is `coerce`. The declared parameters come from signature.py;
call_arguments.py makes the arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, types
from fleetdeploy.lab.powershell.containers import GENERIC_LIST, GenericList
from fleetdeploy.lab.powershell.runtime.call_arguments import NO_ARGUMENT, Arg
from fleetdeploy.lab.powershell.runtime.errors import binding_error
from fleetdeploy.lab.powershell.runtime.known_commands import KNOWN_PARAMETERS
from fleetdeploy.lab.powershell.runtime.parameter_sets import Bound, ParameterSets
from fleetdeploy.lab.powershell.runtime.signature import (
    ALL_SETS,
    COMMON,
    COMMON_ALIASES,
    SHOULD_PROCESS,
    SHOULD_PROCESS_ALIASES,
    Signature,
    Spec,
)
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue, is_enumerable
from fleetdeploy.lab.powershell.spelled import Spelled, as_elements
from fleetdeploy.lab.powershell.values import MISSING, PSArray, PSRuntimeError, type_of

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def find_spec(signature: Signature, name: str, *, simple: bool) -> Spec | str | None:
    """The parameter a written name means: a Spec, the key of a common parameter, or None."""
    key = name.lower()
    spec = signature.by_key.get(key) or signature.aliases.get(key)
    if spec is not None:
        return spec
    common: dict[str, str] = {}
    if not simple:
        common.update(COMMON)
        if signature.supports_should_process:
            common.update(SHOULD_PROCESS)
        if key in common:
            return key
        if key in COMMON_ALIASES:
            return COMMON_ALIASES[key]
        if signature.supports_should_process and key in SHOULD_PROCESS_ALIASES:
            return SHOULD_PROCESS_ALIASES[key]
    hits: dict[str, Spec | str] = {}
    for one in signature.specs:
        if one.key.startswith(key) or any(alias.lower().startswith(key) for alias in one.aliases):
            hits[one.key] = one
    for known in common:
        if known.startswith(key):
            hits.setdefault(known, known)
    if not hits:
        return None
    if len(hits) == 1:
        return next(iter(hits.values()))
    own = [hit for hit in hits.values() if isinstance(hit, Spec)]
    if len(own) == 1:
        return own[0]
    shown = " ".join(f"-{hit.name if isinstance(hit, Spec) else common[hit]}" for hit in hits.values())
    raise binding_error(
        "AmbiguousParameter",
        f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
        f"Possible matches include: {shown}.",
        parameter=name,
    )


def _shown(rt: Interp, value: Any) -> str:
    return convert.written(value) if isinstance(value, Spelled) else rt.to_string(value)


class Binder(ParameterSets):
    """One binding of one command call."""

    def __init__(self, rt: Interp, signature: Signature, command: str) -> None:
        self.rt = rt
        self.signature = signature
        self.command = command
        self.simple = not signature.advanced
        self.bound = Bound()
        self.base_values: dict[str, Any] = {}

    # -- command line ------------------------------------------------------------------------------------------

    def bind(self, args: list[Arg], *, pipeline_input: bool) -> Bound:
        bound = self.bound
        if not self.signature.set_names and self._bind_plainly(args):
            if not pipeline_input:
                self.finish(final=True)
            return bound
        positional: list[Arg] = []
        explicit = {arg.name.lower() for arg in args if arg.name is not None and not arg.splatted}
        index = 0
        while index < len(args):
            arg = args[index]
            index += 1
            if arg.name is None:
                positional.append(arg)
                continue
            spec = find_spec(self.signature, arg.name, simple=self.simple)
            if spec is None:
                if not self.simple:
                    if self.signature.is_cmdlet and arg.name.lower() in KNOWN_PARAMETERS:
                        raise NotSimulated(f"{self.command} -{arg.name}")
                    raise binding_error(
                        "NamedParameterNotFound",
                        f"A parameter cannot be found that matches parameter name '{arg.name}'.",
                        parameter=arg.name,
                        specified="" if arg.value is None or arg.value is NO_ARGUMENT else type_of(arg.value).full_name,
                    )
                from fleetdeploy.lab.powershell.runtime.values_ext import ArgName

                positional.append(Arg(ArgName(arg.text or f"-{arg.name}"), splatted=True, text="\0name"))
                if arg.value is not NO_ARGUMENT:
                    positional.append(Arg(arg.value, splatted=True, text="\0value"))
                elif index < len(args) and args[index].name is None:
                    positional.append(Arg(args[index].value, splatted=True, text="\0value"))
                    index += 1
                continue
            if arg.splatted and arg.name.lower() in explicit and arg.name.lower() not in bound.given:
                self._already_bound(arg.name)
            if isinstance(spec, Spec) and spec.unsupported:
                raise NotSimulated(f"{self.command} -{spec.name}")
            value = arg.value
            is_switch = spec in ("verbose", "debug", "whatif", "confirm") if isinstance(spec, str) else spec.is_switch
            if value is NO_ARGUMENT:
                if is_switch:
                    value = True
                elif index < len(args) and args[index].name is None:
                    value = args[index].value
                    index += 1
                else:
                    raise binding_error(
                        "MissingArgument",
                        f"Missing an argument for parameter '{spec if isinstance(spec, str) else spec.name}'. "
                        "Specify a parameter and try again.",
                        parameter=spec if isinstance(spec, str) else spec.name,
                    )
            if isinstance(spec, str):
                bound.common[spec] = value
                continue
            if spec.key in bound.given:
                self._already_bound(spec.name)
            self.set_value(spec, value)
        self.choose_sets()
        self._positional(positional)
        self.choose_sets()
        if not pipeline_input:
            self.finish(final=True)
        return bound

    def _bind_plainly(self, args: list[Arg]) -> bool:
        """Nearly every call: full names and free positions of a command with one set. False: nothing was done yet."""
        signature = self.signature
        plan: list[tuple[Spec, Any]] = []
        common: dict[str, Any] = {}
        positional: list[Arg] = []
        taken: set[str] = set()
        index, count = 0, len(args)
        while index < count:
            arg = args[index]
            index += 1
            name = arg.name
            if name is None:
                positional.append(arg)
                continue
            key = name.lower()
            spec = signature.by_key.get(key) or signature.aliases.get(key)
            if arg.splatted or (spec is None and (self.simple or key not in COMMON)):
                return False
            value = arg.value
            if value is NO_ARGUMENT:
                if spec.is_switch if spec is not None else key in ("verbose", "debug"):
                    value = True
                elif index < count and args[index].name is None:
                    value = args[index].value
                    index += 1
                else:
                    return False
            if spec is None:
                common[key] = value
            elif spec.unsupported or spec.key in taken:
                return False
            else:
                taken.add(spec.key)
                plan.append((spec, value))
        rest: list[Any] = []
        if positional:
            order = signature.in_order()
            if order is None or signature.takes_remaining:
                return False
            free = [spec for spec in order if spec.key not in taken]
            if len(positional) > len(free) and not self.simple:
                return False
            plan.extend((spec, arg.value) for spec, arg in zip(free, positional, strict=False))
            if len(positional) > len(free):
                rest = as_elements(arg.value for arg in positional[len(free) :])
        bound = self.bound
        bound.common.update(common)
        for spec, value in plan:
            self.set_value(spec, value)
        bound.candidates = [ALL_SETS]
        bound.rest = rest
        return True

    def _already_bound(self, name: str) -> None:
        raise binding_error(
            "ParameterAlreadyBound",
            f"Cannot bind parameter because parameter '{name}' is specified more than once. To provide multiple "
            "values to parameters that can accept multiple values, use the array syntax.",
            parameter=name,
        )

    def set_value(self, spec: Spec, value: Any, *, from_pipeline: bool = False) -> None:
        if spec.unsupported:
            raise NotSimulated(f"{self.command} -{spec.name}")
        if (
            isinstance(value, ScriptBlockValue)
            and not from_pipeline
            and spec.takes_pipeline
            and spec.type is not None
            and spec.type.full_name not in ("System.Management.Automation.ScriptBlock", "System.Object")
            and spec.type_name not in ("scriptblock", "object", "scriptblock[]", "object[]")
        ):
            self.bound.delayed[spec.key] = value
            self.bound.given[spec.key] = spec.name
            return
        converted = self.coerce(spec, value)
        self.bound.values[spec.key] = converted
        self.bound.given[spec.key] = spec.name

    # -- positions ---------------------------------------------------------------------------------------------

    def _positional(self, positional: list[Arg]) -> None:
        pending = [arg for arg in positional if not (arg.text or "").startswith("\0")]
        extra = [arg for arg in positional if (arg.text or "").startswith("\0")]
        while pending:
            here = self.next_slots()
            if not here:
                break
            arg = pending.pop(0)
            self._bind_position(here, arg)
            self.choose_sets()
        remaining: Spec | None = None
        if self.signature.takes_remaining:
            remaining = next(
                (
                    spec
                    for spec in self.signature.specs
                    if spec.key not in self.bound.given and self.in_some_set(spec, "remaining")
                ),
                None,
            )
        if pending and remaining is not None:
            items = [arg.value for arg in pending]
            if "string" not in remaining.type_name:
                items = as_elements(items)
            if len(items) == 1 and is_enumerable(items[0]):
                value: Any = items[0]
            elif remaining.type is None or remaining.type.full_name == "System.Object":
                value = GenericList(items, types.resolve("object") or GENERIC_LIST)
            else:
                value = PSArray(items)
            self.set_value(remaining, value)
            pending = []
        if (pending or extra) and not self.simple:
            bad = (pending or extra)[0].value
            raise binding_error(
                "PositionalParameterNotFound",
                f"A positional parameter cannot be found that accepts argument '{_shown(self.rt, bad)}'.",
                target=None,
            )
        keep = {id(arg) for arg in pending} | {id(arg) for arg in extra}
        self.bound.rest = as_elements(arg.value for arg in positional if id(arg) in keep) if keep else []

    def _bind_position(self, here: list[Spec], arg: Arg) -> None:
        """Try without conversion in every set first, then with it, as PowerShell does."""
        if len(here) > 1:
            for spec in here:
                if self._fits(spec, arg.value):
                    self.set_value(spec, arg.value)
                    return
        first: PSRuntimeError | None = None
        for spec in here:
            try:
                self.set_value(spec, arg.value)
                return
            except PSRuntimeError as error:
                self.bound.given.pop(spec.key, None)
                first = first or error
        if first is not None:
            raise first

    # -- pipeline ----------------------------------------------------------------------------------------------

    def snapshot(self) -> None:
        """Remember what the command line gave: each pipeline object starts from it."""
        self.base_values = dict(self.bound.values)
        self._base_given = dict(self.bound.given)
        self._base_candidates = list(self.bound.candidates)

    def bind_object(self, value: Any) -> bool:
        """Bind one pipeline object; False when it fits no parameter."""
        bound = self.bound
        bound.values = dict(self.base_values)
        bound.given = dict(self._base_given)
        bound.candidates = list(self._base_candidates)
        for key, block in bound.delayed.items():
            spec = self.signature.by_key[key]
            out = self.rt.invoke_block(block, [], dollar_under=value, same_scope=True)
            if not out:
                raise binding_error(
                    "ScriptBlockArgumentNoOutput",
                    f"Cannot evaluate parameter '{spec.name}' because its argument is specified as a script block and "
                    "there is no output. A script block cannot be evaluated without output.",
                    parameter=spec.name,
                )
            self.set_value(spec, out[0] if len(out) == 1 else PSArray(out), from_pipeline=True)
        any_bound = bool(bound.delayed)
        free = [spec for spec in self.signature.specs if spec.takes_pipeline and spec.key not in bound.given]
        by_value = [spec for spec in free if self.in_some_set(spec, "pipeline")]
        by_name = [spec for spec in free if self.in_some_set(spec, "by_property")]
        done = False
        for spec in by_value:
            if self._fits(spec, value):
                self.set_value(spec, value, from_pipeline=True)
                done = any_bound = True
        if not done:
            any_bound = self._bind_properties(by_name, value) or any_bound
            done = bool(any_bound and any(spec.key in bound.given for spec in by_name))
        elif by_name:
            self._bind_properties([spec for spec in by_name if spec.key not in bound.given], value)
        if not done:
            for spec in by_value:
                try:
                    self.set_value(spec, value, from_pipeline=True)
                except PSRuntimeError as error:
                    if error.error_id.startswith("ParameterArgumentValidation"):
                        raise
                    continue
                done = any_bound = True
        if not any_bound:
            return False
        self.choose_sets()
        self.finish(final=False)
        missing = self.missing(bound.set_name)
        return not missing

    def _bind_properties(self, specs: list[Spec], value: Any) -> bool:
        some = False
        for spec in specs:
            if value is None:
                continue
            for name in (spec.name, *spec.aliases):
                got = members.get_member(value, name)
                if got is MISSING:
                    continue
                try:
                    self.set_value(spec, got, from_pipeline=True)
                except PSRuntimeError as error:
                    if error.error_id.startswith("ParameterArgumentValidation"):
                        raise
                    break
                some = True
                break
        return some
