"""ConvertTo-Json and ConvertFrom-Json as Windows PowerShell 5.1 has them.

5.1 differs from later versions in the layout, in the escapes of markup characters, in dates and number types, and
in that an array from JSON travels as one object.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.containers import DictionaryBase
from fleetdeploy.lab.powershell.objects import NoteProperty
from fleetdeploy.lab.powershell.runtime.errors import runtime_error
from fleetdeploy.lab.powershell.runtime.member_access import get_property
from fleetdeploy.lab.powershell.runtime.scope import AUTO_NULL
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.spelled import plain
from fleetdeploy.lab.powershell.values import (
    DateTime,
    EnumValue,
    Guid,
    Int64,
    PSArray,
    PSCustomObject,
    SwitchParameter,
    Version,
    type_of,
)

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_SPECIAL = re.compile("[\"\\\\<>&'\\x00-\\x1f\\x85\u2028\u2029]")
_UNIX_EPOCH_TICKS = 621355968000000000


def quote(text: str) -> str:
    if _SPECIAL.search(text) is None:
        return f'"{text}"'
    return '"' + _SPECIAL.sub(_escaped, text) + '"'


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    return _ESCAPES.get(char) or f"\\u{ord(char):04x}"


class _Writer:
    """Turns values into a tree of text, dict and list, cutting at the depth."""

    def __init__(self, ctx: CmdletContext, depth: int) -> None:
        self.ctx = ctx
        self.depth = depth

    def tree(self, value: Any, level: int) -> Any:
        """str: finished JSON text; list of (key, tree): object; tuple: array."""
        kind = type(value)
        if kind is str:
            return quote(value)
        if kind is int:
            return str(value)
        if kind is not PSCustomObject:
            simple = self._simple(value)
            if simple is not None:
                return simple
        if level > self.depth:
            return quote(
                self.ctx.interp.to_string(value) if not isinstance(value, PSCustomObject) else convert.to_string(value)
            )
        if isinstance(value, DictionaryBase):
            pairs = []
            for key, item in value.items():
                if not isinstance(key, str):
                    raise runtime_error(
                        "NonStringKeyInDictionary",
                        "InvalidOperation",
                        f"The type '{type_of(value).full_name}' is not supported for serialization or "
                        "deserialization of a dictionary. Keys must be strings.",
                        exception_type="System.InvalidOperationException",
                    )
                pairs.append((key, self.tree(item, level + 1)))
            return pairs
        if isinstance(value, PSCustomObject):
            return [
                (member.name, self.tree(self._member(value, member), level + 1))
                for member in value.members.properties()
            ]
        if is_enumerable(value):
            return tuple(self.tree(item, level + 1) for item in iterate(value))
        if isinstance(value, Version):
            names = ("Major", "Minor", "Build", "Revision")
            found = [(name, str(part)) for name, part in zip(names, value.parts, strict=True)]
            revision = value.parts[3]
            high, low = (revision >> 16, revision & 0xFFFF) if revision >= 0 else (-1, -1)
            return [*found, ("MajorRevision", str(high)), ("MinorRevision", str(low))]
        raise NotSimulated(f"ConvertTo-Json of a {type_of(value).full_name}", self.ctx.line)

    def _member(self, value: PSCustomObject, member: Any) -> Any:
        if type(member) is NoteProperty:
            return member.value
        return get_property(self.ctx.interp, value, member.name)

    def _simple(self, value: Any) -> str | None:
        if value is None or value is AUTO_NULL:
            return "null"
        if isinstance(value, (PSCustomObject, DictionaryBase, PSArray)):
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, SwitchParameter):
            return f'{{"IsPresent":{"true" if value.is_present else "false"}}}'
        if isinstance(value, str):
            return quote(value)
        if isinstance(value, EnumValue):
            return str(value.value)
        if isinstance(value, (int, float, Decimal)):
            return convert.to_string(plain(value))
        if isinstance(value, Guid):
            return quote(str(value))
        if isinstance(value, DateTime):
            if value.kind != "Utc" and value.kind != "Local" and value.kind != "Unspecified":
                raise NotSimulated("this DateTime in JSON", self.ctx.line)
            return f'"\\/Date({(value.ticks - _UNIX_EPOCH_TICKS) // 10_000})\\/"'
        if type_of(value).full_name == "System.Uri":
            return quote(convert.to_string(value))
        return None


def compact(tree: Any) -> str:
    if type(tree) is str:
        return tree
    if type(tree) is tuple:
        return "[" + ",".join([item if type(item) is str else compact(item) for item in tree]) + "]"
    pairs = [f"{quote(key)}:{item if type(item) is str else compact(item)}" for key, item in tree]
    return "{" + ",".join(pairs) + "}"


def pretty(tree: Any, column: int = 0) -> str:
    """5.1's layout: members four further in than their brace, two blanks after the colon, nested values aligned."""
    if isinstance(tree, str):
        return tree
    inner = " " * (column + 4)
    is_array = isinstance(tree, tuple)
    lines: list[str] = []
    for item in tree:
        if is_array:
            lines.append(f"{inner}{pretty(item, column + 4)}")
        else:
            head = f"{quote(item[0])}:  "
            lines.append(f"{inner}{head}{pretty(item[1], column + 4 + len(head))}")
    start, end = ("[", "]") if is_array else ("{", "}")
    body = ",\r\n".join(lines)
    return f"{start}\r\n{body}\r\n{' ' * column}{end}"


@cmdlet("ConvertTo-Json")
class ConvertToJson(Cmdlet):
    parameters = (
        Param("InputObject", "object", position=0, mandatory=True, pipeline=True, allow_null=True),
        Param("Depth", "int", default=2, validate_range=(1, 2147483647)),
        Param("Compress", "switch"),
    )

    def begin(self, ctx: CmdletContext) -> None:
        self.items: list[Any] = []
        self.piped = False

    def process(self, ctx: CmdletContext) -> None:
        self.piped = bool(getattr(ctx, "has_input", False))
        if not self.bound("InputObject"):
            return
        value = self.get("InputObject")
        if self.piped and value is None:
            return
        if self.piped and isinstance(value, PSArray):
            # An array that travels as one object is, for 5.1, an object with its value and its Count.
            value = PSCustomObject([("value", value), ("Count", len(value))])
        self.items.append(value)

    def end(self, ctx: CmdletContext) -> None:
        if not self.items:
            return
        if not self.piped and self.items[0] is None:
            ctx.write("null")
            return
        value = self.items[0] if len(self.items) == 1 else PSArray(self.items)
        # The gathered array does not count as a level of its own.
        tree = _Writer(ctx, int(self.get("Depth"))).tree(value, 0)
        ctx.write(compact(tree) if self.get("Compress") else pretty(tree))


class _Bad(ValueError):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> PSCustomObject:
    made = PSCustomObject()
    members = made.members
    for key, value in pairs:
        other = members.find(key)
        if other is not None and other.name != key:
            raise _Duplicate(other.name, key)
        members.add(NoteProperty(key, value))
    if members.find("") is not None:
        raise NotSimulated("JSON with an empty name")
    return made


class _Duplicate(Exception):
    def __init__(self, first: str, second: str) -> None:
        super().__init__(first, second)
        self.first = first
        self.second = second


def _number(text: str) -> Any:
    value = int(text)
    if -(2**31) <= value < 2**31:
        return value
    if -(2**63) <= value < 2**63:
        return Int64(value)
    return Decimal(text) if len(text.lstrip("-")) <= 28 else float(text)


def _fraction(text: str) -> Any:
    if "e" in text.lower():
        return float(text)
    return Decimal(text) if len(text.replace("-", "").replace(".", "")) <= 28 else float(text)


def _constant(text: str) -> Any:
    raise _Bad(text)


_TO_SHAPE = (list, PSCustomObject, str)


def _shape(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        return PSArray([_shape(item) for item in value])
    if kind is PSCustomObject:
        for member in value.members:
            if type(member) is NoteProperty and type(member.value) in _TO_SHAPE:
                member.value = _shape(member.value)
        return value
    if kind is str:
        if value.startswith("/Date(") and value.endswith(")/"):
            inner = value[6:-2]
            try:
                return DateTime(_UNIX_EPOCH_TICKS + int(inner) * 10_000, "Utc")
            except ValueError:
                return value
        return value
    return value


def parse_json(text: str) -> Any:
    """A JSON text as 5.1's values; raises ValueError for what is no JSON."""
    return _shape(
        json.loads(text, object_pairs_hook=_pairs, parse_int=_number, parse_float=_fraction, parse_constant=_constant)
    )


@cmdlet("ConvertFrom-Json")
class ConvertFromJson(Cmdlet):
    parameters = (Param("InputObject", "string", position=0, mandatory=True, pipeline=True, allow_empty_string=True),)

    def begin(self, ctx: CmdletContext) -> None:
        self.lines: list[str] = []

    def process(self, ctx: CmdletContext) -> None:
        self.lines.append(self.get("InputObject"))

    def end(self, ctx: CmdletContext) -> None:
        if not self.lines:
            return
        if len(self.lines) == 1:
            self._one(ctx, self.lines[0])
            return
        try:
            parse_json(self.lines[0])
        except ValueError:
            self._one(ctx, "\r\n".join(self.lines))
            return
        for line in self.lines:
            self._one(ctx, line)

    def _one(self, ctx: CmdletContext, text: str) -> None:
        if not text.strip():
            return
        try:
            value = parse_json(text)
        except _Duplicate as failure:
            ctx.fail("DuplicateKeysInJsonString", "InvalidOperation", "System.InvalidOperationException",
                     "Cannot convert the JSON string because a dictionary that was converted from the string contains "
                     f"the duplicated keys '{failure.first}' and '{failure.second}'.", terminating=True)  # fmt: skip
            return
        except ValueError:
            if "'" in text or "/*" in text or "//" in text:
                raise NotSimulated("lenient JSON", ctx.line) from None
            ctx.fail("System.ArgumentException", "NotSpecified", "System.ArgumentException",
                     f"Invalid JSON primitive: {text.strip()}.", terminating=True)  # fmt: skip
            return
        ctx.write(value)
