"""``fleetdeploy render VERB``: the script that would run on a host. Nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import CommandResult, Lines, Verbatim
from fleetdeploy.errors import UsageError


def render(
    verb: Annotated[
        str, typer.Argument(help="observe, open, turn, stage, receive, activate, probe, beat, close, prune")
    ],
    host: Annotated[str, typer.Option("--host", help="name of the host")],
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Print a host script.

    The PowerShell that a verb runs on a host, and the parameters that travel beside it. Nothing is sent.
    """
    from fleetdeploy.app.connect import script_library
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.hosts.scripts import VERBS

    if verb not in VERBS:
        raise UsageError(f"there is no verb {verb!r}", next_steps=(f"one of: {', '.join(VERBS)}",))
    workspace = load_workspace(project, inventory=inventory)
    target = workspace.host(host)
    text = script_library(workspace).text(verb)
    app = workspace.app
    parameters = {"App": app.app, "Service": app.service, "Root": app.root}
    note = [
        f"# {verb} on {target.name}: the text is the same for every host; values travel as PSRP parameters, beside:",
        *(f"#   -{name} {value!r}" for name, value in parameters.items()),
        "#   -Nonce (new for each call), -Request (one JSON text: the plan's values and the claim; never a secret)",
    ]
    return CommandResult(
        data={"verb": verb, "host": target.name, "script": text, "parameters": parameters},
        blocks=(Lines(note), Verbatim(text)),
    )
