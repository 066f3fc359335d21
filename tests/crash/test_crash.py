"""The controller is killed at a crash point; then ``resume``, ``rollback``, or ``rollback`` with an empty store.

A seeded sample on a small fleet in every run, all of it on six hosts in ``make soak``; ``python -m tests.crash.table``
prints what came of each. What must hold is in ``play.py``, how each has to end in ``matrix.py``.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from tests.crash.matrix import REACHED, Case, cases
from tests.crash.play import play
from tests.crash.world import BAD, GOOD, crash_world

_BUSY = ("activate", "put-back", "turn", "turn-host", "batch", "bake")
_SMALL = [c for c in cases() if ":" not in c.point and c.name.endswith(_BUSY)]  # two hosts have no sixth hit
_PICK = random.Random(20)
_SAMPLE = [_PICK.choice([c for c in _SMALL if c.act == act]) for act in REACHED]


@pytest.mark.parametrize("case", _SAMPLE, ids=str)
def test_killed_at_a_point(case: Case) -> None:
    play(case, hosts=2)


@pytest.mark.soak
@pytest.mark.parametrize("case", cases(), ids=str)
def test_killed_at_every_point(case: Case) -> None:
    play(case)


@pytest.mark.soak
@pytest.mark.parametrize("act", REACHED, ids=str)
def test_an_act_comes_by_exactly_these_points(act: str) -> None:
    with tempfile.TemporaryDirectory() as folder, crash_world(Path(folder)) as world:
        log = Path(folder) / "log"
        if act == "rollback":
            assert world.when("rollout", GOOD, "--yes").code == 0
            assert world.when("rollback", "--yes", crash=f"log:{log}").code == 0
        else:
            version = BAD if BAD in act else GOOD
            assert world.when("rollout", version, "--yes", crash=f"log:{log}").code == (3 if version == BAD else 0)
        assert set(log.read_text(encoding="utf-8").split()) == set(REACHED[act])
