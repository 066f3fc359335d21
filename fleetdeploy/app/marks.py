"""A person's word about a version: marked bad, or no longer, in the store and on every host that answers.

What a rollout itself marks is written by ``rollout/marks.py``; what a mark refuses is decided in ``plan/guards.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from fleetdeploy.app.connect import connector
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.artifacts.find import list_versions
from fleetdeploy.artifacts.resolve import resolve
from fleetdeploy.documents import did_you_mean
from fleetdeploy.engine.executor import Done
from fleetdeploy.errors import HostError, Refused, UsageError
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.host import Host
from fleetdeploy.model.marks import STORE, HeldMark, Mark, ReleaseMark
from fleetdeploy.model.project import Project
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Actor
from fleetdeploy.plan.naming import label_of, running_version
from fleetdeploy.rollout.survey import survey_once, workers_for

_TAG = "mark"


@dataclass(frozen=True, slots=True)
class Marked:
    """What was told to whom. ``unknown``: hosts that have nothing of this app; ``untold``: host → why not."""

    mark: ReleaseMark
    told: tuple[str, ...]
    unknown: tuple[str, ...]
    untold: tuple[tuple[str, str], ...]


def stored_marks(app: str) -> tuple[HeldMark, ...]:
    """What the store holds of this app's versions."""
    journal = open_journal()
    try:
        rows = journal.marks(app)
    finally:
        journal.close()
    return tuple(
        HeldMark(r.version, r.manifest_sha256, r.mark, by=r.actor, at=r.at, why=r.why, host=STORE) for r in rows
    )


def mark_version(
    workspace: Workspace,
    version: str,
    mark: Mark,
    *,
    actor: Actor,
    why: str,
    unknown: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Marked:
    """Write it into the store and on every host of the fleet. A host that cannot be told is listed, not an error.

    Args:
        workspace: its whole fleet is told.
        version: a name; its files are meant if they are here.
        mark: "" takes a mark back.
        actor: who says so.
        why: the reason that whoever is refused will read.
        unknown: the name is right although nobody who can be asked knows it.
        tick: called about once a second.

    Raises:
        UsageError: nothing is known of that version: no file here, nothing in the store, no host that has it. Nobody
            was told.
        Refused: its files are here, and are not what their checksum promises.
    """
    project = workspace.need_project()
    artifact = _artifact(project, version)
    manifest = artifact.manifest.sha256 if artifact else ""
    wanted = ReleaseMark(
        release=artifact.release_name if artifact else "",
        version=version,
        manifest_sha256=manifest,
        mark=mark,
        by=f"{actor.user}@{actor.machine}",
        why=why,
    )
    held = stored_marks(project.app.app)
    connect = connector(replace(workspace, scope=workspace.fleet.hosts))
    # Looked at first: the survey logs in on one host of each credential before it tries the others.
    sights = survey_once(workspace.fleet.hosts, connect, tick=tick)
    if artifact is None and not unknown:
        _check_known(project, version, sights, mark)
    _store(project.app.app, wanted, held)
    told, without, untold = _tell(workspace, wanted, connect, sights, tick)
    return Marked(wanted, told, without, untold)


def _check_known(project: Project, version: str, sights: Mapping[str, Sight], mark: Mark) -> None:
    """A mark for a typing error protects nobody, and whoever set it believes that it does."""
    known = {*list_versions(project.artifacts, project.directory), *_recorded(project.app.app)}
    for sight in sights.values():
        seen = sight.observation
        if seen is not None and seen.service is not None:
            known |= {label_of(seen), running_version(seen, seen.service)}
        if seen is not None and seen.state is not None:
            known |= {r.version for r in seen.state.releases.values()}
    if version in known:
        return
    silent = [name for name, sight in sights.items() if sight.observation is None]
    not_asked = f", and {', '.join(silent)} cannot be asked" if silent else ""
    verb = "mark" if mark else "unmark"
    bad = " --bad" if mark else ""
    raise UsageError(
        f"nothing is known of {version}: no file here, nothing in the store, no host that has it{not_asked}",
        why=("a mark on a name that is mistyped protects nobody",),
        next_steps=(
            *did_you_mean(version, known - {""}),
            f"if the name is right: fleetdeploy artifact {verb} {version}{bad} --unknown --reason WHY",
        ),
    )


def _recorded(app: str) -> set[str]:
    """Versions that the store has heard of: rolled out, or marked."""
    journal = open_journal()
    try:
        rolled = {r.version for r in journal.rollouts(app=app, limit=None) if r.kind == "forward"}
        return rolled | {m.version for m in journal.marks(app)}
    finally:
        journal.close()


def _artifact(project: Project, version: str) -> Artifact | None:
    """The files, if they are here: a mark belongs to them. Without, it is the name that is marked."""
    if version not in list_versions(project.artifacts, project.directory):
        return None
    return resolve(project.artifacts, version, project.directory, exe=project.app.exe)


def _store(app: str, wanted: ReleaseMark, held: tuple[HeldMark, ...]) -> None:
    """Every row that would refuse these files is written anew when a mark is taken back, not only the same one."""
    manifests = {wanted.manifest_sha256}
    if not wanted.mark:
        manifests |= {
            m.manifest_sha256
            for m in held
            if m.version == wanted.version
            and (not wanted.manifest_sha256 or m.covers(m.version, wanted.manifest_sha256))
        }
    journal = open_journal()
    try:
        for manifest in sorted(manifests):
            journal.set_mark(app, wanted.version, manifest, wanted.mark, wanted.why, wanted.by)
    finally:
        journal.close()


def _tell(
    workspace: Workspace,
    wanted: ReleaseMark,
    connect: Callable[[Host], HostVerbs],
    sights: Mapping[str, Sight],
    tick: Callable[[], None],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """(told, have nothing of the app, not told and why), each in the fleet's order."""
    hosts = workspace.fleet.hosts
    answers: dict[str, bool | str] = {n: s.error for n, s in sights.items() if s.observation is None}
    asked = [h.name for h in hosts if h.name not in answers]
    workers = workers_for(hosts, connect, parallel=50, beat_interval_s=3600.0)
    try:
        for name in asked:
            workers.submit(name, _TAG, lambda tools: cast(HostVerbs, tools.resource).mark(wanted))
        while len(answers) < len(hosts):
            message = workers.next(1.0)
            tick()
            if not isinstance(message, Done):
                continue
            if isinstance(message.error, HostError):
                answers[message.host] = message.error.what.removeprefix(f"{message.host}: ")
            elif message.error is not None:
                raise message.error
            else:
                answers[message.host] = bool(message.value)
    finally:
        workers.shutdown(10.0)
    order = [(h.name, answers[h.name]) for h in hosts]
    return (
        tuple(name for name, answer in order if answer is True),
        tuple(name for name, answer in order if answer is False),
        tuple((name, answer) for name, answer in order if isinstance(answer, str)),
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A version that lies here, and what the store holds of it (None: nothing)."""

    version: str
    held: HeldMark | None


def list_artifacts(project: Project) -> tuple[Listed, ...]:
    """Every version here, oldest first, and marked ones whose files are gone. No host is asked.

    A mark that belongs to other files of that name is not shown here: it refuses nothing.
    """
    marks = stored_marks(project.app.app)
    found = []
    for version in list_versions(project.artifacts, project.directory):
        manifest = _manifest(project, version) if any(m.version == version for m in marks) else ""
        own = [m for m in marks if m.mark and m.covers(version, manifest)]
        found.append(Listed(version, own[-1] if own else None))
    here = {listed.version for listed in found}
    gone = {m.version: m for m in marks if m.mark and m.version not in here}
    return (*(Listed(version, mark) for version, mark in gone.items()), *found)


def _manifest(project: Project, version: str) -> str:
    try:
        artifact = _artifact(project, version)
    except Refused:
        return ""
    return artifact.manifest.sha256 if artifact else ""
