"""How long has everything been seen healthy? Pure: observed seconds, not elapsed ones (design.md section 5, Bake).

Time without looking does not count: two good samples further apart than ``gap_s`` prove nothing about the time between.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fleetdeploy.model.health import Sample


@dataclass(frozen=True, slots=True)
class BakeView:
    """``healthy_s`` is the least of all hosts; ``done`` if it suffices and every host's last sample is fresh."""

    healthy_s: float
    done: bool


def observed_healthy(samples: Sequence[Sample], since: float, gap_s: float) -> float:
    """Seconds between neighbouring good samples of one process, from ``since`` on."""
    total = 0.0
    for first, second in itertools.pairwise(samples):
        together = first.good and second.good and (first.pid, first.started) == (second.pid, second.started)
        if together and second.at - first.at <= gap_s:
            total += max(0.0, second.at - max(first.at, since))
    return total


def bake(
    samples: Mapping[str, Sequence[Sample]], *, since: float, needed_s: float, gap_s: float, now: float
) -> BakeView:
    """The bake of all updated hosts, which began at ``since`` (the batch's last host became healthy)."""
    if not samples:
        return BakeView(needed_s, done=True)
    least = min(observed_healthy(seen, since, gap_s) for seen in samples.values())
    fresh = all(
        seen and seen[-1].good and seen[-1].at >= since and now - seen[-1].at <= gap_s for seen in samples.values()
    )
    return BakeView(min(least, needed_s), done=fresh and least >= needed_s)
