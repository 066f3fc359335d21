"""What may be forgotten: rollouts that ended long ago, but never what somebody may still need. Pure.

Kept whatever their age: open rollouts; the newest of each app and fleet; what a kept rollout undoes. Marks of
versions are not history and never go.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fleetdeploy.engine.store.rows import RolloutRow


def forgettable(rows: Iterable[RolloutRow], *, now: datetime, keep_s: float, limit: int) -> tuple[str, ...]:
    """Ids of at most ``limit`` rollouts that may go, the oldest first.

    Args:
        rows: all rollouts of the store.
        now: in UTC.
        keep_s: how long an ended rollout is kept.
        limit: so that the end of a rollout does not take long, however much there is.
    """
    ordered = sorted(rows, key=lambda r: (r.started_at, r.id))
    newest = {(r.app, r.fleet): r.id for r in ordered}
    before = (now - timedelta(seconds=keep_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    old = {r.id for r in ordered if r.outcome is not None and r.ended_at is not None and r.ended_at < before}
    kept = [r for r in ordered if r.id not in old or r.id in newest.values()]
    by_id = {r.id: r for r in ordered}
    needed = {r.id for r in kept}
    for row in kept:
        undone = row.undoes
        while undone in by_id and undone not in needed:
            needed.add(undone)
            undone = by_id[undone].undoes
    return tuple(r.id for r in ordered if r.id not in needed)[:limit]
