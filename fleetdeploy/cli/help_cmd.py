"""``fleetdeploy help``: the topics that are no command."""

from __future__ import annotations

from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import CommandResult, Table
from fleetdeploy.errors import EXIT_CODE_TEXTS, UsageError

TOPICS = ("exit-codes",)


def help_topic(
    topic: Annotated[str, typer.Argument(help=f"one of: {', '.join(TOPICS)}")] = TOPICS[0],
    output: flags.Output = "text",
) -> CommandResult:
    """Explain a topic: exit-codes."""
    if topic != "exit-codes":
        raise UsageError(f"no help topic '{topic}'", next_steps=tuple(f"fleetdeploy help {known}" for known in TOPICS))
    return CommandResult(
        data={str(int(code)): text for code, text in EXIT_CODE_TEXTS.items()},
        blocks=(Table("", ("code", "meaning"), [(str(int(c)), t) for c, t in EXIT_CODE_TEXTS.items()]),),
    )
