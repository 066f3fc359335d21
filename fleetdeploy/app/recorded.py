"""What the journal says: rollouts, events, and what each host was last left with. Asks no host."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import EventRow, Journal, RolloutRow
from fleetdeploy.engine.store.export import read_export
from fleetdeploy.engine.store.verify import Verdict, verify
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
    except (StoreError, UsageError) as error:  # also a FLEETDEPLOY_STORE that makes no sense
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
    journal = open_journal()
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


def verified(journal: Journal, wanted: str = "") -> tuple[tuple[str, Verdict], ...]:
    """Each rollout, or the wanted one, and whether its record is whole; oldest first.

    Raises:
        UsageError: no single rollout is meant.
    """
    ids = [find_rollout(journal, wanted).id] if wanted else [r.id for r in reversed(journal.rollouts(limit=None))]
    verdicts = ((i, journal.verify(i)) for i in ids)
    return tuple((i, verdict) for i, verdict in verdicts if verdict is not None)


def verified_export(file: Path, wanted: str = "") -> tuple[tuple[str, Verdict], ...]:
    """The same for what ``history --export`` wrote.

    Raises:
        UsageError: it is no such file, or does not hold the wanted rollout.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            records = read_export(lines)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        steps = ("fleetdeploy history --export FILE   writes one",)
        raise UsageError(f"{file} is no export: {why}", next_steps=steps) from None
    name = wanted.upper()
    found = [r for r in records if str(r.head["id"]).startswith(name) or str(r.head["id"]).endswith(name)]
    if wanted and len(found) != 1:
        raise UsageError(f"{file} has no single rollout {wanted!r}")
    return tuple((str(r.head["id"]), verify(r)) for r in found)


def write_export(
    journal: Journal, file: Path, *, fleet: str | None = None, app: str | None = None
) -> Mapping[str, int]:
    """Write the export beside and put it in place as a whole, readable by its owner only; how many of each kind.

    Raises:
        UsageError: it cannot be written there.
    """
    counts: Counter[str] = Counter()
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            for line in journal.export(fleet=fleet, app=app):
                counts[str(json.loads(line)["record"])] += 1
                out.write(line + "\n")
        beside.replace(file)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)
    return counts


def events_of(journal: Journal, rollout: str, host: str | None) -> tuple[EventRow, ...]:
    """Events of a rollout, of one host if named (then without those that name no host)."""
    rows = journal.events(rollout)
    return tuple(r for r in rows if host is None or getattr(r.event, "host", None) == host)
