"""Waiting for a person: pauses, promotion, and what ends them when nobody comes (``on_unknown``).

A pause touches nothing. It ends by a command from outside, by a signal, by its reason going away, or by its timeout.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum

from fleetdeploy.model.run import Hold, PauseReason
from fleetdeploy.policy import gate
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper

_RECHECK_S = 5.0


class Way(Enum):
    """How a stretch of the way ended."""

    ON = "on"  # go on
    DONE = "done"  # the last batch is through
    BACK = "back"  # put everything back: the release failed
    ABORT = "abort"  # put everything back: a person said so
    LEAVE = "leave"  # end here, leave the hosts as they are
    STOP = "stop"  # end here, nothing was changed
    WAITING = "waiting"  # nobody came: end with 7, the rollout stays open
    INTERRUPTED = "interrupted"  # a signal: end with 130, the rollout stays open


def way_of(decision: gate.Decision) -> Way:
    """What a decision means for the way forward; pauses are ``pause``'s."""
    match decision:
        case gate.RollBack():
            return Way.BACK
        case gate.Stop():
            return Way.STOP
        case gate.Pause():
            return Way.WAITING
        case gate.Proceed() | gate.Bake():
            return Way.ON


_TEXTS = {
    PauseReason.UNKNOWN: "hosts do not answer: {hosts}",
    PauseReason.CUT_OFF: "most untouched hosts are silent too: this machine seems to be cut off ({hosts})",
    PauseReason.NOT_TO_BLAME: "untouched hosts fail too, the release may not be to blame: {hosts}",
    PauseReason.DIFFERENT: "not as the plan found them, left untouched: {hosts}",
    PauseReason.FLOOR: "too many hosts are down to touch another one: {hosts}",
    PauseReason.ASKED: "a person asked for it",
    PauseReason.FREEZE: "the freeze calendar does not let the next batch begin",
    PauseReason.NOT_READY: "hosts of the next batch cannot prove their way back: {hosts}",
    PauseReason.ROLLBACK_FLOOR: "going back would cross rollback_floor, so nothing is undone by itself: {hosts}",
}


def next_steps(rollout: str) -> tuple[str, ...]:
    """What a person may type while it is held."""
    return (
        f"fleetdeploy resume {rollout}",
        f"fleetdeploy abort {rollout} --rollback",
        f"fleetdeploy abort {rollout} --leave",
    )


def pause(book: Book, crew: Crew, keeper: Gatekeeper, why: gate.Pause, *, recheck: Callable[[bool], None]) -> Way:
    """Hold until something ends it. ``recheck(by_person)`` asks the hosts in question again."""
    timeout = book.plan.strategy.pause_timeout_s
    detail = _TEXTS[why.why].format(hosts=", ".join(why.hosts))
    book.hold(Hold.PAUSED, why.why, detail=detail, ends_in_s=timeout, next_steps=next_steps(book.run.id))
    until = time.monotonic() + timeout
    looked = time.monotonic()
    while True:
        way = _command(book, crew)
        if way is Way.ON:
            recheck(True)
            book.hold(Hold.NONE)
            return Way.ON
        if way is not None:
            return way
        now = time.monotonic()
        if why.why in (PauseReason.CUT_OFF, PauseReason.UNKNOWN) and now - looked >= min(_RECHECK_S, timeout / 4):
            recheck(False)
            looked = time.monotonic()
            if not isinstance(keeper.decide(None), gate.Pause):
                book.hold(Hold.NONE)
                return Way.ON
        if now >= until:
            return _unattended(book)
        crew.pump(min(0.5, max(0.01, until - now)), tags=frozenset())


def await_promotion(book: Book, crew: Crew) -> Way:
    """The bake is over and a person has to say go."""
    timeout = book.plan.strategy.pause_timeout_s
    steps = (f"fleetdeploy promote {book.run.id}", f"fleetdeploy abort {book.run.id} --rollback")
    detail = "the canary is healthy and waits for a person"
    book.hold(Hold.AWAITING_PROMOTION, detail=detail, ends_in_s=timeout, next_steps=steps)
    until = time.monotonic() + timeout
    while True:
        way = _command(book, crew)
        if way is not None:
            if way is Way.ON:
                book.hold(Hold.NONE)
            return way
        if time.monotonic() >= until:
            return _unattended(book)
        crew.pump(min(0.5, max(0.01, until - time.monotonic())), tags=frozenset())


def _command(book: Book, crew: Crew) -> Way | None:
    if book.ports.interrupt.requested:
        return Way.INTERRUPTED
    request = crew.take_request()
    if request is None:
        return None
    book.note(f"{request.kind} was asked for by {request.actor}")
    return {"promote": Way.ON, "resume": Way.ON, "abort-rollback": Way.ABORT, "abort-leave": Way.LEAVE}.get(
        request.kind
    )


def _unattended(book: Book) -> Way:
    """Nobody came in time."""
    choice = book.plan.strategy.on_unknown
    book.note(f"nobody came within {book.plan.strategy.pause_timeout_s:g}s: on_unknown is {choice}", level="warning")
    return {"wait": Way.WAITING, "rollback": Way.BACK, "stop": Way.LEAVE}[choice]
