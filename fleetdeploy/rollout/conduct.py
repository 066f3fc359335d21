"""The conductor: ``conduct(run, ports) -> RolloutResult``. Walks a plan from preflight to close. Start reading here.

    survey (login rule, baseline) → open all → compare → [stage → batches → gate → bake]* → prune → close
                                                              └─ turn → put back ─┘

Names no strategy, speaks no WinRM, prints nothing: it asks ``policy/``, acts through ``HostPort``, reports events.
Everything that a host does wrong is a value; what is raised here is ours. One thread conducts, workers own the hosts'
sessions.
"""

from __future__ import annotations

from fleetdeploy.engine.executor import Tools, Workers
from fleetdeploy.errors import ExitCode, FleetdeployError, HostError, LoginRefused, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.codec import to_plain
from fleetdeploy.model.plan import HostAction, HostPlan
from fleetdeploy.model.run import Hold, HostState, Outcome, Phase
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.plan.build import expected_of
from fleetdeploy.plan.naming import label_of
from fleetdeploy.rollout import finish as end
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.book import Book, TakenOver
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.forward import Forward
from fleetdeploy.rollout.hold import Way, next_steps
from fleetdeploy.rollout.open_hosts import NotOpened, Opened, close_all, open_all, withdraw
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from fleetdeploy.rollout.rollback import changed_late, put_back, turn
from fleetdeploy.rollout.survey import survey, workers_for

_SHUTDOWN_S = 15.0
_S = HostState
_NOT_ASKED = frozenset({_S.EXCLUDED, _S.UNREACHABLE})


def conduct(run: RolloutRun, ports: Ports) -> RolloutResult:
    """Carry out the plan, as far as hosts, policy and signals let it. Raises only what is our own fault."""
    book = Book(run, ports)
    plan = run.plan
    ports.log.begin(
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
    hosts = [ports.fleet.host(h.host) for h in plan.hosts]
    workers = workers_for(hosts, ports.connect, parallel=run.parallel, beat_interval_s=run.timeouts.life_ttl_s / 3)
    changing = {"forward", "back", "stage"}
    ports.interrupt.busy = lambda: any(tag in changing for _, tag in workers.busy)
    with ports.interrupt.installed():
        try:
            return _Conductor(book, workers).run()
        finally:
            workers.shutdown(_SHUTDOWN_S)


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
        if plan.kind == "forward" and plan.problems:
            for problem in plan.problems:
                book.note(problem.what, problem.host, "error")
            only_lost = all(p.unreachable for p in plan.problems)
            first = plan.problems[0]
            return self._refuse(
                f"{first.host}: {first.what}" if first.host else first.what, first.next_steps, only_lost
            )
        # A rollback with nothing left to put back still has an end to write, if what it undoes is open.
        if plan.is_empty and plan.kind == "forward" and not self.run_.resume:
            self._settle_unchanged()
            return self._nothing()
        refused = self._survey() if plan.kind == "forward" else self._first_logins()
        if refused is not None:
            return refused
        self._settle_unchanged()
        if book.ports.interrupt.requested:
            return self._never_began()
        opened = open_all(book, self.crew, [n for n, p in book.pages.items() if p.state not in _NOT_ASKED])
        if isinstance(opened, NotOpened):
            return self._refuse(opened.what, opened.next_steps, lost=False)
        if opened.ended and not self._left_to_undo():
            return self._ended_before(opened)
        refused = self._silent(opened)
        if refused is not None:
            return refused
        if plan.kind == "back":
            self._begin()
            return self._back()
        turned = self._take_stock() if self.run_.resume else False
        if not self.run_.resume:
            refused = self._compare()
            if refused is not None:
                return refused
        self._begin()
        return self._forward(turned=turned)

    # -- before anything is changed --------------------------------------------------------------------------------

    def _refuse(self, what: str, steps: tuple[str, ...], lost: bool) -> RolloutResult:
        book = self.book
        book.state = book.state.ended(Outcome.REFUSED)
        code = ExitCode.UNREACHABLE if lost else ExitCode.REFUSED
        return end.leave(book, Outcome.REFUSED, code, what, steps)

    def _never_began(self) -> RolloutResult:
        """A signal before any host was opened: nothing to resume, unless an earlier conductor left something."""
        if self.run_.resume:
            return end.interrupted(self.book, self.crew, "before any host was opened")
        self.book.state = self.book.state.ended(Outcome.ABORTED)
        detail = "interrupted before any host was opened: nothing was changed"
        return end.leave(self.book, Outcome.ABORTED, ExitCode.INTERRUPTED, detail, ("type the same command again",))

    def _nothing(self) -> RolloutResult:
        """Nothing to do: no host is opened, nothing is written anywhere."""
        book = self.book
        off = [h.host for h in self.plan.hosts if h.action in (HostAction.SKIP, HostAction.LEAVE) and h.why]
        outcome = Outcome.SUCCEEDED_IN_PART if off and self.plan.kind == "forward" else Outcome.SUCCEEDED
        code = ExitCode.PARTIAL if outcome is Outcome.SUCCEEDED_IN_PART else ExitCode.OK
        book.state = book.state.ended(outcome)
        detail = "nothing to do" + (f"; left out: {', '.join(off)}" if off else "")
        return end.leave(book, outcome, code, detail)

    def _settle_unchanged(self) -> None:
        states = {HostAction.UNCHANGED: _S.UNCHANGED, HostAction.SKIP: _S.SKIPPED, HostAction.LEAVE: _S.SKIPPED}
        for page in self.book.pages.values():
            action = page.plan.action
            if action is HostAction.CHANGE or page.state is not _S.PENDING:
                continue
            silent = action is HostAction.SKIP and page.plan.expected is None
            if silent and self.plan.kind == "back":
                # A member that does not answer: the rollback goes on without it and ends incomplete (rule 1).
                page.error = Unreachable(page.plan.why, host=page.name)
                self.book.move(page.name, _S.UNREACHABLE, page.plan.why)
                continue
            self.book.move(page.name, _S.EXCLUDED if silent else states[action], page.plan.why)

    def _survey(self) -> RolloutResult | None:
        """One login per credential first; how every host is before anything is touched."""
        book, plan = self.book, self.plan
        aside = {h.host for h in plan.hosts if h.action is HostAction.SKIP and h.expected is None}
        hosts = [book.ports.fleet.host(n) for n in book.pages if n not in aside]
        sights = survey(self.workers, hosts, checks=plan.health.checks, version=plan.version, tick=book.heartbeat)
        for name, sight in sights.items():
            book.pages[name].baseline = sight.sample
            book.pages[name].observation = sight.observation
        return self._lost([s for s in sights.values() if s.observation is None])

    def _first_logins(self) -> RolloutResult | None:
        """A rollback was surveyed by whoever planned it; but a password may have changed since, so one login first."""
        fleet = self.book.ports.fleet
        firsts = {fleet.host(h.host).connection.credential_key: h.host for h in reversed(self.plan.hosts) if h.expected}
        answers = self.crew.each(firsts.values(), "login", lambda _: lambda tools: tools.resource.observe())
        for name, answer in answers.items():
            if isinstance(answer, LoginRefused):
                return self._refuse(f"{name}: {answer.what}", (f"fleetdeploy doctor --limit {name}",), lost=False)
        return None

    def _lost(self, lost: list[Sight]) -> RolloutResult | None:
        book = self.book
        if self._goes_back():
            for sight in lost:
                book.pages[sight.host].error = Unreachable(sight.error, host=sight.host)
                book.move(sight.host, _S.UNREACHABLE, sight.error)
            return None
        skip = self.plan.strategy.unreachable == "skip"
        grave = [s for s in lost if not (skip and s.lost is Lost.UNREACHABLE)]
        for sight in lost:
            book.note(sight.error, sight.host, "warning" if sight not in grave else "error")
            if sight not in grave:
                book.move(sight.host, _S.EXCLUDED, f"unreachable, set aside: {sight.error}")
        if not grave:
            return None
        only_lost = all(s.lost is Lost.UNREACHABLE for s in grave)
        listed = ", ".join(s.host for s in grave)
        # One refused login speaks for all hosts that were not even tried: name the one that was.
        what = f"{grave[0].host}: {grave[0].error}" if not only_lost else f"unreachable: {listed}"
        steps: tuple[str, ...] = (f"fleetdeploy doctor --limit {grave[0].host}",)
        if only_lost:
            steps += ("or set them aside: --unreachable skip",)
        return self._refuse(what, steps, only_lost)

    def _silent(self, opened: Opened) -> RolloutResult | None:
        """A rollout needs all hosts but those set aside; a rollback goes on with those that answer (rule 1)."""
        book = self.book
        for name, error in opened.silent.items():
            book.pages[name].error = error
            book.note(f"could not be opened: {error.what}", name, "warning")
        if not opened.silent:
            return None
        if self.plan.kind == "forward" and self.plan.strategy.unreachable != "skip" and not self._goes_back():
            withdraw(book, self.crew)
            lost = all(isinstance(e, HostError) and e.exit_code is ExitCode.UNREACHABLE for e in opened.silent.values())
            name, error = next(iter(opened.silent.items()))
            return self._refuse(f"{name}: {error.what}", (f"fleetdeploy doctor --limit {name}",), lost)
        for name in opened.silent:
            aside = self.plan.kind == "forward" and not self._goes_back()
            if book.pages[name].state is _S.PENDING:
                book.move(name, _S.EXCLUDED if aside else _S.UNREACHABLE, "does not answer")
        return None

    def _goes_back(self) -> bool:
        """A resume that only goes back or ends does not need every host."""
        return self.run_.resume and (
            self.run_.decision.startswith("abort")
            or any(p.observation and _is_turned(p.observation, self.run_.id) for p in self.book.pages.values())
        )

    def _compare(self) -> RolloutResult | None:
        """Each host's ``from`` against the plan, before the first stop (rule 1)."""
        different: list[str] = []
        for page in self.book.pages.values():
            if not page.opened or page.plan.action not in (HostAction.CHANGE, HostAction.UNCHANGED):
                continue
            found, wanted = expected_of(page.observation), page.plan.expected
            if wanted is not None and found != wanted:
                different.append(page.name)
                self.book.note(_difference(page.plan, found), page.name, "error")
        if not different:
            return None
        withdraw(self.book, self.crew)
        what = f"changed since the plan was made: {', '.join(different)}"
        return self._refuse(what, ("fleetdeploy plan", "and start again with the new plan"), lost=False)

    def _left_to_undo(self) -> bool:
        """This rollback ended elsewhere, but a host that did not answer then still has to go back under it."""
        return self.plan.kind == "back" and any(self.book.pages[n].opened for n in self.plan.changing)

    def _ended_before(self, opened: Opened) -> RolloutResult:
        """This id has ended on some hosts: only its end is still to be written on the others (rule 6)."""
        book = self.book
        text = next(iter(opened.ended.values()))
        outcome = Outcome(text) if text in {o.value for o in Outcome} else Outcome.ABORTED
        book.note(f"this rollout has ended already ({text}): its end is written where it was missing")
        unclosed = close_all(book, self.crew, text)
        book.state = book.state.ended(outcome)
        code = ExitCode.PARTIAL if unclosed or outcome is not Outcome.SUCCEEDED else ExitCode.OK
        detail = f"had ended: {text}" + (f"; not closed: {', '.join(unclosed)}" if unclosed else "")
        steps = (
            () if outcome is Outcome.SUCCEEDED else ("fleetdeploy status", "to undo what is left: fleetdeploy rollback")
        )
        return end.leave(book, outcome, code, detail, steps)

    def _begin(self) -> None:
        """Opening is over: every host knows that this rollout runs, so nobody waits for it to withdraw (rule 4)."""
        names = [n for n, p in self.book.pages.items() if p.opened]
        for name, answer in self.crew.each(names, "begin", lambda n: lambda tools: self._beat(tools, n)).items():
            if isinstance(answer, HostError):
                self.book.note(f"did not answer the first sign of life: {answer.what}", name, "warning")

    def _beat(self, tools: Tools[HostPort], name: str) -> None:
        tools.resource.beat(self.book.claim(name))

    # -- forward and back ------------------------------------------------------------------------------------------

    def _take_stock(self) -> bool:
        """What an earlier conductor did, as the hosts remember it; True if it had turned (rule 9)."""
        book = self.book
        half: list[str] = []
        alone: list[str] = []
        for page in book.pages.values():
            record = (
                page.observation.state.rollout(self.run_.id) if page.observation and page.observation.state else None
            )
            if record is None or not page.opened:
                continue
            page.label = label_of(page.observation) if page.observation else page.label
            page.changed = record.intent
            page.touched = record.intent and not record.put_back
            if record.direction == "back":
                page.turned = True
                (alone if record.put_back else half).append(page.name)
            elif record.put_back:
                page.failed = True
                book.move(page.name, _S.ROLLED_BACK, "put itself back")
        # One that went back alone, within the budget, is no turn of the whole rollout.
        turned = bool(half) or len(alone) > self.plan.strategy.budget
        if not turned:
            for name in alone:
                book.pages[name].failed = True
                book.move(name, _S.ROLLED_BACK, "was put back")
        return turned

    def _forward(self, *, turned: bool) -> RolloutResult:
        book = self.book
        decision = self.run_.decision
        if turned or decision == "abort-rollback":
            return self._turn_back("resumed on its way back" if turned else "abort", aborted=not turned)
        if decision == "abort-leave":
            return end.finish(book, self.crew, end.left_ending(book))
        way = Forward(book, self.crew).walk()
        match way:
            case Way.DONE | Way.ON:
                return end.finish(book, self.crew, end.forward_ending(book))
            case Way.BACK:
                return self._turn_back("budget", aborted=False)
            case Way.ABORT:
                return self._turn_back("abort", aborted=True)
            case Way.LEAVE:
                return end.finish(book, self.crew, end.left_ending(book))
            case Way.STOP:
                return end.finish(book, self.crew, end.stopped_ending(book))
            case Way.INTERRUPTED:
                return end.interrupted(book, self.crew)
            case Way.WAITING:
                held = book.state.reason.value if book.state.reason else "a promotion"
                end.rest(book, self.crew)
                detail = f"waits for a person ({held}); the rollout stays open"
                steps = next_steps(self.run_.id)
                if book.state.hold is Hold.AWAITING_PROMOTION:
                    steps = (f"fleetdeploy promote {self.run_.id}", *steps[1:])
                return end.leave(book, None, ExitCode.PAUSED, detail, steps)

    def _turn_back(self, reason: str, *, aborted: bool) -> RolloutResult:
        book = self.book
        turn(book, self.crew, reason)
        names = [n for n, p in book.pages.items() if p.touched]
        if not put_back(book, self.crew, names):
            return end.interrupted(book, self.crew, "on the way back")
        return end.finish(book, self.crew, end.back_ending(book, aborted=aborted))

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
        return end.finish(book, self.crew, end.rollback_ending(book))


def _is_turned(observation: object, rollout: str) -> bool:
    state = getattr(observation, "state", None)
    record = state.rollout(rollout) if state is not None else None
    return record is not None and record.direction == "back"


def _difference(plan: HostPlan, found: object) -> str:
    return f"is not what the plan found (from {plan.from_label}): was {plan.expected}, is {found}"
