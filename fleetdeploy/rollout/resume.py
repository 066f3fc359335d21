"""Going on with what another conductor began: the stored plan, and ends that were not written everywhere.

What the hosts did is read from the hosts (``conduct.py``, ``_take_stock``), never from the journal; the journal only
gives the plan back, so that the files and the order are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from fleetdeploy.engine.executor import Done, Tools
from fleetdeploy.errors import FleetdeployError, HostError
from fleetdeploy.model.codec import from_plain
from fleetdeploy.model.host import Host
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.verbs import Claim, CloseRequest
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.survey import workers_for


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


def finish_closing(rollout: str, outcome: str, hosts: tuple[Host, ...], ports: Ports) -> Mapping[str, str]:
    """Write the end of ``rollout`` where its entry still stands (protocol.md rule 6); what failed, by host.

    Only id and conductor together may close, so the entry's own are shown; a living conductor is left alone.
    """
    failed: dict[str, str] = {}
    workers = workers_for(hosts, ports.connect, parallel=50, beat_interval_s=3600.0)

    def close(tools: Tools[HostPort]) -> str:
        state = tools.resource.observe().state
        entry = state.open if state else None
        if entry is None or entry.rollout != rollout:
            return ""
        if entry.alive_here:
            return "its conductor is alive"
        claim = Claim(rollout, entry.conductor, entry.token, 0)
        tools.resource.close(CloseRequest(claim, outcome, machines=entry.machines))
        return ""

    try:
        for host in hosts:
            workers.submit(host.name, "close", close)
        waiting = {h.name for h in hosts}
        while waiting:
            done = workers.next(1.0)
            if not isinstance(done, Done):
                continue
            waiting.discard(done.host)
            error = done.error
            if isinstance(error, HostError):
                failed[done.host] = error.what
            elif error is not None:
                raise error
            elif done.value:
                failed[done.host] = str(done.value)
    finally:
        workers.shutdown(10.0)
    return failed
