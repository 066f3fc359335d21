"""PowerShell wildcards (-like, cmdlet names and paths): * ? [a-c] and the backtick that makes them literal."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=512)
def compile_wildcard(pattern: str, ignore_case: bool = True) -> re.Pattern[str]:
    """A pattern for ``fullmatch``; an unclosed bracket raises ValueError (WildcardPatternException)."""
    out = ""
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "`" and at < len(pattern):
            out += re.escape(pattern[at])
            at += 1
        elif char == "*":
            out += ".*"
        elif char == "?":
            out += "."
        elif char == "[":
            end = at + 1
            while end < len(pattern) and pattern[end] != "]":
                end += 2 if pattern[end] == "`" else 1
            if end >= len(pattern):
                raise ValueError(pattern)
            out += _char_set(pattern[at:end])
            at = end + 1
        else:
            out += re.escape(char)
    return re.compile(out, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _char_set(inner: str) -> str:
    out = ""
    at = 0
    while at < len(inner):
        char = inner[at]
        at += 1
        if char == "`" and at < len(inner):
            char = inner[at]
            at += 1
        elif char == "-" and at - 1 > 0 and at < len(inner):
            out += "-"
            continue
        out += "\\" + char if char in "\\]^[-&~|" else char
    return f"[{out}]"


def like(text: str, pattern: str, *, ignore_case: bool = True) -> bool:
    return compile_wildcard(pattern, ignore_case).fullmatch(text) is not None


def escape(text: str) -> str:
    return re.sub(r"[*?\[\]]", lambda found: "`" + found[0], text)


def unescape(text: str) -> str:
    return re.sub(r"`([*?\[\]`])", lambda found: found[1], text)


def has_wildcards(text: str) -> bool:
    return re.search(r"[*?\[]", re.sub(r"`.", "", text)) is not None
