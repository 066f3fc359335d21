"""Runs rollouts: builds the ports, gives each conductor its ids, and starts it. What is decided is not decided here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from ulid import ULID

from fleetdeploy.app.apps import check_known, with_app
from fleetdeploy.app.connect import Vault, connector
from fleetdeploy.app.planning import known_versions, look
from fleetdeploy.app.recorded import find_rollout, open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.interrupt import Interrupt
from fleetdeploy.errors import RefusalReason, Refused, UsageError
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.project import Timeouts
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.model.verbs import Actor, AppRef
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
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.ports import Ports, Reporter
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from fleetdeploy.rollout.resume import LIVING, finish_closing, stored_plan

Tick = Callable[[], None]
Decision = Literal["", "promote", "resume", "abort-rollback", "abort-leave"]


@dataclass(frozen=True, slots=True)
class Back:
    """A rollback that can be run: ``rollout`` is set if an unended rollback is to be continued under its own id."""

    plan: Plan
    rollout: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Nothing to run; ``text`` says why, ``next_steps`` what to type to go further."""

    text: str
    rollout: str = ""
    next_steps: tuple[str, ...] = ()


def run_forward(
    workspace: Workspace, plan: Plan, *, actor: Actor, reporter: Reporter, take_over: bool = False
) -> RolloutResult:
    """Conducts a new rollout to its end (or pause, or interruption)."""
    return _run(workspace, plan, actor=actor, reporter=reporter, take_over=take_over)


def run_back(
    workspace: Workspace, back: Back, *, actor: Actor, reporter: Reporter, take_over: bool = False
) -> RolloutResult:
    """Conducts a rollback."""
    rollout = back.rollout
    return _run(
        workspace, back.plan, rollout=rollout, actor=actor, reporter=reporter, take_over=take_over, resume=bool(rollout)
    )


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
    sights = look(whole, tick=tick)
    check_known(whole, sights)
    if target:
        return _to_version(whole, sights, target, hurry)
    observations = {name: sight.observation for name, sight in sights.items()}
    if rollout:
        return Back(_rollback_plan(whole, sights, rollout=_full_id(sights, rollout), hurry=hurry))
    choice = candidate(observations)
    match choice:
        case Undo(found, _, _):
            return Back(_rollback_plan(whole, sights, rollout=found, hurry=hurry))
        case Continue(found, undoes):
            return Back(_rollback_plan(whole, sights, rollout=undoes, hurry=hurry), rollout=found)
        case CloseOnly(found, version, outcome):
            return _close_only(whole, found, version, outcome, take_over=take_over)
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
            back = Back(_rollback_plan(whole, sights, rollout=rollout))
            return run_back(whole, back, actor=actor, reporter=reporter, take_over=take_over)
        raise Refused(
            f"the plan of {rollout} is not in this machine's journal: it cannot go forward from here",
            reason=RefusalReason.OPEN_ROLLOUT,
            next_steps=(
                f"on the machine that began it: fleetdeploy resume {rollout}",
                "or undo it: fleetdeploy rollback",
            ),
        )
    return _run(
        whole,
        plan,
        rollout=rollout,
        resume=True,
        decision=decision,
        actor=actor,
        reporter=reporter,
        take_over=take_over,
    )


def _run(
    workspace: Workspace,
    plan: Plan,
    *,
    actor: Actor,
    reporter: Reporter,
    rollout: str = "",
    resume: bool = False,
    decision: str = "",
    take_over: bool = False,
) -> RolloutResult:
    project = workspace.project
    if not workspace.app.app:  # found in the hosts' index when the plan was made
        workspace = replace(workspace, app=AppRef(plan.app.app, "", ""))
    with _ports(workspace, reporter) as ports:
        run = RolloutRun(
            id=rollout or str(ULID()),
            conductor=str(ULID()),
            plan=plan,
            actor=actor,
            timeouts=project.timeouts if project else Timeouts(),
            parallel=project.parallel if project else 50,
            upload_parallel=project.upload.parallel if project else 10,
            resume=resume,
            take_over=take_over,
            decision=decision if decision != "resume" else "",
        )
        return conduct(run, ports)


@contextmanager
def _ports(workspace: Workspace, reporter: Reporter) -> Iterator[Ports]:
    project = workspace.project
    journal = open_journal()
    try:
        password = None
        if project and project.app.account_password:
            password = Vault(workspace.directory).get(project.app.account_password)
        everything = replace(workspace, scope=workspace.fleet.hosts)
        yield Ports(
            fleet=workspace.fleet,
            connect=connector(everything),
            log=journal,
            reporter=reporter,
            interrupt=Interrupt(_leave),
            password=password,
        )
    finally:
        journal.close()


def _rollback_plan(
    workspace: Workspace, sights: dict[str, Sight], *, rollout: str = "", target: str = "", hurry: bool = False
) -> Plan:
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
    )
    return build_rollback(request, sights)


def _to_version(workspace: Workspace, sights: dict[str, Sight], target: str, hurry: bool) -> Back | Said:
    plan = _rollback_plan(workspace, sights, target=target, hurry=hurry)
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
        raise UsageError(what, next_steps=(*listed, "fleetdeploy history"))
    return found[0]


def _close_only(workspace: Workspace, rollout: str, version: str, outcome: str, *, take_over: bool = False) -> Said:
    with _ports(workspace, _Silent()) as ports:
        failed = finish_closing(rollout, outcome, workspace.fleet.hosts, ports, take_over=take_over)
    if LIVING in failed.values():
        raise Refused(
            f"the conductor of rollout {rollout} ({version}) is alive: it ends it itself",
            reason=RefusalReason.OCCUPIED,
            why=tuple(f"{host}: {what}" for host, what in failed.items()),
            next_steps=("fleetdeploy status", "fleetdeploy rollback --take-over --reason WHY"),
        )
    left = f"; not on {', '.join(failed)}" if failed else ""
    if outcome == "aborted":
        return Said(f"rollout {rollout} ({version}) had changed nothing: it is closed now{left}", rollout)
    text = f"rollout {rollout} ({version}) had {outcome.replace('_', ' ')}: it is closed now, nothing was undone{left}"
    return Said(text, rollout, (f"to undo it: fleetdeploy rollback {rollout}",))


def _leave(code: int) -> None:
    """The second signal: no clean-up (a lock may be held just now); the cursor and a word are owed to the person."""
    if sys.stdout.isatty():
        os.write(1, b"\x1b[?25h\n")
    text = f"left at once (exit code {code}): what runs on a host ends there by itself, done or put back\n"
    os.write(2, f"{text}  next  fleetdeploy status\n".encode())
    os._exit(code)


class _Silent:
    """Reports nothing: closing is told in one sentence afterwards."""

    def report(self, event: object) -> None:
        """Drops it."""


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
