"""What is it called, what runs there: labels for releases that fleetdeploy may never have seen (pure).

A version by a release's record on the host, by the SHA-256 of a known artifact, else the build info read on the host,
else ``adopted-<hash8>``.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetdeploy.model.plan import ABSENT, UNKNOWN_FROM
from fleetdeploy.model.verbs import Observation, ObservedService


def adopted(sha256: str) -> str:
    """Name of something without a version."""
    return f"adopted-{sha256[:8]}" if sha256 else "adopted-unknown"


def label_of(observation: Observation | None, known: Mapping[str, str] | None = None) -> str:
    """Name of what is configured on the host; ``known`` maps an exe's SHA-256 to a version."""
    if observation is None:
        return UNKNOWN_FROM
    service = observation.service
    if service is None:
        return ABSENT
    sha = service.exe_sha256
    if observation.state:
        # A path decides before a hash: two releases may hold the same exe and differ in other files.
        for record in observation.state.releases.values():
            if record.folder and service.exe_path.lower().startswith(record.folder.lower() + "\\"):
                return record.version
        for record in observation.state.releases.values():
            if sha and record.exe_sha256 == sha and record.version:
                return record.version
    if sha and known and sha in known:
        return known[sha]
    if service.build_version and service.build_version != "(devel)":
        return service.build_version
    return adopted(sha)


def running_version(seen: Observation, service: ObservedService) -> str:
    """Version of the process that runs; what the ImagePath names is another question."""
    if service.running_sha256 in ("", service.exe_sha256):
        return label_of(seen)
    known = {r.exe_sha256: r.version for r in seen.state.releases.values()} if seen.state else {}
    return known.get(service.running_sha256) or adopted(service.running_sha256)
