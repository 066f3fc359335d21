"""Rule 4: who withdraws leaves no trace, and what it had replaced stands again, as dead; who makes way for whom."""

from __future__ import annotations

import threading

import pytest

from fleetdeploy.errors import AnswerLost, Stale
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.model.verbs import Actor, OpenEntry
from fleetdeploy.rollout.open_hosts import _goes_first
from tests.hosts.conftest import Rig
from tests.protocol.adversary import entry, memory, party
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome


def test_a_withdrawal_leaves_no_trace(rig: Rig) -> None:
    one = party(rig, "R1", "C1")
    one.open()
    one.withdraw()
    assert memory(rig).open is None
    assert memory(rig).rollouts == ()


def test_a_take_over_that_loses_puts_the_replaced_entry_back_as_dead(rig: Rig) -> None:
    old = party(rig, "R1", "C1")
    old.open()
    loser = party(rig, "K1", "C2", kind="back", undoes="R1")
    loser.open(entry(rig))
    with pytest.raises(Stale):
        old.beat()
    loser.withdraw()
    again = entry(rig)
    assert (again.rollout, again.conductor, again.token, again.alive_here) == ("R1", "C1", 1, False)
    assert memory(rig).rollout("K1") is None
    # So whoever waited may take it over, from the same old entry.
    winner = party(rig, "K0", "C0", kind="back", undoes="R1")
    assert winner.open(again).result == "opened"


def test_a_withdrawal_whose_answer_was_lost_may_be_repeated(rig: Rig) -> None:
    party(rig, "R1", "C1").open()
    loser = party(rig, "K1", "C2", kind="back", undoes="R1")
    loser.open(entry(rig))
    rig.host.faults.add(FaultKind.LOSE_ANSWER, pattern="Protocol rule 6")
    with pytest.raises(AnswerLost):
        loser.withdraw()
    assert loser.withdraw() == "withdrawn"
    assert entry(rig).rollout == "R1", "and nobody else's entry was touched"


def opening(conductor: str, *, strong: bool, phase: str = "opening") -> OpenEntry:
    kind = "forward"
    return OpenEntry("X", conductor, 1, kind, phase, kind, Actor("u", "m", 1), (), "", None, True, strong)  # type: ignore[arg-type]


@pytest.mark.parametrize("ours", ["rollout", "resume", "rollback"])
@pytest.mark.parametrize("theirs", ["rollout", "resume", "rollback"])
@pytest.mark.parametrize("smaller", [True, False])
def test_of_two_that_are_opening_exactly_one_goes_first(ours: str, theirs: str, smaller: bool) -> None:
    def first(me: str, mine: str, other: str, its: str) -> bool:
        kind = "back" if me == "rollback" else "forward"
        run = type("Run", (), {"plan": type("P", (), {"kind": kind}), "resume": me == "resume", "conductor": mine})
        book = type("Book", (), {"run": run})
        return _goes_first(book, opening(its, strong=other != "rollout"))  # type: ignore[arg-type]

    mine, its = ("C1", "C2") if smaller else ("C2", "C1")
    assert first(ours, mine, theirs, its) != first(theirs, its, ours, mine)
    if ours != "rollout" and theirs == "rollout":
        assert first(ours, mine, theirs, its)


def test_one_that_runs_already_makes_way_for_nobody() -> None:
    run = type("Run", (), {"plan": type("P", (), {"kind": "back"}), "resume": False, "conductor": "C1"})
    book = type("Book", (), {"run": run})
    assert not _goes_first(book, opening("C2", strong=False, phase="running"))  # type: ignore[arg-type]


def test_two_rollbacks_at_once_one_goes_on_and_the_hosts_are_back(world: World) -> None:
    world.given_hosts(2)
    world.given_version("v1.4.2")
    assert outcome(world.when_rollout("v1.4.2", canary="1", bake_canary="0s"))[1] == 0
    codes: list[int] = []

    def roll_back() -> None:
        result = world.when_rollback()
        codes.append(int(getattr(result, "exit_code", 0)))

    both = [threading.Thread(target=roll_back) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert 0 in codes, codes
    assert set(codes) <= {0, 6}, codes
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.stops().values()) == {2}
    assert world.nothing_is_open()
