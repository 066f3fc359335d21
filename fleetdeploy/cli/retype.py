"""Next steps that can be typed as they stand: repeats ``-i``, ``-C`` and ``--app`` of the command that is running.

What the floors below suggest (``fleetdeploy resume 01…``) knows nothing of the command line. Somebody who copies it in
another directory, or with two inventories at hand, must reach the same fleet. Texts only; decides nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

_ASKING = (
    "plan|rollout|rollback|pause|promote|resume|abort|retry|exclude"
    "|status|doctor|drift|history|show|logs|render|open show|open close|artifact mark|artifact unmark"
    "|inventory list|artifact list"
)
_PROJECT_ONLY = frozenset({"artifact list"})
_COMMAND = re.compile(rf"\bfleetdeploy ({_ASKING})\b(?! (-i|-C) )")
_WITH_APP = frozenset(
    {
        "rollback",
        "pause",
        "promote",
        "resume",
        "abort",
        "retry",
        "exclude",
        "status",
        "doctor",
        "drift",
        "show",
        "logs",
        "open show",
        "open close",
    }
)
_given: dict[str, str] = {}


def remember(options: Mapping[str, Any]) -> None:
    """Notes the options of the command that runs now, by their parameters' names."""
    _given.clear()
    for name, flag in (("inventory", "-i"), ("project", "-C"), ("app", "--app")):
        value = str(options.get(name) or "")
        if value and not (name == "project" and value == "."):
            _given[name] = f"{flag} {shlex.quote(value)}"


def retyped(text: str) -> str:
    """``text`` with those options behind every command in it that takes them."""
    if not _given:
        return text

    def complete(found: re.Match[str]) -> str:
        verb = found[1]
        flags = [
            flag
            for name, flag in _given.items()
            if (name != "app" or verb in _WITH_APP) and (name == "project" or verb not in _PROJECT_ONLY)
        ]
        return " ".join([found[0], *flags])

    return _COMMAND.sub(complete, text)
