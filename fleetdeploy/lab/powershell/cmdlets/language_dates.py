"""Get-Date and New-TimeSpan: the host's clock, parts of a date replaced, -Format and -UFormat."""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import method_calls, types
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.values import DateTime, TimeSpan

# Letters of -UFormat and what 5.1 makes of them; others are refused (their results changed between versions).
_UNIX = {
    "A": "dddd", "a": "ddd", "B": "MMMM", "b": "MMM", "h": "MMM", "D": "MM/dd/yy", "d": "dd", "H": "HH", "I": "hh",
    "M": "mm", "m": "MM", "p": "tt", "R": "HH:mm", "r": "hh:mm:ss tt", "S": "ss", "T": "HH:mm:ss", "Y": "yyyy",
    "y": "yy",
}  # fmt: skip
_FILE_FORMATS = {
    "filedate": "yyyyMMdd",
    "filedateuniversal": "yyyyMMdd'Z'",
    "filedatetime": "yyyyMMdd'T'HHmmssffff",
    "filedatetimeuniversal": "yyyyMMdd'T'HHmmssffff'Z'",
}
_UNIX_TEXT = {"n": "\n", "t": "\t", "%": "%"}


def unix_format(value: DateTime, text: str, ctx: CmdletContext) -> str:
    """-UFormat: `%Y-%m-%d`; a + in front is dropped."""

    def part(match: re.Match[str]) -> str:
        letter = match[1]
        if letter in _UNIX_TEXT:
            return _UNIX_TEXT[letter]
        if letter not in _UNIX:
            raise NotSimulated(f"Get-Date -UFormat with %{letter}", ctx.line)
        made: Any = method_calls.invoke(value, "ToString", [_UNIX[letter]], ctx.machine)
        return str(made)

    return re.sub(r"%(.)", part, text.removeprefix("+"), flags=re.DOTALL)


def now_of(ctx: CmdletContext) -> DateTime:
    """The host's clock, in its own time zone (UTC in the lab)."""
    kind = types.resolve("datetime")
    value = method_calls.get_static(kind, "Now", ctx.machine) if kind is not None else None
    if not isinstance(value, DateTime):
        raise NotSimulated("the clock", ctx.line)
    return value


@cmdlet("Get-Date")
class GetDate(Cmdlet):
    parameters = (
        Param("Date", "datetime", position=0, pipeline=True, by_property=True, aliases=("LastWriteTime",)),
        Param("Format", "string"),
        Param("UFormat", "string"),
        Param("Year", "int"),
        Param("Month", "int", validate_range=(1, 12)),
        Param("Day", "int", validate_range=(1, 31)),
        Param("Hour", "int", validate_range=(0, 23)),
        Param("Minute", "int", validate_range=(0, 59)),
        Param("Second", "int", validate_range=(0, 59)),
        Param("Millisecond", "int", validate_range=(0, 999)),
        Param("DisplayHint", unsupported=True),
    )

    def process(self, ctx: CmdletContext) -> None:
        value: DateTime = self.get("Date") or now_of(ctx)
        parts = value.py
        changed = {
            name.lower(): self.get(name)
            for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")
            if self.bound(name)
        }
        if self.bound("Millisecond"):
            changed["microsecond"] = self.get("Millisecond") * 1000
        if changed:
            moved = parts.replace(**changed)
            delta = moved - parts
            ticks = (delta.days * 86400 + delta.seconds) * 10_000_000 + delta.microseconds * 10
            value = DateTime(value.ticks + ticks, value.kind)
        if self.bound("Format"):
            text = self.get("Format")
            if text.lower() in _FILE_FORMATS:
                if ctx.runspace.version != "5.1":
                    raise NotSimulated(f"Get-Date -Format {text} before 5.0", ctx.line)
                text = _FILE_FORMATS[text.lower()]
                if text.endswith("Z'"):
                    value = method_calls.invoke(value, "ToUniversalTime", [], ctx.machine)
            ctx.write(method_calls.invoke(value, "ToString", [text], ctx.machine))
            return
        if self.bound("UFormat"):
            ctx.write(unix_format(value, self.get("UFormat"), ctx))
            return
        ctx.write(value)


@cmdlet("New-TimeSpan")
class NewTimeSpan(Cmdlet):
    default_set = "Date"
    parameters = (
        Param(
            "Start", "datetime", position=0, pipeline=True, by_property=True, sets=("Date",), aliases=("LastWriteTime",)
        ),
        Param("End", "datetime", position=1, by_property=True, sets=("Date",)),
        Param("Days", "int", sets=("Time",), default=0),
        Param("Hours", "int", sets=("Time",), default=0),
        Param("Minutes", "int", sets=("Time",), default=0),
        Param("Seconds", "int", sets=("Time",), default=0),
    )

    def process(self, ctx: CmdletContext) -> None:
        if self.bound("Start") or self.bound("End"):
            now = now_of(ctx)
            start = self.get("Start") or now
            end = self.get("End") or now
            ctx.write(TimeSpan(end.ticks - start.ticks))
            return
        seconds = ((self.get("Days") * 24 + self.get("Hours")) * 60 + self.get("Minutes")) * 60 + self.get("Seconds")
        ctx.write(TimeSpan(seconds * 10_000_000))
