"""Version names: what ``v1.4.2`` means, which is newer, and which is safe as a folder name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_SEMVER = re.compile(
    r"^v?(?P<major>0|[1-9]\d*)\.(?P<minor>0|[1-9]\d*)\.(?P<patch>0|[1-9]\d*)"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+(?P<build>[0-9A-Za-z.-]+))?$"
)
# One path component on NTFS without surprises: no separators, no trailing dot or space, no device name.
_SAFE = re.compile(r"^(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[0-9A-Za-z][0-9A-Za-z._+-]{0,62}(?<!\.)$")


def is_safe_component(text: str) -> bool:
    """True if ``text`` may be a folder name on a host (at most 63 ASCII characters, no device name)."""
    return bool(_SAFE.match(text)) and ".." not in text


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A semantic version (semver.org, precedence rules of section 11); ``text`` is kept as written."""

    text: str
    core: tuple[int, int, int]
    pre: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version, or None if ``text`` is no semantic version (a leading ``v`` is allowed)."""
        found = _SEMVER.match(text)
        if not found:
            return None
        pre = tuple(found["pre"].split(".")) if found["pre"] else ()
        return cls(text, (int(found["major"]), int(found["minor"]), int(found["patch"])), pre)

    @property
    def is_prerelease(self) -> bool:
        """True for ``v1.4.2-rc.1``."""
        return bool(self.pre)

    def _key(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[int, int, str], ...]]:
        parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre)
        return (self.core, not self.pre, parts)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Version):
            return NotImplemented
        return self._key() < other._key()
