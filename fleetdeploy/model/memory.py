"""What a host is and what it remembers, as ``observe`` shows it (protocol.md, "What a host keeps").

Parsed by ``hosts/answers.py`` and ``hosts/memory.py``; compared by ``plan/`` and ``rollout/``. These types hold no
logic beyond what can be read off their own fields. What is asked of a host and answered is in ``verbs.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
    """What stands behind the service: ``native`` is ours to handle; the rest is refused (6) for now.

    ``deleted``: marked for deletion (``DeleteFlag``, error 1072); whoever stops it makes it vanish.
    """

    kind: Literal["native", "nssm", "winsw", "shared", "deleted"]
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
