"""A rollback to a version over several rollouts is interrupted: whoever continues it goes all the way, everywhere."""

from __future__ import annotations

from pathlib import Path

from tests.crash.world import GOOD, KILLED, OLD, crash_world

NEWER = "v1.4.4"


def test_a_rollback_to_a_version_is_continued_to_that_version_with_an_empty_store(tmp_path: Path) -> None:
    with crash_world(tmp_path, hosts=2) as world:
        world.given_version(NEWER)
        for version in (GOOD, NEWER):
            assert world.when("rollout", version, "--yes").code == 0
        # One link of one host's chain is undone; the other host runs the newest still.
        assert world.when("rollback", "--to", OLD, "--yes", crash="sent-put-back").code == KILLED
        assert world.releases() != {OLD}
        world.when_the_store_is_lost()
        done = world.when_later("rollback", "--yes")
        assert (done.code, done.outcome) == (0, "succeeded"), done.text
        assert world.releases() == {OLD}
        assert world.all_run()
        assert world.all_armed()
        assert world.nothing_is_open()
        assert set(world.stops().values()) == {4}  # two forward, two back: nothing was done twice
