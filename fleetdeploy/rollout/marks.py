"""What a rollout's end means for its version: bad if it was undone, good again if it succeeded.

Nothing is said of it if on every host that failed it never ran, for a reason that is the host's or the account's.

The hosts get the mark with ``close``, all of the plan, also those where nothing was changed; the store gets it for
those who ask without a host. What a mark then refuses is ``plan/guards.py``'s.
"""

from __future__ import annotations

from fleetdeploy.model.marks import Mark, ReleaseMark
from fleetdeploy.model.run import HostState, Outcome
from fleetdeploy.policy.own_trouble import own_trouble
from fleetdeploy.rollout.book import Book

_GOOD = frozenset({Outcome.SUCCEEDED.value, Outcome.SUCCEEDED_IN_PART.value})


def close_mark(book: Book, outcome: str) -> ReleaseMark | None:
    """What ``close`` writes beside the release; None if this end says nothing about the version."""
    plan = book.plan
    if plan.kind == "back":
        return _undone(book)
    if plan.artifact is None:
        return None
    if outcome in _GOOD:
        mark: Mark = "good"
        why = f"rollout {book.run.id} succeeded"
    elif book.turned and _touched(book):
        spared = not_to_blame(book)
        # "" takes back what the hosts wrote when they put themselves back and when the rollout turned (rule 9).
        mark = "" if spared else "bad"
        why = f"rollout {book.run.id} was rolled back{f', not because of it: {spared}' if spared else _reason(book)}"
    else:
        return None
    artifact = plan.artifact
    return ReleaseMark(artifact.release_name, artifact.version, artifact.manifest.sha256, mark, _by(book), why)


def not_to_blame(book: Book) -> str:
    """Whose trouble it was that the rollout turned, if it cannot have been the version's; "" if it may have been.

    A person who said ``--retry-bad`` has a mark that stands for another reason: it is not taken back. Nor is anything
    said after a ``resume`` (the failures of the conductor before are not known here) or if the rollout turned for
    another reason than failures.
    """
    if book.plan.kind != "forward" or not book.turned or book.turn_reason != "budget":
        return ""
    if book.run.resume or book.plan.permits.retry_bad:
        return ""
    causes = [own_trouble(failure) for page in book.pages.values() if page.changed for failure in page.failures]
    in_doubt = any(page.state in (HostState.UNKNOWN, HostState.UNHEALTHY) for page in book.pages.values())
    return "" if in_doubt or not all(causes) else "; ".join(dict.fromkeys(causes))


def keep_mark(book: Book, outcome: str) -> None:
    """The same word in the store. A good one only where a bad one stands: success is no news."""
    mark = close_mark(book, outcome)
    if mark is None or not mark.mark:
        return
    log, app = book.ports.log, book.plan.app.app
    if mark.mark == "good":
        held = [
            m
            for m in log.marks(app)
            if m.mark == "bad" and m.version == mark.version and m.manifest_sha256 in ("", mark.manifest_sha256)
        ]
        for row in held:
            log.set_mark(app, row.version, row.manifest_sha256, "good", mark.why, mark.by)
        return
    log.set_mark(app, mark.version, mark.manifest_sha256, mark.mark, mark.why, mark.by)


def _undone(book: Book) -> ReleaseMark | None:
    """A rollback marks what it undid, as any host remembers it; not if it changed nothing anywhere."""
    if not book.plan.undoes or not any(page.changed for page in book.pages.values()):
        return None
    for page in book.pages.values():
        state = page.observation.state if page.observation else None
        record = state.rollout(book.plan.undoes) if state else None
        if state is None or record is None or not record.to_label or not record.to_release:
            continue
        release = state.releases.get(record.to_release)
        manifest = release.manifest_sha256 if release else ""
        why = f"rollout {book.plan.undoes} was undone by rollback {book.run.id}{_reason(book)}"
        return ReleaseMark(record.to_release, record.to_label, manifest, "bad", _by(book), why)
    return None


def _touched(book: Book) -> bool:
    """False if no service was touched: an abort before the first stop says nothing about the version."""
    # After a resume a silent host may have been changed by the conductor before.
    silent = frozenset({HostState.UNREACHABLE, HostState.UNKNOWN}) if book.run.resume else frozenset()
    return any(page.changed or page.state in silent for page in book.pages.values())


def _by(book: Book) -> str:
    return f"{book.run.actor.user}@{book.run.actor.machine}"


def _reason(book: Book) -> str:
    words = [text for text in (book.turn_reason, book.run.actor.reason) if text]
    return f" ({'; '.join(words)})" if words else ""
