"""The PSObject view of a value (.PSObject.Properties, .TypeNames, .Copy()), .PSBase, and method references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, method_calls, wildcard
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.spelled import plain
from fleetdeploy.lab.powershell.typesystem import NOTHING, REGISTRY
from fleetdeploy.lab.powershell.values import (
    MISSING,
    STRING,
    AliasProperty,
    Collection,
    DictionaryBase,
    EnumValue,
    Member,
    NetObject,
    NoteProperty,
    PropertyBag,
    PSArray,
    PSCustomObject,
    PSObjectLike,
    ScriptMethod,
    ScriptProperty,
    define,
    type_names_of,
    type_of,
)

_SMA = "System.Management.Automation."


def _member_type(name: str) -> EnumValue:
    kind = REGISTRY[f"{_SMA}PSMemberTypes".lower()]
    return EnumValue(kind, (kind.enum_values or {})[name])


class PSMethod(NetObject):
    """A method named without calling it."""

    def __init__(self, name: str, owner: Any, *, script: bool = False) -> None:
        self.name = name
        self.owner = owner
        self.script = script

    @property
    def net_type(self) -> Any:
        return REGISTRY[f"{_SMA}{'PSScriptMethod' if self.script else 'PSMethod'}".lower()]


_METHOD = define(f"{_SMA}PSMethod", py=PSMethod, closed=True)
_SCRIPT_METHOD = define(f"{_SMA}PSScriptMethod", closed=True)
for _kind in (_METHOD, _SCRIPT_METHOD):
    _kind.prop("Name", "string", lambda method: method.name)
    _kind.prop("MemberType", "object", lambda method: _member_type("ScriptMethod" if method.script else "Method"))

    @_kind.method("Invoke(params object[] args)", machine=True)
    def _invoke(method: PSMethod, machine: Any, args: PSArray) -> Any:
        return method_calls.invoke(method.owner, method.name, list(args), machine)


class PSPropertyInfo(NetObject):
    """One property of a value: reads and writes through."""

    def __init__(self, owner: Any, name: str, member_type: str) -> None:
        self.owner = owner
        self.name = name
        self.member_type = member_type

    @property
    def value(self) -> Any:
        held = members.get_member(self.owner, self.name)
        return None if held is MISSING else held

    @value.setter
    def value(self, new: Any) -> None:
        members.set_member(self.owner, self.name, new)

    @property
    def net_type(self) -> Any:
        return REGISTRY.get(f"{_SMA}PS{self.member_type}".lower(), _PROPERTY)

    def to_net_string(self) -> str:
        return f"{self.type_name} {self.name}"

    @property
    def type_name(self) -> str:
        if self.member_type == "Property":
            prop = members.find_property(type_of(self.owner), self.name)
            if prop is not None:
                from fleetdeploy.lab.powershell import types

                known = types.resolve(prop.type_name)
                return known.full_name if known else prop.type_name
        value = self.value
        return "System.Object" if value is None else type_of(value).full_name


_INFO = define(f"{_SMA}PSMemberInfo", abstract=True)
_PROPERTY = define(f"{_SMA}PSPropertyInfo", _INFO, py=PSPropertyInfo)
for _name in ("PSProperty", "PSNoteProperty", "PSScriptProperty", "PSAliasProperty"):
    define(f"{_SMA}{_name}", _PROPERTY, closed=True)
_PROPERTY.closed = True
_PROPERTY.prop("Name", "string", lambda info: info.name)
_PROPERTY.prop("Value", "object", lambda info: info.value, lambda info, new: setattr(info, "value", new))
_PROPERTY.prop("MemberType", f"{_SMA}PSMemberTypes", lambda info: _member_type(info.member_type))
_PROPERTY.prop("TypeNameOfValue", "string", lambda info: info.type_name)
_PROPERTY.prop("IsGettable", "bool", lambda info: True)
_PROPERTY.prop("IsInstance", "bool", lambda info: info.member_type != "Property")


def _settable(info: PSPropertyInfo) -> bool:
    if info.member_type == "Property":
        prop = members.find_property(type_of(info.owner), info.name)
        return prop is not None and prop.setter is not None
    bag = members.bag_of(info.owner)
    member = bag.find(info.name) if bag is not None else None
    return not isinstance(member, ScriptProperty) or member.setter is not None


_PROPERTY.prop("IsSettable", "bool", _settable)


class LooseProperty(NetObject):
    """A PSNoteProperty a script made, not yet added to an object."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value

    @property
    def net_type(self) -> Any:
        return REGISTRY[f"{_SMA}PSNoteProperty".lower()]


_NOTE = REGISTRY[f"{_SMA}PSNoteProperty".lower()]
_NOTE.ctor("(string name, object value)")(LooseProperty)


def properties_of(value: Any) -> list[PSPropertyInfo]:
    """All properties in PowerShell's order: own .NET ones, then extended ones."""
    found: list[PSPropertyInfo] = []
    if not isinstance(value, PSCustomObject) and value is not None:
        seen: set[str] = set()
        for kind in type_of(value).ancestry():
            for key, prop in kind.properties.items():
                if key not in seen:
                    seen.add(key)
                    found.append(PSPropertyInfo(value, prop.name, "Property"))
    bag = members.bag_of(value)
    if bag is not None:
        for member in bag.properties():
            found = [info for info in found if info.name.lower() != member.name.lower()]
            found.append(PSPropertyInfo(value, member.name, member.member_type))
    return found


def method_names_of(value: Any) -> list[str]:
    names: dict[str, str] = {}
    bag = members.bag_of(value)
    if bag is not None:
        names |= {member.name.lower(): member.name for member in bag if isinstance(member, ScriptMethod)}
    if not isinstance(value, PSCustomObject):
        for kind in type_of(value).ancestry():
            for key, group in kind.methods.items():
                names.setdefault(key, group[0].name)
    else:
        names |= {name.lower(): name for name in ("ToString", "Equals", "GetHashCode", "GetType")}
    return list(names.values())


class PSMemberCollection(NetObject):
    """.PSObject.Properties and .PSObject.Methods: enumerable, indexed by name."""

    def __init__(self, owner: Any, *, methods: bool) -> None:
        self.owner = owner
        self.methods = methods

    @property
    def items(self) -> list[Any]:
        if self.methods:
            return [PSMethod(name, self.owner) for name in method_names_of(self.owner)]
        return list(properties_of(self.owner))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def net_index(self, key: Any) -> Any:
        from fleetdeploy.lab.powershell.convert import to_string

        wanted = to_string(key).lower()
        return next((info for info in self.items if info.name.lower() == wanted), None)

    def find(self, pattern: str) -> list[Any]:
        return [info for info in self.items if wildcard.like(info.name, pattern)]


_MEMBERS = define(
    f"{_SMA}PSMemberInfoIntegratingCollection`1",
    py=PSMemberCollection,
    closed=True,
    interfaces=("System.Collections.IEnumerable",),
)
_MEMBERS.method("Match(string name)")(lambda found, pattern: Collection(found.find(pattern)))
_MEMBERS.method("Item(string name)")(lambda found, name: found.net_index(name))


@_MEMBERS.method("Remove(string name)")
def _remove(found: PSMemberCollection, name: str) -> Any:
    bag = members.bag_of(found.owner)
    if bag is not None:
        bag.remove(name)
    return NOTHING


@_MEMBERS.method("Add(object member)", "Add(object member, bool preValidated)")
def _add(found: PSMemberCollection, member: Any, pre_validated: bool = False) -> Any:
    del pre_validated
    made: Member
    if isinstance(member, (LooseProperty, PSPropertyInfo)):
        made = NoteProperty(member.name, member.value)
    elif isinstance(member, (NoteProperty, ScriptProperty, AliasProperty, ScriptMethod)):
        made = member
    else:
        raise NotSimulated(f"adding a member of type [{type_of(member).full_name}]")
    bag = own_bag(found.owner)
    if bag.find(made.name) is not None:
        throw(
            f"{_SMA}ExtendedTypeSystemException",
            f'The member "{made.name}" is already present.',
        )
    bag.add(made)
    return NOTHING


def own_bag(value: Any) -> PropertyBag:
    """The bag to add members to, made where there is none."""
    if isinstance(value, PSCustomObject):
        return value.members
    if not isinstance(value, PSObjectLike):
        raise NotSimulated(f"added members on [{type_of(value).full_name}]")
    if value.extended is None:
        value.extended = PropertyBag()
    return value.extended


class PSObjectView(NetObject):
    """value.PSObject."""

    def __init__(self, value: Any) -> None:
        self.value = value


class TypeNames(Collection):
    """.PSTypeNames: a change shows on the object."""

    def __init__(self, owner: Any) -> None:
        super().__init__(type_names_of(owner), STRING)
        if isinstance(owner, PSObjectLike):
            owner.type_names = self.items


_VIEW = define(f"{_SMA}PSMemberSet", py=PSObjectView, closed=True)
_VIEW.prop("Properties", "object", lambda view: PSMemberCollection(view.value, methods=False))
_VIEW.prop("Methods", "object", lambda view: PSMemberCollection(view.value, methods=True))
_VIEW.prop("Members", "object", lambda view: _all_members(view.value))
_VIEW.prop("TypeNames", "object", lambda view: TypeNames(view.value))
_VIEW.prop("BaseObject", "object", lambda view: plain(view.value))
_VIEW.prop("ImmediateBaseObject", "object", lambda view: plain(view.value))
_VIEW.method("ToString()")(lambda view: convert.written(view.value))


def _all_members(value: Any) -> Any:
    result = PSMemberCollection(value, methods=False)
    if members.bag_of(value) is None or not isinstance(value, PSCustomObject):
        raise NotSimulated("PSObject.Members of a .NET object")
    return result


@_VIEW.method("Copy()")
def _copy(view: PSObjectView) -> Any:
    value = view.value
    if isinstance(value, PSCustomObject):
        return value.copy()
    if not isinstance(value, NetObject):
        return value
    raise NotSimulated(f"a copy of [{type_of(value).full_name}]")


class BaseView(NetObject):
    """.PSBase of a dictionary: its members without the keys."""

    def __init__(self, value: DictionaryBase) -> None:
        self.value = value


_BASE = define(f"{_SMA}PSBaseView", py=BaseView, closed=True)
for _name in ("Count", "Keys", "Values", "IsReadOnly", "IsFixedSize"):

    def _forward(view: BaseView, name: str = _name) -> Any:
        prop = members.find_property(type_of(view.value), name)
        return prop.getter(view.value) if prop is not None else None

    _BASE.prop(_name, "object", _forward)
