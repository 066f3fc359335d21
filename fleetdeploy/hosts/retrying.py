"""When a call to a host may be sent again: what the error's kind allows, and nothing else. The only user of tenacity.

``Retry.SAFE``: nothing reached the host, send again. ``Retry.OBSERVE``: it may have happened; a verb that changes
nothing may be sent again, one that changes is never re-sent from here: the conductor looks first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import tenacity

from fleetdeploy.errors import HostError, Retry

T = TypeVar("T")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0


def may_repeat(error: BaseException, *, changing: bool) -> bool:
    """Whether the same call may be sent again after this error."""
    if not isinstance(error, HostError):
        return False
    return error.retry is Retry.SAFE or (error.retry is Retry.OBSERVE and not changing)


def with_retries(call: Callable[[], T], *, attempts: int, changing: bool, within_s: float) -> T:
    """Call, and call again as far as the error kinds allow; the last error is raised as it is.

    None begins after ``within_s``: a host that takes connections and says nothing costs a minute for each, and others
    may wait for it.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(max(1, attempts)) | tenacity.stop_after_delay(within_s),
        wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S),
        retry=tenacity.retry_if_exception(lambda error: may_repeat(error, changing=changing)),
        reraise=True,
    )
    return retrying(call)
