"""The text that shows where an error stands: ``$_.InvocationInfo.PositionMessage``. Nothing else.

The form is that of Windows PowerShell 5.1 (engine/parser/Position.cs, PositionUtilities.VerboseMessage): the line, at
most 69 characters of it around the error, and the error underlined.
"""

from __future__ import annotations

from typing import Any

MAX_LINE = 69
"""80 columns less "+ ", "... " before, " ..." after, and one, so that nothing wraps."""
_PREFIX, _SUFFIX = 12, 8
NEWLINE = "\r\n"


def position_message(info: Any) -> str:
    """``info`` is an InvocationInfo; empty where it has no place in a script."""
    if not info.line:
        return ""
    head = f"At {info.script_name or 'line'}:{info.line} char:{info.column}"
    shown = underlined(info.line_text, info.column, info.position_text)
    return f"{head}{NEWLINE}+ {shown}" if shown else f"{head}{NEWLINE}+ "


def underlined(line: str, column: int, extent: str) -> str:
    """The line, shortened around the error, and under it as many ~ as are shown of the error.

    Args:
        column: 1-based, where the error begins.
        extent: the whole text of the statement; only its part on this line is marked.
    """
    source = line.rstrip()
    if not source:
        return ""
    before = max(column - 1, 0)
    one_line = "\n" not in extent and before + len(extent) <= len(source)
    length = len(extent) if one_line else len(source) - before
    if "\t" in source:
        parts = source[:before], source[before : before + length], source[before + length :]
        first, second, third = (part.replace("\t", "    ") for part in parts)
        before, length, source = len(first), len(second), first + second + third
    dots_before = dots_after = False
    if len(source) > MAX_LINE:
        prefix, rest = min(before, _PREFIX), len(source) - length - before
        suffix = min(rest, _SUFFIX)
        candidate = prefix + length + suffix
        if candidate >= MAX_LINE:
            length = min(length, MAX_LINE - prefix)
            dots_after = True
        else:
            if before > prefix:
                prefix += min(before - prefix, MAX_LINE - candidate)
                candidate = prefix + length + suffix
            if candidate < MAX_LINE and rest > 0:
                suffix += min(rest, MAX_LINE - candidate)
            dots_after = suffix < rest
        dots_before = prefix < before
        start = max(before - prefix, 0)
        source = source[start : start + MAX_LINE]
        before = min(before, prefix)
        length = min(length, MAX_LINE - before)
    shown = f"{'... ' if dots_before else ''}{source}{' ...' if dots_after else ''}"
    return f"{shown}{NEWLINE}+ {' ' * (before + (4 if dots_before else 0))}{'~' * max(length, 1)}"
