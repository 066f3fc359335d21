"""The evidence of one host in one rollout: from the store, else from the host, which keeps it, too. Changes nothing.

Also reads a host's logs and events live. Decides nothing: what it means is said by ``policy/explain.py``, how it looks
by ``cli/evidence_view.py``. Look next at ``rollout/evidence.py`` (who keeps it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from fleetdeploy.app.apps import with_app
from fleetdeploy.app.connect import connector
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import Journal
from fleetdeploy.errors import UsageError
from fleetdeploy.hosts.requests import ports
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.model.codec import from_plain
from fleetdeploy.model.health import Sample
from fleetdeploy.model.paths import log_patterns
from fleetdeploy.model.scene import Scene, SceneRequest, scene_from_json
from fleetdeploy.model.verbs import HostFailure
from fleetdeploy.policy.explain import Explanation, explain, facts_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a failure. ``source``: where it lay; ``samples`` are the last looks at its health."""

    host: str
    rollout: str
    source: Literal["store", "host", "live"]
    at: str = ""
    version: str = ""
    failure: HostFailure | None = None
    samples: tuple[Sample, ...] = ()
    scene: Scene | None = None

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """What it likely means, the most telling first."""
        return explain(facts_of(self.host, self.failure, self.scene))


def recorded(journal: Journal, rollout: str, host: str) -> tuple[Evidence, ...]:
    """What the store has of this host in this rollout, newest first; nothing if it has none."""
    rows = journal.evidence(rollout, host)
    found = tuple(_from_record(row.data, host, rollout, row.at) for row in rows)
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def _from_record(data: Mapping[str, Any], host: str, rollout: str, at: str) -> Evidence:
    scene = data.get("scene")
    samples = data.get("samples")
    return Evidence(
        host=host,
        rollout=rollout,
        source="store",
        at=at,
        version=str(data.get("version") or ""),
        failure=_readable(HostFailure, data.get("failure")),
        samples=tuple(
            one
            for one in (_readable(Sample, s) for s in (samples if isinstance(samples, list) else []))
            if one is not None
        ),
        scene=scene_from_json(scene) if isinstance(scene, Mapping) else None,
    )


def _readable(kind: type[T], data: object) -> T | None:
    """Kept by another version of fleetdeploy, it may have other fields: then the rest is still worth showing."""
    if not isinstance(data, Mapping):
        return None
    try:
        return from_plain(kind, dict(data))
    except (ValueError, TypeError):
        return None


def asked(workspace: Workspace, rollout: str, host: str) -> Evidence | None:
    """What the host kept of a rollout, also under a beginning or end of its id; None if nothing.

    Raises:
        HostError: it cannot be asked.
        UsageError: there is no such host, or it knows several such rollouts.
    """
    verbs, _ = _verbs(workspace, host)
    try:
        state = verbs.observe().state
        known = [r.id for r in state.rollouts] if state else []
        wanted = rollout.upper()
        ids = [i for i in known if i == wanted] or [i for i in known if i.startswith(wanted) or i.endswith(wanted)]
        if len(ids) > 1:
            raise UsageError(f"{host} remembers several rollouts {rollout!r}: {', '.join(ids)}")
        if not ids:
            return None
        scene = verbs.stored_scene(ids[0])
    finally:
        verbs.disconnect()
    if scene is None:
        return None
    record = state.rollout(ids[0]) if state else None
    return Evidence(host, ids[0], "host", at=scene.at, version=record.to_label if record else "", scene=scene)


def read_live(workspace: Workspace, host: str, *, since_s: float, lines: int) -> Evidence:
    """Events, log ends and processes of a host as they are now.

    Raises:
        HostError: it cannot be asked.
        UsageError: there is no such host.
    """
    verbs, workspace = _verbs(workspace, host)
    project = workspace.project
    request = SceneRequest(
        logs=log_patterns(project.app) if project else (),
        ports=ports(project.health.checks) if project else (),
        lines=lines,
        since_s=since_s,
        budget_s=20.0,
    )
    try:
        scene = verbs.logs(request)
    finally:
        verbs.disconnect()
    return Evidence(host, "", "live", at=scene.at if scene else "", scene=scene)


def _verbs(workspace: Workspace, host: str) -> tuple[HostVerbs, Workspace]:
    """Only this host is asked, and only its login is needed."""
    wanted = workspace.host(host)
    alone = replace(workspace, scope=(wanted,))
    if not alone.app.app:
        alone = with_app(alone)
    connect: Callable[..., HostVerbs] = connector(alone)
    return connect(wanted), alone
