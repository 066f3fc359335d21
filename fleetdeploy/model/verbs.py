"""What the host verbs are asked and what they answer (design.md section 4, protocol.md).

Requests travel as PSRP parameters, answers come back as one JSON object. These types are the contract between
``hosts/verbs.py`` (which sends and parses) and ``rollout/`` (which decides what to ask). They hold no logic beyond
what can be read off their own fields. The nouns that they are made of are in ``memory.py``, and can be had from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from fleetdeploy.model.artifact import FileEntry
from fleetdeploy.model.health import CheckSpec, Sample
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.memory import (
    Actor,
    AppRef,
    BootIdentity,
    Direction,
    HostState,
    Observation,
    ObservedService,
    OpenEntry,
    Origin,
    ReleaseRecord,
    RolloutKind,
    RolloutRecord,
    ServiceKind,
    SignOfLife,
    Snapshot,
)
from fleetdeploy.model.scene import Scene
from fleetdeploy.model.service import ServiceSpec

__all__ = [
    "ActivateOutcome",
    "ActivateRequest",
    "ActivateResult",
    "Actor",
    "AppRef",
    "BootIdentity",
    "Claim",
    "CloseRequest",
    "Direction",
    "Expected",
    "FilesResult",
    "HostFailure",
    "HostState",
    "Observation",
    "ObservedService",
    "OpenEntry",
    "OpenMode",
    "OpenRequest",
    "OpenResult",
    "Origin",
    "ProbeRequest",
    "ProbeResult",
    "PruneResult",
    "ReleaseRecord",
    "RolloutKind",
    "RolloutRecord",
    "ServiceKind",
    "SignOfLife",
    "Snapshot",
    "StageResult",
    "TurnResult",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a changing verb shows at the door. ``step`` counts up per host and rollout (protocol.md rule 8)."""

    rollout: str
    conductor: str
    token: int
    step: int


class OpenMode(Enum):
    """How far an ``open`` may go (protocol.md rules 2 and 3)."""

    NEW = "new"  # only a free host, or the same id and conductor
    TAKE_OVER = "take-over"  # replace exactly the entry named in ``expected`` (found dead, or forced)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Asks a host to be part of a rollout. ``expected`` = (rollout, conductor, token) of the entry to be replaced."""

    rollout: str
    conductor: str
    kind: RolloutKind
    undoes: str
    plan_digest: str
    machines: tuple[tuple[str, str], ...]
    actor: Actor
    ttl_s: float
    mode: OpenMode = OpenMode.NEW
    expected: tuple[str, str, int] | None = None
    direction: Direction = "forward"
    opened_at: str = ""
    strong: bool = False
    target: str = ""  # of a rollback to a named version: whoever continues it must know


@dataclass(frozen=True, slots=True)
class OpenResult:
    """``opened`` (also: same id and conductor again), ``occupied`` (owner in ``owner``) or ``ended`` (``outcome``)."""

    result: Literal["opened", "occupied", "ended"]
    token: int
    step_high: int
    owner: OpenEntry | None
    outcome: str
    replaced: Mapping[str, Any] | None
    observation: Observation


class ActivateOutcome(Enum):
    """How ``activate`` ended. The script ends in exactly one of these, whatever happens to the controller."""

    ACTIVATED = "activated"  # stopped, switched, started, RUNNING with the wanted image
    ALREADY = "already"  # was done by this rollout's id (rule 11), or repaired to done
    PUT_BACK = "put-back"  # the switch failed; the previous runs again
    PUT_BACK_FAILED = "put-back-failed"  # the switch failed and so did going back: a person is needed
    LEFT_FAILED = "left-failed"  # it was started and failed, and may not be put back by itself (``one_way``)
    RESTORED = "restored"  # direction back: the previous runs again
    ABSENT = "absent"  # direction back of a first install: what was made is removed
    NOTHING = "nothing"  # direction back: this rollout never changed this host
    DIFFERENT = "different"  # not what the plan expects: left untouched
    STOPPED_BY_PERSON = "stopped-by-person"  # stopped or disabled without an unfinished intent: left untouched
    LEFT_ALONE = "left-alone"  # direction back: the host no longer runs the rollout's release (rule 13)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the plan found on the host: compared again under the lock before anything is stopped."""

    exists: bool
    image_path: str
    exe_sha256: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ActivateRequest:
    """Switch a host to a release (``forward``), or to the recorded ``from`` of ``undo`` (``back``).

    ``checks`` and ``timing`` are stored with the release, so that a later rollback is judged by them. ``settle_s`` is
    how long the service must be RUNNING with one PID before the script calls it started. ``one_way``: once the new
    process has been started the host must not put the old one back by itself (it may have migrated data).
    """

    claim: Claim
    direction: Direction
    spec: ServiceSpec | None
    release: str
    version: str
    manifest_sha256: str
    exe_sha256: str
    exe: str
    expected: Expected | None
    undo: str = ""
    checks: tuple[CheckSpec, ...] = ()
    timing: Mapping[str, float] = field(default_factory=dict)
    allow_stopped: bool = False
    settle_s: float = 1.0
    stop_timeout_s: float = 30.0
    start_timeout_s: float = 30.0
    lock_wait_s: float = 30.0
    undone_mark: str = "bad"
    one_way: bool = False


@dataclass(frozen=True, slots=True)
class HostFailure:
    """Why a host verb failed, in the SCM's words: numbers decide, text is for people.

    ``event_id`` and ``exit_code`` are None where there is none.
    """

    kind: str
    detail: str
    win32: int | None = None
    event_id: int | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class ActivateResult:
    """What ``activate`` did. ``stopped``/``started`` count effects of this call; ``forced_kill`` if it had to kill."""

    outcome: ActivateOutcome
    label: str
    pid: int
    started_at: str
    image: str
    stopped: int = 0
    started: int = 0
    forced_kill: bool = False
    failure: HostFailure | None = None
    notes: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    evidence: Scene | None = None  # of a switch that failed, from before it was put back


@dataclass(frozen=True, slots=True)
class StageResult:
    """``sent_bytes`` is what crossed the wire as payload; 0 if the host had the release."""

    release: str
    sent_bytes: int
    already: bool


@dataclass(frozen=True, slots=True)
class FilesResult:
    """What lies in a release's folder now, paths relative to it with ``/``; ``truncated`` if there was too much."""

    folder: str
    exists: bool
    files: tuple[FileEntry, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """Look at the host for ``window_s`` seconds, every ``interval_s``, in one call.

    ``wanted_image``/``wanted_sha256``: the running image must equal these; empty = any image.
    """

    window_s: float
    interval_s: float
    wanted_image: str
    wanted_sha256: str
    version: str
    checks: tuple[CheckSpec, ...]


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Samples in order of time; ``observed`` is false if the host could not be asked."""

    samples: tuple[Sample, ...]
    boot: BootIdentity
    crash_events: tuple[HostFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnResult:
    """The new token of a turned host (protocol.md rule 9)."""

    token: int


@dataclass(frozen=True, slots=True)
class CloseRequest:
    """Ends a rollout on a host, also where nothing was changed and where no entry stands (rule 6).

    ``also`` names what a rollback undoes, with its outcome. ``withdraw`` leaves no trace of an ``opening`` that lost
    (rule 4) and puts ``restore`` (what ``OpenResult.replaced`` held) back as dead. ``mark`` is what is held of the
    version from now on, also on hosts where nothing was changed. ``by``: who closes it for its owner, and why, for
    the host's journal.
    """

    claim: Claim
    outcome: str
    also: tuple[tuple[str, str], ...] = ()
    machines: tuple[tuple[str, str], ...] = ()
    withdraw: bool = False
    restore: Mapping[str, Any] | None = None
    kind: RolloutKind = "forward"
    mark: ReleaseMark | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class PruneResult:
    """Release folders that were removed, and those that could not be (in use).

    ``service`` and ``state`` are the host as it was then, under its lock (``service`` None: absent); ``state`` None:
    nobody looked.
    """

    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    freed_bytes: int = 0
    notes: tuple[str, ...] = field(default=())
    service: ObservedService | None = None
    state: HostState | None = None
