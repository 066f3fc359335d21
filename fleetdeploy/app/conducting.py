"""Runs a conductor: builds its ports, gives it its ids, and starts it. What is decided is not decided here.

``undoing.py`` finds what a rollback would do, ``going_on.py`` what a resume, a promotion or an abort is about.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from ulid import ULID

from fleetdeploy.app.connect import Vault, connector
from fleetdeploy.app.recorded import forget_old, open_journal
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.interrupt import Interrupt
from fleetdeploy.errors import ExitCode, FleetdeployError
from fleetdeploy.model.events import Note
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.project import Timeouts
from fleetdeploy.model.verbs import Actor, AppRef
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.ports import Ports, Reporter
from fleetdeploy.rollout.result import RolloutResult, RolloutRun

Tick = Callable[[], None]
Decision = Literal["", "promote", "promote-full", "resume", "abort-rollback", "abort-leave"]


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
    exit_code: ExitCode = ExitCode.OK


def run_forward(
    workspace: Workspace, plan: Plan, *, actor: Actor, reporter: Reporter, take_over: bool = False
) -> RolloutResult:
    """Conducts a new rollout to its end (or pause, or interruption)."""
    return run_plan(workspace, plan, actor=actor, reporter=reporter, take_over=take_over)


def run_back(
    workspace: Workspace, back: Back, *, actor: Actor, reporter: Reporter, take_over: bool = False
) -> RolloutResult:
    """Conducts a rollback."""
    rollout = back.rollout
    return run_plan(
        workspace, back.plan, rollout=rollout, actor=actor, reporter=reporter, take_over=take_over, resume=bool(rollout)
    )


def run_plan(
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
    ends_here = plan.kind == "back" or decision.startswith("abort")
    with open_ports(workspace, reporter, bare=ends_here) as ports:
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
def open_ports(workspace: Workspace, reporter: Reporter, *, bare: bool = False) -> Iterator[Ports]:
    """Everything that a conductor touches.

    Args:
        workspace: whose fleet, project and login.
        reporter: shows what is done.
        bare: what must work from any machine (a way back, an end): a store that cannot be written and a secret that is
            not here are said, not refused.
    """
    project = workspace.project
    journal = open_journal(required=not bare)
    if journal.why_not_kept:
        reporter.report(Note(f"nothing of this is recorded on this machine: {journal.why_not_kept}", "", "warning"))
    try:
        password = None
        if project and project.app.account_password:
            try:
                password = Vault(workspace.directory).get(project.app.account_password)
            except FleetdeployError as error:
                if not bare:
                    raise
                what = f"the password of the service's account is not here, it is needed if that changed: {error.what}"
                reporter.report(Note(what, "", "warning"))
        everything = replace(workspace, scope=workspace.fleet.hosts)
        yield Ports(
            fleet=workspace.fleet,
            connect=connector(everything, strict=not bare),
            log=journal,
            reporter=reporter,
            interrupt=Interrupt(_leave),
            password=password,
        )
        forget_old(journal, project)
    finally:
        journal.close()


def _leave(code: int) -> None:
    """The second signal: no clean-up (a lock may be held just now); the cursor and a word are owed to the person."""
    if sys.stdout.isatty():
        os.write(1, b"\x1b[?25h\n")
    text = f"left at once (exit code {code}): what runs on a host ends there by itself, done or put back\n"
    os.write(2, f"{text}  next  fleetdeploy status\n".encode())
    os._exit(code)


class Silent:
    """Reports nothing: closing is told in one sentence afterwards."""

    def report(self, event: object) -> None:
        """Drops it."""
