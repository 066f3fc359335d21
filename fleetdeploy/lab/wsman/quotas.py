"""Who has how much of a host's quotas, and the faults of those who want more.

The quotas themselves are ``limits.py``; the checks are called by ``service.py`` before anything has an effect. Sources:
MS-WSMV 3.1.4.5.2.1 and 3.1.4.1.34.3.4, wsmerror.h (numbers), messages of real hosts (words). Nothing here ends a shell;
one that outgrows its memory is ended by ``shells.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.limits import ServiceLimits, most

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.shells import Shell

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


def may_open(limits: ServiceLimits, shells: Collection[Shell], user: str) -> None:
    """Before a Create. Raises the fault of MaxShellsPerUser or MaxConcurrentUsers."""
    if sum(1 for shell in shells if shell.user == user) >= most(limits.max_shells_per_user):
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
    if shell.kind == "cmd" and processes >= most(limits.max_processes_per_shell):
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
