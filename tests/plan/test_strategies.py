"""Rules that hold for every strategy in the table, whatever the fleet; and what each does, by example."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetdeploy.model.strategy import Amount, LabelSelector, StrategySettings
from fleetdeploy.plan.batches import Candidate, beyond
from fleetdeploy.plan.strategies import STRATEGIES

AMOUNTS = st.builds(
    lambda v, p: Amount(min(v, 100) if p else v, percent=p), st.integers(min_value=1, max_value=120), st.booleans()
)
HOSTS = st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=60).map(
    lambda rows: [
        Candidate(f"h{i}", zone, (("tier", "canary"),) if marked else (), healthy)
        for i, (zone, healthy, marked) in enumerate(rows)
    ]
)
SETTINGS = st.builds(
    StrategySettings,
    kind=st.sampled_from(sorted(STRATEGIES)),
    batch=AMOUNTS,
    canary=st.one_of(st.lists(AMOUNTS, min_size=1, max_size=3).map(tuple), st.just(LabelSelector("tier", "canary"))),
    zone_spread=st.booleans(),
    pause_after_canary=st.booleans(),
)


@given(hosts=HOSTS, given_settings=SETTINGS, cap=st.integers(min_value=1, max_value=70))
@settings(max_examples=300, deadline=None)
def test_rules_of_every_strategy(hosts: list[Candidate], given_settings: StrategySettings, cap: int) -> None:
    batches = STRATEGIES[given_settings.kind](hosts, given_settings, cap)
    names = [name for batch in batches for name in batch.hosts]
    assert sorted(names) == sorted(h.name for h in hosts), "each host exactly once"
    assert all(batch.hosts for batch in batches), "no empty batch"
    assert all(len(batch.hosts) <= cap for batch in batches), "the cap holds"
    assert [b.index for b in batches] == list(range(len(batches)))
    marks = [b.is_canary for b in batches]
    assert marks == sorted(marks, reverse=True), "canaries come first"
    assert STRATEGIES[given_settings.kind](hosts, given_settings, cap) == batches, "the same again"
    if not isinstance(given_settings.canary, LabelSelector) and any(h.healthy for h in hosts):
        sick = {h.name for h in hosts if not h.healthy}
        assert not sick & {n for b in batches if b.is_canary for n in b.hosts}, "a broken host proves nothing"
    if not hosts:
        assert batches == ()


def fleet(number: int) -> list[Candidate]:
    return [Candidate(f"h{i}", f"z{i % 3}") for i in range(number)]


@pytest.mark.parametrize(
    ("number", "sizes"),
    [
        (1, [1]),
        (2, [1, 1]),
        (3, [1, 1, 1]),
        (7, [1, 1, 1, 1, 1, 1, 1]),
        (12, [2, 3, 3, 3, 1]),
        (100, [10, 25, 25, 25, 15]),
    ],
)
def test_canary_ten_percent_then_a_quarter(number: int, sizes: list[int]) -> None:
    plan = STRATEGIES["canary"](fleet(number), StrategySettings(kind="canary"), 100)
    assert [len(b.hosts) for b in plan] == sizes
    assert [b.is_canary for b in plan] == [True] + [False] * (len(sizes) - 1)
    assert plan[0].bake_s == 300.0


def test_growing_canaries_are_totals() -> None:
    chosen = StrategySettings(kind="canary", canary=(Amount(1), Amount(5), Amount(20, percent=True)))
    plan = STRATEGIES["canary"](fleet(50), chosen, 50)
    assert [len(b.hosts) for b in plan if b.is_canary] == [1, 4, 5]


def test_label_canaries_and_promotion_after_the_last() -> None:
    hosts = [replace(h, labels=(("tier", "canary"),)) if i in (3, 5) else h for i, h in enumerate(fleet(8))]
    chosen = StrategySettings(kind="canary", canary=LabelSelector("tier", "canary"), pause_after_canary=True)
    plan = STRATEGIES["canary"](hosts, chosen, 8)
    assert plan[0].hosts == ("h3", "h5")
    assert [b.promotion for b in plan if b.is_canary] == [True]
    assert not any(b.promotion for b in plan if not b.is_canary)


def test_the_batch_share_is_of_all_that_change() -> None:
    plan = STRATEGIES["rolling"](fleet(7), StrategySettings(batch=Amount(25, percent=True)), 7)
    assert [len(b.hosts) for b in plan] == [1] * 7
    plan = STRATEGIES["all-at-once"](fleet(7), StrategySettings(kind="all-at-once"), 7)
    assert [len(b.hosts) for b in plan] == [7]


@pytest.mark.parametrize("kind", sorted(STRATEGIES))
@given(hosts=HOSTS, numbers=st.lists(st.integers(1, 9), max_size=3, unique=True).map(tuple), size=AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_pauses_after_batches_are_counted_as_they_are_shown(
    kind: str, hosts: list[Candidate], numbers: tuple[int, ...], size: Amount
) -> None:
    plain = StrategySettings(kind=kind, batch=size)
    asked = replace(plain, pause_after_batch=numbers)
    without, batches = (STRATEGIES[kind](hosts, one, 5) for one in (plain, asked))
    assert [b.index + 1 for b in batches if b.promotion] == sorted(n for n in numbers if n <= len(batches))
    assert [replace(b, promotion=False) for b in batches] == list(without), "a pause moves no host"
    assert set(beyond(batches, numbers)) == {n for n in numbers if n > len(batches)}


def test_both_pauses_at_once() -> None:
    chosen = StrategySettings(kind="canary", canary=(Amount(1),), batch=Amount(2), pause_after_canary=True)
    plan = STRATEGIES["canary"](fleet(6), replace(chosen, pause_after_batch=(3,)), 6)
    assert [b.promotion for b in plan] == [True, False, True, False]
