"""Member tables of the values the runtime makes: script blocks, command objects, invocation info, stream records.

A type or property that `dotnet/` already defines is left as it is. No behaviour: getters only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import types
from fleetdeploy.lab.powershell.runtime import errortables
from fleetdeploy.lab.powershell.runtime import scope as scopes
from fleetdeploy.lab.powershell.runtime import values_ext as ext
from fleetdeploy.lab.powershell.runtime.cmdlet_modules import module_of
from fleetdeploy.lab.powershell.runtime.errors import InvocationInfo
from fleetdeploy.lab.powershell.runtime.positions import position_message
from fleetdeploy.lab.powershell.runtime.pscmdlet import PSCmdletValue
from fleetdeploy.lab.powershell.typesystem import ACCELERATORS, BY_CLASS, REGISTRY, PSType, define, define_enum
from fleetdeploy.lab.powershell.values import Hashtable, PSArray

_lock = threading.Lock()
_loaded = False
SMA = "System.Management.Automation."


def _type(name: str, cls: type | None = None, *, base: PSType | None = None, aliases: tuple[str, ...] = (),
          closed: bool = True) -> PSType:  # fmt: skip
    found = REGISTRY.get(name.lower())
    if found is None:
        found = define(name, base, aliases=aliases, closed=closed)
    for alias in aliases:
        ACCELERATORS.setdefault(alias, found)
    if cls is not None:
        BY_CLASS.setdefault(cls, found)
    return found


def _prop(kind: PSType, name: str, type_name: str, getter: Callable[[Any], Any]) -> None:
    if name.lower() not in kind.properties:
        kind.prop(name, type_name, getter)


def _module(value: Any) -> str:
    found = module_of(value.name)
    if found is None:
        raise NotSimulated(f"the module of {value.name}")
    return found


def load() -> None:
    """Add the tables, once."""
    global _loaded
    types.load()
    with _lock:
        if _loaded:
            return
        _loaded = True
        _enums()
        _blocks()
        _commands()
        _records()
        errortables.load()


def _enum(name: str, members: str) -> None:
    if name.lower() not in REGISTRY:
        define_enum(name, members)


def _enums() -> None:
    _enum(f"{SMA}ActionPreference", "SilentlyContinue Stop Continue Inquire Ignore Suspend")
    _enum(f"{SMA}ConfirmImpact", "None Low Medium High")
    _enum(
        f"{SMA}CommandTypes",
        "Alias=1 Function=2 Filter=4 Cmdlet=8 ExternalScript=16 Application=32 Script=64 "
        "Workflow=128 Configuration=256",
    )


def _enum_value(name: str, member: str) -> Any:
    from fleetdeploy.lab.powershell import convert

    kind = types.resolve(name)
    return member if kind is None else convert.to_type(member, kind)


def _blocks() -> None:
    block = _type(f"{SMA}ScriptBlock", ext.ScriptBlockValue, aliases=("scriptblock",), closed=False)
    _prop(block, "File", "string", lambda value: value.file or None)
    info = _type(f"{SMA}InvocationInfo", InvocationInfo, closed=False)
    _prop(info, "ScriptLineNumber", "int", lambda value: value.line)
    _prop(info, "OffsetInLine", "int", lambda value: value.column)
    _prop(info, "Line", "string", lambda value: value.line_text)
    _prop(info, "InvocationName", "string", lambda value: value.invocation_name)
    _prop(info, "MyCommand", "object", lambda value: value.command)
    _prop(info, "ScriptName", "string", lambda value: value.script_name)
    _prop(info, "PSCommandPath", "string", lambda value: value.script_name or None)
    _prop(info, "BoundParameters", "object", lambda value: value.bound_parameters or Hashtable())
    _prop(info, "UnboundArguments", "object", lambda value: PSArray(value.unbound or []))
    _prop(info, "PipelineLength", "int", lambda value: value.pipeline_length)
    _prop(info, "PipelinePosition", "int", lambda value: value.pipeline_position)
    _prop(info, "PositionMessage", "string", position_message)
    cmdlet = _type(f"{SMA}PSScriptCmdlet", PSCmdletValue, closed=False)
    _prop(cmdlet, "ParameterSetName", "string", lambda value: value.parameter_set_name)
    _prop(cmdlet, "MyInvocation", "object", lambda value: value.processor.info)
    variable = _type(f"{SMA}PSVariable", scopes.Variable, aliases=("psvariable",), closed=False)
    _prop(variable, "Name", "string", lambda value: value.name)
    if "value" not in variable.properties:
        variable.prop("Value", "object", _variable_value, lambda value, new: value.assign(new))
    _prop(variable, "Options", "string", lambda value: ", ".join(sorted(value.options)) or "None")
    _prop(variable, "Description", "string", lambda value: value.description)
    _type(f"{SMA}PSReference`1", ext.VariableReference, base=REGISTRY[f"{SMA}PSReference".lower()])
    _type("System.Collections.IEnumerator", ext.PSEnumerator, closed=False)
    enumerator = BY_CLASS[ext.PSEnumerator]
    BY_CLASS.setdefault(ext.LoopEnumerator, enumerator)
    if "movenext" not in enumerator.methods:
        enumerator.method("MoveNext()")(lambda value: value.move_next())
        enumerator.method("Reset()")(_reset)
    _prop(enumerator, "Current", "object", lambda value: value.current)


def _reset(value: Any) -> Any:
    from fleetdeploy.lab.powershell.typesystem import NOTHING

    value.reset()
    return NOTHING


def _variable_value(value: Any) -> Any:
    return None if value.value is scopes.AUTO_NULL else value.value


def _commands() -> None:
    base = _type(f"{SMA}CommandInfo", ext.CommandInfo, closed=False)
    _prop(base, "Name", "string", lambda value: value.name)
    _prop(base, "CommandType", "object", lambda value: _enum_value(f"{SMA}CommandTypes", value.command_type))
    _prop(base, "Source", "string", lambda value: getattr(value, "path", ""))
    for name, cls in (("FunctionInfo", ext.FunctionInfo), ("CmdletInfo", ext.CmdletInfo), ("AliasInfo", ext.AliasInfo),
                      ("ApplicationInfo", ext.ApplicationInfo), ("ExternalScriptInfo", ext.ScriptInfo)):  # fmt: skip
        _type(f"{SMA}{name}", cls, base=base, closed=False)
    function = BY_CLASS[ext.FunctionInfo]
    _prop(function, "ScriptBlock", "object", lambda value: value.block)
    _prop(function, "Definition", "string", lambda value: value.block.text)
    _prop(BY_CLASS[ext.AliasInfo], "Definition", "string", lambda value: value.definition)
    _prop(BY_CLASS[ext.AliasInfo], "ResolvedCommandName", "string", lambda value: value.definition)
    for cls in (ext.ApplicationInfo, ext.ScriptInfo):
        _prop(BY_CLASS[cls], "Path", "string", lambda value: value.path)
        _prop(BY_CLASS[cls], "Definition", "string", lambda value: value.path)
    _prop(BY_CLASS[ext.CmdletInfo], "ModuleName", "string", _module)


def _records() -> None:
    informational = _type(f"{SMA}InformationalRecord", closed=False)
    _prop(informational, "Message", "string", lambda value: value.message)
    for name, cls in (("WarningRecord", ext.WarningRecord), ("VerboseRecord", ext.VerboseRecord),
                      ("DebugRecord", ext.DebugRecord)):  # fmt: skip
        kind = _type(f"{SMA}{name}", cls, base=informational, closed=False)
        if "tostring" not in kind.methods:
            kind.method("ToString()")(lambda value: value.to_net_string())
    information = _type(f"{SMA}InformationRecord", ext.InformationRecord, closed=False)
    _prop(information, "MessageData", "object", lambda value: value.data)
    _prop(information, "Tags", "object", lambda value: PSArray(list(value.tags)))
    _prop(information, "Source", "string", lambda value: value.source)
    message = _type(f"{SMA}HostInformationMessage", ext.HostInformationMessage, closed=False)
    _prop(message, "Message", "string", lambda value: value.message)
    _prop(message, "NoNewLine", "bool", lambda value: value.no_newline)
