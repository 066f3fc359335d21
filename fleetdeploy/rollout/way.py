"""How a stretch of the way forward ended: words between ``forward.py`` and those that wait, watch and ask.

Values only. What a decision of the gate means for the way is said here, so that nobody says it twice.
"""

from __future__ import annotations

from enum import Enum

from fleetdeploy.policy import gate


class Way(Enum):
    """How a stretch of the way ended."""

    ON = "on"  # go on
    DONE = "done"  # the last batch is through
    BACK = "back"  # put everything back: the release failed
    ABORT = "abort"  # put everything back: a person said so
    LEAVE = "leave"  # end here, leave the hosts as they are
    STOP = "stop"  # end here, nothing was changed
    WAITING = "waiting"  # nobody came: end with 7, the rollout stays open
    INTERRUPTED = "interrupted"  # a signal: end with 130, the rollout stays open


class Stir(Enum):
    """Something to look at before the way goes on; never how the way itself ends."""

    PAUSE = "pause"  # a person asked for a pause
    RETRY = "retry"  # hosts get their turn anew
    SICK = "sick"  # an updated host is not well any more


def way_of(decision: gate.Decision) -> Way:
    """What a decision means for the way forward; pauses are ``hold.pause``'s."""
    match decision:
        case gate.RollBack():
            return Way.BACK
        case gate.Stop():
            return Way.STOP
        case gate.Pause():
            return Way.WAITING
        case gate.Proceed() | gate.Bake():
            return Way.ON
