"""``ready``: what a host answers before its batch begins, asked of the real script on a simulated host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.errors import ScriptFailed, Stale
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.paths import release_exe
from fleetdeploy.model.readiness import Lacking, ReadyRequest, ReadyResult
from fleetdeploy.model.verbs import ActivateOutcome, Expected
from tests.hosts.conftest import HAND_MADE, MakeRig, Rig, program


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A host with a hand-made service running v1.4.0."""
    return make_rig(program("v1.4.0"))


def request(rig: Rig, artifact: Artifact, expected: Expected | None, **changes: Any) -> ReadyRequest:
    exe = release_exe("C:\\fd", "shop", artifact.release_name, "shop.exe")
    made = ReadyRequest(rig.claim(), exe, artifact.exe_sha256, expected, need_bytes=1_000_000, lock_wait_s=2.0)
    return replace(made, **changes)


def ask(rig: Rig, artifact: Artifact, **changes: Any) -> ReadyResult:
    return rig.verbs.ready(request(rig, artifact, changes.pop("expected", None), **changes))


def lacking(result: ReadyResult) -> list[Lacking]:
    return [r.lacking for r in result.reasons]


def test_a_host_that_can_go_back_says_so_and_is_not_touched(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    found = rig.expected()
    rig.open()
    rig.stage(artifact)
    answer = ask(rig, artifact, expected=found)
    assert (answer.ready, answer.first_install, answer.begun, answer.label) == (True, False, False, "v1.4.0")
    assert rig.host.effects.count("stop", "Shop") == 0
    state = rig.seen().state
    assert state is not None
    record = state.rollout("R1")
    assert record is not None
    assert (record.intent, record.done) == (False, False)
    assert record.origin is not None
    assert record.origin.snapshot is not None, "stored before anything is changed"
    assert rig.activate(artifact, expected=found).outcome is ActivateOutcome.ACTIVATED


def test_what_is_missing_is_named_by_number(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    found = rig.expected()
    rig.open()
    answer = ask(rig, artifact, expected=found, need_bytes=10**15)
    assert lacking(answer) == [Lacking.NOT_STAGED, Lacking.DISK]
    rig.stage(artifact)
    files = rig.host.machine.fs
    staged = release_exe("C:\\fd", "shop", artifact.release_name, "shop.exe")
    files.write_bytes(staged, b"something else")
    assert lacking(ask(rig, artifact, expected=found)) == [Lacking.RELEASE_CHANGED]
    changed = replace(found, exe_sha256="ab" * 32)
    assert lacking(ask(rig, artifact, expected=changed))[0] is Lacking.PREVIOUS_CHANGED


def test_a_previous_that_is_gone(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"), running=False)
    artifact = rig.artifact("v1.4.2")
    found = rig.expected()
    rig.open()
    rig.stage(artifact)
    rig.host.machine.fs.delete(HAND_MADE)
    answer = ask(rig, artifact, expected=found)
    assert lacking(answer) == [Lacking.PREVIOUS_GONE]
    assert HAND_MADE in answer.reasons[0].detail


def test_a_service_that_is_marked_for_deletion_is_not_stopped(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    found = rig.expected()
    rig.open()
    rig.stage(artifact)
    rig.host.faults.add("mark-deleted")
    answer = ask(rig, artifact, expected=found)
    assert lacking(answer) == [Lacking.DELETED]
    with pytest.raises(ScriptFailed, match="marked for deletion"):
        rig.activate(artifact, expected=found)
    assert rig.host.machine.scm.query("Shop").state.name == "RUNNING"
    assert rig.host.effects.count("stop", "Shop") == 0


def test_a_state_that_cannot_be_written(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    found = rig.expected()
    rig.open()
    rig.stage(artifact)
    rig.host.faults.add("disk-full", pattern=r"state\.json", count=1)
    answer = ask(rig, artifact, expected=found)
    assert lacking(answer) == [Lacking.STATE]
    assert ask(rig, artifact, expected=found).ready, "asked again when there is room"


def test_a_first_install_goes_back_by_being_removed(make_rig: MakeRig) -> None:
    rig = make_rig()
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    answer = ask(rig, artifact, expected=Expected(False, "", "", ""))
    assert (answer.ready, answer.first_install, answer.label) == (True, True, "absent")


def test_the_snapshot_that_counts_is_taken_with_the_intent(rig: Rig) -> None:
    """A person changes the service between the proof and the switch: the way back leads to what they made of it."""
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    assert ask(rig, artifact).ready
    rig.host.machine.scm.change("Shop", display_name="By hand")
    assert rig.activate(artifact).outcome is ActivateOutcome.ACTIVATED
    rig.token = rig.verbs.turn(rig.claim()).token
    rig.go_back(artifact)
    service = rig.seen().service
    assert service is not None
    assert service.snapshot.values["display_name"] == "By hand"


def test_half_done_work_is_never_held_up(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    before = rig.seen().state
    answer = ask(rig, artifact, need_bytes=10**15)
    assert (answer.ready, answer.begun, answer.label) == (True, True, "v1.4.0")
    after = rig.seen().state
    assert before is not None
    assert after is not None
    assert after.rollout("R1").origin == before.rollout("R1").origin  # type: ignore[union-attr]


def test_only_who_holds_the_host_may_ask(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.open()
    rig.stage(artifact)
    with pytest.raises(Stale):
        ask(rig, artifact, claim=rig.claim(token=99))
    assert rig.seen().state.rollout("R1").origin is None  # type: ignore[union-attr]
