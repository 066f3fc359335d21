"""Another try of a host that failed, went back or was left out, because a person asked for it (``retry HOST``).

A host that put itself back still has the direction forward and simply gets its turn. One that the conductor put back,
within the budget, was turned (protocol.md rule 9): it is turned forward again first, which the host allows only where
it stands as it was before this rollout. Its new token ends whatever was still on its way, as in every turn.
"""

from __future__ import annotations

from fleetdeploy.engine.executor import Tools
from fleetdeploy.errors import AnswerLost
from fleetdeploy.model.run import HostState
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.commands import Desk
from fleetdeploy.rollout.crew import beating
from fleetdeploy.rollout.host_task import settled
from fleetdeploy.rollout.ports import HostPort

# What runs there may be ours: it keeps its state, and its weight in the floor, until it is known to be well.
_IN_DOUBT = frozenset({HostState.UNHEALTHY, HostState.UNKNOWN, HostState.ROLLBACK_FAILED})


def again(book: Book, desk: Desk) -> list[str]:
    """Hosts whose next try is due: what they did before no longer counts."""
    due = desk.due_retries()
    desk.forget(due)
    for name in due:
        page = book.pages[name]
        page.failed = page.different = page.going_back = False
        page.failure = None
        if page.state in _IN_DOUBT:
            page.in_doubt = True
        else:
            book.move(name, HostState.PENDING, "another try")
    return list(due)


def turn_forward(book: Book, tools: Tools[HostPort], name: str, patience_s: float) -> None:
    """In the host's own thread: the direction is forward there, and the token its own.

    Raises:
        HostError: it could not be asked, or does not stand as it was.
    """
    page = book.pages[name]
    if not page.turned:
        return
    claim = book.claim(name)
    try:
        result = settled(tools, lambda: tools.resource.turn(claim, direction="forward"), patience_s)
    except AnswerLost:
        # It may have turned, and a beat with the old token would be stale: so the beat itself asks again.
        page.turn_in_doubt = True
        tools.heartbeat.start(lambda: turn_forward(book, tools, name, 0.0))
        raise
    page.token, page.turned, page.turn_in_doubt = result.token, False, False
    beating(book, tools, name)
