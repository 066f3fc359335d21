"""CLIXML to values: what a client sends, as psrpcore has read it. Writing: ``clixml``."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, types
from fleetdeploy.lab.powershell.values import (
    OBJECT,
    TICKS_PER_SECOND,
    ArrayList,
    Byte,
    ByteArray,
    Char,
    DateTime,
    Guid,
    Hashtable,
    Int16,
    Int64,
    PSArray,
    PSCustomObject,
    SByte,
    SecureString,
    Single,
    TimeSpan,
    UInt16,
    UInt32,
    UInt64,
    Version,
)


def from_psrp(value: Any) -> Any:
    """A lab value of what psrpcore has deserialised (parameters, pipeline input)."""
    import psrpcore.types as wire

    if value is None or isinstance(value, bool):
        return value
    readers: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
        (wire.PSByteArray, lambda v: ByteArray(bytearray(v))),
        (wire.PSChar, lambda v: Char(chr(int(v)))),
        (wire.PSByte, Byte),
        (wire.PSSByte, SByte),
        (wire.PSInt16, Int16),
        (wire.PSUInt16, UInt16),
        (wire.PSUInt, UInt32),
        (wire.PSUInt64, UInt64),
        (wire.PSInt64, Int64),
        (wire.PSInt, int),
        (wire.PSSingle, Single),
        (wire.PSDouble, float),
        (wire.PSDecimal, Decimal),
        (wire.PSVersion, lambda v: Version(*(int(part) for part in str(v).split(".")))),
        (wire.PSGuid, lambda v: Guid(uuid.UUID(str(v)))),
        (wire.PSDateTime, _date),
        (wire.PSDuration, _duration),
        (wire.PSSecureString, lambda v: SecureString(str(v.decrypt()))),
        (wire.PSCredential, _credential),
        (wire.PSUri, lambda v: convert.to_type(str(v), types.resolve("uri") or OBJECT)),
        ((wire.PSXml, wire.PSScriptBlock), _unknown),
        (wire.PSString, str),
        (wire.PSDict, lambda v: Hashtable([(from_psrp(key), from_psrp(item)) for key, item in v.items()])),
        (wire.PSStack, _unknown),
        (wire.PSQueue, _unknown),
    )
    for kind, make in readers:
        if isinstance(value, kind):
            return make(value)
    if isinstance(value, (bytes, bytearray)):
        return ByteArray(bytearray(value))
    if isinstance(value, list):
        items = [from_psrp(item) for item in value]
        names = getattr(getattr(value, "PSObject", None), "type_names", [])
        # an array that comes back is an ArrayList of a Deserialized type on a real host
        return PSArray(items) if names and names[0].endswith("[]") else ArrayList(items)
    if isinstance(value, dict):
        return Hashtable([(from_psrp(key), from_psrp(item)) for key, item in value.items()])
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    meta = getattr(value, "PSObject", None)
    if meta is None:
        return _unknown(value)
    properties = [*meta.adapted_properties, *meta.extended_properties]
    made = PSCustomObject([(p.name, from_psrp(p.get_value(value))) for p in properties], meta.type_names or None)
    made.to_string_value = meta.to_string
    return made


def _unknown(value: Any) -> Any:
    raise NotSimulated(f"a {type(value).__name__} from the client")


def _date(value: Any) -> DateTime:
    naive = value.replace(tzinfo=None)
    ticks = DateTime.from_parts(naive.year, naive.month, naive.day, naive.hour, naive.minute, naive.second).ticks
    ticks += naive.microsecond * 10 + int(getattr(value, "nanosecond", 0)) // 100
    offset = value.utcoffset()
    if offset is None:
        return DateTime(ticks)
    return DateTime(ticks - int(offset.total_seconds()) * TICKS_PER_SECOND, "Utc" if not offset else "Local")


def _duration(value: Any) -> TimeSpan:
    ticks = (value.days * 86400 + value.seconds) * TICKS_PER_SECOND + value.microseconds * 10
    return TimeSpan(ticks + int(getattr(value, "nanoseconds", 0)) // 100)


def _credential(value: Any) -> Any:
    from fleetdeploy.lab.powershell.values import PSCredential

    return PSCredential(str(value.UserName), SecureString(str(value.Password.decrypt())))
