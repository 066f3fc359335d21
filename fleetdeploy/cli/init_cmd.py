"""``fleetdeploy init``: an annotated project file and an example inventory. Never overwrites anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import CommandResult, Lines
from fleetdeploy.errors import UsageError


def init(
    app: Annotated[str | None, typer.Argument(help="name of the app; the folder's name if left out")] = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Write an annotated fleetdeploy.yml and an example inventory."""
    from fleetdeploy.inventory import list_inventories
    from fleetdeploy.inventory.example import example_text
    from fleetdeploy.settings import PROJECT_FILE, render_example

    file = project / PROJECT_FILE
    if file.exists():
        raise UsageError(f"{file} is already there", next_steps=("fleetdeploy config   (shows what is in force)",))
    text = render_example(app or project.resolve().name.lower())
    written: list[str] = []
    try:
        project.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
        written.append(str(file))
        if not list_inventories(project):
            inventory = project / "inventories" / "example.yml"
            inventory.parent.mkdir(exist_ok=True)
            with inventory.open("x", encoding="utf-8") as stream:
                stream.write(example_text())
            written.append(str(inventory))
    except OSError as problem:
        raise UsageError(f"cannot write {problem.filename}: {problem.strerror}") from None
    steps = (
        f"edit {written[0]}: app, artifacts, checks",
        "edit inventories/: your hosts, the account, where its password comes from",
        "fleetdeploy config",
        "fleetdeploy inventory check",
        "fleetdeploy doctor",
        "fleetdeploy plan VERSION",
    )
    lines = [*(f"wrote {name}" for name in written), "next:", *(f"  {step}" for step in steps)]
    return CommandResult(data={"written": written, "next": list(steps)}, blocks=(Lines(lines),))
