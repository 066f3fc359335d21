"""Options that several commands share, each written once."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli.frame import check_output

Output = Annotated[
    str, typer.Option("--output", help="text for people, json for machines (one object a line)", callback=check_output)
]
Inventory = Annotated[
    str | None,
    typer.Option("--inventory", "-i", help="inventory name or file", envvar="FLEETDEPLOY_INVENTORY", show_envvar=True),
]
Project = Annotated[
    Path, typer.Option("--project", "-C", help="project directory (with fleetdeploy.yml and inventories/)")
]
Limit = Annotated[
    str | None,
    typer.Option("--limit", help="only these hosts: 'web*', 'group:eu', 'zone=z1', '!host', 'first 10%', comma-joined"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask; without a terminal nothing asks anyway")]
Reason = Annotated[str, typer.Option("--reason", help="why, for the journal and for the next person")]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="take the hosts from a living conductor (needs --reason); it stops")
]
Canary = Annotated[
    str | None, typer.Option("--canary", help="first hosts: 10%, 2, growing 1,5,20%, or label:NAME=VALUE")
]
Batch = Annotated[str | None, typer.Option("--batch", help="hosts at a time: 5 or 25% of those that change")]
Strategy = Annotated[str | None, typer.Option("--strategy", help="rolling, canary or all-at-once")]
MaxUnavailable = Annotated[str | None, typer.Option("--max-unavailable", help="most hosts that may be down at once")]
Unreachable = Annotated[
    str | None, typer.Option("--unreachable", help="refuse (default), or skip: set silent hosts aside, exit 8")
]
Repair = Annotated[bool, typer.Option("--repair", help="touch only hosts that are down")]
PauseAfter = Annotated[
    str | None, typer.Option("--pause-after", help="canary or batch:N: wait for 'fleetdeploy promote' there")
]
AllowDirty = Annotated[bool, typer.Option("--allow-dirty", help="accept an exe built from a modified work tree")]
PlanOut = Annotated[
    Path | None,
    typer.Option("--plan-out", "--out", help="write the plan there, for promote and resume on another machine"),
]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="the plan's file (plan --out, rollout --plan-out), if not in this store")
]
App = Annotated[str, typer.Option("--app", help="which app, where there is no fleetdeploy.yml")]

OptionValue = str | int | float | bool | None


def as_typed(**given: OptionValue) -> str:
    """Options as a person types them, each with a space before it; what was not given is left out."""
    words = []
    for name, value in given.items():
        if value is None or value is False:
            continue
        flag = "--" + name.replace("_", "-")
        words.append(flag if value is True else f"{flag} {shlex.quote(str(value))}")
    return "".join(f" {word}" for word in words)
