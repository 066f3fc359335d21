"""Type names to types: [int], [System.IO.File], [int[]], [System.Collections.Generic.List[string]].

``resolve`` returns None for a name it does not know (RUNTIME makes TypeNotFound of it). Tables: ``dotnet/``.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading

from fleetdeploy.lab.powershell.typesystem import ACCELERATORS, REGISTRY, PSType, define

_lock = threading.RLock()
_loaded = False
_ready = False
_generics: dict[tuple[PSType, tuple[PSType, ...]], PSType] = {}
_exceptions: dict[str, PSType] = {}
_cache: dict[str, PSType | None] = {}
ASSEMBLY = "mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089"


def load() -> None:
    """Import every table under dotnet/ once."""
    global _loaded, _ready
    if _ready:
        return
    with _lock:
        if _loaded:
            return
        _loaded = True
        from fleetdeploy.lab.powershell import dotnet, values  # noqa: F401

        for module in pkgutil.iter_modules(dotnet.__path__):
            importlib.import_module(f"{dotnet.__name__}.{module.name}")
        _ready = True


def resolve(name: str) -> PSType | None:
    """The type of a name as written between brackets, case-insensitive."""
    load()
    key = name.strip().lower()
    found = _cache.get(key)
    if found is not None:
        return found
    with _lock:
        if key not in _cache:
            _cache[key] = _resolve(key)
        return _cache[key]


def _resolve(key: str) -> PSType | None:
    from fleetdeploy.lab.powershell.values import array_type

    if key.endswith("[]"):
        element = resolve(key[:-2])
        return None if element is None else array_type(element)
    if key.endswith("]") and "[" in key:
        head, _, rest = key.partition("[")
        names = _split(rest[:-1])
        args = [resolve(part.strip("[] ") if part.startswith("[") else part) for part in names]
        if head in ("nullable", "system.nullable", "system.nullable`1"):
            return None if args[0] is None else nullable(args[0])
        definition = _plain(f"{head.split('`', 1)[0]}`{len(names)}")
        known = [arg for arg in args if arg is not None]
        return make_generic(definition, tuple(known)) if definition and len(known) == len(args) else None
    return _plain(key)


def _split(text: str) -> list[str]:
    parts: list[str] = []
    depth = 0
    piece = ""
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "," and depth == 0:
            parts.append(piece.strip())
            piece = ""
        else:
            piece += char
    parts.append(piece.strip())
    return parts


def _plain(key: str) -> PSType | None:
    key = key.split(",", 1)[0].strip()
    found = ACCELERATORS.get(key) or REGISTRY.get(key) or REGISTRY.get(f"system.{key}")
    return found


def make_generic(definition: PSType, args: tuple[PSType, ...]) -> PSType:
    """The one closed type of a definition and its arguments."""
    with _lock:
        found = _generics.get((definition, args))
        if found is None:
            inner = ",".join(f"[{arg.full_name}, {ASSEMBLY}]" for arg in args)
            found = PSType(
                f"{definition.full_name}[{inner}]",
                definition.base,
                interfaces=definition.interfaces,
                is_value_type=definition.is_value_type,
                is_interface=definition.is_interface,
                generic_definition=definition,
                generic_args=args,
            )
            _generics[(definition, args)] = found
        return found


def nullable(inner: PSType) -> PSType:
    return make_generic(REGISTRY["system.nullable`1"], (inner,))


def is_nullable(candidate: PSType) -> bool:
    return (
        candidate.generic_definition is REGISTRY.get("system.nullable`1") and candidate.generic_definition is not None
    )


def exception_type(name: str) -> PSType:
    """An exception type no table lists: a plain child of System.Exception."""
    with _lock:
        found = _exceptions.get(name)
        if found is None:
            base = REGISTRY.get("system.exception")
            found = PSType(name, base)
            _exceptions[name] = found
        return found


def closest_names() -> list[str]:
    """All full names, for messages and tests."""
    load()
    return sorted(known.full_name for known in REGISTRY.values())


_ = define
