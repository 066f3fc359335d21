"""``fleetdeploy status``: what is true on the hosts now, beside what the journal recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.reporting import say_ignored
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode, FleetdeployError

if TYPE_CHECKING:
    from fleetdeploy.app.status import HostStatus
    from fleetdeploy.model.marks import HeldMark


def status(
    recorded: Annotated[bool, typer.Option("--recorded", help="read the journal alone, ask no host")] = False,
    app: flags.App = "",
    limit: flags.Limit = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Ask every host what runs there."""
    from fleetdeploy.app import recorded as journal
    from fleetdeploy.app.apps import check_known, with_app
    from fleetdeploy.app.marks import stored_marks
    from fleetdeploy.app.status import counts, describe
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.output.progress import ticking
    from fleetdeploy.model.sight import Lost

    workspace = load_workspace(project, inventory=inventory, limit=limit, app=app, lenient=True)
    say_ignored(workspace.ignored)
    if not recorded:
        workspace = with_app(workspace)
    labels, no_journal = {}, ""
    marks: tuple[HeldMark, ...] = ()
    try:
        labels = journal.last_labels(workspace)
        marks = stored_marks(workspace.app.app)
    except FleetdeployError as problem:
        if recorded:
            raise
        no_journal = str(problem)  # the hosts are the truth: what is recorded is only shown beside it
    title = f"{workspace.app.app or 'all apps'} on fleet {workspace.fleet.name}"
    if recorded:
        rows = [(host.name, host.zone or "-", labels.get(host.name, "-")) for host in workspace.scope]
        return CommandResult(
            data={"fleet": workspace.fleet.name, "app": workspace.app.app, "recorded": labels},
            blocks=(Table(f"{title}, as recorded (no host was asked)", ("host", "zone", "recorded"), rows),),
        )
    from fleetdeploy.app.planning import look

    with ticking(f"asking {len(workspace.scope)} hosts", output) as tick:
        sights = look(workspace, strict=False, tick=tick)
    check_known(workspace, sights)
    found = tuple(describe(h.name, h.zone, sights[h.name], labels.get(h.name, ""), marks) for h in workspace.scope)
    summary = ", ".join(f"{count} {what}" for what, count in counts(found).items())
    blocks: list[Block] = [Lines([f"{title}: {summary}"]), _table(found)]
    lines = _remarks(found) + ([f"nothing recorded is shown: {no_journal}"] if no_journal else [])
    blocks += [Lines(lines)] if lines else []
    silent = [sight.lost for sight in sights.values() if sight.observation is None]
    unwell = any(row.healthy is False for row in found)
    code = ExitCode.UNREACHABLE if all(lost is Lost.UNREACHABLE for lost in silent) else ExitCode.REFUSED
    return CommandResult(
        data={
            "fleet": workspace.fleet.name,
            "app": workspace.app.app,
            "summary": counts(found),
            "hosts": [row.to_json() for row in found],
        },
        blocks=blocks,
        exit_code=code if silent else ExitCode.PARTIAL if unwell else ExitCode.OK,
    )


def _table(rows: tuple[HostStatus, ...]) -> Table:
    def line(row: HostStatus) -> tuple[str, ...]:
        if row.error:
            return (row.host, row.zone or "-", "?", "cannot be asked", "-", row.recorded or "-", "-")
        health = {True: "healthy", False: "NOT HEALTHY", None: "not checked"}[row.healthy]
        last = f"{row.last_rollout[-6:]} {row.last_outcome.replace('_', ' ')}" if row.last_rollout else "-"
        version = (row.running or row.configured or "-") + (" (BAD)" if row.mark == "bad" else "")
        return (row.host, row.zone or "-", version, row.state, health, row.recorded or "-", last)

    columns = ("host", "zone", "observed", "state", "health", "recorded", "last rollout here")
    return Table("", columns, [line(row) for row in rows])


def _remarks(rows: tuple[HostStatus, ...]) -> list[str]:
    from fleetdeploy.plan.guards import few

    lines = []
    for row in rows:
        if row.error:
            lines.append(row.error if row.error.startswith(f"{row.host}:") else f"{row.host}: {row.error}")
        lines += [f"{row.host}: {failure}" for failure in row.failures]
        if row.running and row.configured and row.running != row.configured:
            lines.append(f"{row.host}: runs {row.running}, but its service is configured for {row.configured}")
        if row.running_verb:
            lines.append(f"{row.host}: '{row.running_verb}' is running there now")
    bad: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row.mark == "bad":
            bad.setdefault((row.running or row.configured, row.marked), []).append(row.host)
    for (version, told), hosts in bad.items():
        lines.append(f"{few(hosts)}: {version} is marked bad {told}")
    holders = {(row.open_rollout, row.open_by, row.open_alive) for row in rows if row.open_rollout}
    for rollout, by, alive in sorted(holders):
        how = "is running" if alive else "is still open, and nobody is working on it"
        lines.append(f"rollout {rollout} of {by} {how}")
        if not alive:
            lines += [f"  next  fleetdeploy resume {rollout}", "  next  or undo it: fleetdeploy rollback"]
    return lines
