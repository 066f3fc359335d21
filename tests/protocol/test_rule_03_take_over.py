"""Rule 3: only the very entry that was found dead is replaced; a living owner keeps the host; life is told by boot."""

from __future__ import annotations

import pytest

from fleetdeploy.errors import Stale
from tests.hosts.conftest import Rig, until
from tests.protocol.adversary import entry, memory, party


def test_of_two_that_take_over_the_same_dead_entry_the_second_is_refused(rig: Rig) -> None:
    party(rig, "R1", "C1").open(ttl_s=0.0)
    dead = entry(rig)
    first = party(rig, "K1", "C2", kind="back", undoes="R1")
    second = party(rig, "K2", "C3", kind="back", undoes="R1")
    assert first.open(dead).result == "opened"
    # It decided on what it saw before: the host compares, and says who is there now.
    refused = second.open(dead)
    assert refused.result == "occupied"
    assert refused.owner is not None
    assert (refused.owner.rollout, refused.owner.alive_here) == ("K1", True)
    first.beat()
    with pytest.raises(Stale):
        second.beat()


def test_an_entry_that_was_renewed_under_another_token_is_another_entry(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    one.open(ttl_s=0.0)
    seen = entry(rig)
    one.turn()
    assert party(rig, "K1", "C2", kind="back").open(seen).result == "occupied"


def test_a_sign_of_life_runs_out_and_ends_with_its_boot(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    one.open(ttl_s=60.0)
    assert entry(rig).alive_here
    rig.host.machine.clock.let_pass(61.0)
    assert not entry(rig).alive_here
    one.beat()
    assert entry(rig).alive_here
    one.close("aborted")
    two = party(rig, "R2", "C2")
    two.open(ttl_s=600.0)
    rig.host.machine.reboot(seconds=0.1)
    until(lambda: rig.host.machine.boots == 2 and rig.host.machine.up)
    until(lambda: memory(rig).open is not None)
    assert not entry(rig).alive_here
