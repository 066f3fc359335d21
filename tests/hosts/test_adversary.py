"""One host against an adversary: lost answers, resets, reboots and two conductors, in an order that a seed decides.

Whatever happens, after one sensible command (a rollback that takes over) the service runs, is armed as it was made, and
is either as it was made or, where nothing was begun, untouched; and a token that was replaced changes nothing.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from fleetdeploy.errors import HostError, Stale
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.service import Action, FailureActions
from fleetdeploy.model.verbs import ActivateOutcome, OpenMode, OpenRequest
from tests.hosts.conftest import ACTOR, MakeRig, Rig, program, until

FAULTS = (
    (FaultKind.RESET_BEFORE, ""),
    (FaultKind.RESET_DURING, "Invoke-FdForward"),
    (FaultKind.RESET_AFTER, "Invoke-FdForward"),
    (FaultKind.LOSE_ANSWER, "Invoke-FdForward"),
    (FaultKind.LOSE_ANSWER, "turned_from"),
    (FaultKind.REBOOT, "^stop Shop"),
    (FaultKind.REBOOT, "^start Shop"),
    (FaultKind.REBOOT, "state.json"),
    (FaultKind.LOCK_FILE, "state.json.new"),
)


def patiently(rig: Rig, call: object) -> object:
    """What a conductor does after a lost answer: look until the host answers, then ask again."""
    for _ in range(6):
        try:
            return call()  # type: ignore[operator]
        except Stale:
            raise
        except HostError:
            rig.host.faults.heal()
            until(lambda: rig.host.machine.up and rig.seen().running_verb == "", 30)
    raise AssertionError("the host never answered")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rollback_mends_what_an_adversary_left(make_rig: MakeRig, seed: int) -> None:
    play(make_rig, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 60))
def test_a_rollback_mends_what_an_adversary_left_long(make_rig: MakeRig, seed: int) -> None:
    play(make_rig, seed)


def play(make_rig: MakeRig, seed: int) -> None:
    chance = random.Random(seed)
    rig = make_rig(program("v1.4.0", stop_seconds=0.2), options={"boot_seconds": 0.3})
    armed = FailureActions(86400, ((Action.RESTART, 60000), (Action.NONE, 0)))
    rig.host.machine.scm.change("Shop", failure=armed)
    before = rig.seen().service
    assert before is not None
    behaviour = chance.choice([{}, {}, {"crash_on_start": True}, {"hang_on_stop": True}])
    artifact = rig.artifact("v1.4.3", start_seconds=0.2, **behaviour)
    rig.open()
    rig.stage(artifact)
    first = rig.claim()
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.8:
            kind, pattern = chance.choice(FAULTS)
            rig.host.faults.add(kind, pattern=pattern, seconds=0.3 if kind is FaultKind.LOCK_FILE else 0.0)
        try:
            if chance.random() < 0.7:
                rig.activate(artifact)
            else:
                rig.token = rig.verbs.turn(rig.claim()).token
        except HostError:
            until(lambda: rig.host.machine.up, 30)
    rig.host.faults.heal()
    # The conductor is dead; somebody else types `rollback`.
    owner = patiently(rig, lambda: rig.seen().state)
    entry = owner.open  # type: ignore[attr-defined]
    request = OpenRequest("R9", "C9", "back", "R1", "d", (("web01", "m1"),), ACTOR, 60.0, direction="back")
    request = replace(request, mode=OpenMode.TAKE_OVER, expected=(entry.rollout, entry.conductor, entry.token))
    opened = patiently(rig, lambda: rig.verbs.open(request))
    rig.rollout, rig.conductor, rig.token = "R9", "C9", opened.token  # type: ignore[attr-defined]
    if chance.random() < 0.5:
        kind, pattern = chance.choice([*FAULTS, (FaultKind.LOSE_ANSWER, "Invoke-FdBack")])
        rig.host.faults.add(kind, pattern=pattern, seconds=0.3 if kind is FaultKind.LOCK_FILE else 0.0)
    result = patiently(rig, lambda: rig.go_back(artifact, undo="R1"))
    rig.host.faults.heal()
    assert result.outcome in (  # type: ignore[attr-defined]
        ActivateOutcome.RESTORED,
        ActivateOutcome.NOTHING,
        ActivateOutcome.LEFT_ALONE,
    ), result
    with pytest.raises(Stale):
        rig.verbs.activate(replace(rig.request(artifact), claim=replace(first, step=999)))
    after = rig.seen().service
    assert after is not None
    assert (after.state, after.snapshot.values) == ("Running", before.snapshot.values)
    assert after.running_sha256 == before.running_sha256
    rig.close("rolled_back", also=(("R1", "rolled_back"),), kind="back")
    state = rig.seen().state
    assert state is not None
    assert state.open is None
    assert all(one.ended for one in state.rollouts)
