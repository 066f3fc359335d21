"""Methods, static members and constructors of values, as scripts call them.

Which overload a call takes: ``overloads``. What a known type has in .NET but not here ends in NotSimulated.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, overloads, types, unsimulated
from fleetdeploy.lab.powershell.convert import is_collection
from fleetdeploy.lab.powershell.indexing import error, index, outcome, set_index
from fleetdeploy.lab.powershell.members import bag_of, closed, find_property, guarded
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.typesystem import NOTHING, Overload, Param
from fleetdeploy.lab.powershell.values import (
    INT32,
    MISSING,
    OBJECT,
    ByteArray,
    DotNetException,
    EnumValue,
    NetError,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    ScriptMethod,
    type_of,
)


def _wrap(name: str, count: int, inner: DotNetException) -> PSRuntimeError:
    message = f'Exception calling "{name}" with "{count}" argument(s): "{inner.message}"'
    exception = DotNetException("System.Management.Automation.MethodInvocationException", message, inner)
    return PSRuntimeError(inner.type_name.rsplit(".", 1)[-1], "NotSpecified", exception)


def method_not_found(kind: PSType, name: str) -> PSRuntimeError:
    message = f"Method invocation failed because [{kind.full_name}] does not contain a method named '{name}'."
    result = error("MethodNotFound", "InvalidOperation", message)
    result.target = name
    return result


def invoke(value: Any, name: str, args: list[Any], machine: Any = None) -> Any:
    """value.name(args): AUTO_NULL for void methods; MethodNotFound where there is none."""
    types.load()
    if isinstance(value, Spelled):
        value = value.plain
    bag = bag_of(value)
    if bag is not None:
        member = bag.find(name)
        if isinstance(member, ScriptMethod):
            return member.script.invoke_delegate(args, value)
    kind = type_of(value)
    key = name.lower()
    found: list[Overload] = []
    for current in kind.ancestry():
        found = current.methods.get(key, [])
        if found:
            break
    if not found:
        return _accessor(value, kind, name, args)
    chosen, converted = overloads.choose(found, args, kind, name)
    extra = (machine,) if chosen.machine else ()
    try:
        return outcome(guarded(chosen.func, value, *extra, *converted))
    except NetError as failure:
        raise _wrap(chosen.name, len(args), failure.exception) from None


def _accessor(value: Any, kind: PSType, name: str, args: list[Any]) -> Any:
    key = name.lower()
    if key.startswith("get_") and not args:
        prop = find_property(kind, name[4:])
        if prop is not None:
            return prop.getter(value)
    if key == "get_item" and len(args) == 1:
        return index(value, args[0])
    if key == "set_item" and len(args) == 2:
        set_index(value, args[0], args[1])
        return outcome(NOTHING)
    if isinstance(value, (PSCustomObject, EnumValue)) or kind.is_array or closed(kind):
        if key in unsimulated.METHODS:
            raise NotSimulated(f"[{kind.full_name}].{name}()")
        raise method_not_found(kind, name)
    raise NotSimulated(f"[{kind.full_name}].{name}()")


def get_static(kind: PSType, name: str, machine: Any = None) -> Any:
    """[kind]::name."""
    types.load()
    key = name.lower()
    for member, number in (kind.enum_values or {}).items():
        if member.lower() == key:
            return EnumValue(kind, number)
    for current in kind.ancestry():
        found = current.static_properties.get(key)
        if found is not None:
            return found.getter(machine)
    real = key in unsimulated.STATIC_PROPERTIES or key in unsimulated.STATIC_METHODS or key in kind.static_methods
    if kind.is_enum or (closed(kind) and not real):
        return MISSING
    raise NotSimulated(f"[{kind.full_name}]::{name}")


def set_static(kind: PSType, name: str, value: Any, machine: Any = None) -> None:
    """[kind]::name = value; refused where the table has no setter."""
    types.load()
    found = kind.static_properties.get(name.lower())
    if found is None or found.setter is None:
        raise NotSimulated(f"setting [{kind.full_name}]::{name}")
    found.setter(machine, convert.to_type(value, overloads.resolve_name(found.type_name, kind)))


def call_static(kind: PSType, name: str, args: list[Any], machine: Any) -> Any:
    """As ``invoke_static``, but a .NET exception stays a NetError."""
    types.load()
    found: list[Overload] = []
    for current in kind.ancestry():
        found = current.static_methods.get(name.lower(), [])
        if found:
            break
    if not found:
        if (closed(kind) or kind.is_enum) and name.lower() not in unsimulated.STATIC_METHODS:
            raise method_not_found(kind, name)
        raise NotSimulated(f"[{kind.full_name}]::{name}()")
    chosen, converted = overloads.choose(found, args, kind, name)
    return guarded(chosen.func, *((machine,) if chosen.machine else ()), *converted)


def invoke_static(kind: PSType, name: str, args: list[Any], machine: Any = None) -> Any:
    """[kind]::name(args)."""
    if name.lower() == "new":
        return construct(kind, args, machine)
    try:
        return outcome(call_static(kind, name, args, machine))
    except NetError as failure:
        raise _wrap(name, len(args), failure.exception) from None


def construct_unwrapped(kind: PSType, args: list[Any], machine: Any) -> Any:
    """A new value; a .NET exception stays a NetError (New-Object and casts report it in their own way)."""
    types.load()
    if kind.is_array and kind.element_type is not None:
        return _new_array(kind, args)
    definition = kind.generic_definition or kind
    if not definition.constructors:
        if kind.is_value_type and not args:
            return convert.to_type(None, kind)
        if definition.closed or definition.abstract:
            raise overloads.no_overload("new" if definition.closed else definition.name, len(args))
        raise NotSimulated(f"[{kind.full_name}]::new()")
    chosen, converted = overloads.choose(definition.constructors, args, kind, definition.name)
    extra: list[Any] = [machine] if chosen.machine else []
    if kind.generic_definition is not None:
        extra.insert(0, kind)
    return guarded(chosen.func, *extra, *converted)


def construct(kind: PSType, args: list[Any], machine: Any = None) -> Any:
    """[kind]::new(args)."""
    try:
        return construct_unwrapped(kind, args, machine)
    except NetError as failure:
        raise _wrap(".ctor", len(args), failure.exception) from None


def _new_array(kind: PSType, args: list[Any]) -> PSArray:
    if len(args) != 1:
        raise NotSimulated("an array of several dimensions")
    return new_array(kind.element_type or OBJECT, convert.to_type(args[0], INT32))


def new_array(element: PSType, size: int) -> PSArray:
    if size < 0:
        raise NetError(DotNetException("System.OverflowException", "Arithmetic operation resulted in an overflow."))
    if element.full_name == "System.Byte":
        return ByteArray(bytes(size))
    empty = convert.to_type(None, element) if element.is_value_type and not element.is_enum else None
    if element.is_enum:
        empty = EnumValue(element, 0)
    return PSArray([empty] * size, element)


def implicit_argument(value: Any, param: Param, kind: PSType) -> Any:
    """A cast's value as the only argument of a constructor, or MISSING where the types do not fit by themselves."""
    target = overloads.resolve_name(param.type_name, kind)
    if target.is_array and target.element_type is not None:
        if is_collection(value):
            return convert.to_type(value, target)
        return MISSING
    if target is OBJECT or not type_of(value).is_assignable_to(target):
        return MISSING
    return value
