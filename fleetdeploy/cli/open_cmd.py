"""``fleetdeploy open show|close``: who holds the hosts, and the end of a rollout that its owner abandoned."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.ended import said
from fleetdeploy.cli.frame import need_reason, register
from fleetdeploy.cli.options import WordOptions, spread
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.app.open_entries import Hold, OpenRollout

group = typer.Typer(no_args_is_help=True, help="Who holds the hosts; end a rollout that its owner abandoned.")


def show(
    app: flags.App = "",
    limit: flags.Limit = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Show who holds each host: where from, since when, and the last sign of life by the host's own clock."""
    from fleetdeploy.app.apps import check_known, with_app
    from fleetdeploy.app.open_entries import holds, open_rollouts
    from fleetdeploy.app.planning import look
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.output.progress import ticking

    workspace = load_workspace(project, inventory=inventory, limit=limit, app=app)
    with ticking(f"asking {len(workspace.scope)} hosts", output) as tick:
        workspace = with_app(workspace, tick=tick)
        sights = look(workspace, tick=tick)
    check_known(workspace, sights)
    rows, opened = holds(sights), open_rollouts(sights)
    title = f"{workspace.app.app or 'all apps'} on fleet {workspace.fleet.name}"
    blocks: list[Block] = []
    if any(row.rollout for row in rows):
        blocks.append(_table(title, rows))
    lines = [f"{row.host}: cannot be asked: {row.error}" for row in rows if row.error]
    for one in opened.values():
        lines += _about(one)
    if not opened:
        lines.append(f"{title}: no rollout is open on any host that answers")
    silent = any(row.error for row in rows)
    return CommandResult(
        data={
            "fleet": workspace.fleet.name,
            "app": workspace.app.app,
            "open": [
                {
                    "rollout": one.id,
                    "kind": one.kind,
                    "undoes": one.undoes,
                    "alive": one.alive,
                    "life_age_s": None if one.age_s is None else round(one.age_s, 1),
                    "plan_digests": sorted(one.digests),
                    "changed": sorted((*one.there, *one.half)),
                }
                for one in opened.values()
            ],
            "hosts": [row.to_json() for row in rows],
        },
        blocks=(*blocks, Lines(lines)),
        exit_code=ExitCode.UNREACHABLE if silent else ExitCode.OK,
    )


@spread
def close(
    rollout_id: Annotated[str, typer.Argument(metavar="[ID]", help="which rollout; default: the only open one")] = "",
    leave: Annotated[
        bool, typer.Option("--leave", help="also if it leaves hosts neither on target nor back (exit 8)")
    ] = False,
    take_over: flags.TakeOver = False,
    *,
    options: WordOptions,
) -> CommandResult:
    """End a rollout that its owner abandoned, on every host of its plan. Changes no service (that is 'rollback')."""
    from fleetdeploy.app.open_entries import close_open
    from fleetdeploy.cli.output.progress import ticking

    need_reason("open close", options.reason, typed="fleetdeploy open close")
    workspace = options.workspace()
    with ticking(f"asking {len(workspace.fleet.hosts)} hosts what they remember", options.output) as tick:
        done = close_open(workspace, rollout_id, actor=options.actor, take_over=take_over, leave=leave, tick=tick)
    return said(done)


def _table(title: str, rows: tuple[Hold, ...]) -> Table:
    from fleetdeploy.model.owner import age_text

    def line(row: Hold) -> tuple[str, ...]:
        if row.error:
            return (row.host, "?", "cannot be asked", "-", "-", "-", "-", "-")
        if not row.rollout:
            return (row.host, "-", "nobody", "-", "-", "-", "-", "-")
        sign = "none" if row.life_age_s is None else f"{age_text(row.life_age_s)} ago"
        life = f"{sign}, {'alive' if row.alive else 'gone'}"
        phase = row.running_verb or row.phase
        by = f"{row.user}@{row.machine}"
        return (row.host, row.rollout[-6:], by, row.since or "-", life, phase, row.direction, row.plan_digest or "-")

    columns = ("host", "rollout", "held by", "since", "last sign of life", "phase", "direction", "plan")
    return Table(title, columns, [line(row) for row in rows])


def _about(one: OpenRollout) -> list[str]:
    """A rollout in words, with what to type."""
    state = "is running" if one.alive else "is not ended, and nobody works on it"
    lines = [f"{one.told()}; it {state}"]
    if one.alive:
        return [*lines, "  next  fleetdeploy abort --leave   (asks its conductor to end it)"]
    return [
        *lines,
        f"  next  fleetdeploy resume {one.id}",
        "  next  or undo it: fleetdeploy rollback",
        f"  next  or end it as it is: fleetdeploy open close {one.id} --reason WHY",
    ]


register(group, "show", show)
register(group, "close", close)
