"""The listeners of one simulated host: HTTP and HTTPS on its loopback address, opened, closed and cut.

Decides only when the ports are open. What is answered is ``service.py``; the lab as a whole is ``lab/fleet.py``.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from fleetdeploy.lab.tls import HostTls
from fleetdeploy.lab.wsman.http import Connection
from fleetdeploy.lab.wsman.service import WinRmService


def bound_socket(address: str, port: int) -> socket.socket:
    """A listening socket on loopback, and nowhere else. Raises OSError when the port is taken."""
    if not ipaddress.ip_address(address).is_loopback:
        raise PermissionError(f"the lab binds loopback only, not {address}")
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(128)
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


class HostServer:
    """Opens and closes a host's ports. All methods on the loop's thread."""

    def __init__(self, service: WinRmService, address: str, sockets: Sockets, tls: HostTls) -> None:
        self.service = service
        self._address = address
        self._ports = sockets.ports
        self._first: Sockets | None = sockets
        self._tls = tls
        self._servers: list[asyncio.Server] = []

    @property
    def open(self) -> bool:
        return bool(self._servers)

    async def start(self) -> None:
        if self._servers:
            return
        sockets = self._first if self._first is not None else Sockets.reserve(self._address, *self._ports)
        self._first = None
        loop = asyncio.get_running_loop()
        service, bindings = self.service, self._tls.channel_bindings
        self._servers = [
            await loop.create_server(lambda: Connection(service), sock=sockets.http),
            await loop.create_server(
                lambda: Connection(service, bindings),
                sock=sockets.https,
                ssl=self._tls.context,
                ssl_handshake_timeout=30,
                ssl_shutdown_timeout=0.5,
            ),
        ]

    def stop(self) -> None:
        """Close the ports (connects are refused from now on) and break what is connected. Shells live on."""
        for server in self._servers:
            server.close()
        self._servers = []
        if self._first is not None:
            self._first.close()
            self._first = None
        self.service.cut_connections()
