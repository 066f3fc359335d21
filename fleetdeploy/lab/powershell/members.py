"""Properties, methods, constructors and indexes of values, as scripts reach them.

No member enumeration over collections (the runtime does that) and no cmdlets. Tables: ``dotnet/``; which overload a
call takes: ``overloads``. A member a known type has in .NET but not here ends in NotSimulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, overloads, types, unsimulated
from fleetdeploy.lab.powershell.convert import is_collection
from fleetdeploy.lab.powershell.formatting import FormatFailure
from fleetdeploy.lab.powershell.indexing import error as error
from fleetdeploy.lab.powershell.indexing import index as index
from fleetdeploy.lab.powershell.indexing import outcome
from fleetdeploy.lab.powershell.indexing import set_index as set_index
from fleetdeploy.lab.powershell.spelled import Spelled, doubted
from fleetdeploy.lab.powershell.typesystem import NOTHING, Overload, Param
from fleetdeploy.lab.powershell.values import (
    INT32,
    MISSING,
    OBJECT,
    AliasProperty,
    ByteArray,
    DictionaryBase,
    DotNetException,
    EnumValue,
    GenericDictionary,
    Member,
    NetError,
    NoteProperty,
    OrderedDictionary,
    Property,
    PropertyBag,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    ScriptMethod,
    ScriptProperty,
    type_of,
)
from fleetdeploy.lab.windows.errors import FileError, Win32Error

_NOT_SETTABLE = "The property '{}' cannot be found on this object. Verify that the property exists and can be set."
RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"


def _guarded(func: Callable[..., Any], *args: Any) -> Any:
    """Run a method's body; failures of the simulated Windows and of formatting become .NET exceptions."""
    try:
        return func(*args)
    except FileError as failure:
        number = failure.hresult - (1 << 32 if failure.hresult >= 1 << 31 else 0)
        raise NetError(DotNetException(failure.dotnet_type, failure.message, hresult=number)) from None
    except Win32Error as failure:
        exception = DotNetException("System.ComponentModel.Win32Exception", str(failure), hresult=-2147467259)
        exception.properties["NativeErrorCode"] = failure.code
        raise NetError(exception) from None
    except FormatFailure as failure:
        raise NetError(DotNetException("System.FormatException", str(failure), hresult=-2146233033)) from None
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as failure:
        # A case the body did not think of: .NET has its own answer to it, which is not known here.
        raise NotSimulated(f"a call with such arguments ({type(failure).__name__}: {failure})") from failure


# -- properties ---------------------------------------------------------------------------------------------------
def bag_of(value: Any) -> PropertyBag | None:
    """The PowerShell members of a value (own ones of a custom object, extended ones of any other)."""
    if isinstance(value, PSCustomObject):
        return value.members
    return getattr(value, "extended", None)


def find_property(kind: PSType, name: str) -> Property | None:
    types.load()
    key = name.lower()
    for current in kind.ancestry():
        found = current.properties.get(key)
        if found is not None:
            return found
    return None


def has_method(value: Any, name: str) -> bool:
    """Whether ``invoke`` would find the method (not whether arguments fit)."""
    bag = bag_of(value)
    if bag is not None and isinstance(bag.find(name), ScriptMethod):
        return True
    return any(name.lower() in current.methods for current in type_of(value).ancestry())


def get_member(value: Any, name: str) -> Any:
    """value.name: MISSING where there is none ($null outside strict mode)."""
    if value is None:
        return MISSING
    bag = bag_of(value)
    if bag is not None:
        member = bag.find(name)
        if member is not None:
            return read_member(value, member)
    key = name.lower()
    if isinstance(value, DictionaryBase):
        found = _dictionary_member(value, name)
        if found is not MISSING:
            return found
    special = _SPECIAL.get(key)
    if special is not None:
        return special(value)
    adapter = getattr(value, "net_get", None)
    if adapter is not None:
        found = adapter(name)
        if found is not MISSING:
            return found
    kind = type_of(value)
    prop = find_property(kind, name)
    if prop is not None:
        try:
            return _guarded(prop.getter, value)
        except NetError as failure:
            raise _getter_error(prop.name, failure) from None
    if isinstance(value, EnumValue) and key == "value__":
        return value.value
    if isinstance(value, DotNetException):
        for known, held in value.properties.items():
            if known.lower() == key:
                return held
    for current in kind.ancestry():
        if key in current.methods:
            from fleetdeploy.lab.powershell.dotnet.psobject import PSMethod

            return PSMethod(current.methods[key][0].name, value)
    return _missing(value, kind, name)


def _missing(value: Any, kind: PSType, name: str) -> Any:
    if isinstance(value, (PSCustomObject, EnumValue)) or kind.is_array:
        return MISSING
    if isinstance(value, DotNetException) and name.lower() in unsimulated.EXCEPTION_PROPERTIES:
        raise NotSimulated(f"[{kind.full_name}].{name}")
    if _closed(kind) and name.lower() not in unsimulated.PROPERTIES:
        return MISSING
    if _closed(kind) and _plain_value(kind):
        return MISSING
    raise NotSimulated(f"[{kind.full_name}].{name}")


_PLAIN = (
    "System.Collections.",
    "System.String",
    "System.Int",
    "System.UInt",
    "System.Byte",
    "System.SByte",
    "System.Boolean",
    "System.Char",
    "System.Double",
    "System.Single",
    "System.Decimal",
    "System.Guid",
    "System.TimeSpan",
    "System.DateTime",
    "System.Version",
    "System.Xml.",
    "System.Management.Automation.",
)


def _plain_value(kind: PSType) -> bool:
    """Types whose table of properties is complete: a missing one is missing, whatever it is called."""
    name = kind.full_name
    return name.startswith(_PLAIN) and name != "System.DateTimeOffset"


def _closed(kind: PSType) -> bool:
    current = kind.generic_definition or kind
    return current.closed or kind is OBJECT


def _dictionary_member(value: DictionaryBase, name: str) -> Any:
    if isinstance(value, OrderedDictionary) or not isinstance(value, GenericDictionary):
        if value.contains(name):
            return value.get(name)
        return MISSING
    if value.key_type.full_name == "System.String" and value.contains(name):
        return value.get(name)
    return MISSING


def read_member(value: Any, member: Member) -> Any:
    if isinstance(member, NoteProperty):
        return member.value
    if isinstance(member, AliasProperty):
        return get_member(value, member.target)
    if isinstance(member, ScriptProperty):
        if member.getter is None:
            return None
        return member.getter.invoke_delegate([], value)
    from fleetdeploy.lab.powershell.dotnet.psobject import PSMethod

    return PSMethod(member.name, value, script=True)


def _getter_error(name: str, failure: NetError) -> PSRuntimeError:
    inner = failure.exception
    message = f'Exception getting "{name}": "{inner.message}"'
    exception = DotNetException("System.Management.Automation.GetValueInvocationException", message, inner)
    return PSRuntimeError("ExceptionWhenGetting", "NotSpecified", exception)


def _view(value: Any) -> Any:
    from fleetdeploy.lab.powershell.dotnet.psobject import PSObjectView

    return PSObjectView(value)


def _base(value: Any) -> Any:
    from fleetdeploy.lab.powershell.dotnet.psobject import BaseView

    return BaseView(value) if isinstance(value, DictionaryBase) else value


def _names(value: Any) -> Any:
    return get_member(_view(value), "TypeNames")


_SPECIAL = {"psobject": _view, "psbase": _base, "pstypenames": _names}


def set_member(value: Any, name: str, new: Any) -> None:
    """value.name = new."""
    new = doubted(new)
    bag = bag_of(value)
    member = bag.find(name) if bag is not None else None
    if member is not None:
        _write_member(value, member, new)
        return
    if isinstance(value, PSCustomObject):
        raise _no_property(name)
    if isinstance(value, DictionaryBase):
        set_index(value, name, new)
        return
    kind = type_of(value)
    adapter = getattr(value, "net_set", None)
    if adapter is not None:
        try:
            if adapter(name, new):
                return
        except NetError as failure:
            raise _setter_error(name, failure.exception) from None
        if find_property(kind, name) is None:
            raise _no_property(name)
    prop = find_property(kind, name)
    if prop is None and not (isinstance(value, PSArray) or _closed(kind)):
        raise NotSimulated(f"setting [{kind.full_name}].{name}")
    if prop is None or prop.setter is None:
        message = (
            f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set."
        )
        if prop is not None:
            message = f"'{prop.name}' is a ReadOnly property."
        raise error(
            "PropertyAssignmentException",
            "InvalidOperation",
            message,
        )
    target = overloads.resolve_name(prop.type_name, kind)
    try:
        converted = convert.to_type(new, target)
        _guarded(prop.setter, value, converted)
    except PSRuntimeError as failure:
        raise _setter_error(prop.name, failure.exception.inner_exception or failure.exception) from None
    except NetError as failure:
        raise _setter_error(prop.name, failure.exception) from None


def _no_property(name: str) -> PSRuntimeError:
    text = _NOT_SETTABLE.format(name)
    return _setter_error(name, DotNetException(RUNTIME_EXCEPTION, text))


def _setter_error(name: str, inner: DotNetException) -> PSRuntimeError:
    message = f'Exception setting "{name}": "{inner.message}"'
    exception = DotNetException("System.Management.Automation.SetValueInvocationException", message, inner)
    return PSRuntimeError("ExceptionWhenSetting", "NotSpecified", exception)


def _write_member(value: Any, member: Member, new: Any) -> None:
    if isinstance(member, NoteProperty):
        member.value = new
    elif isinstance(member, AliasProperty):
        set_member(value, member.target, new)
    elif isinstance(member, ScriptProperty):
        if member.setter is None:
            text = f'Set accessor for property "{member.name}" is unavailable.'
            raise error(
                "SetWithoutSetterFromScriptProperty",
                "NotSpecified",
                text,
                "System.Management.Automation.SetValueException",
            )
        member.setter.invoke_delegate([new], value)
    else:
        raise NotSimulated(f"assignment to the method {member.name}")


# -- methods ------------------------------------------------------------------------------------------------------
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
        return outcome(_guarded(chosen.func, value, *extra, *converted))
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
    if isinstance(value, (PSCustomObject, EnumValue)) or kind.is_array or _closed(kind):
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
    if kind.is_enum or (_closed(kind) and not real):
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
        if (_closed(kind) or kind.is_enum) and name.lower() not in unsimulated.STATIC_METHODS:
            raise method_not_found(kind, name)
        raise NotSimulated(f"[{kind.full_name}]::{name}()")
    chosen, converted = overloads.choose(found, args, kind, name)
    return _guarded(chosen.func, *((machine,) if chosen.machine else ()), *converted)


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
    return _guarded(chosen.func, *extra, *converted)


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
