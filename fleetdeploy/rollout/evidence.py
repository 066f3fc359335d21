"""Evidence before undo: asks a host for its scene before it is put back, keeps it, and says what it likely means.

Never holds up the way back: one attempt, a short deadline, and whatever goes wrong is only noted. A switch that failed
and was put back by the script on the host brings its scene with its answer. What an explanation is made of is in
``policy/explain.py``; the scene also lies on the host (``state\\scenes``), for a machine whose store is empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fleetdeploy.engine.executor import Tools
from fleetdeploy.errors import FleetdeployError, HostError, Stale
from fleetdeploy.model import events as ev
from fleetdeploy.model.codec import to_plain
from fleetdeploy.model.health import HttpCheck, Sample, TcpCheck
from fleetdeploy.model.paths import log_patterns
from fleetdeploy.model.scene import Scene, SceneRequest
from fleetdeploy.model.verbs import HostFailure
from fleetdeploy.policy.explain import advice
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.ports import HostPort

FULL_S, BRIEF_S = 8.0, 4.0
"""How long the way back waits for a scene: of a sick host, and of one that seems well."""

_BUDGET_S = {False: 4.0, True: 2.0}
_SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Gathered:
    """Told to the conductor by a host's worker."""

    scene: Scene


def wanted(book: Book, name: str, *, sick: bool) -> SceneRequest | None:
    """Which scene is asked for before this host goes back; None if it would only cost time."""
    if not sick and book.plan.strategy.all_at_once_rollback:
        return None  # in a hurry, and nothing is known to be wrong there
    page = book.pages[name]
    rollout = _failed_rollout(book, page)
    state = page.observation.state if page.observation else None
    record = state.rollout(rollout) if state else None
    if record is not None and record.put_back:
        return None  # what is to be seen now is not what failed
    health = book.plan.health
    ports = tuple(dict.fromkeys(c.port for c in health.checks if isinstance(c, (TcpCheck, HttpCheck))))
    return SceneRequest(
        rollout=rollout,
        logs=log_patterns(book.plan.app) or _stored_logs(page),
        ports=ports,
        brief=not sick,
        budget_s=_BUDGET_S[not sick],
    )


def _failed_rollout(book: Book, page: HostPage) -> str:
    """The rollout that is undone: its scene it is."""
    return page.plan.undo[0] if page.plan.undo else book.plan.undoes or book.run.id


def _stored_logs(page: HostPage) -> tuple[str, ...]:
    """Where the release that runs there logs to, as the host remembers it: this machine may have no project."""
    state = page.observation.state if page.observation else None
    record = state.releases.get(state.active) if state else None
    return record.logs if record else ()


def gather(tools: Tools[HostPort], request: SceneRequest) -> None:
    """Asks for the scene and tells the conductor; a host that cannot give it goes back all the same."""
    try:
        scene = tools.resource.scene(request, deadline_s=BRIEF_S if request.brief else FULL_S)
    except Stale:
        raise
    except HostError as error:
        tools.tell(ev.Note(f"its evidence could not be gathered: {error.what}", tools.host))
        return
    if scene is not None:
        tools.tell(Gathered(scene))


def keep(book: Book, name: str, scene: Scene) -> None:
    """Into the store with it, and one line of it to whoever watches."""
    page = book.pages[name]
    page.scene = scene
    rollout = _failed_rollout(book, page)
    try:
        kept = record_of(scene, page.failure, page.samples, label=page.plan.to_label)
        book.ports.log.keep_evidence(rollout, name, kept)
    except FleetdeployError as problem:
        book.note(f"its evidence could not be kept here, it lies on the host: {problem}", name, "warning")
    likely, steps = advice(name, page.failure, scene)
    if likely == page.likely:
        likely, steps = "", ()  # said with the failure
    show = (f"fleetdeploy show {rollout} --host {name}",) if page.failed else ()
    book.say(ev.EvidenceKept(name, summary(scene), likely, (*show, *steps)))


def record_of(
    scene: Scene | None, failure: HostFailure | None, samples: Iterable[Sample] = (), *, label: str = ""
) -> dict[str, Any]:
    """What is kept of one host, plain: ``app/evidence.py`` reads it back."""
    last = list(samples)[-_SAMPLES:]
    return {
        "schema": 1,
        "version": label,
        "failure": None if failure is None else to_plain(failure),
        "samples": [to_plain(sample) for sample in last],
        "scene": None if scene is None else scene.to_json(),
    }


def summary(scene: Scene) -> str:
    """One line: how much was kept, and in which state the service was."""
    service = scene.service
    parts = []
    if service is not None:
        code = service.specific_exit_code if service.exit_code == 1066 else service.exit_code
        ended = service.state != "Running" and code not in (0, 1077)
        parts.append(f"service {service.state}" + (f", exit code {code}" if ended else ""))
    lines = sum(len(tail.lines) for tail in scene.logs)
    files = sum(1 for tail in scene.logs if not tail.problem)
    parts.append("1 event" if len(scene.events) == 1 else f"{len(scene.events)} events")
    parts.append(f"{lines} lines of {files} {'log' if files == 1 else 'logs'}" if scene.logs else "no logs are named")
    return ", ".join(parts)
