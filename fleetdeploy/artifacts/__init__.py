"""From a version somebody typed to verified files: find, hash, read the exe, refuse what cannot run.

``find.py`` knows the versions, ``hashes.py`` reads checksum files, ``resolve.py`` puts an ``Artifact`` together,
``pe.py`` reads PE and Go build info, ``guards.py`` compares it with hosts. Nothing here sends a byte anywhere.
"""

from __future__ import annotations

from fleetdeploy.artifacts.find import latest, list_versions
from fleetdeploy.artifacts.guards import HostFacts, Problem, check, normalise_arch
from fleetdeploy.artifacts.pe import read_build_info
from fleetdeploy.artifacts.resolve import resolve

__all__ = [
    "HostFacts",
    "Problem",
    "check",
    "latest",
    "list_versions",
    "normalise_arch",
    "read_build_info",
    "resolve",
]
