"""Going on with a rollout whose conductor has ended, or is to be replaced: resume, promote, abort.

Which rollout is meant is read from the hosts. Its plan comes from the store, or from a file that another job wrote, and
must be the one that the hosts hold; a way back needs neither.
"""

from __future__ import annotations

from dataclasses import replace

from fleetdeploy.app.apps import check_known, with_app
from fleetdeploy.app.conducting import Back, Decision, Said, Tick, run_back, run_plan
from fleetdeploy.app.planning import look
from fleetdeploy.app.recorded import find_rollout, open_journal
from fleetdeploy.app.undoing import rollback_plan
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Actor
from fleetdeploy.rollout.ports import Reporter
from fleetdeploy.rollout.result import RolloutResult
from fleetdeploy.rollout.resume import stored_plan


def go_on(
    workspace: Workspace,
    wanted: str,
    *,
    decision: Decision,
    actor: Actor,
    reporter: Reporter,
    take_over: bool = False,
    tick: Tick,
) -> RolloutResult | Said:
    """Resume, promote or abort a rollout whose conductor has ended, or is to be replaced.

    Args:
        workspace: the fleet it runs on.
        wanted: its id, or "" for the one that is open on the hosts.
        decision: what the person decided.
        tick: called about once a second.

    Raises:
        Refused: no such rollout is open, or its plan is not in this machine's journal.
    """
    workspace = with_app(workspace, tick=tick)
    whole = replace(workspace, scope=workspace.fleet.hosts)
    sights = look(whole, tick=tick)
    check_known(whole, sights)
    rollout, alive = _open_rollout(sights, wanted)
    if alive and not take_over:
        return _ask_conductor(rollout, decision, actor)
    journal = open_journal()
    try:
        plan = stored_plan(journal, rollout)
    finally:
        journal.close()
    if plan is None:
        if decision == "abort-rollback":
            back = Back(rollback_plan(whole, sights, rollout=rollout))
            return run_back(whole, back, actor=actor, reporter=reporter, take_over=take_over)
        raise Refused(
            f"the plan of {rollout} is not in this machine's journal: it cannot go forward from here",
            reason=RefusalReason.OPEN_ROLLOUT,
            next_steps=(
                f"on the machine that began it: fleetdeploy resume {rollout}",
                "or undo it: fleetdeploy rollback",
            ),
        )
    return run_plan(
        whole,
        plan,
        rollout=rollout,
        resume=True,
        decision=decision,
        actor=actor,
        reporter=reporter,
        take_over=take_over,
    )


def _open_rollout(sights: dict[str, Sight], wanted: str) -> tuple[str, bool]:
    """(id, whether its conductor lives) of the rollout that is open on the hosts.

    Raises:
        Refused: none, or several and none named.
    """
    alive: dict[str, bool] = {}
    for sight in sights.values():
        state = sight.observation.state if sight.observation else None
        for record in state.rollouts if state else ():
            if not record.ended:
                alive.setdefault(record.id, False)
        if state and state.open:
            alive[state.open.rollout] = alive.get(state.open.rollout, False) or state.open.alive_here
    if wanted:
        found = [i for i in alive if i == wanted.upper() or i.startswith(wanted.upper()) or i.endswith(wanted.upper())]
    else:
        found = list(alive)
    if len(found) == 1:
        return found[0], alive[found[0]]
    what = f"rollout {wanted} is not open on any host" if wanted else "no rollout is open on the hosts"
    if len(found) > 1:
        what = f"several rollouts are open: {', '.join(sorted(found))}"
    raise Refused(what, reason=RefusalReason.OPEN_ROLLOUT, next_steps=("fleetdeploy status", "fleetdeploy history"))


def _ask_conductor(rollout: str, decision: Decision, actor: Actor) -> Said:
    """Puts the request where the living conductor looks, and waits for it to be taken.

    Raises:
        Refused: the conductor is another machine's, or does not react.
    """
    import time

    journal = open_journal()
    try:
        if journal.rollout(rollout) is not None:
            find_rollout(journal, rollout)
            number = journal.request(rollout, decision or "resume", f"{actor.user}@{actor.machine}")
            until = time.monotonic() + 5.0
            while time.monotonic() < until:
                if journal.was_taken(number):
                    return Said(f"{decision} of {rollout} was taken by its conductor", rollout)
                time.sleep(0.1)
    finally:
        journal.close()
    raise Refused(
        f"the conductor of {rollout} is alive, but takes no requests from this machine",
        reason=RefusalReason.OCCUPIED,
        next_steps=("ask on the machine where it runs", "or replace it: --take-over --reason '...'"),
    )
