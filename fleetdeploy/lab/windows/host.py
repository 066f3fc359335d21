"""One simulated Windows machine: where its parts come together, and power.

    host = WindowsHost("web01", address="127.1.0.1", env=ThreadedEnvironment())
    host.fs          FileSystem (files.py): open/read/write/move/replace/delete, drives; full paths (paths.full_path)
    host.registry    Registry (registry.py)
    host.scm         ServiceControlManager (scm.py): create/change/delete/start/stop/query; Win32Error
    host.processes   Processes (processes.py); host.services_process is the boot's identity (pid, created)
    host.eventlog    EventLog (eventlog.py)
    host.clock       Clock: now() with the host's offset, uptime()
    host.network     Network: listen, endpoint(name, port) -> the real address behind it
    host.accounts    Accounts: check(name, password), lock-out, service logon right
    host.faults      Faults (faults.py): what shall go wrong; host.effects: counts of what was done (effects.py)
    host.not_simulated   NotSimulated recorded by the runtime (append through note_not_simulated)
    host.lock        one RLock per host: short critical sections, never held while sleeping or writing to a socket
    host.on_down / on_up: listeners for power; the WinRM side ends its shells and connections in on_down
    host.on_winrm_restart: the WinRM service is restarted: its shells end, for so many seconds nobody listens
    host.release(owner)  what `acting_as(owner)` (ownership.py) left open is closed: the shell is dead

Decides when the machine is up. Knows nothing of PowerShell and nothing of WinRM. Look next: ``scm.py``, ``files.py``.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime, timedelta

from fleetdeploy.lab.errors import NotSimulated

from . import audit, blobs, fault_acts, ownership, scenery
from .accounts import Account, Accounts, Refusal
from .clock import Clock
from .effects import Effects
from .environment import LabEnvironment
from .errors import FileError, Win32Error
from .eventlog import INFORMATION, EventLog
from .faults import Fault, FaultKind, Faults
from .files import FileSystem
from .network import Network
from .nodes import Access, Share
from .processes import Process, Processes
from .registry import Registry
from .scm import ServiceControlManager
from .scm_registry import CONTROL
from .service import ServiceConfig

LANGUAGE_MODES = ("FullLanguage", "ConstrainedLanguage")
_VARIABLE = re.compile(r"%([^%]+)%")


class WindowsHost:
    """A machine. It is up and booted when the constructor returns."""

    def __init__(
        self,
        name: str,
        *,
        address: str,
        env: LabEnvironment,
        ports: Mapping[str, int] | None = None,
        os_build: int = 20348,
        powershell: str = "5.1",
        seed: int = 0,
        drives: Mapping[str, int] | None = None,
        clock_offset: timedelta = timedelta(0),
        uptime: float = 3600.0,
        port_offset: int = 0,
        boot_seconds: float = 1.0,
        delayed_start_seconds: float = 120.0,
        edition: str = "Standard",
        language_mode: str = "FullLanguage",
    ) -> None:
        self.name = name
        self.address = address
        self.ports = dict(ports or {})
        self.os_build = os_build
        self.powershell = powershell
        self.edition = edition
        if language_mode not in LANGUAGE_MODES:
            raise ValueError(f"no language mode that the lab simulates: {language_mode}")
        self.language_mode = language_mode  # ConstrainedLanguage: locked down by WDAC or AppLocker, for every session
        self.seed = seed
        self.env = env
        self.lock = threading.RLock()
        self.boot_seconds = boot_seconds
        self.delayed_start_seconds = delayed_start_seconds
        self.machine_guid = scenery.machine_guid(seed, name)
        self.clock = Clock(env, offset=clock_offset)
        self.effects = Effects()
        self.faults = Faults(self.clock.now)
        self.not_simulated: list[NotSimulated] = []
        self.on_down: list[Callable[[], None]] = []
        self.on_up: list[Callable[[], None]] = []
        self.on_winrm_restart: list[Callable[[float], None]] = []
        self.up = False
        self.boots = 0
        self.accounts = Accounts(name, now=lambda: self.clock.now().timestamp())
        self.eventlog = EventLog(name, self.clock, defender=os_build >= 14393)  # 2012 R2 came without
        self.accounts.on_locked.append(self._locked_out)
        self.registry = Registry(self.lock, self.check_power)
        self.network = Network(env, name, address, port_offset=port_offset)
        self.fs = FileSystem(self.clock, self.lock, self.effects, dict(drives or {"C": 60 * 1024**3}), self.check_power)
        self.fs.on_written.append(self._written)
        for drive in self.fs.drives.values():
            drive.is_full = lambda: self.faults.blanket(FaultKind.DISK_FULL)
            drive.refuses = lambda path: self.faults.take(FaultKind.DISK_FULL, path) is not None
            drive.grew = self._grew
        self.faults.on_added.append(self._fault_added)
        self.processes = Processes(self.clock, random.Random(f"{seed}:{name}"))  # noqa: S311 - a simulation's seed
        self.services_process: Process
        self.shell_process: Process  # stands for all shells: what $PID names
        self.scm = ServiceControlManager(self)
        scenery.furnish(self)
        self._boot(uptime)

    def __repr__(self) -> str:
        return f"WindowsHost({self.name!r}, {self.address!r})"

    # ---- identity --------------------------------------------------------------------------------------------------
    @property
    def boot_id(self) -> tuple[int, datetime]:
        """PID and creation time of services.exe: another pair after each boot."""
        return self.services_process.pid, self.services_process.created

    @property
    def os_version(self) -> str:
        return scenery.OS_NAMES.get(self.os_build, ("", f"10.0.{self.os_build}"))[1]

    @property
    def os_caption(self) -> str:
        return f"Microsoft {scenery.OS_NAMES.get(self.os_build, ('Windows Server', ''))[0]} {self.edition}"

    @property
    def connect_timeout(self) -> float:
        """Seconds the SCM waits for a program to connect: ServicesPipeTimeout, else 30."""
        value = self.registry.get(CONTROL, "ServicesPipeTimeout")
        return value.data / 1000 if value is not None and isinstance(value.data, int) else 30.0

    @connect_timeout.setter
    def connect_timeout(self, seconds: float) -> None:
        self.registry.set(CONTROL, "ServicesPipeTimeout", "DWord", int(seconds * 1000))

    def environment_variables(self) -> dict[str, str]:
        """The machine's environment as services see it."""
        base = {
            "SystemDrive": "C:",
            "SystemRoot": "C:\\Windows",
            "windir": "C:\\Windows",
            "ProgramData": "C:\\ProgramData",
            "ALLUSERSPROFILE": "C:\\ProgramData",
            "ProgramFiles": "C:\\Program Files",
            "ProgramFiles(x86)": "C:\\Program Files (x86)",
            "ProgramW6432": "C:\\Program Files",
            "PUBLIC": "C:\\Users\\Public",
            "COMPUTERNAME": self.name.partition(".")[0].upper(),
        }
        for value in self.registry.values(f"{CONTROL}\\Session Manager\\Environment"):
            if isinstance(value.data, str):
                base[value.name] = _substitute(value.data, base)
        return base

    def expand(self, text: str) -> str:
        """``%SystemRoot%`` and the like replaced; unknown names stay."""
        return _substitute(text, self.environment_variables()) if "%" in text else text

    # ---- power -----------------------------------------------------------------------------------------------------
    def _boot(self, uptime: float = 0.0) -> None:
        with self.lock:
            self.clock.restart(uptime=uptime)
            scenery.boot_processes(self)
            for process in self.processes.all():
                process.created -= timedelta(seconds=uptime)
            self.up = True
            self.boots += 1
            now = self.clock.now()
            self.eventlog.write("System", "EventLog", 6005, INFORMATION, "The Event log service was started.")
            started = now - timedelta(seconds=uptime)
            text = f"The operating system started at system time {started:%Y-%m-%dT%H:%M:%S.%f}000Z."
            self.eventlog.write("System", "Microsoft-Windows-Kernel-General", 12, INFORMATION, text)
            self.scm.boot()
        for listener in tuple(self.on_up):
            listener()

    def reboot(self, *, seconds: float | None = None) -> None:
        """Power goes now: processes, handles, shells end; the machine is back after ``seconds`` (boot_seconds)."""
        if self.power_off():
            self.env.schedule(self.boot_seconds if seconds is None else seconds, self._up_again)

    def _up_again(self) -> None:
        self.effects.add("boot")
        self._boot()

    def power_off(self) -> bool:
        """The machine is gone until somebody calls ``power_on``; False if it was already."""
        with self.lock:
            if not self.up:
                return False
            self.up = False
            self.scm.power_off()
            self.processes.clear()
            self.fs.release_all()
        for listener in tuple(self.on_down):
            listener()
        return True

    def power_on(self) -> None:
        if not self.up:
            self._up_again()

    def close(self) -> None:
        """The lab ends: listeners and timers go, nothing is told."""
        self.on_down.clear()
        self.power_off()

    def check_up(self) -> None:
        self.check_power()
        if not self.up:
            raise Win32Error(1115)

    def check_power(self) -> None:
        """Ends a script (MachineDown) that outlives the power of its machine; harmless for everybody else."""
        ownership.check_power(self, self.boots, up=self.up)

    def release(self, owner: Hashable) -> None:
        """A shell is dead: its handles are closed."""
        self.fs.release(owner)

    # ---- logons -----------------------------------------------------------------------------------------------------
    def logon_refused(self, attempt: audit.LogonAttempt, refusal: Refusal) -> None:
        """What the Security log says about a logon that ``accounts`` refused."""
        with self.lock:
            audit.logon_refused(self.eventlog, attempt, refusal, lsass=self._lsass)

    def _locked_out(self, account: Account) -> None:
        with self.lock:
            audit.locked_out(self.eventlog, self.name, account, lsass=self._lsass)

    @property
    def _lsass(self) -> int:
        return next((one.pid for one in self.processes.all() if one.name.lower() == "lsass.exe"), 0)

    # ---- scenery and faults ----------------------------------------------------------------------------------------
    def install(self, config: ServiceConfig, *, start: bool = True) -> None:
        """A service that is there, and runs, from the beginning (its program must lie there); no effect is counted."""
        with self.lock:
            self.scm.create(config)
            if start:
                self.scm.runner.start(self.scm.service(config.name), (), at_once=True)
            self.effects.clear()

    def note_not_simulated(self, what: NotSimulated | str) -> None:
        self.not_simulated.append(what if isinstance(what, NotSimulated) else NotSimulated(what))

    def reach(self, point: str) -> None:
        """Something is about to happen (``fault_kinds.POINTS``); a reboot or another event may be due here."""
        fault_acts.at(self, point)

    def _grew(self, path: str, size: int) -> None:
        """A file that is being written has so many bytes now."""
        fault_acts.at(self, f"upload {path}", size)

    def _written(self, path: str) -> None:
        """A file was closed after writing, or renamed: the faults that wait for that."""
        self.reach(f"write {path}")
        if self.faults.take(FaultKind.TAMPER, path) is not None:
            data = bytearray(self.fs.blob(path).data) or bytearray(1)
            data[len(data) // 2] ^= 0xFF
            self.fs.put(path, blobs.intern(data))
        locking = self.faults.take(FaultKind.LOCK_FILE, path)
        if locking is not None:
            self.lock_file(path, locking.seconds)

    def _fault_added(self, fault: Fault) -> None:
        if fault.kind is FaultKind.LOCK_FILE and fault.path:
            self.faults.remove(fault)
            self.faults.happened(fault.kind, fault.path)
            self.lock_file(fault.path, fault.seconds)
            return
        fault_acts.at_once(self, fault)

    def lock_file(self, path: str, seconds: float) -> None:
        """Somebody (a virus scanner) holds the file without sharing for a while."""
        try:
            handle = self.fs.open(path, "Open", Access.READ, Share.NONE, owner="virus scanner")
        except FileError:
            self.env.schedule(0.01, lambda: self.lock_file(path, seconds))
            return
        self.env.schedule(seconds, handle.close)

    def fill_disk(self, letter: str = "C", *, full: bool = True) -> None:
        self.fs.drives[letter.upper()].forced_full = full


def _substitute(text: str, variables: Mapping[str, str]) -> str:
    lower = {k.lower(): v for k, v in variables.items()}
    return _VARIABLE.sub(lambda m: lower.get(m.group(1).lower(), m.group(0)), text)
