"""What is true on the hosts after something was undone, asked live: what on-call has to know before going back to bed.

Only values; ``rollout/aftermath.py`` asks and judges, ``cli/output/aftermath.py`` words them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Now(Enum):
    """How one host is now."""

    RESTORED = "restored"  # runs what it ran before, and is healthy
    UNTOUCHED = "untouched"  # was not changed, and is healthy
    ABSENT = "absent"  # had no service before, and has none now
    IDLE = "idle"  # does not run, and did not run before
    STILL_NEW = "still-new"  # runs the release that was to be undone
    DOWN = "down"  # does not run, and should
    UNHEALTHY = "unhealthy"  # runs what it should, and fails its checks
    OTHER = "other"  # somebody changed it meanwhile: left alone
    UNKNOWN = "unknown"  # cannot be asked


NEEDS_A_PERSON = (Now.STILL_NEW, Now.DOWN, Now.UNHEALTHY, Now.OTHER, Now.UNKNOWN)


@dataclass(frozen=True, slots=True)
class HostNow:
    """One host as it answered. ``version`` is what runs ("" if nothing does, or nobody knows); ``member``: it was part
    of what was undone; ``detail`` says why it needs a person."""

    host: str
    now: Now
    version: str = ""
    member: bool = True
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The whole fleet. Times are for people: ``asked_at`` UTC, ``took_s`` from the turn to the last host.

    ``undone`` and ``undone_id`` are the version and the rollout that were to be undone; ``marked_bad`` says whether a
    host holds that version as bad, so that the next scheduled job refuses it; ``spared`` why it is not, if it might
    have been expected.
    """

    undone: str
    undone_id: str
    target: str
    asked_at: str
    took_s: float
    marked_bad: bool
    hosts: tuple[HostNow, ...]
    spared: str = ""

    def of(self, *kinds: Now) -> tuple[HostNow, ...]:
        """Hosts of these kinds, in the order of the fleet."""
        return tuple(h for h in self.hosts if h.now in kinds)
