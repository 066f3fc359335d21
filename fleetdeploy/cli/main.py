"""Entry point: the table of commands, and the one place where the process ends.

Command modules import only typer and small nouns at the top; what is heavy (pypsrp, rich, jinja2, pydantic, the lab)
is imported inside the command that needs it, so that ``fleetdeploy --help`` stays under 0.3 s.
"""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from fleetdeploy import __version__
from fleetdeploy.cli import (
    artifact_cmd,
    config_cmd,
    control_cmds,
    demo_cmd,
    doctor_cmd,
    drift_cmd,
    help_cmd,
    history_cmd,
    init_cmd,
    inventory_cmd,
    lab_cmd,
    logs_cmd,
    open_cmd,
    plan_cmd,
    render_cmd,
    rollout_cmds,
    show_cmd,
    status_cmd,
    templates_cmd,
)
from fleetdeploy.cli.frame import register

app = typer.Typer(
    name="fleetdeploy",
    help="Deploy versioned Go binaries as Windows services to fleets of Windows Servers over WinRM:"
    " staged, canary first, health-gated, and undone by itself when a batch fails.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"fleetdeploy {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="print the version and exit", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options before the command."""


register(app, "init", init_cmd.init)
register(app, "config", config_cmd.config)
app.add_typer(inventory_cmd.group, name="inventory")
register(app, "plan", plan_cmd.plan)
register(app, "rollout", rollout_cmds.rollout)
register(app, "rollback", rollout_cmds.rollback)
register(app, "pause", control_cmds.pause)
register(app, "promote", control_cmds.promote)
register(app, "resume", control_cmds.resume)
register(app, "abort", control_cmds.abort)
register(app, "retry", control_cmds.retry)
register(app, "exclude", control_cmds.exclude)
app.add_typer(open_cmd.group, name="open")
app.add_typer(artifact_cmd.group, name="artifact")
register(app, "status", status_cmd.status)
register(app, "drift", drift_cmd.drift)
register(app, "doctor", doctor_cmd.doctor)
register(app, "history", history_cmd.history)
register(app, "show", show_cmd.show)
register(app, "verify", history_cmd.verify)
register(app, "logs", logs_cmd.logs)
register(app, "render", render_cmd.render)
app.add_typer(templates_cmd.group, name="templates")
app.add_typer(lab_cmd.group, name="lab")
register(app, "demo", demo_cmd.demo)
register(app, "help", help_cmd.help_topic)


def run() -> None:
    """Console script: runs a command and ends the process with its exit code (typer ends bad usage with 2)."""
    for stream in (sys.stdout, sys.stderr):
        # What hosts say is in any script; a pipe that has no such character must not end a rollout half way.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


if __name__ == "__main__":
    run()
