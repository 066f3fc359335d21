"""``fleetdeploy demo``: the main job on the embedded lab."""

from __future__ import annotations

import sys

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import usage
from fleetdeploy.cli.results import CommandResult


def demo(output: flags.Output = "text") -> CommandResult:
    """Rehearse the main job on a lab.

    Twelve simulated hosts: a good canary rollout, a bad one that undoes itself, rollbacks. Each claim is proved.
    """
    try:
        import h11
        import psrpcore  # noqa: F401 - only to see that it is there

        del h11
    except ImportError:
        raise usage("the lab is not installed", "pip install 'fleetdeploy[lab]'") from None
    from fleetdeploy.app.demo import run_demo

    as_json = output == "json"

    def say(text: str) -> None:
        stream = sys.stderr if as_json else sys.stdout
        stream.write(text + "\n")
        stream.flush()

    return CommandResult(data=run_demo(say, quiet=as_json))
