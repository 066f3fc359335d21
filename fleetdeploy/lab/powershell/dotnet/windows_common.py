"""What the types over the simulated Windows share: times, Win32 exceptions. No tables of its own.

Look next: ``windows_services`` (ServiceController), ``windows_processes``, ``windows_records`` (events, CIM).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fleetdeploy.lab.powershell.values import DateTime, DotNetException, NetError
from fleetdeploy.lab.windows.errors import Win32Error

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_TICKS = 10_000_000


def local_time(machine: Any, moment: datetime) -> DateTime:
    """A UTC time of the host as its scripts see it: local, kind Local."""
    delta = moment + machine.clock.utc_offset - _EPOCH
    return DateTime((delta.days * 86400 + delta.seconds) * _TICKS + delta.microseconds * 10, "Local")


def utc_time(machine: Any, value: DateTime) -> datetime:
    """The other way round: a script's DateTime as UTC (what is not marked Utc counts as local)."""
    from datetime import timedelta

    moment = _EPOCH + timedelta(microseconds=value.ticks // 10)
    return moment if value.kind == "Utc" else moment - machine.clock.utc_offset


def win32_exception(error: Win32Error) -> DotNetException:
    return DotNetException(
        "System.ComponentModel.Win32Exception",
        error.message,
        properties={"NativeErrorCode": error.code, "ErrorCode": -2147467259},
        hresult=-2147467259,
    )


def invalid_operation(message: str, error: Win32Error | None = None) -> NetError:
    """System.InvalidOperationException with the Win32 error inside, as ServiceController throws."""
    inner = None if error is None else win32_exception(error)
    return NetError(DotNetException("System.InvalidOperationException", message, inner, hresult=-2146233079))
