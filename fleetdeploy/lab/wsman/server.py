"""The listeners of one simulated host: HTTP and HTTPS on its loopback address, opened, closed and cut.

Decides only when the ports are open. What is answered is ``service.py``; the lab as a whole is ``lab/fleet.py``. A port
costs a socket and an entry in the loop's selector: service and certificate are asked for when somebody connects.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fleetdeploy.lab.tls import HostTls
from fleetdeploy.lab.wsman.http import Connection
from fleetdeploy.lab.wsman.service import WinRmService

log = logging.getLogger(__name__)

BACKLOG = 128
RETRY_ACCEPT_S = 1.0
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def bound_socket(address: str, port: int) -> socket.socket:
    """A listening socket on loopback, and nowhere else. Raises OSError when the port is taken."""
    if not ipaddress.ip_address(address).is_loopback:
        raise PermissionError(f"the lab binds loopback only, not {address}")
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


@dataclass(slots=True)
class Sockets:
    """The ports of a host, reserved before its service exists."""

    http: socket.socket
    https: socket.socket

    @property
    def ports(self) -> tuple[int, int]:
        return self.http.getsockname()[1], self.https.getsockname()[1]

    def close(self) -> None:
        self.http.close()
        self.https.close()

    @classmethod
    def reserve(cls, address: str, http: int, https: int) -> Sockets:
        first = bound_socket(address, http)
        try:
            return cls(first, bound_socket(address, https))
        except OSError:
            first.close()
            raise


class _Listener:
    """Accepts on one socket, each connection with a protocol of its own."""

    __slots__ = ("_loop", "_protocol", "_sock", "_tasks", "_tls")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        protocol: Callable[[], Connection],
        tls: Callable[[], HostTls] | None = None,
    ) -> None:
        self._loop = loop
        self._sock = sock
        self._protocol = protocol
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        loop.add_reader(sock.fileno(), self._accept)

    def close(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, _peer = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise
                log.warning("the lab has no room for another connection: %s", error)
                self._loop.remove_reader(self._sock.fileno())
                self._loop.call_later(RETRY_ACCEPT_S, self._again)
                return
            connection.setblocking(False)
            task = self._loop.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _again(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock.fileno(), self._accept)

    async def _serve(self, connection: socket.socket) -> None:
        secure: dict[str, Any] = {}
        try:
            if self._tls is not None:
                context = self._tls().context
                secure = {"ssl": context, "ssl_handshake_timeout": 30, "ssl_shutdown_timeout": 0.5}
            await self._loop.connect_accepted_socket(self._protocol, connection, **secure)
        except (OSError, TimeoutError):
            # A client that goes away or does not trust us is its own problem.
            connection.close()
        except BaseException:
            connection.close()
            raise


class HostServer:
    """Opens and closes a host's ports. All methods on the loop's thread."""

    def __init__(
        self, service: Callable[[], WinRmService], tls: Callable[[], HostTls], address: str, sockets: Sockets
    ) -> None:
        self._service = service
        self._address = address
        self._ports = sockets.ports
        self._first: Sockets | None = sockets
        self._tls = tls
        self._listeners: list[_Listener] = []
        self._used = False

    @property
    def open(self) -> bool:
        return bool(self._listeners)

    def start(self) -> None:
        """Raises OSError while a port that was closed is still being freed."""
        if self._listeners:
            return
        sockets = self._first if self._first is not None else Sockets.reserve(self._address, *self._ports)
        self._first = None
        loop = asyncio.get_running_loop()
        self._listeners = [
            _Listener(loop, sockets.http, self._plain),
            _Listener(loop, sockets.https, self._secure, self._tls),
        ]

    def _plain(self) -> Connection:
        self._used = True
        return Connection(self._service())

    def _secure(self) -> Connection:
        self._used = True
        return Connection(self._service(), self._tls().channel_bindings)

    def stop(self) -> None:
        """Close the ports (connects are refused from now on) and break what is connected. Shells live on."""
        for listener in self._listeners:
            listener.close()
        self._listeners = []
        if self._first is not None:
            self._first.close()
            self._first = None
        if self._used:
            self._service().cut_connections()
