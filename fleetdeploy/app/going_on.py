"""Going on with a rollout whose conductor has ended, or is to be replaced: resume, promote, abort.

Which rollout is meant is read from the hosts. Its plan comes from the store, or from a file that another job wrote, and
must be the one that the hosts hold; a way back, and an end as it is, need neither.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fleetdeploy.app.apps import check_known, with_app
from fleetdeploy.app.conducting import Back, Decision, Said, Tick, run_back, run_plan
from fleetdeploy.app.control import ask_by_store, ask_conductor
from fleetdeploy.app.login import stop_at_login
from fleetdeploy.app.open_entries import OpenRollout, find_open, leave_as_it_is
from fleetdeploy.app.plan_files import has_files, read_plan, with_files
from fleetdeploy.app.planning import look
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.settling import settle_from_hosts
from fleetdeploy.app.undoing import continued, rollback_plan
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import FleetdeployError, RefusalReason, Refused
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Actor
from fleetdeploy.policy.asked import NO_WAY_BACK
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
    plan_file: Path | None = None,
    no_way_back: bool = False,
    tick: Tick,
) -> RolloutResult | Said:
    """Resume, promote or abort a rollout whose conductor has ended, or is to be replaced.

    Args:
        workspace: the fleet it runs on.
        wanted: its id, or "" for the one that is open on the hosts.
        decision: what the person decided.
        actor: who that is.
        reporter: shows what is done.
        take_over: replace a conductor that lives.
        plan_file: where the plan lies, if not in the store.
        no_way_back: hosts that cannot prove their way back are changed all the same; ``actor.reason`` says why.
        tick: called about once a second.

    Raises:
        Refused: no such rollout is open, or there is no plan here that is the one the hosts hold.
    """
    given = read_plan(plan_file) if plan_file else None
    kind, how = ("promote", "full") if decision == "promote-full" else (decision or "resume", "")
    how = NO_WAY_BACK if no_way_back else how
    if not take_over:
        said = ask_by_store(workspace, wanted, kind, actor, argument=how)
        if said is not None:
            return said
    workspace = with_app(workspace, tick=tick)
    whole = replace(workspace, scope=workspace.fleet.hosts)
    sights = look(whole, strict=not decision.startswith("abort"), tick=tick)
    stop_at_login(whole.scope, sights, only_if_all=True)
    check_known(whole, sights)
    settle_from_hosts(whole, sights)
    found = find_open(sights, wanted)
    if found.alive and not take_over:
        return ask_conductor(found, kind, actor, argument=how)
    if found.kind == "back":
        if kind == "promote":
            raise Refused(
                f"{found.told()}: there is nothing to promote in a rollback",
                reason=RefusalReason.OPEN_ROLLOUT,
                next_steps=(f"fleetdeploy resume {found.id}",),
            )
        if decision != "abort-leave":
            return _undo(whole, sights, found, actor=actor, reporter=reporter, take_over=take_over)
    ends = decision.startswith("abort")
    plan = _plan_of(found, given, needed=not ends) if found.kind == "forward" else None
    if plan is None and decision == "abort-rollback":
        return _undo(whole, sights, found, actor=actor, reporter=reporter, take_over=take_over)
    if plan is None and (decision == "abort-leave" or found.outcome):
        return leave_as_it_is(whole, sights, found, actor=actor, take_over=take_over)
    if plan is None:
        raise _no_plan(found, decision, given)
    plan = with_files(plan, workspace.project)
    if no_way_back:
        plan = replace(plan, permits=replace(plan.permits, no_way_back=True, reason=actor.reason))
    if not decision.startswith("abort"):
        _check_files(plan, sights)
    return run_plan(
        whole,
        plan,
        rollout=found.id,
        resume=True,
        decision=decision,
        actor=actor,
        reporter=reporter,
        take_over=take_over,
    )


def _undo(
    workspace: Workspace,
    sights: dict[str, Sight],
    found: OpenRollout,
    *,
    actor: Actor,
    reporter: Reporter,
    take_over: bool,
) -> RolloutResult:
    """From the hosts' own memory: an unended rollback under its own id, else a new one that undoes this rollout."""
    goes_back = found.kind == "back"
    if goes_back:
        plan = continued(workspace, sights, found.undoes, found.version)
    else:
        plan = rollback_plan(workspace, sights, rollout=found.id)
    back = Back(plan, rollout=found.id if goes_back else "")
    return run_back(workspace, back, actor=actor, reporter=reporter, take_over=take_over)


def _plan_of(found: OpenRollout, given: Plan | None, *, needed: bool) -> Plan | None:
    """The plan that the hosts hold: the given one, else the store's; None if neither is it.

    One in the store that cannot be read is an error only if it is ``needed``: an end needs none.
    """
    if given is not None:
        return given if not found.digests or given.digest in found.digests else None
    try:
        stored, digest = _stored(found)
    except FleetdeployError:
        if needed:
            raise
        return None
    if stored is None or not found.digests:
        return stored
    # The row's digest is from when it was begun: a later fleetdeploy may know more settings that a digest covers.
    return stored if found.digests & {stored.digest, digest} else None


def _stored(found: OpenRollout) -> tuple[Plan | None, str]:
    try:
        journal = open_journal()
    except FleetdeployError:  # no store that can be opened: nothing is known here
        return None, ""
    try:
        row = journal.rollout(found.id)
        return stored_plan(journal, found.id), row.digest if row else ""
    finally:
        journal.close()


def _no_plan(found: OpenRollout, decision: Decision, given: Plan | None) -> Refused:
    held = ", ".join(sorted(found.digests)) or "none"
    stored, digest = (None, "") if given is not None else _stored(found)
    if given is not None:
        what = f"{found.told()}; the plan in the file is {given.digest}, the hosts hold {held}"
    elif stored is not None:
        what = f"{found.told()}; the plan in the store is {digest}, the hosts hold {held}"
    else:
        what = f"{found.told()}; its plan ({held}) is not in this machine's store: it cannot go forward from here"
    verb = {"": "resume", "promote-full": "promote --full"}.get(decision, decision)
    return Refused(
        what,
        reason=RefusalReason.NO_PLAN,
        next_steps=(
            f"fleetdeploy {verb} {found.id} --plan FILE   (what 'rollout --plan-out FILE' wrote)",
            "or share the store between machines: FLEETDEPLOY_STORE=postgresql://…",
            "or undo it, which needs no plan: fleetdeploy rollback",
        ),
    )


def _check_files(plan: Plan, sights: dict[str, Sight]) -> None:
    """Bytes that some host still lacks must lie here: found out now, before a host fails for it.

    Raises:
        Refused: they do not.
    """
    if has_files(plan):
        return
    lacking = [
        name
        for name in plan.changing
        if (seen := sights[name].observation if name in sights else None) and plan.release not in seen.staged
    ]
    if lacking:
        raise Refused(
            f"{plan.version} must still be sent to {', '.join(lacking)}, and its files are not on this machine",
            reason=RefusalReason.ARTIFACT,
            next_steps=(
                "put the artifact where fleetdeploy.yml says (artifacts: path)",
                "or undo it, which needs no files: fleetdeploy rollback",
            ),
        )
