"""Escapes a script's text for the wire once per process: every host gets the same one.

pypsrp escapes each line end by a call of its own, on every call to every host; for a fleet that was a quarter of the
time of ``status``. Only the constant texts of scripts are kept here, never a value (values may be secrets). Look next
at ``psrp.py`` (who uses it) and ``scripts.py`` (why the texts are constant).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Escape = Callable[[str | None], str | None]

_lock = threading.Lock()
_escaped: dict[str, str | None] = {}
_MOST = 64


class ConstantText:
    """The script that one session sends now; ``around`` wraps the session's way to escape texts."""

    def __init__(self) -> None:
        self.text = ""

    def around(self, escape: Escape) -> Escape:
        """As ``escape``, but what ``text`` becomes is remembered for all sessions."""

        def escaped(value: str | None) -> str | None:
            if value is None or value is not self.text:
                return escape(value)
            # Under the lock: twelve sessions begin with the same script at the same time.
            with _lock:
                if value not in _escaped:
                    if len(_escaped) >= _MOST:
                        _escaped.clear()
                    _escaped[value] = escape(value)
                return _escaped[value]

        return escaped
