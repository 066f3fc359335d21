"""What the conductor needs of the world: protocols and one bag of them, filled by ``app/``. No logic."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from fleetdeploy.engine.interrupt import Interrupt
from fleetdeploy.engine.journal import EventRow, MarkRow, Request
from fleetdeploy.engine.steps import StepStore
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.events import Event
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.readiness import ReadyRequest, ReadyResult
from fleetdeploy.model.scene import Scene, SceneRequest
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import (
    ActivateRequest,
    ActivateResult,
    Claim,
    CloseRequest,
    Direction,
    FilesResult,
    Observation,
    OpenRequest,
    OpenResult,
    ProbeRequest,
    ProbeResult,
    PruneResult,
    StageResult,
    TurnResult,
)


class HostPort(Protocol):
    """The verbs of one host (``hosts/verbs.py``); used by one thread. Raises only ``HostError`` kinds."""

    def observe(self) -> Observation: ...
    def files(self, release: str) -> FilesResult: ...
    def open(self, request: OpenRequest) -> OpenResult: ...
    def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult: ...
    def stage(
        self, claim: Claim, artifact: Artifact, *, progress: Callable[[int, int], None] | None = None
    ) -> StageResult: ...
    def activate(
        self, request: ActivateRequest, *, password: Secret | None = None, previous_password: Secret | None = None
    ) -> ActivateResult: ...
    def ready(self, request: ReadyRequest) -> ReadyResult: ...
    def probe(self, request: ProbeRequest) -> ProbeResult: ...
    def scene(self, request: SceneRequest, *, deadline_s: float = 10.0) -> Scene | None: ...
    def beat(self, claim: Claim, *, running: bool = True, last: bool = False) -> None: ...
    def close(self, request: CloseRequest) -> str: ...
    def prune(self, claim: Claim, keep: int) -> PruneResult: ...
    def disconnect(self) -> None: ...


class Reporter(Protocol):
    """Shows events. Called from the conductor's thread only; must not raise."""

    def report(self, event: Event) -> None: ...


class EventLog(StepStore, Protocol):
    """The part of the journal that a conductor uses."""

    def begin(
        self,
        rollout: str,
        *,
        kind: str,
        fleet: str,
        app: str,
        version: str,
        digest: str,
        undoes: str,
        actor: str,
        conductor: str,
        plan: Mapping[str, Any],
    ) -> None: ...
    def claim(self, rollout: str) -> None: ...
    def settle(self, rollout: str, outcome: str, *, conductor: str, detail: str = "") -> bool: ...
    def append(self, rollout: str, event: Event) -> int: ...
    def end(self, rollout: str, outcome: str | None, exit_code: int) -> None: ...
    def events(self, rollout: str) -> tuple[EventRow, ...]: ...
    def take_requests(self, rollout: str) -> tuple[Request, ...]: ...
    def set_mark(self, app: str, version: str, manifest_sha256: str, mark: str, why: str, actor: str) -> None: ...
    def marks(self, app: str) -> tuple[MarkRow, ...]: ...
    def answer(self, request: int, accepted: bool, text: str) -> None: ...
    def keep_evidence(self, rollout: str, host: str, data: Mapping[str, Any]) -> int: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a conductor touches.

    Attributes:
        connect: the verbs of a host; called in the host's worker thread, opens nothing yet.
        password: of the account in the project file, and of the one that the hosts have now.
        now: monotonic seconds.
        wall: wall clock (aware), for calendars alone: nothing is measured with it.
        heartbeat_s: a line at least that often.
    """

    fleet: Fleet
    connect: Callable[[Host], HostPort]
    log: EventLog
    reporter: Reporter
    interrupt: Interrupt = field(default_factory=Interrupt)
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    password: Secret | None = None
    previous_password: Secret | None = None
    heartbeat_s: float = 30.0
