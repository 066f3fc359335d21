"""Rules 15 and 16: what a bare rollback undoes, by histories; never anything older than what was undone last."""

from __future__ import annotations

import pytest

from fleetdeploy.model.verbs import Actor, Observation, OpenEntry, RolloutRecord
from fleetdeploy.plan.rollback import AlreadyUndone, Choice, CloseOnly, Continue, NeedsId, Undo, candidate
from tests.plan.sights import host_state, observation, record, service


def holds(*records: RolloutRecord, by: str = "") -> Observation:
    entry = None
    if by:
        entry = OpenEntry(by, "C", 9, "forward", "running", "forward", Actor("u", "m", 1), (), "", None, False)
    return observation("x", service(), host_state(*records, entry=entry))


def open_(rollout: str, token: int, **more: object) -> RolloutRecord:
    return record(rollout, token, **{"ended": False, "outcome": "", "done": False, **more})


A, B = record("A", 1), record("B", 2)
BACK = open_("K", 3, kind="back", undoes="B", intent=False, to_label="")

HISTORIES: dict[str, tuple[dict[str, Observation | None], Choice]] = {
    "a rollback that was begun goes on first, also where a newer rollout is open": (
        {"x": holds(A, B, BACK, by="K"), "y": holds(open_("D", 7), by="D")},
        Continue("K", "B"),
    ),
    "it goes on without a silent host if an entry names it": (
        {"x": holds(B, BACK, by="K"), "y": None},
        Continue("K", "B"),
    ),
    "no entry names it, and a host is silent": ({"x": holds(B, BACK), "y": None}, NeedsId(("y",))),
    "put back by itself: never the one before": (
        {"x": holds(A, record("B", 2, put_back=True))},
        AlreadyUndone("B", "v1.4.2"),
    ),
    "undone by a rollback whose own record is gone: put back is enough": (
        {"x": holds(A, record("B", 2, put_back=True, outcome="rolled_back"))},
        AlreadyUndone("B", "v1.4.2"),
    ),
    "undone on one host, not on the one that was silent then": (
        {
            "x": holds(record("B", 2, put_back=True, outcome="rolled_back")),
            "y": holds(open_("B", 2, done=True), by="B"),
        },
        Undo("B", "v1.4.2", is_open=True),
    ),
    "its end is missing on one host: closed, not undone": (
        {"x": holds(B), "y": holds(open_("B", 2, done=True), by="B"), "z": None},
        CloseOnly("B", "v1.4.2", "succeeded"),
    ),
    "it succeeded in part": (
        {"x": holds(record("B", 2, outcome="succeeded_in_part")), "y": holds(open_("B", 2, done=True))},
        CloseOnly("B", "v1.4.2", "succeeded_in_part"),
    ),
    "its end is missing on a host that stands half-way: to close it there would leave it so": (
        {"x": holds(B), "y": holds(open_("B", 2), by="B")},
        Undo("B", "v1.4.2", is_open=True),
    ),
    "the same, half-way back": (
        {"x": holds(B), "y": holds(open_("B", 2, done=True, undoing=True), by="B")},
        Undo("B", "v1.4.2", is_open=True),
    ),
    "three that changed nothing do not hide the one that did": (
        {"x": holds(A, *(record(r, t, intent=False, done=False, outcome="failed") for t, r in enumerate("CDE", 2)))},
        Undo("A", "v1.4.2", is_open=False),
    ),
    "a clock that runs behind gave the newer one the smaller id": (
        {"x": holds(record("Z", 4)), "y": holds(record("Z", 2), record("A", 3))},
        Undo("A", "v1.4.2", is_open=False),
    ),
    "who cannot be asked may know a newer one": ({"x": holds(A, B), "y": None}, NeedsId(("y",))),
}


@pytest.mark.parametrize("history", HISTORIES)
def test_candidate(history: str) -> None:
    hosts, want = HISTORIES[history]
    assert candidate(hosts) == want
