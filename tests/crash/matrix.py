"""What is killed where, what is typed afterwards, and how it has to end: tables only.

Two acts are killed: a rollout (good or bad version) and a rollback of a good one. Each crash point of the act is hit at
its first time, and those of single hosts once more in the middle, when other hosts' verbs are under way.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleetdeploy.engine.crash import POINTS
from tests.crash.world import BAD, GOOD, OLD

WAYS = ("resume", "rollback", "rollback-empty")

BEFORE_OPEN = ("before-begin", "after-begin", "before-survey", "after-survey", "before-open", "recorded-open")
TURNING = tuple(p for p in POINTS if "turn" in p)
PUTTING_BACK = tuple(p for p in POINTS if p.endswith("-put-back"))
CLOSING = ("sent-close", "after-close")
ENDED = ("after-close-all", "before-end", "after-end")
ONLY_GOOD = ("before-bake", "after-bake", "after-bake-recorded", *(p for p in POINTS if "prune" in p))
FORWARD_ONLY = tuple(p for p in POINTS if p.split("-")[-1] in ("staging", "stage", "batch", "ready", "activate"))
UNCHANGED = (
    "sent-open",
    "after-open",
    "after-open-all",
    "before-running",
    "after-running",
    *("before-staging", "before-stage", "recorded-stage", "sent-stage", "after-stage", "after-staging"),
    *(
        "before-batch",
        "before-ready",
        "recorded-ready",
        "sent-ready",
        "after-ready",
        "before-activate",
        "recorded-activate",
    ),
)

REACHED: dict[str, tuple[str, ...]] = {
    f"rollout {GOOD}": tuple(p for p in POINTS if p not in (*TURNING, *PUTTING_BACK, "after-back", "after-undo")),
    f"rollout {BAD}": tuple(p for p in POINTS if p not in (*ONLY_GOOD, "after-undo")),
    "rollback": tuple(p for p in POINTS if p not in (*ONLY_GOOD, *FORWARD_ONLY, *TURNING, "after-back")),
}
"""Act → the points that it comes by. That this is so, and all, is a test of its own."""

AGAIN = {
    f"rollout {GOOD}": (
        *("recorded-open:4", "sent-open:5", "recorded-stage:3", "sent-stage:5", "before-batch:2", "after-ready:3"),
        *("before-activate:4", "recorded-activate:4", "sent-activate:3", "after-activate:6", "after-batch:2"),
        *("after-bake:3", "after-bake-recorded:2", "recorded-prune:3", "recorded-close:4", "sent-close:6"),
    ),
    f"rollout {BAD}": ("recorded-turn-host:3", "sent-turn-host:4", "after-turn-host:6", "recorded-close:4"),
    "rollback": (
        *("recorded-open:4", "sent-open:5", "before-put-back:4", "recorded-put-back:3", "sent-put-back:2"),
        *("recorded-put-back:6", "after-put-back:5", "recorded-close:4", "sent-close:6"),
    ),
}
"""Hits in the middle: NAME:N."""


@dataclass(frozen=True, slots=True)
class Case:
    """Kill ``act`` at ``point`` (NAME or NAME:N), then type ``way``; with ``second`` that is killed there, too."""

    act: str
    point: str
    way: str
    second: str = ""

    def __str__(self) -> str:
        return f"{self.act} | {self.point} | {self.way}" + (f", killed at {self.second}" if self.second else "")

    @property
    def name(self) -> str:
        """The point without its number."""
        return self.point.partition(":")[0]

    @property
    def version(self) -> str:
        """What is rolled out."""
        return BAD if BAD in self.act else GOOD


@dataclass(frozen=True, slots=True)
class Want:
    """How it has to end: exit codes, and what the services run then (each of them, all the same)."""

    codes: frozenset[int]
    runs: frozenset[str]


TWICE = tuple(
    Case(f"rollout {version}", point, way, second)
    for version, point, way, seconds in (
        (GOOD, "sent-activate", "resume", ("sent-open:3", "after-open-all", "before-running", "sent-stage")),
        (GOOD, "after-activate:3", "resume", ("recorded-activate", "sent-activate:2", "after-batch", "after-bake:2")),
        (GOOD, "after-bake-recorded", "resume", ("before-batch", "sent-prune", "before-close-all")),
        (GOOD, "sent-activate:3", "rollback", ("sent-open:2", "after-running", "recorded-put-back", "sent-put-back:2")),
        (GOOD, "after-batch", "rollback-empty", ("after-open-all", "sent-put-back", "after-undo", "before-close-all")),
        (BAD, "after-activate", "resume", ("after-open-all", "turn-recorded", "sent-turn-host:2", "sent-put-back")),
        (BAD, "sent-turn-host:3", "resume", ("sent-open:4", "before-turn", "after-turn", "before-close-all")),
        (BAD, "turn-recorded", "rollback-empty", ("after-open", "before-put-back", "after-put-back", "recorded-close")),
    )
    for second in seconds
)
"""Killed, and whoever goes on is killed, too. No point of these ends anything: what has to come of it is the same."""


def cases() -> tuple[Case, ...]:
    """Every case, in the order of the acts."""
    once = tuple(
        Case(act, point, way) for act, points in REACHED.items() for point in (*points, *AGAIN[act]) for way in WAYS
    )
    return (*once, *TWICE)


def _want(codes: set[int], *runs: str) -> Want:
    return Want(frozenset(codes), frozenset(runs))


def want(case: Case) -> Want:
    """What has to come of it."""
    later = ":" in case.point
    if case.act == "rollback":
        return _want_of_rollback(case)
    good = case.version == GOOD
    resumed = _want({0}, GOOD) if good else _want({3}, OLD)
    if case.name in BEFORE_OPEN and not later:
        return _want({6}, OLD)  # nothing is open, nothing was changed: it says so
    if case.name in ENDED:
        # Nothing to resume; a rollback undoes the good one, and the bad one is undone already.
        return _want({6}, GOOD if good else OLD) if case.way == "resume" else _want({0}, OLD)
    closing = case.name in CLOSING or (case.name == "recorded-close" and later)
    if closing and good:
        # "Succeeded" stands on a host: a bare rollback closes it and undoes nothing (rule 6). If it stood on all of
        # them, it undoes it.
        return _want({0, 6}, GOOD) if case.way == "resume" else _want({0}, GOOD, OLD)
    if closing:
        return _want({3, 6}, OLD) if case.way == "resume" else _want({0}, OLD)
    if case.way == "resume":
        return resumed
    return _want({0}, OLD)


def _want_of_rollback(case: Case) -> Want:
    later = ":" in case.point
    if case.name in BEFORE_OPEN and not later:
        return _want({6}, GOOD) if case.way == "resume" else _want({0}, OLD)
    if case.name in ENDED:
        return _want({6}, OLD) if case.way == "resume" else _want({0}, OLD)
    if case.name in CLOSING or (case.name == "recorded-close" and later):
        return _want({0, 6}, OLD) if case.way == "resume" else _want({0}, OLD)
    return _want({0}, OLD)
