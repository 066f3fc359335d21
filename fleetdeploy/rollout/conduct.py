"""The conductor: ``conduct(run, ports) -> RolloutResult``. Walks a plan from preflight to close. Start reading here.

    preflight (survey → open all → compare) → [stage → batches → gate → bake]* → prune → close
                                                    └─ turn → put back ─┘

Names no strategy, speaks no WinRM, prints nothing: it asks ``policy/``, acts through ``HostPort``, reports events.
Everything that a host does wrong is a value; what is raised here is ours. One thread conducts, workers own the hosts'
sessions. Every verb and decision is recorded before and after (``recorded.py``); what an earlier conductor left is seen
by ``resume.py``; ``preflight.py`` is all that comes before the first change.
"""

from __future__ import annotations

from dataclasses import replace

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import Tools, Workers
from fleetdeploy.engine.steps import OtherVersion
from fleetdeploy.errors import ExitCode, FleetdeployError, HostError
from fleetdeploy.model import events as ev
from fleetdeploy.model.codec import to_plain
from fleetdeploy.model.run import Hold, HostState, Phase
from fleetdeploy.rollout import finish as end
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.book import Book, TakenOver
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.forward import Forward
from fleetdeploy.rollout.hold import Way, next_steps
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.preflight import Preflight
from fleetdeploy.rollout.recorded import NOWHERE, TURN_DECIDED, Record, StoreGuard, guarded, recording
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from fleetdeploy.rollout.resume import may_have_turned, settle_flights, settle_undone, take_stock
from fleetdeploy.rollout.rollback import changed_late, put_back, turn
from fleetdeploy.rollout.survey import workers_for

_SHUTDOWN_S = 15.0
_S = HostState


def conduct(run: RolloutRun, ports: Ports) -> RolloutResult:
    """Carry out the plan, as far as hosts, policy and signals let it. Raises only what is our own fault."""
    book, guard = _book(run, ports)
    plan, ports = run.plan, book.ports
    crashpoint("before-begin")
    _begin_in_store(book, guard)
    crashpoint("after-begin")
    hosts = ports.fleet.hosts  # not only the plan's: who is taken over may hold others, too (rules 3 and 5)
    connect = recording(ports.connect, book.record, book.link)
    workers = workers_for(hosts, connect, parallel=run.parallel, beat_interval_s=run.timeouts.life_ttl_s / 3)
    changing = {"forward", "back", "stage"}
    ports.interrupt.busy = lambda: any(tag in changing for _, tag in workers.busy)
    # Forward nothing may happen that is not recorded: a broken store asks for the same safe point as a signal does.
    ports.interrupt.also = lambda: guard.lost is not None and plan.kind == "forward" and not book.turned
    with ports.interrupt.installed():
        try:
            return _Conductor(book, workers).run()
        finally:
            workers.shutdown(_SHUTDOWN_S)
            ports.interrupt.also = lambda: False


def _book(run: RolloutRun, ports: Ports) -> tuple[Book, StoreGuard]:
    """The book, with the record of the conductors before.

    Raises:
        OtherVersion: a version that numbers its steps in another way wrote it, and this is no way back.
    """
    log, guard = guarded(ports.log)
    record = Record(log, run.id, run.conductor, lambda: guard.lost)
    book = Book(run, replace(ports, log=log), record)
    if run.resume:
        try:
            record.load()
        except OtherVersion as error:
            if not _goes_back_by_order(run):
                raise
            book.record = Record(NOWHERE, run.id, run.conductor, lambda: guard.lost)
            book.note(f"{error.what}: going back needs none of it", level="warning")
    return book, guard


def _begin_in_store(book: Book, guard: StoreGuard) -> None:
    """The journal knows the rollout and its plan before any host does.

    Raises:
        StoreError: it cannot be written, and this is no way back.
    """
    run, plan = book.run, book.plan
    book.ports.log.begin(
        run.id,
        kind=plan.kind,
        fleet=plan.fleet,
        app=plan.app.app,
        version=plan.version,
        digest=plan.digest,
        undoes=plan.undoes,
        actor=f"{run.actor.user}@{run.actor.machine}",
        conductor=run.conductor,
        plan=to_plain(plan),
    )
    if guard.lost is not None and not _goes_back_by_order(run):
        raise guard.lost


def _goes_back_by_order(run: RolloutRun) -> bool:
    return run.plan.kind == "back" or run.decision.startswith("abort")


class _Conductor:
    def __init__(self, book: Book, workers: Workers[HostPort]) -> None:
        self.book = book
        self.run_ = book.run
        self.plan = book.plan
        self.workers = workers
        self.crew = Crew(book, workers)
        self.crew.on_told = lambda host, message: turns.told(book, host, message)

    def run(self) -> RolloutResult:
        book, plan, run = self.book, self.plan, self.run_
        book.say(
            ev.RolloutStarted(
                kind=plan.kind,
                conductor=run.conductor,
                fleet=plan.fleet,
                app=plan.app.app,
                version=plan.version,
                digest=plan.digest,
                hosts=tuple(book.pages),
                undoes=plan.undoes,
                resumed=run.resume,
                actor=f"{run.actor.user}@{run.actor.machine}",
            )
        )
        try:
            return self._walk()
        except TakenOver as gone:
            changed = any(p.changed for p in book.pages.values())
            code = ExitCode.MIXED if changed else ExitCode.REFUSED
            book.note(gone.what, level="error")
            return end.leave(book, None, code, gone.what, gone.next_steps)
        except FleetdeployError as error:
            error.exit_code = self._broken(error.exit_code)
            raise
        except Exception as error:
            broken = FleetdeployError(
                f"internal error: {type(error).__name__}: {error}",
                why=("this is a bug of fleetdeploy; what the hosts were doing they finish or put back by themselves",),
                next_steps=("fleetdeploy status", f"fleetdeploy resume {run.id}", "or undo it: fleetdeploy rollback"),
            )
            broken.exit_code = self._broken(broken.exit_code)
            raise broken from error

    def _broken(self, code: ExitCode) -> ExitCode:
        """Something of ours broke: after a change a person is needed (4), whatever it was."""
        return ExitCode.MIXED if any(p.changed for p in self.book.pages.values()) else code

    def _walk(self) -> RolloutResult:
        book, plan = self.book, self.plan
        book.phase(Phase.PREFLIGHT)
        preflight = Preflight(book, self.crew)
        ended = preflight.walk()
        if ended is not None:
            return ended
        unseen = settle_flights(book) if self.run_.resume else frozenset()
        if plan.kind == "back":
            settle_undone(book)
            self._begin()
            return self._back()
        turned = take_stock(book, unseen) if self.run_.resume else False
        if self.run_.resume and not turned and not _goes_back_by_order(self.run_):
            silent = may_have_turned(book)
            if silent:
                return preflight.refuse_half_seen(silent)
        self._begin()
        return self._forward(turned=turned)

    def _begin(self) -> None:
        """Opening is over: every host knows that this rollout runs, so nobody waits for it to withdraw (rule 4)."""
        crashpoint("before-running")
        names = [n for n, p in self.book.pages.items() if p.opened]
        for name, answer in self.crew.each(names, "begin", lambda n: lambda tools: self._beat(tools, n)).items():
            if isinstance(answer, HostError):
                self.book.note(f"did not answer the first sign of life: {answer.what}", name, "warning")
        crashpoint("after-running")

    def _beat(self, tools: Tools[HostPort], name: str) -> None:
        tools.resource.beat(self.book.claim(name))

    # -- forward and back ------------------------------------------------------------------------------------------

    def _forward(self, *, turned: bool) -> RolloutResult:
        book = self.book
        decision = self.run_.decision
        if turned:
            before = book.record.decided(TURN_DECIDED) or {}
            return self._turn_back("resumed on its way back", aborted=bool(before.get("aborted")))
        if decision == "abort-rollback":
            return self._turn_back("abort", aborted=True)
        if decision == "abort-leave":
            return end.finish(book, self.crew, end.left_ending(book))
        way = Forward(book, self.crew).walk()
        match way:
            case Way.DONE | Way.ON:
                return end.finish(book, self.crew, end.forward_ending(book))
            case Way.BACK:
                return self._turn_back(book.turn_reason or "budget", aborted=False)
            case Way.ABORT:
                return self._turn_back("abort", aborted=True)
            case Way.LEAVE:
                return end.finish(book, self.crew, end.left_ending(book))
            case Way.STOP:
                return end.finish(book, self.crew, end.stopped_ending(book))
            case Way.INTERRUPTED:
                return self._at_safe_point()
            case Way.WAITING:
                held = book.state.reason.value if book.state.reason else "a promotion"
                end.rest(book, self.crew)
                why = f": {book.held_for}" if book.held_for and book.state.hold is Hold.PAUSED else ""
                detail = f"waits for a person ({held}){why}; the rollout stays open"
                steps = next_steps(self.run_.id)
                if book.state.hold is Hold.AWAITING_PROMOTION:
                    steps = (f"fleetdeploy promote {self.run_.id}", *steps[1:])
                return end.leave(book, None, ExitCode.PAUSED, detail, steps)

    def _turn_back(self, reason: str, *, aborted: bool) -> RolloutResult:
        book = self.book
        floor = self.plan.rollback_floor
        if floor and any(p.touched for p in book.pages.values()):
            text = f"goes back behind rollback_floor {floor}: what it migrated the previous may be unable to read"
            book.note(text, level="warning")
        crashpoint("before-turn")
        book.record.decide(TURN_DECIDED, reason=reason, aborted=aborted)
        crashpoint("turn-recorded")
        turn(book, self.crew, reason)
        crashpoint("after-turn")
        names = [n for n, p in book.pages.items() if p.touched]
        if not put_back(book, self.crew, names):
            return end.interrupted(book, self.crew, "on the way back")
        crashpoint("after-back")
        return end.finish(book, self.crew, end.back_ending(book, aborted=aborted))

    def _at_safe_point(self) -> RolloutResult:
        """A signal, or a store that cannot be written any more: the rollout stays open, no host is in between."""
        book, lost = self.book, self.book.record.lost
        if lost is None or book.ports.interrupt.signalled:
            return end.interrupted(book, self.crew)
        end.rest(book, self.crew)
        changed = [n for n, p in book.pages.items() if p.changed]
        steps = (
            *lost.next_steps,
            f"when the store is back: fleetdeploy resume {book.run.id}",
            "or undo it, which needs no store: fleetdeploy rollback",
        )
        book.hold(Hold.INTERRUPTED, detail="the store cannot be written", next_steps=steps)
        told = f"changed so far: {', '.join(changed)}" if changed else "no host was changed"
        detail = f"{lost.what}; stopped at the safe point, {told}, and the hosts remember it"
        return end.leave(book, None, ExitCode.MIXED if changed else ExitCode.REFUSED, detail, steps)

    def _back(self) -> RolloutResult:
        """A rollback by command: opened with the direction back, so there is nothing to turn."""
        book = self.book
        book.turned = True
        book.phase(Phase.ROLLING_BACK)
        for page in book.pages.values():
            page.turned = True
        # Hosts where this id has ended are not open: what is left to undo there another rollback undoes.
        names = [n for n in self.plan.changing if book.pages[n].state is _S.PENDING and book.pages[n].opened]
        if not put_back(book, self.crew, (*names, *changed_late(book))):
            return end.interrupted(book, self.crew, "on the way back")
        crashpoint("after-undo")
        return end.finish(book, self.crew, end.rollback_ending(book))
