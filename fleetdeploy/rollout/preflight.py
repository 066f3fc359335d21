"""Before the first change: who answers, are they ours to open, are they as the plan found them. Read after conduct.py.

    login rule, survey → what needs nothing → open all → compare with the plan

``Preflight.walk`` returns a result if the rollout ends here (refused, nothing to do, ended before), None if it goes on.
Until it has returned None no service was touched; what it opened it gives back when it refuses.
"""

from __future__ import annotations

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import Workers
from fleetdeploy.errors import ExitCode, HostError, LoginRefused, StoreError, Unreachable
from fleetdeploy.model.plan import HostAction, HostPlan
from fleetdeploy.model.run import HostState, Outcome
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import Expected
from fleetdeploy.plan.build import expected_of
from fleetdeploy.plan.naming import label_of
from fleetdeploy.rollout import finish as end
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.open_hosts import NotOpened, Opened, close_all, open_all, withdraw
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.recorded import TURN_DECIDED
from fleetdeploy.rollout.result import RolloutResult
from fleetdeploy.rollout.resume import settle_flights
from fleetdeploy.rollout.survey import survey

_S = HostState
_NOT_ASKED = frozenset({_S.EXCLUDED, _S.UNREACHABLE})
# Of a rollout that had ended before; "aborted" may have left hosts as they were (8).
_CODES = {
    Outcome.SUCCEEDED: ExitCode.OK,
    Outcome.ROLLED_BACK: ExitCode.UNDONE,
    Outcome.ROLLBACK_INCOMPLETE: ExitCode.MIXED,
}


class Preflight:
    """One conductor's look before it acts."""

    def __init__(self, book: Book, crew: Crew) -> None:
        self.book = book
        self.plan = book.plan
        self.run_ = book.run
        self.crew = crew
        self.workers: Workers[HostPort] = crew.workers

    def walk(self) -> RolloutResult | None:
        """None if every host that is needed is open and as the plan found it."""
        book, plan = self.book, self.plan
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
        crashpoint("before-survey")
        refused = self._survey() if plan.kind == "forward" else self._first_logins()
        if refused is not None:
            return refused
        crashpoint("after-survey")
        self._settle_unchanged()
        if book.ports.interrupt.signalled:
            return self._never_began()
        opened = open_all(book, self.crew, [n for n, p in book.pages.items() if p.state not in _NOT_ASKED])
        if isinstance(opened, NotOpened):
            return self._refuse(opened.what, opened.next_steps, lost=False)
        book.ports.log.claim(book.run.id)  # the hosts are ours: so is the record
        crashpoint("after-open-all")
        needs_store = plan.kind == "forward" and not self._goes_back()
        if book.record.lost is not None and needs_store:
            withdraw(book, self.crew)
            return self._no_store(book.record.lost)
        if opened.ended and not self._left_to_undo():
            return self._ended_before(opened)
        refused = self._silent(opened)
        if refused is not None:
            return refused
        if plan.kind == "forward" and not self.run_.resume:
            return self._compare()
        return None

    def _refuse(self, what: str, steps: tuple[str, ...], lost: bool) -> RolloutResult:
        book = self.book
        book.state = book.state.ended(Outcome.REFUSED)
        code = ExitCode.UNREACHABLE if lost else ExitCode.REFUSED
        result = end.leave(book, Outcome.REFUSED, code, what, steps)
        if self.run_.resume:  # refused was this command; the rollout is open as it was before
            book.ports.log.end(book.run.id, None, int(code))
        return result

    def refuse_half_seen(self, silent: tuple[str, ...]) -> RolloutResult:
        """Hosts that do not answer may have turned already: nothing goes forward until they are seen."""
        withdraw(self.book, self.crew)
        listed = ", ".join(silent)
        what = f"{listed} cannot be asked, and there this rollout may have begun to go back: it does not go forward"
        steps = (
            f"fleetdeploy doctor --limit {silent[0]}",
            f"when they answer: fleetdeploy resume {self.run_.id}",
            "or undo it on the hosts that answer: fleetdeploy rollback",
        )
        return self._refuse(what, steps, lost=False)

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
        sights = survey(self.workers, hosts, checks=plan.health.checks, version=plan.version, tick=self.crew.tick)
        for name, sight in sights.items():
            book.pages[name].baseline = sight.sample
            book.pages[name].observation = sight.observation
        return self._lost([s for s in sights.values() if s.observation is None])

    def _first_logins(self) -> RolloutResult | None:
        """A rollback was surveyed by whoever planned it; but a password may have changed since, so one login first.

        Hosts whose credential is refused are not tried again; the others go back (rule 1).
        """
        book, fleet = self.book, self.book.ports.fleet
        key = {h.host: fleet.host(h.host).connection.credential_key for h in self.plan.hosts if h.expected}
        firsts = {key[name]: name for name in reversed(key)}
        answers = self.crew.each(firsts.values(), "login", lambda _: lambda tools: tools.resource.observe())
        refused = {key[name]: error for name, error in answers.items() if isinstance(error, LoginRefused)}
        if refused and len(refused) == len(firsts):
            name, error = next((n, e) for n, e in answers.items() if isinstance(e, LoginRefused))
            return self._refuse(f"{name}: {error.what}", (f"fleetdeploy doctor --limit {name}",), lost=False)
        for name, credential in key.items():
            if credential in refused and book.pages[name].state is _S.PENDING:
                book.pages[name].error = refused[credential]
                book.note(refused[credential].what, name, "error")
                book.move(name, _S.UNREACHABLE, "its login was refused")
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
            or self.book.record.decided(TURN_DECIDED) is not None
            or self._hosts_turned()
        )

    def _hosts_turned(self) -> bool:
        """As ``take_stock`` sees it: one that went back alone, within the budget, is no turn of the whole rollout."""
        states = [p.observation.state for p in self.book.pages.values() if p.observation and p.observation.state]
        turned = [r for s in states if (r := s.rollout(self.run_.id)) is not None and r.direction == "back"]
        return any(not r.put_back for r in turned) or len(turned) > self.plan.strategy.budget

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
        settle_flights(book, ended=frozenset(opened.ended))
        self._as_it_ended()
        unclosed = close_all(book, self.crew, text)
        book.state = book.state.ended(outcome)
        code = _CODES.get(outcome, ExitCode.PARTIAL)
        if code is ExitCode.OK and unclosed:
            code = ExitCode.PARTIAL
        detail = f"had ended: {text}" + (f"; not closed: {', '.join(unclosed)}" if unclosed else "")
        steps = (
            () if outcome is Outcome.SUCCEEDED else ("fleetdeploy status", "to undo what is left: fleetdeploy rollback")
        )
        return end.leave(book, outcome, code, detail, steps)

    def _as_it_ended(self) -> None:
        """What each host had come to, for the report: by its own record, and by how it was seen just now."""
        for page in self.book.pages.values():
            state = page.observation.state if page.observation else None
            record = state.rollout(self.run_.id) if state else None
            if record is None or page.state is not _S.PENDING:
                continue
            page.label = label_of(page.observation) or page.label
            if record.put_back:
                self.book.move(page.name, _S.ROLLED_BACK)
            elif record.done and page.baseline is not None and page.baseline.good:
                self.book.move(page.name, _S.HEALTHY)

    def _no_store(self, lost: StoreError) -> RolloutResult:
        what = f"the store cannot be written, so nothing was begun: {lost.what}"
        if not self.run_.resume:
            return self._refuse(what, lost.next_steps, lost=False)
        again = f"when the store is back: fleetdeploy resume {self.run_.id}"
        return self._refuse(
            what, (*lost.next_steps, again, "or undo it, which needs no store: fleetdeploy rollback"), False
        )


_PARTS = {
    "exists": "whether there is a service",
    "image_path": "its ImagePath",
    "exe_sha256": "the exe",
    "fingerprint": "its configuration",
}


def _difference(plan: HostPlan, found: Expected | None) -> str:
    """Which part, never its value: an ImagePath may hold a secret among its arguments."""
    changed = [
        text for name, text in _PARTS.items() if getattr(found, name, None) != getattr(plan.expected, name, None)
    ]
    return f"is not what the plan found (from {plan.from_label}): {', '.join(changed)} changed"
