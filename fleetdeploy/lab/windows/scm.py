"""The service control manager of one simulated host: its database and the calls that programs make.

Decides what is allowed in which state, with which Win32 code it is refused, and what is remembered. What happens in
time (processes, pending states, crashes, recovery) is ``scm_run.py``; how configuration is kept is ``scm_registry.py``.
Calls raise ``Win32Error`` and never block, but for ``start``, which waits for the program to connect.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any

from . import scm_registry
from .errors import Win32Error
from .scm_run import Runner
from .service import (
    ACCEPT_PAUSE,
    ACCEPT_STOP,
    START_WORDS,
    Pending,
    Service,
    ServiceConfig,
    ServiceStatus,
    StartType,
    State,
)

if TYPE_CHECKING:
    from .host import WindowsHost

_TYPE_WORDS = {0x10: "user mode service", 0x20: "user mode service", 0x1: "kernel mode driver"}
_BUSY = (
    State.RUNNING,
    State.START_PENDING,
    State.STOP_PENDING,
    State.PAUSED,
    State.PAUSE_PENDING,
    State.CONTINUE_PENDING,
)


class ServiceControlManager:
    """The SCM's database. Every method may be called from any thread."""

    def __init__(self, host: WindowsHost) -> None:
        self._host = host
        self._services: dict[str, Service] = {}
        self.runner = Runner(host, self)

    # ---- looking ---------------------------------------------------------------------------------------------------
    def find(self, name: str) -> Service | None:
        """By key name, without case."""
        return self._services.get(name.lower())

    def service(self, name: str) -> Service:
        found = self.find(name)
        if found is None:
            raise Win32Error(1060)
        return found

    def by_display_name(self, display: str) -> Service | None:
        with self._host.lock:
            return next((s for s in self._services.values() if s.config.display_name.lower() == display.lower()), None)

    def names(self) -> list[str]:
        """Key names, sorted."""
        with self._host.lock:
            return sorted((s.config.name for s in self._services.values()), key=str.lower)

    def query(self, name: str) -> ServiceStatus:
        with self._host.lock:
            self._host.check_power()
            return self.service(name).status()

    def config(self, name: str) -> ServiceConfig:
        with self._host.lock:
            return self.service(name).config

    def dependents(self, name: str, *, active_only: bool = False) -> list[str]:
        """Services that name this one as what they depend on, the other way round of starting."""
        with self._host.lock:
            return [
                s.config.name
                for s in self._services.values()
                if name.lower() in (d.lower() for d in s.config.dependencies)
                and (not active_only or s.state is not State.STOPPED)
            ]

    # ---- configuration ---------------------------------------------------------------------------------------------
    def create(self, config: ServiceConfig) -> None:
        """CreateService. Display name defaults to the name, the account is checked and normalised."""
        with self._host.lock:
            self._host.check_power()
            name = config.name
            if not name or len(name) > 256 or "/" in name or "\\" in name:
                raise Win32Error(123)
            old = self.find(name)
            if old is not None:
                raise Win32Error(1072 if old.marked_for_delete else 1073)
            config = self._checked(dataclasses.replace(config, display_name=config.display_name or name))
            self._services[name.lower()] = Service(config)
            scm_registry.write(self._host.registry, config)
            self._host.effects.add("create_service", name)
            self._host.eventlog.scm(
                7045,
                name,
                config.image_path,
                _TYPE_WORDS.get(config.service_type & 0xFF, "user mode service"),
                START_WORDS[config.start],
                config.account,
            )

    def _checked(self, config: ServiceConfig) -> ServiceConfig:
        if not config.image_path or config.start not in tuple(StartType):
            raise Win32Error(87)
        if config.start in (StartType.BOOT, StartType.SYSTEM) and config.service_type & 0x30:
            raise Win32Error(87)
        if config.delayed and config.start is not StartType.AUTO:
            raise Win32Error(87)
        twin = self.by_display_name(config.display_name)
        other = self.find(config.display_name)
        if any(s is not None and s.config.name.lower() != config.name.lower() for s in (twin, other)):
            raise Win32Error(1078)
        account = self._host.accounts.normalise_service_account(config.account)
        if account is None:
            raise Win32Error(1057)
        if any(d.lower() == config.name.lower() for d in config.dependencies):
            raise Win32Error(1059)
        if not config.sddl.startswith(("D:", "O:", "G:")):
            raise Win32Error(1336, "The access control list (ACL) structure is invalid")
        return dataclasses.replace(config, account=account)

    def change(self, name: str, **fields: Any) -> None:
        """ChangeServiceConfig and ChangeServiceConfig2: the fields of ``ServiceConfig`` that shall differ."""
        with self._host.lock:
            self._host.check_power()
            self._host.reach(f"config {self.service(name).config.name}")
            entry = self.service(name)
            if entry.marked_for_delete:
                raise Win32Error(1072)
            old = entry.config
            if "start" in fields and fields["start"] is not StartType.AUTO:
                fields.setdefault("delayed", False)
            new = self._checked(dataclasses.replace(old, **fields))
            entry.config = new
            scm_registry.write(self._host.registry, new)
            self._host.effects.add("config", new.name)
            if new.start is not old.start:
                self._host.eventlog.scm(
                    7040, new.display_name, START_WORDS[old.start], START_WORDS[new.start], new.name
                )

    def delete(self, name: str) -> None:
        """DeleteService: gone at once if stopped and nobody holds a handle, else marked (1072 from then on)."""
        with self._host.lock:
            self._host.check_power()
            entry = self.service(name)
            if entry.marked_for_delete:
                raise Win32Error(1072)
            entry.marked_for_delete = True
            self._host.effects.add("delete_service", entry.config.name)
            self._host.registry.set(scm_registry.key_of(entry.config.name), "DeleteFlag", "DWord", 1)
            self.reap(entry)

    def reap(self, entry: Service) -> None:
        """Remove a marked entry once it may go. Called under the lock."""
        name = entry.config.name
        if not entry.marked_for_delete or entry.state is not State.STOPPED or entry.open_handles > 0:
            return
        if self._services.get(name.lower()) is entry:
            self.runner.cancel(entry)
            del self._services[name.lower()]
            if self._host.registry.exists(scm_registry.key_of(name)):
                self._host.registry.delete(scm_registry.key_of(name))

    def hold(self, name: str, count: int = 1) -> None:
        """Somebody (services.msc) has the service open; with a negative count it is closed again."""
        with self._host.lock:
            entry = self.service(name)
            entry.open_handles = max(entry.open_handles + count, 0)
            self.reap(entry)

    # ---- control ---------------------------------------------------------------------------------------------------
    def start(self, name: str, arguments: tuple[str, ...] = (), *, stop: threading.Event | None = None) -> None:
        """StartService: returns once the program has connected (START_PENDING or RUNNING by then)."""
        with self._host.lock:
            pending = self.begin_start(name, arguments)
        self.wait_pending(pending, stop)

    def begin_start(self, name: str, arguments: tuple[str, ...] = ()) -> Pending:
        """Like ``start`` without waiting: what is refused at once is raised, the rest is in the answer."""
        with self._host.lock:
            self._host.check_up()
            self.service(name)
            self._host.reach(f"start {name}")
            pending = self.runner.start(self.service(name), arguments)
            self._host.effects.add("start", self.service(name).config.name)  # a refusal is no effect
            return pending

    def wait_pending(self, pending: Pending, stop: threading.Event | None = None) -> None:
        """Wait for a start begun before; a set ``stop`` ends the waiting, not the start."""
        while not pending.done.wait(0.02 if stop is not None else 0.5):
            if stop is not None and stop.is_set():
                return
            if not self._host.up:
                raise Win32Error(1115)
        if pending.error is not None:
            raise Win32Error(pending.error)

    def stop(self, name: str) -> ServiceStatus:
        """ControlService(STOP): the service is STOP_PENDING (or already STOPPED) in the answer."""
        with self._host.lock:
            self._host.check_up()
            entry = self._stoppable(name)
            self._host.reach(f"stop {name}")
            entry = self._stoppable(name)  # whatever happened there comes first
            self._host.effects.add("stop", entry.config.name)
            self.runner.stop(entry)
            return entry.status()

    def _stoppable(self, name: str) -> Service:
        """The service, if a stop is not refused as things stand."""
        entry = self.service(name)
        if entry.state is State.STOPPED:
            raise Win32Error(1062)
        if entry.state in (State.START_PENDING, State.STOP_PENDING):
            raise Win32Error(1061)
        if self.dependents(name, active_only=True):
            raise Win32Error(1051)
        if not entry.accepts & ACCEPT_STOP:
            raise Win32Error(1052)
        return entry

    def pause(self, name: str, *, resume: bool = False) -> ServiceStatus:
        """ControlService(PAUSE) or CONTINUE, for services that accept it."""
        with self._host.lock:
            entry = self.service(name)
            if entry.state is State.STOPPED:
                raise Win32Error(1062)
            if entry.state not in (State.RUNNING, State.PAUSED):
                raise Win32Error(1061)
            if not entry.accepts & ACCEPT_PAUSE:
                raise Win32Error(1052)
            entry.state = State.RUNNING if resume else State.PAUSED
            return entry.status()

    def interrogate(self, name: str) -> ServiceStatus:
        with self._host.lock:
            entry = self.service(name)
            if entry.state is State.STOPPED:
                raise Win32Error(1062)
            return entry.status()

    def wait_for(self, name: str, state: State, timeout: float, stop: threading.Event | None = None) -> bool:
        """Poll until the service is in ``state``; for tests and for cmdlets that wait."""
        end = time.monotonic() + timeout
        while True:
            with self._host.lock:  # a state is only true together with what comes with it
                entry = self.find(name)
                reached = entry is None or entry.state is state
            if reached:
                return entry is not None
            if time.monotonic() >= end or (stop is not None and stop.wait(0.01)):
                return False
            if stop is None:
                time.sleep(0.01)

    # ---- boot ------------------------------------------------------------------------------------------------------
    def power_off(self) -> None:
        """Everything ends without a trace; marked entries go for good. Under the lock."""
        for entry in tuple(self._services.values()):
            self.runner.power_off(entry)
            self.reap(entry)
            entry.open_handles = 0
            self.reap(entry)

    def boot(self) -> None:
        """Read the configuration from the registry and start what starts by itself. Under the lock."""
        known = self._services
        self._services = {}
        for name in self._host.registry.subkeys(scm_registry.SERVICES):
            old = known.get(name.lower())
            config = scm_registry.read(self._host.registry, name, old.config if old else None)
            if config is not None:
                self._services[name.lower()] = Service(config)
                self._services[name.lower()].starts = old.starts if old else 0
        for entry in tuple(self._services.values()):
            if entry.config.start is StartType.AUTO:
                self.runner.start_at_boot(entry)
