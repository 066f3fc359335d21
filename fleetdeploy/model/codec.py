"""Dataclasses to plain JSON values and back, by their annotations: how plans lie in the journal.

Rows must be readable by an operator and safe to load, so no pickle. It knows what the model uses (dataclasses, enums,
tuples, mappings, unions, literals) and refuses the rest; a ``Secret`` has no plain form on purpose.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from fleetdeploy.model.secret import SecretRef

T = TypeVar("T")
_PLAIN = (str, int, float, bool, type(None))


def to_plain(value: Any) -> Any:
    """JSON-ready form of a model value.

    Raises:
        TypeError: the value has no plain form.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, SecretRef):
        return str(value)
    if isinstance(value, _PLAIN):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list, frozenset, set)):
        items = sorted(value) if isinstance(value, (frozenset, set)) else value
        return [to_plain(v) for v in items]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], data: Any) -> T:
    """The value of type ``kind`` whose ``to_plain`` is ``data``.

    Raises:
        ValueError: ``data`` does not fit.
    """
    return cast(T, _read(kind, data))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any) -> Any:
    if kind is Any:
        return data
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read_union(args, data)
    if origin is Literal:
        if data not in args:
            raise ValueError(f"{data!r} is none of {args}")
        return data
    if origin is tuple:
        return _read_tuple(args, data)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise ValueError(f"expected an object, got {data!r}")
        return {k: _read(args[1], v) for k, v in data.items()}
    if isinstance(kind, type):
        return _read_class(kind, data)
    raise ValueError(f"cannot read {kind!r}")


def _read_class(kind: type, data: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(data)
    if kind is SecretRef:
        if not isinstance(data, str) or ":" not in data:
            raise ValueError(f"{data!r} is no secret reference")
        return SecretRef(*data.split(":", 1))
    if dataclasses.is_dataclass(kind):
        if not isinstance(data, dict):
            raise ValueError(f"expected an object for {kind.__name__}, got {data!r}")
        hints, names = _hints(kind), {f.name for f in dataclasses.fields(kind)}
        unknown = set(data) - names
        if unknown:
            raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        return kind(**{name: _read(hints[name], value) for name, value in data.items()})
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if kind in (str, int, float, bool, type(None)) and type(data) is kind:
        return data
    raise ValueError(f"expected {kind.__name__}, got {data!r}")


def _read_tuple(args: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ValueError(f"expected a list, got {data!r}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_read(args[0], v) for v in data)
    if len(args) != len(data):
        raise ValueError(f"expected {len(args)} values, got {len(data)}")
    return tuple(_read(a, v) for a, v in zip(args, data, strict=True))


def _read_union(args: tuple[Any, ...], data: Any) -> Any:
    """First member that fits; dataclasses refuse unknown fields and wrong literals, so ``kind`` tells them apart."""
    for member in args:
        if (member is type(None)) != (data is None):
            continue
        try:
            return _read(member, data)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{data!r} fits none of {args}")
