"""Named places in the code where a test may kill this process: ``crashpoint("after-stage")``.

Off, a crash point is one comparison with None. On (``FLEETDEPLOY_CRASH=name`` or ``name:N`` for the Nth time it is
reached), the process sends itself SIGKILL there: nothing is flushed, no handler runs, as if the power went. With
``FLEETDEPLOY_CRASH=log:FILE`` it goes on and appends each name that is reached to FILE.

Every name stands in ``POINTS``: an unknown one in the environment is an error, not a test that never kills anything.
Must not decide anything; what is found again afterwards is the business of ``rollout/resume.py``. The tests that
kill at every point are in ``tests/crash``.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping

VARIABLE = "FLEETDEPLOY_CRASH"

POINTS: Mapping[str, str] = {
    # the conductor, in the order of a rollout
    "before-begin": "nothing was done yet",
    "after-begin": "the journal knows the rollout and its plan",
    "before-survey": "no host was asked by this conductor",
    "after-survey": "every host was asked, none is opened",
    "after-open-all": "every host is opened, none knows that opening is over",
    "before-running": "compared with the plan; no host was told that the rollout runs",
    "after-running": "every host knows that the rollout runs",
    "before-staging": "nothing is staged",
    "after-staging": "every host has the release, nothing is stopped",
    "before-batch": "a batch is next, none of its hosts has begun",
    "after-batch": "every host of a batch has a result, nothing was decided",
    "before-bake": "a batch is healthy, its bake has not begun",
    "after-bake": "a bake has ended, that is not recorded",
    "after-bake-recorded": "a bake has ended and that is recorded",
    "before-turn": "it was decided to go back, that is not recorded",
    "turn-recorded": "that it goes back is recorded, no host knows",
    "after-turn": "every host that answers has turned",
    "after-back": "the rollout turned, and every host that it changed has gone back",
    "after-undo": "every host that a rollback undoes has gone back",
    "before-prune-all": "every batch is through",
    "before-close-all": "the outcome is decided, no host knows",
    "after-close-all": "the end is written on the hosts, not in the journal",
    "before-end": "the end was reported, the journal's row is open",
    "after-end": "everything is written",
    # one verb on one host
    "before-open": "the intent to open a host is not recorded",
    "recorded-open": "the intent to open a host is recorded, nothing was sent",
    "sent-open": "a host is opened, that is not recorded",
    "after-open": "a host is opened and that is recorded",
    "before-stage": "the intent to stage is not recorded",
    "recorded-stage": "the intent to stage is recorded, nothing was sent",
    "sent-stage": "a host has the release, that is not recorded",
    "after-stage": "a host has the release and that is recorded",
    "before-ready": "the intent to ask a host for its way back is not recorded",
    "recorded-ready": "the intent to ask a host for its way back is recorded, nothing was sent",
    "sent-ready": "a host has proved its way back, that is not recorded",
    "after-ready": "a host has proved its way back and that is recorded",
    "before-activate": "the intent to activate is not recorded",
    "recorded-activate": "the intent to activate is recorded, nothing was sent",
    "sent-activate": "a host was switched, that is not recorded",
    "after-activate": "a host was switched and that is recorded",
    "before-turn-host": "the intent to turn a host is not recorded",
    "recorded-turn-host": "the intent to turn a host is recorded, nothing was sent",
    "sent-turn-host": "a host has turned, that is not recorded",
    "after-turn-host": "a host has turned and that is recorded",
    "before-put-back": "the intent to put a host back is not recorded",
    "recorded-put-back": "the intent to put a host back is recorded, nothing was sent",
    "sent-put-back": "a host is put back, that is not recorded",
    "after-put-back": "a host is put back and that is recorded",
    "before-prune": "the intent to prune is not recorded",
    "recorded-prune": "the intent to prune is recorded, nothing was sent",
    "sent-prune": "a host was pruned, that is not recorded",
    "after-prune": "a host was pruned and that is recorded",
    "before-close": "the intent to close a host is not recorded",
    "recorded-close": "the intent to close a host is recorded, nothing was sent",
    "sent-close": "a host is closed, that is not recorded",
    "after-close": "a host is closed and that is recorded",
}
"""Name → what is true when it is reached. Whoever adds a crash point adds its line here."""


class _Armed:
    """What the environment asked for."""

    def __init__(self, name: str, nth: int, log: str) -> None:
        self._name, self._nth, self._log = name, nth, log
        self._lock = threading.Lock()
        self._hits: Counter[str] = Counter()

    def hit(self, name: str) -> None:
        if name not in POINTS:
            raise ValueError(f"crash point {name!r} is not in the table of {__name__}")
        with self._lock:  # the killed process must die inside: no other thread may slip past the Nth hit
            self._hits[name] += 1
            if self._log:
                descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.write(descriptor, f"{name}\n".encode())
                os.close(descriptor)
            elif name == self._name and self._hits[name] == self._nth:
                _die()


def _die() -> None:
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(137)


_armed: _Armed | None = None


def arm(wanted: str) -> None:
    """Take this wish instead of the one of the environment; "" for none. For processes forked after the import.

    Raises:
        ValueError: it names no crash point.
    """
    global _armed
    if not wanted:
        _armed = None
        return
    kind, _, rest = wanted.partition(":")
    if kind == "log" and rest:
        _armed = _Armed("", 0, rest)
        return
    if kind not in POINTS or (rest and not rest.isdigit()):
        raise ValueError(f"{VARIABLE}={wanted}: no such crash point; known: {', '.join(POINTS)}, log:FILE")
    _armed = _Armed(kind, max(int(rest or 1), 1), "")


def crashpoint(name: str) -> None:
    """The process ends here if a test wants it to."""
    if _armed is not None:
        _armed.hit(name)


arm(os.environ.get(VARIABLE, ""))
