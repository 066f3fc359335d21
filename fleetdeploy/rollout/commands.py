"""What people ask of the conductor while it runs: taken, judged, journaled and answered at its next tick.

The tick is never further away than a second, whatever the conductor waits for, so an answer is a matter of that second;
*obeying* is not: ``forward.py``, ``hold.py`` and ``baking.py`` look here between two hosts. Judging is
``policy/asked.py``. What was accepted is an event of the journal, and so a conductor that goes on after a crash knows
it again (``recall``). Touches no host.
"""

from __future__ import annotations

from collections.abc import Iterable

from fleetdeploy.engine.journal import Request
from fleetdeploy.model import events as ev
from fleetdeploy.model.plan import HostAction
from fleetdeploy.model.run import Hold, HostState, PauseReason
from fleetdeploy.policy import asked
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.way import Stir, Way

_TOO_OLD = "this was asked before the conductor that runs now began: ask again if it still holds"


# A try of a host has begun; what was asked for it before is done with.
_BEGUN = frozenset({HostState.ACTIVATING, HostState.HEALTHY})


class Desk:
    """Requests of one run and what follows from those that were accepted.

    Attributes:
        full: no more bakes, no more promotions.
        pausing: the pause that a person asked for and nobody ended yet.
        retries: hosts that get their turn anew, in the order of asking.
        excluded: hosts that a person took out, with who and why.
        promoted: batches (by index) that a person let go on.
        batch: the batch at work; ``ending``: why nothing can be asked any more.
        no_way_back: who let hosts be changed that cannot prove their way back, and why; "" for nobody.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self.full = book.run.decision == "promote-full"
        self.pausing: ev.Asked | None = None
        self.retries: list[str] = []
        self.excluded: dict[str, str] = {}
        self.promoted: set[int] = set()
        self.batch = -1
        self.ending = ""
        self.no_way_back = ""
        self._stopping = ""
        self._go = False
        log, run = book.ports.log, book.run
        for request in log.take_requests(run.id):
            log.answer(request.id, False, _TOO_OLD)

    # -- taking ----------------------------------------------------------------------------------------------------

    def take(self, requests: Iterable[Request], at_work: frozenset[str]) -> None:
        """Answers each; what is accepted is remembered for the next safe point."""
        for request in requests:
            said = asked.judge(request.kind, request.argument, self._standing(at_work))
            argument = request.argument
            if request.kind == asked.PROMOTE and argument != asked.FULL:
                argument = str(self.batch + 1)
            event = ev.Asked(request.kind, request.actor, request.reason, argument, said.accepted, said.text)
            self._book.say(event)
            if said.accepted:
                self._accept(event)
            self._book.ports.log.answer(request.id, said.accepted, said.text)

    def _standing(self, at_work: frozenset[str]) -> asked.Standing:
        book, pages = self._book, self._book.pages
        return asked.Standing(
            rollout=book.run.id,
            forward=book.plan.kind == "forward",
            phase=book.state.phase,
            hold=book.state.hold,
            reason=book.state.reason,
            states={n: p.state for n, p in pages.items()},
            changing=frozenset(n for n, p in pages.items() if p.plan.action is HostAction.CHANGE),
            batches=book.plan.batches,
            at_work=at_work,
            stuck=frozenset(n for n, p in pages.items() if (p.touched if p.turned else p.turn_in_doubt)),
            unopened=frozenset(n for n, p in pages.items() if not p.opened),
            changed=frozenset(n for n, p in pages.items() if p.touched),
            batch=self.batch,
            turned=book.turned,
            ending=self.ending,
            pausing=self.pausing is not None,
            stopping=self._stopping,
            full=self.full,
            retrying=frozenset(self.retries),
            why_left={n: p.plan.why for n, p in pages.items() if p.plan.why},
        )

    def _accept(self, event: ev.Asked, *, recalled: bool = False) -> None:
        host = event.argument
        match event.kind:
            case asked.PAUSE:
                self.pausing = event
                if self._book.state.hold is Hold.PAUSED and not recalled:
                    self._book.hold(Hold.PAUSED, PauseReason.ASKED, detail=who(event), next_steps=self._steps())
            case asked.RESUME:
                self._go = self._book.state.hold is Hold.PAUSED
                self.pausing = None
                if host == asked.NO_WAY_BACK:
                    self.no_way_back = who(event)
            case asked.PROMOTE if host == asked.FULL:
                self.full = True
                self._go = self._book.state.hold in (Hold.PAUSED, Hold.AWAITING_PROMOTION)
            case asked.PROMOTE:
                self._go = True
                self.promoted.add(int(host) - 1 if host.isdecimal() else self.batch)
            case asked.ABORT_ROLLBACK | asked.ABORT_LEAVE:
                self._stopping = event.kind
            case asked.RETRY:
                self._retry(host)
            case asked.EXCLUDE:
                self._exclude(host, event)

    def _retry(self, host: str) -> None:
        self.excluded.pop(host, None)
        self._book.pages[host].left_out = False
        self.retries.append(host)

    def _exclude(self, host: str, event: ev.Asked) -> None:
        if host in self.retries:
            self.retries.remove(host)
        page = self._book.pages[host]
        self.excluded[host] = who(event)
        page.left_out = True
        if page.state in asked.WAITING:
            self._book.move(host, HostState.EXCLUDED, f"left out by {who(event)}")

    def _steps(self) -> tuple[str, ...]:
        rollout = self._book.run.id
        return (f"fleetdeploy resume {rollout}", f"fleetdeploy abort {rollout} --rollback")

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def way_out(self) -> Way | None:
        """A signal, or an abort that was accepted."""
        if self._book.ports.interrupt.requested:
            return Way.INTERRUPTED
        return {asked.ABORT_ROLLBACK: Way.ABORT, asked.ABORT_LEAVE: Way.LEAVE}.get(self._stopping)

    def stop(self) -> Way | Stir | None:
        """What keeps the next host from being started."""
        return self.way_out or (Stir.PAUSE if self.pausing is not None else None)

    @property
    def outside(self) -> Way | Stir | None:
        """What a stretch of work or watching has to give way to."""
        return self.stop() or (Stir.RETRY if self.due_retries() else None)

    def due_retries(self) -> tuple[str, ...]:
        """Hosts to be tried again now; those of later batches have their turn with them."""
        begun = {h for b in self._book.plan.batches if b.index <= self.batch for h in b.hosts}
        return tuple(h for h in self.retries if h in begun)

    def take_go(self) -> bool:
        """True once after a word that ends a wait."""
        gone, self._go = self._go, False
        return gone

    def forget(self, hosts: Iterable[str]) -> None:
        """These retries have begun."""
        gone = set(hosts)
        self.retries = [h for h in self.retries if h not in gone]

    # -- after a crash ---------------------------------------------------------------------------------------------

    def recall(self, events: Iterable[ev.Event]) -> None:
        """What was accepted by earlier conductors of this rollout, as the journal has it.

        A pause is over: whoever resumes says so. An abort is not, unless a promotion was typed now.
        """
        book = self._book
        due: dict[str, None] = {}
        for event in events:
            if isinstance(event, ev.HostChanged) and event.state in _BEGUN:
                due.pop(event.host, None)
            if not isinstance(event, ev.Asked) or not event.accepted:
                continue
            if event.kind in (asked.RETRY, asked.EXCLUDE):
                if event.argument not in book.pages:
                    continue
                due.pop(event.argument, None)
                if event.kind == asked.RETRY:
                    self.excluded.pop(event.argument, None)
                    due[event.argument] = None
                else:
                    self.excluded[event.argument] = who(event)
            elif event.kind == asked.RESUME and event.argument == asked.NO_WAY_BACK:
                self.no_way_back = who(event)
            elif event.kind not in (asked.PAUSE, asked.RESUME):
                self._accept(event, recalled=True)
        self._go = False
        self.retries = [h for h in due if book.pages[h].state in asked.AGAIN and book.pages[h].opened]
        if self._stopping and book.run.decision:
            self._stopping = ""
        if self._stopping:
            book.note(f"{self._stopping.replace('-', ' --')} was accepted before: it is carried out now")
        for host, why in self.excluded.items():
            book.pages[host].left_out = True
            if book.pages[host].state in asked.WAITING and not book.pages[host].changed:
                book.move(host, HostState.EXCLUDED, f"left out by {why}")


def who(event: ev.Asked) -> str:
    """A request's author, and the reason if there is one."""
    return f"{event.actor}: {event.reason}" if event.reason else event.actor
