"""Every error of fleetdeploy, whether it may be retried, and the exit code it ends in.

The tree::

    FleetdeployError                exit 1   something of ours broke
    ├── UsageError                  exit 2   bad command line
    │   └── ConfigError             exit 2   bad file: says file and line
    ├── Refused                     exit 6   a guard said no; ``reason`` is a RefusalReason
    ├── StateError                  exit 1   an event does not fit the state (action, current, expected)
    ├── StoreError                  exit 6   the store cannot be read or written; the hosts are the truth all the same
    └── HostError                   (a value per host, rarely raised to the top)
        ├── Unreachable             retry    no connection, nothing was sent
        ├── LoginRefused            never    401: one attempt, not a lock-out
        ├── ProtocolRefused         never    TLS, channel binding, wrong endpoint, quota by configuration
        ├── Busy                    retry    quota or 503: the host said "later"
        ├── AnswerLost              observe  sent, no answer: the effect may have happened; never re-send before observe
        ├── ScriptFailed            never    the script ran and ended in an error
        └── Stale                   never    another conductor holds the host (protocol.md rule 7)
    Interrupted (BaseException)     exit 130 a signal; ``except Exception`` must not eat it

Only ``cli/main.py`` turns exceptions into exit codes. Nothing branches on an error's text.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; the texts are printed by ``fleetdeploy help exit-codes``."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    UNDONE = 3
    MIXED = 4
    UNREACHABLE = 5
    REFUSED = 6
    PAUSED = 7
    PARTIAL = 8
    INTERRUPTED = 130


EXIT_CODE_TEXTS: dict[ExitCode, str] = {
    ExitCode.OK: "every host in scope is on target and healthy (also: nothing to do)",
    ExitCode.INTERNAL: "internal error, nothing changed on any host",
    ExitCode.USAGE: "bad usage or configuration",
    ExitCode.UNDONE: "failed or aborted, and every changed host is back as it was",
    ExitCode.MIXED: "failed, hosts mixed or unknown: a person is needed",
    ExitCode.UNREACHABLE: "hosts unreachable, nothing changed",
    ExitCode.REFUSED: "refused: lock, login, stale plan, guard, preflight, store, no rollback target, or a 'no'",
    ExitCode.PAUSED: "paused, waiting for a person",
    ExitCode.PARTIAL: "ended as asked, but some hosts in scope are not on target (listed)",
    ExitCode.INTERRUPTED: "interrupted, journal safe, 'fleetdeploy resume' goes on",
}


class Retry(Enum):
    """What may be done after a failed call."""

    NEVER = "never"
    SAFE = "safe"  # nothing reached the host: send again with backoff
    OBSERVE = "observe"  # it may have happened: look first


class RefusalReason(Enum):
    """Why a guard said no (exit 6)."""

    OCCUPIED = "occupied"
    LOGIN = "login"
    STALE_PLAN = "stale-plan"
    FLOOR = "floor"
    PREFLIGHT = "preflight"
    ARTIFACT = "artifact"
    DIFFERENT = "different"
    NO_TARGET = "no-rollback-target"
    UNSUPPORTED_SERVICE = "unsupported-service"
    OPEN_ROLLOUT = "open-rollout"
    DECLINED = "declined"
    UNKNOWN_CANDIDATE = "unknown-candidate"
    NO_PLAN = "no-plan"  # the plan of an open rollout is not here, or is not the one that the hosts hold
    NOT_READY = "not-ready"  # a host cannot prove its way back
    BAD_VERSION = "bad-version"
    DOWNGRADE = "downgrade"
    DRIFT = "drift"
    FREEZE = "freeze"
    STORE = "store"
    NOT_NOW = "not-now"  # the conductor of a rollout that runs cannot do that as things stand


class FleetdeployError(Exception):
    """Root of the tree.

    Args:
        what: one sentence: what is wrong, and where.
        changed: what was changed until then, where the exit code alone does not say it.
        why: likely causes, most likely first.
        next_steps: what to type or do next.
    """

    exit_code: ExitCode = ExitCode.INTERNAL
    retry: Retry = Retry.NEVER

    def __init__(
        self, what: str, *, why: tuple[str, ...] = (), next_steps: tuple[str, ...] = (), changed: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_steps = next_steps
        self.changed = changed

    def __str__(self) -> str:
        return self.what


class UsageError(FleetdeployError):
    """The command line makes no sense."""

    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A file is wrong. ``line`` is 1-based, 0 if the whole file is meant."""

    def __init__(
        self, what: str, *, file: str, line: int = 0, why: tuple[str, ...] = (), next_steps: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, why=why, next_steps=next_steps)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}"


class Refused(FleetdeployError):
    """A guard said no before anything was changed."""

    exit_code = ExitCode.REFUSED

    def __init__(
        self, what: str, *, reason: RefusalReason, why: tuple[str, ...] = (), next_steps: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, why=why, next_steps=next_steps)
        self.reason = reason


class StateError(FleetdeployError):
    """An event that does not fit: says action, current state and what was expected."""

    def __init__(self, action: str, current: str, expected: tuple[str, ...]) -> None:
        super().__init__(f"cannot {action}: state is {current}, expected one of {', '.join(expected)}")
        self.action = action
        self.current = current
        self.expected = expected


class StoreTrouble(Enum):
    """What is wrong with the store."""

    FULL = "full"
    GONE = "gone"  # deleted, or another file lies in its place
    LOCKED = "locked"
    READ_ONLY = "read-only"
    CORRUPT = "corrupt"
    UNREACHABLE = "unreachable"
    NO_DRIVER = "no-driver"
    NEWER = "newer"  # a newer fleetdeploy wrote it
    REPLACED = "replaced"  # another conductor writes this rollout now
    BROKEN = "broken"


class StoreError(FleetdeployError):
    """The store cannot be opened, read or written: full, gone, locked, unreachable, written by another version.

    The hosts hold the truth: a rollout that meets it stops at a safe point, a rollback goes on without a store.
    """

    exit_code = ExitCode.REFUSED
    reason = RefusalReason.STORE

    def __init__(
        self,
        what: str,
        *,
        trouble: StoreTrouble = StoreTrouble.BROKEN,
        why: tuple[str, ...] = (),
        next_steps: tuple[str, ...] = (),
        changed: str = "",
    ) -> None:
        super().__init__(what, why=why, next_steps=next_steps, changed=changed)
        self.trouble = trouble


class HostError(FleetdeployError):
    """Something went wrong with one host. ``host`` is its inventory name; ``code`` a fault or Win32 code, or None."""

    exit_code = ExitCode.MIXED

    def __init__(
        self,
        what: str,
        *,
        host: str,
        code: int | None = None,
        why: tuple[str, ...] = (),
        next_steps: tuple[str, ...] = (),
        changed: str = "",
    ) -> None:
        super().__init__(what, why=why, next_steps=next_steps, changed=changed)
        self.host = host
        self.code = code


class Unreachable(HostError):
    """No connection; nothing was sent."""

    exit_code = ExitCode.UNREACHABLE
    retry = Retry.SAFE


class LoginRefused(HostError):
    """401 for this credential. Never tried again, on no host (design.md section 5, Login)."""

    exit_code = ExitCode.REFUSED


class ProtocolRefused(HostError):
    """TLS verification, channel binding, endpoint or policy: repeating does not help."""

    exit_code = ExitCode.REFUSED


class Busy(HostError):
    """The host answered that it has no room now (503, shell quota)."""

    exit_code = ExitCode.UNREACHABLE
    retry = Retry.SAFE


class AnswerLost(HostError):
    """The request was sent and no answer came: it may have taken effect."""

    retry = Retry.OBSERVE


class ScriptFailed(HostError):
    """The script ran on the host and ended in an error.

    ``error_id`` is PowerShell's FullyQualifiedErrorId, ``line`` the script's line (0 if unknown).
    """

    def __init__(self, what: str, *, host: str, error_id: str = "", line: int = 0, code: int | None = None) -> None:
        super().__init__(what, host=host, code=code)
        self.error_id = error_id
        self.line = line


class NotReady(HostError):
    """The host cannot prove its way back, so it was not started."""


class Stale(HostError):
    """The host no longer accepts this conductor's token: it was taken over (protocol.md rules 7 and 8)."""

    def __init__(self, what: str, *, host: str, taken_over_by: str = "", outcome: str = "") -> None:
        super().__init__(what, host=host)
        self.taken_over_by = taken_over_by
        self.outcome = outcome


class Interrupted(BaseException):
    """A signal asked us to stop. Not an Exception, so that ``except Exception`` cannot swallow it."""
