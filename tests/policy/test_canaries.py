"""The rest waits until a canary has proved something."""

from __future__ import annotations

import pytest

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import HostState as S
from fleetdeploy.policy.canaries import unproved

BATCHES = (Batch(0, ("a",), is_canary=True), Batch(1, ("b", "c"), is_canary=True), Batch(2, ("d",)))


@pytest.mark.parametrize(
    ("states", "index", "found"),
    [
        ({"a": S.SKIPPED, "b": S.SKIPPED, "c": S.EXCLUDED}, 2, ("a", "b", "c")),
        ({"a": S.SKIPPED, "b": S.HEALTHY, "c": S.EXCLUDED}, 2, ()),
        ({"a": S.UNCHANGED, "b": S.SKIPPED, "c": S.SKIPPED}, 2, ()),
        ({"a": S.ROLLED_BACK}, 1, ("a",)),  # within the budget: still nobody has seen the release run well
        ({"a": S.SKIPPED}, 0, ()),  # the first canary has nobody before it
    ],
)
def test_unproved(states: dict[str, S], index: int, found: tuple[str, ...]) -> None:
    assert unproved(BATCHES, states, index) == found


def test_without_canaries_there_is_nothing_to_prove() -> None:
    assert unproved((Batch(0, ("a",)), Batch(1, ("b",))), {"a": S.SKIPPED}, 1) == ()
