"""``fleetdeploy doctor``: why a host cannot be worked with, layer by layer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import usage
from fleetdeploy.cli.results import CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.app.doctoring import Credential

_MARKS = {True: "ok", False: "FAILED", None: "-"}


def doctor(
    limit: flags.Limit = None,
    app: flags.App = "",
    user: Annotated[str, typer.Option("--user", help="log in as this account instead of the inventory's")] = "",
    ask_password: Annotated[bool, typer.Option("--ask-password", help="ask for the password (on a terminal)")] = False,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Check each host layer by layer.

    From DNS over TCP, TLS, WinRM, login and PSRP up to language mode, rights and disk. Changes nothing.
    """
    from fleetdeploy.app.doctoring import examine
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.output.progress import ticking

    workspace = load_workspace(project, inventory=inventory, limit=limit, app=app)
    credential = _credential(user, ask_password)
    with ticking(f"examining {len(workspace.scope)} hosts", output) as tick:
        found = examine(workspace, credential=credential, tick=tick)
    rows = [(h, f.layer, _MARKS[f.ok], f.detail) for h, findings in found.items() for f in findings]
    sick = {
        h: next(f for f in findings if not f.ok) for h, findings in found.items() if not all(f.ok for f in findings)
    }
    steps: dict[str, list[str]] = {}
    for host, finding in sick.items():
        if finding.next_step:
            steps.setdefault(finding.next_step, []).append(host)
    tail = [f"{len(found) - len(sick)} of {len(found)} hosts can be worked with"]
    tail += [f"  next  {', '.join(hosts)}: {step}" for step, hosts in steps.items()]
    layers = {f.layer for f in sick.values()}
    code = ExitCode.REFUSED if layers - {"dns", "tcp", "winrm"} else ExitCode.UNREACHABLE
    return CommandResult(
        data={
            "fleet": workspace.fleet.name,
            "hosts": {
                h: [{"layer": f.layer, "ok": f.ok, "detail": f.detail, "next": f.next_step} for f in findings]
                for h, findings in found.items()
            },
        },
        blocks=(Table("", ("host", "layer", "", "what was seen"), rows), Lines(tail)),
        exit_code=code if sick else ExitCode.OK,
    )


def _credential(user: str, ask: bool) -> Credential | None:
    """What the person wants to log in with; None: what the inventory says.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not user and not ask:
        return None
    import getpass

    from fleetdeploy.app.doctoring import Credential
    from fleetdeploy.model.secret import Secret

    if not ask:
        return Credential(user)
    if not sys.stdin.isatty():
        raise usage(
            "--ask-password needs a terminal", "without one: name the secret in the inventory (secret: env:NAME)"
        )
    return Credential(user, Secret(getpass.getpass(f"Password of {user or 'that account'}: "), "typed"))
