"""All at once: one batch. The floor does not cap it: who chooses it gives up the floor, and the plan says so."""

from __future__ import annotations

from collections.abc import Sequence

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.plan.batches import Candidate, pause_after


def batches(hosts: Sequence[Candidate], settings: StrategySettings, cap: int) -> tuple[Batch, ...]:
    """One batch with every host, in inventory order; ``build`` gives it a cap as large as the scope."""
    if not hosts:
        return ()
    names = tuple(h.name for h in hosts)
    if cap >= len(names):
        return pause_after((Batch(0, names),), settings.pause_after_batch)
    size = max(cap, 1)  # an explicit max_unavailable still holds
    made = tuple(Batch(i, names[start : start + size]) for i, start in enumerate(range(0, len(names), size)))
    return pause_after(made, settings.pause_after_batch)
