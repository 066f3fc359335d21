"""What the service control manager knows of a service: configuration, status, numbers as in winsvc.h. Data only.

Look next: ``scm.py`` (what is done with it), ``scm_registry.py`` (how it is kept).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import IntEnum

from .environment import Cancelable
from .nodes import File
from .processes import Process


class State(IntEnum):
    """dwCurrentState."""

    STOPPED = 1
    START_PENDING = 2
    STOP_PENDING = 3
    RUNNING = 4
    CONTINUE_PENDING = 5
    PAUSE_PENDING = 6
    PAUSED = 7


class StartType(IntEnum):
    BOOT = 0
    SYSTEM = 1
    AUTO = 2
    DEMAND = 3
    DISABLED = 4


class Action(IntEnum):
    """SC_ACTION_TYPE."""

    NONE = 0
    RESTART = 1
    REBOOT = 2
    RUN = 3


OWN_PROCESS, SHARE_PROCESS, INTERACTIVE = 0x10, 0x20, 0x100
ACCEPT_STOP, ACCEPT_PAUSE, ACCEPT_SHUTDOWN, ACCEPT_PRESHUTDOWN = 0x1, 0x2, 0x4, 0x100
INFINITE = 0xFFFFFFFF

DEFAULT_SDDL = (
    "D:(A;;CCLCSWRPWPDTLOCRRC;;;SY)(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;CCLCSWLOCRRC;;;IU)(A;;CCLCSWLOCRRC;;;SU)"
)

START_WORDS = {
    StartType.BOOT: "boot start",
    StartType.SYSTEM: "system start",
    StartType.AUTO: "auto start",
    StartType.DEMAND: "demand start",
    StartType.DISABLED: "disabled",
}


@dataclass(frozen=True, slots=True)
class FailureActions:
    """SERVICE_FAILURE_ACTIONS: reset period in seconds (INFINITE: never), actions with their delay in milliseconds."""

    reset_seconds: int = 0
    actions: tuple[tuple[Action, int], ...] = ()
    reboot_message: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """QueryServiceConfig and QueryServiceConfig2. ``failure`` None: never set."""

    name: str
    image_path: str
    display_name: str = ""
    start: StartType = StartType.DEMAND
    delayed: bool = False
    account: str = "LocalSystem"
    password: str | None = field(default=None, repr=False)
    service_type: int = OWN_PROCESS
    error_control: int = 1
    dependencies: tuple[str, ...] = ()
    load_order_group: str = ""
    tag: int = 0
    description: str = ""
    failure: FailureActions | None = None
    failure_flag: bool = False
    preshutdown_ms: int | None = None
    sddl: str = DEFAULT_SDDL


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """SERVICE_STATUS_PROCESS, with the name: a snapshot."""

    name: str
    display_name: str
    state: State
    service_type: int
    accepts: int
    win32_exit_code: int
    specific_exit_code: int
    checkpoint: int
    wait_hint: int
    pid: int


@dataclass(slots=True)
class Pending:
    """A start under way: ``done`` is set once the program has connected or the attempt has failed (``error``)."""

    done: threading.Event = field(default_factory=threading.Event)
    error: int | None = None

    def finish(self, error: int | None = None) -> None:
        if not self.done.is_set():
            self.error = error
            self.done.set()


@dataclass(slots=True, eq=False)
class Service:
    """One entry of the SCM's database; only ``scm.py`` changes it, under the host's lock.

    Attributes:
        run: counts starts; a timer of an earlier run finds another number and does nothing.
        failures, last_failure: for recovery; the time is uptime.
        open_handles: handles held by others (a test's "services.msc is open"): a deletion waits for them.
    """

    config: ServiceConfig
    state: State = State.STOPPED
    accepts: int = 0
    win32_exit_code: int = 1077
    specific_exit_code: int = 0
    checkpoint: int = 0
    wait_hint: int = 0
    process: Process | None = None
    image: File | None = None
    listener: Cancelable | None = None
    pending: Pending | None = None
    timers: list[Cancelable] = field(default_factory=list)
    run: int = 0
    starts: int = 0
    failures: int = 0
    last_failure: float = 0.0
    marked_for_delete: bool = False
    open_handles: int = 0
    children: list[Process] = field(default_factory=list)

    def status(self) -> ServiceStatus:
        pid = self.process.pid if self.process is not None and self.state is not State.STOPPED else 0
        return ServiceStatus(
            self.config.name,
            self.config.display_name,
            self.state,
            self.config.service_type,
            self.accepts,
            self.win32_exit_code,
            self.specific_exit_code,
            self.checkpoint,
            self.wait_hint,
            pid,
        )
