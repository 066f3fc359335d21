"""What ends along with a rollout, written into the store too: what a rollback undoes, what a take-over put aside.

The hosts were told by ``open_hosts.close_all``; without this the store would call such a rollout open for ever.
"""

from __future__ import annotations

from fleetdeploy.rollout.book import Book


def settle(book: Book, outcome: str) -> None:
    """Give every rollout that ended with this one its outcome, where the store has it and it is still open there."""
    pages = book.pages.values()
    undone = {u for page in pages for u in page.plan.undo} | ({book.plan.undoes} if book.plan.undoes else set())
    aside = {page.replaced_rollout for page in pages} - undone
    undone_as = "rolled_back" if outcome == "succeeded" else "rollback_incomplete"
    ends = {name: undone_as for name in undone if book.plan.kind == "back"} | dict.fromkeys(aside, "aborted")
    for name in sorted(ends):
        if name and name != book.run.id:
            detail = f"it ended with {book.run.id}"
            book.ports.log.settle(name, ends[name], conductor=book.run.conductor, detail=detail)
