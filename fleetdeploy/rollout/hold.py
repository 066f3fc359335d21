"""Waiting for a person: pauses, promotion, and what ends them when nobody comes (``on_unknown``, ``on_expiry``).

A wait touches nothing. It ends by a command from outside, by a signal, by its reason going away, or by its time-out. A
pause that a person asked for has none: it waits for a person. While it waits for one, updated hosts are looked at
(``baking.Vigil``), and one that is not well goes through the gate. Which command means what is ``commands.py``'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from fleetdeploy.engine.executor import Done
from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import Hold, HostState, PauseReason
from fleetdeploy.policy import gate
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.commands import who
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper
from fleetdeploy.rollout.way import Stir, Way, way_of

__all__ = ["ASKED", "Promotion", "Stir", "Way", "next_steps", "pause", "way_of"]

_RECHECK_S = 5.0
_TICK_S = 0.5
_SILENT = frozenset({PauseReason.CUT_OFF, PauseReason.UNKNOWN})
# Pauses in which updated hosts are looked at; in the others the gate has spoken about them already.
_WATCHED = frozenset({PauseReason.ASKED, PauseReason.NOT_READY})


class Watch(Protocol):
    """Looks at the updated hosts while it waits (``baking.Vigil``)."""

    tags: frozenset[str]

    def look(self, done: Done | None) -> bool: ...
    def end(self) -> None: ...


_TEXTS = {
    PauseReason.UNKNOWN: "hosts do not answer: {hosts}",
    PauseReason.CUT_OFF: "most untouched hosts are silent too: this machine seems to be cut off ({hosts})",
    PauseReason.NOT_TO_BLAME: "untouched hosts fail too, the release may not be to blame: {hosts}",
    PauseReason.DIFFERENT: "not as the plan found them, left untouched: {hosts}",
    PauseReason.FLOOR: "too many hosts are down to touch another one: {hosts}",
    PauseReason.ASKED: "a person asked for it",
    PauseReason.FREEZE: "the freeze calendar does not let the next batch begin",
    PauseReason.NO_CANARY: "no canary runs the release and is healthy, so nothing is proved for the rest: {hosts}",
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


ASKED = gate.Pause(gate.Reason.ASKED, PauseReason.ASKED)
"""The pause that a person asked for."""


def pause(
    book: Book,
    crew: Crew,
    keeper: Gatekeeper,
    why: gate.Pause,
    *,
    recheck: Callable[[bool], None],
    watch: Callable[[], Watch] | None = None,
    sick: Callable[[], gate.Decision] | None = None,
) -> Way | gate.Pause:
    """Hold until something ends it; another pause if the gate has found a graver reason meanwhile.

    Args:
        recheck: asks the hosts in question again (True: a person resumed).
        watch: begins to look at the updated hosts.
        sick: what is to be done about an updated host that is not well.
    """
    desk = crew.desk
    timeout = book.plan.strategy.pause_timeout_s
    by_person = why.why is PauseReason.ASKED
    if by_person and desk.pausing is None:
        return Way.ON  # taken back before it began
    detail = why.detail or _TEXTS[why.why].format(hosts=", ".join(why.hosts))
    if by_person and desk.pausing:
        detail = who(desk.pausing)
    ends_in_s = None if desk.pausing else timeout
    desk.take_go()  # a word that ended an earlier wait does not end this one
    book.hold(Hold.PAUSED, why.why, detail=detail, ends_in_s=ends_in_s, next_steps=why.steps or next_steps(book.run.id))
    vigil = watch() if watch is not None and why.why in _WATCHED else None
    until = time.monotonic() + timeout
    looked = time.monotonic()
    done: Done | None = None
    while True:
        if vigil is not None and vigil.look(done) and sick is not None:
            vigil.end()
            decision = sick()
            if isinstance(decision, gate.Pause) and decision.why is not why.why:
                return decision
            if isinstance(decision, (gate.RollBack, gate.Stop)):
                return way_of(decision)
        if desk.way_out is not None:
            return _left(vigil, desk.way_out)
        if desk.take_go():
            _left(vigil, Way.ON)
            if not by_person:
                recheck(True)
            book.hold(Hold.NONE)
            return Way.ON
        now = time.monotonic()
        if desk.pausing is not None:
            until = now + timeout  # a person's pause has no time-out, and every other one begins anew after it
        # Once more before it gives up: the line may have come back since the last time, or while that was asked.
        elif why.why in _SILENT and (now >= until or now - looked >= min(_RECHECK_S, timeout / 4)):
            recheck(False)
            decision = keeper.decide(None)
            if isinstance(decision, (gate.RollBack, gate.Stop)):
                # The line came back between asking the silent hosts and asking the untouched ones: a host is not
                # lost because it did not answer while nobody did.
                recheck(False)
                decision = keeper.decide(None)
            looked = time.monotonic()
            if not isinstance(decision, gate.Pause):
                book.hold(Hold.NONE)
                return Way.ON
            if now >= until and desk.pausing is None and desk.way_out is None:
                return unattended(book, timeout, book.plan.strategy.on_unknown)
        elif now >= until:
            return _left(vigil, unattended(book, timeout, book.plan.strategy.on_unknown))
        done = _pump(crew, vigil, until)


def _left(vigil: Watch | None, way: Way) -> Way:
    if vigil is not None:
        vigil.end()
    return way


def _pump(crew: Crew, vigil: Watch | None, until: float) -> Done | None:
    wait = min(_TICK_S, max(0.01, until - time.monotonic()))
    return crew.pump(wait, tags=vigil.tags if vigil is not None else frozenset())


class Promotion:
    """The wait for a person's word after a batch; its time goes on only while it really waits."""

    def __init__(self, book: Book, crew: Crew, batch: Batch) -> None:
        strategy = book.plan.strategy
        self._book, self._crew, self._batch = book, crew, batch
        self._within = strategy.promote_within_s
        self._left_s = strategy.pause_timeout_s if self._within is None else self._within

    def wait(self, watch: Callable[[], Watch]) -> Way | Stir:
        """ON: a person promoted; else what has to be seen to, or how the wait ended.

        Args:
            watch: begins to look at the updated hosts.
        """
        book, desk = self._book, self._crew.desk
        if desk.full or self._batch.index in desk.promoted:
            return Way.ON
        desk.take_go()
        run = book.run.id
        steps = (f"fleetdeploy promote {run}", f"fleetdeploy abort {run} --rollback")
        well = sum(book.pages[n].state is HostState.HEALTHY for n in self._batch.hosts)
        which = "the canary" if self._batch.is_canary else f"batch {self._batch.index + 1}"
        how = (
            "is healthy" if well == len(self._batch.hosts) else f"has {well} of {len(self._batch.hosts)} hosts healthy"
        )
        detail = f"{which} {how} and waits for a person; updated hosts are watched meanwhile"
        book.hold(Hold.AWAITING_PROMOTION, detail=detail, ends_in_s=self._left_s, next_steps=steps)
        began = time.monotonic()
        until = began + self._left_s
        vigil = watch()
        try:
            done: Done | None = None
            while True:
                if vigil.look(done):
                    return Stir.SICK
                if desk.way_out is not None:
                    return desk.way_out
                if desk.take_go():
                    book.hold(Hold.NONE)
                    return Way.ON
                if desk.outside is not None:
                    book.hold(Hold.NONE)
                    return desk.outside
                if time.monotonic() >= until:
                    return self._expired()
                done = _pump(self._crew, vigil, until)
        finally:
            vigil.end()
            self._left_s = max(0.0, self._left_s - (time.monotonic() - began))

    def _expired(self) -> Way:
        strategy = self._book.plan.strategy
        if self._within is None:
            return unattended(self._book, strategy.pause_timeout_s, strategy.on_unknown)
        text = f"nobody promoted it within {self._within:g}s: on_expiry is {strategy.on_expiry}"
        self._book.note(text, level="warning")
        if strategy.on_expiry == "leave" or stays_behind_floor(self._book):
            return Way.WAITING
        self._book.turn_reason = "expired"
        return Way.BACK


def stays_behind_floor(book: Book) -> bool:
    """Hosts run a release that passed ``rollback_floor``: nothing but a person's word takes them back."""
    floor = book.plan.rollback_floor
    if not floor or not any(page.touched for page in book.pages.values()):
        return False
    book.note(f"going back would cross rollback_floor {floor}: it waits for a person instead", level="warning")
    return True


def unattended(book: Book, timeout_s: float, choice: str) -> Way:
    """Nobody came in time."""
    book.note(f"nobody came within {timeout_s:g}s: on_unknown is {choice}", level="warning")
    if choice == "rollback" and stays_behind_floor(book):
        return Way.WAITING
    if choice == "rollback":
        book.turn_reason = "unattended"
    return {"wait": Way.WAITING, "rollback": Way.BACK, "stop": Way.LEAVE}[choice]
