"""State tables, events and the plain form of model values."""

from __future__ import annotations

import dataclasses

import pytest

from fleetdeploy.errors import StateError
from fleetdeploy.model import events as ev
from fleetdeploy.model.codec import from_plain, to_plain
from fleetdeploy.model.health import CheckSpec, HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.run import HOSTS, PHASES, Hold, HostState, Outcome, PauseReason, Phase, RunState, move_host
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import HostFailure


def test_a_rollout_walks_its_phases_and_nothing_else() -> None:
    state = RunState()
    for phase in (Phase.PREFLIGHT, Phase.STAGING, Phase.ROLLING, Phase.BAKING, Phase.ROLLING, Phase.ROLLING_BACK):
        state = state.to(phase)
    assert state.ended(Outcome.ROLLED_BACK).phase is Phase.DONE
    with pytest.raises(StateError) as failure:
        state.to(Phase.ROLLING)
    assert (failure.value.action, failure.value.current) == ("go to rolling", "rolling_back")
    assert "baking" in failure.value.expected


def test_what_has_ended_neither_ends_again_nor_is_held() -> None:
    done = RunState().ended(Outcome.REFUSED)
    with pytest.raises(StateError):
        done.ended(Outcome.FAILED)
    with pytest.raises(StateError):
        done.held(Hold.INTERRUPTED)
    with pytest.raises(StateError):
        RunState().held(Hold.PAUSED)
    assert RunState().held(Hold.PAUSED, PauseReason.FLOOR).reason is PauseReason.FLOOR


def test_the_tables_are_whole() -> None:
    assert set(HOSTS) == set(HostState)
    assert set(PHASES) == set(Phase)
    reachable = {HostState.PENDING}.union(*HOSTS.values())
    assert reachable == set(HostState)


def test_a_host_that_was_left_alone_is_not_called_healthy() -> None:
    with pytest.raises(StateError) as failure:
        move_host("web1", HostState.SKIPPED, HostState.HEALTHY)
    assert "web1" in str(failure.value)
    assert move_host("web1", HostState.VERIFYING, HostState.HEALTHY) is HostState.HEALTHY


def test_every_event_has_a_plain_form_and_comes_back() -> None:
    made = [
        ev.RolloutStarted("forward", "C", "f", "a", "v1", "d", ("x",)),
        ev.HoldChanged(Hold.PAUSED, PauseReason.CUT_OFF, "why", 10.0, ("next",)),
        ev.HostFailed("x", HostFailure("start", "1053", win32=1053), "now"),
        ev.HostChanged("x", HostState.HEALTHY),
        ev.RolloutEnded(Outcome.SUCCEEDED, 0),
        ev.BatchStarted(0, 2, ("x",), is_canary=True),
    ]
    for event in made:
        plain = event.to_json()
        assert plain["event"] == plain["event"].lower()
        assert ev.event_from_json(plain) == event
    assert made[0].to_json()["event"] == "rollout-started"
    with pytest.raises(ValueError, match="no such event"):
        ev.event_from_json({"event": "nonsense"})


@pytest.mark.parametrize("check", [TcpCheck("t", 80), HttpCheck("h", 80, json_path="a.b"), ScriptCheck("s", "1")])
def test_unions_come_back_as_what_they_were(check: CheckSpec) -> None:
    assert from_plain(CheckSpec, to_plain(check)) == check  # type: ignore[arg-type]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="has no"):
        from_plain(TcpCheck, {"name": "t", "port": 80, "extra": 1})
    with pytest.raises(ValueError, match="expected int"):
        from_plain(TcpCheck, {"name": "t", "port": "80"})
    with pytest.raises(TypeError):
        to_plain(Secret("s"))


def test_events_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ev.Note("x").text = "y"  # type: ignore[misc]
