"""``promote``, ``resume``, ``abort``, ``pause``, ``retry``, ``exclude``: a person's word to a rollout under way.

While its conductor lives it is the one that answers, within a second or two; these commands print that answer. The
first three also go on without one: then they conduct it themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.ended import ended, said
from fleetdeploy.cli.frame import need_reason, usage
from fleetdeploy.cli.reporting import reporter_of, say_ignored
from fleetdeploy.cli.results import CommandResult

if TYPE_CHECKING:
    from fleetdeploy.app.conducting import Decision

RolloutId = Annotated[str, typer.Argument(help="id of the rollout (or its beginning or end); default: the open one")]
Which = Annotated[str, typer.Option("--rollout", help="id of the rollout (or its end); default: the open one")]
HostName = Annotated[str, typer.Argument(metavar="HOST", help="name of the host in the inventory")]


def promote(
    rollout_id: RolloutId = "",
    full: Annotated[
        bool, typer.Option("--full", help="no more bakes and promotions either; health gates hold")
    ] = False,
    app: flags.App = "",
    plan: flags.PlanFile = None,
    take_over: flags.TakeOver = False,
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Let a waiting canary go on.

    Updated hosts are looked at once more first. If its conductor is gone, it is conducted from here.
    """
    decision: Decision = "promote-full" if full else "promote"
    return _go_on(rollout_id, decision, app, take_over, reason, inventory, project, output, plan)


def resume(
    rollout_id: RolloutId = "",
    no_way_back: Annotated[
        bool, typer.Option("--no-way-back", help="change hosts that cannot prove their way back, too (needs --reason)")
    ] = False,
    app: flags.App = "",
    plan: flags.PlanFile = None,
    take_over: flags.TakeOver = False,
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Go on with an unended rollout.

    It was paused or interrupted, or its conductor died. Finished hosts are not touched again.
    """
    need_reason("--no-way-back", reason, given=no_way_back, typed="fleetdeploy resume --no-way-back")
    return _go_on(rollout_id, "resume", app, take_over, reason, inventory, project, output, plan, no_way_back)


def abort(
    rollout_id: RolloutId = "",
    rollback: Annotated[bool, typer.Option("--rollback", help="put every changed host back")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="end here, leave the hosts as they are (exit 8)")] = False,
    app: flags.App = "",
    take_over: flags.TakeOver = False,
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """End an unended rollout.

    --rollback puts every changed host back, --leave ends it where it is.
    """
    if rollback == leave:
        raise usage("say how: --rollback or --leave", "fleetdeploy abort --rollback", "fleetdeploy abort --leave")
    decision: Decision = "abort-rollback" if rollback else "abort-leave"
    return _go_on(rollout_id, decision, app, take_over, reason, inventory, project, output)


def pause(
    rollout_id: RolloutId = "",
    app: flags.App = "",
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Start no further host until 'fleetdeploy resume'.

    Hosts at work finish; updated ones are still watched, and the health gates hold. Such a pause has no time-out.
    """
    return _ask(rollout_id, "pause", "", app, reason, inventory, project, output)


def retry(
    host: HostName,
    rollout_id: Which = "",
    app: flags.App = "",
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Give a host another turn in the rollout that runs.

    One that failed, was put back, did not answer or was left out; what it did before no longer counts as a failure.
    """
    return _ask(rollout_id, "retry", host, app, reason, inventory, project, output)


def exclude(
    host: HostName,
    rollout_id: Which = "",
    app: flags.App = "",
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Leave a host out of the rollout that runs.

    Only one that has not begun. It keeps its weight in floor and budget; the rollout ends with 8 and says what to type
    to finish it.
    """
    return _ask(rollout_id, "exclude", host, app, reason, inventory, project, output)


def _ask(
    rollout_id: str,
    kind: str,
    argument: str,
    app: str,
    reason: str,
    inventory: str | None,
    project: Path,
    output: str,
) -> CommandResult:
    from fleetdeploy.app.control import ask
    from fleetdeploy.app.workspace import current_actor, load_workspace
    from fleetdeploy.cli.output.progress import ticking

    workspace = load_workspace(project, inventory=inventory, app=app)
    if argument:
        workspace.host(argument)  # a name that the inventory does not have is bad usage, wherever it runs
    with ticking("asking the conductor", output) as tick:
        return said(ask(workspace, rollout_id, kind, current_actor(reason), argument=argument, tick=tick))


def _go_on(
    rollout_id: str,
    decision: Decision,
    app: str,
    take_over: bool,
    reason: str,
    inventory: str | None,
    project: Path,
    output: str,
    plan: Path | None = None,
    no_way_back: bool = False,
) -> CommandResult:
    from fleetdeploy.app.rollouts import Said, go_on
    from fleetdeploy.app.workspace import current_actor, load_workspace
    from fleetdeploy.cli.output.progress import ticking

    need_reason("--take-over", reason, given=take_over)
    workspace = load_workspace(project, inventory=inventory, app=app, lenient=decision.startswith("abort"))
    say_ignored(workspace.ignored)
    with (
        ticking(f"asking {len(workspace.fleet.hosts)} hosts what they remember", output) as tick,
        reporter_of(output) as reporter,
    ):
        done = go_on(
            workspace,
            rollout_id,
            decision=decision,
            actor=current_actor(reason),
            reporter=reporter,
            take_over=take_over,
            plan_file=plan,
            no_way_back=no_way_back,
            tick=tick,
        )
    return said(done) if isinstance(done, Said) else ended(done)
