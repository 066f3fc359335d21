"""What a rollback would do, from the hosts' own memory alone: store, artifacts and project may be missing.

Finds and plans (protocol.md rules 15 and 16); ``conducting.py`` runs it. Closing a rollout that changed nothing is the
one thing that is done here at once.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from fleetdeploy.app.apps import check_known, need_answer, with_app
from fleetdeploy.app.conducting import Back, Said, Silent, Tick, open_ports
from fleetdeploy.app.login import askable, stop_at_login
from fleetdeploy.app.open_entries import open_rollouts
from fleetdeploy.app.planning import known_versions, look
from fleetdeploy.app.settling import settle_from_hosts
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import ExitCode, RefusalReason, Refused, StoreError, UsageError
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.plan.rollback import (
    AlreadyUndone,
    CloseOnly,
    Continue,
    NeedsId,
    NothingToUndo,
    RollbackRequest,
    Undo,
    build_rollback,
    candidate,
)
from fleetdeploy.rollout.resume import LIVING, finish_closing


def find_rollback(
    workspace: Workspace,
    *,
    rollout: str = "",
    target: str = "",
    hurry: bool = False,
    take_over: bool = False,
    tick: Tick,
) -> Back | Said:
    """What a rollback would do, from the hosts' own memory: the store may be empty (protocol.md rules 15 and 16).

    Args:
        workspace: its whole fleet is asked; ``--limit`` does not narrow what is undone.
        rollout: of ``rollback ID``.
        target: of ``rollback --to VERSION``.
        hurry: healthy hosts go back without regard to the floor.
        take_over: a rollout that changed nothing is closed even if its conductor lives.

    Raises:
        Refused: nothing to go back to, or hosts are silent that might know better.
        UsageError: the app is not named and cannot be found.
    """
    workspace = with_app(workspace, tick=tick)
    whole = replace(workspace, scope=workspace.fleet.hosts)
    sights = look(whole, strict=False, tick=tick)
    stop_at_login(whole.scope, sights, only_if_all=True)
    need_answer(whole, sights)
    check_known(whole, sights)
    settle_from_hosts(whole, sights)
    if target:
        return _to_version(whole, sights, target, hurry)
    observations = {name: sight.observation for name, sight in sights.items()}
    if rollout:
        return Back(rollback_plan(whole, sights, rollout=_full_id(sights, rollout), hurry=hurry))
    choice = candidate(observations)
    match choice:
        case Undo(found, _, _):
            return Back(rollback_plan(whole, sights, rollout=found, hurry=hurry))
        case Continue(found, undoes, goal):
            return Back(continued(whole, sights, undoes, goal, hurry=hurry), rollout=found)
        case CloseOnly():
            return _close_only(whole, sights, choice, take_over=take_over)
        case AlreadyUndone(found, version):
            steps = ("fleetdeploy rollback --to VERSION", "fleetdeploy rollback ID", "fleetdeploy history")
            return Said(f"already undone, nothing changed: {version} (rollout {found}) is off every host", found, steps)
        case NothingToUndo():
            raise Refused(
                "no host remembers a rollout that changed anything: nothing to roll back",
                reason=RefusalReason.NO_TARGET,
                next_steps=("fleetdeploy status",),
            )
        case NeedsId(silent):
            raise Refused(
                f"{len(silent)} of {len(sights)} hosts cannot be asked and might know a newer rollout",
                reason=RefusalReason.UNKNOWN_CANDIDATE,
                why=tuple(f"{name}: {sights[name].error}" for name in silent),
                next_steps=(
                    "fleetdeploy doctor",
                    "fleetdeploy rollback ID",
                    "fleetdeploy history   (lists the ids that this machine knows)",
                ),
            )


def rollback_plan(
    workspace: Workspace, sights: dict[str, Sight], *, rollout: str = "", target: str = "", hurry: bool = False
) -> Plan:
    """Every host that this rollout changed goes back to its own origin (or all go to the version ``target``)."""
    project = workspace.project
    strategy = project.strategy if project else StrategySettings()
    spec = project.app if project else ServiceSpec(workspace.app.app, workspace.app.service, "", workspace.app.root)
    request = RollbackRequest(
        fleet=workspace.fleet.name,
        hosts=workspace.fleet.hosts,
        app=spec,
        strategy=replace(strategy, all_at_once_rollback=hurry or strategy.all_at_once_rollback),
        health=project.health if project else HealthSpec(),
        rollout=rollout,
        target=target,
        known=known_versions(workspace),
        rollback_floor=project.rollback_floor if project else "",
    )
    return build_rollback(request, sights)


def continued(workspace: Workspace, sights: dict[str, Sight], undoes: str, target: str, *, hurry: bool = False) -> Plan:
    """What is left of a rollback that has not ended, under its own id: one rollout undone, or on to ``target``.

    To a version, each host still has its own chain before it; what it named first stays what it undoes.
    """
    if not target:
        return rollback_plan(workspace, sights, rollout=undoes, hurry=hurry)
    return replace(rollback_plan(workspace, sights, target=target, hurry=hurry), undoes=undoes)


def _to_version(workspace: Workspace, sights: dict[str, Sight], target: str, hurry: bool) -> Back | Said:
    plan = rollback_plan(workspace, sights, target=target, hurry=hurry)
    if plan.changing:
        return Back(plan)
    lost = [p for p in plan.problems if p.reason is RefusalReason.NO_TARGET]
    if lost:
        raise Refused(
            f"no host can go back to {target}",
            reason=RefusalReason.NO_TARGET,
            why=tuple(f"{p.host}: {p.what}" for p in lost),
            next_steps=("fleetdeploy history", "fleetdeploy rollout " + target + "   (deploys it anew)"),
        )
    return Said(f"every host that answers runs {target} already, nothing changed")


def _full_id(sights: dict[str, Sight], wanted: str) -> str:
    """A rollout id from its beginning or end, as the hosts remember them.

    Raises:
        UsageError: none or several.
    """
    ids: set[str] = set()
    for sight in sights.values():
        if sight.observation and sight.observation.state:
            ids |= {r.id for r in sight.observation.state.rollouts}
    found = sorted(i for i in ids if i == wanted.upper() or i.startswith(wanted.upper()) or i.endswith(wanted.upper()))
    if len(found) != 1:
        what = f"{wanted!r} names several rollouts" if found else f"no host remembers a rollout {wanted!r}"
        known = tuple(found or sorted(ids)[-12:])
        listed = (f"known there are: {', '.join(known)}",) if known else ()
        silent = [name for name, sight in sights.items() if sight.observation is None]
        why = (f"{len(silent)} of {len(sights)} hosts cannot be asked: {', '.join(silent)}",) if silent else ()
        raise UsageError(what, why=why, next_steps=(*listed, "fleetdeploy history"))
    return found[0]


def _close_only(workspace: Workspace, sights: dict[str, Sight], choice: CloseOnly, *, take_over: bool = False) -> Said:
    rollout, version, outcome = choice.rollout, choice.version, choice.outcome
    with open_ports(workspace, Silent(), bare=True) as ports:
        hosts = askable(workspace.fleet.hosts, sights)
        failed = dict(finish_closing(rollout, outcome, hosts, ports, take_over=take_over))
        if LIVING not in failed.values():
            with suppress(StoreError):  # the hosts have it in any case
                ports.log.settle(rollout, outcome, conductor=f"closed-by-{os.getpid()}", detail="closed by a rollback")
    if LIVING in failed.values():
        raise Refused(
            f"its conductor is alive, and ends it itself: {open_rollouts(sights)[rollout].told()}",
            reason=RefusalReason.OCCUPIED,
            why=tuple(f"{host}: {what}" for host, what in failed.items()),
            next_steps=("fleetdeploy open show", "fleetdeploy rollback --take-over --reason WHY"),
        )
    told = {h.name for h in hosts}
    found = open_rollouts(sights).get(rollout)
    failed |= {name: "its login was refused" for name in (found.silent if found else ()) if name not in told}
    left = f"; not on {', '.join(failed)}" if failed else ""
    code = ExitCode.PARTIAL if failed else ExitCode.OK
    named = f"rollout {rollout} ({version})" if version else f"rollout {rollout}"
    if outcome == "aborted":
        return Said(f"{named} had changed nothing: it is closed now{left}", rollout, exit_code=code)
    text = f"{named} had {outcome.replace('_', ' ')}: it is closed now, nothing was undone{left}"
    return Said(text, rollout, (f"to undo it: fleetdeploy rollback {rollout}",), code)
