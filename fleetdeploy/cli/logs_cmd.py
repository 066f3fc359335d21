"""``fleetdeploy logs HOST``: what a host has to say now: events about the service, ends of its logs, processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import usage
from fleetdeploy.cli.results import CommandResult, Lines

_LONGEST_S = 7 * 86400.0


def logs(
    host: Annotated[str, typer.Argument(help="a host of the inventory")],
    since: Annotated[str, typer.Option("--since", help="how far back the event log is read: 30m, 2h, 1d")] = "30m",
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=2000, help="last lines of each log file")] = 200,
    app: flags.App = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Read a host's events and the logs that the project names (logs:), live."""
    from fleetdeploy.app.evidence import read_live
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.evidence_view import json_of, lines_of
    from fleetdeploy.cli.output.progress import ticking

    seconds = _seconds(since)
    workspace = load_workspace(project, inventory=inventory, app=app)
    with ticking(f"asking {host}", output):
        found = read_live(workspace, host, since_s=seconds, lines=lines)
    title = f"{host} on fleet {workspace.fleet.name}, asked live; events of the last {since}"
    return CommandResult(data=json_of(found), blocks=(Lines([title, *lines_of(found)]),))


def _seconds(text: str) -> float:
    from fleetdeploy.documents import parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as problem:
        raise usage(f"--since: {problem}", "write 30m, 2h or 1d") from None
    if not 1 <= seconds <= _LONGEST_S:
        raise usage(f"--since {text}: not within 1s to 7d", "write 30m, 2h or 1d")
    return seconds
