"""``fleetdeploy drift``: what was changed on the hosts since fleetdeploy left them. Changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.app.drift import HostDrift


def drift(
    app: flags.App = "",
    limit: flags.Limit = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Compare every host with its record.

    Running exe, configuration of the service and files of the release, beside what fleetdeploy wrote down when it left
    the host. Exit 0: all as recorded; 8: some have drifted.
    """
    from fleetdeploy.app.apps import with_app
    from fleetdeploy.app.drift import find_drift
    from fleetdeploy.app.warm import warm_sessions
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.output.progress import ticking

    with warm_sessions():
        workspace = with_app(load_workspace(project, inventory=inventory, limit=limit, app=app))
        with ticking(f"looking at {len(workspace.scope)} hosts", output) as tick:
            rows = find_drift(workspace, tick=tick)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    summary = ", ".join(f"{count} {what}" for what, count in counts.items())
    blocks: list[Block] = [Lines([f"{workspace.app.app} on fleet {workspace.fleet.name}: {summary}"]), _table(rows)]
    if tail := _tail(rows):
        blocks.append(Lines(tail))
    return CommandResult(
        data={
            "fleet": workspace.fleet.name,
            "app": workspace.app.app,
            "summary": counts,
            "hosts": [row.to_json() for row in rows],
        },
        blocks=blocks,
        exit_code=_code(rows),
    )


def _code(rows: tuple[HostDrift, ...]) -> ExitCode:
    from fleetdeploy.model.sight import Lost

    lost = [row.lost for row in rows if row.lost is not None]
    if lost:
        return ExitCode.UNREACHABLE if all(one is Lost.UNREACHABLE for one in lost) else ExitCode.REFUSED
    return ExitCode.PARTIAL if any(row.differences for row in rows) else ExitCode.OK


def _table(rows: tuple[HostDrift, ...]) -> Table:
    lines: list[tuple[str, ...]] = []
    for row in rows:
        if not row.differences:
            lines.append((row.host, row.release or "-", row.status, "", ""))
        for number, one in enumerate(row.differences):
            first = (row.host, row.release or "-") if number == 0 else ("", "")
            lines.append((*first, one.key, one.recorded, one.found))
    return Table("", ("host", "runs", "differs", "recorded", "found"), lines)


def _tail(rows: tuple[HostDrift, ...]) -> list[str]:
    lines = [r.error if r.error.startswith(f"{r.host}:") else f"{r.host}: {r.error}" for r in rows if r.error]
    if any(row.differences for row in rows):
        lines += [
            "a rollout leaves a drifted host alone; a rollback does not mind",
            "  next  put it right by hand, and look again: fleetdeploy drift",
            "  next  or take it as it is: fleetdeploy rollout VERSION --accept-drift",
        ]
    if any(row.status == "in the middle of a rollout" for row in rows):
        lines.append("  next  fleetdeploy status   (says which rollout, and who works on it)")
    return lines
