"""Rollouts that the store calls open and the hosts know to be over get their end in the store, too.

That happens when a conductor died between the hosts' end and its own, or before any host was opened. Called where the
hosts were just asked for another reason; asks nobody itself, and never fails what it is called from.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import Journal, RolloutRow
from fleetdeploy.errors import StoreError, UsageError
from fleetdeploy.model.run import Outcome
from fleetdeploy.model.sight import Sight

_LAST = 20
_SILENT = timedelta(hours=2)  # of a conductor on another machine: longer than clocks differ
_OUTCOMES = frozenset(o.value for o in Outcome)


def settle_from_hosts(workspace: Workspace, sights: Mapping[str, Sight]) -> None:
    """Write the ends that these sights (of the whole fleet) tell, where no conductor can be alive any more."""
    with suppress(StoreError, UsageError), closing(open_journal()) as journal:
        rows = journal.rollouts(fleet=workspace.fleet.name, app=workspace.app.app or None, limit=_LAST)
        for row in rows:
            outcome = _told(journal, row, sights) if row.outcome is None else ""
            if outcome and _is_dead(journal, row):
                name = f"settled-on-{socket.gethostname()}-{os.getpid()}"
                journal.settle(row.id, outcome, conductor=name, detail="found so on the hosts")


def _told(journal: Journal, row: RolloutRow, sights: Mapping[str, Sight]) -> str:
    """The outcome that the hosts remember; "" if it is open on one of them, or if they do not say."""
    states = {name: s.observation.state for name, s in sights.items() if s.observation is not None}
    if any(state is not None and state.open is not None and state.open.rollout == row.id for state in states.values()):
        return ""
    records = [r for state in states.values() if state is not None and (r := state.rollout(row.id)) is not None]
    outcomes = {r.outcome for r in records if r.ended}
    if records:
        return outcomes.pop() if len(outcomes) == 1 and all(r.ended for r in records) and outcomes <= _OUTCOMES else ""
    if len(states) == len(sights) and all(step.name == "open" for step in journal.steps(row.id)):
        return Outcome.ABORTED.value  # it never had a host
    return ""


def _is_dead(journal: Journal, row: RolloutRow) -> bool:
    """True if its process on this machine is gone, or one elsewhere has not written for long."""
    if (row.holder or row.actor).rpartition("@")[2] == socket.gethostname() and sys.platform != "win32":
        try:
            os.kill(row.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass
        return False
    events = journal.events(row.id)
    last = datetime.fromisoformat(events[-1].at if events else row.started_at)
    return datetime.now(UTC) - last > _SILENT
