"""A simulated fleet for one test of somebody's own automation: the value of the fixture ``windows_fleet``.

``WindowsFleet.host`` makes hosts, ``FleetHost`` puts accounts, files and services on them and says how they are
reached. Imports no WinRM client: what ``pypsrp()`` and ``pywinrm()`` return are arguments for theirs. Everything else
that a host has (``machine``, ``faults``, ``effects``) is ``fleet.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from fleetdeploy.lab.windows import blobs
from fleetdeploy.lab.windows.accounts import Account
from fleetdeploy.lab.windows.effects import Effects
from fleetdeploy.lab.windows.faults import Faults
from fleetdeploy.lab.windows.service import State
from fleetdeploy.lab.wsman.limits import ServiceLimits

RUNS_WITHIN_S = 30.0


class FleetHost:
    """One host of a ``WindowsFleet``. Methods that set the scene count no effect."""

    def __init__(self, fleet: WindowsFleet, lab_host: LabHost) -> None:
        self._fleet = fleet
        self.lab_host = lab_host

    def __repr__(self) -> str:
        return f"FleetHost({self.name!r}, {self.address!r})"

    # -- where it is ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.lab_host.name

    @property
    def address(self) -> str:
        """A loopback address of its own; ``port_http`` and ``port_https`` are 5985 and 5986 where there are several."""
        return self.lab_host.address

    @property
    def port_http(self) -> int:
        return self.lab_host.port_http

    @property
    def port_https(self) -> int:
        return self.lab_host.port_https

    def pypsrp(self, *, tls: bool = False, user: str = "", password: str = "") -> dict[str, Any]:
        """Arguments for ``pypsrp.client.Client`` and ``pypsrp.wsman.WSMan``; the fleet's own account unless named."""
        arguments: dict[str, Any] = {
            "server": self.address,
            "port": self.port_https if tls else self.port_http,
            "ssl": tls,
            "username": user or self._fleet.user,
            "password": password if user else self._fleet.password,
            "auth": "negotiate",
            "no_proxy": True,
        }
        return arguments | ({"cert_validation": str(self._fleet.ca_file)} if tls else {})

    def pywinrm(self, *, tls: bool = False, user: str = "", password: str = "") -> dict[str, Any]:
        """Arguments for ``winrm.Session``; the fleet's own account unless one is named."""
        scheme, port = ("https", self.port_https) if tls else ("http", self.port_http)
        return {
            "target": f"{scheme}://{self.address}:{port}/wsman",
            "auth": (user or self._fleet.user, password if user else self._fleet.password),
            "transport": "ntlm",
            "proxy": None,
            "ca_trust_path": str(self._fleet.ca_file),
        }

    # -- what is on it -------------------------------------------------------------------------------------------------

    def account(self, name: str, password: str, *, admin: bool = True) -> Account:
        """One more local account. Its fields say what it may: ``enabled``, ``must_change_password``, ..."""
        account: Account = self.lab_host.machine.accounts.add(name, password, admin=admin)
        return account

    def write(self, path: str, content: bytes | str) -> FleetHost:
        """A file, with its directories; text is written as UTF-8 without a byte order mark."""
        data = content.encode() if isinstance(content, str) else content
        self.lab_host.machine.fs.put(path, blobs.intern(data))
        return self

    def read(self, path: str) -> bytes:
        """A file's content. Raises ``windows.errors.FileError`` if there is none."""
        data: bytes = self.lab_host.machine.fs.read_bytes(path)
        return data

    def service(
        self,
        name: str,
        exe: str = "",
        *,
        version: str = "v1.0.0",
        arguments: str = "",
        running: bool = True,
        content: bytes | None = None,
        **behaviour: Any,
    ) -> FleetHost:
        """A service, installed and (unless told otherwise) running when this returns.

        Args:
            exe: full path of its program; ``C:\\Program Files\\NAME\\NAME.exe`` by default.
            content: the program's bytes (``make_artifact``); else one of this ``version`` is made that does what
                ``behaviour`` says (windows/program.py: ``port``, ``healthy``, ``start_seconds``, ``crash_after``, ...).
        """
        program = content if content is not None else make_artifact(version, **({"port": 0} | behaviour))
        path = exe or f"C:\\Program Files\\{name}\\{name}.exe"
        self._fleet.lab.install(self.name, ServiceSpec(name, path, program, arguments, running=running))
        if running:
            self.lab_host.machine.scm.wait_for(name, State.RUNNING, RUNS_WITHIN_S)
        return self

    def state(self, service: str) -> str:
        """ "RUNNING", "STOPPED", "START_PENDING", ... Raises ``windows.errors.Win32Error`` (1060) if there is none."""
        found: State = self.lab_host.machine.scm.query(service).state
        return found.name

    # -- what was done to it, and what shall go wrong ------------------------------------------------------------------

    @property
    def effects(self) -> Effects:
        """What was really done: ``effects.count("stop", "shop")`` (windows/effects.py has the kinds)."""
        effects: Effects = self.lab_host.effects
        return effects

    @property
    def faults(self) -> Faults:
        """What shall go wrong: ``faults.add("reboot", pattern="stop shop")`` (windows/faults.py)."""
        return self.lab_host.faults


class WindowsFleet:
    """The hosts of one test. ``user`` and ``password`` log in on all of them; ``ca_file`` vouches for their TLS."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.hosts: dict[str, FleetHost] = {}
        self._folder = folder
        self._tolerated = False

    @property
    def user(self) -> str:
        return self.lab.user

    @property
    def password(self) -> str:
        return self.lab.password

    @property
    def ca_file(self) -> Path:
        """The authority's certificate (PEM), for clients that want a path."""
        path = self._folder / "lab-ca.pem"
        return path if path.exists() else self.lab.write_ca(path)

    def host(
        self,
        name: str = "web01",
        *,
        os_build: int = 20348,
        powershell: str = "5.1",
        files: Mapping[str, bytes | str] | None = None,
        accounts: Mapping[str, str] | None = None,
        limits: Mapping[str, Any] | ServiceLimits | None = None,
        spec: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> FleetHost:
        """One more host, at once reachable.

        Args:
            os_build: 9600 (2012 R2), 14393, 17763, 20348 (2022) or 26100; ``powershell`` is "5.1" or "4.0".
            files: path to content. accounts: more administrators, name to password.
            limits: quotas of its WinRM, by the names and in the units of ``WSMan:\\localhost``
                (``{"MaxShellsPerUser": 5}``; wsman/limits.py). Raises ValueError, which lists the names, for others.
            spec: other fields of ``HostSpec`` (``auth``, ``certificates``, ...).
            options: of the machine (windows/host.py: WindowsHost): ``language_mode``, ``drives``, ``boot_seconds``, ...
        """
        extra = dict(spec or {})
        if limits is not None:
            extra["limits"] = limits if isinstance(limits, ServiceLimits) else ServiceLimits.of(limits)
        described = HostSpec(
            name,
            os_build=os_build,
            powershell=powershell,
            accounts=dict(accounts or {}),
            options=options,
            **extra,
        )
        host = FleetHost(self, self.lab.add(described))
        for path, content in (files or {}).items():
            host.write(path, content)
        self.hosts[name] = host
        return host

    def __getitem__(self, name: str) -> FleetHost:
        return self.hosts[name]

    def __iter__(self) -> Iterator[FleetHost]:
        return iter(self.hosts.values())

    def __len__(self) -> int:
        return len(self.hosts)

    @property
    def not_simulated(self) -> list[str]:
        """What scripts asked for that the lab does not simulate, as ``HOST: WHAT``."""
        return [f"{host.name}: {refused}" for host in self for refused in host.lab_host.not_simulated]

    def tolerate_not_simulated(self) -> None:
        """For a test of just that: what the lab refuses does not fail this test."""
        self._tolerated = True

    @property
    def unexpected(self) -> list[str]:
        """What fails the test at its end."""
        return [] if self._tolerated else self.not_simulated
