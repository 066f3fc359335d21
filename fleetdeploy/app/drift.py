"""Every host beside its own record: configuration, running exe, files of the active release. Asks, changes nothing.

What counts as a difference is ``plan/drift.py``'s to say. Two calls per host: ``observe``, then ``files`` where
fleetdeploy has staged what is active. Logins by the rule of ``rollout/survey.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from fleetdeploy.app.apps import check_known
from fleetdeploy.app.connect import connector
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.artifacts.resolve import resolve
from fleetdeploy.engine.executor import Tools
from fleetdeploy.errors import FleetdeployError, HostError
from fleetdeploy.model.artifact import Manifest
from fleetdeploy.model.host import Host
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import FilesResult, Observation, ReleaseRecord
from fleetdeploy.plan.drift import Difference, baseline_of, drift_of, file_drift, recorded_anything
from fleetdeploy.plan.naming import label_of
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.survey import See, lost_by, survey_once

Status = Literal["as recorded", "drifted", "nothing recorded", "in the middle of a rollout", "cannot be asked"]
Tick = Callable[[], None]


@dataclass(frozen=True, slots=True)
class HostDrift:
    """One host. ``error`` says what could not be asked, ``lost`` in which way."""

    host: str
    zone: str
    status: Status
    release: str = ""
    differences: tuple[Difference, ...] = ()
    error: str = ""
    lost: Lost | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain form for ``--output json``."""
        found = [{"key": d.key, "recorded": d.recorded, "found": d.found} for d in self.differences]
        return {
            "host": self.host,
            "zone": self.zone,
            "status": self.status,
            "release": self.release,
            "differences": found,
            "error": self.error,
        }


def find_drift(workspace: Workspace, *, tick: Tick = lambda: None) -> tuple[HostDrift, ...]:
    """Every host in scope, in the inventory's order.

    Raises:
        UsageError: a secret cannot be read, or no host knows the app.
    """
    parallel = workspace.project.parallel if workspace.project else 50
    found: dict[str, FilesResult | HostError] = {}
    connect = connector(workspace, looking=True)
    sights = survey_once(workspace.scope, connect, parallel=parallel, tick=tick, see=_seeing(found))
    check_known(workspace, sights)
    manifests = _Manifests(workspace)
    return tuple(_judge(h, sights[h.name], found.get(h.name), manifests) for h in workspace.scope)


def _staged(seen: Observation | None) -> ReleaseRecord | None:
    """The release whose folder can be compared: one that fleetdeploy put there itself."""
    wanted = baseline_of(seen.state) if seen else None
    if seen is None or seen.state is None or wanted is None or not wanted.release:
        return None
    record = seen.state.releases.get(wanted.release)
    return record if record is not None and record.manifest_sha256 and record.mark != "adopted" else None


def _judge(host: Host, sight: Sight, files: FilesResult | HostError | None, manifests: _Manifests) -> HostDrift:
    seen = sight.observation
    if seen is None:
        return HostDrift(host.name, host.zone, "cannot be asked", error=sight.error, lost=sight.lost or Lost.FAILED)
    if baseline_of(seen.state) is None:
        half = recorded_anything(seen.state)
        return HostDrift(host.name, host.zone, "in the middle of a rollout" if half else "nothing recorded")
    differences = drift_of(seen)
    error, lost, record = "", None, _staged(seen)
    if isinstance(files, FilesResult) and record is not None:
        differences += file_drift(record.manifest_sha256, files, manifests.get(record))
    elif isinstance(files, HostError):
        error, lost = f"the files of the release could not be read: {files.what}", lost_by(files)
    status: Status = "drifted" if differences else "cannot be asked" if error else "as recorded"
    return HostDrift(host.name, host.zone, status, label_of(seen), differences, error, lost)


def _seeing(found: dict[str, FilesResult | HostError]) -> See:
    """Looks at a host, and at the files of its release while it is there; those land in ``found``."""

    def see(host: Host) -> Callable[[Tools[HostPort]], Sight]:
        def task(tools: Tools[HostPort]) -> Sight:
            try:
                seen = tools.resource.observe()
            except HostError as error:
                return Sight(host.name, lost=lost_by(error), error=error.what.removeprefix(f"{host.name}: "))
            record = _staged(seen)
            if record is not None:
                try:
                    found[host.name] = tools.resource.files(record.key)
                except HostError as error:
                    found[host.name] = error
            return Sight(host.name, seen)

        return task

    return see


class _Manifests:
    """Manifests of the versions that lie on this machine, each looked for once."""

    def __init__(self, workspace: Workspace) -> None:
        self._project = workspace.project
        self._known: dict[str, Manifest | None] = {}

    def get(self, record: ReleaseRecord) -> Manifest | None:
        """That of the release, None if it is not here, or is another one."""
        if record.version not in self._known:
            self._known[record.version] = self._find(record.version)
        manifest = self._known[record.version]
        return manifest if manifest is not None and manifest.sha256 == record.manifest_sha256 else None

    def _find(self, version: str) -> Manifest | None:
        if self._project is None:
            return None
        try:
            project = self._project
            return resolve(project.artifacts, version, project.directory, exe=project.app.exe).manifest
        except FleetdeployError:
            return None  # files are then not named, only that the folder differs
