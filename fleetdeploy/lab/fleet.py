"""A simulated fleet in this process: hosts on loopback addresses that real WinRM clients talk to.

    with Lab.start([HostSpec("web01"), HostSpec("web02", powershell="4.0")]) as lab:
        host = lab.hosts["web01"]; host.address, host.port_http, host.port_https, lab.ca_pem, lab.user, lab.password

One asyncio loop in one thread serves all hosts; scripts run on threads of their own. Each lab takes a block of
127.x.y.0 addresses and the standard ports, so that several labs live side by side; where only 127.0.0.1 exists,
each host has its own ports there. What the hosts are is ``windows/``, how they talk ``wsman/``, what they run
``powershell/``. This module only puts them together and never binds anything but loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography import x509

from fleetdeploy.lab.descriptors import make_more_room, make_room, needed
from fleetdeploy.lab.lab_host import LabHost as LabHost
from fleetdeploy.lab.tls import HostTls, LabAuthority
from fleetdeploy.lab.windows.environment import ThreadedEnvironment
from fleetdeploy.lab.windows.faults import FaultKind, Faults
from fleetdeploy.lab.wsman.auth import DEFAULT_METHODS, LogonPolicy
from fleetdeploy.lab.wsman.certificates import CertificateMapping
from fleetdeploy.lab.wsman.engine import Engine, PowerShellEngine
from fleetdeploy.lab.wsman.limits import ServiceLimits
from fleetdeploy.lab.wsman.server import HostServer, Sockets
from fleetdeploy.lab.wsman.service import WinRmService
from fleetdeploy.lab.wsman.threads import spent

HTTP_PORT = 5985
HTTPS_PORT = 5986
HOSTS_PER_BLOCK = 250
WATCH_S = 0.05
WATCH_EACH_S = 0.0005
"""A fleet of more than a hundred is looked at less often: the lab's idle time is not to grow with it."""
UPTIME_S = 3600.0
ONLY_ADDRESS = "127.0.0.1"
FIRST_OFFSET = 12000
OFFSET_STEP = 40
DEFAULT_USER = "fleetadmin"


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service that is on a host from the beginning, as if made by hand: not counted as an effect."""

    name: str
    exe: str
    """Its full path on the host."""
    content: bytes = field(repr=False)
    """The program's bytes (``make_artifact`` makes such)."""
    arguments: str = ""
    display_name: str = ""
    running: bool = True


@dataclass(frozen=True, slots=True)
class HostSpec:
    """What one host shall be. ``accounts``: more administrators and their passwords; ``options`` go to WindowsHost."""

    name: str
    os_build: int = 20348
    powershell: str = "5.1"
    accounts: Mapping[str, str] = field(default_factory=dict, repr=False)
    limits: ServiceLimits = field(default_factory=ServiceLimits)
    """Quotas of its WinRM: ``ServiceLimits.of({"MaxShellsPerUser": 5})``."""
    services: tuple[ServiceSpec, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    auth: tuple[str, ...] = DEFAULT_METHODS
    """Ways of logging on that the host allows (wsman/auth.py: METHODS); its 401 answers offer them."""
    certificates: tuple[CertificateMapping, ...] = ()
    """Which client certificates stand for which local account; needs "certificate" in ``auth``."""
    client_roots: tuple[bytes, ...] = ()
    """More authorities (PEM) that the host trusts to sign client certificates; the lab's own is always one."""

    def __post_init__(self) -> None:
        LogonPolicy(frozenset(self.auth))  # refuses unknown names now, not when the host is first looked at


@dataclass(frozen=True, slots=True)
class LabCost:
    """Processor time of a lab, apart from that of its clients in the same process.

    ``loop_s``: the wire (TLS, sealing, SOAP, PSRP) and the life of the machines; ``scripts_s``: what scripts did, of
    all labs of this process; ``requests``: authenticated WS-Management requests; ``scripts``: pipelines and commands
    that ended.
    """

    loop_s: float
    scripts_s: float
    requests: int
    scripts: int

    def __sub__(self, earlier: LabCost) -> LabCost:
        return LabCost(
            self.loop_s - earlier.loop_s,
            self.scripts_s - earlier.scripts_s,
            self.requests - earlier.requests,
            self.scripts - earlier.scripts,
        )


MachineFactory = Callable[..., Any]


def windows_host(name: str, **options: Any) -> Any:
    from fleetdeploy.lab.windows.host import WindowsHost

    return WindowsHost(name, **options)


class Lab:
    """The running fleet. ``start`` makes one, ``stop`` (or leaving the ``with`` block) ends it."""

    def __init__(
        self,
        *,
        engine: Engine | None = None,
        machine: MachineFactory = windows_host,
        one_address: bool = False,
    ) -> None:
        self.user = DEFAULT_USER
        self.password = f"Lab-{secrets.token_urlsafe(12)}"
        self.authority = LabAuthority()
        self.hosts: dict[str, LabHost] = {}
        self.environment = ThreadedEnvironment()
        self._engine: Engine = engine or PowerShellEngine()
        self._machine = machine
        self._one_address = one_address
        self._stopped = False
        self._watcher: asyncio.Task[None] | None = None
        self._block: tuple[int, int] | None = None
        self._next = 0
        self._looked_at: list[LabHost] = []

    @classmethod
    def start(
        cls,
        hosts: Sequence[HostSpec] = (),
        *,
        password: str | None = None,
        engine: Engine | None = None,
        machine: MachineFactory = windows_host,
        one_address: bool = False,
    ) -> Lab:
        """``one_address``: all hosts on 127.0.0.1 with own ports, as where no other loopback address exists."""
        lab = cls(engine=engine, machine=machine, one_address=one_address)
        if password is not None:
            lab.password = password
        try:
            make_room(needed(len(hosts), sum(len(spec.services) for spec in hosts)))
            lab._on_loop(lab._begin())
            made = [lab._reserved(spec) for spec in hosts]
            lab._on_loop(_started(made))
        except BaseException:
            lab.stop()
            raise
        return lab

    @property
    def ca_pem(self) -> bytes:
        return self.authority.pem

    def write_ca(self, path: Path) -> Path:
        """The authority's certificate as a file, for clients that want a path."""
        path.write_bytes(self.ca_pem)
        return path

    def add(self, spec: HostSpec) -> LabHost:
        """One more host, at once reachable."""
        host = self._reserved(spec)
        self._on_loop(_started([host]))
        return host

    def _reserved(self, spec: HostSpec) -> LabHost:
        """The host with its ports bound; its machine is made at once only where something of it can be seen already."""
        if spec.name in self.hosts:
            raise ValueError(f"the lab has a host {spec.name} already")
        address, sockets = self._reserve()
        options = dict(spec.options)
        if address == ONLY_ADDRESS:  # what listens on the hosts must not meet there either
            options.setdefault("port_offset", FIRST_OFFSET + OFFSET_STEP * len(self.hosts))
        began = time.monotonic()
        ports = dict(zip(("http", "https"), sockets.ports, strict=True))

        def make(host: LabHost) -> tuple[Any, WinRmService]:
            if "uptime" not in options and (since := time.monotonic() - began) > 1:
                options["uptime"] = UPTIME_S + since  # it has been up all the time, whenever it is looked at first
            machine = self._machine(
                spec.name,
                address=address,
                env=self.environment,
                ports=ports,
                os_build=spec.os_build,
                powershell=spec.powershell,
                **options,
            )
            machine.accounts.add(self.user, self.password)
            for name, password in spec.accounts.items():
                machine.accounts.add(name, password)
            for service in spec.services:
                _install(machine, service)
            logons = self._logon_policy(spec, machine)
            winrm = WinRmService(self.environment.loop, machine, self._engine, spec.limits, logons)
            self._follow_boots(host, machine, winrm)
            self._looked_at.append(host)
            return machine, winrm

        def certify() -> HostTls:
            roots = self._client_roots(spec)
            return self.authority.issue(spec.name, address, "localhost", client_roots=roots)

        host = LabHost(spec.name, address, *sockets.ports, make, certify, spec.limits)
        host.server = HostServer(lambda: host.service, lambda: host.tls, address, sockets)
        try:
            if spec.services or spec.options or spec.certificates or spec.client_roots:
                host.machine  # noqa: B018 - made now: it listens, or what was asked for may be refused
        except BaseException:
            sockets.close()
            raise
        self.hosts[spec.name] = host
        return host

    def _client_roots(self, spec: HostSpec) -> tuple[x509.Certificate, ...]:
        if "certificate" not in spec.auth:
            return ()
        return (self.authority.certificate, *map(x509.load_pem_x509_certificate, spec.client_roots))

    def _logon_policy(self, spec: HostSpec, machine: Any) -> LogonPolicy:
        if "certificate" not in spec.auth:
            return LogonPolicy(frozenset(spec.auth))

        def copied(mapping: CertificateMapping) -> CertificateMapping:
            account = machine.accounts.get(mapping.user)
            if mapping.password is not None or account is None:
                return mapping
            return dataclasses.replace(mapping, password=account.password)

        mappings = tuple(copied(mapping) for mapping in spec.certificates)
        return LogonPolicy(frozenset(spec.auth), mappings, self._client_roots(spec), machine.clock.now)

    @property
    def cost(self) -> LabCost:
        """What the lab itself has used so far; the difference of two is what lay between."""
        scripts_s, scripts = spent()
        requests = sum(host.service.requests for host in self._looked_at)
        return LabCost(self.environment.cpu_s(), scripts_s, requests, scripts)

    def install(self, name: str, service: ServiceSpec) -> None:
        """A service on a host that runs, as if it had been there from the beginning; what was counted is forgotten."""
        _install(self.hosts[name].machine, service)

    def stop(self) -> None:
        """End every shell and port, and the loop. Threads of scripts get their stop and are not waited for long."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(Exception):
            self._on_loop(self._end())
        self.environment.close()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _on_loop(self, work: Any, timeout_s: float = 30.0) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.environment.loop).result(timeout_s)

    async def _begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _end(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        for host in self.hosts.values():
            host.server.stop()
            if host.made:
                host.service.end_all_shells()
                host.machine.close()
        await asyncio.sleep(0)

    async def _watch(self) -> None:
        """Closes the ports of hosts that refuse until healed, or are down, and opens them again after."""
        while True:
            for host in list(self._looked_at):
                refuses = _refuses(host.faults)
                if refuses and host.server.open:
                    host.faults.happened(FaultKind.REFUSE, "the ports are closed")
                away = refuses or not host.machine.up or time.monotonic() < host.away_until
                if away and host.server.open:
                    host.server.stop()
                elif not away and not host.server.open:
                    with contextlib.suppress(OSError):  # the port is still being freed: next time
                        host.server.start()
            await asyncio.sleep(max(WATCH_S, len(self._looked_at) * WATCH_EACH_S))

    def _follow_boots(self, host: LabHost, machine: Any, service: WinRmService) -> None:
        """Power off ends all shells and connections of a host and closes its ports; ``_watch`` opens them again."""
        loop = self.environment.loop

        def down() -> None:
            service.end_all_shells()
            host.server.stop()

        def gone() -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(down)

        def restarted(seconds: float) -> None:
            host.away_until = time.monotonic() + seconds
            gone()

        machine.on_down.append(gone)
        machine.on_winrm_restart.append(restarted)

    def _reserve(self) -> tuple[str, Sockets]:
        if self._one_address:
            return ONLY_ADDRESS, Sockets.reserve(ONLY_ADDRESS, 0, 0)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self._block is None or self._next >= HOSTS_PER_BLOCK:
                # Not from the shared generator: a seeded one gives labs of other processes the same block.
                dice = random.SystemRandom()
                self._block, self._next = (dice.randint(2, 250), dice.randint(0, 250)), 0
            first, second = self._block
            self._next += 1
            address = f"127.{first}.{second}.{self._next}"
            try:
                return address, Sockets.reserve(address, HTTP_PORT, HTTPS_PORT)
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    make_more_room()
                    continue
                if error.errno == errno.EADDRNOTAVAIL:
                    self._one_address = True
                    return self._reserve()
                self._block = None  # another lab lives in this block
        raise OSError(errno.EADDRINUSE, "no loopback address with free WinRM ports")


async def _started(hosts: Sequence[LabHost]) -> None:
    for host in hosts:
        host.server.start()


def _install(machine: Any, spec: ServiceSpec) -> None:
    from fleetdeploy.lab.windows.blobs import intern
    from fleetdeploy.lab.windows.service import ServiceConfig, StartType

    machine.fs.put(spec.exe, intern(spec.content))
    image = f'"{spec.exe}" {spec.arguments}'.rstrip()
    config = ServiceConfig(spec.name, image, spec.display_name or spec.name, StartType.AUTO)
    machine.install(config, start=spec.running)


def make_artifact(
    version: str, *, size: int = 64 * 1024, build: Mapping[str, Any] | None = None, **behaviour: Any
) -> bytes:
    """A program of the lab: a valid PE with Go build info, and behind it what it does (windows/program.py: Behaviour).

    ``build`` are fields of windows/pe.py: GoBuild (go_version, goarch, settings, ...). Raises ValueError for a
    behaviour that does not exist.
    """
    from fleetdeploy.lab.windows.pe import GoBuild, make_exe
    from fleetdeploy.lab.windows.program import Behaviour

    unknown = sorted(set(behaviour) - set(Behaviour.__dataclass_fields__))
    if unknown:
        raise ValueError(f"no such behaviour of a lab program: {', '.join(unknown)}")
    made = GoBuild(**{"version": version, **(build or {})})
    return make_exe({"version": version, **behaviour}, build=made, size=size)


def _refuses(faults: Faults) -> bool:
    return faults.pending(FaultKind.REFUSE) and any(
        fault.kind is FaultKind.REFUSE and fault.count is None for fault in faults.listing()
    )
