"""Holds the next batch while the freeze calendar is closed, or ``--not-before`` has not come.

The hosts stay open and staged, nothing that runs is touched, signs of life go on (no other rollout may take them), and
the updated hosts are watched: one that falls ill is put back, whatever the calendar says.
It goes on by itself. A person's ``resume`` or ``promote`` does not override a calendar, ``abort`` does end the wait;
going back never comes by here. Whether a moment is closed is ``policy/freeze.py``'s to say; the start of a rollout is
refused in ``app/planning.py``, not here. A batch that was begun is finished: a host in the middle of its switch must
not wait for Monday.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from fleetdeploy.engine.executor import Done
from fleetdeploy.model.plan import Batch, Plan
from fleetdeploy.model.run import Hold, PauseReason
from fleetdeploy.policy.freeze import Closed, closed
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.hold import Watch
from fleetdeploy.rollout.way import Stir, Way

_LOOK_S = 0.2


def wait_for_calendar(
    book: Book,
    crew: Crew,
    batch: Batch,
    outside: Callable[[], Way | Stir | None],
    watch: Callable[[], Watch] | None = None,
) -> Way | Stir | None:
    """Waits until ``batch`` may begin. None: it may; else what came meanwhile, from outside or from an updated host.

    Args:
        outside: what ends the wait: a signal, an abort, a pause.
        watch: begins to look at the updated hosts, for as long as it waits.
    """
    if book.plan.kind == "back" or any(_begun(book, name) for name in batch.hosts):
        return None
    _say_overridden(book)
    if held_by(book.plan, book.ports.wall()) is None:
        return None
    vigil = watch() if watch is not None else None
    try:
        return _wait(book, crew, outside, vigil)
    finally:
        if vigil is not None:
            vigil.end()


def _wait(book: Book, crew: Crew, outside: Callable[[], Way | Stir | None], vigil: Watch | None) -> Way | Stir | None:
    said = ""
    done: Done | None = None
    while (wait := held_by(book.plan, book.ports.wall())) is not None:
        detail, until = wait
        if detail != said:
            said = detail
            left = None if until is None else max(0.0, (until - book.ports.wall()).total_seconds())
            steps = (f"fleetdeploy abort {book.run.id} --rollback", f"fleetdeploy abort {book.run.id} --leave")
            book.hold(Hold.PAUSED, PauseReason.FREEZE, detail=detail, ends_in_s=left, next_steps=steps)
        if vigil is not None and vigil.look(done):
            return Stir.SICK
        came = outside()
        if came is not None:
            return came
        done = crew.pump(_LOOK_S, tags=vigil.tags if vigil is not None else frozenset())
    book.hold(Hold.NONE)
    return None


def held_by(plan: Plan, now: datetime) -> tuple[str, datetime | None] | None:
    """Why no batch may begin now, and until when (None: no end in sight); None if it may."""
    first = not_before(plan)
    if first is not None and now < first:
        return f"no host is changed before {first:%Y-%m-%d %H:%M %Z} (--not-before); goes on by itself", first
    frozen = None if plan.permits.override_freeze else closed(plan.freeze, now)
    if frozen is None:
        return None
    return f"{frozen}; goes on by itself" if frozen.until else str(frozen), frozen.until


def not_before(plan: Plan) -> datetime | None:
    """The moment of ``--not-before``."""
    return datetime.fromisoformat(plan.permits.not_before) if plan.permits.not_before else None


def _begun(book: Book, name: str) -> bool:
    page = book.pages[name]
    if page.changed or page.touched:
        return True
    state = page.observation.state if page.observation else None
    record = state.rollout(book.run.id) if state else None
    return record is not None and record.intent


def _say_overridden(book: Book) -> None:
    """Once: before the first host is changed."""
    permits = book.plan.permits
    frozen: Closed | None = closed(book.plan.freeze, book.ports.wall()) if permits.override_freeze else None
    if frozen is not None and not any(page.changed for page in book.pages.values()):
        book.note(f"{frozen}: overridden ({permits.reason})", level="warning")
