"""What a script says itself of the version it needs.

Source: about_Requires ("#Requires -Version N[.n]", at the start of a line). PowerShell looks at it in files of scripts;
what is sent or made into a block is not held to it, so that somebody has to read it before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetdeploy.powershell_rules.findings import VERSIONS, Note
from fleetdeploy.powershell_rules.script import Script

_VERSION = re.compile(r"^[ \t]*#requires[ \t]+-version[ \t]+(\d+)(?:\.(\d+))?", re.IGNORECASE | re.MULTILINE)


def _number(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _enough(version: str, match: re.Match[str]) -> bool:
    return _number(version) >= (int(match[1]), int(match[2] or 0))


def versions_for(text: str) -> tuple[str, ...]:
    """Those of ``VERSIONS`` that the script says are enough for it; all of them if it asks for more than there is."""
    stated = list(_VERSION.finditer(text))
    return tuple(version for version in VERSIONS if all(_enough(version, match) for match in stated)) or VERSIONS


def find_requires(script: Script) -> Iterator[Note]:
    """``#requires -Version`` of more than one of the asked versions is."""
    for match in _VERSION.finditer(script.text):
        lacking = [version for version in script.versions if not _enough(version, match)]
        if lacking:
            yield Note(
                script.place(match.start(), match.end()),
                f"{match[0].strip()} is more than {' and '.join(lacking)}: hosts run Windows PowerShell",
                "write it for 5.1 and 4.0",
            )
