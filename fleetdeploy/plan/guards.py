"""Guards of a plan: a version that is marked bad, a downgrade, a one-way migration (pure).

Each returns what it found as ``Guarded``: a problem that refuses the plan, or, where a person permitted it, a sentence
for the journal; and notes that a plan shows either way. None of them has a say in a rollback. ``build.py`` asks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.marks import STORE, HeldMark
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import ABSENT, HostAction, HostPlan, Problem
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.version import Version

_FEW = 5


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a guard found. ``overridden``: what it would have refused, and a person permitted."""

    problems: tuple[Problem, ...] = ()
    overridden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Guarded) -> Guarded:
        return Guarded(self.problems + other.problems, self.overridden + other.overridden, self.notes + other.notes)


NOTHING = Guarded()


def held_by_hosts(sights: Mapping[str, Sight]) -> tuple[HeldMark, ...]:
    """Every mark that the hosts which answered hold."""
    return tuple(
        HeldMark(r.version, r.manifest_sha256, r.mark, by=r.marked_by, at=r.marked_at, why=r.marked_why, host=name)
        for name, sight in sights.items()
        if sight.observation and sight.observation.state
        for r in sight.observation.state.releases.values()
        if r.mark in ("bad", "good")
    )


def bad_version(artifact: Artifact, marks: Iterable[HeldMark], permits: Permits, *, wanted: str = "") -> Guarded:
    """Refuses files that are marked bad on any host or in the store.

    Args:
        artifact: what would be deployed. The same name with other files is another thing.
        marks: of the hosts and of the store.
        permits: ``retry_bad`` lets it pass.
        wanted: what was typed; for ``latest`` it is said that nothing older is taken instead.
    """
    manifest = artifact.manifest.sha256
    bad = [m for m in marks if m.mark == "bad" and m.covers(artifact.version, manifest)]
    if not bad:
        return NOTHING
    # Whoever said it last, with a reason if there is one: hosts that an older fleetdeploy marked have none.
    told = max(bad, key=lambda m: (bool(m.by or m.why), m.at))
    text = f"{artifact.version} is marked bad {_where(bad)}{told_by(told)}"
    if permits.retry_bad:
        return Guarded(overridden=(f"{text}; --retry-bad",))
    if wanted == "latest":
        text = f"latest is {artifact.version}, an older version is never taken instead: {text}"
    steps = (
        "build a new version",
        f"or try it again: fleetdeploy rollout {artifact.version} --retry-bad --reason WHY",
        f"or, if it is not to blame: fleetdeploy artifact unmark {artifact.version} --reason WHY",
    )
    return Guarded(problems=(Problem(RefusalReason.BAD_VERSION, text, next_steps=steps),))


def _where(marks: Sequence[HeldMark]) -> str:
    hosts = list(dict.fromkeys(m.host for m in marks if m.host != STORE))
    places = ["in the store"] if any(m.host == STORE for m in marks) else []
    if hosts:
        places.append(f"on {few(hosts)}")
    return " and ".join(places)


def told_by(mark: HeldMark) -> str:
    """Who marked it, when and why, to be put behind "is marked bad"; "" if nothing is known of it."""
    who = f"by {mark.by}" if mark.by else ""
    when = f"at {mark.at[:19]}Z" if mark.at else ""
    said = " ".join(filter(None, (who, when)))
    return "".join((f", {said}" if said else "", f": {mark.why}" if mark.why else ""))


def downgrade(target: str, hosts: Iterable[HostPlan], permits: Permits) -> Guarded:
    """Refuses a version that is older than what runs on a host that would change.

    Names that are no semantic versions (``adopted-…``) have no order: nothing is said about them.
    """
    wanted = Version.parse(target)
    if wanted is None:
        return NOTHING
    newer: dict[str, list[str]] = {}
    for host in hosts:
        runs = Version.parse(host.from_label) if host.action is HostAction.CHANGE else None
        if runs is not None and wanted < runs:
            newer.setdefault(host.from_label, []).append(host.host)
    if not newer:
        return NOTHING
    listed = ", ".join(f"{label} on {few(names)}" for label, names in newer.items())
    text = f"{target} is older than what runs ({listed})"
    if permits.allow_downgrade:
        return Guarded(overridden=(f"{text}; --allow-downgrade",))
    steps = (
        f"to go back to what ran before: fleetdeploy rollback --to {target}",
        f"or deploy it all the same: fleetdeploy rollout {target} --allow-downgrade",
    )
    return Guarded(problems=(Problem(RefusalReason.DOWNGRADE, text, next_steps=steps),))


def crossed(floor: str, target: str, from_labels: Iterable[str]) -> bool:
    """Whether going from these versions to ``target`` passes ``floor``: from < floor <= target.

    A name without an order may be older than the floor, so it counts: a rollback that is wrongly not automatic costs a
    person's word, one that wrongly is may cost the data. A host without the service has nothing to go back to.
    """
    wall, wanted = Version.parse(floor), Version.parse(target)
    if wall is None or (wanted is not None and wanted < wall):
        return False
    for label in from_labels:
        before = Version.parse(label)
        if label != ABSENT and (before is None or before < wall):
            return True
    return False


def floor_note(floor: str) -> str:
    """What a plan says that passes the floor."""
    return (
        f"no automatic way back: {floor} migrated what older versions cannot read (rollback_floor); if hosts fail, the"
        " rollout pauses and a person decides"
    )


def way_back_notes(hosts: Iterable[HostPlan]) -> tuple[str, ...]:
    """What going back would mean on hosts where it is not "the previous version runs again"."""
    changing = [h for h in hosts if h.action is HostAction.CHANGE]
    first = [h.host for h in changing if h.first_install]
    sick = [h.host for h in changing if h.healthy is False and not h.first_install]
    notes = []
    if first:
        notes.append(f"first install on {few(first)}: the way back is to remove it")
    if sick:
        notes.append(f"not healthy now: {few(sick)}: going back there means: as it was")
    return tuple(notes)


def few(names: Sequence[str]) -> str:
    """The first names of a list that may be long."""
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
