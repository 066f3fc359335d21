"""Options that several commands share, each written once."""

from __future__ import annotations

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
