"""How it ends: the outcome from what the book says, retention, the end written on every host, the result.

The exit codes are design.md section 6; this is the only place in ``rollout/`` that chooses one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import Task, Tools
from fleetdeploy.errors import ExitCode, HostError, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.aftermath import Aftermath, Now
from fleetdeploy.model.plan import HostAction
from fleetdeploy.model.run import Hold, HostState, Outcome, Phase
from fleetdeploy.model.verbs import Observation, PruneResult
from fleetdeploy.rollout import ended_with
from fleetdeploy.rollout.aftermath import ask_fleet
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.by_hand import leave_out_changed, told_in_short
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.marks import keep_mark, not_to_blame
from fleetdeploy.rollout.open_hosts import close_all
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.result import HostReport, RolloutResult
from fleetdeploy.rollout.rollback import settle_turns

_S = HostState
_GOOD = frozenset({_S.HEALTHY, _S.UNCHANGED})
_BACK = frozenset({_S.ROLLED_BACK, _S.ABSENT, _S.UNCHANGED})
_OPEN_ENDED = frozenset({_S.UNKNOWN, _S.ROLLBACK_FAILED, _S.UNHEALTHY, _S.ROLLING_BACK, _S.ACTIVATING, _S.VERIFYING})

Ending = tuple[Outcome, ExitCode, str]


def forward_ending(book: Book) -> Ending:
    """The last batch is through."""
    off = [n for n, p in book.pages.items() if p.state not in _GOOD]
    if not off:
        return Outcome.SUCCEEDED, ExitCode.OK, ""
    # Left out is as asked (8); half-way, dead or unknown needs a person, though the budget bore it (4).
    code = ExitCode.MIXED if any(book.pages[n].state in _OPEN_ENDED for n in off) else ExitCode.PARTIAL
    detail = f"not on target: {', '.join(off)}"
    return Outcome.SUCCEEDED_IN_PART, code, "; ".join(filter(None, (detail, told_in_short(book))))


def back_ending(book: Book, *, aborted: bool) -> Ending:
    """A rollout that turned has put back what it could."""
    # After a resume a silent host may have been changed by the conductor before: nobody here knows.
    left = [
        n
        for n, p in book.pages.items()
        if (p.changed and p.state not in _BACK) or (book.run.resume and p.state is _S.UNREACHABLE)
    ]
    if left:
        return Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED, f"not back: {', '.join(left)}"
    outcome = Outcome.ABORTED if aborted else Outcome.ROLLED_BACK
    return outcome, ExitCode.UNDONE, "every changed host is back as it was"


def rollback_ending(book: Book) -> Ending:
    """A rollback by command has put back what it could."""
    bad = [n for n, p in book.pages.items() if p.state in _OPEN_ENDED]
    if bad:
        return Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED, f"not back: {', '.join(bad)}"
    off = [n for n, p in book.pages.items() if p.state is _S.UNREACHABLE or _was_left(p)]
    if off:
        return Outcome.ROLLBACK_INCOMPLETE, ExitCode.PARTIAL, f"left as they are: {', '.join(off)}"
    return Outcome.SUCCEEDED, ExitCode.OK, ""


def _was_left(page: HostPage) -> bool:
    return page.plan.action is HostAction.CHANGE and page.state in (_S.SKIPPED, _S.PENDING)


def stopped_ending(book: Book) -> Ending:
    """The gate stopped it before anything was changed."""
    failed = [p for p in book.pages.values() if p.failed]
    lost = bool(failed) and all(p.state is _S.UNREACHABLE for p in failed)
    detail = f"nothing was changed; failed: {', '.join(p.name for p in failed)}"
    return Outcome.FAILED, ExitCode.UNREACHABLE if lost else ExitCode.UNDONE, detail


def left_ending(book: Book) -> Ending:
    """A person (or ``on_unknown: stop``) ends it and leaves the hosts as they are."""
    if not any(p.changed for p in book.pages.values()):
        return Outcome.ABORTED, ExitCode.UNDONE, "nothing was changed"
    bad = [n for n, p in book.pages.items() if p.state in _OPEN_ENDED]
    off = [n for n, p in book.pages.items() if p.state not in _GOOD and not _finished_before(book, p)]
    code = ExitCode.MIXED if bad else ExitCode.PARTIAL
    return Outcome.ABORTED, code, f"not on target: {', '.join(off)}"


def _finished_before(book: Book, page: HostPage) -> bool:
    """An earlier conductor of this rollout brought it to the target: the host remembers that."""
    state = page.observation.state if page.observation else None
    record = state.rollout(book.run.id) if state else None
    return record is not None and record.done and not record.put_back and page.state is _S.PENDING


def prune_all(book: Book, crew: Crew) -> dict[str, Observation]:
    """Retention: after success, before ``close``; never fails a rollout (rule 18). Returns each host as it was seen."""
    keep = book.plan.app.retention
    names = [n for n, p in book.pages.items() if p.opened and p.state in _GOOD]

    def make(name: str) -> Task[HostPort]:
        claim = book.claim(name)

        def task(tools: Tools[HostPort]) -> PruneResult:
            return tools.resource.prune(claim, keep)

        return task

    sights: dict[str, Observation] = {}
    unseen: list[str] = []
    for name, answer in crew.each(names, "prune", make).items():
        before = book.pages[name].observation
        if isinstance(answer, HostError):
            book.note(f"old releases were not removed: {answer.what}", name)
            if not isinstance(answer, Unreachable):
                unseen.append(name)
            continue
        if answer.removed:
            book.note(f"removed {', '.join(answer.removed)}", name)
        if before is not None and answer.state is not None:
            sights[name] = replace(before, service=answer.service, state=answer.state)
    looks = crew.each(unseen, "last look", lambda _: lambda tools: tools.resource.observe())
    return sights | {name: seen for name, seen in looks.items() if isinstance(seen, Observation)}


def finish(book: Book, crew: Crew, ending: Ending) -> RolloutResult:
    """Write the end on every host, in the journal, and hand it back."""
    aftermath = ask_fleet(book, crew, book.began.get(Phase.ROLLING_BACK, 0.0)) if book.turned else None
    outcome, code, detail = ending if aftermath is None else by_what_is_true(ending, aftermath)
    if outcome in (Outcome.SUCCEEDED, Outcome.SUCCEEDED_IN_PART) and book.plan.kind == "forward":
        crashpoint("before-prune-all")
        if leave_out_changed(book, prune_all(book, crew)):
            outcome, code, detail = forward_ending(book)
    spared = not_to_blame(book)
    if spared:
        book.note(f"{book.plan.version} is not marked bad: it never ran where it failed ({spared})", level="warning")
        aftermath = replace(aftermath, marked_bad=False, spared=spared) if aftermath else None
    settle_turns(book, crew)
    crashpoint("before-close-all")
    unclosed = close_all(book, crew, outcome.value)
    crashpoint("after-close-all")
    keep_mark(book, outcome.value)
    ended_with.settle(book, outcome.value)
    steps: tuple[str, ...] = ()
    if unclosed:
        steps = (f"fleetdeploy resume {book.run.id}  (when they answer: it writes the end there)",)
        detail = "; ".join(x for x in (detail, f"the end is not written on: {', '.join(unclosed)}") if x)
        if code is ExitCode.OK:
            code = ExitCode.PARTIAL
    left_out = [n for n, p in book.pages.items() if p.left_out and p.state is _S.EXCLUDED]
    if left_out and not book.turned:
        steps = (
            *steps,
            f"to finish what was left out: fleetdeploy rollout {book.plan.version} --limit {','.join(left_out)}",
        )
    by_hand = [n for n, p in book.pages.items() if p.differences]
    if by_hand:
        steps = (*steps, f"fleetdeploy drift --limit {','.join(by_hand)}  (what was left there and what is there now)")
    if code is ExitCode.MIXED:
        steps = ("fleetdeploy status", "fleetdeploy rollback", *steps)
    book.state = book.state.ended(outcome)
    return leave(book, outcome, code, detail, steps, aftermath)


def by_what_is_true(ending: Ending, aftermath: Aftermath) -> Ending:
    """The same ending, unless a host that was part of it shows something else now: then a person is needed."""
    _, code, detail = ending
    bad = [h for h in aftermath.of(Now.STILL_NEW, Now.DOWN) if h.member]
    if not bad or code is ExitCode.MIXED:
        return ending
    told = "; ".join(f"{h.host} {'still runs the release' if h.now is Now.STILL_NEW else 'does not run'}" for h in bad)
    # What was said before was what the conductor believed; only what it left on purpose still holds.
    kept = detail if code is ExitCode.PARTIAL else ""
    return Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED, "; ".join(filter(None, (kept, told)))


def leave(
    book: Book,
    outcome: Outcome | None,
    code: ExitCode,
    detail: str,
    steps: tuple[str, ...] = (),
    aftermath: Aftermath | None = None,
) -> RolloutResult:
    """This conductor's part is over: say so and make the result."""
    book.say(ev.RolloutEnded(outcome, int(code), detail, steps))
    crashpoint("before-end")
    book.ports.log.end(book.run.id, outcome.value if outcome else None, int(code))
    crashpoint("after-end")
    plan = book.plan
    return RolloutResult(
        rollout=book.run.id,
        kind=plan.kind,
        fleet=plan.fleet,
        app=plan.app.app,
        version=plan.version,
        outcome=outcome,
        phase=book.state.phase,
        hold=book.state.hold,
        exit_code=code,
        hosts=tuple(_report(page, forward=plan.kind == "forward") for page in book.pages.values()),
        reason=book.state.reason,
        detail=detail,
        next_steps=steps,
        undoes=plan.undoes,
        actor=book.run.actor.user,
        aftermath=aftermath,
    )


def _report(page: HostPage, *, forward: bool) -> HostReport:
    return HostReport(
        host=page.name,
        state=page.state,
        label=page.label,
        changed=page.changed,
        on_target=page.state in (_GOOD if forward else _BACK),
        failure=page.failure,
        notes=tuple(page.notes) or ((page.plan.why,) if page.plan.why else ()),
        differences=page.differences,
    )


def rest(book: Book, crew: Crew) -> None:
    """This conductor leaves and the rollout stays open: the hosts are told, so ``resume`` need not wait for the TTL."""
    settle_turns(book, crew)
    names = [n for n, p in book.pages.items() if p.opened]
    crew.workers.stop_beats(names)

    def make(name: str) -> Task[HostPort]:
        return lambda tools: tools.resource.beat(book.claim(name), last=True)

    for name, answer in crew.each(names, "rest", make).items():
        if isinstance(answer, HostError):
            book.note("does not answer: its sign of life runs out by itself", name)


def interrupted(book: Book, crew: Crew, detail: str = "") -> RolloutResult:
    """A signal: the rollout stays open, its journal is whole."""
    rest(book, crew)
    book.hold(Hold.INTERRUPTED, detail=detail, next_steps=(f"fleetdeploy resume {book.run.id}",))
    in_doubt = [n for n, p in book.pages.items() if p.state is _S.UNKNOWN]
    text = f"interrupted{': unknown: ' + ', '.join(in_doubt) if in_doubt else ''}"
    steps = (f"fleetdeploy resume {book.run.id}", "or undo it: fleetdeploy rollback")
    return leave(book, None, ExitCode.INTERRUPTED, text, steps)


Finisher = Callable[[Book, Crew], RolloutResult]
