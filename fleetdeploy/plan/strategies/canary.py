"""Canary: a few hosts first, in one or more growing steps, a bake after each, then rolling for the rest.

Canaries come from hosts that were healthy (a broken host proves nothing), or are those with the label that was named.
Pure; rounding is in ``plan/batches.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.strategy import Amount, LabelSelector, StrategySettings
from fleetdeploy.plan.batches import Candidate, cut, pause_after, round_down, round_up, spread
from fleetdeploy.plan.strategies import rolling


def batches(hosts: Sequence[Candidate], settings: StrategySettings, cap: int) -> tuple[Batch, ...]:
    """Canary batches, then rolling ones over what is left. Steps are totals: ``1,5,20%`` of 50 is 1, 4 more, 5 more."""
    if not hosts:
        return ()
    groups = _canaries(hosts, settings, max(cap, 1))
    chosen = {h.name for group in groups for h in group}
    rest = tuple(h for h in hosts if h.name not in chosen)
    out: list[Batch] = [
        Batch(i, tuple(h.name for h in group), bake_s=settings.bake_canary_s, is_canary=True)
        for i, group in enumerate(groups)
    ]
    if out and settings.pause_after_canary:
        out[-1] = replace(out[-1], promotion=True)
    # The batch share is of all hosts that will change, not of those that happen to be left after the canary.
    size = min(round_down(settings.batch, len(hosts)), max(cap, 1))
    rolled = rolling.batches(rest, replace(settings, batch=Amount(size), pause_after_batch=()), cap)
    out += [replace(b, index=b.index + len(groups)) for b in rolled]
    return pause_after(out, settings.pause_after_batch)


def _canaries(hosts: Sequence[Candidate], settings: StrategySettings, cap: int) -> tuple[tuple[Candidate, ...], ...]:
    if isinstance(settings.canary, LabelSelector):
        wanted = (settings.canary.name, settings.canary.value)
        return cut(tuple(h for h in hosts if wanted in h.labels), cap)
    ordered = spread(hosts) if settings.zone_spread else tuple(hosts)
    # With --repair every changing host is down: then those are the canaries.
    pool = tuple(h for h in ordered if h.healthy) or ordered
    groups: list[tuple[Candidate, ...]] = []
    taken = 0
    for amount in settings.canary:
        total = min(round_up(amount, len(hosts)), len(pool))
        groups += cut(pool[taken:total], cap) if total > taken else ()
        taken = max(taken, total)
    return tuple(groups)
