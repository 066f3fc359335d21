"""The state of a rollout from its events alone: what the journal says, step by step. Pure, and never fails.

The conductor keeps its own book; this is the other reader of the same events, for ``show``, for audits and for the
tests that compare the journal with the hosts. A move that the tables of ``run.py`` do not have is not refused but
named in ``misfits``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HOSTS, PHASES, Hold, HostState, Outcome, PauseReason, Phase


@dataclass(frozen=True, slots=True)
class HostReplay:
    """One host: its state, and the version that it was last seen with ("" if never).

    ``failed``: a failure was reported, whatever came of it.
    """

    state: HostState = HostState.PENDING
    label: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout is, as told. ``outcome`` None: open. ``exit_code``: of the conductor that left last."""

    phase: Phase = Phase.PLANNED
    hold: Hold = Hold.NONE
    reason: PauseReason | None = None
    outcome: Outcome | None = None
    exit_code: int | None = None
    turned: bool = False
    conductors: tuple[str, ...] = ()
    hosts: Mapping[str, HostReplay] = field(default_factory=dict)
    misfits: tuple[str, ...] = ()


def replay(events: Iterable[ev.Event]) -> RolloutState:
    """The state after these events of one rollout."""
    state = RolloutState()
    fresh: set[str] = set()  # hosts of which the present conductor has not spoken: it may find them anywhere
    for event in events:
        state = _after(state, event, fresh)
    return state


def _after(state: RolloutState, event: ev.Event, fresh: set[str]) -> RolloutState:
    match event:
        case ev.RolloutStarted():
            fresh.clear()
            fresh.update(event.hosts)
            known = {name: state.hosts.get(name, HostReplay()) for name in event.hosts}
            return RolloutState(
                turned=state.turned,
                conductors=(*state.conductors, event.conductor),
                hosts={**state.hosts, **known},
                misfits=state.misfits,
            )
        case ev.PhaseChanged():
            if event.phase is not state.phase and event.phase not in PHASES[state.phase]:
                state = _misfit(state, f"phase {state.phase.value} -> {event.phase.value}")
            return replace(state, phase=event.phase, hold=Hold.NONE, reason=None)
        case ev.HoldChanged():
            return replace(state, hold=event.hold, reason=event.reason)
        case ev.HostChanged():
            return _host(state, event, fresh)
        case ev.HostFailed():
            host = replace(state.hosts.get(event.host, HostReplay()), failed=True)
            return replace(state, hosts={**state.hosts, event.host: host})
        case ev.Turned():
            return replace(state, turned=True)
        case ev.RolloutEnded():
            phase = state.phase if event.outcome is None else Phase.DONE
            return replace(state, phase=phase, outcome=event.outcome, exit_code=event.exit_code)
        case _:
            return state


def _host(state: RolloutState, event: ev.HostChanged, fresh: set[str]) -> RolloutState:
    before = state.hosts.get(event.host)
    if before is None:
        state = _misfit(state, f"{event.host} is no host of this rollout")
    elif event.host not in fresh and event.state is not before.state and event.state not in HOSTS[before.state]:
        state = _misfit(state, f"{event.host} {before.state.value} -> {event.state.value}")
    fresh.discard(event.host)
    was = before or HostReplay()
    host = replace(was, state=event.state, label=event.label or was.label)
    return replace(state, hosts={**state.hosts, event.host: host})


def _misfit(state: RolloutState, what: str) -> RolloutState:
    return replace(state, misfits=(*state.misfits, what))
