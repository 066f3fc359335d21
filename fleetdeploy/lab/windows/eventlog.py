"""The event log of one simulated host: the logs System, Application, Security and Defender's, newest last.

Decides record ids, levels and the words of the Service Control Manager's events. Must not decide *when* something is
logged: that is ``scm.py`` and ``boot.py``. ``properties`` are what Get-WinEvent shows as Properties, in order.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime

from .clock import Clock
from .errors import Win32Error

SCM_PROVIDER = "Service Control Manager"
DEFENDER = "Microsoft-Windows-Windows Defender/Operational"
ERROR, WARNING, INFORMATION = 2, 3, 4
LEVEL_NAMES = {1: "Critical", 2: "Error", 3: "Warning", 4: "Information"}

SCM_EVENTS: dict[int, tuple[int, str]] = {
    7000: (ERROR, "The {0} service failed to start due to the following error: \r\n{1}"),
    7001: (
        ERROR,
        "The {0} service depends on the {1} service which failed to start because of the following error: \r\n{2}",
    ),
    7003: (ERROR, "The {0} service depends the following service: {1}. This service might not be installed."),
    7009: (ERROR, "A timeout was reached ({0} milliseconds) while waiting for the {1} service to connect."),
    7011: (
        ERROR,
        "A timeout ({0} milliseconds) was reached while waiting for a transaction response from the {1} service.",
    ),
    7022: (ERROR, "The {0} service hung on starting."),
    7023: (ERROR, "The {0} service terminated with the following error: \r\n{1}"),
    7024: (ERROR, "The {0} service terminated with the following service-specific error: \r\n{1}"),
    7031: (
        ERROR,
        "The {0} service terminated unexpectedly.  It has done this {1} time(s).  The following corrective action will "
        "be taken in {2} milliseconds: {4}.",
    ),
    7032: (
        ERROR,
        "The Service Control Manager tried to take a corrective action ({1}) after the unexpected termination of the "
        "{2} service, but this action failed with the following error: \r\n{3}",
    ),
    7034: (ERROR, "The {0} service terminated unexpectedly.  It has done this {1} time(s)."),
    7036: (INFORMATION, "The {0} service entered the {1} state."),
    7038: (
        ERROR,
        "The {0} service was unable to log on as {1} with the currently configured password due to the following "
        "error: \r\n{2}\r\n\r\nTo ensure that the service is configured properly, use the Services snap-in in "
        "Microsoft Management Console (MMC).",
    ),
    7040: (INFORMATION, "The start type of the {0} service was changed from {1} to {2}."),
    7041: (
        ERROR,
        "The {0} service was unable to log on as {1} with the currently configured password due to the following "
        "error: \r\nLogon failure: the user has not been granted the requested logon type at this computer.",
    ),
    7045: (
        INFORMATION,
        "A service was installed in the system.\r\n\r\nService Name:  {0}\r\nService File Name:  {1}\r\nService Type:  "
        "{2}\r\nService Start Type:  {3}\r\nService Account:  {4}",
    ),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One record. ``time`` is UTC by the host's clock; ``level`` as in LEVEL_NAMES (0 reads as Information)."""

    log: str
    provider: str
    id: int
    level: int
    time: datetime
    record_id: int
    message: str
    properties: tuple[str, ...]
    machine: str
    process_id: int = 0

    @property
    def level_name(self) -> str:
        return LEVEL_NAMES.get(self.level, "Information")


class EventLog:
    """The logs of a host. Appending is thread-safe under the host's lock, which the callers hold."""

    def __init__(self, machine: str, clock: Clock, *, defender: bool = True) -> None:
        self._machine = machine
        self._clock = clock
        names = ("System", "Application", "Security", *((DEFENDER,) if defender else ()))
        self._ids = {name: itertools.count(1) for name in names}
        self._logs: dict[str, list[Event]] = {name: [] for name in self._ids}

    @property
    def logs(self) -> tuple[str, ...]:
        return tuple(self._logs)

    def read(self, log: str) -> list[Event] | None:
        """The records of a log, oldest first (a copy), or None if there is no such log."""
        for name, records in self._logs.items():
            if name.lower() == log.lower():
                return list(records)
        return None

    def write(
        self,
        log: str,
        provider: str,
        event_id: int,
        level: int,
        message: str,
        properties: tuple[str, ...] = (),
        process_id: int = 0,
    ) -> Event:
        event = Event(
            log,
            provider,
            event_id,
            level,
            self._clock.now(),
            next(self._ids[log]),
            message,
            properties,
            self._machine,
            process_id,
        )
        self._logs[log].append(event)
        return event

    def scm(self, event_id: int, *properties: str) -> Event:
        """An event of the Service Control Manager with its own words; ``%%1053`` stands for that error's text."""
        level, text = SCM_EVENTS[event_id]
        words = [_error_text(p) if p.startswith("%%") else p for p in properties]
        return self.write("System", SCM_PROVIDER, event_id, level, text.format(*words), properties)


def _error_text(reference: str) -> str:
    return f"{Win32Error(int(reference[2:])).message}."
