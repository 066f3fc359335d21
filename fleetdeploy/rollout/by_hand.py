"""What people changed on hosts between their switch and the end of the rollout, seen in the last look at each of them.

A rollout must not say that it succeeded where a host is set to something else by now. What counts as a difference is
what ``fleetdeploy drift`` calls one. Such a host is not counted as on target, and named; nothing is put right or undone
because of it: a person did it, and a person decides. Asks no host.
"""

from __future__ import annotations

from collections.abc import Mapping

from fleetdeploy.model.run import HostState
from fleetdeploy.model.verbs import Observation
from fleetdeploy.plan.drift import Difference, drift_of
from fleetdeploy.plan.naming import label_of, running_version
from fleetdeploy.rollout.book import Book, HostPage

_SHOWN_HOSTS = 5


def leave_out_changed(book: Book, sights: Mapping[str, Observation]) -> bool:
    """Take hosts that somebody has changed since off the count of those on target; True if there are any.

    Args:
        book: their states say which of them were brought to the target, and which were on it before.
        sights: the hosts as they are now.
    """
    for name, seen in sights.items():
        page = book.pages[name]
        page.differences = changed_since(page, seen)
        if not page.differences:
            continue
        service = seen.service
        label = running_version(seen, service) if service is not None and service.pid else label_of(seen)
        listed = "; ".join(f"{d.key} was {d.recorded}, now it is {d.found}" for d in page.differences)
        book.note(f"somebody has changed it since it was on target: {listed}", name, "warning")
        book.move(name, HostState.EXCLUDED, "not on target: changed by hand, left as it is", label=label)
    return any(page.differences for page in book.pages.values())


def changed_since(page: HostPage, seen: Observation) -> tuple[Difference, ...]:
    """What is not as this rollout left the host; of one that it had no need to touch, what is new since it began."""
    found = drift_of(seen)
    if page.state is not HostState.UNCHANGED or page.observation is None:
        return found
    before = drift_of(page.observation)
    return tuple(d for d in found if d not in before)


def told_in_short(book: Book) -> str:
    """Which hosts were changed in what, for the line that tells the end; "" if none was."""
    told = [f"{p.name} ({', '.join(d.key for d in p.differences)})" for p in book.pages.values() if p.differences]
    more = [f"and {len(told) - _SHOWN_HOSTS} more"] if len(told) > _SHOWN_HOSTS else []
    return f"changed by hand since: {', '.join((*told[:_SHOWN_HOSTS], *more))}" if told else ""
