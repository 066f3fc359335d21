"""The ``logs`` list: where the app writes its logs on a host. Read for the evidence of a failure, never written.

Refuses here what a host could not answer: relative paths, network shares, patterns above the last part.
"""

from __future__ import annotations

import re

from fleetdeploy.documents import Value

_PLACES = ("{workdir}", "{root}")
_MOST = 8
_PART = re.compile(r"[^<>:\"/\\|\x00-\x1f]+")


def read_logs(value: Value | None) -> tuple[str, ...]:
    """Paths with backslashes, ``{workdir}`` and ``{root}`` left in."""
    if value is None:
        return ()
    items = value.items(or_one=True)
    if len(items) > _MOST:
        raise value.error(f"at most {_MOST} logs: a pattern such as {{workdir}}\\*.log names several files at once")
    return tuple(_read(item) for item in items)


def _read(item: Value) -> str:
    text = item.text("a log file").replace("/", "\\")
    if text.startswith("\\\\"):
        raise item.error(
            f"{text} is a network path",
            why=("a WinRM session cannot log in to a second machine with your identity (the double hop)",),
        )
    rest = next((text[len(place) :] for place in _PLACES if text.startswith(place + "\\")), None)
    if rest is None and re.match(r"[A-Za-z]:\\", text):
        rest = text[2:]
    if rest is None:
        raise item.error(
            f"{text!r} is no path on a host",
            next_steps=(r"write '{workdir}\shop.log', '{root}\logs\*.log' or 'C:\logs\shop.log'",),
        )
    *folders, name = rest.lstrip("\\").split("\\")
    if not name or not all(_PART.fullmatch(part) for part in (*folders, name)):
        raise item.error(f"{text!r} does not end in a file name, or has a character that no Windows path may have")
    if any(part in (".", "..") for part in folders):
        raise item.error(f"{text!r} has . or .. in it")
    if any(c in part for part in folders for c in "*?{}") or any(c in name for c in "{}"):
        raise item.error(
            f"{text!r}: * and ? may stand in the last part only, and only {{workdir}} or {{root}} in braces"
        )
    return text
