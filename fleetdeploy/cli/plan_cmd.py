"""``fleetdeploy plan``: what a rollout would do. Changes nothing anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.options import RolloutOptions, spread
from fleetdeploy.cli.plan_view import plan_blocks, plan_data
from fleetdeploy.cli.results import CommandResult, Lines
from fleetdeploy.errors import ExitCode

Version = Annotated[str, typer.Argument(help="version such as v1.4.2, or latest (no pre-releases)")]


@spread
def plan(
    version: Version,
    options: RolloutOptions,
    out: flags.PlanOut = None,
    limit: flags.Limit = None,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Show what a rollout would do.

    Asks every host, changes none; prints batches, each host's change, bytes to send, and a digest that
    'rollout --plan' takes.
    """
    from fleetdeploy.app.plan_files import write_plan
    from fleetdeploy.app.planning import make_plan, refuse_problems
    from fleetdeploy.app.plans import remember_plan
    from fleetdeploy.app.workspace import load_workspace
    from fleetdeploy.cli.output.progress import ticking

    permits = options.permits()
    workspace = load_workspace(project, inventory=inventory, limit=limit, overrides=options.overrides())
    with ticking(f"looking at {len(workspace.scope)} hosts", output) as tick:
        planned = make_plan(workspace, version, permits=permits, tick=tick)
    made = planned.plan
    if made.problems and output != "json":
        from fleetdeploy.cli.output.render import print_result

        print_result(CommandResult(data={}, blocks=plan_blocks(made)), output)
    refuse_problems(made)
    remember_plan(made)
    if out is not None:
        write_plan(made, out)
    # The same options again: without them it would be another plan, and refused.
    named = flags.as_typed(plan=str(out) if out else made.digest)
    again = f"next  fleetdeploy rollout {made.version}{named}{options.as_typed(limit=limit)}"
    tail = Lines([again if made.batches else "nothing to do: every host in scope is as the plan wants it"])
    return CommandResult(data=plan_data(made), blocks=(*plan_blocks(made), tail), exit_code=ExitCode.OK)
