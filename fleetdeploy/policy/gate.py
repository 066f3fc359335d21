"""The gate: what to do after each host's result. ``decide(view) -> Decision``: pure; only ``rollout/`` acts on it.

One table of rules, from the gravest down; each returns a value with a reason out of an enum. Budget is broken when
failures exceed it. Unknown is not unhealthy: while untouched hosts answer it counts as a failure, and when most of them
are lost too it is the controller that is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from fleetdeploy.model.run import HostState, PauseReason

_S = HostState


class Reason(Enum):
    """Why the gate decided so."""

    ON_COURSE = "on-course"
    BATCH_DONE = "batch-done"
    BUDGET = "budget"
    CUT_OFF = "cut-off"
    DIFFERENT = "different"
    NOT_TO_BLAME = "not-to-blame"
    FLOOR = "floor"
    STAGING = "staging"
    ABORTED = "aborted"
    ASKED = "asked"
    NO_CANARY = "no-canary"
    NOT_READY = "not-ready"
    ROLLBACK_FLOOR = "rollback-floor"


@dataclass(frozen=True, slots=True)
class Proceed:
    """Go on."""

    reason: Reason = Reason.ON_COURSE


@dataclass(frozen=True, slots=True)
class Bake:
    """Look at all updated hosts for ``seconds`` healthy ones, then (``promotion``) wait for a person."""

    seconds: float
    promotion: bool = False
    reason: Reason = Reason.BATCH_DONE


@dataclass(frozen=True, slots=True)
class Pause:
    """Start nothing new, touch nothing, ask a person. ``detail`` and ``steps`` win over what is said by default."""

    reason: Reason
    why: PauseReason
    hosts: tuple[str, ...] = ()
    detail: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RollBack:
    """Put back every host that this rollout touched."""

    reason: Reason
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """End without having changed anything."""

    reason: Reason
    hosts: tuple[str, ...] = ()


Decision = Proceed | Bake | Pause | RollBack | Stop


@dataclass(frozen=True, slots=True)
class View:
    """All that the gate looks at.

    Attributes:
        states: every host of the plan.
        touched: hosts whose service this rollout began to change.
        failed: hosts that failed for good, including those that put themselves back.
        different: hosts that were not what the plan expects.
        lost_controls: untouched hosts that do not answer now (None: not asked).
        controls: untouched hosts that were asked.
        excusing: untouched hosts that fail now what they passed at the start.
        one_way: hosts run the release, and it passed ``rollback_floor``: nothing goes back by itself.
        batch: hosts of the batch at work; ``bake_s`` and ``promotion`` are the batch's.
    """

    states: Mapping[str, HostState]
    touched: frozenset[str]
    failed: frozenset[str] = frozenset()
    different: frozenset[str] = frozenset()
    controls: int = 0
    lost_controls: int = 0
    excusing: tuple[str, ...] = ()
    batch: tuple[str, ...] = ()
    bake_s: float = 0.0
    promotion: bool = False
    budget: int = 0
    one_way: bool = False


_OPEN = frozenset({_S.PENDING, _S.STAGED, _S.DRAINING, _S.ACTIVATING, _S.VERIFYING})


def failures(view: View) -> tuple[str, ...]:
    """Hosts that count against the budget: failed, unhealthy and unknown ones."""
    bad = {n for n, s in view.states.items() if s in (_S.UNHEALTHY, _S.UNKNOWN) and n in view.touched}
    return tuple(sorted(bad | view.failed))


def decide(view: View) -> Decision:
    """The decision for this view."""
    unknown = tuple(sorted(n for n in view.touched if view.states.get(n) is _S.UNKNOWN))
    # Not a majority of a handful by chance: all of one, or more than half.
    if unknown and view.controls and view.lost_controls * 2 > view.controls:
        return Pause(Reason.CUT_OFF, PauseReason.CUT_OFF, unknown)
    bad = failures(view)
    if len(bad) > view.budget:
        if view.excusing:
            return Pause(Reason.NOT_TO_BLAME, PauseReason.NOT_TO_BLAME, view.excusing)
        if view.one_way:
            return Pause(Reason.ROLLBACK_FLOOR, PauseReason.ROLLBACK_FLOOR, bad)
        return RollBack(Reason.BUDGET, bad) if view.touched else Stop(Reason.BUDGET, bad)
    if view.different:
        return Pause(Reason.DIFFERENT, PauseReason.DIFFERENT, tuple(sorted(view.different)))
    if all(view.states.get(n) not in _OPEN for n in view.batch):
        return Bake(view.bake_s, promotion=view.promotion)
    return Proceed()
