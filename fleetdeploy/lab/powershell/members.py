"""Properties and indexes of values, as scripts reach them. Methods and constructors: ``method_calls``.

No member enumeration over collections (the runtime does that) and no cmdlets. Tables: ``dotnet/``. A member a known
type has in .NET but not here ends in NotSimulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, overloads, types, unsimulated
from fleetdeploy.lab.powershell.formatting import FormatFailure
from fleetdeploy.lab.powershell.indexing import error as error
from fleetdeploy.lab.powershell.indexing import index as index
from fleetdeploy.lab.powershell.indexing import set_index as set_index
from fleetdeploy.lab.powershell.spelled import doubted
from fleetdeploy.lab.powershell.values import (
    MISSING,
    OBJECT,
    AliasProperty,
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


def guarded(func: Callable[..., Any], *args: Any) -> Any:
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
            return guarded(prop.getter, value)
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
    if closed(kind) and name.lower() not in unsimulated.PROPERTIES:
        return MISSING
    if closed(kind) and _plain_value(kind):
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


def closed(kind: PSType) -> bool:
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
    if prop is None and not (isinstance(value, PSArray) or closed(kind)):
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
        guarded(prop.setter, value, converted)
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
