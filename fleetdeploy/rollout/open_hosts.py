"""Opening all hosts before anything else, and giving them back (protocol.md rules 1 to 7).

Returns a value: every host that could be opened is open, or why not. Decides who goes first when two meet while
opening, and whether an owner lives; what is opened for is not its business.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fleetdeploy.engine.executor import Task, Tools
from fleetdeploy.errors import HostError, RefusalReason, Stale
from fleetdeploy.model.owner import life_age_s, owner_text, who
from fleetdeploy.model.verbs import Claim, CloseRequest, Observation, OpenEntry, OpenMode, OpenRequest, OpenResult
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew, beating
from fleetdeploy.rollout.host_task import settled
from fleetdeploy.rollout.marks import close_mark
from fleetdeploy.rollout.ports import HostPort

_ANSWER_PATIENCE_S = 20.0
_MEET_PATIENCE_S = 60.0  # longer than another conductor needs to open and to close
_MEET_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Opened:
    """``silent``: hosts that did not answer; ``ended``: hosts where this id has ended, with the outcome."""

    silent: Mapping[str, HostError]
    ended: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotOpened:
    """Nothing is held any more. ``living`` tells a living owner from a dead one."""

    reason: RefusalReason
    what: str
    next_steps: tuple[str, ...]
    living: bool


def utc_now() -> str:
    """Wall clock, for people."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def open_all(book: Book, crew: Crew, hosts: Iterable[str]) -> Opened | NotOpened:
    """Open these hosts, in parallel; take over what may be taken over; else give everything back."""
    waiting = list(hosts)
    silent: dict[str, HostError] = {}
    ended: dict[str, str] = {}
    expected: dict[str, OpenEntry] = {}
    cleared: set[str] = set()
    until = time.monotonic() + _MEET_PATIENCE_S
    while waiting:
        answers = crew.each(waiting, "open", lambda name: _open(book, name, expected.get(name)))
        waiting.clear()
        occupied: dict[str, OpenEntry] = {}
        ages: dict[tuple[str, str], float | None] = {}
        for name, answer in answers.items():
            if isinstance(answer, HostError):
                silent[name] = answer
            elif answer.result == "ended":
                ended[name] = answer.outcome
            elif answer.result == "occupied" and answer.owner is not None:
                occupied[name] = answer.owner
                _note_age(ages, answer.owner, answer.observation)
        if not occupied:
            break
        for owner in {(o.rollout, o.conductor): o for o in occupied.values()}.values():
            living = _lives(book, crew, owner, occupied)
            if living and _goes_first(book, owner) and time.monotonic() < until:
                continue  # it withdraws when it meets us; then we try again
            if _may_take_over(book, living=living):
                _clear_others(book, crew, owner, cleared)
                expected.update({n: o for n, o in occupied.items() if o.rollout == owner.rollout})
                continue
            withdraw(book, crew)
            return _refusal(owner, ages.get((owner.rollout, owner.conductor)), living=living)
        waiting.extend(occupied)
        if not any(name in expected for name in waiting):
            time.sleep(_MEET_EVERY_S)
    return Opened(silent, ended)


def _patience(book: Book) -> float:
    return min(_ANSWER_PATIENCE_S, book.run.timeouts.call_s)


def _open(book: Book, name: str, expected: OpenEntry | None) -> Task[HostPort]:
    run, page = book.run, book.pages[name]
    request = OpenRequest(
        rollout=run.id,
        conductor=run.conductor,
        kind=run.plan.kind,
        undoes=run.plan.undoes,
        plan_digest=run.plan.digest,
        machines=run.plan.machines,
        actor=run.actor,
        ttl_s=run.timeouts.life_ttl_s,
        mode=OpenMode.TAKE_OVER if expected else OpenMode.NEW,
        expected=(expected.rollout, expected.conductor, expected.token) if expected else None,
        direction=run.plan.kind,
        opened_at=utc_now(),
        target=run.plan.target,
        strong=_is_strong(book),
    )

    def task(tools: Tools[HostPort]) -> OpenResult:
        # A lost answer is asked for again: it may stand there, and nobody would give it back.
        unsent = None if page.opened else 0.0
        result = settled(tools, lambda: tools.resource.open(request), _patience(book), unsent_patience_s=unsent)
        if result.result == "opened":
            # Written here, in the host's own thread: the next beat must already show the token.
            page.token, page.step, page.opened = result.token, result.step_high, True
            page.observation, page.replaced = result.observation, result.replaced
            beating(book, tools, name)
        return result

    return task


def _lives(book: Book, crew: Crew, owner: OpenEntry, occupied: Mapping[str, OpenEntry]) -> bool:
    """Any host of its plan that answers and shows a fresh sign of life or a running verb makes it live (rule 3)."""
    same = [o for o in occupied.values() if (o.rollout, o.conductor) == (owner.rollout, owner.conductor)]
    if any(o.alive_here for o in same):
        return True
    known = {h.name for h in book.ports.fleet.hosts}
    others = [name for name, _ in owner.machines if name in known and name not in occupied]
    seen = crew.each(others, "observe", lambda _: lambda tools: tools.resource.observe())
    for answer in seen.values():
        if isinstance(answer, HostError) or answer.state is None or answer.state.open is None:
            continue
        entry = answer.state.open
        mine = (entry.rollout, entry.conductor) == (owner.rollout, owner.conductor)
        # The host counts a running verb in; not "open" and "close", which may be another one's who meets us here.
        if mine and entry.alive_here:
            return True
    return False


def _is_strong(book: Book) -> bool:
    """A rollback or a resume: others make way for it (rule 4)."""
    return book.run.plan.kind == "back" or book.run.resume


def _goes_first(book: Book, owner: OpenEntry) -> bool:
    """Whether the other one has to withdraw (rule 4); only between two that are both still opening."""
    if owner.phase != "opening":
        return False
    if _is_strong(book) != owner.strong:
        return _is_strong(book)
    return book.run.conductor < owner.conductor


def _may_take_over(book: Book, *, living: bool) -> bool:
    """Rule 3: a new rollout never; a rollback or resume takes over the dead, and the living only when told to."""
    if not _is_strong(book):
        return False
    return book.run.take_over or not living


def _clear_others(book: Book, crew: Crew, owner: OpenEntry, cleared: set[str]) -> None:
    """Rule 5: hosts of the replaced entry that are not ours are closed for ever, also those it had not opened yet."""
    if owner.rollout in cleared or owner.rollout == book.run.id:
        return
    cleared.add(owner.rollout)
    known = {h.name for h in book.ports.fleet.hosts}
    others = [name for name, _ in owner.machines if name in known and name not in book.pages]

    def close(tools: Tools[HostPort]) -> str:
        state = tools.resource.observe().state
        entry = state.open if state else None
        token = entry.token if entry is not None and entry.rollout == owner.rollout else owner.token
        claim = Claim(owner.rollout, owner.conductor, token, 0)
        by = f"{who(book.run.actor)}, rollout {book.run.id}"
        request = CloseRequest(claim, "aborted", machines=owner.machines, kind=owner.kind, by=by)
        try:
            return settled(tools, lambda: tools.resource.close(request), _patience(book), unsent_patience_s=0.0)
        except Stale:
            # Somebody has taken it over there already: that is no word about us.
            return ""

    for name, answer in crew.each(others, "clear", lambda _: close).items():
        if isinstance(answer, HostError):
            book.note(f"could not be told that rollout {owner.rollout} is over: {answer.what}", name, "warning")


def _note_age(ages: dict[tuple[str, str], float | None], owner: OpenEntry, seen: Observation) -> None:
    """The youngest sign of life that any host has of an owner."""
    key, age = (owner.rollout, owner.conductor), life_age_s(owner, seen)
    before = ages.get(key)
    ages[key] = age if before is None else before if age is None else min(age, before)


def _refusal(owner: OpenEntry, age_s: float | None, *, living: bool) -> NotOpened:
    held = owner_text(owner, age_s)
    of = f"{'rollback' if owner.kind == 'back' else 'rollout'} {owner.rollout} of {who(owner.actor)}"
    if living:
        what = f"{of} holds the hosts and is alive: {held}"
        take = ("fleetdeploy open show", "fleetdeploy rollback --take-over --reason WHY")
        return NotOpened(RefusalReason.OCCUPIED, what, take, living=True)
    what = f"{of} was not ended, and its conductor is gone: {held}"
    steps = (
        f"fleetdeploy resume {owner.rollout}",
        "or undo it: fleetdeploy rollback",
        f"or end it as it is: fleetdeploy open close {owner.rollout} --reason WHY",
    )
    return NotOpened(RefusalReason.OPEN_ROLLOUT, what, steps, living=False)


def withdraw(book: Book, crew: Crew) -> None:
    """Give every host back without a trace; what a take-over had replaced stands again, as dead (rule 4)."""
    opened = [name for name, page in book.pages.items() if page.opened]
    crew.workers.stop_beats(opened)

    def make(name: str) -> Task[HostPort]:
        page = book.pages[name]
        restore: Any = page.replaced
        request = CloseRequest(
            book.claim(name), "withdrawn", machines=book.plan.machines, withdraw=True, restore=restore
        )

        def task(tools: Tools[HostPort]) -> str:
            tools.heartbeat.stop()
            return settled(tools, lambda: tools.resource.close(request), _patience(book))

        return task

    for name, answer in crew.each(opened, "withdraw", make).items():
        book.pages[name].opened = False
        if isinstance(answer, HostError):
            book.note(f"could not be given back: {answer.what}; its entry expires by itself", name, "warning")


def close_all(book: Book, crew: Crew, outcome: str) -> tuple[str, ...]:
    """Write id and outcome on every host of the plan (rule 6); returns those that could not be reached."""
    crew.workers.stop_beats()
    undone_as = "rolled_back" if outcome == "succeeded" else "rollback_incomplete"
    names = [name for name, page in book.pages.items() if page.opened]
    mark = close_mark(book, outcome)

    def make(name: str) -> Task[HostPort]:
        undone = book.pages[name].plan.undo or ((book.plan.undoes,) if book.plan.undoes else ())
        also = tuple((u, undone_as) for u in undone) if book.plan.kind == "back" else ()
        replaced = book.pages[name].replaced_rollout
        if replaced and replaced != book.run.id and replaced not in undone:
            # Rule 5: what was taken over here ends here, or it would wait for ever for somebody to close it.
            also += ((replaced, "aborted"),)
        request = CloseRequest(
            book.claim(name), outcome, also=also, machines=book.plan.machines, kind=book.plan.kind, mark=mark
        )

        def task(tools: Tools[HostPort]) -> str:
            tools.heartbeat.stop()
            return settled(tools, lambda: tools.resource.close(request), _patience(book))

        return task

    unclosed: list[str] = []
    for name, answer in crew.each(names, "close", make).items():
        if isinstance(answer, HostError):
            unclosed.append(name)
            book.note(f"the end could not be written there: {answer.what}", name, "warning")
        else:
            book.pages[name].opened = False
    # Never opened here, and it did not answer. A host that failed later is told the end like any other.
    silent = [name for name, page in book.pages.items() if name not in names and page.error is not None]
    return (*unclosed, *silent)
