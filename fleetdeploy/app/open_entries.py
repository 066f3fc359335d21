"""Rollouts that are open on the hosts: who holds what, which one a person means, and the end of one that was abandoned.

Everything is read from the hosts: the store may be empty. ``close_open`` writes an end and changes no service; what a
rollout has changed is undone by ``rollback``, never from here (protocol.md rule 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fleetdeploy.app.apps import check_known, with_app
from fleetdeploy.app.conducting import Said, Silent, Tick, open_ports
from fleetdeploy.app.login import askable, stop_at_login
from fleetdeploy.app.planning import look
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import ExitCode, FleetdeployError, RefusalReason, Refused, Unreachable
from fleetdeploy.model.owner import life_age_s, owner_text, who
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Actor, OpenEntry, RolloutRecord
from fleetdeploy.rollout.resume import LIVING, finish_closing


@dataclass(frozen=True, slots=True)
class Hold:
    """One host and who holds it; ``rollout`` "": nobody. ``life_age_s`` is by the host's own clock."""

    host: str
    rollout: str = ""
    kind: str = ""
    conductor: str = ""
    user: str = ""
    machine: str = ""
    pid: int = 0
    job_url: str = ""
    reason: str = ""
    since: str = ""
    life_age_s: float | None = None
    alive: bool = False
    phase: str = ""
    direction: str = ""
    token: int = 0
    plan_digest: str = ""
    running_verb: str = ""
    unended: tuple[str, ...] = ()
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain form for ``--output json``."""
        data: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return data | {"unended": list(self.unended)}


@dataclass(slots=True)
class OpenRollout:
    """A rollout that some host has not seen the end of.

    Attributes:
        owner: the entry with the youngest sign of life; None: a record without an entry, nobody holds anything.
        records: what each host that remembers it says of it; ``unended`` are those where its end is missing.
        silent: members that could not be asked.
    """

    id: str
    kind: str = "forward"
    undoes: str = ""
    alive: bool = False
    owner: OpenEntry | None = None
    age_s: float | None = None
    records: dict[str, RolloutRecord] = field(default_factory=dict)
    silent: list[str] = field(default_factory=list)

    @property
    def digests(self) -> frozenset[str]:
        """Digests of the plan that the hosts hold."""
        return frozenset(r.plan_digest for r in self.records.values() if r.plan_digest)

    @property
    def outcome(self) -> str:
        """How it has ended on hosts that know its end, "" if none does."""
        return min((r.outcome for r in self.records.values() if r.ended and r.outcome), default="")

    @property
    def version(self) -> str:
        """Where it was to bring the hosts, as far as they were told."""
        return next((r.to_label for r in self.records.values() if r.to_label), "")

    @property
    def half(self) -> tuple[str, ...]:
        """Hosts where it began and neither finished nor went back."""
        return tuple(n for n, r in self.records.items() if r.intent and not r.done and not r.put_back)

    @property
    def there(self) -> tuple[str, ...]:
        """Hosts that it brought to the target."""
        return tuple(n for n, r in self.records.items() if r.intent and r.done and not r.put_back)

    @property
    def is_even(self) -> bool:
        """Every host of it is known, and all are on the target, or none is."""
        if self.half or self.silent:
            return False
        members = {name for r in self.records.values() for name, _ in r.machines} | set(self.records)
        return not self.there or set(self.there) == members

    def told(self) -> str:
        """Id, owner, since when, last sign of life: for a refusal."""
        what = f"{'rollback' if self.kind == 'back' else 'rollout'} {self.id}"
        if self.owner is None:
            return f"{what}, which holds no host any more"
        return f"{what} of {who(self.owner.actor)}: {owner_text(self.owner, self.age_s)}"


def holds(sights: Mapping[str, Sight]) -> tuple[Hold, ...]:
    """A row for each host."""
    return tuple(_hold(name, sight) for name, sight in sights.items())


def _hold(name: str, sight: Sight) -> Hold:
    seen = sight.observation
    if seen is None:
        return Hold(name, error=sight.error or "was not asked")
    state = seen.state
    unended = tuple(r.id for r in state.rollouts if not r.ended) if state else ()
    entry = state.open if state else None
    if state is None or entry is None:
        return Hold(name, unended=unended, running_verb=seen.running_verb)
    record = state.rollout(entry.rollout)
    return Hold(
        host=name,
        rollout=entry.rollout,
        kind=entry.kind,
        conductor=entry.conductor,
        user=entry.actor.user,
        machine=entry.actor.machine,
        pid=entry.actor.pid,
        job_url=entry.actor.job_url,
        reason=entry.actor.reason,
        since=entry.opened_at,
        life_age_s=_rounded(life_age_s(entry, seen)),
        alive=entry.alive_here,
        phase=entry.phase,
        direction=entry.direction,
        token=entry.token,
        plan_digest=record.plan_digest if record else "",
        running_verb=seen.running_verb,
        unended=unended,
    )


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 1)


def open_rollouts(sights: Mapping[str, Sight]) -> dict[str, OpenRollout]:
    """Every rollout that is open or unended on a host that answers, by id."""
    found: dict[str, OpenRollout] = {}
    states = {n: s.observation.state for n, s in sights.items() if s.observation and s.observation.state}
    for state in states.values():
        for record in state.rollouts:
            if not record.ended:
                found.setdefault(record.id, OpenRollout(record.id, record.kind, record.undoes))
        if state.open:
            found.setdefault(state.open.rollout, OpenRollout(state.open.rollout, state.open.kind))
    for one in found.values():
        one.records = {n: r for n, state in states.items() if (r := state.rollout(one.id)) is not None}
        members = {name for r in one.records.values() for name, _ in r.machines}
        one.silent = [n for n, s in sights.items() if n in members and s.observation is None]
    for name, state in states.items():
        entry, seen = state.open, sights[name].observation
        if entry is None or seen is None:
            continue
        one, age = found[entry.rollout], life_age_s(entry, seen)
        one.alive = one.alive or entry.alive_here
        if one.owner is None or (age is not None and (one.age_s is None or age < one.age_s)):
            one.owner, one.age_s = entry, age
    return found


def find_open(sights: Mapping[str, Sight], wanted: str) -> OpenRollout:
    """The open rollout with that id (or its beginning or end), or the only one.

    Raises:
        Refused: none, or several and none named.
        Unreachable: none of the hosts can be asked.
    """
    silent = {n: s.error or "was not asked" for n, s in sights.items() if s.observation is None}
    if silent and len(silent) == len(sights):
        raise Unreachable(
            "no host can be asked which rollout is open",
            host=", ".join(silent),
            why=tuple(f"{name}: {error.removeprefix(f'{name}: ')}" for name, error in silent.items()),
            next_steps=("fleetdeploy doctor",),
        )
    every = open_rollouts(sights)
    name = wanted.upper()
    found = [i for i in every if i.startswith(name) or i.endswith(name)] if wanted else list(every)
    found = [i for i in found if i == name] or found
    if len(found) == 1:
        return every[found[0]]
    what = f"rollout {wanted} is not open on any host" if wanted else "no rollout is open on the hosts"
    if len(found) > 1:
        what = f"several rollouts are open: {', '.join(sorted(found))}"
    elif silent:
        what += f"; {len(silent)} of {len(sights)} cannot be asked: {', '.join(silent)}"
    raise Refused(
        what,
        reason=RefusalReason.OPEN_ROLLOUT,
        why=tuple(one.told() for one in every.values()),
        next_steps=("fleetdeploy open show", "fleetdeploy history"),
    )


def close_open(
    workspace: Workspace, wanted: str, *, actor: Actor, take_over: bool = False, leave: bool = False, tick: Tick
) -> Said:
    """End a rollout that its owner abandoned, on every host of its plan; changes no service.

    Args:
        workspace: the fleet it is open on.
        wanted: its id, or "" for the only one.
        actor: who closes it, with the reason.
        take_over: also if its conductor lives; that one stops.
        leave: also if it leaves hosts as they should not stay: then that is the exit code.
        tick: called about once a second.

    Raises:
        Refused: it lives, or has changed hosts that are neither on target nor back.
    """
    workspace = with_app(workspace, tick=tick)
    whole = replace(workspace, scope=workspace.fleet.hosts)
    sights = look(whole, tick=tick)
    stop_at_login(whole.scope, sights, only_if_all=True)
    check_known(whole, sights)
    found = find_open(sights, wanted)
    if found.alive and not take_over:
        raise living(found)
    if not leave and not found.is_even:
        raise Refused(
            f"{found.told()}; it has changed hosts, and closing it would leave them as they are",
            reason=RefusalReason.OPEN_ROLLOUT,
            why=tuple(_standing(found)),
            next_steps=(
                "fleetdeploy rollback   (puts back what it changed, and closes it)",
                f"fleetdeploy resume {found.id}   (finishes it)",
                f"fleetdeploy open close {found.id} --leave --reason WHY   (leaves the hosts as they are, exit code 8)",
            ),
        )
    return leave_as_it_is(whole, sights, found, actor=actor, take_over=take_over)


def living(found: OpenRollout) -> Refused:
    """Why somebody else's rollout is not touched."""
    return Refused(
        f"its conductor is alive: {found.told()}",
        reason=RefusalReason.OCCUPIED,
        next_steps=(
            "fleetdeploy open show",
            "ask its owner to end it: fleetdeploy abort --leave",
            "or take it from them: add --take-over --reason WHY",
        ),
    )


def leave_as_it_is(
    workspace: Workspace, sights: Mapping[str, Sight], found: OpenRollout, *, actor: Actor, take_over: bool = False
) -> Said:
    """Write its end wherever it is missing, and say what it leaves behind.

    Raises:
        Refused: its conductor has shown a sign of life meanwhile.
    """
    outcome = found.outcome or "aborted"
    by = f"{who(actor)}" + (f": {actor.reason}" if actor.reason else "")
    with open_ports(workspace, Silent(), bare=True) as ports:
        hosts = askable(workspace.fleet.hosts, sights)
        failed = dict(finish_closing(found.id, outcome, hosts, ports, take_over=take_over, by=by))
        if LIVING in failed.values():
            raise living(found)
        spared = {h.name for h in workspace.fleet.hosts} - {h.name for h in hosts}
        failed |= {name: "its login was refused" for name in found.silent if name in spared}
        down = [n for n in found.half if not _runs(sights.get(n))]
        code = ExitCode.MIXED if down else ExitCode.PARTIAL if failed or not found.is_even else ExitCode.OK
    _record(found, outcome, by, code, actor)
    text = f"{'rollback' if found.kind == 'back' else 'rollout'} {found.id} is closed as {outcome.replace('_', ' ')}"
    lines = list(_standing(found)) if not found.is_even else []
    lines += [f"its end is not written on {name}: {what}" for name, what in failed.items()]
    steps: tuple[str, ...] = ()
    if down:
        steps += (f"fleetdeploy doctor --limit {down[0]}",)
    if found.there or found.half:
        steps += (f"fleetdeploy rollback {found.id}   (still undoes it)",)
    if failed:
        again = f"fleetdeploy open close {found.id} --leave --reason WHY"
        steps += (f"{again}   (when they answer: it writes the end there)",)
    return Said("\n".join((text, *(f"  {line}" for line in lines))), found.id, steps, code)


def _standing(found: OpenRollout) -> list[str]:
    lines = []
    if found.there:
        lines.append(f"on {found.version or 'its target'}: {', '.join(found.there)}")
    if found.half:
        lines.append(f"begun and not finished: {', '.join(found.half)}")
    if found.silent:
        lines.append(f"cannot be asked: {', '.join(found.silent)}")
    members = {name for r in found.records.values() for name, _ in r.machines} | set(found.records)
    rest = sorted(members - {*found.there, *found.half, *found.silent})
    if rest:
        lines.append(f"as before it: {', '.join(rest)}")
    return lines


def _runs(sight: Sight | None) -> bool:
    seen = sight.observation if sight else None
    return seen is not None and seen.service is not None and seen.service.state == "Running"


def _record(found: OpenRollout, outcome: str, by: str, code: ExitCode, actor: Actor) -> None:
    """In this machine's journal, if it knows that rollout: the hosts have it in any case."""
    try:
        journal = open_journal()
    except FleetdeployError:
        return
    try:
        conductor = f"closed-by-{actor.user}-{actor.pid}"
        journal.settle(found.id, outcome, int(code), conductor=conductor, detail=f"closed by {by}")
    except FleetdeployError:
        return
    finally:
        journal.close()
