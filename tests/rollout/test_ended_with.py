"""What ends along with a rollout ends in the store, too."""

from __future__ import annotations

from fleetdeploy.model.run import Outcome
from tests.rollout.conftest import Scene


def outcome(scene: Scene, rollout: str) -> tuple[str | None, int | None]:
    assert scene.journal is not None
    row = scene.journal.rollout(rollout)
    assert row is not None
    return row.outcome, row.exit_code


def test_a_rollout_that_was_left_open_is_over_when_it_is_undone(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").exit_code == 0
    waiting = scene.roll("v1.4.3", kind="canary", pause_after_canary=True, pause_timeout_s=0.05)
    assert waiting.exit_code == 7
    assert outcome(scene, "R2") == (None, 7)
    done = scene.go(scene.rollback_plan("R2"))
    assert done.outcome is Outcome.SUCCEEDED
    assert outcome(scene, "R2") == ("rolled_back", 3)
    assert outcome(scene, "R1") == ("succeeded", 0), "what had ended stays as it ended"


def test_what_had_ended_keeps_its_end(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.roll("v1.4.2").exit_code == 0
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    assert outcome(scene, "R1") == ("succeeded", 0)


def test_a_store_that_does_not_know_it_says_nothing(scene: Scene) -> None:
    scene.with_hosts(3)
    assert scene.journal is not None
    scene.roll("v1.4.3", kind="canary", pause_after_canary=True, pause_timeout_s=0.05)
    with scene.journal._backend.write() as tx:
        for table in ("rollouts", "events", "steps"):
            tx.change(f"DELETE FROM {table}")
    assert scene.go(scene.rollback_plan("R1")).outcome is Outcome.SUCCEEDED
    assert [r.id for r in scene.journal.rollouts()] == ["R2"]
