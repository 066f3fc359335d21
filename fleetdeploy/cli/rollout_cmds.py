"""``rollout`` and ``rollback``: the commands that begin something. What goes on with it is in ``control_cmds.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.ended import ended as _ended
from fleetdeploy.cli.ended import said as _said
from fleetdeploy.cli.frame import need_reason, usage
from fleetdeploy.cli.options import RolloutOptions, WordOptions, spread
from fleetdeploy.cli.plan_cmd import Version
from fleetdeploy.cli.plan_view import plan_blocks, plan_data
from fleetdeploy.cli.reporting import reporter_of, say_ignored
from fleetdeploy.cli.results import CommandResult
from fleetdeploy.errors import RefusalReason, Refused

if TYPE_CHECKING:
    from fleetdeploy.model.plan import Plan


@spread
def rollout(
    version: Version,
    options: RolloutOptions,
    plan: Annotated[
        str | None, typer.Option("--plan", help="a plan's digest or file: refuse unless the plan is still the same")
    ] = None,
    plan_out: flags.PlanOut = None,
    limit: flags.Limit = None,
    yes: flags.Yes = False,
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Roll out a version, canary first.

    Stages it on every host, then activates it batch by batch; what fails its health checks is undone by itself.
    """
    from fleetdeploy.app.conducting import run_forward
    from fleetdeploy.app.plan_files import write_plan
    from fleetdeploy.app.planning import make_plan, refuse_problems
    from fleetdeploy.app.warm import warm_sessions
    from fleetdeploy.app.workspace import current_actor, load_workspace
    from fleetdeploy.cli.output.progress import ticking

    permits = options.permits()
    with warm_sessions():
        workspace = load_workspace(project, inventory=inventory, limit=limit, overrides=options.overrides())
        with ticking(f"looking at {len(workspace.scope)} hosts", output) as tick:
            made = make_plan(workspace, version, permits=permits, tick=tick).plan
        refuse_problems(made)
        if plan is not None:
            _same_plan(plan, made, options.as_typed(limit=limit))
        if plan_out is not None:
            write_plan(made, plan_out)
        _show_and_ask(made, output, ask=not yes and made.batches != ())
        with reporter_of(output) as reporter:
            result = run_forward(workspace, made, actor=current_actor(options.reason), reporter=reporter)
    return _ended(result)


@spread
def rollback(
    rollout_id: Annotated[str, typer.Argument(metavar="[ID]", help="undo this rollout; default: the newest")] = "",
    to: Annotated[str, typer.Option("--to", help="back to this version, as each host remembers it")] = "",
    all_at_once: Annotated[bool, typer.Option("--all-at-once", help="healthy hosts, too, without the floor")] = False,
    yes: flags.Yes = False,
    take_over: flags.TakeOver = False,
    *,
    options: WordOptions,
) -> CommandResult:
    """Undo the newest rollout.

    Or the rollout ID, or back --to a version: from what the hosts remember, without this machine's store or artifacts.
    """
    from fleetdeploy.app.conducting import Back, run_back
    from fleetdeploy.app.undoing import find_rollback
    from fleetdeploy.app.warm import warm_sessions
    from fleetdeploy.cli.output.progress import ticking

    if rollout_id and to:
        raise usage("name a rollout or a version, not both", f"fleetdeploy rollback --to {to}")
    need_reason("--take-over", options.reason, given=take_over)
    with warm_sessions():
        workspace = options.workspace(lenient=True)
        say_ignored(workspace.ignored)
        with ticking(f"asking {len(workspace.fleet.hosts)} hosts what they remember", options.output) as tick:
            found = find_rollback(
                workspace, rollout=rollout_id, target=to, hurry=all_at_once, take_over=take_over, tick=tick
            )
        if not isinstance(found, Back):
            return _said(found)
        _show_and_ask(found.plan, options.output, ask=not yes and found.plan.batches != ())
        with reporter_of(options.output) as reporter:
            result = run_back(workspace, found, actor=options.actor, reporter=reporter, take_over=take_over)
    return _ended(result)


def _same_plan(wanted: str, made: Plan, options: str) -> None:
    """Compares the plan that was made now with the one that was agreed on, by its digest or its file.

    Raises:
        Refused: it has become another one.
    """
    from fleetdeploy.app.plan_files import read_plan
    from fleetdeploy.app.plans import is_digest, moved_since, what_moved

    agreed = None if is_digest(wanted) else read_plan(Path(wanted))
    digest = agreed.digest if agreed else wanted
    if digest == made.digest:
        return
    moved = moved_since(agreed, made) if agreed else what_moved(digest, made)
    raise Refused(
        f"the plan is {made.digest} now, not {digest}; nothing was changed",
        reason=RefusalReason.STALE_PLAN,
        why=moved or ("hosts, files, settings or options are not those that it was made from",),
        next_steps=(f"fleetdeploy plan {made.version}{options}   (shows what would be done now)",),
    )


def _show_and_ask(plan: Plan, output: str, *, ask: bool) -> None:
    """Prints the plan; on a terminal asks once.

    Raises:
        Refused: the answer was no.
    """
    from fleetdeploy.cli.output import render
    from fleetdeploy.cli.output.safe import safe

    if output == "json":
        sys.stdout.write(render.to_json({"event": "plan", **plan_data(plan)}) + "\n")
        return
    render.print_result(CommandResult(data={}, blocks=plan_blocks(plan)), output)
    if not ask or not sys.stdin.isatty() or not sys.stdout.isatty():
        return
    if not typer.confirm(f"{'Roll back' if plan.kind == 'back' else 'Roll out'} {safe(plan.version)} now?"):
        raise Refused("you said no; nothing was changed", reason=RefusalReason.DECLINED)
