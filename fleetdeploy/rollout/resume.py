"""Going on with what another conductor began: its plan, what the hosts did, ends that were not written everywhere.

What the hosts did is read from the hosts (``take_stock``), never from the store. The store gives the plan back, so that
the files and the order are the same, it says which verbs were in flight (``settle_flights`` asks the host and writes
what became of them), and it holds the decisions that were taken: a turn that was decided is carried out, also if no
host had heard of it; a turn that a host shows counts whatever the store says (protocol.md rule 9).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from fleetdeploy.engine.executor import Done, Tools
from fleetdeploy.engine.steps import OtherVersion, Step, Steps, StepStore
from fleetdeploy.errors import HostError, RefusalReason, Refused, StoreError
from fleetdeploy.model.codec import from_plain
from fleetdeploy.model.host import Host
from fleetdeploy.model.plan import HostAction, Plan
from fleetdeploy.model.run import HostState
from fleetdeploy.model.verbs import Claim, CloseRequest, Observation
from fleetdeploy.plan.naming import label_of
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.host_task import settled
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.recorded import ACTIVATE, PUT_BACK, STAGE, TURN, TURN_DECIDED, name_of
from fleetdeploy.rollout.survey import workers_for

_PATIENCE_S = 10.0


_HALF = "half done: it is finished or put back now"


def settle_flights(book: Book, ended: frozenset[str] = frozenset()) -> frozenset[str]:
    """Verbs of earlier conductors that began and have no end in the store: the host says what became of them.

    Called when the hosts are open: whatever was on its way can change nothing any more (rule 8), so this is final.
    So it is on hosts where this rollout has ``ended``. Returns the hosts concerned: nobody has looked at them since.
    """
    settled_now: set[str] = set()
    for step in book.record.in_flight():
        page = book.pages.get(step.host)
        if page is None or not (page.opened or step.host in ended):
            continue
        if page.observation is None and page.opened:
            continue
        # A host that only answered "ended" has said enough.
        text = _became(page.observation, book, step) if page.observation else "the rollout has ended there"
        book.record.steps.end(step.host, step.step, {"resolved": text, "by": book.run.conductor})
        book.note(f"{step.name} was under way when its conductor ended: {text}", step.host)
        settled_now.add(step.host)
    return frozenset(settled_now)


def settle_undone(book: Book) -> None:
    """The same for the rollouts that a rollback undoes: with them ends whatever was in flight there."""
    chains = {rollout for page in book.pages.values() for rollout in page.plan.undo}
    for rollout in sorted(chains | {book.plan.undoes} - {"", book.run.id}):
        opened = {n: p.observation for n, p in book.pages.items() if p.opened and p.observation is not None}
        for step, steps in in_flight_of(book.ports.log, rollout, book.run.conductor):
            seen = opened.get(step.host)
            if seen is not None or not step.host:
                text = _of_undone(seen, rollout, step) if seen else "it was not decided"
                steps.end(step.host, step.step, {"resolved": text, "by": book.run.conductor})


def in_flight_of(log: StepStore, rollout: str, conductor: str) -> list[tuple[Step, Steps]]:
    """Steps of another rollout that have no end, and where to write it; none if its record cannot be read."""
    steps = Steps(log, rollout, conductor, name_of)
    try:
        steps.load()
    except (OtherVersion, StoreError):
        return []
    return [(step, steps) for step in steps.in_flight]


def _of_undone(seen: Observation, rollout: str, step: Step) -> str:
    record = seen.state.rollout(rollout) if seen.state else None
    if record is None or (step.step == ACTIVATE and not record.intent):
        return "it never arrived"
    if step.step == ACTIVATE:
        return "the host put itself back" if record.put_back else "done" if record.done else "half done"
    return "its rollout is undone"


def _became(seen: Observation, book: Book, step: Step) -> str:
    """What the host shows of a verb whose answer nobody wrote down."""
    own = seen.state.rollout(book.run.id) if seen.state else None
    if step.step == STAGE:
        return "the release is there" if book.plan.release in seen.staged else "the release is not whole there"
    if own is None:
        return "it never arrived"
    if step.step == ACTIVATE:
        if own.put_back:
            return "the host put itself back"
        return "done" if own.done else _HALF if own.intent else "it never arrived"
    if step.step == TURN:
        return "done" if own.direction == "back" else "it never arrived"
    if step.name == "put-back":
        chain = book.pages[step.host].plan.undo or ((book.plan.undoes,) if book.plan.kind == "back" else (book.run.id,))
        link = step.step - PUT_BACK
        undone = seen.state.rollout(chain[link]) if seen.state and link < len(chain) else None
        return "done" if undone is not None and undone.put_back else "not done: it is done now"
    return "done" if own.ended else "it is done again where it is needed"


def take_stock(book: Book, unseen: frozenset[str] = frozenset()) -> bool:
    """What earlier conductors did, as the hosts remember it; True if it goes back (rule 9).

    ``unseen``: hosts that nobody has looked at since their last verb. One that is back is looked at once more then.
    """
    half: list[str] = []
    alone: list[str] = []
    for page in book.pages.values():
        state = page.observation.state if page.observation else None
        record = state.rollout(book.run.id) if state else None
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
            book.move(page.name, HostState.ROLLED_BACK, "put itself back")
    # One that went back alone, within the budget, is no turn of the whole rollout.
    decided = book.record.decided(TURN_DECIDED) is not None
    turned = decided or bool(half) or len(alone) > book.plan.strategy.budget
    for name in alone:
        book.pages[name].failed = not turned
        if turned and name in unseen:
            book.pages[name].touched = True  # its way back finds nothing to do there, and looks
        else:
            book.move(name, HostState.ROLLED_BACK, "was put back")
    return turned


def may_have_turned(book: Book) -> tuple[str, ...]:
    """Hosts that cannot be asked and may have turned; () if that is ruled out.

    Only the store can rule it out, and only if the conductor that last held the hosts wrote into it.
    """
    silent = tuple(
        name
        for name, page in book.pages.items()
        if not page.opened and not (page.plan.action is HostAction.SKIP and page.plan.expected is None)
    )
    held_by = {p.replaced_conductor for p in book.pages.values() if p.replaced_rollout == book.run.id} - {""}
    if book.record.has_history and held_by <= book.record.conductors and not book.record.turning:
        return ()
    return silent


class PlanStore(Protocol):
    """The part of the journal that is read here."""

    def plan(self, rollout: str) -> dict[str, Any] | None: ...


def stored_plan(store: PlanStore, rollout: str) -> Plan | None:
    """The plan of that rollout, None if this machine's journal does not have it.

    Raises:
        Refused: it is there but cannot be read (written by another version).
    """
    plain = store.plan(rollout)
    if plain is None:
        return None
    try:
        return from_plain(Plan, plain)
    except (ValueError, TypeError) as exc:
        raise Refused(
            f"the stored plan of {rollout} cannot be read: {exc}",
            reason=RefusalReason.NO_PLAN,
            next_steps=("undo it from the hosts' own state: fleetdeploy rollback",),
        ) from exc


LIVING = "its conductor is alive"


def finish_closing(
    rollout: str, outcome: str, hosts: tuple[Host, ...], ports: Ports, *, take_over: bool = False, by: str = ""
) -> Mapping[str, str]:
    """Write the end of ``rollout`` on every host of its plan where it is missing (protocol.md rule 6); what failed.

    Also where no entry stands, so that a late ``open`` finds the end. Only id and conductor together may close, so the
    entry's own are shown. One host with a fresh sign of life keeps all of them (rule 3): then nothing is closed, but
    with ``take_over``. ``by`` is who does that in the owner's place, for the hosts' journals.
    """
    workers = workers_for(hosts, ports.connect, parallel=50, beat_interval_s=3600.0)
    names = {h.name for h in hosts}

    def look(tools: Tools[HostPort]) -> Observation:
        return tools.resource.observe()

    def close(tools: Tools[HostPort], machines: tuple[tuple[str, str], ...]) -> None:
        state = tools.resource.observe().state
        entry = state.open if state else None
        record = state.rollout(rollout) if state else None
        if record is not None and record.ended:
            return
        mine = entry is not None and entry.rollout == rollout
        claim = Claim(rollout, entry.conductor, entry.token, 0) if entry and mine else Claim(rollout, "", 0, 0)
        request = CloseRequest(claim, outcome, machines=machines, by=by)
        settled(tools, lambda: tools.resource.close(request), _PATIENCE_S, unsent_patience_s=0.0)

    def each(wanted: set[str], task: Callable[[Tools[HostPort]], Any]) -> dict[str, Any]:
        for name in wanted:
            workers.submit(name, "close", task)
        results: dict[str, Any] = {}
        while len(results) < len(wanted):
            done = workers.next(1.0)
            if isinstance(done, Done):
                if done.error is not None and not isinstance(done.error, HostError):
                    raise done.error
                results[done.host] = done.error if done.error is not None else done.value
        return results

    try:
        seen = {n: s.state for n, s in each(names, look).items() if isinstance(s, Observation) and s.state}
        records = {n: r for n, state in seen.items() if (r := state.rollout(rollout)) is not None}
        living = [n for n, s in seen.items() if s.open and s.open.rollout == rollout and s.open.alive_here]
        if living and not take_over:
            return dict.fromkeys(living, LIVING)
        machines = max((r.machines for r in records.values()), key=len, default=())
        members = (set(records) | {name for name, _ in machines}) & names
        answers = each(members, lambda tools: close(tools, machines))
        for step, steps in in_flight_of(ports.log, rollout, by):
            with suppress(StoreError):  # the hosts have the end in any case
                steps.end(step.host, step.step, {"resolved": f"its rollout was closed as {outcome}", "by": by})
        return {name: answer.what for name, answer in answers.items() if isinstance(answer, HostError)}
    finally:
        workers.shutdown(10.0)
