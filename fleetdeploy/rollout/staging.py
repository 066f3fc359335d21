"""Staging: the release goes to one host first, then to all; nothing that runs is changed.

An upload may be cut anywhere, so an abort does not wait for it. Who fails here was never changed and counts all the
same; what that means for the rollout is the gate's.
"""

from __future__ import annotations

import threading

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import CancelledTask, Task, Tools
from fleetdeploy.errors import AnswerLost, Busy, HostError, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState, Phase
from fleetdeploy.model.verbs import StageResult
from fleetdeploy.policy import gate
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.commands import Desk
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper
from fleetdeploy.rollout.host_task import settled
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.way import Way

STAGE_PATIENCE_S = 20.0
_SLOT_S = 1.0


def stage_all(book: Book, crew: Crew, keeper: Gatekeeper) -> Way:
    """Every host that will change has the release, but for those that failed or were left out."""
    desk = crew.desk
    names = [n for n in book.plan.changing if book.pages[n].state is HostState.PENDING]
    if not names:
        return Way.ON
    book.phase(Phase.STAGING)
    crashpoint("before-staging")
    slots = threading.BoundedSemaphore(max(book.run.upload_parallel, 1))
    for group in (names[:1], names[1:]):
        still = [name for name in group if book.pages[name].state is HostState.PENDING]
        for name, answer in crew.each(still, "stage", lambda n: _task(book, n, desk, slots)).items():
            if isinstance(answer, CancelledTask) or book.pages[name].state is not HostState.PENDING:
                continue  # cut off, or left out by a person meanwhile
            if isinstance(answer, HostError):
                book.pages[name].error = answer
                now = "nothing was changed there"
                book.fail(name, turns.failure_of(answer), now, (f"fleetdeploy doctor --limit {name}",))
                lost = isinstance(answer, (Unreachable, Busy, AnswerLost))
                book.move(name, HostState.UNREACHABLE if lost else HostState.EXCLUDED, answer.what)
            else:
                book.say(ev.HostStaged(name, answer.release, answer.sent_bytes))
                book.move(name, HostState.STAGED)
        if desk.way_out is not None:
            return desk.way_out
        decision = keeper.decide(None)
        if isinstance(decision, (gate.Stop, gate.RollBack)):
            return Way.BACK if any(p.changed for p in book.pages.values()) else Way.STOP
    crashpoint("after-staging")
    return Way.ON


def _task(book: Book, name: str, desk: Desk, slots: threading.BoundedSemaphore) -> Task[HostPort]:
    def task(tools: Tools[HostPort]) -> StageResult:
        while not slots.acquire(timeout=_SLOT_S):
            tools.pulse()
            if desk.way_out is not None:
                raise CancelledTask
        try:
            return stage_one(book, tools, name, desk)
        finally:
            slots.release()

    return task


def stage_one(book: Book, tools: Tools[HostPort], name: str, desk: Desk) -> StageResult:
    """In the host's own thread: the release is there, or the host's error."""
    artifact = book.plan.artifact
    assert artifact is not None  # noqa: S101 - a plan that goes forward has one

    def progress(sent: int, total: int) -> None:
        if desk.way_out is not None:
            raise CancelledTask  # an upload changes nothing that runs: it may be cut anywhere
        tools.tell(ev.StageProgress(name, sent, total))

    def call() -> StageResult:
        if desk.way_out is not None:
            raise CancelledTask
        return tools.resource.stage(book.claim(name), artifact, progress=progress)

    return settled(tools, call, STAGE_PATIENCE_S)
