"""Rule 9, the other way round: a host that went back alone is turned forward again, and only where it is as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.errors import AnswerLost, HostError, Stale
from fleetdeploy.model.verbs import ActivateOutcome
from tests.hosts.conftest import Rig
from tests.protocol.adversary import entry, memory, party


def forward(one: object) -> int:
    """Turns it forward, with the claim of a party."""
    return one.verbs.turn(one.claim(), direction="forward").token  # type: ignore[attr-defined,no-any-return]


def test_there_back_and_there_again(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    hand_made = rig.expected()
    assert one.activate(artifact, expected=hand_made).outcome is ActivateOutcome.ACTIVATED
    # Where the release runs it does not turn forward: there is nothing to try again.
    one.turn()
    with pytest.raises(HostError, match="as it was before") as refused:
        forward(one)
    assert not isinstance(refused.value, (Stale, AnswerLost))
    assert (entry(rig).direction, entry(rig).token) == ("back", one.token)
    late = one.request(artifact, direction="back", spec=None, undo="R1")
    assert one.back(artifact, undo="R1").outcome is ActivateOutcome.RESTORED
    assert rig.expected() == hand_made
    # What was put back goes forward with a token of its own; a lost answer asked for again is the same turn.
    old = replace(one)
    claim = one.claim()
    one.token = one.verbs.turn(claim, direction="forward").token
    assert one.token == old.token + 1
    assert one.verbs.turn(claim, direction="forward").token == one.token
    assert (entry(rig).direction, entry(rig).token) == ("forward", one.token)
    # Whatever was still on its way back changes nothing any more.
    with pytest.raises(Stale):
        one.verbs.activate(late)
    with pytest.raises(Stale):
        old.back(artifact, undo="R1")
    assert one.activate(artifact, expected=hand_made).outcome is ActivateOutcome.ACTIVATED
    record = memory(rig).rollout("R1")
    assert record is not None
    assert (record.direction, record.intent, record.done, record.put_back) == ("forward", True, True, False)
    # And its way back is still the one that it was before it all began.
    one.turn()
    assert one.back(artifact, undo="R1").outcome is ActivateOutcome.RESTORED
    assert rig.expected() == hand_made


def test_between_the_turn_and_the_next_try_it_is_a_host_that_went_back(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    one.activate(artifact)
    one.turn()
    one.back(artifact, undo="R1")
    one.token = forward(one)
    record = memory(rig).rollout("R1")
    assert record is not None
    # What a conductor that goes on after a crash reads here: changed, and put back.
    assert (record.direction, record.intent, record.done, record.put_back) == ("forward", True, False, True)
    stops = rig.host.effects.count("stop")
    back = party(rig, "R2", "C2", kind="back")
    assert back.open(over=entry(rig), undoes="R1").result == "opened"
    assert back.back(artifact, undo="R1").outcome in (ActivateOutcome.RESTORED, ActivateOutcome.ALREADY)
    assert rig.host.effects.count("stop") == stops, "there is nothing left to undo"
