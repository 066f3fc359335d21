"""Which rollout is to be undone, and the plan that undoes it: from what the hosts remember, store or no store (pure).

``candidate`` is protocol.md rules 15, 16 and the end of rule 6; ``chain_to`` finds the way back to a named version;
``build_rollback`` makes the plan. It refuses nothing and is never blocked by drift: a difference is for the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.host import Host
from fleetdeploy.model.plan import Batch, HostAction, HostPlan, Plan, Problem
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.model.verbs import HostState, Observation, RolloutRecord
from fleetdeploy.model.version import Version
from fleetdeploy.plan.batches import Candidate, cut, floor_of, spread
from fleetdeploy.plan.build import expected_of
from fleetdeploy.plan.guards import crossed
from fleetdeploy.plan.naming import label_of


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo this forward rollout; ``is_open``: it has not ended."""

    rollout: str
    version: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Continue:
    """A rollback that has not ended goes on first; ``target``: the version it was told to go back to, if one."""

    rollout: str
    undoes: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class CloseOnly:
    """Nothing to undo, but its end is not written everywhere: close it with ``outcome`` and say so."""

    rollout: str
    version: str
    outcome: str


@dataclass(frozen=True, slots=True)
class AlreadyUndone:
    """The newest rollout that changed a host is undone: nothing to do, and never anything older."""

    rollout: str
    version: str


@dataclass(frozen=True, slots=True)
class NothingToUndo:
    """No host remembers a rollout that changed anything."""


@dataclass(frozen=True, slots=True)
class NeedsId:
    """Hosts that cannot be asked might know a newer one: type the ID (rule 16)."""

    silent: tuple[str, ...]


Choice = Undo | Continue | CloseOnly | AlreadyUndone | NothingToUndo | NeedsId


def candidate(observations: Mapping[str, Observation | None]) -> Choice:
    """What a bare ``rollback`` undoes. ``observations`` has every host of the fleet, None for those that are silent."""
    states = {name: o.state for name, o in observations.items() if o is not None and o.state is not None}
    silent = tuple(name for name, o in observations.items() if o is None)
    records = _records(states)
    unended = {rid for rid, hosts in records.items() if any(not r.ended for r in hosts.values())}
    named_open = {state.open.rollout for state in states.values() if state.open is not None}
    backs = [rid for rid in unended if _kind(records, rid) == "back"]
    if backs:
        newest = _newest(records, backs)
        if silent and newest not in named_open:
            return NeedsId(silent)
        undoes = next(r.undoes for r in records[newest].values())
        return Continue(newest, undoes, _version(records, newest))
    forwards = [rid for rid in unended if _kind(records, rid) == "forward"]
    if forwards:
        newest = _newest(records, forwards)
        ended = {r.outcome for r in records[newest].values() if r.ended} & {"succeeded", "succeeded_in_part"}
        # Closing would leave a host that stands in the middle as it stands: stopped perhaps, or without recovery.
        if ended and not any(_is_half_way(r) for r in records[newest].values()):
            return CloseOnly(newest, _version(records, newest), min(ended))
        if silent and newest not in named_open:
            return NeedsId(silent)
        if not any(r.intent for r in records[newest].values()) and not silent:
            return CloseOnly(newest, _version(records, newest), "aborted")
        return Undo(newest, _version(records, newest), is_open=True)
    if silent:
        return NeedsId(silent)
    changed = [
        rid
        for rid, hosts in records.items()
        if _kind(records, rid) == "forward" and any(r.intent for r in hosts.values())
    ]
    if not changed:
        return NothingToUndo()
    newest = _newest(records, changed)
    left = [name for name, r in records[newest].items() if r.intent and not is_undone(states[name], r)]
    version = _version(records, newest)
    return Undo(newest, version, is_open=False) if left else AlreadyUndone(newest, version)


def _is_half_way(record: RolloutRecord) -> bool:
    """A change was begun there, forward or back, and nobody wrote how it ended (rule 12)."""
    return not record.ended and (record.undoing or (record.intent and not (record.done or record.put_back)))


def is_undone(state: HostState, record: RolloutRecord) -> bool:
    """This host is back where it was before that rollout: put back by itself, or by a rollback that names it."""
    if record.put_back:
        return True
    return any(r.kind == "back" and r.undoes == record.id and r.done for r in state.rollouts)


def chain_to(observation: Observation, target: str, known: Mapping[str, str]) -> tuple[str, ...] | None:
    """Rollouts to undo on this host, newest first, until it runs ``target``; () if it does; None: no way back."""
    if _same_label(label_of(observation, known), target):
        return ()
    state = observation.state
    if state is None:
        return None
    records = [r for r in state.rollouts if r.kind == "forward" and r.intent and r.done and not is_undone(state, r)]
    chain: list[str] = []
    for record in sorted(records, key=lambda r: (r.token, r.id), reverse=True):
        chain.append(record.id)
        origin = record.origin
        if origin and (_same_label(origin.label, target) or _same_label(known.get(origin.sha256, ""), target)):
            return tuple(chain)
    return None


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """``rollout`` is undone, or each host goes back to version ``target``; ``hosts`` is the whole fleet.

    ``rollback_floor`` is the project's, if there is one here: going back behind it is said, and done all the same.
    """

    fleet: str
    hosts: tuple[Host, ...]
    app: ServiceSpec
    strategy: StrategySettings
    health: HealthSpec
    rollout: str = ""
    target: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    rollback_floor: str = ""


def build_rollback(request: RollbackRequest, observed: Mapping[str, Sight]) -> Plan:
    """The plan back: hosts that are not healthy first and together, healthy ones within the floor."""
    members = _members(request, observed)
    problems: list[Problem] = []
    hosts: list[HostPlan] = []
    for host in request.hosts:
        sight = observed.get(host.name) or Sight(host.name)
        if members is not None and host.name not in members:
            continue
        hosts.append(_host_plan(request, host, sight, problems))
    changing = [h for h in hosts if h.action is HostAction.CHANGE]
    undoes = request.rollout or max((u for h in changing for u in h.undo), default="")
    settings = request.strategy
    floor = floor_of(settings.max_unavailable, settings.batch, scope=len(hosts), changing=len(changing))
    if settings.all_at_once_rollback:
        floor = max(len(changing), 1)
    target = request.target or ", ".join(sorted({h.to_label for h in changing}))
    return Plan(
        kind="back",
        fleet=request.fleet,
        app=request.app,
        version=target,
        artifact=None,
        strategy=settings,
        health=request.health,
        batches=back_batches(changing, floor),
        hosts=tuple(hosts),
        max_unavailable=floor,
        down_at_start=tuple(h.host for h in hosts if h.healthy is False),
        undoes=undoes,
        target=request.target,
        problems=tuple(problems),
        # Of the whole fleet: the summary at the end asks those that are not part of it, too.
        locked_out=tuple((name, s.error) for name, s in observed.items() if s.lost is Lost.LOGIN),
        notes=(
            *(f"{h.host} is left as it is: {h.why}" for h in hosts if h.why and h.action is not HostAction.CHANGE),
            *_floor_notes(request.rollback_floor, changing),
        ),
    )


def _floor_notes(floor: str, changing: list[HostPlan]) -> tuple[str, ...]:
    """A person's rollback is never refused; that it goes behind a one-way migration is said before it begins."""
    behind = [h.host for h in changing if floor and crossed(floor, h.from_label, (h.to_label,))]
    if not behind:
        return ()
    where = f"goes back behind rollback_floor {floor} on {', '.join(behind)}"
    return (f"{where}: what it migrated the older version may be unable to read",)


def back_batches(changing: list[HostPlan], floor: int) -> tuple[Batch, ...]:
    """Rule 17: what is broken goes back at once, what still serves goes back within the floor."""
    sick = [h for h in changing if h.healthy is not True]
    well = [Candidate(h.host, h.zone) for h in changing if h.healthy is True]
    groups = [tuple(h.host for h in sick)] if sick else []
    groups += [tuple(c.name for c in group) for group in cut(spread(well), max(floor, 1))]
    return tuple(Batch(i, names) for i, names in enumerate(groups))


def _members(request: RollbackRequest, observed: Mapping[str, Sight]) -> set[str] | None:
    """Hosts of the rollout, as any of them remembers it; None (= all) if a version is the target."""
    if not request.rollout:
        return None
    names: set[str] = set()
    for name, sight in observed.items():
        record = (
            sight.observation.state.rollout(request.rollout) if sight.observation and sight.observation.state else None
        )
        if record:
            names |= {name, *(member for member, _ in record.machines)}
    return names


def _host_plan(request: RollbackRequest, host: Host, sight: Sight, problems: list[Problem]) -> HostPlan:
    seen = sight.observation
    action, why, to_label, to_release = HostAction.CHANGE, "", request.target, ""
    undo: tuple[str, ...] = (request.rollout,)
    if seen is None:
        action, why = HostAction.SKIP, f"it does not answer: {sight.error}"
    elif request.target:
        chain = chain_to(seen, request.target, request.known)
        undo = chain or ()
        if chain is None:
            action, why = HostAction.LEAVE, f"it remembers no way back to {request.target}"
            problems.append(Problem(RefusalReason.NO_TARGET, why, host.name))
        elif not chain:
            action = HostAction.UNCHANGED
    else:
        record = seen.state.rollout(request.rollout) if seen.state else None
        if seen.state is None or record is None or not record.intent:
            action, why, undo = HostAction.LEAVE, "this rollout did not change it", ()
        elif is_undone(seen.state, record):
            action, undo = HostAction.UNCHANGED, ()
        if record and record.origin:
            to_label, to_release = record.origin.label, record.origin.release
    return HostPlan(
        host=host.name,
        machine_id=seen.machine_id if seen else "",
        action=action,
        from_label=label_of(seen, request.known),
        to_label=to_label,
        to_release=to_release,
        expected=expected_of(seen),
        zone=host.zone,
        undo=undo if action is HostAction.CHANGE else (),
        healthy=None if seen is None else sight.serving,
        why=why,
    )


def _records(states: Mapping[str, HostState]) -> dict[str, dict[str, RolloutRecord]]:
    out: dict[str, dict[str, RolloutRecord]] = {}
    for name, state in states.items():
        for record in state.rollouts:
            out.setdefault(record.id, {})[name] = record
    return out


def _kind(records: Mapping[str, Mapping[str, RolloutRecord]], rid: str) -> str:
    return next(iter(records[rid].values())).kind


def _version(records: Mapping[str, Mapping[str, RolloutRecord]], rid: str) -> str:
    return next((r.to_label for r in records[rid].values() if r.to_label), "")


def _newest(records: Mapping[str, Mapping[str, RolloutRecord]], ids: list[str]) -> str:
    """By token on hosts that two of them share; the ULID only breaks ties, since controllers' clocks differ."""

    def beaten(one: str) -> bool:
        return any(_later(records[other], records[one]) for other in ids if other != one)

    top = [rid for rid in ids if not beaten(rid)]
    return max(top or ids)


def _later(one: Mapping[str, RolloutRecord], other: Mapping[str, RolloutRecord]) -> bool:
    return any(one[name].token > other[name].token for name in one.keys() & other.keys())


def _same_label(one: str, other: str) -> bool:
    if not one or not other:
        return False
    if one == other:
        return True
    first, second = Version.parse(one), Version.parse(other)
    return first is not None and second is not None and (first.core, first.pre) == (second.core, second.pre)
