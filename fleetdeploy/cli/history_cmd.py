"""``fleetdeploy history``: what the journal recorded. No host is asked."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import CommandResult, Lines, Table


def history(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="at most so many rollouts, newest first")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="of all fleets and apps of this journal")] = False,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """List recorded rollouts, newest first."""
    from fleetdeploy.app.recorded import open_journal
    from fleetdeploy.app.workspace import load_workspace

    fleet = app = None
    if not everything:
        workspace = load_workspace(project, inventory=inventory)
        fleet, app = workspace.fleet.name, workspace.app.app or None
    journal = open_journal()
    try:
        rows = journal.rollouts(fleet=fleet, app=app, limit=count)
        place = journal.shown
    finally:
        journal.close()
    cells = [
        (
            r.id,
            r.started_at[:19] + "Z",
            r.kind,
            r.fleet,
            r.app,
            r.version,
            (r.outcome or "open").replace("_", " "),
            r.actor,
        )
        for r in rows
    ]
    columns = ("id", "started", "kind", "fleet", "app", "version", "outcome", "by")
    empty = (Lines([f"no rollouts recorded in {place}"]),)
    return CommandResult(
        data={"journal": place, "rollouts": [dataclasses.asdict(r) for r in rows]},
        blocks=(Table(f"journal {place}", columns, cells),) if rows else empty,
    )
