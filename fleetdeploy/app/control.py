"""Asks the conductor that lives: puts a request where it looks, and hands back its own answer.

First through the store alone, which is quick and needs no host; only if nobody answers there are the hosts asked who
holds them. A request that nobody took is withdrawn, so that no later conductor obeys what was refused here. What is
answered is decided by the conductor (``rollout/commands.py``).
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import closing
from dataclasses import replace

from fleetdeploy.app.apps import check_known, with_app
from fleetdeploy.app.conducting import Said, Tick
from fleetdeploy.app.login import stop_at_login
from fleetdeploy.app.open_entries import OpenRollout, find_open, living
from fleetdeploy.app.planning import look
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import Journal, RolloutRow
from fleetdeploy.errors import RefusalReason, Refused, StoreError, UsageError
from fleetdeploy.model.verbs import Actor

_ANSWER_S = 5.0
_QUICK_S = 3.0
_LOOK_S = 0.05
_LAST = 20


def ask(workspace: Workspace, wanted: str, kind: str, actor: Actor, *, argument: str = "", tick: Tick) -> Said:
    """What the conductor of the open rollout answers to ``kind`` (``policy/asked.py`` has the list).

    Args:
        workspace: the fleet it runs on.
        wanted: its id, or "" for the one that is open.
        kind: what is asked for; ``argument`` is its host.
        actor: who asks, and why.
        tick: called about once a second.

    Raises:
        Refused: the conductor said no, nobody conducts a rollout now, or its requests cannot be reached from here.
    """
    said = ask_by_store(workspace, wanted, kind, actor, argument=argument)
    if said is not None:
        return said
    workspace = with_app(workspace, tick=tick)
    whole = replace(workspace, scope=workspace.fleet.hosts)
    sights = look(whole, tick=tick)
    stop_at_login(whole.scope, sights, only_if_all=True)
    check_known(whole, sights)
    found = find_open(sights, wanted)
    if found.alive:
        return ask_conductor(found, kind, actor, argument=argument)
    raise _gone(found, kind, argument)


def ask_by_store(workspace: Workspace, wanted: str, kind: str, actor: Actor, *, argument: str = "") -> Said | None:
    """The answer of the conductor that the store knows of; None: there is none that answers.

    Raises:
        Refused: it said no.
    """
    try:
        with closing(open_journal()) as journal:
            row = _running(journal, workspace, wanted)
            return None if row is None else _ask(journal, row.id, kind, actor, argument, _QUICK_S)
    except (StoreError, UsageError):  # no store, or none that can be written: the hosts know better, and say so
        return None


def ask_conductor(found: OpenRollout, kind: str, actor: Actor, *, argument: str = "") -> Said:
    """The answer of a conductor that the hosts say lives.

    Raises:
        Refused: it said no, or takes no requests from here.
    """
    try:
        with closing(open_journal()) as journal:
            if journal.rollout(found.id) is not None:
                said = _ask(journal, found.id, kind, actor, argument, _ANSWER_S)
                if said is not None:
                    return said
    except (StoreError, UsageError) as trouble:
        raise _elsewhere(found, trouble.what) from None
    raise _elsewhere(found)


def _running(journal: Journal, workspace: Workspace, wanted: str) -> RolloutRow | None:
    """The only rollout of this fleet that has a conductor, as far as the store knows."""
    rows = journal.rollouts(fleet=workspace.fleet.name, app=workspace.app.app or None, limit=_LAST)
    name = wanted.upper()
    rows = tuple(
        r
        for r in rows
        if (r.outcome, r.exit_code) == (None, None) and (r.id.startswith(name) or r.id.endswith(name)) and _may_live(r)
    )
    return rows[0] if len(rows) == 1 else None


def _may_live(row: RolloutRow) -> bool:
    """False if it ran on this machine and its process is gone; of other machines nothing is known here."""
    if (row.holder or row.actor).rpartition("@")[2] != socket.gethostname() or sys.platform == "win32":
        return True
    try:
        os.kill(row.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _ask(journal: Journal, rollout: str, kind: str, actor: Actor, argument: str, seconds: float) -> Said | None:
    who = f"{actor.user}@{actor.machine}"
    number = journal.request(rollout, kind, who, argument=argument, reason=actor.reason)
    until = time.monotonic() + seconds
    while True:
        answer = journal.answer_of(number)
        if answer is not None:
            break
        # Taken just now: then the answer comes, whatever the clock says.
        if time.monotonic() >= until and journal.withdraw(number):
            return None
        if time.monotonic() >= until + _ANSWER_S:
            return None
        time.sleep(_LOOK_S)
    if answer.accepted:
        return Said(f"rollout {rollout}: {kind.replace('-', ' --')} accepted: {answer.text}", rollout)
    raise Refused(
        f"the conductor of rollout {rollout} refused: {answer.text}",
        reason=RefusalReason.NOT_NOW,
        next_steps=("fleetdeploy status",),
    )


def _elsewhere(found: OpenRollout, trouble: str = "") -> Refused:
    """Its conductor lives, and does not look into this store."""
    refusal = living(found)
    machine = found.owner.actor.machine if found.owner else ""
    where = f"on {machine}" if machine else "where it runs"
    return Refused(
        f"{refusal.what}; it takes no requests from this machine's store",
        reason=refusal.reason,
        why=(trouble,) if trouble else (),
        next_steps=(
            f"ask {where}, with the same store (FLEETDEPLOY_STORE=postgresql://… is one for all)",
            *refusal.next_steps,
        ),
    )


def _gone(found: OpenRollout, kind: str, argument: str) -> Refused:
    """Nobody conducts it: what would have to be typed first."""
    steps = [f"fleetdeploy resume {found.id}", "or undo it: fleetdeploy rollback"]
    if kind in ("retry", "exclude"):
        steps[0] += f"   (and then, from another terminal: fleetdeploy {kind} {argument})"
    nothing = ": nothing runs that could be paused" if kind == "pause" else ""
    return Refused(
        f"no conductor works on it{nothing}: {found.told()}", reason=RefusalReason.OPEN_ROLLOUT, next_steps=tuple(steps)
    )
