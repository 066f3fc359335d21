"""What a signal means, and why the obvious ways do not work.

Goal. SIGINT, SIGTERM and SIGHUP mean the same: start no new host, let those at work reach a safe point, journal,
leave the rollout open, exit 130. A second signal leaves at once.

Why not KeyboardInterrupt? It is raised between any two bytecodes of the main thread: inside a journal write, between
"activate was sent" and "remember that it was sent". The conductor would lose exactly the fact that matters. And it
never reaches the worker threads, so ``with ThreadPoolExecutor`` then waits for them in ``__exit__`` without a word,
and a second Ctrl-C inside that wait leaves half-closed pools behind. So the handler only sets a flag; the conductor,
one thread, looks at it between two steps (it never blocks for longer than a second).

Why may workers not be interrupted at all? A host script that changes something must not be stopped: closing the shell
(WS-Man Delete or Signal) would end it between stop and start. The safe point of a host is the end of the verb that
runs; it is bounded by that verb's own deadlines (stop + start timeouts twice, the lock wait, one minute). Waiting for
health is cut.

The second signal: ``os._exit``. Sockets are dropped without a goodbye, which is what the host needs: WinRM keeps the
shell until its idle timeout, and the script in it ends as done or put back. Exit code 4 if a host is unknown then (a
verb was under way), else 130. SIGKILL is the same without a code; both are healed by ``resume`` or ``rollback``.

A signal that the parent had ignored (``nohup``, a shell's background job) stays ignored: whoever set that meant it.

Where it still fails: handlers can be set in the main thread only (elsewhere ``installed`` does nothing, tests use
``request``), and on Windows there is no SIGHUP.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from fleetdeploy.errors import ExitCode

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupt:
    """A flag that signals set. ``busy`` says whether a changing verb is under way when the second one comes."""

    def __init__(self, leave: Callable[[int], None] = os._exit) -> None:
        self._event = threading.Event()
        self._leave = leave
        self.busy: Callable[[], bool] = lambda: False
        self.also: Callable[[], bool] = lambda: False

    @property
    def requested(self) -> bool:
        """True after the first signal, or if something else (``also``) asks for the same safe point."""
        return self._event.is_set() or self.also()

    @property
    def signalled(self) -> bool:
        """True after the first signal."""
        return self._event.is_set()

    def request(self) -> None:
        """The same as a signal."""
        if self._event.is_set():
            self._leave(int(ExitCode.MIXED if self.busy() else ExitCode.INTERRUPTED))
        self._event.set()

    @contextmanager
    def installed(self) -> Iterator[Interrupt]:
        """Handlers in place, put back afterwards. Install before the first host is opened."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return

        def handle(number: int, frame: FrameType | None) -> None:
            self.request()

        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, handle) for number in heard}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
