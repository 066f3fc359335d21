"""The state of a rollout, read from its events alone."""

from __future__ import annotations

from fleetdeploy.model import events as ev
from fleetdeploy.model.replay import HostReplay, RolloutState, replay
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason, Phase
from fleetdeploy.model.verbs import HostFailure

_S = HostState


def started(conductor: str = "C1", **more: object) -> ev.RolloutStarted:
    hosts = ("a", "b")
    return ev.RolloutStarted("forward", conductor, "f", "shop", "v2", "d", hosts, **more)  # type: ignore[arg-type]


def test_nothing_happened() -> None:
    assert replay([]) == RolloutState()


def test_a_rollout_from_beginning_to_end() -> None:
    told = [
        started(),
        ev.PhaseChanged(Phase.PREFLIGHT),
        ev.PhaseChanged(Phase.STAGING),
        ev.HostChanged("a", _S.STAGED, label="v1"),
        ev.PhaseChanged(Phase.ROLLING),
        ev.HostChanged("a", _S.ACTIVATING),
        ev.HostChanged("a", _S.VERIFYING, label="v2"),
        ev.HostChanged("a", _S.HEALTHY),
        ev.HostChanged("b", _S.UNCHANGED, label="v2"),
        ev.Note("whatever"),
        ev.UnknownEvent({"event": "sung"}),
        ev.RolloutEnded(Outcome.SUCCEEDED, 0),
    ]
    state = replay(told)
    assert (state.phase, state.outcome, state.exit_code, state.turned) == (Phase.DONE, Outcome.SUCCEEDED, 0, False)
    assert state.hosts == {"a": HostReplay(_S.HEALTHY, "v2"), "b": HostReplay(_S.UNCHANGED, "v2")}
    assert (state.misfits, state.conductors) == ((), ("C1",))


def test_it_waits_and_goes_on() -> None:
    told: list[ev.Event] = [started(), ev.HoldChanged(Hold.PAUSED, PauseReason.FREEZE)]
    assert (replay(told).hold, replay(told).reason) == (Hold.PAUSED, PauseReason.FREEZE)
    told.append(ev.HoldChanged(Hold.NONE))
    assert (replay(told).hold, replay(told).reason) == (Hold.NONE, None)
    told += [ev.HoldChanged(Hold.AWAITING_PROMOTION), ev.PhaseChanged(Phase.PREFLIGHT)]
    assert replay(told).hold is Hold.NONE, "going on ends a hold"


def test_a_turn_a_failure_and_what_came_of_it() -> None:
    failure = HostFailure("start", "did not start")
    told = [
        started(),
        ev.HostChanged("a", _S.ACTIVATING),
        ev.HostFailed("a", failure),
        ev.Turned("budget"),
        ev.HostChanged("a", _S.ROLLED_BACK, label="v1"),
    ]
    state = replay(told)
    assert state.turned
    assert state.hosts["a"] == HostReplay(_S.ROLLED_BACK, "v1", failed=True)
    assert state.misfits == ()


def test_a_second_conductor_begins_anew_and_finds_hosts_anywhere() -> None:
    told = [
        started(),
        ev.PhaseChanged(Phase.PREFLIGHT),
        ev.PhaseChanged(Phase.ROLLING),
        ev.HostChanged("a", _S.ACTIVATING, label="v1"),
        ev.Turned("budget"),
        ev.RolloutEnded(None, 130),
        started("C2", resumed=True),
    ]
    state = replay(told)
    assert (state.phase, state.outcome, state.exit_code) == (Phase.PLANNED, None, None)
    assert state.hosts["a"].label == "v1", "what is known of a host stays until something newer is"
    assert state.turned, "a rollout that turned stays so"
    state = replay([*told, ev.HostChanged("a", _S.UNCHANGED)])
    assert state.misfits == (), "activating -> unchanged is no move, but it was found so"
    assert state.conductors == ("C1", "C2")


def test_what_does_not_fit_is_named() -> None:
    told = [
        started(),
        ev.PhaseChanged(Phase.BAKING),
        ev.HostChanged("a", _S.HEALTHY),
        ev.HostChanged("a", _S.STAGED),
        ev.HostChanged("z", _S.STAGED),
    ]
    assert replay(told).misfits == (
        "phase planned -> baking",
        "a healthy -> staged",
        "z is no host of this rollout",
    )
