"""Rollouts under faults of the lab: a sample in every run, all of them in ``make soak``; ``table.py`` prints them.

What must hold is in ``play.py``, how each may end in ``cases.py``.
"""

from __future__ import annotations

import pytest

from tests.faults.cases import Case, cases
from tests.faults.play import play

_SAMPLE = (
    "quarantine, gone, at the start",
    "HTTP 503, activate, begin",
)
_ALL = {case.name: case for case in cases()}


@pytest.mark.parametrize("name", _SAMPLE)
def test_a_rollout_under_a_fault(name: str) -> None:
    play(_ALL[name])


@pytest.mark.soak
@pytest.mark.parametrize("case", [case for name, case in _ALL.items() if name not in _SAMPLE], ids=str)
def test_a_rollout_under_every_fault(case: Case) -> None:
    play(case)
