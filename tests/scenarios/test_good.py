"""A good release: taken over from a hand-made service, rolled out, run again, rolled back to exactly what was there."""

from __future__ import annotations

from fleetdeploy.app.conducting import Said
from tests.scenarios.steps import HAND_MADE_IMAGE, World, outcome


def test_take_over_roll_out_run_again_and_back(world: World) -> None:
    # Given three hosts with a service that somebody made by hand
    world.given_hosts(3)
    world.given_version("v1.4.2")
    # When a good version is rolled out
    result = world.when_rollout("v1.4.2")
    # Then every host runs it, was stopped once, and nothing holds it any more
    assert outcome(result) == ("succeeded", 0), world.texts()
    assert set(world.running().values()) == {"v1.4.2"}
    assert set(world.stops().values()) == {1}
    assert world.nothing_is_open()
    # When it is rolled out again, nothing is sent and nothing restarted
    again = world.when_rollout("v1.4.2")
    assert outcome(again) == ("succeeded", 0), world.texts()
    assert set(world.states(again).values()) == {"unchanged"}
    assert set(world.stops().values()) == {1}
    # When the store is lost and it is rolled back
    for file in world.store.iterdir():
        file.unlink()
    back = world.when_rollback()
    # Then the hand-made service is there again, verbatim
    assert outcome(back) == ("succeeded", 0), world.texts()
    assert world.images() == {HAND_MADE_IMAGE}
    assert set(world.running().values()) == {"v1.4.0"}
    # And a second rollback says that there is nothing more to undo
    said = world.when_rollback()
    assert isinstance(said, Said)
    assert "already undone" in said.text
    assert set(world.stops().values()) == {2}
