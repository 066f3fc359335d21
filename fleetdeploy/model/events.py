"""What happens in a rollout, as data: the journal stores it, reporters draw it, NDJSON prints it.

An event says what is, never how to show it. Texts are ready for people; nothing may decide by a text.
``to_json`` gives ``{"event": "<kebab-case name>", ...}``; the journal adds ``seq``, ``at`` and ``rollout``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetdeploy.model.codec import from_plain, to_plain
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason, Phase
from fleetdeploy.model.verbs import HostFailure, RolloutKind


@dataclass(frozen=True, slots=True)
class Event:
    """Root of all events."""

    def to_json(self) -> dict[str, Any]:
        """Plain form with the event's name first."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()
        return {"event": name, **to_plain(self)}


@dataclass(frozen=True, slots=True)
class RolloutStarted(Event):
    """A conductor begins, or takes over (``resumed``)."""

    kind: RolloutKind
    conductor: str
    fleet: str
    app: str
    version: str
    digest: str
    hosts: tuple[str, ...]
    undoes: str = ""
    resumed: bool = False
    actor: str = ""


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    """The rollout goes on to a phase."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class HoldChanged(Event):
    """It waits, or no longer. ``next_steps`` is what a person may type; ``ends_in_s`` when it ends unattended."""

    hold: Hold
    reason: PauseReason | None = None
    detail: str = ""
    ends_in_s: float | None = None
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchStarted(Event):
    """Hosts of one batch begin."""

    index: int
    of: int
    hosts: tuple[str, ...]
    is_canary: bool = False


@dataclass(frozen=True, slots=True)
class BatchDone(Event):
    """Every host of the batch has a result."""

    index: int
    of: int


@dataclass(frozen=True, slots=True)
class HostChanged(Event):
    """A host moved on. ``label`` is the version it runs as far as known."""

    host: str
    state: HostState
    detail: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class HostFailed(Event):
    """A host failed: why in the SCM's words, what likely lies behind it, what happens now, what to type next."""

    host: str
    failure: HostFailure
    now: str = ""
    next_steps: tuple[str, ...] = ()
    likely: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceKept(Event):
    """What a host had to show was kept before it was put back: one line of it, and what it likely means."""

    host: str
    summary: str
    likely: str = ""
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageProgress(Event):
    """Bytes on their way to a host (not journaled)."""

    host: str
    sent: int
    total: int


@dataclass(frozen=True, slots=True)
class HostStaged(Event):
    """A release lies on a host; ``sent_bytes`` 0 if it had it."""

    host: str
    release: str
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class ProbeSeen(Event):
    """Last look at a host (not journaled)."""

    host: str
    good: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GateDecided(Event):
    """What the gate said: proceed, bake, pause, roll-back or stop, and why."""

    decision: str
    reason: str
    detail: str = ""
    failures: int = 0
    budget: int = 0


@dataclass(frozen=True, slots=True)
class BakeProgress(Event):
    """Observed healthy seconds so far (not journaled)."""

    healthy_s: float
    needed_s: float
    hosts: int = 0


@dataclass(frozen=True, slots=True)
class Note(Event):
    """Something a person should know."""

    text: str
    host: str = ""
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Asked(Event):
    """A person asked the conductor for something: pause, resume, promote, abort-rollback, abort-leave, retry, exclude.

    ``argument`` is the host, or how far a promotion goes (``full``, or the batch's number); ``text`` the answer.
    """

    kind: str
    actor: str
    reason: str = ""
    argument: str = ""
    accepted: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True)
class Heartbeat(Event):
    """Nothing new, still alive: keeps CI logs from being cut (not journaled)."""

    text: str


@dataclass(frozen=True, slots=True)
class Turned(Event):
    """From here on hosts are put back (protocol.md rule 9)."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RolloutEnded(Event):
    """It is over, or this conductor's part is (``outcome`` None: paused or interrupted, still open)."""

    outcome: Outcome | None
    exit_code: int
    detail: str = ""
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """What a newer fleetdeploy wrote: kept as it stands, so that an older one can still read the rest."""

    data: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As it was read."""
        return dict(self.data)


TRANSIENT: tuple[type[Event], ...] = (StageProgress, ProbeSeen, BakeProgress, Heartbeat)
_KINDS: dict[str, type[Event]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind
    for kind in (
        RolloutStarted,
        PhaseChanged,
        HoldChanged,
        BatchStarted,
        BatchDone,
        HostChanged,
        HostFailed,
        EvidenceKept,
        StageProgress,
        HostStaged,
        ProbeSeen,
        GateDecided,
        BakeProgress,
        Note,
        Asked,
        Heartbeat,
        Turned,
        RolloutEnded,
    )
}


def event_from_json(data: dict[str, Any]) -> Event:
    """The event whose ``to_json`` is ``data``.

    Raises:
        ValueError: no such event, or it does not fit.
    """
    body = dict(data)
    kind = _KINDS.get(str(body.pop("event", "")))
    if kind is None:
        raise ValueError(f"no such event: {data.get('event')!r}")
    return from_plain(kind, body)


def read_event(data: Any) -> Event:
    """The same for what lies in a store: an event that this version does not know is an ``UnknownEvent``."""
    if not isinstance(data, dict):
        return UnknownEvent({"event": "unreadable", "text": str(data)})
    try:
        return event_from_json(data)
    except (ValueError, TypeError):
        return UnknownEvent(data)
