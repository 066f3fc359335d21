"""CLIXML: values as Windows PowerShell writes them to the wire. Values that arrive: ``clixml_reading``.

``to_element`` writes a lab value as XML (no reference ids: each object is written where it stands); ``to_clixml``
is the document around it; ``to_psrp`` is what the protocol sends. Known containers, primitives and custom objects are
written whole; other .NET objects with their properties to ``depth`` and as text below, as remoting does. Errors are
in ``clixml_errors``. A value whose form is not known is NotSimulated.
"""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, members, types
from fleetdeploy.lab.powershell.spelled import Spelled
from fleetdeploy.lab.powershell.values import (
    MISSING,
    TICKS_PER_SECOND,
    BigInteger,
    Byte,
    ByteArray,
    Char,
    DateTime,
    DictionaryBase,
    DotNetException,
    EnumValue,
    ErrorRecord,
    ExtendedStr,
    Guid,
    HashSet,
    Int16,
    Int64,
    KeyCollection,
    ListBase,
    NetError,
    NoteProperty,
    PSArray,
    PSCustomObject,
    PSRuntimeError,
    PSType,
    Queue,
    SByte,
    SecureString,
    Single,
    Stack,
    TimeSpan,
    UInt16,
    UInt32,
    UInt64,
    Version,
    type_names_of,
    type_of,
)

REMOTING_DEPTH = 1
MAX_NESTING = 50
NAMESPACE = "http://schemas.microsoft.com/powershell/2004/04"

_ESCAPED = re.compile("_(?=[xX][0-9A-Fa-f]{4}_)|[\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class WireValue:
    """A value ready to be sent: its CLIXML element."""

    element: ET.Element


def to_psrp(value: Any) -> Any:
    """What the protocol sends of a value; None stays None (PSRP sends nothing at all for $null)."""
    return None if value is None else WireValue(number(to_element(value)))


def to_clixml(value: Any, depth: int = 2) -> str:
    """A whole document with one object."""
    root = ET.Element("Objs", {"Version": "1.1.0.1", "xmlns": NAMESPACE})
    root.append(number(to_element(value, depth)))
    return ET.tostring(root, encoding="unicode")


def number(root: ET.Element) -> ET.Element:
    """Give every object and every list of type names its own reference id."""
    objects = names = 0
    for node in root.iter():
        if node.tag == "Obj":
            node.set("RefId", str(objects))
            objects += 1
        elif node.tag == "TN":
            node.set("RefId", str(names))
            names += 1
    return root


def escape(text: str) -> str:
    """Characters that XML or the serialiser cannot carry as ``_xHHHH_``, in UTF-16 units."""

    def replace(match: re.Match[str]) -> str:
        units = match[0].encode("utf-16-be", "surrogatepass")
        return "".join(f"_x{units[at]:02X}{units[at + 1]:02X}_" for at in range(0, len(units), 2))

    return _ESCAPED.sub(replace, text)


def element(tag: str, text: str | None = None, name: str = "") -> ET.Element:
    made = ET.Element(tag, {"N": escape(name)} if name else {})
    made.text = text
    return made


def named(made: ET.Element, name: str) -> ET.Element:
    made.set("N", escape(name))
    return made


# -- writing ------------------------------------------------------------------------------------------------------
def to_element(value: Any, depth: int = REMOTING_DEPTH, nesting: int = 0) -> ET.Element:
    if nesting > MAX_NESTING:
        raise NotSimulated("CLIXML of an object nested this deep")
    if value is None:
        return element("Nil")
    if isinstance(value, Spelled):
        # InternalSerializer.WritePrimitiveTypePSObjectWithNotes: no type names, the text, then the number.
        made = element("Obj")
        made.append(element("ToString", escape(convert.written(value))))
        made.append(to_element(value.plain))
        return made
    primitive = _primitive(value)
    if primitive is not None:
        return primitive
    if isinstance(value, ErrorRecord):
        from fleetdeploy.lab.powershell.clixml_errors import error_element

        return error_element(value)
    if isinstance(value, EnumValue):
        made = typed(type_names_of(value), value.name)
        made.append(element("I32", str(value.value)))
        return made
    container = _container(value, depth, nesting)
    if container is not None:
        return container
    return _object(value, depth, nesting)


def _primitive(value: Any) -> ET.Element | None:
    if isinstance(value, ExtendedStr) and value.extended is not None and len(value.extended):
        return None
    for kinds, tag, text in _PRIMITIVES:
        if isinstance(value, kinds):
            return element(tag, text(value))
    return None


def _float_text(value: float, digits: int = 17) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "INF" if value > 0 else "-INF"
    text = repr(float(value))
    mantissa, _, exponent = text.partition("e")
    if not exponent and abs(value) >= 1e15:
        mantissa, _, exponent = f"{value:.16e}".partition("e")
        mantissa = mantissa.rstrip("0")
    mantissa = mantissa.removesuffix(".0").removesuffix(".")
    return f"{mantissa}E{exponent[0]}{exponent[1:].lstrip('0').rjust(2, '0')}" if exponent else mantissa


def _single_text(value: float) -> str:
    return _float_text(float(f"{value:.7g}"))


def duration_text(value: TimeSpan) -> str:
    sign, ticks = ("-", -value.ticks) if value.ticks < 0 else ("", value.ticks)
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    part = f".{fraction:07d}".rstrip("0") if fraction else ""
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M")) if number)
    if seconds or part or not (days or clock):
        clock += f"{seconds}{part}S"
    return f"{sign}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def date_text(value: DateTime) -> str:
    """Round-trip form; the simulated hosts' local time is UTC."""
    fraction = value.ticks % TICKS_PER_SECOND
    part = f".{fraction:07d}".rstrip("0") if fraction else ""
    zone = {"Utc": "Z", "Local": "+00:00"}.get(value.kind, "")
    return f"{value.py:%Y-%m-%dT%H:%M:%S}".zfill(19) + part + zone


def _plain(value: Any) -> str:
    return str(int(value))


_PRIMITIVES: tuple[tuple[Any, str, Callable[[Any], str]], ...] = (
    (bool, "B", lambda value: "true" if value else "false"),
    (Char, "C", lambda value: str(ord(value))),
    (str, "S", escape),
    (Byte, "By", _plain),
    (SByte, "SB", _plain),
    (Int16, "I16", _plain),
    (UInt16, "U16", _plain),
    (UInt32, "U32", _plain),
    (Int64, "I64", _plain),
    (UInt64, "U64", _plain),
    (Single, "Sg", _single_text),
    (float, "Db", _float_text),
    (Decimal, "D", lambda value: format(value, "f")),
    (DateTime, "DT", date_text),
    (TimeSpan, "TS", duration_text),
    (Guid, "G", str),
    (Version, "Version", str),
    (ByteArray, "BA", lambda value: base64.b64encode(value.data).decode("ascii")),
)


def typed(names: Iterable[str], text: str | None = None) -> ET.Element:
    """An Obj with its type names and string form."""
    made = ET.Element("Obj", {"RefId": "0"})
    tn = ET.SubElement(made, "TN", {"RefId": "0"})
    for name in names:
        ET.SubElement(tn, "T").text = name
    if text is not None:
        ET.SubElement(made, "ToString").text = escape(text)
    return made


def _container(value: Any, depth: int, nesting: int) -> ET.Element | None:
    if isinstance(value, DictionaryBase):
        made = typed(type_names_of(value))
        table = ET.SubElement(made, "DCT")
        for key, item in value.items():
            entry = ET.SubElement(table, "En")
            entry.append(named(to_element(key, depth, nesting + 1), "Key"))
            entry.append(named(to_element(item, depth, nesting + 1), "Value"))
    elif isinstance(value, (PSArray, ListBase, HashSet, KeyCollection)):
        tag = "LST"
        if isinstance(value, (HashSet, KeyCollection)):
            tag = "IE"
        elif isinstance(value, Stack):
            tag = "STK"
        elif isinstance(value, Queue):
            tag = "QUE"
        made = typed(type_names_of(value))
        items = ET.SubElement(made, tag)
        items.extend(to_element(item, depth, nesting + 1) for item in value)
    else:
        return None
    _extended(made, value, depth, nesting)
    return made


def _extended(made: ET.Element, value: Any, depth: int, nesting: int) -> None:
    """Members added by PowerShell."""
    bag = members.bag_of(value)
    if bag is None or not len(bag.properties()):
        return
    own = ET.SubElement(made, "MS")
    for member in bag.properties():
        held = member.value if isinstance(member, NoteProperty) else _read(value, member.name)
        # a bag's own members are as deep as the bag: only .NET objects count
        own.append(named(to_element(held, depth, nesting + 1), member.name))


def _read(value: Any, name: str) -> Any:
    """A property, or None if its getter fails: the serialiser leaves such out of sight."""
    try:
        held = members.get_member(value, name)
    except (PSRuntimeError, NetError):
        return None
    return None if held is MISSING else held


def _object(value: Any, depth: int, nesting: int) -> ET.Element:
    if isinstance(value, PSCustomObject):
        text = value.to_string_value
        made = typed(type_names_of(value), text)
        _extended(made, value, depth, nesting)
        return made
    if isinstance(value, ExtendedStr):
        made = ET.Element("Obj", {"RefId": "0"})
        made.append(element("S", escape(str(value))))
        _extended(made, value, depth, nesting)
        return made
    if isinstance(value, (int, BigInteger)):
        if isinstance(value, BigInteger):
            raise NotSimulated("CLIXML of [bigint]")
        return element("I32", str(value))
    text_of_block = getattr(value, "text", None)
    if isinstance(text_of_block, str) and hasattr(value, "invoke_delegate"):
        return element("SBK", escape(text_of_block))
    if isinstance(value, SecureString):
        raise NotSimulated("a SecureString as output")
    if isinstance(value, PSType):
        raise NotSimulated("a type object as output")
    full_name = type_of(value).full_name
    if full_name == "System.Uri":
        return element("URI", escape(convert.to_string(value)))
    if full_name == "System.Xml.XmlDocument":
        return element("XD", escape(str(_read(value, "OuterXml"))))
    if full_name == "System.Management.Automation.HostInformationMessage":
        made = typed(type_names_of(value), value.message)
        props = ET.SubElement(made, "Props")
        props.append(element("S", escape(value.message), "Message"))
        props.append(named(to_element(value.no_newline), "NoNewLine"))
        props.extend(element("Nil", None, name) for name in ("ForegroundColor", "BackgroundColor"))
        return made
    if depth <= 0:
        return element("S", escape(convert.to_string(value)))
    if isinstance(value, DotNetException):
        from fleetdeploy.lab.powershell.clixml_errors import exception_element

        return exception_element(value)
    made = typed(type_names_of(value), convert.to_string(value))
    props = ET.SubElement(made, "Props")
    for name in _property_names(value):
        props.append(named(to_element(_read(value, name), depth - 1, nesting + 1), name))
    _extended(made, value, depth, nesting)
    return made


def _property_names(value: Any) -> list[str]:
    types.load()
    seen: dict[str, str] = {}
    for kind in type_of(value).ancestry():
        for key, prop in kind.properties.items():
            seen.setdefault(key, prop.name)
    if not seen:
        for name in getattr(value, "properties", None) or {}:
            seen.setdefault(str(name).lower(), str(name))
    return list(seen.values())
