"""``fleetdeploy history`` and ``fleetdeploy verify``: what the journal recorded, and whether it is whole.

No host is asked. One rollout in full is in ``show_cmd.py``.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.output.safe import safe_json
from fleetdeploy.cli.results import CommandResult, Lines, Table, Verbatim, message
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.engine.store.verify import Verdict


def history(
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="at most so many rollouts, newest first")] = 20,
    everything: Annotated[bool, typer.Option("--all", help="of all fleets and apps of this journal")] = False,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="FILE|-", help="all of them as NDJSON, whole plans included: keep it private"),
    ] = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """List recorded rollouts, newest first; or export them."""
    from fleetdeploy.app.recorded import open_journal, write_export
    from fleetdeploy.app.workspace import load_workspace

    fleet = app = None
    if not everything:
        workspace = load_workspace(project, inventory=inventory)
        fleet, app = workspace.fleet.name, workspace.app.app or None
    journal = open_journal()
    try:
        if export == "-":
            lines = list(journal.export(fleet=fleet, app=app))
            records = [json.loads(line) for line in lines]
            return CommandResult(
                {"journal": journal.shown, "records": records}, (Verbatim("\n".join(safe_json(one) for one in lines)),)
            )
        if export is not None:
            counts = write_export(journal, Path(export), fleet=fleet, app=app)
            text = f"{counts['rollout']} rollouts with {counts['event']} events written to {export}"
            return message(text, journal=journal.shown, file=export, counts=dict(counts))
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


def verify(
    rollout: Annotated[str, typer.Argument(help="id of a rollout, or its beginning or end; all if left out")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="of an export instead of the store")] = None,
    output: flags.Output = "text",
) -> CommandResult:
    """Check that the record of a rollout is as it was written; exit 6 and the first broken row if not."""
    from fleetdeploy.app.recorded import open_journal, verified, verified_export

    if file is not None:
        place, found = str(file), verified_export(file, rollout)
    else:
        journal = open_journal()
        try:
            place, found = journal.shown, verified(journal, rollout)
        finally:
            journal.close()
    broken = [name for name, verdict in found if verdict.broken is not None]
    lines = [line for name, verdict in found for line in _verdict(name, verdict)]
    if broken:
        lines += [
            "  likely   the store was edited by hand, damaged, or put back from an older copy",
            "  next     fleetdeploy status   (the hosts hold what is true; they and a rollback need no store)",
            "           fleetdeploy history --all --export FILE   (keeps what is there)   (exit 6)",
        ]
    rollouts = [_verdict_data(name, verdict) for name, verdict in found]
    return CommandResult(
        data={"journal": place, "whole": not broken, "rollouts": rollouts},
        blocks=(Lines(lines or [f"no rollouts recorded in {place}"]),),
        exit_code=ExitCode.REFUSED if broken else ExitCode.OK,
    )


def _verdict(name: str, verdict: Verdict) -> list[str]:
    if verdict.broken is not None:
        return [f"{name}: BROKEN at {verdict.broken.where}: {verdict.broken.what}"]
    lines = [f"{name}: whole: {verdict.events} events, {verdict.steps} steps"]
    for step in verdict.in_flight:
        where = f" on {step.host}" if step.host else ""
        lines.append(
            f"  {step.name}{where} began at {step.begun_at[:19]}Z and has no end: it runs, or its answer was lost"
        )
    return lines


def _verdict_data(name: str, verdict: Verdict) -> dict[str, Any]:
    broken = dataclasses.asdict(verdict.broken) if verdict.broken else None
    in_flight = [{"host": s.host, "step": s.step, "name": s.name, "begun_at": s.begun_at} for s in verdict.in_flight]
    return {"id": name, "events": verdict.events, "steps": verdict.steps, "broken": broken, "in_flight": in_flight}
