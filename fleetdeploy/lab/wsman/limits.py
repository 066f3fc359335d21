"""What a host allows at most: the quotas of its WinRM service, under the names that Windows has for them.

``SETTINGS`` is the one table: a name as it stands below ``WSMan:\\localhost``, what it may be there, and the field of
``ServiceLimits`` that the checks read. Sources: MS-WSMV 2.2.4.10 and 2.2.4.42 (names), WindowsRemoteShell.admx (0 is
no limit), learn.microsoft.com "Quota Management for Remote Shells". Decides nothing: that is ``quotas.py``.

What is counted, where Windows counts more than the lab has:

* ``MaxProcessesPerShell``, cmd shells: commands that run at once; one more is refused with 1816
  (ERROR_NOT_ENOUGH_QUOTA). What such a command starts itself is not counted.
* ``MaxProcessesPerShell``, PowerShell shells: native programs that scripts run at once, ``cmd /c`` and what it runs
  being two. Windows does not start one more, but its documents differ about whether the shell's own process is one of
  them (MS-WSMV: what a shell "is allowed to start"; the Win32 documentation: "allowed per shell, including the shell's
  child processes") and none tells of its console's. So the lab runs what fits in any case, two fewer than the limit,
  and refuses the rest (NotSimulated, windows/ownership.py). No fault of WS-Management comes of it: a script fails.
* ``MaxMemoryPerShellMB``, PowerShell shells: what is held for the client (output that is not fetched, input that is not
  read) beside the process itself (``shells.BASE_MEMORY_MB``); a shell that has more dies as wsmprovhost.exe does of its
  OutOfMemoryException. What a script keeps in variables is not counted (the lab's objects are not .NET's: their size
  would say nothing), nor what programs take that it starts (the lab has no sizes of them). Below 1024 Windows itself
  calls its behaviour unsupported. Not checked for cmd shells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

UNLIMITED = 2147483647
_DWORD = 4294967295


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: Windows' name and place for it, its range there, and the field that it becomes.

    ``per``: Windows' number divided by it is the field's (milliseconds become seconds). ``choices``: words instead of
    a number.
    """

    name: str
    field: str
    where: str
    least: int = 0
    most: int = UNLIMITED
    per: int = 1
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """What it may be, for people."""
        if self.choices:
            return " or ".join(self.choices)
        return f"a whole number from {self.least} to {self.most}"

    def value(self, given: object) -> float | str:
        """The field's value. Raises ValueError if ``given``, a number or its text, is none of the allowed ones."""
        if self.choices:
            if given not in self.choices:
                raise ValueError(f"{self.name}: {self.range}, not {given!r}")
            return str(given)
        text = given if isinstance(given, str) else str(given) if type(given) is int else ""
        if not (text.isascii() and text.isdigit()) or not self.least <= int(text) <= self.most:
            raise ValueError(f"{self.name}: {self.range}, not {given!r}")
        return int(text) if self.per == 1 else int(text) / self.per

    def told(self, value: Any) -> int | str:
        """A field's value as Windows tells it."""
        return str(value) if self.choices else round(value * self.per)


_ROOT, _SERVICE, _SHELL = "WSMan:\\localhost", "WSMan:\\localhost\\Service", "WSMan:\\localhost\\Shell"

SETTINGS = (
    Setting("MaxEnvelopeSizekb", "max_envelope_kb", _ROOT, 32, _DWORD),
    Setting("MaxTimeoutms", "max_timeout_s", _ROOT, 500, _DWORD, per=1000),
    Setting("MaxConcurrentOperationsPerUser", "max_operations_per_user", _SERVICE, 1, _DWORD),
    Setting("MaxConnections", "max_connections", _SERVICE, 1, _DWORD),
    Setting("IdleTimeout", "idle_timeout_s", _SHELL, 1000, per=1000),
    Setting("MaxConcurrentUsers", "max_concurrent_users", _SHELL, 1),
    Setting("MaxProcessesPerShell", "max_processes_per_shell", _SHELL),
    Setting("MaxMemoryPerShellMB", "max_memory_per_shell_mb", _SHELL),
    Setting("MaxShellsPerUser", "max_shells_per_user", _SHELL),
    Setting(
        "MaxConcurrentCommandsPerShell",
        "max_commands_per_shell",
        "WSMan:\\localhost\\Plugin\\microsoft.powershell\\Quotas",
        1,
    ),
    Setting("IdleConnectionTimeout", "connection_idle_s", "http.sys (netsh http show timeout)", 1, 65535),
    Setting("QuotaFaults", "quota_faults", "the lab alone: the form of a quota's fault", choices=("wmi", "wsman")),
)


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """winrm/config of a host. The values are those of Windows Server 2016 and later; tests shorten some.

    Seconds, MB and KB as the names say; ``UNLIMITED`` (2147483647) where Windows has no limit. ``of`` takes the names
    that Windows has for them (``SETTINGS``).
    """

    max_envelope_kb: int = 500
    max_timeout_s: float = 1800.0
    max_shells_per_user: int = 30
    """0: no limit, as for the next two that say so (WindowsRemoteShell.admx)."""
    max_commands_per_shell: int = 1000
    max_operations_per_user: int = 1500
    """Commands count until they are terminated; those of cmd shells until their shell is gone (MS-WSMV note 118)."""
    max_concurrent_users: int = UNLIMITED
    max_processes_per_shell: int = UNLIMITED
    """0: no limit. What is counted: see above."""
    max_memory_per_shell_mb: int = UNLIMITED
    """0: no limit. What is counted: see above."""
    max_connections: int = 300
    """Requests that are answered at once; the next gets 503."""
    idle_timeout_s: float = 7200.0
    min_idle_timeout_s: float = 60.0
    connection_idle_s: float = 120.0
    """http.sys closes a connection on which nothing is asked for so long; a sealed session does not survive that."""
    quota_faults: str = "wmi"
    """The form of a quota's fault: ``wmi`` (MSFT_WmiError, newer hosts) or ``wsman`` (WSManFault, Server 2012)."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> ServiceLimits:
        """From a mapping: Windows' names in any case (``{"MaxShellsPerUser": 5}``, its units), or this class's fields.

        Raises ValueError, which lists the names, for an unknown one; else for one given twice or a value of no sense.
        """
        own = {field.name for field in fields(cls)}
        known = {setting.name.lower(): setting for setting in SETTINGS}
        chosen: dict[str, Any] = {}
        for name, value in values.items():
            setting = known.get(name.lower())
            field = name if setting is None else setting.field
            if field not in own:
                raise ValueError(f"no such limit: {name} (there are: {names()})")
            if field in chosen:
                raise ValueError(f"{name} is given twice")
            chosen[field] = _own(field, value) if setting is None else setting.value(value)
        return cls(**chosen)

    def changed(self) -> dict[str, int | float | str]:
        """What differs from a fresh Windows, by Windows' names and in its units."""
        usual = ServiceLimits()
        settings = {setting.field: setting for setting in SETTINGS}
        told: dict[str, int | float | str] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != getattr(usual, field.name):
                setting = settings.get(field.name)
                told[field.name if setting is None else setting.name] = (
                    value if setting is None else setting.told(value)
                )
        return told


def _own(field: str, value: Any) -> Any:
    if field == "quota_faults":
        if value not in ("wmi", "wsman"):
            raise ValueError(f"{field}: wmi or wsman, not {value!r}")
    elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{field}: a number from 0 on, not {value!r}")
    return value


def names() -> str:
    """The names of all settings, for people."""
    return ", ".join(sorted(setting.name for setting in SETTINGS))


def read(given: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping for ``ServiceLimits.of``, checked. Raises ValueError, which lists the names."""
    values: dict[str, str] = {}
    known = {setting.name.lower(): setting for setting in SETTINGS}
    for text in given:
        name, separator, value = (part.strip() for part in text.partition("="))
        setting = known.get(name.lower())
        if not separator or not value:
            raise ValueError(f"{text!r}: write NAME=VALUE, such as MaxShellsPerUser=5; names are {names()}")
        if setting is None:
            raise ValueError(f"{name!r} is no limit that the lab knows; there are {names()}")
        if setting.name in values:
            raise ValueError(f"{setting.name} is given twice")
        try:
            setting.value(value)
        except ValueError as error:
            raise ValueError(f"{error}; names are {names()}") from None
        values[setting.name] = value
    return values


def most(limit: int) -> int:
    """A limit of which 0 says that there is none."""
    return limit or UNLIMITED
