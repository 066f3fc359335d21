"""The states of a rollout and of a host in it, and which may follow which (design.md section 6).

One table each; a move that is not in the table raises ``StateError`` with action, current and expected state. Nothing
here decides to move: ``rollout/`` does, and it journals every move as an event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from fleetdeploy.errors import StateError


class Phase(Enum):
    """Where a rollout is."""

    PLANNED = "planned"
    PREFLIGHT = "preflight"
    STAGING = "staging"
    ROLLING = "rolling"
    BAKING = "baking"
    ROLLING_BACK = "rolling_back"
    DONE = "done"


class Hold(Enum):
    """Why it does not move on at the moment."""

    NONE = "none"
    PAUSED = "paused"
    AWAITING_PROMOTION = "awaiting_promotion"
    INTERRUPTED = "interrupted"


class PauseReason(Enum):
    """Why a rollout is paused."""

    UNKNOWN = "unknown"  # hosts do not answer and the budget cannot bear it
    CUT_OFF = "cut-off"  # most untouched hosts are lost too: it is the controller's network
    NOT_TO_BLAME = "not-to-blame"  # untouched hosts fail checks that they passed at the start
    DIFFERENT = "different"  # a host is not what the plan expects
    FLOOR = "floor"  # too many hosts are down to touch another one
    ASKED = "asked"  # a person said pause
    FREEZE = "freeze"  # the calendar does not let the next batch begin
    NO_CANARY = "no-canary"  # no canary runs the release and is healthy
    NOT_READY = "not-ready"  # hosts of the next batch cannot prove their way back
    ROLLBACK_FLOOR = "rollback-floor"  # going back would cross a one-way migration


class Outcome(Enum):
    """How a rollout ended."""

    SUCCEEDED = "succeeded"
    SUCCEEDED_IN_PART = "succeeded_in_part"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_INCOMPLETE = "rollback_incomplete"
    ABORTED = "aborted"
    REFUSED = "refused"
    FAILED = "failed"


class HostState(Enum):
    """Where one host is."""

    PENDING = "pending"
    STAGED = "staged"
    DRAINING = "draining"
    ACTIVATING = "activating"
    VERIFYING = "verifying"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    EXCLUDED = "excluded"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    ABSENT = "absent"


_P, _H = Phase, HostState
PHASES: dict[Phase, frozenset[Phase]] = {
    _P.PLANNED: frozenset({_P.PREFLIGHT, _P.DONE}),
    _P.PREFLIGHT: frozenset({_P.STAGING, _P.ROLLING, _P.BAKING, _P.ROLLING_BACK, _P.DONE}),
    _P.STAGING: frozenset({_P.ROLLING, _P.ROLLING_BACK, _P.DONE}),
    _P.ROLLING: frozenset({_P.BAKING, _P.ROLLING_BACK, _P.DONE}),
    _P.BAKING: frozenset({_P.ROLLING, _P.ROLLING_BACK, _P.DONE}),
    _P.ROLLING_BACK: frozenset({_P.DONE}),
    _P.DONE: frozenset(),
}
_LOST = frozenset({_H.UNREACHABLE, _H.UNKNOWN})
HOSTS: dict[HostState, frozenset[HostState]] = {
    _H.PENDING: _LOST
    | {_H.STAGED, _H.ACTIVATING, _H.UNCHANGED, _H.SKIPPED, _H.EXCLUDED, _H.ROLLING_BACK, _H.HEALTHY, _H.UNHEALTHY}
    | {_H.ROLLED_BACK, _H.ABSENT},
    _H.STAGED: _LOST | {_H.DRAINING, _H.ACTIVATING, _H.SKIPPED, _H.EXCLUDED, _H.ROLLING_BACK, _H.UNHEALTHY},
    _H.DRAINING: _LOST | {_H.ACTIVATING, _H.ROLLING_BACK, _H.UNHEALTHY},
    _H.ACTIVATING: _LOST
    | {_H.VERIFYING, _H.UNHEALTHY, _H.ROLLED_BACK, _H.ROLLBACK_FAILED, _H.ABSENT, _H.SKIPPED, _H.EXCLUDED},
    _H.VERIFYING: _LOST | {_H.HEALTHY, _H.UNHEALTHY, _H.ROLLING_BACK},
    # EXCLUDED: at the end it is not as this rollout left or found it: a person was there.
    _H.HEALTHY: _LOST | {_H.UNHEALTHY, _H.ROLLING_BACK, _H.EXCLUDED},
    _H.UNHEALTHY: _LOST
    | {_H.HEALTHY, _H.ACTIVATING, _H.VERIFYING, _H.ROLLING_BACK, _H.ROLLED_BACK, _H.ROLLBACK_FAILED, _H.ABSENT},
    _H.UNREACHABLE: frozenset({_H.PENDING, _H.UNKNOWN, _H.ROLLING_BACK, _H.HEALTHY, _H.UNHEALTHY, _H.VERIFYING})
    | {_H.STAGED, _H.ACTIVATING, _H.SKIPPED},
    _H.UNKNOWN: frozenset({_H.VERIFYING, _H.HEALTHY, _H.UNHEALTHY, _H.ROLLING_BACK, _H.ROLLED_BACK, _H.ROLLBACK_FAILED})
    | {_H.ACTIVATING, _H.ABSENT, _H.UNREACHABLE, _H.SKIPPED},
    _H.UNCHANGED: _LOST | {_H.UNHEALTHY, _H.ROLLING_BACK, _H.EXCLUDED},
    # PENDING: a person asked for another try.
    _H.SKIPPED: _LOST | {_H.ROLLING_BACK, _H.PENDING},
    _H.EXCLUDED: _LOST | {_H.ROLLING_BACK, _H.PENDING},
    _H.ROLLING_BACK: _LOST | {_H.ROLLED_BACK, _H.ROLLBACK_FAILED, _H.ABSENT, _H.SKIPPED, _H.UNCHANGED},
    _H.ROLLED_BACK: _LOST | {_H.ROLLBACK_FAILED, _H.ROLLING_BACK, _H.PENDING},
    _H.ROLLBACK_FAILED: _LOST | {_H.ROLLING_BACK, _H.ACTIVATING, _H.UNHEALTHY},
    _H.ABSENT: _LOST | {_H.ROLLING_BACK, _H.PENDING},
}
# States in which a host does not serve: each counts against the floor.
NOT_SERVING = frozenset(
    {_H.DRAINING, _H.ACTIVATING, _H.VERIFYING, _H.UNHEALTHY, _H.UNKNOWN, _H.ROLLING_BACK, _H.ROLLBACK_FAILED}
)


@dataclass(frozen=True, slots=True)
class RunState:
    """(phase, hold, outcome) of a rollout; ``reason`` belongs to the hold."""

    phase: Phase = Phase.PLANNED
    hold: Hold = Hold.NONE
    outcome: Outcome | None = None
    reason: PauseReason | None = None

    def to(self, phase: Phase) -> RunState:
        """Move on to ``phase``.

        Raises:
            StateError: the table does not have that move.
        """
        if phase is self.phase:
            return self
        if phase not in PHASES[self.phase]:
            raise StateError(f"go to {phase.value}", self.phase.value, _sources(PHASES, phase))
        return replace(self, phase=phase, hold=Hold.NONE, reason=None)

    def held(self, hold: Hold, reason: PauseReason | None = None) -> RunState:
        """Hold, or go on with ``Hold.NONE``.

        Raises:
            StateError: it is over already, or a pause has no reason.
        """
        if self.phase is Phase.DONE:
            others = tuple(p.value for p in Phase if p is not self.phase)
            raise StateError(f"hold ({hold.value})", self.phase.value, others)
        if (hold is Hold.PAUSED) != (reason is not None):
            raise StateError(f"hold ({hold.value})", str(reason), ("a pause with a reason",))
        return replace(self, hold=hold, reason=reason)

    def ended(self, outcome: Outcome) -> RunState:
        """End with ``outcome``.

        Raises:
            StateError: it has ended before.
        """
        if self.outcome is not None:
            raise StateError(f"end ({outcome.value})", f"ended ({self.outcome.value})", ("not ended",))
        return replace(self.to(Phase.DONE), outcome=outcome)


def _sources(table: dict[Phase, frozenset[Phase]], target: Phase) -> tuple[str, ...]:
    return tuple(source.value for source, targets in table.items() if target in targets)


def move_host(name: str, current: HostState, target: HostState) -> HostState:
    """``target``, if a host may go there from ``current``.

    Raises:
        StateError: the table does not have that move.
    """
    if current is target:
        return target
    if target not in HOSTS[current]:
        expected = tuple(s.value for s, targets in HOSTS.items() if target in targets)
        raise StateError(f"move {name} to {target.value}", current.value, expected)
    return target
