"""The gate, the floor and the question of blame, by table and by property."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.run import HostState
from fleetdeploy.model.run import HostState as S
from fleetdeploy.policy.blame import also_failing, excuses
from fleetdeploy.policy.floor import room
from fleetdeploy.policy.gate import Bake, Pause, Proceed, Reason, RollBack, Stop, View, decide, failures


def view(states: dict[str, HostState], **more: Any) -> View:
    fields: dict[str, Any] = {
        "touched": frozenset(n for n, s in states.items() if s not in (S.PENDING, S.STAGED, S.UNREACHABLE)),
        "batch": tuple(states),
        "bake_s": 5.0,
        **more,
    }
    return View(states=states, **fields)


@pytest.mark.parametrize(
    ("given_view", "want", "reason"),
    [
        (view({"a": S.VERIFYING}), Proceed, Reason.ON_COURSE),
        (view({"a": S.HEALTHY, "b": S.STAGED}), Proceed, Reason.ON_COURSE),
        (view({"a": S.HEALTHY, "b": S.UNCHANGED}), Bake, Reason.BATCH_DONE),
        (view({"a": S.UNHEALTHY, "b": S.STAGED}), RollBack, Reason.BUDGET),
        (view({"a": S.UNHEALTHY, "b": S.STAGED}, budget=1), Proceed, Reason.ON_COURSE),
        (view({"a": S.UNHEALTHY, "b": S.UNHEALTHY}, budget=1), RollBack, Reason.BUDGET),
        (view({"a": S.ROLLED_BACK}, failed=frozenset({"a"})), RollBack, Reason.BUDGET),
        # Failed before anything was touched (staging).
        (view({"a": S.PENDING}, failed=frozenset({"a"}), touched=frozenset()), Stop, Reason.BUDGET),
        # Unknown counts while the others answer; if they do not, it is us.
        (view({"a": S.UNKNOWN, "b": S.STAGED}, controls=1, lost_controls=0), RollBack, Reason.BUDGET),
        (view({"a": S.UNKNOWN, "b": S.STAGED}, controls=1, lost_controls=0, budget=1), Proceed, Reason.ON_COURSE),
        (view({"a": S.UNKNOWN, "b": S.STAGED}, controls=4, lost_controls=3), Pause, Reason.CUT_OFF),
        (view({"a": S.UNKNOWN, "b": S.STAGED}, controls=4, lost_controls=2), RollBack, Reason.BUDGET),
        (view({"a": S.UNKNOWN}, controls=0), RollBack, Reason.BUDGET),
        # Untouched hosts fail too.
        (view({"a": S.UNHEALTHY, "b": S.STAGED}, excusing=("b",)), Pause, Reason.NOT_TO_BLAME),
        (view({"a": S.EXCLUDED, "b": S.STAGED}, different=frozenset({"a"})), Pause, Reason.DIFFERENT),
        (view({"a": S.UNHEALTHY}, different=frozenset({"b"})), RollBack, Reason.BUDGET),
    ],
)
def test_decide(given_view: View, want: type, reason: Reason) -> None:
    decision = decide(given_view)
    assert isinstance(decision, want)
    assert decision.reason is reason


STATES = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(list(S)), max_size=8)


@given(states=STATES, budget=st.integers(0, 8), excused=st.booleans())
def test_the_budget_is_never_exceeded_unnoticed(states: dict[str, HostState], budget: int, excused: bool) -> None:
    made = view(states, budget=budget, excusing=("z",) if excused else ())
    decision = decide(made)
    if len(failures(made)) > budget:
        assert isinstance(decision, (RollBack, Stop, Pause))
    else:
        assert isinstance(decision, (Proceed, Bake))


@given(
    waiting=st.lists(st.sampled_from([f"h{i}" for i in range(20)]), unique=True),
    down=st.sets(st.sampled_from([f"h{i}" for i in range(25)])),
    running=st.sets(st.sampled_from([f"h{i}" for i in range(25)])),
    most=st.integers(0, 12),
)
def test_the_floor_is_never_exceeded(waiting: list[str], down: set[str], running: set[str], most: int) -> None:
    started = room(waiting, not_serving=down, max_unavailable=most, running=running)
    before = down | running
    after = before | set(started)
    assert len(after) <= max(most, len(before))
    assert set(waiting) & before <= set(started), "what is down already takes nothing more away"
    assert list(started) == [h for h in waiting if h in started], "in order"


def look(*failing: str, state: str = "Running", target: bool = False) -> Sample:
    return Sample(0.0, 1, "1", state, True, tuple(CheckFailure(f, "", target) for f in failing))


def test_blame() -> None:
    base = {"a": look(), "b": look("x"), "c": look()}
    assert also_failing(base, {"a": look("x"), "b": look("x"), "c": look()}) == ("a",)
    assert also_failing(base, {"a": look("v", target=True)}) == (), "a check that compares with the target says nothing"
    assert also_failing(base, {"a": look(state="Stopped")}) == ("a",)
    assert also_failing({}, {"a": look("x")}) == (), "it may have failed before"
    assert excuses(base, {"a": look("x"), "b": look("x"), "c": look()}) == (), "one of three by chance"
    assert excuses(base, {"a": look("x"), "c": look("x")}) == ("a", "c")
    assert excuses(base, {}) == ()
