"""An in-memory fleet behind ``HostPort``: hosts that remember rollouts as protocol.md says.

It is for the conductor's logic only (who is asked what, in which order, and what follows); that the real scripts behave
like this is shown on the lab in ``tests/hosts`` and ``tests/scenarios``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fleetdeploy.errors import AnswerLost, HostError, ScriptFailed, Stale, Unreachable
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.readiness import Lacking, ReadyReason, ReadyRequest, ReadyResult
from fleetdeploy.model.scene import Scene, SceneRequest, SceneService
from fleetdeploy.model.verbs import (
    ActivateOutcome,
    ActivateRequest,
    ActivateResult,
    Actor,
    BootIdentity,
    Claim,
    CloseRequest,
    Direction,
    HostFailure,
    HostState,
    Observation,
    ObservedService,
    OpenEntry,
    OpenRequest,
    OpenResult,
    Origin,
    ProbeRequest,
    ProbeResult,
    PruneResult,
    ReleaseRecord,
    RolloutRecord,
    ServiceKind,
    SignOfLife,
    Snapshot,
    StageResult,
    TurnResult,
)

ROOT = r"C:\apps"
HAND_MADE = r"D:\hand\shop.exe"
NO_HANDLER = HostFailure("start", "1053", win32=1053)


@dataclass
class FakeHost:
    """One host. Knobs are plain attributes; ``log`` lists the changing verbs that took effect."""

    name: str
    version: str = "v1.4.0"
    image: str = HAND_MADE
    sha256: str = "aa" * 32
    exists: bool = True
    state: str = "Running"
    pid: int = 100
    sick: Callable[[FakeHost], bool] = lambda host: False
    dead: bool = False
    dead_for_close: bool = False
    refuse_login: HostError | None = None
    lose_answer: int = 0
    never_starts: bool = False
    why_not: HostFailure = NO_HANDLER
    fails_back: HostFailure | None = None
    puts_back_before_start: bool = False
    dies_after_stop: bool = False
    stage_error: HostError | None = None
    drift_before_activate: bool = False
    on_activate: Callable[[FakeHost, ActivateRequest], None] = lambda host, request: None
    on_stage: Callable[[FakeHost], None] = lambda host: None
    on_ready: Callable[[FakeHost], None] = lambda host: None
    on_prune: Callable[[FakeHost], PruneResult] = lambda host: PruneResult()
    lacking: tuple[Lacking, ...] = ()
    releases: dict[str, ReleaseRecord] = field(default_factory=dict)
    staged: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    rollouts: dict[str, RolloutRecord] = field(default_factory=dict)
    scenes: list[SceneRequest] = field(default_factory=list)
    open: OpenEntry | None = None
    token_high: int = 0
    active: str = ""
    steps: dict[str, int] = field(default_factory=dict)
    beaten_at: float = 0.0
    ttl_s: float = 60.0
    calls: int = 0
    started_at: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def stops(self) -> int:
        return sum(1 for entry in self.log if entry.startswith("stop"))

    def alive(self) -> bool:
        return self.open is not None and time.monotonic() - self.beaten_at < self.ttl_s


class FakePort:
    """The verbs of one fake host."""

    def __init__(self, host: FakeHost) -> None:
        self.h = host

    def _enter(self) -> FakeHost:
        self.h.calls += 1
        if self.h.refuse_login is not None:
            raise self.h.refuse_login
        if self.h.dead:
            raise Unreachable(f"{self.h.name}: no route", host=self.h.name)
        return self.h

    def _claim(self, claim: Claim, *, stepped: bool = False) -> RolloutRecord:
        h = self.h
        record = h.rollouts.get(claim.rollout)
        if record is not None and record.ended:
            raise Stale("ended", host=h.name, outcome=record.outcome)
        if h.open is None or record is None:
            raise Stale("no rollout is open here", host=h.name)
        if (h.open.rollout, h.open.conductor, h.open.token) != (claim.rollout, claim.conductor, claim.token):
            raise Stale("another holds it", host=h.name, taken_over_by=h.open.conductor)
        if stepped:
            if claim.step < h.steps.get(claim.rollout, 0):
                raise Stale("a later step was seen", host=h.name)
            h.steps[claim.rollout] = claim.step
        h.beaten_at = time.monotonic()
        return record

    def scene(self, request: SceneRequest, *, deadline_s: float = 10.0) -> Scene | None:
        h = self._enter()
        service = SceneService(
            "Shop", "Shop", h.state, h.pid, "", f'"{h.image}"', h.image, True, h.image, 0, 0, "LocalSystem", "Auto"
        )
        h.scenes.append(request)
        return Scene("", request.rollout, "", service)

    def observe(self) -> Observation:
        h = self._enter()
        with h.lock:
            service = None
            if h.exists:
                running = h.state == "Running"
                service = ObservedService(
                    state=h.state,
                    pid=h.pid if running else 0,
                    started=str(h.pid),
                    running_image=h.image if running else "",
                    running_sha256=h.sha256 if running else "",
                    exe_path=h.image,
                    exe_sha256=h.sha256,
                    kind=ServiceKind("native"),
                    snapshot=Snapshot({"image_path": f'"{h.image}"'}),
                    build_version=h.version,
                    fingerprint=h.image + h.sha256,
                )
            entry = replace(h.open, alive_here=h.alive()) if h.open else None
            known = h.token_high > 0
            return Observation(
                host=h.name,
                machine_id=f"id-{h.name}",
                computer_name=h.name,
                os_build=20348,
                arch="amd64",
                powershell="5.1",
                language_mode="FullLanguage",
                is_admin=True,
                boot=BootIdentity(1, "1"),
                uptime_s=1.0,
                free_bytes=10**12,
                service=service,
                state=HostState(h.token_high, h.active, {**h.releases}, tuple(h.rollouts.values()), entry)
                if known
                else None,
                staged=tuple(h.staged),
            )

    def open(self, request: OpenRequest) -> OpenResult:
        h = self._enter()
        with h.lock:
            record = h.rollouts.get(request.rollout)
            said, replaced, owner = "opened", None, None
            fresh = False
            if record is not None and record.ended:
                said = "ended"
            elif h.open is None:
                fresh = True
            elif (h.open.rollout, h.open.conductor) == (request.rollout, request.conductor):
                pass
            elif request.expected == (h.open.rollout, h.open.conductor, h.open.token):
                fresh = True
                replaced = {"rollout": h.open.rollout, "conductor": h.open.conductor, "entry": h.open}
            else:
                said, owner = "occupied", replace(h.open, alive_here=h.alive())
            if fresh:
                h.token_high += 1
                record = record or RolloutRecord(
                    id=request.rollout,
                    kind=request.kind,
                    undoes=request.undoes,
                    plan_digest=request.plan_digest,
                    machines=request.machines,
                    origin=None,
                    to_label=request.target if request.kind == "back" else "",
                    to_release="",
                    to_image_path="",
                    to_sha256="",
                    direction=request.direction,
                    token=0,
                    intent=False,
                    done=False,
                    put_back=False,
                    outcome="",
                    ended=False,
                )
                record = replace(record, token=h.token_high)
                h.rollouts[request.rollout] = record
                life = SignOfLife(BootIdentity(1, "1"), 0.0, request.ttl_s)
                h.open = OpenEntry(
                    request.rollout,
                    request.conductor,
                    h.token_high,
                    request.kind,
                    "opening",
                    record.direction,
                    request.actor,
                    request.machines,
                    request.opened_at,
                    life,
                    True,
                )
                h.beaten_at, h.ttl_s = time.monotonic(), request.ttl_s
                h.log.append(f"open {request.rollout}")
            token = h.open.token if said == "opened" and h.open else 0
            outcome = record.outcome if record else ""
            steps = h.steps.get(request.rollout, 0)
            return OpenResult(said, token, steps, owner, outcome, replaced, self.observe())  # type: ignore[arg-type]

    def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult:
        h = self._enter()
        with h.lock:
            record = self._claim(claim)
            if direction == "forward":
                if record.intent and not record.put_back:
                    raise ScriptFailed("it does not stand as it was before", host=h.name)
                record = replace(record, done=False)
            h.token_high += 1
            assert h.open is not None
            h.open = replace(h.open, token=h.token_high, direction=direction, phase="running")
            h.rollouts[claim.rollout] = replace(record, direction=direction, token=h.token_high)
            h.log.append("turn" if direction == "back" else "turn forward")
            return TurnResult(h.token_high)

    def stage(
        self, claim: Claim, artifact: Artifact, *, progress: Callable[[int, int], None] | None = None
    ) -> StageResult:
        h = self._enter()
        self._claim(claim)
        if h.stage_error is not None:
            raise h.stage_error
        h.on_stage(h)
        if progress is not None:
            progress(0, artifact.manifest.size)
        already = artifact.release_name in h.staged
        h.staged.add(artifact.release_name)
        return StageResult(artifact.release_name, 0 if already else artifact.manifest.size, already)

    def activate(self, request: ActivateRequest, **_: object) -> ActivateResult:
        h = self._enter()
        with h.lock:
            record = self._claim(request.claim, stepped=True)
            assert h.open is not None
            h.on_activate(h, request)
            if h.open.direction != request.direction:
                raise Stale("wrong direction", host=h.name)
            result = self._back(request) if request.direction == "back" else self._forward(request, record)
        if h.dies_after_stop:
            h.dead = True
        if h.lose_answer or h.dead:
            h.lose_answer = max(0, h.lose_answer - 1)
            raise AnswerLost(f"{h.name}: no answer", host=h.name)
        return result

    def _result(self, outcome: ActivateOutcome, **more: object) -> ActivateResult:
        h = self.h
        return ActivateResult(outcome, h.version, h.pid, str(h.pid), h.image, **more)  # type: ignore[arg-type]

    def _forward(self, request: ActivateRequest, record: RolloutRecord) -> ActivateResult:
        h = self.h
        assert request.spec is not None
        assert request.expected is not None
        image = rf"{ROOT}\{request.spec.app}\releases\{request.release}\{request.exe}"
        if record.done and h.image == image:
            return self._result(ActivateOutcome.ALREADY)
        if h.exists and f'"{h.image}"' != request.expected.image_path:
            return self._result(ActivateOutcome.DIFFERENT, differences=("image_path",))
        if h.exists and h.state in ("Stopped", "StopPending") and not record.intent and not request.allow_stopped:
            return self._result(ActivateOutcome.STOPPED_BY_PERSON)
        origin = Origin(h.version, "", f'"{h.image}"', h.sha256, h.exists, h.state == "Running", None)
        record = replace(
            record,
            intent=True,
            put_back=False,
            origin=record.origin or origin,
            to_label=request.version,
            to_release=request.release,
            to_image_path=image,
            to_sha256=request.exe_sha256,
        )
        h.log.append(f"stop {h.version}")
        if h.never_starts:
            h.log.append(f"start {h.version}")
            if request.one_way and not h.puts_back_before_start:
                h.rollouts[record.id] = record
                h.image, h.sha256, h.version, h.state = image, request.exe_sha256, request.version, "Stopped"
                return self._result(ActivateOutcome.LEFT_FAILED, failure=h.why_not)
            h.rollouts[record.id] = replace(record, put_back=True)
            h.pid += 1
            return self._result(ActivateOutcome.PUT_BACK, failure=h.why_not)
        h.exists, h.image, h.sha256, h.version = True, image, request.exe_sha256, request.version
        h.pid, h.state, h.started_at = h.pid + 1, "Running", time.monotonic()
        h.log.append(f"start {h.version}")
        h.rollouts[record.id] = replace(record, done=True)
        h.active = request.release
        return self._result(ActivateOutcome.ACTIVATED)

    def _back(self, request: ActivateRequest) -> ActivateResult:
        h = self.h
        undone = h.rollouts.get(request.undo)
        if undone is None or not undone.intent or undone.origin is None:
            return self._result(ActivateOutcome.NOTHING)
        if undone.put_back:
            return self._result(ActivateOutcome.ALREADY)
        if h.image != undone.to_image_path:
            return self._result(ActivateOutcome.LEFT_ALONE)
        if h.fails_back is not None:
            return self._result(ActivateOutcome.PUT_BACK_FAILED, failure=h.fails_back)
        h.log.append(f"stop {h.version}")
        h.rollouts[undone.id] = replace(undone, put_back=True)
        origin = undone.origin
        h.active = origin.release
        if not origin.existed:
            h.exists = False
            return ActivateResult(ActivateOutcome.ABSENT, "absent", 0, "", "")
        image = origin.image_path.strip('"')
        h.image, h.sha256, h.version, h.pid = image, origin.sha256, origin.label, h.pid + 1
        h.state = "Running" if origin.was_running else h.state
        h.log.append(f"start {h.version}")
        if request.undo != request.claim.rollout:
            own = h.rollouts[request.claim.rollout]
            h.rollouts[own.id] = replace(own, intent=True, done=True)
        return self._result(ActivateOutcome.RESTORED)

    def ready(self, request: ReadyRequest) -> ReadyResult:
        h = self._enter()
        with h.lock:
            record = self._claim(request.claim, stepped=True)
            h.log.append("ready")
            h.on_ready(h)
            if record.intent:
                return ReadyResult(begun=True, label=record.origin.label if record.origin else "")
            reasons = tuple(ReadyReason(lacking, f"it lacks {lacking.name}") for lacking in h.lacking)
            return ReadyResult(reasons, first_install=not h.exists, label=h.version if h.exists else "absent")

    def probe(self, request: ProbeRequest) -> ProbeResult:
        h = self._enter()
        samples: list[Sample] = []
        until = time.monotonic() + request.window_s
        while True:
            bad = (CheckFailure("http", "503"),) if h.sick(h) else ()
            ok = not request.wanted_image or request.wanted_image.lower() == h.image.lower()
            samples.append(Sample(time.monotonic(), h.pid, str(h.pid), h.state, ok, bad))
            if time.monotonic() + request.interval_s > until:
                return ProbeResult(tuple(samples), BootIdentity(1, "1"))
            time.sleep(request.interval_s)

    def beat(self, claim: Claim, *, running: bool = True, last: bool = False) -> None:
        h = self._enter()
        with h.lock:
            self._claim(claim)
            assert h.open is not None
            h.open = replace(h.open, phase="running")
            if last:
                h.beaten_at = -1e9

    def close(self, request: CloseRequest) -> str:
        h = self._enter()
        if h.dead_for_close:
            raise AnswerLost(f"{h.name}: no answer", host=h.name)
        with h.lock:
            record = h.rollouts.get(request.claim.rollout)
            if record is not None and record.ended:
                return record.outcome
            if h.open is not None:
                self._claim(request.claim)
            h.open = None
            if request.withdraw:
                if request.restore:
                    h.open = request.restore["entry"]
                    h.beaten_at = -1e9
                if record is not None and not record.intent and not request.restore:
                    del h.rollouts[record.id]
                return "withdrawn"
            if record is not None:
                h.rollouts[record.id] = replace(record, ended=True, outcome=request.outcome)
            for other, outcome in request.also:
                if other in h.rollouts and not h.rollouts[other].ended:
                    h.rollouts[other] = replace(h.rollouts[other], ended=True, outcome=outcome)
            h.log.append(f"close {request.outcome}")
            self._mark(request.mark)
            return request.outcome

    def _mark(self, mark: ReleaseMark | None) -> None:
        h = self.h
        if mark is None or (mark.mark == "good" and mark.release not in h.releases):
            return
        h.releases[mark.release] = ReleaseRecord(
            mark.release,
            mark.version,
            mark.manifest_sha256,
            "",
            "",
            "",
            mark.mark,
            None,
            marked_by=mark.by,
            marked_at="2026-11-21T03:00:00Z",
            marked_why=mark.why,
        )

    def prune(self, claim: Claim, keep: int) -> PruneResult:
        h = self._enter()
        self._claim(claim)
        return h.on_prune(h)

    def disconnect(self) -> None:
        return None


ACTOR = Actor("tester", "laptop", 1)
