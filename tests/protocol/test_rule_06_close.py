"""Rules 5 and 6: the end stands on every host of the plan; only id and conductor together write it; nothing hangs."""

from __future__ import annotations

import pytest

from fleetdeploy.errors import AnswerLost, Stale
from fleetdeploy.lab.windows.faults import FaultKind
from tests.hosts.conftest import Rig
from tests.protocol.adversary import Party, entry, memory, party, rolled_out
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome


def test_the_end_is_written_where_nothing_ever_stood(rig: Rig) -> None:
    party(rig, "R1", "C1").close("aborted")
    late = party(rig, "R1", "C1").open()
    assert (late.result, late.outcome) == ("ended", "aborted")


def test_the_end_is_written_beside_the_entry_of_another_rollout(rig: Rig) -> None:
    other = party(rig, "R2", "C2")
    other.open()
    # R1 had this host in its plan and never came to open it; whoever takes R1 over closes it here, too (rule 5).
    party(rig, "R1", "C1").close("aborted")
    assert entry(rig).rollout == "R2"
    other.beat()
    other.close("aborted")
    assert party(rig, "R1", "C1").open().result == "ended"


@pytest.mark.parametrize(("rollout", "conductor"), [("R1", "C9"), ("R9", "C1")])
def test_nobody_else_may_close(rig: Rig, rollout: str, conductor: str) -> None:
    one = party(rig, "R1", "C1")
    one.open()
    # R9 stood here once; it is not what stands here now.
    if rollout == "R9":
        gone = entry(rig)
        nine = party(rig, "R9", "C9", kind="back")
        nine.open(gone)
        back = party(rig, "R1", "C1b")
        back.open(entry(rig))
        one = back
    stranger = party(rig, rollout, conductor, token=one.token)
    with pytest.raises(Stale):
        stranger.close("succeeded")
    one.beat()


def test_a_lost_answer_of_close_is_no_second_end(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    one.open()
    rig.host.faults.add(FaultKind.LOSE_ANSWER, pattern="Protocol rule 6")
    with pytest.raises(AnswerLost):
        one.close("succeeded")
    assert one.close("aborted") == "succeeded", "what was written first stays"
    assert [r.outcome for r in memory(rig).rollouts] == ["succeeded"]


def test_what_a_rollback_needs_is_not_pushed_out_by_rollouts_that_changed_nothing(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rolled_out(rig, artifact)
    for number in range(2, 7):
        one = party(rig, f"R{number}", f"C{number}")
        one.open()
        one.close("failed")
    record = memory(rig).rollout("R1")
    assert record is not None
    assert record.origin is not None
    back = party(rig, "K1", "CK", kind="back", undoes="R1")
    back.open()
    assert back.back(artifact, "R1").outcome.value == "restored"


def test_the_newest_three_that_changed_the_host_are_kept(rig: Rig) -> None:
    for number in range(1, 5):
        rolled_out(rig, rig.artifact(f"v1.5.{number}"), f"R{number}", f"C{number}")
    assert [r.id for r in memory(rig).rollouts] == ["R2", "R3", "R4"]


def of(world: World, name: str, rollout: str, conductor: str) -> Party:
    from fleetdeploy.app.connect import connector

    workspace = world.workspace()
    host = workspace.fleet.host(name)
    machines = tuple((n, "m") for n in world.lab.hosts)
    return Party(connector(workspace)(host), rollout, conductor, machines=machines)


def test_a_rollout_that_died_while_opening_is_closed_everywhere(world: World) -> None:
    world.given_hosts(3)
    # Its conductor opened one host of three and died; two never heard of it.
    dead = of(world, "web1", "01DEAD", "C1")
    dead.open(ttl_s=0.0)
    dead.verbs.disconnect()
    world.when_rollback()
    assert world.nothing_is_open()
    # What it had sent to the other hosts comes only now.
    for name in world.lab.hosts:
        late = of(world, name, "01DEAD", "C1")
        assert late.open().result == "ended", name
        late.verbs.disconnect()


def test_an_unended_record_without_an_entry_does_not_block_for_ever(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    dead = of(world, "web1", "01DEAD", "C1")
    dead.open(ttl_s=0.0)
    dead.verbs.disconnect()
    seen = dead.verbs.observe().state
    assert seen is not None
    assert seen.open is not None
    # Taken over by a rollback of something else: what was replaced ends with it.
    taker = of(world, "web1", "01TAKER", "C2")
    taker.kind = "back"
    taker.open(seen.open)
    taker.close("succeeded")
    taker.verbs.disconnect()
    dead.verbs.disconnect()
    assert not world.nothing_is_open(), "a conductor that dies right now leaves this behind"
    world.when_rollback()
    assert world.nothing_is_open()
    assert outcome(world.when_rollout("v1.4.2", bake_canary="0s"))[1] == 0


def test_a_silent_member_makes_a_rollback_incomplete_and_is_undone_later(world: World) -> None:
    world.given_hosts(3)
    world.given_version("v1.4.2")
    done = world.when_rollout("v1.4.2", bake_canary="0s")
    assert outcome(done)[1] == 0, world.texts()
    world.host("web2").machine.power_off()
    found = world.when_rollback(done.rollout)  # type: ignore[union-attr]
    assert outcome(found) == ("rollback_incomplete", 8), world.texts()
    assert "web2" in world.texts()
    world.host("web2").machine.power_on()
    result = world.when_rollback()
    assert outcome(result)[1] == 0, world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert world.nothing_is_open()
