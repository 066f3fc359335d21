"""What is true on the hosts now, beside what is recorded. Asks, judges nothing: policy's words are not used here.

``describe`` is pure: observation, one sample and the store's marks in, a row out. ``cli/status_cmd.py`` draws the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fleetdeploy.model.marks import STORE, HeldMark
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Observation, ObservedService, ReleaseRecord
from fleetdeploy.plan.guards import told_by
from fleetdeploy.plan.naming import label_of, running_version


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host, as asked. ``error`` says why it could not be asked; then nothing else is known.

    ``running`` is the version of the running process ("" if none runs), ``configured`` that of the ImagePath.
    ``healthy`` is None if no check was run. ``mark`` is what is held of what runs (else of what is configured), on the
    host or in the store; a bad one wins, and ``marked`` says where, by whom, when and why.
    """

    host: str
    zone: str
    error: str = ""
    state: str = ""
    running: str = ""
    configured: str = ""
    mark: str = ""
    marked: str = ""
    pid: int = 0
    started: str = ""
    image: str = ""
    healthy: bool | None = None
    failures: tuple[str, ...] = ()
    open_rollout: str = ""
    open_by: str = ""
    open_alive: bool = False
    running_verb: str = ""
    last_rollout: str = ""
    last_outcome: str = ""
    recorded: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain form for ``--output json``."""
        data: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        data["failures"] = list(self.failures)
        return data


def describe(host: str, zone: str, sight: Sight, recorded: str = "", marks: Sequence[HeldMark] = ()) -> HostStatus:
    """A row from what was seen of a host; ``recorded`` is what the journal last said of it, ``marks`` the store."""
    seen = sight.observation
    if seen is None:
        return HostStatus(host=host, zone=zone, error=sight.error or "was not asked", recorded=recorded)
    service, state = seen.service, seen.state
    sample = sight.sample
    entry = state.open if state else None
    last = state.rollouts[-1] if state and state.rollouts else None
    held = _mark(seen, service, marks) if service else None
    return HostStatus(
        host=host,
        zone=zone,
        state=service.state if service else "absent",
        running=running_version(seen, service) if service and service.running_sha256 else "",
        configured=label_of(seen) if service else "",
        mark=held.mark if held else "",
        marked=_marked(held) if held and held.mark == "bad" else "",
        pid=service.pid if service else 0,
        started=service.started if service else "",
        image=service.running_image if service else "",
        healthy=sight.serving if sample else None,
        failures=tuple(f"{f.check}: {f.detail}" for f in sample.failures) if sample else (),
        open_rollout=entry.rollout if entry else "",
        open_by=f"{entry.actor.user}@{entry.actor.machine}" if entry else "",
        open_alive=entry.alive_here if entry else False,
        running_verb=seen.running_verb,
        last_rollout=last.id if last else "",
        last_outcome=(last.outcome or "open") if last else "",
        recorded=recorded,
    )


def _mark(seen: Observation, service: ObservedService, marks: Sequence[HeldMark]) -> HeldMark | None:
    """What is held of what runs there: by the host, by the store; the bad one if they differ."""
    release = _release(seen, service)
    version = release.version if release and release.version else running_version(seen, service)
    manifest = release.manifest_sha256 if release else ""
    found = [m for m in marks if m.mark and m.covers(version, manifest)]
    if release is not None and release.mark:
        own = HeldMark(
            version, manifest, release.mark, release.marked_by, release.marked_at, release.marked_why, seen.host
        )
        found.insert(0, own)
    return next((m for m in found if m.mark == "bad"), found[0] if found else None)


def _release(seen: Observation, service: ObservedService) -> ReleaseRecord | None:
    """The release that runs (else: that is configured). Two may hold the same exe: then the path says which."""
    sha = service.running_sha256 or service.exe_sha256
    same = [r for r in seen.state.releases.values() if sha and r.exe_sha256 == sha] if seen.state else []
    image = (service.running_image or service.exe_path).lower()
    return next((r for r in same if r.folder and image.startswith(r.folder.lower() + "\\")), same[-1] if same else None)


def _marked(mark: HeldMark) -> str:
    return ("in the store" if mark.host == STORE else "there") + told_by(mark)


def counts(rows: tuple[HostStatus, ...]) -> dict[str, int]:
    """Hosts by what runs on them, most first: the one line that on-call needs."""
    found: dict[str, int] = {}
    for row in rows:
        if row.error:
            key = "cannot be asked"
        elif row.running:
            health = "healthy" if row.healthy else "running" if row.healthy is None else "NOT HEALTHY"
            key = f"{row.running} {health}" + (" (MARKED BAD)" if row.mark == "bad" else "")
        else:
            key = f"not running ({row.state})"
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))
