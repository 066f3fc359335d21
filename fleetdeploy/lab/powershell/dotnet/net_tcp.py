"""System.Net.Sockets: TcpClient, its stream, and connections made in the background."""

from __future__ import annotations

import socket
import threading
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.io_streams import STREAM, Stream
from fleetdeploy.lab.powershell.dotnet.net import _need, _no_answer, connect
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    NetError,
    NetObject,
    define,
)


# -- TcpClient ----------------------------------------------------------------------------------------------------
class NetworkStream(Stream):
    can_seek = False

    def __init__(self, client: TcpClient) -> None:
        self.client = client

    def read(self, count: int = -1) -> bytes:
        self.check()
        wire = self.client.wire
        if wire is None:
            throw("System.IO.IOException", "The operation is not allowed on non-connected sockets.")
        try:
            if count < 0:
                return b"".join(iter(lambda: wire.recv(65536), b""))
            return wire.recv(count)
        except OSError:
            throw(
                "System.IO.IOException",
                "Unable to read data from the transport connection: An existing connection was forcibly closed by the"
                " remote host.",
            )

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.check()
        if self.client.wire is None:
            throw("System.IO.IOException", "The operation is not allowed on non-connected sockets.")
        try:
            self.client.wire.sendall(data)
        except OSError:
            throw("System.IO.IOException", "Unable to write data to the transport connection.")

    def close(self) -> None:
        self.closed = True
        self.client.close()


define("System.Net.Sockets.NetworkStream", STREAM, py=NetworkStream, closed=True)


class Attempt(NetObject):
    """A connection being made in the background: IAsyncResult, its wait handle, and Task in one."""

    def __init__(self, client: TcpClient, host: str, port: int, state: Any = None) -> None:
        self.client = client
        self.state = state
        self.done = threading.Event()
        self.failure: DotNetException | None = None
        threading.Thread(target=self._run, args=(host, port), daemon=True).start()

    def _run(self, host: str, port: int) -> None:
        try:
            wire = connect(self.client.machine, host, port, 21.0)
            if self.client.closed:
                wire.close()
            else:
                self.client.wire = wire
        except NetError as failure:
            self.failure = failure.exception
        except TimeoutError:
            self.failure = _no_answer(host, port)
        finally:
            self.done.set()

    def wait(self, milliseconds: int = -1) -> bool:
        return self.done.wait(None if milliseconds < 0 else milliseconds / 1000)


class ConnectTask(Attempt):
    """What ConnectAsync gives."""


class TcpClient(NetObject):
    def __init__(self, machine: Any) -> None:
        self.machine = machine
        self.wire: socket.socket | None = None
        self.closed = False
        self.receive_timeout = 0
        self.send_timeout = 0
        self.no_delay = False

    def check(self) -> None:
        if self.closed:
            throw(
                "ObjectDisposedException",
                "Cannot access a disposed object.\r\nObject name: 'System.Net.Sockets.TcpClient'.",
            )

    def open(self, host: str, port: int) -> None:
        self.check()
        try:
            self.wire = connect(self.machine, host, port, 21.0)
        except TimeoutError:
            raise NetError(_no_answer(host, port)) from None

    def close(self) -> None:
        self.closed = True
        if self.wire is not None:
            self.wire.close()
            self.wire = None


TCP = define("System.Net.Sockets.TcpClient", py=TcpClient, interfaces=("System.IDisposable",))
TCP.ctor("()", machine=True)(lambda machine: TcpClient(_need(machine)))


@TCP.ctor("(string host, int port)", machine=True)
def _connected(machine: Any, host: str, port: int) -> TcpClient:
    client = TcpClient(_need(machine))
    client.open(host, port)
    return client


@TCP.method("Connect(string host, int port)", "Connect(System.Net.IPAddress address, int port)")
def _connect(client: TcpClient, host: Any, port: int) -> Any:
    client.open(host if isinstance(host, str) else str(host.address), port)
    return NOTHING


@TCP.method(
    "BeginConnect(string host, int port, object callback, object state)",
    "BeginConnect(System.Net.IPAddress address, int port, object callback, object state)",
)
def _begin(client: TcpClient, host: Any, port: int, callback: Any, state: Any) -> Attempt:
    if callback is not None:
        raise NotSimulated("a callback for BeginConnect")
    client.check()
    return Attempt(client, host if isinstance(host, str) else str(host.address), port, state)


@TCP.method("ConnectAsync(string host, int port)")
def _connect_async(client: TcpClient, host: str, port: int) -> ConnectTask:
    client.check()
    return ConnectTask(client, host, port)


@TCP.method("EndConnect(object asyncResult)")
def _end(client: TcpClient, attempt: Attempt) -> Any:
    del client
    attempt.wait()
    if attempt.failure is not None:
        raise NetError(attempt.failure)
    return NOTHING


@TCP.method("Close()", "Dispose()")
def _close_tcp(client: TcpClient) -> Any:
    client.close()
    return NOTHING


TCP.prop("Connected", "bool", lambda client: client.wire is not None)
TCP.prop("Available", "int", lambda client: 0 if client.wire is None else _available(client.wire))


def _available(wire: socket.socket) -> int:
    import select

    if not select.select([wire], [], [], 0)[0]:
        return 0
    return len(wire.recv(65536, socket.MSG_PEEK))


for _name, _attr, _type in (
    ("ReceiveTimeout", "receive_timeout", "int"),
    ("SendTimeout", "send_timeout", "int"),
    ("NoDelay", "no_delay", "bool"),
):

    def _set_option(client: TcpClient, value: Any, attr: str = _attr) -> None:
        setattr(client, attr, value)
        if attr == "receive_timeout" and client.wire is not None:
            client.wire.settimeout(value / 1000 if value else None)

    TCP.prop(_name, _type, lambda client, attr=_attr: getattr(client, attr), _set_option)  # type: ignore[misc]


@TCP.method("GetStream()")
def _get_stream(client: TcpClient) -> NetworkStream:
    client.check()
    if client.wire is None:
        throw("InvalidOperationException", "The operation is not allowed on non-connected sockets.")
    client.wire.settimeout(client.receive_timeout / 1000 if client.receive_timeout else None)
    return NetworkStream(client)


class WaitHandle(NetObject):
    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt


ATTEMPT = define(
    "System.Net.Sockets.Socket+MultipleAddressConnectAsyncResult", py=Attempt, interfaces=("System.IAsyncResult",)
)
TASK = define("System.Threading.Tasks.Task", py=ConnectTask)
HANDLE = define("System.Threading.WaitHandle", py=WaitHandle)
for _kind in (ATTEMPT, TASK):
    _kind.prop("IsCompleted", "bool", lambda attempt: attempt.done.is_set())
    _kind.prop("AsyncWaitHandle", "object", WaitHandle)
    _kind.prop("AsyncState", "object", lambda attempt: attempt.state)
TASK.prop("IsFaulted", "bool", lambda attempt: attempt.done.is_set() and attempt.failure is not None)
TASK.prop("IsCanceled", "bool", lambda attempt: False)


@TASK.method("Wait()", "Wait(int milliseconds)")
def _wait_task(attempt: Attempt, milliseconds: int = -1) -> Any:
    finished = attempt.wait(milliseconds)
    if finished and attempt.failure is not None:
        raise NetError(DotNetException("System.AggregateException", "One or more errors occurred.", attempt.failure))
    return finished if milliseconds >= 0 else NOTHING


HANDLE.method("WaitOne()", "WaitOne(int milliseconds)", "WaitOne(int milliseconds, bool exitContext)")(
    lambda handle, milliseconds=-1, leave=False: handle.attempt.wait(milliseconds)
)
HANDLE.method("WaitOne(timespan timeout)", "WaitOne(timespan timeout, bool exitContext)")(
    lambda handle, span, leave=False: handle.attempt.wait(span.ticks // 10000)
)
HANDLE.method("Close()", "Dispose()")(lambda handle: NOTHING)
