"""What parameters a command declares: made from a param block or from a registered cmdlet, once per command.

Decides names, aliases, sets, positions, validation. Binding itself is binder.py. A parameter attribute the lab does
not know is refused when the command is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import ast, convert
from fleetdeploy.lab.powershell.runtime import validation
from fleetdeploy.lab.powershell.runtime.type_names import type_from
from fleetdeploy.lab.powershell.values import PSType

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet
    from fleetdeploy.lab.powershell.runtime.interp import Interp

ALL_SETS = "__AllParameterSets"
_ALL_KEY = ALL_SETS.lower()
COMMON: dict[str, str] = {
    "verbose": "Verbose", "debug": "Debug", "erroraction": "ErrorAction", "warningaction": "WarningAction",
    "informationaction": "InformationAction", "errorvariable": "ErrorVariable", "warningvariable": "WarningVariable",
    "informationvariable": "InformationVariable", "outvariable": "OutVariable", "outbuffer": "OutBuffer",
    "pipelinevariable": "PipelineVariable",
}  # fmt: skip
COMMON_ALIASES = {
    "vb": "verbose", "db": "debug", "ea": "erroraction", "wa": "warningaction", "infa": "informationaction",
    "ev": "errorvariable", "wv": "warningvariable", "iv": "informationvariable", "ov": "outvariable",
    "ob": "outbuffer", "pv": "pipelinevariable",
}  # fmt: skip
SHOULD_PROCESS = {"whatif": "WhatIf", "confirm": "Confirm"}
SHOULD_PROCESS_ALIASES = {"wi": "whatif", "cf": "confirm"}


@dataclass(slots=True)
class InSet:
    """A parameter's part in one parameter set."""

    mandatory: bool = False
    position: int | None = None
    pipeline: bool = False
    by_property: bool = False
    remaining: bool = False


@dataclass(slots=True)
class Spec:
    """One declared parameter."""

    name: str
    type: PSType | None = None
    type_name: str = "object"
    is_switch: bool = False
    aliases: tuple[str, ...] = ()
    sets: dict[str, InSet] = field(default_factory=dict)
    checks: list[validation.Check] = field(default_factory=list)
    allow_null: bool = False
    allow_empty_string: bool = False
    allow_empty_collection: bool = False
    default: ast.Expression | None = None
    unsupported: bool = False
    script: bool = True
    key: str = field(init=False)
    shape: str = ""
    """What is bound without looking further: "any" value, a "text", a "switch"; "" for all else (Coercion.coerce)."""
    mandatory: bool = False
    """In any of its sets."""
    sticking: tuple[Callable[[Any], Any], ...] | None = None
    """Its type and validation as they hold for the variable; made when it is first bound (blocks.py)."""

    def __post_init__(self) -> None:
        self.key = self.name.lower()

    def settle(self) -> None:
        """Note what follows from the declaration, once it is whole."""
        self.mandatory = any(part.mandatory for part in self.sets.values())
        if self.checks or self.unsupported or self.type_name == "ref":
            return
        if self.is_switch:
            self.shape = "switch"
        elif self.type is None or self.type.full_name == "System.Object":
            self.shape = "any"
        elif self.type.full_name == "System.String":
            self.shape = "text"

    def in_set(self, name: str) -> InSet | None:
        """What it is in that set; a parameter of all sets takes part in each."""
        return self.sets.get(name.lower()) or self.sets.get(_ALL_KEY)

    @property
    def takes_pipeline(self) -> bool:
        return any(part.pipeline or part.by_property for part in self.sets.values())


@dataclass(slots=True)
class Signature:
    """All parameters of a command."""

    specs: list[Spec]
    advanced: bool = False
    default_set: str = ""
    supports_should_process: bool = False
    is_cmdlet: bool = False
    by_key: dict[str, Spec] = field(default_factory=dict)
    aliases: dict[str, Spec] = field(default_factory=dict)
    set_names: list[str] = field(default_factory=list)
    confirm_impact: str = "Medium"

    takes_remaining: bool = False
    _positional: dict[str, list[tuple[int, Spec]]] = field(default_factory=dict)
    _mandatory: dict[str, list[Spec]] = field(default_factory=dict)
    _members: dict[str, frozenset[str]] = field(default_factory=dict)
    _in_order: list[list[Spec]] | None = None

    def mandatory(self, set_name: str) -> list[Spec]:
        """The parameters that must be given in that set, in order of declaration."""
        found = self._mandatory.get(set_name)
        if found is None:
            parts = ((spec, spec.in_set(set_name)) for spec in self.specs)
            found = self._mandatory[set_name] = [spec for spec, part in parts if part is not None and part.mandatory]
        return found

    def positional(self, set_name: str) -> list[tuple[int, Spec]]:
        """Positions and parameters that take part in that set by position, in order of declaration."""
        found = self._positional.get(set_name)
        if found is None:
            parts = ((spec, spec.in_set(set_name)) for spec in self.specs)
            found = [
                (part.position, spec)
                for spec, part in parts
                if part is not None and part.position is not None and not part.remaining
            ]
            # Kept when it is whole: hosts share signatures, and another thread would bind by half of it.
            self._positional[set_name] = found
        return found

    def taking_part(self, set_name: str) -> frozenset[str]:
        """The keys of the parameters that may be given in that set."""
        found = self._members.get(set_name)
        if found is None:
            found = frozenset(spec.key for spec in self.specs if spec.in_set(set_name) is not None)
            self._members[set_name] = found
        return found

    def in_order(self) -> list[Spec] | None:
        """The positional parameters of a command with one set, in order; None where two share a position."""
        if self._in_order is None:
            pairs = sorted(self.positional(ALL_SETS), key=lambda pair: pair[0])
            unique = len({position for position, _ in pairs}) == len(pairs)
            self._in_order = [[spec for _, spec in pairs]] if unique else []
        return self._in_order[0] if self._in_order else None

    def finish(self) -> Signature:
        for spec in self.specs:
            spec.settle()
            self.by_key[spec.key] = spec
            for alias in spec.aliases:
                self.aliases[alias.lower()] = spec
            for name in spec.sets:
                if name != ALL_SETS.lower() and name not in (known.lower() for known in self.set_names):
                    self.set_names.append(self.spelling.get(name, name))
            if any(part.remaining for part in spec.sets.values()):
                self.takes_remaining = True
        return self

    spelling: dict[str, str] = field(default_factory=dict)

    def spelled(self, name: str) -> str:
        return self.spelling.get(name.lower(), name)


# ------------------------------------------------------------------------------------------------ from script blocks


def signature_of(rt: Interp, block: ast.ScriptBlock, parameters: tuple[ast.Parameter, ...] | None) -> Signature:
    key = (id(block), parameters is not None)
    shared = _SHARED.get(key)
    if shared is not None and shared[0] is block and not rt.namespaces:
        return shared[1]
    # One without attributes means the same everywhere: all hosts run the same scripts.
    known = _SHARED if not rt.namespaces and _is_plain(block, parameters) else rt.runspace.signatures
    cached = known.get(key)
    if cached is not None and cached[0] is block:
        found: Signature = cached[1]
        return found
    if len(known) > 4096:
        known.clear()
    made = _from_block(rt, block, parameters)
    known[key] = (block, made)
    return made


_SHARED: dict[tuple[int, bool], tuple[ast.ScriptBlock, Signature]] = {}


def _is_plain(block: ast.ScriptBlock, parameters: tuple[ast.Parameter, ...] | None) -> bool:
    """Only names and types: nothing that is evaluated where it stands."""
    declared = parameters or ()
    if block.param_block is not None:
        if block.param_block.attributes:
            return False
        declared = declared or block.param_block.parameters
    return all(isinstance(a, ast.TypeConstraint) for parameter in declared for a in parameter.attributes)


def _from_block(rt: Interp, block: ast.ScriptBlock, parameters: tuple[ast.Parameter, ...] | None) -> Signature:
    result = Signature([])
    attributes: tuple[ast.AttributeBase, ...] = ()
    declared: tuple[ast.Parameter, ...] = parameters or ()
    if block.param_block is not None:
        attributes = block.param_block.attributes
        declared = declared or block.param_block.parameters
    positional_binding = True
    for attribute in attributes:
        if not isinstance(attribute, ast.Attribute):
            continue
        name = validation.name_of(attribute)
        if name == "cmdletbinding":
            result.advanced = True
            for key, value in validation.named(rt, attribute).items():
                if key == "defaultparametersetname":
                    result.default_set = convert.to_string(value)
                elif key == "supportsshouldprocess":
                    result.supports_should_process = convert.to_bool(value)
                elif key == "positionalbinding":
                    positional_binding = convert.to_bool(value)
                elif key == "confirmimpact":
                    result.confirm_impact = convert.to_string(value)
                elif key not in ("helpuri", "remotingcapability"):
                    raise NotSimulated(f"CmdletBinding({key})", attribute.extent.line)
        elif name not in ("outputtype", "alias", "diagnostics.codeanalysis.suppressmessage", "suppressmessage"):
            raise NotSimulated(f"the attribute [{attribute.type_name.full_name}]", attribute.extent.line)
    explicit_position = False
    for parameter in declared:
        spec, has_attribute = _spec(rt, parameter, result)
        result.specs.append(spec)
        result.advanced = result.advanced or has_attribute
        explicit_position = explicit_position or any(part.position is not None for part in spec.sets.values())
    if positional_binding and not explicit_position:
        next_position = 0
        for spec in result.specs:
            if spec.is_switch or any(part.remaining for part in spec.sets.values()):
                continue
            for part in spec.sets.values():
                part.position = next_position
            next_position += 1
    if result.default_set:
        result.spelling.setdefault(result.default_set.lower(), result.default_set)
    return result.finish()


def _spec(rt: Interp, parameter: ast.Parameter, owner: Signature) -> tuple[Spec, bool]:
    spec = Spec(parameter.name.variable_path)
    spec.default = parameter.default_value
    has_attribute = False
    for attribute in parameter.attributes:
        if isinstance(attribute, ast.TypeConstraint):
            if spec.type is None:
                spec.type = type_from(rt, attribute.type_name, attribute.extent.line)
                spec.type_name = attribute.type_name.full_name.lower()
            continue
        if not isinstance(attribute, ast.Attribute):
            raise NotSimulated("this parameter attribute", attribute.extent.line)
        name = validation.name_of(attribute)
        if name == "parameter":
            has_attribute = True
            _parameter_attribute(rt, attribute, spec, owner)
        elif name == "alias":
            spec.aliases += tuple(convert.to_string(value) for value in validation.arguments(rt, attribute))
        elif name == "allownull":
            spec.allow_null = True
        elif name == "allowemptystring":
            spec.allow_empty_string = True
        elif name == "allowemptycollection":
            spec.allow_empty_collection = True
        elif name in ("supportswildcards", "psdefaultvalue"):
            continue
        else:
            check = validation.validator(rt, attribute)
            if check is None:
                raise NotSimulated(f"the attribute [{attribute.type_name.full_name}]", attribute.extent.line)
            spec.checks.append(check)
    spec.is_switch = spec.type is not None and spec.type.full_name.endswith(".SwitchParameter")
    if not spec.sets:
        spec.sets[ALL_SETS.lower()] = InSet()
    return spec, has_attribute


def _parameter_attribute(rt: Interp, attribute: ast.Attribute, spec: Spec, owner: Signature) -> None:
    part = InSet()
    set_name = ALL_SETS
    for key, value in validation.named(rt, attribute).items():
        if key == "mandatory":
            part.mandatory = convert.to_bool(value)
        elif key == "position":
            part.position = int(value)
        elif key == "valuefrompipeline":
            part.pipeline = convert.to_bool(value)
        elif key == "valuefrompipelinebypropertyname":
            part.by_property = convert.to_bool(value)
        elif key == "valuefromremainingarguments":
            part.remaining = convert.to_bool(value)
        elif key == "parametersetname":
            set_name = convert.to_string(value)
        elif key not in ("helpmessage", "dontshow", "helpmessagebasename", "helpmessageresourceid"):
            raise NotSimulated(f"Parameter({key})", attribute.extent.line)
    owner.spelling.setdefault(set_name.lower(), set_name)
    spec.sets[set_name.lower()] = part


# ------------------------------------------------------------------------------------------------ from cmdlets


_OF_CMDLETS: dict[str, Signature] = {}


def cmdlet_signature(cls: type[Cmdlet]) -> Signature:
    """The signature of a registered cmdlet, made once."""
    found = _OF_CMDLETS.get(cls.names[0])
    if found is None:
        found = _OF_CMDLETS[cls.names[0]] = _from_cmdlet(cls)
    return found


def _from_cmdlet(cls: type[Cmdlet]) -> Signature:
    from fleetdeploy.lab.powershell import types

    result = Signature([], advanced=True, is_cmdlet=True, default_set=cls.default_set)
    result.supports_should_process = cls.supports_should_process
    for param in cls.parameters:
        spec = Spec(param.name, type_name=param.type, aliases=param.aliases, script=False)
        spec.is_switch = param.type == "switch"
        if param.type != "object" and not spec.is_switch:
            spec.type = types.resolve(param.type)
            if spec.type is None:
                raise ValueError(f"{cls.names[0]} -{param.name}: unknown type {param.type}")
        spec.allow_null = param.allow_null
        spec.allow_empty_string = param.allow_empty_string
        spec.allow_empty_collection = param.allow_empty_collection
        spec.unsupported = param.unsupported
        if param.validate_set:
            spec.checks.append(validation.set_check(list(param.validate_set)))
        if param.validate_range:
            spec.checks.append(validation.range_check(*param.validate_range))
        if param.not_null:
            spec.checks.append(validation.not_null)
        if param.not_null_or_empty:
            spec.checks.append(validation.not_null_or_empty)
        for name in param.sets or (ALL_SETS,):
            result.spelling.setdefault(name.lower(), name)
            spec.sets[name.lower()] = InSet(
                mandatory=param.mandatory or name in param.mandatory_in,
                position=param.position,
                pipeline=param.pipeline,
                by_property=param.by_property,
                remaining=param.remaining,
            )
        for name in param.mandatory_in:
            if name.lower() not in spec.sets:
                result.spelling.setdefault(name.lower(), name)
                spec.sets[name.lower()] = InSet(
                    True, param.position, param.pipeline, param.by_property, param.remaining
                )
        result.specs.append(spec)
    if result.default_set:
        result.spelling.setdefault(result.default_set.lower(), result.default_set)
    return result.finish()
