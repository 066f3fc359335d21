"""What is true on the hosts now, beside what is recorded. Asks, judges nothing: policy's words are not used here.

``describe`` is pure: observation (and one sample) in, a row out. ``cli/status_cmd.py`` draws the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import HostState, ObservedService
from fleetdeploy.plan.naming import label_of, running_version


@dataclass(frozen=True, slots=True)
class HostStatus:
    """One host, as asked. ``error`` says why it could not be asked; then nothing else is known.

    ``running`` is the version of the running process ("" if none runs), ``configured`` that of the ImagePath.
    ``healthy`` is None if no check was run.
    """

    host: str
    zone: str
    error: str = ""
    state: str = ""
    running: str = ""
    configured: str = ""
    mark: str = ""
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


def describe(host: str, zone: str, sight: Sight, recorded: str = "") -> HostStatus:
    """A row from what was seen of a host; ``recorded`` is what the journal last said of it."""
    seen = sight.observation
    if seen is None:
        return HostStatus(host=host, zone=zone, error=sight.error or "was not asked", recorded=recorded)
    service, state = seen.service, seen.state
    sample = sight.sample
    entry = state.open if state else None
    last = state.rollouts[-1] if state and state.rollouts else None
    return HostStatus(
        host=host,
        zone=zone,
        state=service.state if service else "absent",
        running=running_version(seen, service) if service and service.running_sha256 else "",
        configured=label_of(seen) if service else "",
        mark=_mark(state, service),
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


def _mark(state: HostState | None, service: ObservedService | None) -> str:
    if not state or not service:
        return ""
    marks: Mapping[str, str] = {r.exe_sha256: r.mark for r in state.releases.values()}
    return marks.get(service.running_sha256 or service.exe_sha256, "")


def counts(rows: tuple[HostStatus, ...]) -> dict[str, int]:
    """Hosts by what runs on them, most first: the one line that on-call needs."""
    found: dict[str, int] = {}
    for row in rows:
        if row.error:
            key = "cannot be asked"
        elif row.running:
            key = f"{row.running} {'healthy' if row.healthy else 'running' if row.healthy is None else 'NOT HEALTHY'}"
        else:
            key = f"not running ({row.state})"
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items(), key=lambda item: -item[1]))
