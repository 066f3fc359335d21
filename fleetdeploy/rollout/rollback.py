"""Putting hosts back: the turn (protocol.md rule 9), then sick hosts at once, healthy ones within the floor (rule 17).

Serves the automatic rollback of a running rollout and the rollback by command alike. It is never blocked for ever:
hosts that cannot be brought back leave the floor's count, and if it is used up even so, one goes at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleetdeploy.engine.executor import Task, Tools
from fleetdeploy.errors import AnswerLost, HostError, Stale
from fleetdeploy.model import events as ev
from fleetdeploy.model.codec import from_plain
from fleetdeploy.model.health import CheckSpec, HealthSpec
from fleetdeploy.model.plan import HostAction
from fleetdeploy.model.run import HostState, Phase
from fleetdeploy.model.verbs import ActivateRequest, ReleaseRecord
from fleetdeploy.plan.build import expected_of
from fleetdeploy.policy.floor import room
from fleetdeploy.rollout import evidence, turns
from fleetdeploy.rollout.another_try import turn_forward
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.crew import Crew, beating
from fleetdeploy.rollout.host_task import Target, Worked, bring, settle_s, settled
from fleetdeploy.rollout.ports import HostPort

BACK = "back"
FORWARD_TAGS = frozenset({"forward", "watch"})
_TURN = "turn"
_TURN_PATIENCE_S = 10.0
"""How long a silence of hosts that are being turned holds up the way back of those that have answered."""
_BACK_PATIENCE_S = 30.0
_HOPELESS = frozenset({HostState.ROLLBACK_FAILED, HostState.UNKNOWN, HostState.UNREACHABLE})
_WELL = frozenset({HostState.HEALTHY, HostState.PENDING, HostState.VERIFYING, HostState.STAGED, HostState.UNCHANGED})


def turn(book: Book, crew: Crew, reason: str, detail: str = "") -> None:
    """From here on the direction is back: every opened host is told before the first one is put back."""
    book.turned, book.turn_reason = True, reason
    crew.workers.cancel_waits()
    for done in crew.drain(FORWARD_TAGS):
        if done.tag == "forward" and isinstance(done.value, Worked):
            turns.forward_done(book, done.host, done.value)
    crew.workers.allow_waits()
    book.phase(Phase.ROLLING_BACK)
    book.say(ev.Turned(reason, detail))
    names = [name for name, page in book.pages.items() if page.opened and not page.turned]
    # Known to be silent: last, so that they keep no worker from one that answers.
    names.sort(key=lambda name: book.pages[name].state in _HOPELESS or book.pages[name].in_doubt)
    patience = book.run.timeouts.call_s

    def make(name: str) -> Task[HostPort]:
        return lambda tools: _turn_host(book, tools, name, patience)

    answers = crew.each(names, _TURN, make, _TURN_PATIENCE_S)
    for name in names:
        answer = answers.get(name, HostError(f"no answer within {_TURN_PATIENCE_S:.0f} s", host=name))
        if isinstance(answer, HostError):
            book.note(f"does not answer: it is turned before it is touched ({answer.what})", name, "warning")


def _turn_host(book: Book, tools: Tools[HostPort], name: str, patience_s: float) -> None:
    page = book.pages[name]
    if page.turned:
        return
    claim = book.claim(name)
    patience = patience_s if page.state not in _HOPELESS else 0.0
    try:
        result = settled(tools, lambda: tools.resource.turn(claim), patience)
    except AnswerLost:
        # It may have turned: a beat with the old token would be stale, and that would end the whole conductor. So the
        # beat itself asks again; the same old token gives the same new one.
        if not page.turn_in_doubt:
            page.turn_in_doubt = True
            tools.heartbeat.start(lambda: _turn_host(book, tools, name, 0.0))
        raise
    # Written here, in the host's own thread: the next beat must already show the new token.
    page.token, page.turned = result.token, True
    if page.turn_in_doubt:
        page.turn_in_doubt = False
        beating(book, tools, name)


def settle_turns(book: Book, crew: Crew) -> None:
    """Asks once more where the answer to a turn was lost: with the old token the end would be refused there."""
    crew.drain(frozenset({_TURN}))  # nobody has waited for the last of them yet
    names = [name for name, page in book.pages.items() if page.opened and page.turn_in_doubt]

    def make(name: str) -> Task[HostPort]:
        ask = turn_forward if book.pages[name].turned else _turn_host
        return lambda tools: ask(book, tools, name, 0.0)

    crew.each(names, _TURN, make)


def put_back(book: Book, crew: Crew, hosts: Iterable[str]) -> bool:
    """Put these hosts back; False if a signal stopped it (hosts at work have reached their safe point)."""
    waiting = list(hosts)
    sick = {n for n in waiting if not _is_well(book, book.pages[n])}
    waiting.sort(key=lambda n: n not in sick)
    working: set[str] = set()
    floor = len(waiting) if book.plan.strategy.all_at_once_rollback else max(book.plan.max_unavailable, 1)
    while waiting or working:
        if book.ports.interrupt.requested:
            waiting.clear()
            crew.workers.cancel_waits()
        down = {n for n in book.not_serving() if book.pages[n].state not in _HOPELESS} | (sick & set(waiting))
        ready = room(waiting, not_serving=down, max_unavailable=floor, running=working)
        if waiting and not ready and not working:
            ready = (waiting[0],)
        for name in ready:
            waiting.remove(name)
            working.add(name)
            book.pages[name].going_back = True
            crew.submit(name, BACK, back_task(book, name))
        done = crew.pump(tags=frozenset({BACK}))
        if done is None:
            continue
        working.discard(done.host)
        worked = done.value if isinstance(done.value, Worked) else None
        if worked is None and isinstance(done.error, HostError):
            worked = Worked(None, error=done.error)
        if worked is not None:
            turns.back_done(book, done.host, worked)
    if book.ports.interrupt.requested:
        crew.workers.allow_waits()
        return False
    return True


def changed_late(book: Book) -> list[str]:
    """Hosts that the rollout to be undone had not changed when this rollback was planned, and has changed since.

    A request of its dead conductor was still on its way, or at work. Now that the host is open none can come any more.
    """
    out: list[str] = []
    for name, page in book.pages.items():
        state = page.observation.state if page.observation and page.opened else None
        record = state.rollout(book.plan.undoes) if state else None
        if page.plan.action is not HostAction.LEAVE or record is None or not record.intent or record.put_back:
            continue
        if expected_of(page.observation) != page.plan.expected:
            book.note("was changed after this rollback was planned: it goes back, too", name, "warning")
            out.append(name)
    return out


def _is_well(book: Book, page: HostPage) -> bool:
    if book.plan.kind == "back":
        return page.plan.healthy is True
    return page.state in _WELL and not page.failed


def back_task(book: Book, name: str) -> Task[HostPort]:
    """A host's way back: turned if it was not yet, then each rollout on its way undone, then looked at."""
    page, ports, plan = book.pages[name], book.ports, book.plan
    undo = page.plan.undo or ((plan.undoes,) if plan.kind == "back" else (book.run.id,))
    origin_health = health_of_origin(page, plan.health)
    needs_turn = plan.kind == "forward" and not page.turned
    spec = plan.app
    # A host that did not answer is not asked twice: it is turned and put back as soon as it answers.
    silent = page.state in _HOPELESS or page.in_doubt
    scene = None if silent else evidence.wanted(book, name, sick=not _is_well(book, page))

    def requests() -> tuple[ActivateRequest, ...]:
        return tuple(
            ActivateRequest(
                claim=book.next_claim(name),
                direction="back",
                spec=None,
                release="",
                version="",
                manifest_sha256="",
                exe_sha256="",
                exe="",
                expected=None,
                undo=rollout,
                allow_stopped=True,
                stop_timeout_s=spec.stop_timeout_s,
                start_timeout_s=spec.start_timeout_s,
                lock_wait_s=book.run.timeouts.lock_wait_s,
                settle_s=settle_s(plan.health),
            )
            for rollout in undo
        )

    def task(tools: Tools[HostPort]) -> Worked:
        if needs_turn:
            try:
                _turn_host(book, tools, name, min(_BACK_PATIENCE_S, book.run.timeouts.call_s))
            except Stale:
                raise
            except HostError as error:
                return Worked(None, error=error)
        if scene is not None and not tools.cancelled.is_set():
            evidence.gather(tools, scene)
        # The claims are made after the turn: they must show the new token.
        target = Target(origin_health, ports.fleet.host(name).connection.address, sha256="")
        return bring(
            tools,
            requests(),
            target,
            patience_s=book.run.timeouts.call_s / 2,
            password=ports.password,
            previous_password=ports.previous_password,
            again=lambda: book.next_claim(name),
        )

    return task


def health_of_origin(page: HostPage, health: HealthSpec) -> HealthSpec:
    """How a host that went back is judged: by the checks and times stored with what it goes back to.

    If there are none (a service that was adopted), by the plan's checks, but for those that compare with the version
    that is undone and those that failed before anything was touched. If the plan has none either (no project on this
    machine), by what was stored with the app's other releases here: the same app, judged in the same way.
    """
    releases = page.observation.state.releases if page.observation and page.observation.state else {}
    own = releases.get(page.plan.to_release if page.plan.undo else "")
    checks = _readable(own)
    if own is not None and checks:
        return replace(health.with_timing(own.timing), checks=checks)
    failing = {f.check for f in page.baseline.failures} if page.baseline and not page.plan.undo else set()
    checks = tuple(c for c in health.checks if not c.compares_target and c.name not in failing)
    if checks:
        return replace(health, checks=checks)
    for other in reversed(tuple(releases.values())):
        if other.checks:
            return replace(health.with_timing(other.timing), checks=_readable(other))
    return replace(health, checks=())


def _readable(record: ReleaseRecord | None) -> tuple[CheckSpec, ...]:
    """Stored checks that this version can run; those that compare with a version belong to that version alone."""
    out: list[CheckSpec] = []
    for plain in record.checks if record else ():
        try:
            check: CheckSpec = from_plain(CheckSpec, dict(plain))  # type: ignore[arg-type]
        except (ValueError, TypeError):
            continue
        if not check.compares_target:
            out.append(check)
    return tuple(out)
