"""Going on with what another conductor began: the stored plan, and ends that were not written everywhere.

What the hosts did is read from the hosts (``conduct.py``, ``_take_stock``), never from the journal; the journal only
gives the plan back, so that the files and the order are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fleetdeploy.engine.executor import Done, Tools
from fleetdeploy.errors import FleetdeployError, HostError
from fleetdeploy.model.codec import from_plain
from fleetdeploy.model.host import Host
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.verbs import Claim, CloseRequest, Observation
from fleetdeploy.rollout.host_task import settled
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.survey import workers_for

_PATIENCE_S = 10.0


class PlanStore(Protocol):
    """The part of the journal that is read here."""

    def plan(self, rollout: str) -> dict[str, Any] | None: ...


def stored_plan(store: PlanStore, rollout: str) -> Plan | None:
    """The plan of that rollout, None if this machine's journal does not have it.

    Raises:
        FleetdeployError: it is there but cannot be read (written by another version).
    """
    plain = store.plan(rollout)
    if plain is None:
        return None
    try:
        return from_plain(Plan, plain)
    except (ValueError, TypeError) as exc:
        raise FleetdeployError(
            f"the stored plan of {rollout} cannot be read: {exc}",
            next_steps=("undo it from the hosts' own state: fleetdeploy rollback",),
        ) from exc


LIVING = "its conductor is alive"


def finish_closing(
    rollout: str, outcome: str, hosts: tuple[Host, ...], ports: Ports, *, take_over: bool = False
) -> Mapping[str, str]:
    """Write the end of ``rollout`` on every host of its plan where it is missing (protocol.md rule 6); what failed.

    Also where no entry stands, so that a late ``open`` finds the end. Only id and conductor together may close, so the
    entry's own are shown. One host with a fresh sign of life keeps all of them (rule 3): then nothing is closed, but
    with ``take_over``.
    """
    workers = workers_for(hosts, ports.connect, parallel=50, beat_interval_s=3600.0)
    names = {h.name for h in hosts}

    def look(tools: Tools[HostPort]) -> Observation:
        return tools.resource.observe()

    def close(tools: Tools[HostPort], machines: tuple[tuple[str, str], ...]) -> None:
        state = tools.resource.observe().state
        entry = state.open if state else None
        record = state.rollout(rollout) if state else None
        if record is not None and record.ended:
            return
        mine = entry is not None and entry.rollout == rollout
        claim = Claim(rollout, entry.conductor, entry.token, 0) if entry and mine else Claim(rollout, "", 0, 0)
        request = CloseRequest(claim, outcome, machines=machines)
        settled(tools, lambda: tools.resource.close(request), _PATIENCE_S, unsent_patience_s=0.0)

    def each(wanted: set[str], task: Callable[[Tools[HostPort]], Any]) -> dict[str, Any]:
        for name in wanted:
            workers.submit(name, "close", task)
        results: dict[str, Any] = {}
        while len(results) < len(wanted):
            done = workers.next(1.0)
            if isinstance(done, Done):
                if done.error is not None and not isinstance(done.error, HostError):
                    raise done.error
                results[done.host] = done.error if done.error is not None else done.value
        return results

    try:
        seen = {n: s.state for n, s in each(names, look).items() if isinstance(s, Observation) and s.state}
        records = {n: r for n, state in seen.items() if (r := state.rollout(rollout)) is not None}
        living = [n for n, s in seen.items() if s.open and s.open.rollout == rollout and s.open.alive_here]
        if living and not take_over:
            return dict.fromkeys(living, LIVING)
        machines = max((r.machines for r in records.values()), key=len, default=())
        members = (set(records) | {name for name, _ in machines}) & names
        answers = each(members, lambda tools: close(tools, machines))
        return {name: answer.what for name, answer in answers.items() if isinstance(answer, HostError)}
    finally:
        workers.shutdown(10.0)
