"""Where a lab lives, and the way to its process: what all ``fleetdeploy lab`` commands share."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from fleetdeploy.cli.frame import usage

Folder = Annotated[Path, typer.Option("--lab", help="folder of the lab: its inventory, password and log")]
DEFAULT_FOLDER = Path(".lab")


def control() -> ModuleType:
    """``lab/control.py``, imported when it is needed: the lab is an extra.

    Raises:
        UsageError: it is not installed.
    """
    try:
        from fleetdeploy.lab import control as found
    except ImportError as problem:
        if (problem.name or "").startswith("fleetdeploy"):
            raise
        raise usage(f"the lab is not installed ({problem.name} is missing)", "pip install 'fleetdeploy[lab]'") from None
    return found
