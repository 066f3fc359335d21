"""The registry as PowerShell shows it: keys as objects, values as properties, kinds of values.

Decides how registry data becomes PowerShell values and back. The cmdlets are in provider_items.py and
provider_properties.py; the data is windows/registry.py's.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
from fleetdeploy.lab.powershell.cmdlets.registry import CmdletContext
from fleetdeploy.lab.powershell.convert import to_string, written
from fleetdeploy.lab.powershell.spelled import doubted, plain
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    STRING,
    ByteArray,
    DotNetException,
    EnumValue,
    ErrorRecord,
    Int64,
    NetObject,
    NoteProperty,
    PropertyBag,
    PSArray,
    PSCustomObject,
    define,
    define_enum,
)
from fleetdeploy.lab.windows.registry import RegData, RegValue

PROVIDER = "Microsoft.PowerShell.Core\\Registry"
KINDS = define_enum(
    "Microsoft.Win32.RegistryValueKind",
    {
        "String": 1,
        "ExpandString": 2,
        "Binary": 3,
        "DWord": 4,
        "MultiString": 7,
        "QWord": 11,
        "Unknown": 0,
        "None": -1,
    },
)

OPTIONS = define_enum("Microsoft.Win32.RegistryValueOptions", "None=0 DoNotExpandEnvironmentNames")


class RegistryKey(NetObject):
    """A key as Get-Item gives it."""

    def __init__(self, machine: Any, path: str) -> None:
        self.machine = machine
        self.path = path
        self.extended: PropertyBag | None = None

    def to_net_string(self) -> str:
        return self.path


REGISTRY_KEY = define("Microsoft.Win32.RegistryKey", py=RegistryKey)
REGISTRY_KEY.prop("Name", "string", lambda k: k.path)
REGISTRY_KEY.prop("SubKeyCount", "int", lambda k: len(k.machine.registry.subkeys(k.path)))
REGISTRY_KEY.prop("ValueCount", "int", lambda k: len(k.machine.registry.values(k.path)))
REGISTRY_KEY.prop(
    "Property",
    "string[]",
    lambda k: PSArray([v.name or "(default)" for v in k.machine.registry.values(k.path)], STRING),
)


@REGISTRY_KEY.method("GetValue(string name)", "GetValue(string name, object defaultValue)")
def _get_value(key: RegistryKey, name: str, default: Any = None) -> Any:
    found = key.machine.registry.get(key.path, name)
    return default if found is None else to_value(key.machine, found)


@REGISTRY_KEY.method("GetValue(string name, object defaultValue, Microsoft.Win32.RegistryValueOptions options)")
def _get_value_with(key: RegistryKey, name: str, default: Any, options: EnumValue) -> Any:
    found = key.machine.registry.get(key.path, name)
    if found is not None and options.value and found.kind == "ExpandString":
        return found.data
    return default if found is None else to_value(key.machine, found)


@REGISTRY_KEY.method("GetValueNames()")
def _value_names(key: RegistryKey) -> PSArray:
    return PSArray([v.name for v in key.machine.registry.values(key.path)], STRING)


@REGISTRY_KEY.method("GetSubKeyNames()")
def _sub_key_names(key: RegistryKey) -> PSArray:
    return PSArray(key.machine.registry.subkeys(key.path), STRING)


@REGISTRY_KEY.method("GetValueKind(string name)")
def _value_kind(key: RegistryKey, name: str) -> EnumValue:
    found = key.machine.registry.get(key.path, name)
    if found is None:
        raise NotSimulated("GetValueKind of a missing value")
    return EnumValue(KINDS, (KINDS.enum_values or {})[found.kind])


@REGISTRY_KEY.method("Close()", "Dispose()")
def _close(key: RegistryKey) -> Any:
    """Nothing is held."""
    return NOTHING


def path_properties(target: pp.Target) -> list[tuple[str, Any]]:
    """PSPath and its like of a key."""
    parent, _, name = target.path.rpartition("\\")
    found: list[tuple[str, Any]] = [
        ("PSPath", f"{PROVIDER}::{target.path}"),
        ("PSParentPath", f"{PROVIDER}::{parent}" if parent else ""),
        ("PSChildName", name),
    ]
    if target.drive:
        found.append(("PSDrive", target.drive))
    return [*found, ("PSProvider", PROVIDER)]


def key_object(ctx: CmdletContext, target: pp.Target) -> RegistryKey:
    """A key with what the provider adds."""
    key = RegistryKey(ctx.machine, target.path)
    key.extended = PropertyBag(
        [NoteProperty(n, v) for n, v in path_properties(target)] + [NoteProperty("PSIsContainer", True)]
    )
    return key


def to_value(machine: Any, value: RegValue) -> Any:
    """A value as a script gets it."""
    data = value.data
    if value.kind == "ExpandString" and isinstance(data, str):
        return machine.expand(data)
    if isinstance(data, bytes):
        return ByteArray(data)
    if isinstance(data, tuple):
        return PSArray(list(data), STRING)
    if isinstance(data, int):
        if value.kind == "QWord":
            return Int64(data)
        # a DWord is an Int32 for .NET
        return data - (1 << 32) if data >> 31 else data
    return data


def from_value(ctx: CmdletContext, value: Any, kind: str | None, old: str | None) -> tuple[str, RegData]:
    """(kind, data) to write: the kind asked for, else the old value's, else by the value's type."""
    if kind is None:
        kind = old
    if kind is None:
        # RegistryProvider looks at the PSObject's type, which tells it nothing; what is stored is the number in it.
        value = plain(value) if isinstance(value, int) else doubted(value)
        if isinstance(value, bool) or value is None:
            kind = "String"
        elif isinstance(value, Int64):
            kind = "QWord"
        elif type(value) is int:
            kind = "DWord"
        elif isinstance(value, ByteArray):
            kind = "Binary"
        elif isinstance(value, PSArray):
            kind = "MultiString"
        else:
            kind = "String"
    if kind in ("String", "ExpandString"):
        return kind, "" if value is None else written(value)
    if kind in ("DWord", "QWord"):
        if isinstance(value, int):
            return kind, int(value)
        text = to_string(value).strip()
        if text.lstrip("-").isdigit():
            return kind, int(text)
        raise NotSimulated(f"a registry value of kind {kind} from {text!r}", ctx.line)
    if kind == "MultiString":
        items = value if isinstance(value, PSArray) else [value]
        return kind, tuple(written(item) for item in items)
    if kind == "Binary":
        if isinstance(value, PSArray):
            return kind, bytes(int(b) for b in value)
        raise NotSimulated("a binary registry value from something else than bytes", ctx.line)
    raise NotSimulated(f"registry values of kind {kind}", ctx.line)


def properties(ctx: CmdletContext, target: pp.Target, names: list[str]) -> tuple[PSCustomObject, list[str]]:
    """(the values as one object, names that were asked for and are missing)."""
    values = ctx.machine.registry.values(target.path)
    missing: list[str] = []
    items: list[tuple[str, Any]] = []
    if not names:
        items = [(v.name or "(default)", to_value(ctx.machine, v)) for v in values]
    for name in names:
        wanted = "" if name.lower() == "(default)" else name.lower()
        found = next((v for v in values if v.name.lower() == wanted), None)
        if found is None:
            missing.append(name)
        else:
            items.append((found.name or "(default)", to_value(ctx.machine, found)))
    return PSCustomObject([*items, *path_properties(target)]), missing


def new_key(ctx: CmdletContext, target: pp.Target, *, force: bool, value: Any) -> None:
    """New-Item in the registry."""
    registry = ctx.machine.registry
    parent = target.path.rpartition("\\")[0]
    if pp.exists(ctx, target):
        if not force:
            exception = DotNetException("System.IO.IOException", "A key in this path already exists.")
            ctx.error(ErrorRecord(exception, "System.IO.IOException", "ResourceExists", key_object(ctx, target)))
            return
        registry.delete(target.path)
    elif not force and not registry.exists(parent):
        exception = DotNetException(
            "System.ArgumentException", "The registry key at the specified path does not exist."
        )
        ctx.error(ErrorRecord(exception, "System.ArgumentException", "InvalidArgument", parent))
        return
    registry.create(target.path)
    if value is not None:
        kind, data = from_value(ctx, value, None, None)
        registry.set(target.path, "", kind, data)
    ctx.write(key_object(ctx, target))
