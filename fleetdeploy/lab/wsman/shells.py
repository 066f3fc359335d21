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
from collections.abc import Callable
from typing import Any, Protocol

from fleetdeploy.lab.wsman.faults import WSManFault
from fleetdeploy.lab.wsman.limits import UNLIMITED

COALESCE_S = 0.002
"""How long a Receive that has something waits for more: a host answers with all that is ready."""


MAX_BUFFERED = 32 * 1024 * 1024
BASE_MEMORY_MB = 50
"""What wsmprovhost.exe takes before a script does anything (recorded: 51 to 58 MB)."""

_BARRIER = ("", b"")
"""Between what is answered by one Receive and what only the next one brings."""


def written(data: bytes) -> int:
    """Bytes of an answer that one item takes: base64, and the element around it with names and ids."""
    return -(-len(data) // 3) * 4 + 128


class OutputQueue:
    """Output of one command (or of a pool) on its way to Receive. ``put`` and ``finish`` may come from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        stop: threading.Event | None = None,
        grown: Callable[[], None] | None = None,
    ) -> None:
        self._loop = loop
        self._stop = stop
        self._grown = grown
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._size = 0
        self._items: deque[tuple[str, bytes]] = deque()
        self._ready = asyncio.Event()
        self._wake_pending = False
        self._fault: WSManFault | None = None
        self._interruption: WSManFault | None = None
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
        if self._grown is not None:
            self._grown()

    @property
    def held(self) -> int:
        """Bytes that wait to be fetched."""
        return self._size

    def separate_last(self) -> None:
        """The last item is answered by a Receive of its own."""
        with self._lock:
            self._items.insert(len(self._items) - 1, _BARRIER)

    def interrupt(self, fault: WSManFault) -> None:
        """A pending Receive fails with ``fault``, nothing is lost. On the loop's thread."""
        if self.receiving:
            self._interruption = fault
            self._ready.set()

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
        """What is there, up to ``limit`` bytes as written, and whether that was all there will ever be.

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
                interruption, self._interruption = self._interruption, None
                if interruption is not None:
                    raise interruption
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
            while self._items and (not out or size + written(self._items[0][1]) <= limit):
                item = self._items.popleft()
                if item is _BARRIER:
                    if out:
                        break
                    continue
                size += written(item[1])
                self._size -= len(item[1])
                out.append(item)
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
        self.queue = OutputQueue(shell.loop, self.stop, shell.grown)
        self.text = ""
        """What runs, in the client's words: what faults are matched against."""
        self.break_receive = False
        self.silence_s = 0.0
        self.lose_answer: Any = None
        self.wrong_answer: Any = None

    @property
    def held(self) -> int:
        """Bytes that the shell's process holds for this command: what is not fetched, what is not read yet."""
        return self.queue.held

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
        session_id: str = "",
        max_memory_mb: int = UNLIMITED,
        outgrown: Callable[[Shell], None] | None = None,
    ) -> None:
        self.loop = loop
        self.host = host
        self.id = str(uuid.uuid4()).upper()
        self.resource_uri = resource_uri
        self.user = user
        self.peer = peer
        self.session_id = session_id
        """The client session that holds it, or held it last (wsmv:SessionId)."""
        self.disconnected = False
        self.process_id = 1000 + 4 * (uuid.UUID(self.id).int % 7000)
        self.max_memory_mb = max_memory_mb
        self._outgrown = outgrown
        self.started = 0
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

    def close(self, why: WSManFault | None = None) -> None:
        """End the shell and everything in it: pipelines stop, their file handles are released, Receives fail."""
        if self.closed:
            return
        self.closed = True
        fault = why or WSManFault.aborted()
        for command in self.commands.values():
            command.request_stop()
            command.queue.abort(fault)
        self.queue.abort(fault)
        self.commands.clear()
        self.host.release(self)

    def interrupt(self, fault: WSManFault) -> None:
        """Every pending Receive of the shell fails; what runs goes on."""
        for queue in (self.queue, *(command.queue for command in self.commands.values())):
            queue.interrupt(fault)

    def connected(self, opening: bytes) -> bytes:
        """Another client session takes the shell over: what it says, and what it is told."""
        raise NotImplementedError

    @property
    def operations(self) -> int:
        """What counts for MaxConcurrentOperationsPerUser."""
        return self.started if self.kind == "cmd" else len(self.commands)

    @property
    def memory_mb(self) -> int:
        held = self.queue.held + sum(command.held for command in list(self.commands.values()))
        return BASE_MEMORY_MB + held // (1024 * 1024)

    def grown(self) -> None:
        """Something more is held (any thread). A process that outgrows its quota dies, and its shell with it."""
        if self.closed or self.max_memory_mb >= UNLIMITED or self.memory_mb <= self.max_memory_mb:
            return
        outgrown, self._outgrown = self._outgrown, None
        if outgrown is not None:
            with contextlib.suppress(RuntimeError):
                self.loop.call_soon_threadsafe(outgrown, self)

    def let_go(self) -> None:
        """From a command's thread at its end: what it opened after its shell had died is released too."""
        if self.closed:
            self.host.release(self)

    def describe(self, *, listed: bool = False) -> dict[str, str]:
        """The members of rsp:Shell in their order, as recorded; ``listed``: as Enumerate tells of it."""
        now = time.monotonic()
        plugin = self.kind == "psrp"
        told = {
            "ShellId": self.id,
            "ResourceUri": self.resource_uri,
            "Owner": f"{self.host.name.upper()}\\{self.user}",
            "ClientIP": self.peer,
            **({"ProcessId": str(self.process_id)} if plugin else {}),
            "IdleTimeOut": f"PT{self.idle_timeout:.3f}S",
            "InputStreams": "stdin pr" if plugin else "stdin",
            "OutputStreams": "stdout" if plugin else "stdout stderr",
        }
        if plugin:
            told |= {
                "MaxIdleTimeOut": "PT2147483.647S",
                "Locale": "en-US",
                "DataLocale": "en-US",
                "CompressionMode": "NoCompression",
                "ProfileLoaded": "Yes",
                "Encoding": "UTF8",
                "BufferMode": "Block",
                "State": "Disconnected" if self.disconnected else "Connected",
            }
        told |= {"ShellRunTime": _since(now - self.opened_at), "ShellInactivity": _since(now - self.last_used)}
        if plugin and listed:
            told |= {"MemoryUsed": f"{self.memory_mb}MB", "ChildProcesses": "0"}
        return told


def _since(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"P{days}DT{hours}H{minutes}M{rest}S"
