"""A person is just stopping the service when a rollout comes: it is that person's, as one that is stopped already."""

from __future__ import annotations

from fleetdeploy.model.verbs import ActivateOutcome
from tests.hosts.conftest import MakeRig, program


def test_a_service_that_a_person_is_stopping_is_left_to_that_person(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0", hang_on_stop=True))
    artifact = rig.artifact("v1.4.2")
    rig.host.machine.scm.stop("Shop")
    assert rig.state() == "STOP_PENDING"
    assert rig.rollout_of(artifact).outcome is ActivateOutcome.STOPPED_BY_PERSON
    assert rig.state() == "STOP_PENDING"
    # Whoever is asked to repair takes it over; what is put back then is a service that a person had stopped.
    assert rig.activate(artifact, allow_stopped=True, stop_timeout_s=0.3).outcome is ActivateOutcome.ACTIVATED
    assert rig.state() == "RUNNING"
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.RESTORED
    service = rig.seen().service
    assert service is not None
    assert (service.build_version, service.state) == ("v1.4.0", "Stopped")


def test_the_way_back_is_not_held_up_by_it(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"))
    artifact = rig.artifact("v1.4.2", hang_on_stop=True)
    assert rig.rollout_of(artifact).outcome is ActivateOutcome.ACTIVATED
    rig.host.machine.scm.stop("Shop")
    assert rig.state() == "STOP_PENDING"
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact, stop_timeout_s=0.3).outcome is ActivateOutcome.RESTORED
    service = rig.seen().service
    assert service is not None
    assert (service.build_version, service.state) == ("v1.4.0", "Running")
