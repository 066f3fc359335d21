"""What a host allows at most: its quotas, who has how much of them, and the faults of those who want more.

``ServiceLimits`` are the settings of winrm/config (and of the plugin microsoft.powershell) that the lab knows; the
checks are called by ``service.py`` before anything has an effect. Sources: MS-WSMV 2.2.4.42 and 3.1.4.1.34.3.4 (names
and defaults), wsmerror.h (numbers), messages of real hosts (words). Nothing here ends a shell; one that outgrows its
memory is ended by ``shells.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.wsman.faults import WSManFault

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.shells import Shell

UNLIMITED = 2147483647
MAX_IDLE_TIMEOUT_S = 2147483.647
SMALLEST_ENVELOPE = 8192
"""Bytes of the smallest envelope that a client may ask for (DSP0226 R6.2-3)."""

MAX_ENVELOPE_SIZE_EXCEEDED = 2150858824
SERVER_ENVELOPE_LIMIT = 2150858825
MIN_ENVELOPE_SIZE = 2150858878
QUOTA_MAX_SHELLS = 2150859173
QUOTA_MAX_OPERATIONS = 2150859174
QUOTA_MAX_SHELLUSERS = 2150859179
QUOTA_COMMANDS_PER_SHELL = 2150859241
NOT_ENOUGH_QUOTA = 1816

_SORRY = "The WS-Management service cannot process the request."


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """winrm/config of a host. The values are those of Windows Server 2016 and later; tests shorten some.

    Seconds, MB and KB as the names say; ``UNLIMITED`` (2147483647) where Windows has no limit.
    """

    max_envelope_kb: int = 500
    max_timeout_s: float = 1800.0
    max_shells_per_user: int = 30
    max_commands_per_shell: int = 1000
    max_operations_per_user: int = 1500
    """Commands count until they are terminated; those of cmd shells until their shell is gone (MS-WSMV note 118)."""
    max_concurrent_users: int = UNLIMITED
    max_processes_per_shell: int = UNLIMITED
    """Of cmd shells: commands that run at once."""
    max_memory_per_shell_mb: int = UNLIMITED
    """Of PowerShell shells: what is held for a client beside the process itself (``shells.BASE_MEMORY_MB``)."""
    max_connections: int = 300
    """Requests that are answered at once; the next gets 503."""
    idle_timeout_s: float = 7200.0
    min_idle_timeout_s: float = 60.0
    connection_idle_s: float = 120.0
    """http.sys closes a connection on which nothing is asked for so long; a sealed session does not survive that."""
    quota_faults: str = "wmi"
    """The form of a quota's fault: ``wmi`` (MSFT_WmiError, newer hosts) or ``wsman`` (WSManFault, Server 2012)."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ServiceLimits:
        """From a mapping as in a lab's description. Raises ValueError for an unknown name or a value of no sense."""
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ValueError(f"no such limit: {', '.join(unknown)} (there are: {', '.join(sorted(known))})")
        for name, value in values.items():
            if name == "quota_faults":
                if value not in ("wmi", "wsman"):
                    raise ValueError(f"limit {name}: wmi or wsman, not {value!r}")
            elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"limit {name}: a number from 0 on, not {value!r}")
        return cls(**values)


def may_open(limits: ServiceLimits, shells: Collection[Shell], user: str) -> None:
    """Before a Create. Raises the fault of MaxShellsPerUser or MaxConcurrentUsers."""
    if sum(1 for shell in shells if shell.user == user) >= limits.max_shells_per_user:
        raise WSManFault(
            QUOTA_MAX_SHELLS,
            f"{_SORRY} This user is allowed a maximum number of {limits.max_shells_per_user} concurrent shells, which "
            "has been exceeded. Close existing shells or raise the quota for this user. ",
            "w:QuotaLimit",
            wmi=True,
        )
    users = {shell.user for shell in shells}
    if user not in users and len(users) >= limits.max_concurrent_users:
        raise WSManFault(
            QUOTA_MAX_SHELLUSERS,
            "The Windows Remote Shell cannot process the request. The server exceeded the maximum number of users "
            "concurrently performing remote operations on the same system. Retry later. ",
            "w:QuotaLimit",
            wmi=True,
        )


def may_run(limits: ServiceLimits, shells: Collection[Shell], shell: Shell) -> None:
    """Before a Command. Raises the fault of one of the quotas that count commands or processes."""
    if len(shell.commands) >= limits.max_commands_per_shell:
        raise WSManFault(
            QUOTA_COMMANDS_PER_SHELL,
            f"{_SORRY} The maximum number of concurrent commands per shell has been exceeded. Retry the request later "
            "or raise the Maximum Commands per Shell quota. ",
            wmi=True,
        )
    if sum(one.operations for one in shells if one.user == shell.user) >= limits.max_operations_per_user:
        raise WSManFault(
            QUOTA_MAX_OPERATIONS,
            f"{_SORRY} This user is allowed a maximum number of {limits.max_operations_per_user} concurrent "
            "operations, which has been exceeded. Close existing operations for this user, or raise the quota for "
            "this user. ",
            wmi=True,
        )
    processes = sum(1 for command in shell.commands.values() if not command.queue.finished)
    if shell.kind == "cmd" and processes >= limits.max_processes_per_shell:
        raise WSManFault(
            NOT_ENOUGH_QUOTA,
            "Not enough quota is available to process this command. ",
            provider="Shell cmd plugin",
        )


def fits_asked(asked: int) -> None:
    """What a client says that it takes. Raises the fault of an envelope too small for any answer."""
    if asked < SMALLEST_ENVELOPE:
        raise WSManFault(
            MIN_ENVELOPE_SIZE,
            f"{_SORRY} The maximum envelope size in the request is too small: it must be at least {SMALLEST_ENVELOPE} "
            "bytes. ",
            "w:EncodingLimit",
            sender=True,
            about="MinimumEnvelopeLimit",
        )


def fits(limits: ServiceLimits, size: int, asked: int) -> None:
    """An answer of ``size`` bytes. Raises the fault of one that the client or the host does not take."""
    server = limits.max_envelope_kb * 1024
    if size <= min(asked, server):
        return
    code, most = (MAX_ENVELOPE_SIZE_EXCEEDED, asked) if size > asked else (SERVER_ENVELOPE_LIMIT, server)
    raise WSManFault(
        code,
        f"{_SORRY} The computed response packet size ({size}) exceeds the maximum envelope size that is allowed "
        f"({most}). ",
        "w:EncodingLimit",
        sender=True,
        about="MaxEnvelopeSize",
    )
