"""What a simulated host needs of the real machine: time, timers and real listening sockets.

``LabEnvironment`` is the seam; ``LoopEnvironment`` serves it on one asyncio loop (all hosts of a lab share it),
``ThreadedEnvironment`` runs such a loop in an own thread, for tests and small uses. All methods may be called from any
thread. Nothing here knows what a host or a service is. Only loopback addresses are ever bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import errno
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

log = logging.getLogger(__name__)

MAX_REQUEST = 64 * 1024
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request to a simulated service: method, path without query, query, headers with lower-case names."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What a simulated service answers; ``status`` 0 means: close the connection without an answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


class Cancelable(Protocol):
    """A timer or a listener that can be ended; ending it twice is harmless."""

    def cancel(self) -> None: ...


class LabEnvironment(Protocol):
    """Timers and listeners shared by all hosts of a lab."""

    def monotonic(self) -> float: ...

    def schedule(self, delay_s: float, callback: Callable[[], None]) -> Cancelable:
        """Call ``callback`` on the loop's thread after ``delay_s`` seconds; it must not block."""
        ...

    def serve_tcp(self, address: str, port: int, on_http_request: Callable[[HttpRequest], HttpReply]) -> Cancelable:
        """Listen on a loopback address at once. Raises OSError if the port cannot be bound."""
        ...


class _Timer:
    """A timer set from any thread; cancelled for sure once ``cancel`` has returned, unless it is running."""

    def __init__(self, loop: asyncio.AbstractEventLoop, delay_s: float, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback: Callable[[], None] | None = callback
        self._due = loop.time() + max(delay_s, 0.0)
        self._handle: asyncio.TimerHandle | None = None
        with contextlib.suppress(RuntimeError):  # the loop is closing: nothing will happen any more
            # An empty context: what happens later is not done by the shell that set it going.
            loop.call_soon_threadsafe(self._arm, context=contextvars.Context())

    def _arm(self) -> None:
        if self._callback is not None:
            self._handle = self._loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        callback, self._callback = self._callback, None
        if callback is None:
            return
        try:
            callback()
        except Exception:
            log.exception("a timer of the simulated fleet failed")

    def cancel(self) -> None:
        self._callback = None
        handle = self._handle
        if handle is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(handle.cancel)


class _Listener:
    """A tiny HTTP/1.1 server for one simulated service: GET and HEAD, keep-alive, small requests."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, handler: Callable[[HttpRequest], HttpReply]
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._closed = False
        loop.call_soon_threadsafe(lambda: loop.create_task(self._start()), context=contextvars.Context())

    async def _start(self) -> None:
        if self._closed:
            self._sock.close()
            return
        self._server = await asyncio.start_server(self._serve, sock=self._sock, limit=MAX_REQUEST)

    def cancel(self) -> None:
        if self._closed:
            return
        self._closed = True
        # New connections must be refused from now on, also if the loop is slow to come round.
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._close)

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        else:
            self._sock.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while not self._closed and await self._one(reader, writer):
                pass
        except (
            ConnectionError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
            asyncio.CancelledError,
        ):
            pass  # a client that goes away or speaks nonsense is its own problem
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        lines = head.decode("latin-1").split("\r\n")
        method, target, version = lines[0].split(" ", 2)
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        length = int(headers.get("content-length", "0"))
        if length > MAX_REQUEST:
            return False
        if length:
            await reader.readexactly(length)
        path, _, query = target.partition("?")
        reply = self._handler(HttpRequest(method, path, query, headers))
        if reply.status == 0:
            return False
        keep = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close"
        writer.write(
            f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}\r\nContent-Type: {reply.content_type}\r\n"
            f"Content-Length: {len(reply.body)}\r\nConnection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode(
                "latin-1"
            )
        )
        if method != "HEAD":
            writer.write(reply.body)
        await writer.drain()
        return keep


class LoopEnvironment:
    """``LabEnvironment`` on a given, running asyncio loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def monotonic(self) -> float:
        return time.monotonic()

    def schedule(self, delay_s: float, callback: Callable[[], None]) -> Cancelable:
        return _Timer(self.loop, delay_s, callback)

    def serve_tcp(self, address: str, port: int, on_http_request: Callable[[HttpRequest], HttpReply]) -> Cancelable:
        if not ipaddress.ip_address(address).is_loopback:
            raise PermissionError(f"the lab binds loopback only, not {address}")
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            sock.listen(64)
            sock.setblocking(False)
        except OSError:
            sock.close()
            raise
        return _Listener(self.loop, sock, on_http_request)


class ThreadedEnvironment(LoopEnvironment):
    """A ``LoopEnvironment`` with an own loop in a daemon thread; ``close()`` ends both."""

    def __init__(self) -> None:
        super().__init__(asyncio.new_event_loop())
        self.loop.set_exception_handler(_unless_shut)
        self._thread = threading.Thread(target=self._run, name="lab-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def cpu_s(self) -> float:
        """Processor seconds of the loop's thread so far; 0 where the system does not tell them of another thread."""
        clock = getattr(time, "pthread_getcpuclockid", None)
        if clock is None or self._thread.ident is None or not self._thread.is_alive():
            return 0.0
        return time.clock_gettime(clock(self._thread.ident))

    def close(self) -> None:
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_drain(), self.loop).result(5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5)
        self.loop.close()


def _unless_shut(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A listener that was shut from a script's thread wakes the loop once more: its accept fails, and that is all."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno == errno.EINVAL and "handle" in context:
        return
    loop.default_exception_handler(context)


async def _drain() -> None:
    """End every task of the loop, so that no socket outlives it."""
    await asyncio.sleep(0)
    tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
