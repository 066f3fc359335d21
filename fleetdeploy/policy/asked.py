"""What a person asks of a running rollout: accepted or not, and the sentence that says what follows. Pure.

``judge(kind, argument, standing) -> Said``: the conductor answers with it within its tick and remembers what it
accepted; ``rollout/commands.py`` does that, ``rollout/forward.py`` obeys at the next safe point. An accepted request is
a promise: nothing may be accepted here that is not carried out there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import Hold, HostState, PauseReason, Phase

PAUSE, RESUME, PROMOTE, RETRY, EXCLUDE = "pause", "resume", "promote", "retry", "exclude"
ABORT_ROLLBACK, ABORT_LEAVE = "abort-rollback", "abort-leave"
KINDS = (PAUSE, RESUME, PROMOTE, ABORT_ROLLBACK, ABORT_LEAVE, RETRY, EXCLUDE)
FULL = "full"
NO_WAY_BACK = "no-way-back"  # resume: hosts that cannot prove their way back are changed all the same

_S = HostState
_FROZEN = "the calendar holds it, and no word overrides that here: it goes on by itself"
WAITING = frozenset({_S.PENDING, _S.STAGED})
_AT_WORK = frozenset({_S.DRAINING, _S.ACTIVATING, _S.VERIFYING, _S.ROLLING_BACK})
_MAY_PROVE = WAITING | _AT_WORK - {_S.ROLLING_BACK} | {_S.HEALTHY, _S.UNCHANGED}
_BEFORE = frozenset({Phase.PLANNED, Phase.PREFLIGHT})
# Had its turn, or was left out of it, and can have another one.
AGAIN = frozenset(
    {_S.ROLLED_BACK, _S.ABSENT, _S.UNREACHABLE, _S.EXCLUDED, _S.SKIPPED, _S.UNKNOWN, _S.UNHEALTHY, _S.ROLLBACK_FAILED}
)


@dataclass(frozen=True, slots=True)
class Said:
    """The conductor's answer. ``text`` says what it does and when, or why not and what to type."""

    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """All that the answer depends on.

    Attributes:
        forward: it is a rollout; a rollback takes no commands.
        turned: hosts are being put back.
        ending: nothing can be changed any more, "" or why.
        states: every host of the plan; ``changing`` are those that the plan changes.
        at_work: hosts with a task under way that may change them.
        stuck: hosts that are on their way back and not there: they cannot go forward again.
        unopened: hosts that this rollout does not hold: nothing may be changed there.
        changed: hosts that this rollout began to change.
        batch: index of the batch at work, -1 before the first.
        pausing: a person asked for a pause that still holds; ``stopping``: the abort that was accepted.
        full: there are no more bakes and promotions.
        retrying: hosts that wait for another try.
    """

    rollout: str
    forward: bool
    phase: Phase
    hold: Hold
    reason: PauseReason | None
    states: Mapping[str, HostState]
    changing: frozenset[str]
    batches: tuple[Batch, ...]
    at_work: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    unopened: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    batch: int = -1
    turned: bool = False
    ending: str = ""
    pausing: bool = False
    stopping: str = ""
    full: bool = False
    retrying: frozenset[str] = frozenset()
    why_left: Mapping[str, str] = field(default_factory=dict)


def judge(kind: str, argument: str, now: Standing) -> Said:
    """The answer to one request, as things stand."""
    if kind not in KINDS:
        return Said(False, f"{kind!r} is nothing that this version of fleetdeploy can do")
    refused = _too_late(kind, now)
    if refused:
        return Said(False, refused)
    if kind == PAUSE:
        return _pause(now)
    if kind == RESUME:
        return _resume(now)
    if kind == PROMOTE:
        return _promote(argument == FULL, now)
    if kind in (ABORT_ROLLBACK, ABORT_LEAVE):
        return _abort(kind, now)
    if argument not in now.states:
        return Said(False, f"{argument!r} is no host of this rollout ({_listed(now.states)})")
    return _retry(argument, now) if kind == RETRY else _exclude(argument, now)


def _too_late(kind: str, now: Standing) -> str:
    """Why nothing can be asked any more, "" if something can."""
    if not now.forward:
        return "this is a rollback: it goes on until every host is back and takes no commands"
    if now.turned:
        return "hosts are being put back: that is not stopped or turned again half way"
    if now.ending:
        return f"too late: {now.ending}"
    if now.stopping and kind != now.stopping:
        return f"too late: {now.stopping.replace('-', ' --')} was accepted before"
    return ""


def _pause(now: Standing) -> Said:
    if now.pausing:
        return Said(False, f"it is paused already, or about to be: fleetdeploy resume {now.rollout} goes on")
    until = f"then it waits, without a time-out, for: fleetdeploy resume {now.rollout}"
    if now.hold is Hold.PAUSED:
        reason = f" ({now.reason.value})" if now.reason else ""
        return Said(True, f"it stays paused{reason}, now {until.removeprefix('then it waits, ')}")
    if now.hold is Hold.AWAITING_PROMOTION:
        return Said(True, f"no promotion is taken and no wait runs out meanwhile; {until.removeprefix('then ')}")
    return Said(True, f"no further host starts; {_work(now)}; {until}")


def _resume(now: Standing) -> Said:
    if now.hold is Hold.PAUSED and now.reason is PauseReason.FREEZE and not now.pausing:
        return Said(False, _FROZEN)
    if now.pausing or now.hold is Hold.PAUSED:
        if now.hold is Hold.PAUSED:
            return Said(True, f"it goes on now: {_left(now)}")
        return Said(True, "the pause that was asked for is off: it goes on")
    if now.hold is Hold.AWAITING_PROMOTION:
        return Said(False, f"it is not paused, it waits for a promotion: fleetdeploy promote {now.rollout}")
    return Said(False, f"it is not paused: {_where(now)}")


def _promote(full: bool, now: Standing) -> Said:
    if now.pausing:
        return Said(False, f"it is paused because a person asked for it: fleetdeploy resume {now.rollout} first")
    if full:
        if now.full:
            return Said(False, "it is promoted in full already: no more bakes, no more promotions")
        return Said(True, f"no more bakes, no more promotions; the health gates still hold; {_left(now)}")
    if now.hold is Hold.AWAITING_PROMOTION:
        return Said(True, f"it goes on after a fresh look at every updated host; {_left(now)}")
    if now.hold is Hold.PAUSED:
        if now.reason is PauseReason.FREEZE:
            return Said(False, _FROZEN)
        return Said(True, f"it goes on now: {_left(now)}")
    later = [b.index + 1 for b in now.batches if b.promotion and b.index >= max(now.batch, 0)]
    if later and not now.full:
        what = f"it does not wait for a promotion yet ({_where(now)}): it will after batch {later[0]}"
    else:
        what = f"it does not wait for a promotion: {_where(now)}"
    return Said(False, f"{what}; without any more waiting: fleetdeploy promote {now.rollout} --full")


def _abort(kind: str, now: Standing) -> Said:
    if now.stopping:
        return Said(False, "that was accepted before: it is on its way")
    if kind == ABORT_LEAVE:
        return Said(True, f"no further host starts; {_work(now)}; then it ends and the hosts stay as they are (exit 8)")
    if not now.changed and not now.at_work:
        return Said(True, "no host was changed: it ends now")
    touched = now.changed | now.at_work
    return Said(True, f"no further host starts; {_work(now)}; then every changed host goes back ({_listed(touched)})")


def _retry(host: str, now: Standing) -> Said:
    state = now.states[host]
    if host not in now.changing:
        why = now.why_left.get(host) or "the plan has nothing to do there"
        return Said(False, f"{host} gets no turn in this rollout: {why}")
    if host in now.retrying:
        return Said(False, f"{host} waits for another try already")
    if host in now.at_work or state in _AT_WORK:
        return Said(False, f"{host} is at work now ({state.value}): wait for its result")
    if state in WAITING:
        return Said(False, f"the turn of {host} is still to come")
    if host in now.stuck:
        what = f"{host} is neither here nor there: its way back failed"
        return Said(False, f"{what}; a person has to look at it, then: fleetdeploy rollback")
    if state not in AGAIN:
        return Said(False, f"{host} is {state.value}: there is nothing to try again")
    if host in now.unopened:
        what = f"{host} was not opened when this rollout began ({state.value}), so nothing is changed there"
        return Said(False, f"{what}; when this has ended: fleetdeploy rollout VERSION --limit {host}")
    when = "once it is resumed" if now.pausing or now.hold is Hold.PAUSED else "as soon as the floor has room"
    if _batch_of(host, now) > now.batch:
        when = f"with its batch ({_batch_of(host, now) + 1} of {len(now.batches)})"
    return Said(True, f"{host} gets its turn anew {when}; what it did before no longer counts against the budget")


def _exclude(host: str, now: Standing) -> Said:
    state = now.states[host]
    if host in now.retrying and host not in now.at_work:
        return Said(True, f"{host} gets no other try: it stays as it is ({state.value}) and is listed at the end")
    if host not in now.changing:
        why = now.why_left.get(host) or "the plan has nothing to do there"
        return Said(False, f"{host} gets no turn in this rollout anyway: {why}")
    if state is _S.EXCLUDED:
        return Said(False, f"{host} is left out already")
    if host in now.at_work or state in _AT_WORK:
        return Said(False, f"{host} is at work ({state.value}): it ends as done or put back, it is not cut off")
    if host in now.unopened and now.phase in _BEFORE:
        return Said(False, f"{host} is being opened, it may have been changed before: ask again when that is done")
    if state not in WAITING:
        return Said(False, f"{host} has had its turn ({state.value}): it counts as it is")
    if host in now.changed:  # it may stand half-way, stopped and disarmed: that is not left so
        return Said(False, f"{host} was begun by the conductor before: its turn ends as done or put back first")
    for batch in now.batches:
        if not batch.is_canary or host not in batch.hosts:
            continue
        if not any(now.states[h] in _MAY_PROVE for b in now.batches if b.is_canary for h in b.hosts if h != host):
            what = f"{host} is the only canary left: without it nothing would go first"
            return Said(False, f"{what}; fleetdeploy abort {now.rollout} --leave, and plan anew with --limit '!{host}'")
    return Said(
        True, f"{host} is not started; it keeps its weight in floor and budget and is listed at the end (exit 8)"
    )


def _batch_of(host: str, now: Standing) -> int:
    return next((b.index for b in now.batches if host in b.hosts), -1)


def _work(now: Standing) -> str:
    return (
        f"{_listed(now.at_work)} at work {'finishes' if len(now.at_work) == 1 else 'finish'}"
        if now.at_work
        else ("none is at work")
    )


def _left(now: Standing) -> str:
    left = [h for h, s in now.states.items() if s in WAITING and h in now.changing]
    return f"{len(left)} of {len(now.changing)} hosts are still to come"


def _where(now: Standing) -> str:
    batch = f", batch {now.batch + 1} of {len(now.batches)}" if now.batch >= 0 else ""
    return f"{now.phase.value.replace('_', ' ')}{batch}"


def _listed(hosts: object, most: int = 8) -> str:
    names = sorted(hosts)  # type: ignore[call-overload]
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
