"""Marks and the one-way start, asked of the real scripts on a simulated host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.errors import ScriptFailed
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.verbs import ActivateOutcome, ReleaseRecord
from tests.hosts.conftest import ARMED, HAND_MADE, SPEC, MakeRig, Rig, program


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A host with a hand-made service running v1.4.0."""
    return make_rig(program("v1.4.0"))


def bad(artifact: Artifact, **changes: Any) -> ReleaseMark:
    mark = ReleaseMark(
        artifact.release_name, artifact.version, artifact.manifest.sha256, "bad", "eva@laptop", "it eats orders"
    )
    return replace(mark, **changes)


def releases(rig: Rig) -> dict[str, ReleaseRecord]:
    state = rig.seen().state
    assert state is not None
    return dict(state.releases)


def test_a_persons_word_is_written_and_taken_back(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    rig.close()
    assert releases(rig)[artifact.release_name].mark == "good"
    assert rig.verbs.mark(bad(artifact))
    held = releases(rig)[artifact.release_name]
    assert (held.mark, held.marked_by, held.marked_why) == ("bad", "eva@laptop", "it eats orders")
    assert held.marked_at
    assert held.exe_sha256 == artifact.exe_sha256, "nothing else of the release is changed"
    assert rig.verbs.mark(bad(artifact, mark="", why="was the database", by="joe@ci"))
    held = releases(rig)[artifact.release_name]
    assert (held.mark, held.marked_by, held.marked_why) == ("", "joe@ci", "was the database")
    assert rig.host.effects.count("stop", "Shop") == 1


def test_a_version_that_never_lay_there_is_remembered_too(rig: Rig) -> None:
    artifact, other = rig.artifact("v1.4.2"), rig.artifact("v1.4.3")
    rig.rollout_of(artifact)
    rig.close()
    before = releases(rig)
    assert rig.verbs.mark(bad(other))
    assert releases(rig)[other.release_name].mark == "bad"
    assert {k: v for k, v in releases(rig).items() if k != other.release_name} == before
    rig.open("R2", "C2")
    rig.verbs.prune(rig.claim(), 1)
    assert releases(rig)[other.release_name].mark == "bad", "retention removes folders, not what is held of a version"


def test_a_name_marks_every_file_of_that_name_but_never_what_was_adopted(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    rig.close()
    adopted = next(r for r in releases(rig).values() if r.mark == "adopted")
    assert rig.verbs.mark(bad(artifact, release="", manifest_sha256=""))
    assert releases(rig)[artifact.release_name].mark == "bad"
    rig.verbs.mark(ReleaseMark("", adopted.version, "", "bad", "eva@laptop", "no"))
    assert releases(rig)[adopted.key].mark == "adopted", "prune would remove what a rollback needs"


def test_other_files_of_that_name_are_not_meant(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    rig.close()
    rig.verbs.mark(bad(artifact, manifest_sha256="cd" * 32, release="v1.4.2-cdcdcdcd"))
    assert releases(rig)[artifact.release_name].mark == "good"
    assert releases(rig)["v1.4.2-cdcdcdcd"].mark == "bad"


def test_while_a_rollout_is_open_there_it_is_refused(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    with pytest.raises(ScriptFailed) as caught:
        rig.verbs.mark(bad(artifact))
    assert caught.value.error_id == "occupied"
    assert "eva on laptop" in caught.value.what
    assert releases(rig)[artifact.release_name].mark == ""


def test_a_host_that_has_nothing_of_the_app_is_left_without_a_trace(make_rig: MakeRig) -> None:
    rig = make_rig()
    assert rig.verbs.mark(bad(rig.artifact("v1.4.2"))) is False
    assert rig.seen().state is None


def test_turning_says_who_and_close_says_it_where_nothing_was_changed(make_rig: MakeRig) -> None:
    rig = make_rig(program("v1.4.0"))
    artifact = rig.artifact("v1.4.3")
    rig.open()
    rig.stage(artifact)
    rig.token = rig.verbs.turn(rig.claim()).token
    held = releases(rig)[artifact.release_name]
    assert (held.mark, held.marked_by, held.marked_why) == ("bad", "eva@laptop", "rollout R1 was rolled back")
    rig.close("rolled_back", mark=bad(artifact, why="later"))
    assert releases(rig)[artifact.release_name].marked_why == "rollout R1 was rolled back", "the first reason stays"
    rig.open("R2", "C2")
    never = rig.artifact("v1.4.4")
    rig.close("rolled_back", mark=bad(never))
    assert releases(rig)[never.release_name].mark == "bad"


def test_success_takes_a_bad_mark_back_and_makes_none(rig: Rig) -> None:
    artifact, other = rig.artifact("v1.4.2"), rig.artifact("v1.4.3")
    rig.rollout_of(artifact)
    rig.close(mark=bad(other, mark="good"))
    assert other.release_name not in releases(rig)
    rig.verbs.mark(bad(artifact))
    rig.open("R2", "C2")
    rig.close(mark=bad(artifact, mark="good", why="rollout R2 succeeded"))
    assert releases(rig)[artifact.release_name].mark == "good"
    assert releases(rig)[artifact.release_name].marked_why == "rollout R2 succeeded"


def test_what_made_it_bad_is_not_said_of_a_good_one(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    rig.rollout_of(artifact)
    rig.close()
    assert rig.verbs.mark(bad(artifact))
    # Tried again and it works; the host alone knows that (its end may be written without a word about the version)
    rig.open("R2", "C2")
    assert rig.activate(artifact).outcome is ActivateOutcome.ACTIVATED
    rig.close()
    held = releases(rig)[artifact.release_name]
    assert (held.mark, held.marked_by, held.marked_why) == ("good", "eva@laptop", "rollout R2 succeeded")
    # Said again it stays as it was said first
    at = held.marked_at
    rig.open("R3", "C3")
    assert rig.activate(artifact).outcome in (ActivateOutcome.ACTIVATED, ActivateOutcome.ALREADY)
    rig.close(mark=bad(artifact, mark="good", why="rollout R3 succeeded"))
    assert (releases(rig)[artifact.release_name].marked_at, releases(rig)[artifact.release_name].marked_why) == (
        at,
        "rollout R2 succeeded",
    )


# -- the one-way start -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", ["crash_on_start", "never_starts"])
def test_once_started_it_is_not_put_back_by_the_host(rig: Rig, behaviour: str) -> None:
    rig.host.machine.connect_timeout = 1.0
    artifact = rig.artifact("v1.4.3", **{behaviour: True})
    spec = replace(SPEC, recovery=ARMED)
    result = rig.rollout_of(artifact, spec=spec, one_way=True, start_timeout_s=1.5)
    assert (result.outcome, result.label) == (ActivateOutcome.LEFT_FAILED, "v1.4.3")
    assert result.failure is not None
    assert result.failure.kind == "start"
    service = rig.seen().service
    assert service is not None
    assert artifact.release_name in service.snapshot.image_path, "its configuration stays"
    assert service.snapshot.values["failure_actions"], "and it is armed again"
    state = rig.seen().state
    assert state is not None
    record = state.rollout("R1")
    assert record is not None
    assert (record.intent, record.done, record.put_back) == (True, False, False)
    # A person's word goes back all the same.
    rig.token = rig.verbs.turn(rig.claim()).token
    assert rig.go_back(artifact).outcome is ActivateOutcome.RESTORED
    assert rig.state() == "RUNNING"
    back = rig.seen().service
    assert back is not None
    assert HAND_MADE in back.snapshot.image_path


def test_before_the_start_it_puts_back_as_ever(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.3")
    result = rig.rollout_of(artifact, spec=replace(SPEC, account="CORP\\nobody"), one_way=True)
    assert result.outcome is ActivateOutcome.PUT_BACK
    assert result.started >= 1
    assert rig.state() == "RUNNING"
    service = rig.seen().service
    assert service is not None
    assert HAND_MADE in service.snapshot.image_path


def test_the_second_try_of_a_start_does_not_put_back_either(rig: Rig) -> None:
    """The process may have run in the first try: the ImagePath says that it was about to be started."""
    rig.host.machine.connect_timeout = 1.0
    artifact = rig.artifact("v1.4.3", crash_on_start=True)
    assert rig.rollout_of(artifact, one_way=True).outcome is ActivateOutcome.LEFT_FAILED
    assert rig.activate(artifact, one_way=True, stop_timeout_s=1.0).outcome is ActivateOutcome.LEFT_FAILED


def test_a_one_way_start_that_works_is_like_any_other(rig: Rig) -> None:
    assert rig.rollout_of(rig.artifact("v1.4.2"), one_way=True).outcome is ActivateOutcome.ACTIVATED
