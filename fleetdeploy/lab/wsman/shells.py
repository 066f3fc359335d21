"""What all remote shells have in common: an id, an owner, idle time, commands, and queues of output to be fetched.

A shell lives on the lab's loop; its commands' threads only put into ``OutputQueue`` and look at their stop event.
PSRP is ``psrp.py``, cmd is ``winrs.py``; who may open how many is ``service.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections import deque
from typing import Any, Protocol

from fleetdeploy.lab.wsman.faults import WSManFault

COALESCE_S = 0.002
"""How long a Receive that has something waits for more: a host answers with all that is ready."""


MAX_BUFFERED = 32 * 1024 * 1024


class OutputQueue:
    """Output of one command (or of a pool) on its way to Receive. ``put`` and ``finish`` may come from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stop: threading.Event | None = None) -> None:
        self._loop = loop
        self._stop = stop
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._size = 0
        self._items: deque[tuple[str, bytes]] = deque()
        self._ready = asyncio.Event()
        self._wake_pending = False
        self._fault: WSManFault | None = None
        self.finished = False
        self.exit_code: int | None = None
        self.receiving = False
        self._delivered = False

    def put(self, stream: str, data: bytes) -> None:
        with self._room:
            # BufferMode Block: a script whose output nobody fetches waits, until it is stopped
            while self._stop is not None and self._size > MAX_BUFFERED and not self._stop.is_set():
                self._room.wait(0.5)
            self._size += len(data)
            self._items.append((stream, data))
        self._wake()

    def finish(self, exit_code: int | None = None) -> None:
        """Nothing more will come."""
        with self._lock:
            self.finished, self.exit_code = True, exit_code
        self._wake()

    def abort(self, fault: WSManFault) -> None:
        """A pending and every later Receive fails with ``fault``."""
        with self._lock:
            self._fault = fault
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._wake_pending:
                return
            self._wake_pending = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        with self._lock:
            self._wake_pending = False
        self._ready.set()

    async def take(self, limit: int, timeout_s: float) -> tuple[list[tuple[str, bytes]], bool]:
        """What is there, up to ``limit`` bytes, and whether that was all there will ever be.

        Waits for the first bytes; raises the operation-timeout fault when none came, receive-in-progress when another
        Receive waits already.
        """
        if self.receiving:
            raise WSManFault.receive_in_progress()
        self.receiving = True
        try:
            deadline = self._loop.time() + timeout_s
            while True:
                self._ready.clear()
                with self._lock:
                    if self._fault is not None:
                        raise self._fault
                    have, finished = bool(self._items), self.finished
                    delivered = self._delivered
                if delivered:
                    raise WSManFault.command_not_found()
                if finished:
                    break
                if have:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(COALESCE_S):
                            while not self.finished:
                                await self._ready.wait()
                                self._ready.clear()
                    break
                try:
                    async with asyncio.timeout_at(deadline):
                        await self._ready.wait()
                except TimeoutError:
                    raise WSManFault.timed_out() from None
            return self._cut(limit)
        finally:
            self.receiving = False

    def _cut(self, limit: int) -> tuple[list[tuple[str, bytes]], bool]:
        out: list[tuple[str, bytes]] = []
        size = 0
        with self._lock:
            while self._items and (not out or size + len(self._items[0][1]) <= limit):
                item = self._items.popleft()
                size += len(item[1])
                out.append(item)
            self._size -= size
            self._room.notify_all()
            self._delivered = self.finished and not self._items
            return out, self._delivered

    def give_back(self, items: list[tuple[str, bytes]]) -> None:
        """Undo a ``take`` whose answer was not sent."""
        with self._lock:
            self._items.extendleft(reversed(items))
            self._size += sum(len(data) for _, data in items)
            self._delivered = False


class ShellCommand:
    """One command or pipeline of a shell."""

    def __init__(self, shell: Shell, command_id: str) -> None:
        self.shell = shell
        self.id = command_id
        self.stop = threading.Event()
        self.queue = OutputQueue(shell.loop, self.stop)
        self.text = ""
        """What runs, in the client's words: what faults are matched against."""
        self.break_receive = False
        self.silence_s = 0.0
        self.lose_answer: Any = None
        self.wrong_answer: Any = None

    def request_stop(self) -> None:
        """Ask the command to end; it says so itself through its queue."""
        self.stop.set()


class Hooks(Protocol):
    """Told of the turns of a command's life, and free to break them (``injection.py``)."""

    def starting(self, command: ShellCommand) -> None: ...

    def ended(self, command: ShellCommand) -> None: ...


class Shell:
    """One remote shell. All methods on the loop's thread."""

    kind = ""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: Any,
        *,
        resource_uri: str,
        user: str,
        idle_timeout: float,
        peer: str,
    ) -> None:
        self.loop = loop
        self.host = host
        self.id = str(uuid.uuid4()).upper()
        self.resource_uri = resource_uri
        self.user = user
        self.peer = peer
        self.idle_timeout = idle_timeout
        self.opened_at = time.monotonic()
        self.last_used = self.opened_at
        self.pending = 0
        self.closed = False
        self.commands: dict[str, ShellCommand] = {}
        self.queue = OutputQueue(loop)

    async def command(self, command_id: str, line: str, arguments: list[str], options: dict[str, str]) -> ShellCommand:
        raise NotImplementedError

    def send(self, command_id: str, stream: str, data: bytes, *, end: bool) -> None:
        raise NotImplementedError

    def find(self, command_id: str) -> ShellCommand:
        try:
            return self.commands[command_id.upper()]
        except KeyError:
            raise WSManFault.command_not_found() from None

    def signal(self, command_id: str, code: str) -> None:
        """``code`` is the last part of the signal, lower case."""
        command = self.find(command_id)
        if code not in ("terminate", "ctrl_c", "ctrl_break"):
            raise WSManFault.invalid_parameter(f"signal {code}")
        command.request_stop()
        if code == "terminate":
            del self.commands[command.id]

    def close(self) -> None:
        """End the shell and everything in it: pipelines stop, their file handles are released, Receives fail."""
        if self.closed:
            return
        self.closed = True
        for command in self.commands.values():
            command.request_stop()
            command.queue.abort(WSManFault.aborted())
        self.queue.abort(WSManFault.aborted())
        self.commands.clear()
        self.host.release(self)

    def let_go(self) -> None:
        """From a command's thread at its end: what it opened after its shell had died is released too."""
        if self.closed:
            self.host.release(self)

    def describe(self) -> dict[str, str]:
        now = time.monotonic()
        return {
            "ShellId": self.id,
            "ResourceUri": self.resource_uri,
            "Owner": f"{self.host.name.upper()}\\{self.user}",
            "ClientIP": self.peer,
            "IdleTimeOut": f"PT{self.idle_timeout:.3f}S",
            "InputStreams": "stdin pr" if self.kind == "psrp" else "stdin",
            "OutputStreams": "stdout" if self.kind == "psrp" else "stdout stderr",
            "MaxIdleTimeOut": "PT2147483.647S",
            "Locale": "en-US",
            "DataLocale": "en-US",
            "CompressionMode": "NoCompression",
            "ProfileLoaded": "Yes",
            "Encoding": "UTF8",
            "BufferMode": "Block",
            "State": "Connected",
            "ShellRunTime": f"P0DT0H0M{int(now - self.opened_at)}S",
            "ShellInactivity": f"P0DT0H0M{int(now - self.last_used)}S",
        }
