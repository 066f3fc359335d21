"""Random histories (``history.py``): a few in every run, many in ``make soak``. A failure names its seed."""

from __future__ import annotations

import pytest

from tests.protocol.history import History
from tests.scenarios.steps import World


def play(world: World, seed: int, moves: int) -> None:
    history = History(world, seed)
    try:
        history.play(moves)
    except AssertionError as error:
        raise AssertionError(history.story(str(error))) from error
    history.tidy_up()
    history.check()


@pytest.mark.parametrize("seed", [11, 12])
def test_a_short_history(world: World, seed: int) -> None:
    play(world, seed, 9)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(100, 140))
def test_a_long_history(world: World, seed: int) -> None:
    play(world, seed, 25)
