"""Rules of protocol.md, each with a history that would break a host without it. See ``adversary.py`` for the moves."""

from __future__ import annotations

import pytest

from tests.hosts.conftest import MakeRig, Rig, make_rig, program
from tests.scenarios.conftest import world

__all__ = ["make_rig", "rig", "world"]


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A host with a hand-made service running v1.4.0."""
    return make_rig(program("v1.4.0"))
