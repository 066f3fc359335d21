"""What the host verbs are asked and what they answer (design.md section 4, protocol.md).

Requests travel as PSRP parameters, answers come back as one JSON object. These types are the contract between
``hosts/verbs.py`` (which sends and parses) and ``rollout/`` (which decides what to ask). They hold no logic beyond
what can be read off their own fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from fleetdeploy.model.artifact import FileEntry
from fleetdeploy.model.health import CheckSpec, Sample
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.scene import Scene
from fleetdeploy.model.service import ServiceSpec

Direction = Literal["forward", "back"]
RolloutKind = Literal["forward", "back"]


@dataclass(frozen=True, slots=True)
class AppRef:
    """Names one app on a host: enough for ``status`` and ``rollback`` from any machine."""

    app: str
    service: str
    root: str


@dataclass(frozen=True, slots=True)
class BootIdentity:
    """PID and creation time (UTC ticks as text) of services.exe: changes with each boot, never with the clock."""

    pid: int
    created: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asked, and where from. ``job_url`` is the CI job, if any."""

    user: str
    machine: str
    pid: int
    job_url: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A service's whole configuration, verbatim. ``values`` is exactly what the host reported, and what it restores.

    Keys: display_name, description, image_path, start_type (auto|demand|disabled|boot|system), delayed (bool), account,
    dependencies (list), service_type (int), error_control (int), environment (list or null), failure_actions (base64
    or null), failure_flag (int or null), preshutdown_ms (int or null), sddl (text or null).
    """

    values: Mapping[str, Any]

    @property
    def image_path(self) -> str:
        """The ImagePath as the SCM holds it, quotes and arguments included."""
        return str(self.values.get("image_path") or "")


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """What stands behind the service: ``native`` is ours to handle; the rest is refused (6) for now."""

    kind: Literal["native", "nssm", "winsw", "shared"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ObservedService:
    """The service as it is now. ``running_*`` are empty unless a process runs; hashes are SHA-256 in lower-case hex.

    ``state`` is one of Stopped, StartPending, StopPending, Running, ContinuePending, PausePending, Paused.
    ``fingerprint`` is made on the host from the snapshot; a plan hands it back in ``Expected.fingerprint`` unread, and
    the host compares it there ("" is not compared).
    """

    state: str
    pid: int
    started: str
    running_image: str
    running_sha256: str
    exe_path: str
    exe_sha256: str
    kind: ServiceKind
    snapshot: Snapshot
    build_version: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """Boot identity and host uptime in seconds at the last beat; ``ttl_s`` is how long it counts as fresh."""

    boot: BootIdentity
    uptime_s: float
    ttl_s: float


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """The rollout that holds the host now. ``strong``: a rollback or a resume, which others make way for (rule 4)."""

    rollout: str
    conductor: str
    token: int
    kind: RolloutKind
    phase: Literal["opening", "running"]
    direction: Direction
    actor: Actor
    machines: tuple[tuple[str, str], ...]
    opened_at: str
    life: SignOfLife | None
    alive_here: bool
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """What ran on the host before a rollout touched it: the ``from`` of that rollout, verbatim.

    ``label`` is a version, ``adopted-<hash8>`` or ``absent``; ``release`` the key in ``releases`` or "".
    """

    label: str
    release: str
    image_path: str
    sha256: str
    existed: bool
    was_running: bool
    snapshot: Snapshot | None


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """A rollout as one host remembers it (protocol.md, "What a host keeps").

    ``changed`` is true once the intent to activate was written here; ``put_back`` once this host is back at ``origin``;
    ``done`` once activate finished with the target running; ``undoing`` from the first step back to the last.
    """

    id: str
    kind: RolloutKind
    undoes: str
    plan_digest: str
    machines: tuple[tuple[str, str], ...]
    origin: Origin | None
    to_label: str
    to_release: str
    to_image_path: str
    to_sha256: str
    direction: Direction
    token: int
    intent: bool
    done: bool
    put_back: bool
    outcome: str
    ended: bool
    opened_at: str = ""
    undoing: bool = False


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """A release the host knows. ``mark`` is "", good, bad or adopted; ``marked_*`` say who, when and why.

    ``checks`` and ``timing`` (the times of ``HealthSpec``) are how it was judged, so that a rollback from a machine
    without the project is judged in the same way.
    """

    key: str
    version: str
    manifest_sha256: str
    exe_sha256: str
    folder: str
    image_path: str
    mark: str
    snapshot: Snapshot | None
    checks: tuple[Mapping[str, Any], ...] = ()
    timing: Mapping[str, float] = field(default_factory=dict)
    logs: tuple[str, ...] = ()  # where the app logs to on the host, for the evidence
    marked_by: str = ""
    marked_at: str = ""
    marked_why: str = ""


@dataclass(frozen=True, slots=True)
class HostState:
    """state.json, parsed. ``source`` says whether the backup had to be read."""

    token_high: int
    active: str
    releases: Mapping[str, ReleaseRecord]
    rollouts: tuple[RolloutRecord, ...]
    open: OpenEntry | None
    source: Literal["state", "backup"] = "state"

    def rollout(self, rollout_id: str) -> RolloutRecord | None:
        """The record of that rollout, if this host has one."""
        return next((r for r in self.rollouts if r.id == rollout_id), None)


@dataclass(frozen=True, slots=True)
class Observation:
    """One host as it is now. Changes nothing, takes no lock."""

    host: str
    machine_id: str
    computer_name: str
    os_build: int
    arch: str
    powershell: str
    language_mode: str
    is_admin: bool
    boot: BootIdentity
    uptime_s: float
    free_bytes: int
    service: ObservedService | None
    state: HostState | None
    running_verb: str = ""
    staged: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()  # every app that fleetdeploy has put on this host


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
    """Release folders that were removed, and those that could not be (in use)."""

    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    freed_bytes: int = 0
    notes: tuple[str, ...] = field(default=())
