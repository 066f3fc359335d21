"""Rule 2: the same request gets the same token; an id that has ended gets none; a free host counts its token up."""

from __future__ import annotations

import pytest

from fleetdeploy.errors import AnswerLost
from fleetdeploy.lab.windows.faults import FaultKind
from tests.hosts.conftest import Rig
from tests.protocol.adversary import memory, party


def test_a_lost_answer_of_open_gives_the_same_token_again(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    rig.host.faults.add(FaultKind.LOSE_ANSWER, pattern="Protocol rules 1 to 5")
    with pytest.raises(AnswerLost):
        one.open()
    first = memory(rig)
    assert first.token_high == 1
    again = one.open()
    assert (again.result, again.token) == ("opened", 1)
    assert memory(rig).token_high == 1, "the second one is the first one"


def test_the_same_id_of_another_conductor_is_another_owner(rig: Rig) -> None:
    party(rig, "R1", "C1").open()
    other = party(rig, "R1", "C2").open()
    assert other.result == "occupied"
    assert other.owner is not None
    assert other.owner.conductor == "C1"


def test_an_id_that_has_ended_never_opens_again(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    one.open()
    one.close("aborted")
    late = party(rig, "R1", "C1").open()
    assert (late.result, late.outcome, late.token) == ("ended", "aborted", 0)
    assert memory(rig).open is None
    assert party(rig, "R2", "C2").open().token == 2
