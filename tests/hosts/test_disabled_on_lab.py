"""A person disables the service while a rollout is about: it is not enabled, and that it is down now is said."""

from __future__ import annotations

from fleetdeploy.model.verbs import ActivateOutcome
from tests.hosts.conftest import MakeRig, program


def test_disabled_between_stop_and_start(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"))
    artifact = rig.artifact("v1.4.2")
    rig.host.faults.add("disable", pattern="^start Shop")
    forward = rig.rollout_of(artifact)
    assert forward.outcome is ActivateOutcome.PUT_BACK_FAILED
    rig.token = rig.verbs.turn(rig.claim()).token
    back = rig.go_back(artifact)
    assert back.outcome is ActivateOutcome.RESTORED
    assert back.failure is not None
    assert back.failure.win32 == 1058
    assert rig.host.machine.scm.query("Shop").state.name == "STOPPED"


def test_disabled_while_the_release_runs(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"))
    artifact = rig.artifact("v1.4.2")
    assert rig.rollout_of(artifact).outcome is ActivateOutcome.ACTIVATED
    rig.host.faults.add("disable")
    rig.token = rig.verbs.turn(rig.claim()).token
    back = rig.go_back(artifact)
    assert back.failure is not None
    assert back.failure.win32 == 1058
    again = rig.go_back(artifact)
    assert (again.outcome, again.failure) == (ActivateOutcome.RESTORED, None), "put back: nothing more is done"
