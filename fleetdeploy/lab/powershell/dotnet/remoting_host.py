"""$Host of a remote runspace, and the one path of reflection through it that real clients take.

pypsrp's copy script lifts the limit of what a command may receive by reflection: $Host's ExternalHost, its
transport manager, Fragmentor, DeserializationContext, MaximumAllowedMemory. Exactly these private members can be
reached, and setting the last asks the runspace's ``lift_receive_quota`` (the protocol gives it). Every other
reflection is NotSimulated.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import TYPE, NetObject, PSType, Version, define, define_enum

_SMA = "System.Management.Automation."

define_enum(
    "System.Reflection.BindingFlags",
    "Default=0 IgnoreCase=1 DeclaredOnly=2 Instance=4 Static=8 Public=16 NonPublic=32 FlattenHierarchy=64",
    flags=True,
)


class HostPart(NetObject):
    """A piece of the remoting server behind $Host; ``path`` is its place in the chain."""

    def __init__(self, kind: PSType, version: str = "5.1", build: int = 20348) -> None:
        self._kind = kind
        self.version = version
        self.build = build

    @property
    def net_type(self) -> PSType:
        return self._kind


class _Reflected(NetObject):
    """A PropertyInfo or FieldInfo of the chain: where it leads."""

    def __init__(self, name: str, leads_to: PSType | None) -> None:
        self.name = name
        self.leads_to = leads_to


class ReflectedProperty(_Reflected):
    pass


class ReflectedField(_Reflected):
    pass


INTERNAL_HOST = define(f"{_SMA}Internal.Host.InternalHost")
_SERVER_HOST = define(f"{_SMA}Remoting.ServerRemoteHost")
_TRANSPORT = define(f"{_SMA}Remoting.WSManPluginServerTransportManager")
_FRAGMENTOR = define(f"{_SMA}Remoting.Fragmentor")
_CONTEXT = define(f"{_SMA}DeserializationContext")

_PROPERTIES: dict[tuple[PSType, str], PSType | None] = {
    (INTERNAL_HOST, "externalhost"): _SERVER_HOST,
    (_TRANSPORT, "fragmentor"): _FRAGMENTOR,
    (_FRAGMENTOR, "deserializationcontext"): _CONTEXT,
    (_CONTEXT, "maximumallowedmemory"): None,
}
_FIELDS: dict[tuple[PSType, str], PSType] = {(_SERVER_HOST, "_transportmanager"): _TRANSPORT}

INTERNAL_HOST.prop("Name", "string", lambda host: "ServerRemoteHost")


def _version(host: HostPart) -> Version:
    return Version(4, 0) if host.version == "4.0" else Version(5, 1, host.build, 1)


INTERNAL_HOST.prop("Version", "version", _version)


@TYPE.method("GetProperty(string name, System.Reflection.BindingFlags bindingAttr)")
def _get_property(kind: PSType, name: str, flags: Any) -> ReflectedProperty:
    if (kind, name.lower()) not in _PROPERTIES:
        raise NotSimulated(f"reflection: [{kind.full_name}].GetProperty('{name}')")
    return ReflectedProperty(name, _PROPERTIES[kind, name.lower()])


@TYPE.method("GetField(string name, System.Reflection.BindingFlags bindingAttr)")
def _get_field(kind: PSType, name: str, flags: Any) -> ReflectedField:
    if (kind, name.lower()) not in _FIELDS:
        raise NotSimulated(f"reflection: [{kind.full_name}].GetField('{name}')")
    return ReflectedField(name, _FIELDS[kind, name.lower()])


_PROPERTY_INFO = define("System.Reflection.RuntimePropertyInfo", py=ReflectedProperty)
_FIELD_INFO = define("System.Reflection.RtFieldInfo", py=ReflectedField)


@_PROPERTY_INFO.method("GetValue(object obj, object[] index)")
def _property_value(info: ReflectedProperty, owner: Any, index: Any) -> HostPart:
    if info.leads_to is None:
        raise NotSimulated(f"reflection: the value of {info.name}")
    return HostPart(info.leads_to)


@_PROPERTY_INFO.method("SetValue(object obj, object value, object[] index)")
def _set_property(info: ReflectedProperty, owner: Any, value: Any, index: Any) -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    lift = getattr(current().runspace, "lift_receive_quota", None)
    if info.leads_to is not None or value is not None or lift is None:
        raise NotSimulated(f"reflection: setting {info.name}")
    lift()
    return NOTHING


@_FIELD_INFO.method("GetValue(object obj)")
def _field_value(info: ReflectedField, owner: Any) -> HostPart:
    if info.leads_to is None:
        raise NotSimulated(f"reflection: the value of {info.name}")
    return HostPart(info.leads_to)
