"""Rules 10 to 13: scripts that die in the middle, what the next try makes of it, and what people did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.errors import HostError
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.verbs import ActivateOutcome, Snapshot
from tests.hosts.conftest import ARMED, HAND_MADE, SPEC, MakeRig, Rig, until
from tests.protocol.adversary import Knife, Party, entry, memory, party, rolled_out

JOURNAL = r"write .*journal\.jsonl"
STEPS = {
    "after the intent": 0,
    "between disarm and stop": 1,
    "after the stop": 2,
    "before the start": 3,
    "before rearm": 4,
}


def snapshot(rig: Rig) -> Snapshot:
    service = rig.seen().service
    assert service is not None
    return service.snapshot


def armed(rig: Rig) -> Snapshot:
    """The host runs v1.4.1 with recovery actions; a rollout that ended left it so."""
    artifact = rig.artifact("v1.4.1")
    one = party(rig, "R0", "C0")
    one.open()
    one.stage(artifact)
    assert one.activate(artifact, spec=replace(SPEC, recovery=ARMED)).outcome is ActivateOutcome.ACTIVATED
    one.close("succeeded")
    found = snapshot(rig)
    assert found.values["failure_actions"]
    return found


def cut_off(rig: Rig, one: Party, artifact: Artifact, pattern: str, **how: Any) -> Knife:
    knife = Knife(rig.lab, rig.host)
    knife.arm(pattern, **how)
    with pytest.raises(HostError):
        one.activate(artifact)
    assert knife.cut_at
    one.verbs.disconnect()
    until(lambda: rig.seen().running_verb == "")
    return knife


CUTS = [*((step, "shell") for step in STEPS), ("between disarm and stop", "reboot"), ("before rearm", "reboot")]


@pytest.mark.parametrize(("step", "how"), CUTS)
def test_the_second_try_finishes_and_the_way_back_leads_to_the_first_snapshot(rig: Rig, step: str, how: str) -> None:
    before = armed(rig)
    artifact = rig.artifact("v1.4.2")
    dead = party(rig, "R1", "C1")
    dead.open()
    dead.stage(artifact)
    cut_off(rig, dead, artifact, JOURNAL, skip=STEPS[step], how=how)
    # Another conductor goes on with it.
    one = party(rig, "R1", "C2")
    assert one.open(entry(rig)).result == "opened"
    again = one.activate(artifact)
    assert again.outcome in (ActivateOutcome.ACTIVATED, ActivateOutcome.ALREADY), again
    now = snapshot(rig)
    assert now.values["failure_actions"] == before.values["failure_actions"], "rearmed as it was, not as it was found"
    record = memory(rig).rollout("R1")
    assert record is not None
    assert record.done
    assert record.origin is not None
    assert record.origin.snapshot == before
    assert record.origin.was_running
    one.turn()
    assert one.back(artifact).outcome is ActivateOutcome.RESTORED
    assert snapshot(rig) == before
    assert rig.state() == "RUNNING"


@pytest.mark.parametrize("step", ["between disarm and stop", "before the start", "before rearm"])
def test_a_rollback_repairs_what_a_dead_script_left(rig: Rig, step: str) -> None:
    before = armed(rig)
    artifact = rig.artifact("v1.4.2")
    dead = party(rig, "R1", "C1")
    dead.open()
    dead.stage(artifact)
    cut_off(rig, dead, artifact, JOURNAL, skip=STEPS[step])
    back = party(rig, "K1", "C2", kind="back", undoes="R1")
    back.open(entry(rig))
    # And the rollback itself is cut, too.
    knife = Knife(rig.lab, rig.host)
    knife.arm(JOURNAL, skip=1)
    with pytest.raises(HostError):
        back.back(artifact, "R1")
    back.verbs.disconnect()
    until(lambda: rig.seen().running_verb == "")
    assert back.back(artifact, "R1").outcome is ActivateOutcome.RESTORED
    assert snapshot(rig) == before
    assert rig.state() == "RUNNING"


def test_a_rollout_after_one_that_was_ended_half_done_arms_the_service_again(rig: Rig) -> None:
    before = armed(rig)
    artifact = rig.artifact("v1.4.2")
    dead = party(rig, "R1", "C1")
    dead.open()
    dead.stage(artifact)
    cut_off(rig, dead, artifact, JOURNAL, skip=STEPS["between disarm and stop"])
    assert not snapshot(rig).values["failure_actions"]
    dead.close("aborted")
    rolled_out(rig, rig.artifact("v1.4.4"), "R2", "C2")
    assert snapshot(rig).values["failure_actions"] == before.values["failure_actions"]


def test_a_first_install_that_was_cut_off_ends_as_an_automatic_service(make_rig: MakeRig) -> None:
    rig = make_rig()
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    cut_off(rig, one, artifact, JOURNAL, skip=1)
    assert snapshot(rig).values["start_type"] == "demand"
    assert one.activate(artifact).outcome is ActivateOutcome.ACTIVATED
    assert snapshot(rig).values["start_type"] == "auto"
    one.turn()
    assert one.back(artifact).outcome is ActivateOutcome.ABSENT
    assert rig.seen().service is None


def test_finished_work_of_an_earlier_conductor_counts(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rolled_out(rig, artifact, close=False)
    one = party(rig, "R1", "C2")
    one.open(entry(rig))
    assert one.activate(artifact).outcome is ActivateOutcome.ALREADY
    assert rig.host.effects.count("stop", "Shop") == 1
    # Of another rollout it does not: the same release is not "already there" because somebody else put it there.
    one.close("succeeded")
    two = party(rig, "R2", "C3")
    two.open()
    two.stage(artifact)
    assert two.activate(artifact).outcome is ActivateOutcome.ACTIVATED


def test_stopped_by_a_person_is_told_from_half_done(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.host.machine.scm.stop("Shop")
    until(lambda: rig.state() == "STOPPED")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    assert one.activate(artifact).outcome is ActivateOutcome.STOPPED_BY_PERSON
    assert rig.host.effects.count("start", "Shop") == 0


@pytest.mark.parametrize("disabled", [False, True])
def test_a_rollback_finds_its_release_stopped_by_a_person(rig: Rig, disabled: bool) -> None:
    artifact = rig.artifact("v1.4.2")
    rolled_out(rig, artifact)
    rig.host.machine.scm.stop("Shop")
    until(lambda: rig.state() == "STOPPED")
    if disabled:
        from fleetdeploy.lab.windows.service import StartType

        rig.host.machine.scm.change("Shop", start=StartType.DISABLED)
    back = party(rig, "K1", "CK", kind="back", undoes="R1")
    back.open()
    assert back.back(artifact, "R1").outcome is ActivateOutcome.RESTORED
    assert HAND_MADE in str(snapshot(rig).values["image_path"])
    assert rig.state() == ("STOPPED" if disabled else "RUNNING")


def test_a_host_that_runs_something_else_is_left_alone(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rolled_out(rig, artifact)
    rig.host.machine.scm.change("Shop", image_path=f'"{HAND_MADE}" --by-hand')
    stops = rig.host.effects.count("stop", "Shop")
    back = party(rig, "K1", "CK", kind="back", undoes="R1")
    back.open()
    assert back.back(artifact, "R1").outcome is ActivateOutcome.LEFT_ALONE
    assert rig.host.effects.count("stop", "Shop") == stops


def test_what_is_neither_from_nor_to_is_somebody_elses(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    cut_off(rig, one, artifact, JOURNAL, skip=STEPS["after the stop"])
    rig.host.machine.scm.change("Shop", image_path=f'"{HAND_MADE}" --by-hand')
    assert one.activate(artifact).outcome is ActivateOutcome.DIFFERENT
