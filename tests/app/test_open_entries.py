"""Open rollouts as the hosts remember them: which one is meant, who owns it, whether an end leaves a mixed fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.app.open_entries import find_open, holds, open_rollouts
from fleetdeploy.errors import Refused, Unreachable
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import Actor, BootIdentity, OpenEntry, RolloutRecord, SignOfLife
from tests.plan.sights import host_state, lost, observation, record, service

BOOT = BootIdentity(4, "1")
MACHINES = (("a", "1"), ("b", "2"))
NEW: dict[str, Any] = {"intent": False, "done": False, "ended": False, "outcome": ""}
HALF = NEW | {"intent": True}
DONE = HALF | {"done": True}
BACK = HALF | {"put_back": True}


def entry(rollout: str, life_s: float, *, alive: bool = False, user: str = "eva") -> OpenEntry:
    life = SignOfLife(BOOT, life_s, 60.0)
    actor = Actor(user, "ci", 1)
    return OpenEntry(rollout, "C", 1, "forward", "running", "forward", actor, MACHINES, "T", life, alive)


def held(name: str, *records: RolloutRecord, by: OpenEntry | None = None, uptime_s: float = 100.0) -> Sight:
    seen = observation(name, service(), host_state(*records, entry=by))
    return Sight(name, replace(seen, boot=BOOT, uptime_s=uptime_s))


def of(state: dict[str, Any], rollout: str = "R1") -> RolloutRecord:
    return record(rollout, 1, machines=MACHINES, **state)


@pytest.mark.parametrize(
    ("a", "b", "even", "half", "there"),
    [
        (NEW, NEW, True, (), ()),
        (BACK, NEW, True, (), ()),
        (DONE, DONE, True, (), ("a", "b")),
        (DONE, NEW, False, (), ("a",)),
        (DONE, BACK, False, (), ("a",)),
        (HALF, NEW, False, ("a",), ()),
        (HALF, DONE, False, ("a",), ("b",)),
        (NEW, None, False, (), ()),
    ],
)
def test_closing_may_not_hide_a_mixed_fleet(
    a: dict[str, Any], b: dict[str, Any] | None, even: bool, half: tuple[str, ...], there: tuple[str, ...]
) -> None:
    sights = {"a": held("a", of(a)), "b": held("b", of(b)) if b is not None else lost("b")}
    found = find_open(sights, "")
    assert (found.is_even, found.half, found.there) == (even, half, there)


def test_the_youngest_sign_of_life_of_any_host_counts() -> None:
    sights = {
        "a": held("a", of(NEW), by=entry("R1", 40.0)),
        "b": held("b", of(NEW), by=entry("R1", 97.0, alive=True)),
    }
    (found,) = open_rollouts(sights).values()
    assert (found.alive, found.age_s) == (True, 3.0)
    assert "last sign of life 3 s ago" in found.told()
    assert [(h.host, h.life_age_s, h.alive) for h in holds(sights)] == [("a", 60.0, False), ("b", 3.0, True)]


def test_which_one_is_meant() -> None:
    sights = {"a": held("a", of(NEW), of(NEW, "R2"), by=entry("R2", 1.0)), "b": held("b", of(NEW, "R2"))}
    assert find_open(sights, "r2").id == "R2"
    assert find_open(sights, "1").id == "R1"
    with pytest.raises(Refused, match="several rollouts are open: R1, R2") as several:
        find_open(sights, "")
    assert any("eva on ci" in line for line in several.value.why)
    with pytest.raises(Refused, match="R3 is not open on any host"):
        find_open(sights, "R3")
    with pytest.raises(Refused, match="no rollout is open"):
        find_open({"a": held("a", of(DONE | {"ended": True, "outcome": "succeeded"}))}, "")


def test_hosts_that_cannot_be_asked_are_never_taken_for_hosts_without_a_rollout() -> None:
    with pytest.raises(Unreachable, match="no host can be asked") as nobody:
        find_open({"a": lost("a"), "b": lost("b")}, "")
    assert nobody.value.exit_code == 5
    with pytest.raises(Refused, match="no rollout is open on the hosts; 1 of 2 cannot be asked: b"):
        find_open({"a": held("a"), "b": lost("b")}, "")


def test_an_end_that_is_missing_on_one_host_only_is_that_end() -> None:
    ended = DONE | {"ended": True, "outcome": "succeeded"}
    found = find_open({"a": held("a", of(ended)), "b": held("b", of(DONE))}, "")
    assert (found.outcome, found.is_even) == ("succeeded", True)
