"""What must hold of every journal that a test leaves behind, whatever the test was about."""

from __future__ import annotations

from pathlib import Path

from fleetdeploy.engine.journal import Journal
from fleetdeploy.model.replay import replay


def assert_whole(journal: Journal) -> None:
    """Every rollout's chain is whole, its moves fit the tables, and it ends as its events say."""
    for row in journal.rollouts(limit=None):
        verdict = journal.verify(row.id)
        assert verdict is not None
        assert verdict.broken is None, (row.id, verdict.broken)
        state = replay(entry.event for entry in journal.events(row.id))
        assert state.misfits == (), (row.id, state.misfits)
        told = state.outcome.value if state.outcome else None
        # A resume that was refused says so; the rollout is open all the same.
        assert told == row.outcome or (told, row.outcome) == ("refused", None), (row.id, state, row)


def assert_store_whole(path: Path) -> None:
    """The same for a file, if there is one."""
    if path.exists():
        journal = Journal(path)
        try:
            assert_whole(journal)
        finally:
            journal.close()
