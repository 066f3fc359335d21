"""``fleetdeploy show``: one rollout, event by event; with ``--host`` the evidence of that host, too.

Read from the store; the host itself is asked only for evidence that the store does not have.
"""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import CommandResult, Lines
from fleetdeploy.errors import FleetdeployError, UsageError

if TYPE_CHECKING:
    from fleetdeploy.app.evidence import Evidence
    from fleetdeploy.engine.journal import EventRow, RolloutRow


def show(
    rollout: Annotated[str, typer.Argument(help="id of a rollout, or the beginning or end of one")],
    host: Annotated[
        str | None, typer.Option("--host", help="what happened on this host, and the evidence that was kept of it")
    ] = None,
    app: flags.App = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Show one rollout; with --host why that host failed."""
    from fleetdeploy.app.evidence import recorded
    from fleetdeploy.app.recorded import events_of, find_rollout, open_journal
    from fleetdeploy.cli.evidence_view import json_of

    row: RolloutRow | None = None
    entries: tuple[EventRow, ...] = ()
    # With a host to ask, a store that cannot be opened is no reason to see nothing.
    with closing(open_journal(required=host is None)) as journal:
        try:
            row = find_rollout(journal, rollout)
            entries = events_of(journal, row.id, host)
        except UsageError:
            if host is None:
                raise
        # A rollback keeps what it finds under the rollout that it undoes: that is what failed. Its own store may not
        # know that rollout, and has the evidence all the same.
        failed = (row.undoes or row.id) if row else rollout.upper()
        kept = recorded(journal, failed, host) if host is not None else ()
    remarks: list[str] = []
    if host is not None and not kept:
        kept, remarks = _from_host(failed, host, inventory, project, app, known=row is not None)
    data: dict[str, Any] = {
        "journal": journal.shown,
        "rollout": dataclasses.asdict(row) if row else None,
        "events": [entry.to_json() for entry in entries],
    }
    if host is not None:
        data |= {"host": host, "evidence": [json_of(one) for one in kept]}
    return CommandResult(data=data, blocks=(Lines([*_head(row, entries, journal.shown), *_told(kept), *remarks]),))


def _from_host(
    rollout: str, host: str, inventory: str | None, project: Path, app: str, *, known: bool
) -> tuple[tuple[Evidence, ...], list[str]]:
    """The host's own copy. If the store knows the rollout, a host that cannot be asked is only remarked upon."""
    from fleetdeploy.app.evidence import asked
    from fleetdeploy.app.workspace import load_workspace

    nothing = f"no evidence of {host} was kept in the store"
    try:
        workspace = load_workspace(project, inventory=inventory, app=app)
        found = asked(workspace, rollout, host)
    except FleetdeployError as problem:
        if not known:
            raise
        return (), ["", f"{nothing}, and {host} was not asked: {problem.what}", "  next  name its inventory: -i NAME"]
    if found is None:
        if not known:
            raise UsageError(
                f"neither the store nor {host} knows a rollout {rollout!r} with evidence",
                next_steps=(f"fleetdeploy logs {host}", "fleetdeploy history"),
            )
        return (), ["", f"{nothing}, nor on the host: it was not put back, or it was long ago"]
    return (found,), []


def _head(row: RolloutRow | None, entries: tuple[EventRow, ...], place: str) -> list[str]:
    from fleetdeploy.cli.output.wording import sentences

    if row is None:
        return [f"the store of this machine ({place}) does not have the events of this rollout"]
    head = f"{row.id}: {row.kind} {row.app} {row.version} on {row.fleet}, plan {row.digest}, by {row.actor}"
    lines = [head, f"outcome: {(row.outcome or 'open').replace('_', ' ')}", f"journal {place}"]
    for entry in entries:
        lines += [f"{entry.at[11:19]} {line}" for line in sentences(entry.event)]
    return lines


def _told(kept: tuple[Evidence, ...]) -> list[str]:
    from fleetdeploy.cli.evidence_view import lines_of

    lines: list[str] = []
    for one in kept:
        where = "the host keeps it" if one.source == "host" else "from the store"
        version = f" {one.version}" if one.version else ""
        lines += ["", f"evidence of {one.host}{version}, kept {one.at[:19]}Z before it was put back ({where})"]
        lines += lines_of(one)
    return lines
