"""Text that a terminal does not act upon: the one place that makes it so. Pure.

Much of what is printed was written by a host: service texts, the words of an exception, names, log lines. A broken or
hostile one must not move the cursor, colour or hide a line, make up a line of its own, or turn the direction of
writing. Every writer (``render.py``, ``plain.py``, ``live.py``, ``progress.py``) passes each line through here, last;
what is stored and compared stays as the host said it. Rich markup is no markup here: all text is drawn as ``Text``.
"""

from __future__ import annotations

import re

# Control characters (C0, DEL, C1), line separators, and those that turn the direction of writing.
_ACTING = "\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_UNSAFE = re.compile(f"[{_ACTING}]")
_BREAK = re.compile("\r\n|[\n\r\u2028\u2029]")


def safe(text: str) -> str:
    """One line of text as it may be printed: a line break is a space, what a terminal acts upon is U+FFFD."""
    if text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _BREAK.sub(" ", text.replace("\t", "    ")))


def safe_json(line: str) -> str:
    """One line of JSON with such characters written as escapes: it means the same."""
    return line if line.isascii() and "\x7f" not in line else _UNSAFE.sub(lambda c: f"\\u{ord(c[0]):04x}", line)
