"""What a person asks of a running rollout, judged: by table and by property."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import Hold, HostState, PauseReason, Phase
from fleetdeploy.model.run import HostState as S
from fleetdeploy.policy.asked import FULL, KINDS, WAITING, Standing, judge
from fleetdeploy.policy.floor import room
from fleetdeploy.policy.gate import View, failures

HOSTS = ("can1", "can2", "web1", "web2", "idle")
BATCHES = (Batch(0, ("can1", "can2"), 1.0, is_canary=True, promotion=True), Batch(1, ("web1", "web2")))


def standing(**more: Any) -> Standing:
    states = {"can1": S.HEALTHY, "can2": S.ROLLED_BACK, "web1": S.STAGED, "web2": S.ACTIVATING, "idle": S.UNCHANGED}
    fields: dict[str, Any] = {
        "rollout": "R1",
        "forward": True,
        "phase": Phase.ROLLING,
        "hold": Hold.NONE,
        "reason": None,
        "states": states,
        "changing": frozenset(HOSTS[:4]),
        "batches": BATCHES,
        "at_work": frozenset({"web2"}),
        "changed": frozenset({"can1"}),
        "batch": 1,
        "why_left": {"idle": "runs it already"},
    }
    return Standing(**{**fields, **more})


PAUSED = {"hold": Hold.PAUSED, "reason": PauseReason.UNKNOWN}
ASKED = {"hold": Hold.PAUSED, "reason": PauseReason.ASKED, "pausing": True}
AWAITING = {"hold": Hold.AWAITING_PROMOTION, "batch": 0}


@pytest.mark.parametrize(
    ("kind", "argument", "now", "accepted", "words"),
    [
        ("pause", "", {}, True, "no further host starts; web2 at work finishes; then it waits, without a time-out"),
        ("pause", "", {"at_work": frozenset()}, True, "none is at work"),
        ("pause", "", PAUSED, True, "stays paused (unknown), now without a time-out"),
        ("pause", "", AWAITING, True, "no wait runs out meanwhile"),
        ("pause", "", ASKED, False, "paused already, or about to be: fleetdeploy resume R1"),
        ("resume", "", ASKED, True, "goes on now: 1 of 4 hosts"),
        ("resume", "", {"pausing": True}, True, "the pause that was asked for is off"),
        ("resume", "", PAUSED, True, "goes on now"),
        ("resume", "", AWAITING, False, "fleetdeploy promote R1"),
        ("resume", "", {}, False, "it is not paused: rolling, batch 2 of 2"),
        ("resume", "", {"hold": Hold.PAUSED, "reason": PauseReason.FREEZE}, False, "calendar"),
        ("promote", "", AWAITING, True, "after a fresh look at every updated host"),
        ("promote", "", {"batch": 0, "phase": Phase.BAKING}, False, "it will after batch 1"),
        ("promote", "", {}, False, "fleetdeploy promote R1 --full"),
        ("promote", "", ASKED, False, "fleetdeploy resume R1 first"),
        ("promote", "", PAUSED, True, "goes on now"),
        ("promote", FULL, {"batch": 0, "phase": Phase.BAKING}, True, "no more bakes, no more promotions"),
        ("promote", FULL, {"full": True}, False, "in full already"),
        ("promote", FULL, ASKED, False, "resume R1 first"),
        ("abort-rollback", "", {}, True, "then every changed host goes back (can1, web2)"),
        ("abort-rollback", "", {"at_work": frozenset(), "changed": frozenset()}, True, "no host was changed"),
        ("abort-leave", "", {}, True, "exit 8"),
        ("abort-leave", "", {"stopping": "abort-rollback"}, False, "abort --rollback was accepted before"),
        ("abort-rollback", "", {"stopping": "abort-rollback"}, False, "on its way"),
        ("retry", "can2", {}, True, "as soon as the floor has room"),
        ("retry", "can2", ASKED, True, "once it is resumed"),
        ("retry", "can2", {"stuck": frozenset({"can2"})}, False, "fleetdeploy rollback"),
        ("retry", "can2", {"retrying": frozenset({"can2"})}, False, "already"),
        ("retry", "can2", {"unopened": frozenset({"can2"})}, False, "was not opened"),
        ("retry", "can1", {}, False, "is healthy"),
        ("retry", "web1", {}, False, "still to come"),
        ("retry", "web2", {}, False, "at work now (activating)"),
        ("retry", "idle", {}, False, "runs it already"),
        ("retry", "web9", {}, False, "no host of this rollout (can1, can2, idle, web1, web2)"),
        ("exclude", "web1", {}, True, "keeps its weight in floor and budget"),
        ("exclude", "web1", {"unopened": frozenset({"web1"}), "phase": Phase.PREFLIGHT}, False, "is being opened"),
        ("exclude", "web1", {"changed": frozenset({"web1"})}, False, "was begun by the conductor before"),
        ("exclude", "web2", {}, False, "is at work (activating)"),
        ("exclude", "can1", {}, False, "has had its turn (healthy)"),
        ("exclude", "can2", {"retrying": frozenset({"can2"})}, True, "no other try"),
        ("exclude", "idle", {}, False, "anyway"),
        ("exclude", "", {}, False, "no host"),
        ("dance", "", {}, False, "nothing that this version"),
        ("pause", "", {"turned": True}, False, "being put back"),
        ("abort-leave", "", {"forward": False}, False, "this is a rollback"),
        ("pause", "", {"ending": "it is over"}, False, "too late: it is over"),
    ],
)
def test_answers(kind: str, argument: str, now: dict[str, Any], accepted: bool, words: str) -> None:
    said = judge(kind, argument, standing(**now))
    assert said.accepted is accepted
    assert words in said.text


def test_the_last_canary_is_not_left_out() -> None:
    fresh = dict.fromkeys(HOSTS, S.STAGED)
    now = standing(states=fresh, at_work=frozenset(), changed=frozenset(), batch=0)
    assert judge("exclude", "can1", now).accepted
    alone = replace(now, states={**fresh, "can2": S.EXCLUDED})
    said = judge("exclude", "can1", alone)
    assert not said.accepted
    assert "nothing would go first" in said.text
    assert judge("exclude", "web1", alone).accepted
    proven = replace(now, states={**fresh, "can2": S.HEALTHY})
    assert judge("exclude", "can1", proven).accepted, "the other one has proven it"


STANDINGS = st.builds(
    lambda states, **more: standing(states=dict(zip(HOSTS, states, strict=True)), **more),
    st.lists(st.sampled_from(list(S)), min_size=5, max_size=5),
    hold=st.sampled_from([Hold.NONE, Hold.PAUSED, Hold.AWAITING_PROMOTION]),
    reason=st.sampled_from([None, *PauseReason]),
    phase=st.sampled_from(list(Phase)),
    at_work=st.frozensets(st.sampled_from(HOSTS[:4])),
    stuck=st.frozensets(st.sampled_from(HOSTS[:4]), max_size=1),
    retrying=st.frozensets(st.sampled_from(HOSTS[:4]), max_size=1),
    batch=st.integers(-1, 1),
    pausing=st.booleans(),
    full=st.booleans(),
    turned=st.booleans(),
    forward=st.booleans(),
    ending=st.sampled_from(["", "over"]),
    stopping=st.sampled_from(["", "abort-leave", "abort-rollback"]),
)


@given(now=STANDINGS, kind=st.sampled_from(KINDS), argument=st.sampled_from([*HOSTS, "", FULL, "nobody"]))
def test_nothing_is_promised_that_cannot_be_kept(now: Standing, kind: str, argument: str) -> None:
    said = judge(kind, argument, now)
    assert said.text
    if not said.accepted:
        return
    assert now.forward
    assert not now.turned
    assert not now.ending
    assert not now.stopping, "after an abort nothing else is taken"
    if kind == "exclude":
        assert argument not in now.at_work
        assert now.states[argument] in WAITING or argument in now.retrying
    if kind == "retry":
        assert argument in now.changing - now.at_work - now.stuck
        assert now.states[argument] not in WAITING | {S.HEALTHY, S.UNCHANGED, S.ACTIVATING, S.VERIFYING}
    if kind in ("resume", "promote") and argument != FULL:
        assert now.hold is not Hold.NONE or now.pausing, "there was something to go on from"


@given(
    states=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(list(S)), min_size=2),
    failed=st.frozensets(st.sampled_from("abcdef")),
    down=st.frozensets(st.sampled_from("abcdef")),
    most=st.integers(1, 4),
    data=st.data(),
)
def test_leaving_a_host_out_makes_no_room(
    states: dict[str, HostState], failed: frozenset[str], down: frozenset[str], most: int, data: st.DataObject
) -> None:
    """Failures are the same, and no host may start that might not have started before."""
    out = data.draw(st.sampled_from(sorted(states)))
    before = View(states={**states, out: S.STAGED}, touched=frozenset(), failed=failed)
    after = replace(before, states={**states, out: S.EXCLUDED})
    assert failures(after) == failures(before)
    waiting = [n for n in sorted(states) if n != out]
    with_it = room([out, *waiting], not_serving=down, max_unavailable=most)
    without = room(waiting, not_serving=down, max_unavailable=most)
    assert len(set(without) - down) <= max(most - len(down), 0)
    assert set(without) >= set(with_it) - {out}
