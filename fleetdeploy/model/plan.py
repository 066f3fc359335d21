"""A plan: everything a rollout is going to do, as data. ``fleetdeploy plan`` prints it, its digest names it.

Built by ``plan/build.py`` and ``plan/rollback.py``, walked by ``rollout/conduct.py``. The digest covers what was
decided (app spec, manifest, strategy, ordered batches, each host's from and to), never what merely was so at the time
(reachability, bytes to send, health): a plan recomputed an hour later must get the same name if it means the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.codec import to_plain
from fleetdeploy.model.freeze import FreezeWindow
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.permits import NO_PERMITS, Permits
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.model.verbs import Expected, RolloutKind

UNKNOWN_FROM = "unknown"
ABSENT = "absent"


class HostAction(Enum):
    """What the plan has for one host."""

    CHANGE = "change"
    UNCHANGED = "unchanged"  # runs the target already: image, hash, configuration and health all match
    SKIP = "skip"  # stopped or disabled by a person, or set aside
    LEAVE = "leave"  # rollback: this host was not changed, or no longer runs the release


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """One configuration value that differs; texts are ready to be shown (never a secret)."""

    key: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One host of the plan, changed or not.

    Attributes:
        from_label: version, ``adopted-<hash8>``, ``absent`` or ``unknown`` (could not be asked).
        expected: what is compared again under the host's lock; None if unknown.
        undo: in a rollback, the rollouts to be undone on this host, newest first.
        healthy: passed its checks when the plan was made (None: not known).
    """

    host: str
    machine_id: str
    action: HostAction
    from_label: str
    to_label: str
    to_release: str
    expected: Expected | None
    zone: str = ""
    bytes_to_send: int = 0
    changes: tuple[ConfigChange, ...] = ()
    undo: tuple[str, ...] = ()
    healthy: bool | None = None
    why: str = ""

    @property
    def first_install(self) -> bool:
        """True if there was no such service."""
        return self.expected is not None and not self.expected.exists


@dataclass(frozen=True, slots=True)
class Batch:
    """Hosts that may be worked on together. ``bake_s`` comes after it, then ``promotion`` (a person's word)."""

    index: int
    hosts: tuple[str, ...]
    bake_s: float = 0.0
    is_canary: bool = False
    promotion: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Why this plan may not be carried out. ``host`` is "" if it concerns the whole fleet."""

    reason: RefusalReason
    what: str
    host: str = ""
    unreachable: bool = False
    next_steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to happen, in order.

    Attributes:
        kind: ``forward`` or ``back``; a plan that goes back has no artifact and names what it ``undoes``.
        target: the version that a rollback was told to go back to, "" if it undoes one rollout.
        max_unavailable: the healthy floor, rounded: hosts that may be not healthy at once.
        down_at_start: hosts that count against the floor before anything was touched.
        problems: if there is one, the plan can be shown but not carried out.
        permits: guards that a person overrode; not covered by the digest.
        overridden: what those guards would have said, for the journal.
        rollback_floor: a one-way migration that this plan passes; hosts do not go back behind it by themselves.
        freeze: when no batch may begin; not covered by the digest either.
        locked_out: (host, what was said) of those that refused the login while this was planned: they are not asked
            again by whoever carries it out (a lock-out). Not covered by the digest.
    """

    kind: RolloutKind
    fleet: str
    app: ServiceSpec
    version: str
    artifact: Artifact | None
    strategy: StrategySettings
    health: HealthSpec
    batches: tuple[Batch, ...]
    hosts: tuple[HostPlan, ...]
    max_unavailable: int
    down_at_start: tuple[str, ...] = ()
    undoes: str = ""
    target: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    permits: Permits = NO_PERMITS
    overridden: tuple[str, ...] = ()
    rollback_floor: str = ""
    freeze: tuple[FreezeWindow, ...] = ()
    locked_out: tuple[tuple[str, str], ...] = ()

    @property
    def release(self) -> str:
        """Name of the release folder that is the target; "" in a rollback."""
        return self.artifact.release_name if self.artifact else ""

    @property
    def is_empty(self) -> bool:
        """True if no host would change."""
        return not self.batches

    @property
    def changing(self) -> tuple[str, ...]:
        """Hosts that will change, in the order of the batches."""
        return tuple(name for batch in self.batches for name in batch.hosts)

    def host(self, name: str) -> HostPlan:
        """The host of that name.

        Raises:
            KeyError: not in this plan.
        """
        for host in self.hosts:
            if host.host == name:
                return host
        raise KeyError(name)

    @property
    def machines(self) -> tuple[tuple[str, str], ...]:
        """(name, machine id) of every host: what each host stores, so that any of them can name the others."""
        return tuple((h.host, h.machine_id) for h in self.hosts)

    def digest_input(self) -> Mapping[str, Any]:
        """Exactly what the digest covers, for showing what moved."""
        manifest = [[f.sha256, f.path] for f in self.artifact.manifest.files] if self.artifact else []
        return {
            "kind": self.kind,
            "fleet": self.fleet,
            "app": to_plain(self.app),
            "version": self.version,
            "manifest": manifest,
            "strategy": to_plain(self.strategy),
            "health": to_plain(self.health),
            "undoes": self.undoes,
            # Only where there is one: plans without keep the digest that an older fleetdeploy gave them.
            **({"rollback_floor": self.rollback_floor} if self.rollback_floor else {}),
            "batches": [[list(b.hosts), b.is_canary, b.bake_s, b.promotion] for b in self.batches],
            "hosts": {
                h.host: {
                    "action": h.action.value,
                    "from": to_plain(h.expected) if h.expected else UNKNOWN_FROM,
                    "to": [h.to_label, h.to_release],
                    "undo": list(h.undo),
                }
                for h in self.hosts
            },
        }

    @property
    def digest(self) -> str:
        """First 12 hex digits of SHA-256 over ``digest_input``: long enough to be unique, short enough to be typed."""
        plain = _numbers(self.digest_input())
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _numbers(value: Any) -> Any:
    """5 and 5.0 mean the same second, and a plan that has been through JSON may have either."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(v) for v in value]
    return value


def moved(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> tuple[str, ...]:
    """What differs between two ``digest_input``s, one readable line each."""
    lines: list[str] = []
    for key in sorted({*before, *after}, key=str):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        name = f"{prefix}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += moved(old, new, f"{name}.")
        else:
            lines.append(f"{name}: {json.dumps(old)} -> {json.dumps(new)}")
    return tuple(lines)
