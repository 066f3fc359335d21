"""Has a canary shown that the release is well? Pure: a canary that never ran it proves nothing about the rest."""

from __future__ import annotations

from collections.abc import Mapping

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import HostState

_PROVED = frozenset({HostState.HEALTHY, HostState.UNCHANGED})


def unproved(batches: tuple[Batch, ...], states: Mapping[str, HostState], index: int) -> tuple[str, ...]:
    """The canaries before batch ``index``, if none of them runs the release and is healthy; () if one does, or there
    are none: skipped, excluded, lost and put back ones all say nothing."""
    before = tuple(name for b in batches if b.is_canary and b.index < index for name in b.hosts)
    return () if any(states.get(name) in _PROVED for name in before) else before
