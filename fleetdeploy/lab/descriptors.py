"""How many sockets this process may have: a lab needs two for every host, and more while it is talked to.

Raises the soft limit by itself as far as the hard limit allows; where that is too low, says what to type. Decides
nothing about hosts.
"""

from __future__ import annotations

import contextlib

SOCKETS_PER_HOST = 2
"""HTTP and HTTPS."""
SPARE = 512
"""Files of the process itself, and connections that come and go."""


class TooFewDescriptors(OSError):
    """The hard limit of open files is too low for so many hosts; the message says what to type."""


def needed(hosts: int, services: int = 0) -> int:
    """Descriptors for ``hosts`` hosts that run ``services`` listening services together and are all talked to."""
    return hosts * (SOCKETS_PER_HOST + 1) + services + SPARE


def make_room(wanted: int) -> None:
    """Raise the soft limit of open files to ``wanted`` or above. Raises TooFewDescriptors if the hard one is lower."""
    try:
        import resource
    except ImportError:  # not a POSIX system: there is no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = resource.RLIM_INFINITY
    if soft == endless or soft >= wanted:
        return
    if hard != endless and hard < wanted:
        raise _too_few(wanted, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS allows less than it says; the sockets then tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def make_more_room() -> None:
    """The descriptors ran out: take all that may be had. Raises TooFewDescriptors if that was had already."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard or soft == resource.RLIM_INFINITY:
        raise _too_few(2 * soft, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2 * soft, hard) if hard >= 0 else 2 * soft, hard))


def _too_few(wanted: int, hard: int) -> TooFewDescriptors:
    return TooFewDescriptors(
        f"so many hosts need {wanted} open files, and this system allows a process {hard} (ulimit -Hn). "
        f"As root, for this shell: prlimit --pid $$ --nofile={wanted}:{wanted}; "
        f"for good: '* hard nofile {wanted}' in /etc/security/limits.conf and a new login"
    )
