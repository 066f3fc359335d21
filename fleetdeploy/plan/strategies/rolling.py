"""Rolling: batches of one size, one after the other. Pure; rounding is in ``plan/batches.py``."""

from __future__ import annotations

from collections.abc import Sequence

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.plan.batches import Candidate, cut, pause_after, round_down, spread


def batches(hosts: Sequence[Candidate], settings: StrategySettings, cap: int) -> tuple[Batch, ...]:
    """Batches of ``settings.batch``, never larger than ``cap``."""
    ordered = spread(hosts) if settings.zone_spread else tuple(hosts)
    size = min(round_down(settings.batch, len(ordered)), max(cap, 1))
    groups = cut(ordered, size)
    last = len(groups) - 1
    made = tuple(
        Batch(i, tuple(h.name for h in group), bake_s=settings.bake_batch_s if i < last else 0.0)
        for i, group in enumerate(groups)
    )
    return pause_after(made, settings.pause_after_batch)
