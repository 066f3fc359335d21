"""One host of a running lab: where it is reached, and the machine behind it, which is made when somebody looks.

A fleet of thousands is up at once because its ports are open; what nobody talks to needs no disk, no registry and no
certificate. Whoever asks first, a client or a test, makes them; it cannot be told afterwards. Decides nothing of what a
machine is: ``fleet.py`` hands in how it is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.lab.tls import HostTls
from fleetdeploy.lab.windows.faults import Faults
from fleetdeploy.lab.wsman.limits import ServiceLimits
from fleetdeploy.lab.wsman.server import HostServer
from fleetdeploy.lab.wsman.service import WinRmService


@dataclass(slots=True)
class LabHost:
    """One host. ``make`` builds machine and service, ``certify`` its certificate; each is called once at most."""

    name: str
    address: str
    port_http: int
    port_https: int
    make: Callable[[LabHost], tuple[Any, WinRmService]] = field(repr=False)
    certify: Callable[[], HostTls] = field(repr=False)
    ordered: ServiceLimits = field(repr=False)
    """The limits that it was made with."""
    away_until: float = 0.0
    """Nobody listens until then: the WinRM service is being restarted."""
    _server: HostServer | None = field(default=None, repr=False)
    _made: tuple[Any, WinRmService] | None = field(default=None, repr=False)
    _tls: HostTls | None = field(default=None, repr=False)

    @property
    def made(self) -> bool:
        """Whether anybody has looked at it yet: if not, it is up and just as it was installed."""
        return self._made is not None

    @property
    def machine(self) -> Any:
        return self._parts()[0]

    @property
    def limits(self) -> ServiceLimits:
        """What its WinRM allows now."""
        return self.ordered if self._made is None else self._made[1].limits

    @property
    def service(self) -> WinRmService:
        return self._parts()[1]

    @property
    def server(self) -> HostServer:
        if self._server is None:
            raise RuntimeError(f"{self.name} has no ports yet")
        return self._server

    @server.setter
    def server(self, server: HostServer) -> None:
        self._server = server

    @property
    def tls(self) -> HostTls:
        with _making:
            if self._tls is None:
                self._tls = self.certify()
            return self._tls

    @property
    def fingerprint_sha256(self) -> str:
        return self.tls.fingerprint_sha256

    @property
    def faults(self) -> Faults:
        faults: Faults = self.machine.faults
        return faults

    @property
    def effects(self) -> Any:
        return self.machine.effects

    @property
    def not_simulated(self) -> list[Exception]:
        refused: list[Exception] = self.machine.not_simulated
        return refused

    @property
    def logons(self) -> int:
        """Log-on attempts that were judged, good or bad."""
        return int(self.effects.count("logon") + self.effects.count("logon_failure"))

    def _parts(self) -> tuple[Any, WinRmService]:
        made = self._made
        if made is None:
            with _making:
                made = self._made
                if made is None:
                    made = self._made = self.make(self)
        return made


_making = threading.RLock()
"""One for all hosts: making one takes a millisecond, and two threads must not make the same one."""
