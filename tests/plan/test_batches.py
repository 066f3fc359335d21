"""Rounding, by table: 1, 2, 3, 7 and 100 hosts."""

from __future__ import annotations

import pytest

from fleetdeploy.model.strategy import Amount
from fleetdeploy.plan.batches import Candidate, cut, floor_of, round_down, round_up, spread


@pytest.mark.parametrize(
    ("amount", "of", "up", "down"),
    [
        ("10%", 1, 1, 1),
        ("10%", 2, 1, 1),
        ("10%", 3, 1, 1),
        ("10%", 7, 1, 1),
        ("10%", 12, 2, 1),
        ("10%", 100, 10, 10),
        ("25%", 1, 1, 1),
        ("25%", 2, 1, 1),
        ("25%", 3, 1, 1),
        ("25%", 7, 2, 1),
        ("25%", 100, 25, 25),
        ("34%", 3, 2, 1),
        ("50%", 7, 4, 3),
        ("100%", 7, 7, 7),
        ("1%", 100, 1, 1),
        ("5", 3, 3, 3),
        ("5", 100, 5, 5),
        ("2", 1, 1, 1),
        ("25%", 0, 0, 0),
    ],
)
def test_canaries_round_up_and_batches_round_down(amount: str, of: int, up: int, down: int) -> None:
    assert round_up(Amount.parse(amount), of) == up
    assert round_down(Amount.parse(amount), of) == down


@pytest.mark.parametrize(
    ("most", "batch", "scope", "changing", "floor"),
    [
        (None, "25%", 12, 12, 3),
        (None, "25%", 12, 2, 1),
        (None, "5", 12, 12, 5),
        ("50%", "25%", 12, 4, 6),
        ("2", "25%", 12, 12, 2),
        ("10%", "25%", 3, 3, 1),
        (None, "25%", 4, 0, 1),
    ],
)
def test_the_floor_is_the_batch_unless_it_is_set(
    most: str | None, batch: str, scope: int, changing: int, floor: int
) -> None:
    amount = Amount.parse(most) if most else None
    assert floor_of(amount, Amount.parse(batch), scope=scope, changing=changing) == floor


def test_zones_alternate_and_no_host_is_lost() -> None:
    hosts = [Candidate(f"a{i}", "a") for i in range(4)] + [Candidate(f"b{i}", "b") for i in range(2)]
    ordered = spread(hosts)
    assert sorted(h.name for h in ordered) == sorted(h.name for h in hosts)
    assert {h.zone for h in ordered[:2]} == {"a", "b"}
    # The big zone is not left for the end.
    assert [h.zone for h in ordered].index("b") < 2
    assert ordered[-1].zone == "a"
    assert "b" in {h.zone for h in ordered[3:]}


def test_spread_never_enlarges_a_batch() -> None:
    hosts = [Candidate(str(i), str(i % 3)) for i in range(10)]
    assert [len(g) for g in cut(spread(hosts), 3)] == [3, 3, 3, 1]
