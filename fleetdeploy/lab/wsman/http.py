"""One HTTP connection to a simulated host: HTTP/1.1 (h11), log-on, unsealing, one answer per request.

What a request means is decided behind ``Endpoint``. This module must not know WS-Management; it reports a client that
goes away (pending answers are then cancelled, nothing else ends).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import h11

from fleetdeploy.lab.windows.accounts import Refusal
from fleetdeploy.lab.windows.audit import LogonAttempt
from fleetdeploy.lab.wsman import sealing
from fleetdeploy.lab.wsman.auth import AccountBook, ConnectionAuth, LogonPolicy, Step

log = logging.getLogger(__name__)

MAX_BODY = 16 * 1024 * 1024
SOAP_TYPE = "application/soap+xml;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sealed. ``then_reset`` breaks the connection instead of sending it."""

    status: int
    body: bytes = b""
    content_type: str = SOAP_TYPE
    headers: tuple[tuple[str, str], ...] = ()
    seal: bool = True


class Reset(Exception):
    """The connection is to be broken (TCP RST) instead of answered."""


class Endpoint(Protocol):
    """What stands behind a connection: one host's WinRM service."""

    accounts: AccountBook
    logons: LogonPolicy
    connection_idle_s: float

    async def admit(self) -> None:
        """Called for each request before anything else; may wait, may raise Reset."""

    async def handle(self, path: str, body: bytes, *, user: str, peer: str, tls: bool) -> Reply:
        """An authenticated request. May raise Reset."""

    async def identify(self, body: bytes, *, tls: bool) -> Reply | None:
        """An unauthenticated request that says WSMANIDENTIFY; None: ask for a log-on."""

    def logged_on(self, attempt: LogonAttempt, refusal: Refusal | None) -> bool:
        """Told of each log-on that was judged; False refuses a good one (``refusal`` None) all the same: a fault."""

    def opened(self, connection: Connection) -> None: ...

    def closed(self, connection: Connection) -> None: ...


@dataclass(slots=True)
class _Incoming:
    path: str
    method: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Connection(asyncio.Protocol):
    """asyncio's view of one connection."""

    def __init__(self, endpoint: Endpoint, bindings: Any = None) -> None:
        self._endpoint = endpoint
        self._bindings = bindings
        self._auth = ConnectionAuth(endpoint.accounts, bindings=bindings, policy=endpoint.logons)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        self._transport: asyncio.Transport | None = None
        self._incoming: _Incoming | None = None
        self._task: asyncio.Task[None] | None = None
        self._peer, self._peer_port = "127.0.0.1", "-"
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if peer:
            self._peer, self._peer_port = str(peer[0]), str(peer[1])
        secured = transport.get_extra_info("ssl_object")
        if secured is not None:
            self._auth.certificate = secured.getpeercert(binary_form=True)
        self._endpoint.opened(self)
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._task is not None:
            self._task.cancel()
        if self._idle is not None:
            self._idle.cancel()
        self._endpoint.closed(self)

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._read()

    def eof_received(self) -> bool:
        return False

    def reset(self) -> None:
        """Break the connection with a RST."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def _rest(self) -> None:
        """Nothing is being answered: the connection is closed unless a request comes in time."""
        if self._idle is not None:
            self._idle.cancel()
        if self._transport is not None:
            self._idle = asyncio.get_running_loop().call_later(self._endpoint.connection_idle_s, self._transport.close)

    def _read(self) -> None:
        try:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers}
                    target = event.target.decode("latin-1")
                    self._incoming = _Incoming(target.partition("?")[0], event.method.decode("latin-1"), headers)
                    if self._http.they_are_waiting_for_100_continue and self._transport is not None:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        self._transport.write(self._http.send(go_on) or b"")
                elif isinstance(event, h11.Data) and self._incoming is not None:
                    self._incoming.body += event.data
                    if len(self._incoming.body) > MAX_BODY:
                        self.reset()
                        return
                elif isinstance(event, h11.EndOfMessage) and self._incoming is not None:
                    incoming, self._incoming = self._incoming, None
                    if self._idle is not None:
                        self._idle.cancel()
                    self._task = asyncio.get_running_loop().create_task(self._serve(incoming))
                    return
                else:  # NEED_DATA, PAUSED, ConnectionClosed
                    return
        except h11.RemoteProtocolError:
            self.reset()

    async def _serve(self, incoming: _Incoming) -> None:
        try:
            await self._endpoint.admit()
            reply = await self._reply(incoming)
            self._send(reply)
        except Reset:
            self.reset()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("a request to a simulated host failed")
            self.reset()

    async def _reply(self, incoming: _Incoming) -> Reply:
        if incoming.path.rstrip("/").lower() != "/wsman":
            return Reply(404, b"", "text/html; charset=us-ascii", seal=False)
        if incoming.method != "POST":
            return Reply(405, b"", "text/html; charset=us-ascii", headers=(("Allow", "POST"),), seal=False)
        body = bytes(incoming.body)
        header = incoming.headers.get("authorization", "")
        extra: tuple[tuple[str, str], ...] = ()
        if header:
            step = self._auth.step(header)
            if not self._judged(step):
                return self._ask()
            if not step.user:
                return Reply(401, b"", headers=(("WWW-Authenticate", step.token),), seal=False)
            if step.token:
                extra = (("WWW-Authenticate", step.token),)
        elif not self._auth.user:
            if "wsmanidentify" in incoming.headers:
                known = await self._endpoint.identify(body, tls=self._auth.tls)
                if known is not None:
                    return known
            return self._ask()
        if not body:
            return Reply(200, b"", headers=extra, seal=False)
        if sealing.is_sealed(incoming.headers.get("content-type", "")):
            if self._auth.context is None:
                return Reply(400, b"", "text/html; charset=us-ascii", seal=False)
            try:
                body = sealing.unseal(self._auth.context, body)
            except sealing.BrokenSeal as broken:
                log.debug("broken seal: %s", broken)
                return Reply(400, b"", "text/html; charset=us-ascii", seal=False)
        elif not self._auth.tls:
            # AllowUnencrypted is false, as it is by default: plain bodies are refused before they are read
            return Reply(500, b"", "text/html; charset=us-ascii", seal=False)
        auth = self._auth
        reply = await self._endpoint.handle(incoming.path, body, user=auth.user, peer=self._peer, tls=auth.tls)
        return Reply(reply.status, reply.body, reply.content_type, reply.headers + extra, reply.seal)

    def _judged(self, step: Step) -> bool:
        """Tells the endpoint of a log-on that was judged; False: it is refused."""
        good = not step.refused
        if step.attempt is not None:
            attempt = replace(step.attempt, address=self._peer, port=self._peer_port)
            good = self._endpoint.logged_on(attempt, step.refusal) and good
        if not good:
            self._auth.user = ""
        return good

    def _ask(self) -> Reply:
        challenges = tuple(("WWW-Authenticate", value) for value in self._auth.challenges())
        return Reply(401, b"", headers=challenges, seal=False)

    def _send(self, reply: Reply) -> None:
        if self._transport is None:
            return
        content_type, body = reply.content_type, reply.body
        if reply.seal and body and not self._auth.tls and self._auth.context is not None:
            content_type, body = sealing.seal(self._auth.context, self._auth.protocol, body)
        headers = [
            ("Server", "Microsoft-HTTPAPI/2.0"),
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            *reply.headers,
        ]
        out = self._http.send(
            h11.Response(status_code=reply.status, headers=headers, reason=_REASONS.get(reply.status, b""))
        )
        out = (out or b"") + (self._http.send(h11.Data(data=body)) or b"" if body else b"")
        out += self._http.send(h11.EndOfMessage()) or b""
        self._transport.write(out)
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._rest()
        self._read()


_REASONS: dict[int, bytes] = {
    200: b"",
    400: b"Bad Request",
    401: b"",
    404: b"Not Found",
    405: b"Method Not Allowed",
    413: b"Request Entity Too Large",
    500: b"",
    503: b"Service Unavailable",
}
