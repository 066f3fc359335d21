"""What a conductor writes into the store before and after everything it does: the table of steps, and who writes.

Three parts. ``StoreGuard``: the store as a conductor sees it; when it breaks, nothing is raised from the middle of
things, ``lost`` says so and the conductor decides (forward: stop at the safe point; back: go on without).
``Record``: steps and decisions of this rollout. ``RecordedPort``: the verbs of a host, each recorded before and after.

Nothing here says what happened on a host: the host's own journal wins (``resume.py``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import CancelledTask
from fleetdeploy.engine.steps import Step, Steps, StepStore
from fleetdeploy.errors import AnswerLost, HostError, StoreError, Unreachable
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.readiness import ReadyRequest, ReadyResult
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import (
    ActivateRequest,
    ActivateResult,
    Claim,
    CloseRequest,
    Direction,
    OpenRequest,
    OpenResult,
    PruneResult,
    StageResult,
    TurnResult,
)
from fleetdeploy.rollout.ports import EventLog, HostPort

T = TypeVar("T")

TURN_DECIDED = 5
OPEN, STAGE, READY, ACTIVATE, TURN, PUT_BACK, PRUNE, CLOSE = 10, 20, 25, 30, 40, 50, 60, 70
TURN_FORWARD = 45  # another try of a host that went back alone
_LINKS = 10
_NAMES: Mapping[int, str] = {
    TURN_DECIDED: "turn-decided",
    OPEN: "open",
    STAGE: "stage",
    READY: "ready",
    ACTIVATE: "activate",
    TURN: "turn-host",
    TURN_FORWARD: "turn-forward",
    # A chain of rollouts that are undone on one host: one number each.
    **{PUT_BACK + i: "put-back" for i in range(_LINKS)},
    PRUNE: "prune",
    CLOSE: "close",
}
GATE, BAKE, PROMOTION = 1, 2, 3
_DECISIONS = {GATE: "gate", BAKE: "bake", PROMOTION: "promotion"}
_BATCHES = 1000


def of_batch(index: int, decision: int) -> int:
    """The number of a decision about a batch."""
    return _BATCHES + 10 * index + decision


def name_of(step: int) -> str:
    """What a step number is called; "" if there is no such number."""
    if step >= _BATCHES:
        return _DECISIONS.get(step % 10, "")
    return _NAMES.get(step, "")


class NotRecorded(Unreachable):
    """The intent could not be written, so nothing was sent: the host is as it was."""


class StoreGuard:
    """An ``EventLog`` that remembers a ``StoreError`` instead of raising it, and then keeps still.

    Every method of the log is passed through, whatever it is called: what a broken store answers is in ``_NOTHING``.
    Use ``guarded`` to make one.
    """

    _NOTHING: Mapping[str, Any] = {
        "append": 0,
        "take_requests": (),
        "events": (),
        "steps": (),
        "marks": (),
        "evidence": (),
    }
    _READS = frozenset({"take_requests", "events", "steps", "marks", "evidence", "answer_of"})
    _PATIENCE_S = 5.0

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._silent_until = 0.0
        self.lost: StoreError | None = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._log, name)

        def call(*values: Any, **named: Any) -> Any:
            reads = name in self._READS
            if self.lost is not None or (reads and time.monotonic() < self._silent_until):
                return self._NOTHING.get(name)
            try:
                return method(*values, **named)
            except StoreError as error:
                if reads:  # a command that waits is no reason to stop a rollout; asked again a little later
                    self._silent_until = time.monotonic() + self._PATIENCE_S
                else:
                    self.lost = self.lost or error
                return self._NOTHING.get(name)

        return call


def guarded(log: EventLog) -> tuple[EventLog, StoreGuard]:
    """The log for everybody who writes to it, and the guard that knows whether it still can be written."""
    guard = StoreGuard(log)
    return cast(EventLog, guard), guard


class _Nowhere:
    """A store of steps that keeps nothing, for a way back whose record cannot be used."""

    def step_begin(self, rollout: str, host: str, step: int, name: str, conductor: str, *, again: bool = False) -> None:
        """Nothing stood there."""

    def step_end(self, rollout: str, host: str, step: int, result: Mapping[str, Any]) -> None:
        """Keeps nothing."""

    def steps(self, rollout: str) -> tuple[Step, ...]:
        """None."""
        return ()


NOWHERE = _Nowhere()


class Record:
    """Steps and decisions of one rollout. May be used from any thread; never raises because of a broken store."""

    def __init__(self, log: StepStore, rollout: str, conductor: str, lost: Callable[[], StoreError | None]) -> None:
        self.steps = Steps(log, rollout, conductor, name_of)
        self._conductor = conductor
        self._lost = lost
        self._loaded = False

    @property
    def lost(self) -> StoreError | None:
        """Why the store cannot be written any more, None while it can."""
        return self._lost()

    def load(self) -> None:
        """What earlier conductors of this rollout wrote.

        Raises:
            OtherVersion: it cannot be read by this version.
        """
        self.steps.load()
        self._loaded = any(step.conductor != self._conductor for step in self.steps.all)

    @property
    def has_history(self) -> bool:
        """True if an earlier conductor of this rollout wrote here: then what does not stand here it did not do."""
        return self._loaded

    @property
    def conductors(self) -> frozenset[str]:
        """Who ever wrote here."""
        return frozenset(step.conductor for step in self.steps.all)

    def decide(self, step: int, host: str = "", **result: Any) -> None:
        """A decision, written as one: it is taken from here when another conductor goes on."""
        self.steps.begin(host, step)
        self.steps.end(host, step, {"by": self._conductor, **result})

    def decided(self, step: int, host: str = "") -> Mapping[str, Any] | None:
        """That decision, None if it was not taken."""
        return self.steps.result(host, step)

    @property
    def turning(self) -> bool:
        """True if it was decided, or begun to be decided, that the whole rollout goes back."""
        return self.steps.began("", TURN_DECIDED)

    def in_flight(self) -> tuple[Step, ...]:
        """Verbs of earlier conductors of which nobody knows how they ended."""
        return tuple(s for s in self.steps.in_flight if s.host and s.conductor != self._conductor)


class RecordedPort:
    """The verbs of one host, each written into the record before it is sent and after its answer came.

    Whatever only looks, and beats, are passed through. Use ``recording`` to make them.
    """

    def __init__(self, port: HostPort, record: Record, host: str, link: Callable[[str, str], int]) -> None:
        self._port, self._record, self._host, self._link = port, record, host, link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)

    def open(self, request: OpenRequest) -> OpenResult:
        """Recorded; that it cannot be is looked at when all are open, since nothing is changed by it."""
        return self._run(
            OPEN, lambda: self._port.open(request), lambda a: {"result": a.result, "token": a.token, "owner": _owner(a)}
        )

    def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult:
        """Recorded if that is possible: going back needs no store."""
        step = TURN if direction == "back" else TURN_FORWARD
        return self._run(step, lambda: self._port.turn(claim, direction=direction), lambda a: {"token": a.token})

    def stage(
        self, claim: Claim, artifact: Artifact, *, progress: Callable[[int, int], None] | None = None
    ) -> StageResult:
        """Recorded, or not done."""
        return self._run(
            STAGE,
            lambda: self._port.stage(claim, artifact, progress=progress),
            lambda a: {"release": a.release, "sent_bytes": a.sent_bytes, "already": a.already},
            must=True,
        )

    def ready(self, request: ReadyRequest) -> ReadyResult:
        """Recorded; that it cannot be is found before anything is changed, by ``activate``."""
        return self._run(
            READY,
            lambda: self._port.ready(request),
            lambda a: {"ready": a.ready, "label": a.label, "lacking": [r.lacking.name.lower() for r in a.reasons]},
        )

    def activate(
        self, request: ActivateRequest, *, password: Secret | None = None, previous_password: Secret | None = None
    ) -> ActivateResult:
        """Forward: recorded, or not done. Back: recorded if that is possible."""
        forward = request.direction == "forward"
        step = ACTIVATE if forward else PUT_BACK + min(self._link(self._host, request.undo), _LINKS - 1)
        return self._run(
            step,
            lambda: self._port.activate(request, password=password, previous_password=previous_password),
            lambda a: {
                "outcome": a.outcome.value,
                "label": a.label,
                "stopped": a.stopped,
                "started": a.started,
                **({} if forward else {"undo": request.undo}),
            },
            must=forward,
        )

    def prune(self, claim: Claim, keep: int) -> PruneResult:
        """Recorded if that is possible."""
        return self._run(PRUNE, lambda: self._port.prune(claim, keep), lambda a: {"removed": list(a.removed)})

    def close(self, request: CloseRequest) -> str:
        """Recorded if that is possible."""
        return self._run(CLOSE, lambda: self._port.close(request), lambda a: {"outcome": a})

    def _run(
        self, step: int, call: Callable[[], T], result: Callable[[T], Mapping[str, Any]], *, must: bool = False
    ) -> T:
        name, steps, host = name_of(step), self._record.steps, self._host
        crashpoint(f"before-{name}")
        steps.begin(host, step)
        if must and self._record.lost is not None:
            if step == STAGE:
                raise CancelledTask  # nothing that runs is changed by it: it simply has not begun
            raise NotRecorded("its intent could not be written into the store, so nothing was sent", host=host)
        crashpoint(f"recorded-{name}")
        try:
            answer = call()
        except AnswerLost:
            raise  # it stays in flight: whoever asks the host writes what became of it
        except HostError as error:
            steps.end(host, step, {"error": type(error).__name__, "what": error.what})
            raise
        crashpoint(f"sent-{name}")
        steps.end(host, step, result(answer))
        crashpoint(f"after-{name}")
        return answer


def _owner(answer: OpenResult) -> str:
    return answer.owner.rollout if answer.owner is not None else ""


def recording(
    connect: Callable[..., HostPort], record: Record, link: Callable[[str, str], int]
) -> Callable[..., HostPort]:
    """The same hosts, recorded. ``link(host, undo)``: which one in the host's chain of rollouts to undo that is."""

    def connected(host: Any) -> HostPort:
        return cast(HostPort, RecordedPort(connect(host), record, host.name, link))

    return connected
