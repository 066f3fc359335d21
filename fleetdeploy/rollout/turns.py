"""What a host's finished turn means for the book: outcomes of ``activate`` and verdicts become states, failures, words.

Shared by the way forward and the way back. Says what happened and what happens now; the gate decides what follows.
"""

from __future__ import annotations

from fleetdeploy.errors import AnswerLost, Busy, HostError, NotReady, Unreachable
from fleetdeploy.model.health import Verdict
from fleetdeploy.model.run import HostState
from fleetdeploy.model.verbs import ActivateOutcome, HostFailure
from fleetdeploy.rollout import evidence
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.host_task import Activating, Verified, Verifying, Worked, what_is_wrong
from fleetdeploy.rollout.recorded import NotRecorded

_O, _S = ActivateOutcome, HostState


def told(book: Book, host: str, message: object) -> None:
    """Progress of a host's turn on the way forward."""
    page = book.pages[host]
    match message:
        case Activating():
            page.touched = page.changed = True
            if page.going_back:
                book.move(host, _S.ROLLING_BACK)
            else:
                book.move(host, _S.ACTIVATING)
        case evidence.Gathered(scene):
            evidence.keep(book, host, scene)
        case Verifying(label) if not page.going_back:
            book.move(host, _S.VERIFYING, label=label)
        case _:
            pass


def failure_of(error: HostError) -> HostFailure:
    """A host's error as a failure for people."""
    return HostFailure(type(error).__name__, error.what, win32=error.code)


def forward_done(book: Book, host: str, worked: Worked) -> None:
    """The way forward on one host has ended."""
    page = book.pages[host]
    if worked.error is not None:
        _forward_error(book, host, worked)
        return
    result = worked.activated
    if result is None:
        return
    page.in_doubt = False
    page.scene = result.evidence
    for note in result.notes:
        book.note(note, host)
    if result.forced_kill:
        book.note("the service did not stop in time: its process was killed", host, "warning")
    page.image = result.image or page.image
    match result.outcome:
        case _O.ACTIVATED | _O.ALREADY:
            page.label = result.label or page.plan.to_label
            _verdict(book, host, worked.verified)
        case _O.PUT_BACK | _O.RESTORED | _O.ABSENT:
            page.touched = False
            first = page.plan.first_install or result.outcome is _O.ABSENT
            state = _S.ABSENT if first else _S.ROLLED_BACK
            now = "what was made is removed" if first else "the previous version runs again"
            book.fail(host, result.failure or HostFailure("activate", "the service did not start"), now)
            book.move(host, state, now, label=result.label or page.plan.from_label)
        case _O.PUT_BACK_FAILED:
            steps = (f"look at {host}", f"fleetdeploy status --limit {host}")
            now = "putting the previous version back failed too: the service may be down"
            book.fail(host, result.failure or HostFailure("activate", "put back failed"), now, steps)
            book.move(host, _S.ROLLBACK_FAILED, now)
        case _O.LEFT_FAILED:
            page.label = result.label or page.plan.to_label
            back = f"fleetdeploy abort {book.run.id} --rollback   (goes back all the same)"
            steps = (f"fleetdeploy logs {host}", back)
            now = f"{page.label} stays: it was started, and going back would cross {book.plan.rollback_floor}"
            book.fail(host, result.failure or HostFailure("start", "the new version did not start"), now, steps)
            book.move(host, _S.UNHEALTHY, now, label=page.label)
        case _O.DIFFERENT:
            # A person who resumed has seen it already: then it is only left out.
            page.different, page.touched, page.changed = not book.run.resume, False, False
            listed = "; ".join(result.differences) or "it is not what the plan found"
            book.move(host, _S.EXCLUDED, f"left untouched: {listed}")
        case _O.STOPPED_BY_PERSON:
            page.touched = page.changed = False
            book.move(host, _S.SKIPPED, "left untouched: a person stopped or disabled the service")
        case _:
            page.touched = page.changed = False
            book.move(host, _S.SKIPPED, f"left untouched ({result.outcome.value})")
    if result.evidence is not None:
        evidence.keep(book, host, result.evidence)


def _forward_error(book: Book, host: str, worked: Worked) -> None:
    page, error = book.pages[host], worked.error
    assert error is not None  # noqa: S101 - the caller looked
    page.error = error
    begun = _begun_before(book, page)
    if isinstance(error, NotRecorded) and not page.in_doubt:
        # It is not the host's fault, and nothing was sent: the conductor stops, a later one starts it.
        page.touched = page.changed = begun
        book.move(host, _S.EXCLUDED, error.what)
    elif isinstance(error, NotReady) and not worked.sent:
        page.touched = page.changed = begun
        book.note(f"is not started, it {error.what}", host, "error")
        book.move(host, _S.SKIPPED, error.what)
    elif isinstance(error, (Unreachable, Busy)) and not worked.sent and not page.in_doubt and not begun:
        page.touched = page.changed = False
        book.fail(host, failure_of(error), "nothing was changed there")
        book.move(host, _S.UNREACHABLE, error.what)
    elif isinstance(error, (Unreachable, Busy, AnswerLost)):
        page.in_doubt = True
        book.move(host, _S.UNKNOWN, error.what)
        now = "it may be stopped, switched or as it was: nobody knows until it answers"
        book.fail(host, failure_of(error), now, (f"fleetdeploy doctor --limit {host}",))
        page.failed = False  # the gate counts it as unknown, which may still become known
    else:
        book.fail(host, failure_of(error), "the script on the host ended in an error")
        book.move(host, _S.UNHEALTHY, error.what)


def _begun_before(book: Book, page: HostPage) -> bool:
    """An earlier conductor of this rollout changed it: that nothing was sent now does not make it untouched."""
    state = page.observation.state if page.observation and book.run.resume else None
    record = state.rollout(book.run.id) if state else None
    return record is not None and record.intent and not record.put_back


def _verdict(book: Book, host: str, verified: Verified | None) -> None:
    page = book.pages[host]
    if verified is None:  # started, but without a process: it ended at once
        book.fail(host, HostFailure("health", "the service has no process"), "it counts as unhealthy")
        book.move(host, _S.UNHEALTHY, "no process")
        return
    page.samples = list(verified.samples)
    bad = next((s for s in reversed(verified.samples) if not s.good), None)
    detail = what_is_wrong(bad) if bad else "too few good samples before the deadline"
    match verified.verdict:
        case Verdict.HEALTHY:
            page.error = None
            book.move(host, _S.HEALTHY)
        case Verdict.UNHEALTHY:
            book.fail(host, HostFailure("health", detail), "it counts against the budget")
            book.move(host, _S.UNHEALTHY, detail)
        case Verdict.UNKNOWN:
            why = verified.error.what if verified.error else "no samples"
            book.move(host, _S.UNKNOWN, why)
        case None:
            pass  # cut short: it stays verifying, and whoever cut it knows what comes now


def back_done(book: Book, host: str, worked: Worked) -> None:
    """The way back on one host has ended."""
    page = book.pages[host]
    if worked.error is not None:
        page.error = worked.error
        silent = isinstance(worked.error, (Unreachable, Busy)) and not worked.sent and not page.in_doubt
        state = _S.UNREACHABLE if silent else _S.UNKNOWN
        book.fail(host, failure_of(worked.error), "it is not known to be back", (f"fleetdeploy doctor --limit {host}",))
        book.move(host, state, worked.error.what)
        return
    result = worked.activated
    if result is None:
        return
    for line in (*result.notes, *result.differences):
        book.note(line, host)
    match result.outcome:
        case _O.RESTORED | _O.ALREADY | _O.ACTIVATED:
            _back_verdict(book, host, worked)
        case _O.ABSENT:
            page.touched = False
            book.move(host, _S.ABSENT, "what the first install made is removed", label="absent")
        case _O.NOTHING:
            page.touched = page.changed = False
            book.move(host, _S.UNCHANGED if book.plan.kind == "back" else _S.ROLLED_BACK, "was not changed")
        case _O.LEFT_ALONE | _O.DIFFERENT | _O.STOPPED_BY_PERSON:
            page.touched = False
            book.move(
                host, _S.SKIPPED, f"left alone: it no longer runs this rollout's release ({result.outcome.value})"
            )
        case _:
            steps = (f"look at {host}", f"fleetdeploy status --limit {host}")
            failure = result.failure or HostFailure("activate", "the previous version did not start")
            book.fail(host, failure, "the previous version does not run there", steps)
            book.move(host, _S.ROLLBACK_FAILED, failure.detail)


def _back_verdict(book: Book, host: str, worked: Worked) -> None:
    page, result, verified = book.pages[host], worked.activated, worked.verified
    assert result is not None  # noqa: S101 - the caller looked
    label = result.label or page.plan.from_label
    page.touched = False
    if verified is None and result.failure is not None:
        steps = (f"look at {host}: enable and start it, if it is to run", f"fleetdeploy status --limit {host}")
        book.fail(host, result.failure, "the previous version does not run there", steps)
        book.move(host, _S.ROLLBACK_FAILED, result.failure.detail, label=label)
        return
    if verified is None:
        book.move(host, _S.ROLLED_BACK, "restored; the service was not running before", label=label)
        return
    if verified.verdict is Verdict.HEALTHY or verified.verdict is None:
        book.move(host, _S.ROLLED_BACK, label=label)
        return
    bad = next((s for s in reversed(verified.samples) if not s.good), None)
    detail = what_is_wrong(bad) if bad else "no answer"
    failure = HostFailure("health", f"the previous version is back but not healthy: {detail}")
    book.fail(host, failure, "it is left like this", (f"look at {host}",))
    book.move(host, _S.ROLLBACK_FAILED, failure.detail, label=label)
