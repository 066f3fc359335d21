"""Marks: what is held of one version (``bad``, ``good``), where it is written and who said so. Values only.

A mark stands on every host beside the release, and in the store beside the version. It belongs to the files, not to the
name: the same version with another manifest is another thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["bad", "good", ""]
STORE = ""


@dataclass(frozen=True, slots=True)
class ReleaseMark:
    """To be written: ``""`` takes a mark back. ``release`` is the folder's name; "" if the files are not known."""

    release: str
    version: str
    manifest_sha256: str
    mark: Mark
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class HeldMark:
    """Found: what a host (``host``) or the store (``host`` is ``STORE``) holds of a version.

    ``manifest_sha256`` "" is every file of that name.
    """

    version: str
    manifest_sha256: str
    mark: str
    by: str = ""
    at: str = ""
    why: str = ""
    host: str = STORE

    def covers(self, version: str, manifest_sha256: str) -> bool:
        """Whether these files are meant: by their hash, whatever they are called; by name if no hash is known."""
        if self.manifest_sha256:
            return self.manifest_sha256 == manifest_sha256
        return self.version == version
