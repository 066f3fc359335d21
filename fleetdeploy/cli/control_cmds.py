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
from fleetdeploy.cli.options import WordOptions, spread
from fleetdeploy.cli.reporting import reporter_of, say_ignored
from fleetdeploy.cli.results import CommandResult

if TYPE_CHECKING:
    from fleetdeploy.app.conducting import Decision

RolloutId = Annotated[str, typer.Argument(help="id of the rollout (or its beginning or end); default: the open one")]
Which = Annotated[str, typer.Option("--rollout", help="id of the rollout (or its end); default: the open one")]
HostName = Annotated[str, typer.Argument(metavar="HOST", help="name of the host in the inventory")]


@spread
def promote(
    rollout_id: RolloutId = "",
    full: Annotated[
        bool, typer.Option("--full", help="no more bakes and promotions either; health gates hold")
    ] = False,
    plan: flags.PlanFile = None,
    take_over: flags.TakeOver = False,
    *,
    options: WordOptions,
) -> CommandResult:
    """Let a waiting canary go on.

    Updated hosts are looked at once more first. If its conductor is gone, it is conducted from here.
    """
    decision: Decision = "promote-full" if full else "promote"
    return _go_on(rollout_id, decision, options, take_over=take_over, plan=plan)


@spread
def resume(
    rollout_id: RolloutId = "",
    no_way_back: Annotated[
        bool, typer.Option("--no-way-back", help="change hosts that cannot prove their way back, too (needs --reason)")
    ] = False,
    plan: flags.PlanFile = None,
    take_over: flags.TakeOver = False,
    *,
    options: WordOptions,
) -> CommandResult:
    """Go on with an unended rollout.

    It was paused or interrupted, or its conductor died. Finished hosts are not touched again.
    """
    need_reason("--no-way-back", options.reason, given=no_way_back, typed="fleetdeploy resume --no-way-back")
    return _go_on(rollout_id, "resume", options, take_over=take_over, plan=plan, no_way_back=no_way_back)


@spread
def abort(
    rollout_id: RolloutId = "",
    rollback: Annotated[bool, typer.Option("--rollback", help="put every changed host back")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="end here, leave the hosts as they are (exit 8)")] = False,
    take_over: flags.TakeOver = False,
    *,
    options: WordOptions,
) -> CommandResult:
    """End an unended rollout.

    --rollback puts every changed host back, --leave ends it where it is.
    """
    if rollback == leave:
        raise usage("say how: --rollback or --leave", "fleetdeploy abort --rollback", "fleetdeploy abort --leave")
    decision: Decision = "abort-rollback" if rollback else "abort-leave"
    return _go_on(rollout_id, decision, options, take_over=take_over)


@spread
def pause(
    rollout_id: RolloutId = "",
    *,
    options: WordOptions,
) -> CommandResult:
    """Start no further host until 'fleetdeploy resume'.

    Hosts at work finish; updated ones are still watched, and the health gates hold. Such a pause has no time-out.
    """
    return _ask(rollout_id, "pause", options)


@spread
def retry(
    host: HostName,
    rollout_id: Which = "",
    *,
    options: WordOptions,
) -> CommandResult:
    """Give a host another turn in the rollout that runs.

    One that failed, was put back, did not answer or was left out; what it did before no longer counts as a failure.
    """
    return _ask(rollout_id, "retry", options, argument=host)


@spread
def exclude(
    host: HostName,
    rollout_id: Which = "",
    *,
    options: WordOptions,
) -> CommandResult:
    """Leave a host out of the rollout that runs.

    Only one that has not begun. It keeps its weight in floor and budget; the rollout ends with 8 and says what to type
    to finish it.
    """
    return _ask(rollout_id, "exclude", options, argument=host)


def _ask(rollout_id: str, kind: str, options: WordOptions, *, argument: str = "") -> CommandResult:
    from fleetdeploy.app.control import ask
    from fleetdeploy.cli.output.progress import ticking

    workspace = options.workspace()
    if argument:
        workspace.host(argument)  # a name that the inventory does not have is bad usage, wherever it runs
    with ticking("asking the conductor", options.output) as tick:
        return said(ask(workspace, rollout_id, kind, options.actor, argument=argument, tick=tick))


def _go_on(
    rollout_id: str,
    decision: Decision,
    options: WordOptions,
    *,
    take_over: bool,
    plan: Path | None = None,
    no_way_back: bool = False,
) -> CommandResult:
    from fleetdeploy.app.conducting import Said
    from fleetdeploy.app.going_on import go_on
    from fleetdeploy.cli.output.progress import ticking

    need_reason("--take-over", options.reason, given=take_over)
    workspace = options.workspace(lenient=decision.startswith("abort"))
    say_ignored(workspace.ignored)
    with (
        ticking(f"asking {len(workspace.fleet.hosts)} hosts what they remember", options.output) as tick,
        reporter_of(options.output) as reporter,
    ):
        done = go_on(
            workspace,
            rollout_id,
            decision=decision,
            actor=options.actor,
            reporter=reporter,
            take_over=take_over,
            plan_file=plan,
            no_way_back=no_way_back,
            tick=tick,
        )
    return said(done) if isinstance(done, Said) else ended(done)
