"""Which rollout a bare rollback undoes (protocol.md rules 6, 15, 16), by table."""

from __future__ import annotations

import pytest

from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.plan import HostAction
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.strategy import Amount, StrategySettings
from fleetdeploy.model.verbs import Actor, Observation, OpenEntry
from fleetdeploy.plan.rollback import (
    AlreadyUndone,
    Choice,
    CloseOnly,
    Continue,
    NeedsId,
    NothingToUndo,
    RollbackRequest,
    Undo,
    build_rollback,
    candidate,
    chain_to,
)
from tests.plan.sights import SPEC, host, host_state, lost, observation, record, service, sight


def entry(rollout: str) -> OpenEntry:
    return OpenEntry(rollout, "C", 9, "forward", "running", "forward", Actor("u", "m", 1), (), "", None, False)


def seen(*records: object, open_: str = "") -> Observation:
    state = host_state(*records, entry=entry(open_) if open_ else None)  # type: ignore[arg-type]
    return observation("x", service(), state)


A, B = record("A", 1), record("B", 2)
OPEN = {"ended": False, "outcome": "", "done": False}


@pytest.mark.parametrize(
    ("hosts", "want"),
    [
        ({"x": observation("x", service())}, NothingToUndo()),
        ({"x": seen(A)}, Undo("A", "v1.4.2", is_open=False)),
        ({"x": seen(A, B)}, Undo("B", "v1.4.2", is_open=False)),
        # Tokens decide on a shared host, whatever the clocks of two controllers made of the ids.
        ({"x": seen(record("Z", 1), record("B", 2))}, Undo("B", "v1.4.2", is_open=False)),
        # No shared host: the ULID breaks the tie.
        ({"x": seen(A), "y": seen(record("B", 1))}, Undo("B", "v1.4.2", is_open=False)),
        # Undone already: never anything older.
        ({"x": seen(A, record("B", 2, put_back=True))}, AlreadyUndone("B", "v1.4.2")),
        ({"x": seen(A, record("K", 2, kind="back", undoes="A"))}, AlreadyUndone("A", "v1.4.2")),
        # It put itself back on one host, on the other it runs.
        ({"x": seen(record("B", 2, put_back=True)), "y": seen(B)}, Undo("B", "v1.4.2", is_open=False)),
        # Changed nothing anywhere: the one before counts.
        ({"x": seen(A, record("B", 2, intent=False, done=False))}, Undo("A", "v1.4.2", is_open=False)),
        # An unended rollback first.
        ({"x": seen(A, record("K", 2, kind="back", undoes="A", to_label="", **OPEN))}, Continue("K", "A")),
        # It was told a version: the host that was not reached yet has to know how far it goes.
        (
            {"x": seen(A, record("K", 2, kind="back", undoes="A", to_label="v1.4.0", **OPEN))},
            Continue("K", "A", "v1.4.0"),
        ),
        ({"x": seen(A, record("B", 2, **OPEN))}, Undo("B", "v1.4.2", is_open=True)),
        ({"x": seen(A, record("B", 2, intent=False, **OPEN))}, CloseOnly("B", "v1.4.2", "aborted")),
        # Its end is missing on one host only.
        ({"x": seen(record("B", 2, ended=False, outcome="")), "y": seen(B)}, CloseOnly("B", "v1.4.2", "succeeded")),
        # Somebody is silent.
        ({"x": seen(A), "y": None}, NeedsId(("y",))),
        ({"x": seen(record("B", 2, **OPEN)), "y": None}, NeedsId(("y",))),
        ({"x": seen(record("B", 2, **OPEN), open_="B"), "y": None}, Undo("B", "v1.4.2", is_open=True)),
    ],
)
def test_candidate(hosts: dict[str, Observation | None], want: Choice) -> None:
    assert candidate(hosts) == want


def test_the_way_back_to_a_version() -> None:
    from fleetdeploy.model.verbs import Origin

    middle = Origin("v1.4.1", "", "", "cc" * 32, True, True, None)
    first, second = record("A", 1, to_label="v1.4.1"), record("B", 2, origin=middle)
    now = service(build="v1.4.2")
    state = host_state(first, second)
    assert chain_to(observation("x", now, state), "v1.4.2", {}) == ()
    assert chain_to(observation("x", now, state), "1.4.1", {}) == ("B",)
    assert chain_to(observation("x", now, state), "v1.4.0", {}) == ("B", "A")
    assert chain_to(observation("x", now, state), "v1.3.0", {}) is None
    assert chain_to(observation("x", now), "v1.3.0", {}) is None
    # An adopted exe that the project knows by its hash.
    assert chain_to(observation("x", now, state), "v1.0.0", {"cc" * 32: "v1.0.0"}) == ("B",)


def test_the_plan_back_touches_only_what_the_rollout_changed() -> None:
    members = (("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"))
    sights = {
        "a": sight("a", service(build="v1.4.2"), state=host_state(record("B", 2, machines=members))),
        "b": sight("b", service(build="v1.4.2"), failing="t", state=host_state(record("B", 2, machines=members))),
        "c": sight("c", state=host_state(record("B", 2, machines=members, intent=False, done=False))),
        "d": lost("d"),
        "e": sight("e"),
    }
    request = RollbackRequest(
        "prod", tuple(host(n) for n in sights), SPEC, StrategySettings(batch=Amount(1)), HealthSpec(), rollout="B"
    )
    made = build_rollback(request, sights)
    assert [h.host for h in made.hosts] == ["a", "b", "c", "d"], "hosts of the rollout, and no other"
    assert {h.host: h.action for h in made.hosts} == {
        "a": HostAction.CHANGE,
        "b": HostAction.CHANGE,
        "c": HostAction.LEAVE,
        "d": HostAction.SKIP,
    }
    assert [b.hosts for b in made.batches] == [("b",), ("a",)], "what is broken goes back at once"
    assert made.undoes == "B"


def test_no_way_back_is_said_per_host() -> None:
    sights: dict[str, Sight] = {"a": sight("a")}
    request = RollbackRequest("prod", (host("a"),), SPEC, StrategySettings(), HealthSpec(), target="v9.9.9")
    made = build_rollback(request, sights)
    assert made.is_empty
    assert [p.reason.value for p in made.problems] == ["no-rollback-target"]


@pytest.mark.parametrize(("runs", "floor", "said"), [("v1.4.2", "v1.4.1", True), ("v1.4.2", "v1.3.0", False)])
def test_going_back_behind_a_one_way_migration_is_said_and_done(runs: str, floor: str, said: bool) -> None:
    hosts = (host("web1"),)
    one = sight("web1", service(build=runs), state=host_state(record("R1", 1)))
    request = RollbackRequest("lab", hosts, SPEC, StrategySettings(), HealthSpec(), rollout="R1", rollback_floor=floor)
    plan = build_rollback(request, {"web1": one})
    assert plan.changing == ("web1",)
    assert plan.problems == ()
    assert any(f"goes back behind rollback_floor {floor} on web1" in note for note in plan.notes) is said
