"""Before a batch, or another try, begins each of its hosts proves that it could go back; who cannot is not started.

Serves the way forward alone: nothing here ever holds up a rollback, or a host that this rollout has changed already.
What a proof is, the host says (``templates/powershell/ready.ps1.j2``); what follows from its lack is decided here: a
pause (another try is left out instead), unless a person permitted it (``--no-way-back``), and then the journal has who
and why.
"""

from __future__ import annotations

from fleetdeploy.engine.executor import CancelledTask, Task, Tools
from fleetdeploy.errors import AnswerLost, Busy, HostError, NotReady, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.paths import release_exe
from fleetdeploy.model.plan import Batch
from fleetdeploy.model.readiness import Lacking, ReadyReason, ReadyRequest, ReadyResult
from fleetdeploy.model.run import HostState, PauseReason
from fleetdeploy.policy import gate
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.commands import Desk
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper
from fleetdeploy.rollout.host_task import Worked, settled
from fleetdeploy.rollout.ports import HostPort

NEED_BYTES = 16 * 1024 * 1024
"""Left free for the state (twice: it is replaced whole) and for what both versions log while they are switched."""

_TAG = "ready"
_WAITING = frozenset({HostState.PENDING, HostState.STAGED})


def prove(book: Book, crew: Crew, keeper: Gatekeeper, batch: Batch) -> gate.Decision | None:
    """Asks every host of the batch that has not begun. None: all of them may be started.

    Else a pause that names each host and what it lacks; or what the gate says of hosts that did not answer: they count
    like hosts that did not answer to ``activate``, and nothing was changed there.
    """
    names = [n for n in batch.hosts if book.pages[n].state in _WAITING]
    if not names:
        return None
    for text in book.plan.overridden:
        book.note_once(f"{text}: by {_asked_by(book)}", level="warning")
    lost = False
    lacking: dict[str, str] = {}
    for name, answer in crew.each(names, _TAG, lambda n: _ask(book, n)).items():
        if book.pages[name].state not in _WAITING:
            continue  # a person left it out meanwhile
        if isinstance(answer, (Unreachable, Busy, AnswerLost)):
            lost = True
            error = Unreachable(answer.what, host=name, code=answer.code)
            turns.forward_done(book, name, Worked(error=error))
        elif isinstance(answer, HostError):
            lacking[name] = answer.what.removeprefix(f"{name}: ")
        elif isinstance(answer, ReadyResult):
            _say_way_back(book, name, answer)
            if not answer.ready:
                lacking[name] = reasons_text(answer.reasons)
    permitted = _permitted(book, crew.desk)
    if lacking and permitted:
        for name, why in lacking.items():
            book.note_once(_without(why, permitted), name, "warning")
        lacking = {}
    if lacking:
        return _held(book, lacking)
    return _grave(keeper.decide(batch)) if lost else None


def prove_one(book: Book, desk: Desk, tools: Tools[HostPort], name: str) -> None:
    """The same for a host that gets another turn; in the host's own thread.

    Raises:
        NotReady: it cannot prove its way back, and nobody permitted that; nothing was changed.
        HostError: it could not be asked.
    """
    answer = _answer(book, tools, name)
    if answer.ready:
        return
    lacks, permitted = reasons_text(answer.reasons), _permitted(book, desk)
    if not permitted:
        raise NotReady(f"cannot prove its way back: {lacks}", host=name)
    tools.tell(ev.Note(_without(lacks, permitted), name, "warning"))


def reasons_text(reasons: tuple[ReadyReason, ...]) -> str:
    """What a host lacks, in its own words."""
    return "; ".join(reason.detail for reason in reasons)


def _permitted(book: Book, desk: Desk) -> str:
    """Who lets hosts be changed that cannot go back; "" for nobody."""
    return desk.no_way_back or (_asked_by(book) if book.plan.permits.no_way_back else "")


def _without(lacks: str, permitted: str) -> str:
    return f"changed without a way back ({lacks}): by {permitted}"


def _asked_by(book: Book) -> str:
    actor, reason = book.run.actor, book.plan.permits.reason
    return f"{actor.user}@{actor.machine}" + (f": {reason}" if reason else "")


def _held(book: Book, lacking: dict[str, str]) -> gate.Pause:
    for name, why in lacking.items():
        book.note(f"is not started, it cannot prove its way back: {why}", name, "error")
    listed = "; ".join(f"{name}: {why}" for name, why in lacking.items())
    first, run = next(iter(lacking)), book.run.id
    return gate.Pause(
        gate.Reason.NOT_READY,
        PauseReason.NOT_READY,
        tuple(lacking),
        detail=f"hosts of the next batch cannot prove their way back: {listed}",
        steps=(
            f"when that is mended: fleetdeploy resume {run}",
            f"or leave it out: fleetdeploy exclude {first}",
            f"or go on all the same: fleetdeploy resume {run} --no-way-back --reason WHY",
            f"or end it: fleetdeploy abort {run} --rollback   (or --leave)",
        ),
    )


def _grave(decision: gate.Decision) -> gate.Decision | None:
    return decision if isinstance(decision, (gate.Pause, gate.RollBack, gate.Stop)) else None


def _say_way_back(book: Book, name: str, answer: ReadyResult) -> None:
    """Where going back is not "the previous version runs again", that is said before it is needed."""
    if answer.begun:
        return
    if answer.first_install:
        book.note_once("first install: the way back is to remove it", name)
    elif book.pages[name].plan.healthy is False:
        book.note_once("is not healthy now: going back means: as it was", name, "warning")


def _ask(book: Book, name: str) -> Task[HostPort]:
    def task(tools: Tools[HostPort]) -> ReadyResult:
        if tools.cancelled.is_set():
            raise CancelledTask
        return _answer(book, tools, name)

    return task


def _answer(book: Book, tools: Tools[HostPort], name: str) -> ReadyResult:
    plan = book.plan
    artifact = plan.artifact
    assert artifact is not None  # noqa: S101 - a plan that goes forward has one
    request = ReadyRequest(
        claim=book.claim(name),
        exe_path=release_exe(plan.app.root, plan.app.app, artifact.release_name, artifact.exe),
        exe_sha256=artifact.exe_sha256,
        expected=book.pages[name].plan.expected,
        need_bytes=NEED_BYTES,
        lock_wait_s=book.run.timeouts.lock_wait_s,
    )
    # Repeatable: it records what is there, and the last word counts.
    return settled(tools, lambda: tools.resource.ready(request), book.run.timeouts.call_s / 2, unsent_patience_s=0.0)


__all__ = ["NEED_BYTES", "Lacking", "prove", "prove_one", "reasons_text"]
