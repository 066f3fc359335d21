"""What lies in the store, row by row, as frozen values. Decides nothing and reads nothing; see ``../journal.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetdeploy.model.events import Event


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """One rollout of the journal, newest fields as its conductor last wrote them.

    ``actor`` began it; ``holder`` (user@machine) is whose conductor writes it now, with ``conductor`` and ``pid``.
    """

    id: str
    kind: str
    fleet: str
    app: str
    version: str
    digest: str
    undoes: str
    actor: str
    conductor: str
    pid: int
    started_at: str
    outcome: str | None
    exit_code: int | None
    ended_at: str | None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event with its envelope."""

    seq: int
    rollout: str
    at: str
    event: Event

    def to_json(self) -> dict[str, Any]:
        """Envelope and event in one object."""
        return {"seq": self.seq, "at": self.at, "rollout": self.rollout, **self.event.to_json()}


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of one host (or of the conductor: ``host`` ""): its intent, and its result once it ended.

    ``tries`` counts how often it was begun; ``result`` is None as long as nothing is known of its end.
    """

    rollout: str
    host: str
    step: int
    name: str
    conductor: str
    begun_at: str
    ended_at: str | None = None
    result: Mapping[str, Any] | None = None
    tries: int = 1

    @property
    def ended(self) -> bool:
        """True once its result is known."""
        return self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Request:
    """A command from outside for the living conductor: promote, pause, abort-rollback, exclude (``argument``) …"""

    id: int
    rollout: str
    kind: str
    actor: str
    at: str
    argument: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the conductor said to a request."""

    request: int
    accepted: bool
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class MarkRow:
    """What is held of a version (``bad``, ``good`` …), by whom and why; the newest word wins."""

    app: str
    version: str
    manifest_sha256: str
    mark: str
    why: str
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """The scene of one host, kept before it was put back."""

    id: int
    rollout: str
    host: str
    at: str
    data: Mapping[str, Any]
