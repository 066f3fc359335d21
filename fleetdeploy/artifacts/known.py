"""Versions that this machine knows by the hash of their exe: how a file found on a host gets its name."""

from __future__ import annotations

from pathlib import Path

from fleetdeploy.artifacts.find import fill, list_versions
from fleetdeploy.artifacts.hashes import hash_file
from fleetdeploy.errors import Refused
from fleetdeploy.model.project import ArtifactSource

MAX_VERSIONS = 50


def known_hashes(source: ArtifactSource, project_dir: Path | str) -> dict[str, str]:
    """SHA-256 of the exe → version, for the newest ``MAX_VERSIONS`` versions here; unreadable ones are left out."""
    base = Path(project_dir)
    found: dict[str, str] = {}
    for version in list_versions(source, base)[-MAX_VERSIONS:]:
        try:
            digest, _ = hash_file(fill(source.path, version, base))
        except Refused:
            continue
        found[digest] = version
    return found
