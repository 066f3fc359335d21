"""Shows the book to the gate, and to the control hosts when it matters. Decides nothing: ``policy/gate.py`` does."""

from __future__ import annotations

from fleetdeploy.errors import HostError
from fleetdeploy.model import events as ev
from fleetdeploy.model.health import Sample
from fleetdeploy.model.plan import Batch, HostAction
from fleetdeploy.model.run import HostState
from fleetdeploy.policy import gate
from fleetdeploy.policy.blame import excuses
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.survey import look_at

_UNTOUCHED = frozenset({HostState.PENDING, HostState.STAGED})


class Gatekeeper:
    """Asks the gate, and says what it said when that changes."""

    def __init__(self, book: Book, crew: Crew) -> None:
        self._book = book
        self._crew = crew
        self._said: tuple[str, str, int, int] | None = None

    def decide(self, batch: Batch | None) -> gate.Decision:
        """The decision now. Control hosts are asked only if something went wrong: they have work of their own."""
        view = self._view(batch)
        if gate.failures(view):
            view = self._view(batch, *self._controls())
        decision = gate.decide(view)
        if batch is None and isinstance(decision, gate.Bake):
            return gate.Proceed()  # no batch is at work (staging, a pause): there is nothing to bake
        self._say(decision, batch.index if batch else -1, len(gate.failures(view)), view.budget)
        return decision

    def _view(self, batch: Batch | None, controls: int = 0, lost: int = 0, excusing: tuple[str, ...] = ()) -> gate.View:
        pages = self._book.pages
        return gate.View(
            states={n: p.state for n, p in pages.items()},
            touched=frozenset(n for n, p in pages.items() if p.changed),
            failed=frozenset(n for n, p in pages.items() if p.failed),
            different=frozenset(n for n, p in pages.items() if p.different),
            controls=controls,
            lost_controls=lost,
            excusing=excusing,
            batch=batch.hosts if batch else (),
            bake_s=batch.bake_s if batch else 0.0,
            promotion=batch.promotion if batch else False,
            budget=self._book.plan.strategy.budget,
            # Before any host was started the data is as it was, and going back is what it always is.
            one_way=bool(self._book.plan.rollback_floor) and any(p.touched for p in pages.values()),
        )

    def _controls(self) -> tuple[int, int, tuple[str, ...]]:
        """Untouched hosts asked, those lost, those that speak for the release."""
        book = self._book
        names = [
            n
            for n, p in book.pages.items()
            if p.state in _UNTOUCHED and not p.changed and p.plan.action is HostAction.CHANGE and p.opened
        ]
        fleet, checks = book.ports.fleet, book.plan.health.checks
        busy = {host for host, _ in self._crew.workers.busy}
        free = [n for n in names if n not in busy]
        sights = self._crew.each(free, "control", lambda n: look_at(fleet.host(n), checks, book.plan.version))
        lost = 0
        now: dict[str, Sample] = {}
        for name, sight in sights.items():
            if isinstance(sight, HostError) or sight.observation is None:
                lost += 1
            elif sight.sample is not None:
                now[name] = sight.sample
        base = {n: p.baseline for n, p in book.pages.items() if p.baseline is not None}
        return len(free), lost, excuses(base, now)

    def _say(self, decision: gate.Decision, batch: int, failures: int, budget: int) -> None:
        name = {"RollBack": "roll-back"}.get(type(decision).__name__, type(decision).__name__.lower())
        word = (name, decision.reason.value, batch, failures)
        if word == self._said or isinstance(decision, gate.Proceed):
            return
        self._said = word
        hosts = ", ".join(getattr(decision, "hosts", ()))
        self._book.say(ev.GateDecided(name, decision.reason.value, hosts, failures, budget))
