"""The table of strategies. A new one is one file, one line here, one name in ``StrategyKind``, one test.

A strategy is a pure function: hosts that will change, settings and the floor in; ordered batches out. Nothing outside
``plan/`` ever sees its name: the conductor walks batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.plan.batches import Candidate
from fleetdeploy.plan.strategies import all_at_once, canary, rolling

Strategy = Callable[[Sequence[Candidate], StrategySettings, int], tuple[Batch, ...]]

STRATEGIES: dict[str, Strategy] = {
    "rolling": rolling.batches,
    "canary": canary.batches,
    "all-at-once": all_at_once.batches,
}
