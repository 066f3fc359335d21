"""Numbers, characters and structs of .NET as Python values. Data only: conversion is ``convert``.

Look next: ``values`` re-exports everything; ``typesystem`` has PSType and the registry.
"""

from __future__ import annotations

import datetime as _dt
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING

from fleetdeploy.lab.powershell.typesystem import BY_CLASS, OBJECT, PSType, define

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.objects import PropertyBag


class Int64(int):
    __slots__ = ()


class Byte(int):
    __slots__ = ()


class SByte(int):
    __slots__ = ()


class Int16(int):
    __slots__ = ()


class UInt16(int):
    __slots__ = ()


class UInt32(int):
    __slots__ = ()


class UInt64(int):
    __slots__ = ()


class BigInteger(int):
    __slots__ = ()


class Single(float):
    __slots__ = ()


class Char(str):
    """One UTF-16 unit. A str for Python: test for Char before str."""

    __slots__ = ()


class ExtendedStr(str):
    """A string that carries extended properties (Add-Member -PassThru on a string)."""

    extended: PropertyBag | None = None
    type_names: list[str] | None = None


_COMPARABLE = ("System.IComparable", "System.IFormattable", "System.IConvertible")
BOOLEAN = define("System.Boolean", aliases=("bool",), py=bool, value=True, interfaces=_COMPARABLE)
INT32 = define("System.Int32", aliases=("int", "int32"), py=int, value=True, interfaces=_COMPARABLE)
INT64 = define("System.Int64", aliases=("long", "int64"), py=Int64, value=True, interfaces=_COMPARABLE)
BYTE = define("System.Byte", aliases=("byte",), py=Byte, value=True, interfaces=_COMPARABLE)
SBYTE = define("System.SByte", aliases=("sbyte",), py=SByte, value=True, interfaces=_COMPARABLE)
INT16 = define("System.Int16", aliases=("int16",), py=Int16, value=True, interfaces=_COMPARABLE)
UINT16 = define("System.UInt16", aliases=("uint16",), py=UInt16, value=True, interfaces=_COMPARABLE)
UINT32 = define("System.UInt32", aliases=("uint32",), py=UInt32, value=True, interfaces=_COMPARABLE)
UINT64 = define("System.UInt64", aliases=("uint64",), py=UInt64, value=True, interfaces=_COMPARABLE)
BIGINTEGER = define(
    "System.Numerics.BigInteger", aliases=("bigint",), py=BigInteger, value=True, interfaces=("System.IComparable",)
)
SINGLE = define("System.Single", aliases=("float", "single"), py=Single, value=True, interfaces=_COMPARABLE)
DOUBLE = define("System.Double", aliases=("double",), py=float, value=True, interfaces=_COMPARABLE)
DECIMAL = define("System.Decimal", aliases=("decimal",), py=Decimal, value=True, interfaces=_COMPARABLE)
CHAR = define("System.Char", aliases=("char",), py=Char, value=True, interfaces=_COMPARABLE)
STRING = define(
    "System.String",
    aliases=("string",),
    py=str,
    interfaces=(
        "System.IComparable",
        "System.ICloneable",
        "System.IConvertible",
        "System.Collections.IEnumerable",
        "System.Collections.Generic.IEnumerable`1",
    ),
)
BY_CLASS[ExtendedStr] = STRING
VOID = define("System.Void", aliases=("void",), value=True)

INTEGER_RANGES: dict[PSType, tuple[int, int]] = {
    INT32: (-(2**31), 2**31 - 1),
    INT64: (-(2**63), 2**63 - 1),
    BYTE: (0, 255),
    SBYTE: (-128, 127),
    INT16: (-(2**15), 2**15 - 1),
    UINT16: (0, 2**16 - 1),
    UINT32: (0, 2**32 - 1),
    UINT64: (0, 2**64 - 1),
}


class NetObject:
    """Base of every value that is an object for .NET: may carry extended (PowerShell) properties and type names."""

    extended: PropertyBag | None = None
    type_names: list[str] | None = None

    @property
    def net_type(self) -> PSType:
        for cls in type(self).__mro__:
            if cls in BY_CLASS:
                return BY_CLASS[cls]
        return OBJECT


class Guid:
    __slots__ = ("uuid",)

    def __init__(self, value: uuid.UUID) -> None:
        self.uuid = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guid) and other.uuid == self.uuid

    def __hash__(self) -> int:
        return hash(self.uuid)

    def __str__(self) -> str:
        return str(self.uuid)


class Version(NetObject):
    """System.Version: parts that are not there are -1."""

    __slots__ = ("parts",)

    def __init__(self, *parts: int) -> None:
        self.parts = tuple(parts) + (-1,) * (4 - len(parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and other.parts == self.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.parts if part >= 0)


TICKS_PER_SECOND = 10_000_000
_EPOCH = _dt.datetime(1, 1, 1)


class TimeSpan:
    """Ticks of 100 ns."""

    __slots__ = ("ticks",)

    def __init__(self, ticks: int) -> None:
        self.ticks = ticks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeSpan) and other.ticks == self.ticks

    def __hash__(self) -> int:
        return hash(self.ticks)

    def __repr__(self) -> str:
        return f"TimeSpan({self.ticks})"


class DateTime:
    """Ticks since 0001-01-01 and a kind ('Unspecified', 'Utc', 'Local'); comparison ignores the kind."""

    __slots__ = ("kind", "ticks")

    def __init__(self, ticks: int, kind: str = "Unspecified") -> None:
        self.ticks = ticks
        self.kind = kind

    @classmethod
    def from_parts(cls, *parts: int, ticks: int = 0, kind: str = "Unspecified") -> DateTime:
        """Year, month, day, hour, minute, second; raises ValueError where the calendar does."""
        moment = _dt.datetime(*(list(parts) + [1] * max(0, 3 - len(parts))))  # type: ignore[arg-type]
        delta = moment - _EPOCH
        return cls((delta.days * 86400 + delta.seconds) * TICKS_PER_SECOND + ticks, kind)

    @classmethod
    def from_unix(cls, seconds: float, kind: str = "Utc") -> DateTime:
        return cls(621355968000000000 + round(seconds * TICKS_PER_SECOND), kind)

    def to_unix(self) -> float:
        return (self.ticks - 621355968000000000) / TICKS_PER_SECOND

    @property
    def py(self) -> _dt.datetime:
        """As a naive Python datetime (microseconds, so the last digit of the ticks is lost)."""
        return _EPOCH + _dt.timedelta(microseconds=self.ticks // 10)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTime) and other.ticks == self.ticks

    def __hash__(self) -> int:
        return hash(self.ticks)

    def __repr__(self) -> str:
        return f"DateTime({self.ticks}, {self.kind})"


class DateTimeOffset:
    """Local clock ticks and the offset in minutes."""

    __slots__ = ("offset", "ticks")

    def __init__(self, ticks: int, offset: int = 0) -> None:
        self.ticks = ticks
        self.offset = offset

    @property
    def utc_ticks(self) -> int:
        return self.ticks - self.offset * 60 * TICKS_PER_SECOND

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTimeOffset) and other.utc_ticks == self.utc_ticks

    def __hash__(self) -> int:
        return hash(self.utc_ticks)


_STRUCT = ("System.IComparable", "System.IFormattable")
GUID = define("System.Guid", aliases=("guid",), py=Guid, value=True, interfaces=_STRUCT)
VERSION = define("System.Version", aliases=("version",), py=Version, interfaces=("System.IComparable",))
TIMESPAN = define("System.TimeSpan", aliases=("timespan",), py=TimeSpan, value=True, interfaces=_STRUCT)
DATETIME = define(
    "System.DateTime", aliases=("datetime",), py=DateTime, value=True, interfaces=(*_STRUCT, "System.IConvertible")
)
DATETIMEOFFSET = define("System.DateTimeOffset", py=DateTimeOffset, value=True, interfaces=_STRUCT)
