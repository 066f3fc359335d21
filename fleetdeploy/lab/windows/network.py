"""The network of one simulated host: where its programs listen, and what names a script on it may reach.

Decides the real address behind a port of the simulated host. Must not speak any protocol. Only loopback exists.
"""

from __future__ import annotations

from collections.abc import Callable

from .environment import Cancelable, HttpReply, HttpRequest, LabEnvironment

_SELF = {"localhost", "127.0.0.1", "::1", "[::1]"}


class Network:
    """Listening ports of a host. ``port_offset`` is added to each where hosts must share one address."""

    def __init__(self, env: LabEnvironment, name: str, address: str, *, port_offset: int = 0) -> None:
        self._env = env
        self._name = name
        self.address = address
        self.port_offset = port_offset
        self.owners: dict[int, int] = {}
        self.peers: Callable[[str], str | None] = lambda _: None

    @property
    def listening(self) -> set[int]:
        """Ports with a program behind them; ``owners`` says which process."""
        return set(self.owners)

    def listen(self, port: int, face: Callable[[HttpRequest], HttpReply], *, pid: int = 0) -> Cancelable:
        """A program (the process ``pid``) listens on ``port``. OSError if it is taken."""
        listener = self._env.serve_tcp(self.address, port + self.port_offset, face)
        self.owners[port] = pid
        return _Open(self, port, listener)

    def endpoint(self, name: str, port: int) -> tuple[str, int] | None:
        """The real (address, port) behind what a script on this host calls ``name:port``; None: no such name."""
        low = name.lower().rstrip(".")
        if low in _SELF or low == self.address or low.partition(".")[0] == self._name.lower().partition(".")[0]:
            return self.address, port + self.port_offset
        peer = self.peers(low)
        return None if peer is None else (peer, port)


class _Open:
    def __init__(self, network: Network, port: int, listener: Cancelable) -> None:
        self._network = network
        self._port = port
        self._listener = listener

    def cancel(self) -> None:
        self._network.owners.pop(self._port, None)
        self._listener.cancel()
