"""What the journal says: rollouts, events, and what each host was last left with. Asks no host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import EventRow, Journal, RolloutRow
from fleetdeploy.errors import StoreError, UsageError
from fleetdeploy.model import events as ev
from fleetdeploy.model.project import Project
from fleetdeploy.settings.retention import parse_keep


def open_journal(*, required: bool = True) -> Journal:
    """The journal that ``FLEETDEPLOY_STORE`` or ``FLEETDEPLOY_STATE_DIR`` names.

    Args:
        required: False for what must go on without one (status, a rollback): then it may be one in memory, whose
            ``why_not_kept`` says why; the caller tells the person.

    Raises:
        StoreError: it cannot be opened, and it is required.
    """
    try:
        return Journal.default()
    except StoreError as error:
        if required:
            raise
        return Journal.in_memory(error.what)


def forget_old(journal: Journal, project: Project | None, env: Mapping[str, str] | None = None) -> None:
    """What ``retention`` lets go: a few old rollouts at the end of each new one. Never fails what has just ended."""
    environment = os.environ if env is None else env
    keep_s = project.keep_journal_s if project else None
    with suppress(ValueError, StoreError):
        if project is None and (text := environment.get("FLEETDEPLOY_KEEP_JOURNAL")):
            keep_s = parse_keep(text)
        if keep_s is not None and not journal.why_not_kept:
            journal.forget(keep_s=keep_s)


def last_labels(workspace: Workspace) -> dict[str, str]:
    """Host → the version that the journal last saw there; hosts it knows nothing of are missing."""
    labels: dict[str, str] = {}
    journal = open_journal(required=False)
    try:
        rows = journal.rollouts(fleet=workspace.fleet.name, app=workspace.app.app or None, limit=20)
        for row in reversed(rows):
            for entry in journal.events(row.id):
                if isinstance(entry.event, ev.HostChanged) and entry.event.label:
                    labels[entry.event.host] = entry.event.label
    finally:
        journal.close()
    return labels


def find_rollout(journal: Journal, wanted: str) -> RolloutRow:
    """A rollout by its id, or an unambiguous beginning or end of it.

    Raises:
        UsageError: none or several.
    """
    row = journal.rollout(wanted)
    if row is None:
        raise UsageError(
            f"the journal {journal.shown} has no single rollout {wanted!r}", next_steps=("fleetdeploy history",)
        )
    return row


def events_of(journal: Journal, rollout: str, host: str | None) -> tuple[EventRow, ...]:
    """Events of a rollout, of one host if named (then without those that name no host)."""
    rows = journal.events(rollout)
    return tuple(r for r in rows if host is None or getattr(r.event, "host", None) == host)
