"""The registry of one simulated host: keys and typed values below HKLM, HKU and HKCU.

Decides names (without case, kept as written) and value kinds. Must not interpret: the service control manager writes
its configuration here and reads it back at boot (``scm_registry.py``). Missing keys read as None or raise KeyError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock

HIVES = {
    "hklm": "HKEY_LOCAL_MACHINE",
    "hkey_local_machine": "HKEY_LOCAL_MACHINE",
    "hkcu": "HKEY_CURRENT_USER",
    "hkey_current_user": "HKEY_CURRENT_USER",
    "hku": "HKEY_USERS",
    "hkey_users": "HKEY_USERS",
    "hkcr": "HKEY_CLASSES_ROOT",
    "hkey_classes_root": "HKEY_CLASSES_ROOT",
}
KINDS = ("String", "ExpandString", "Binary", "DWord", "MultiString", "QWord")

RegData = str | int | bytes | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegValue:
    """One value: ``kind`` as in RegistryValueKind; data is str, int, bytes or a tuple of str (MultiString)."""

    name: str
    kind: str
    data: RegData


@dataclass(slots=True, eq=False)
class RegKey:
    """One key: sub-keys and values by lower-case name."""

    name: str
    keys: dict[str, RegKey] = field(default_factory=dict)
    values: dict[str, RegValue] = field(default_factory=dict)


def split(path: str) -> list[str]:
    """``HKLM:\\A\\B`` or ``HKEY_LOCAL_MACHINE\\A\\B`` as parts, hive first with its full name."""
    hive, _, rest = path.replace("/", "\\").partition("\\")
    full = HIVES.get(hive.rstrip(":").lower())
    if full is None:
        raise KeyError(path)
    return [full, *(p for p in rest.split("\\") if p)]


class Registry:
    """All hives. ``path`` may begin with HKLM, HKLM: or the hive's full name."""

    def __init__(self, lock: RLock, check_power: Callable[[], None] = lambda: None) -> None:
        self._lock = lock
        self._check_power = check_power
        self._hives = {name: RegKey(name) for name in dict.fromkeys(HIVES.values())}

    def key(self, path: str) -> RegKey | None:
        self._check_power()
        with self._lock:
            hive, *parts = split(path)
            node: RegKey | None = self._hives[hive]
            for part in parts:
                node = node.keys.get(part.lower()) if node else None
            return node

    def exists(self, path: str) -> bool:
        return self.key(path) is not None

    def create(self, path: str) -> RegKey:
        """The key, made with all its parents if need be."""
        self._check_power()
        with self._lock:
            hive, *parts = split(path)
            node = self._hives[hive]
            for part in parts:
                node = node.keys.setdefault(part.lower(), RegKey(part))
            return node

    def delete(self, path: str) -> None:
        """Delete a key with all below; KeyError if it is not there."""
        with self._lock:
            parent, _, name = path.rstrip("\\").rpartition("\\")
            node = self.key(parent)
            if node is None or name.lower() not in node.keys:
                raise KeyError(path)
            del node.keys[name.lower()]

    def get(self, path: str, name: str) -> RegValue | None:
        with self._lock:
            node = self.key(path)
            return None if node is None else node.values.get(name.lower())

    def set(self, path: str, name: str, kind: str, data: RegData) -> None:
        """Write a value; the key is made if need be.."""
        if kind not in KINDS:
            raise ValueError(kind)
        if kind == "DWord" and isinstance(data, int):
            data &= 0xFFFFFFFF
        with self._lock:
            node = self.create(path)
            old = node.values.get(name.lower())
            node.values[name.lower()] = RegValue(old.name if old else name, kind, data)

    def delete_value(self, path: str, name: str) -> None:
        """KeyError if key or value is not there."""
        with self._lock:
            node = self.key(path)
            if node is None or name.lower() not in node.values:
                raise KeyError(name)
            del node.values[name.lower()]

    def subkeys(self, path: str) -> list[str]:
        """Names of the sub-keys, sorted; KeyError if the key is not there."""
        with self._lock:
            node = self.key(path)
            if node is None:
                raise KeyError(path)
            return sorted((k.name for k in node.keys.values()), key=str.upper)

    def values(self, path: str) -> list[RegValue]:
        """The values in the order they were made; KeyError if the key is not there."""
        with self._lock:
            node = self.key(path)
            if node is None:
                raise KeyError(path)
            return list(node.values.values())
