"""``fleetdeploy artifact`` and the guards as they are typed: what is refused, what is said, what goes on."""

from __future__ import annotations

from tests.cli.conftest import MakeWorld


def test_a_version_is_marked_refused_retried_and_good_again(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    world.expect(2, "artifact", "mark", "v1.4.2", "--bad").says("artifact mark needs --reason")
    world.expect(2, "artifact", "mark", "v1.4.2", "--reason", "x").says("artifact mark v1.4.2 --bad")
    marked = world.expect(0, "artifact", "mark", "v1.4.2", "--bad", "--reason", "it eats orders")
    marked.says("v1.4.2 (files ", "is marked bad: in the store, and on 0 hosts", "nothing of shop is on: web1")
    (listed,) = world.expect(0, "artifact", "list", "--output", "json").json_lines
    assert [(v["version"], v["mark"], v["why"]) for v in listed["versions"]] == [("v1.4.2", "bad", "it eats orders")]
    # A nightly job is refused, with all it needs to know
    refused = world.expect(6, "rollout", "latest", "--yes")
    refused.says("latest is v1.4.2", "never taken instead", "it eats orders", "--retry-bad --reason", "artifact unmark")
    # A person goes on, it succeeds, and that is the last word
    again = world.expect(0, "rollout", "v1.4.2", "--retry-bad", "--reason", "was the database", "--yes")
    again.says("it eats orders", "was the database")
    world.expect(0, "artifact", "list").says("v1.4.2", "good", "succeeded")


def test_unmark_and_a_host_that_is_not_told(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    world.expect(0, "rollout", "v1.4.2", "--yes")
    world.lab.hosts["web1"].faults.add("refuse", count=None)
    away = world.expect(8, "artifact", "mark", "v1.4.2", "--bad", "--reason", "x")
    away.says("not told:", "web1: ", "type it again when they answer")
    world.lab.hosts["web1"].faults.heal()
    world.expect(6, "plan", "v1.4.2").says("v1.4.2 is marked bad in the store")
    world.expect(0, "artifact", "unmark", "v1.4.2", "--reason", "y").says("is no longer marked bad", "on 1 host ")
    world.expect(0, "plan", "v1.4.2")
    world.expect(2, "artifact", "unmark", "v9", "--reason", "y").says("nothing is known of v9", "known are: ", "v1.4.2")


def test_a_mistyped_version_is_not_marked_unless_somebody_insists(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.4.2")
    told = world.expect(2, "artifact", "mark", "v1.42", "--bad", "--reason", "x")
    told.says("nothing is known of v1.42", "did you mean v1.4.2", "artifact mark v1.42 --bad --unknown --reason")
    assert "v1.42" not in world.expect(0, "artifact", "list").text
    # The host alone knows what was installed there by hand
    world.expect(0, "artifact", "mark", "v1.4.0", "--bad", "--reason", "x").says("v1.4.0 (any files of that name)")
    world.expect(0, "status").says("web1: v1.4.0 is marked bad in the store, by eva@", ": x")
    world.expect(0, "artifact", "mark", "v1.42", "--bad", "--unknown", "--reason", "x").says("is marked bad")
    world.expect(0, "artifact", "list").says("v1.42")


def test_a_downgrade_as_it_is_typed(make_world: MakeWorld) -> None:
    world = make_world(1)
    world.given_version("v1.3.0")
    told = world.expect(6, "rollout", "v1.3.0", "--yes")
    told.says("v1.3.0 is older than what runs (v1.4.0 on web1)", "rollback --to v1.3.0", "--allow-downgrade")
    world.expect(0, "plan", "v1.3.0", "--allow-downgrade").says("permitted: v1.3.0 is older")
