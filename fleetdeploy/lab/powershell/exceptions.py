"""Exceptions and error records as scripts see them; not themselves Python exceptions. Data only."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.powershell.scalars import NetObject
from fleetdeploy.lab.powershell.typesystem import PSType, define

_HRESULTS = {
    "System.ApplicationException": 0x80131600,
    "System.ArgumentException": 0x80070057,
    "System.ArgumentNullException": 0x80004003,
    "System.ArgumentOutOfRangeException": 0x80131502,
    "System.Collections.Generic.KeyNotFoundException": 0x80131577,
    "System.DivideByZeroException": 0x80020012,
    "System.FormatException": 0x80131537,
    "System.IO.DirectoryNotFoundException": 0x80070003,
    "System.IO.EndOfStreamException": 0x80070026,
    "System.IO.FileNotFoundException": 0x80070002,
    "System.IO.IOException": 0x80131620,
    "System.IO.InvalidDataException": 0x80131501,
    "System.IO.PathTooLongException": 0x800700CE,
    "System.IndexOutOfRangeException": 0x80131508,
    "System.InvalidCastException": 0x80004002,
    "System.InvalidOperationException": 0x80131509,
    "System.Net.WebException": 0x80131509,
    "System.NotImplementedException": 0x80004001,
    "System.NotSupportedException": 0x80131515,
    "System.NullReferenceException": 0x80004003,
    "System.ObjectDisposedException": 0x80131622,
    "System.OperationCanceledException": 0x8013153B,
    "System.OverflowException": 0x80131516,
    "System.SystemException": 0x80131501,
    "System.TimeoutException": 0x80131505,
    "System.UnauthorizedAccessException": 0x80070005,
    "System.UriFormatException": 0x80131537,
}


def default_hresult(type_name: str) -> int:
    """The HResult a new exception of the type has, signed."""
    number = _HRESULTS.get(type_name, 0x80131500)
    if type_name.startswith("System.Management.Automation."):
        # PSInvalidCastException and its like derive from the class of the same name in System.
        number = _HRESULTS.get(type_name.replace("Management.Automation.PS", "", 1), 0x80131501)
    return number - (1 << 32)


class DotNetException(NetObject):
    """An exception object as scripts see it; not itself a Python exception."""

    def __init__(
        self,
        type_name: str,
        message: str,
        inner_exception: DotNetException | None = None,
        properties: dict[str, Any] | None = None,
        *,
        hresult: int | None = None,
    ) -> None:
        self.type_name = type_name
        self.message = message
        self.inner_exception = inner_exception
        self.properties = properties or {}
        self.hresult = default_hresult(type_name) if hresult is None else hresult
        self.error_record: Any = None

    @property
    def net_type(self) -> PSType:
        from fleetdeploy.lab.powershell import types

        return types.resolve(self.type_name) or types.exception_type(self.type_name)

    def __repr__(self) -> str:
        return f"DotNetException({self.type_name}: {self.message})"


class ErrorRecord(NetObject):
    """System.Management.Automation.ErrorRecord."""

    def __init__(
        self,
        exception: DotNetException,
        error_id: str,
        category: str = "NotSpecified",
        target: Any = None,
    ) -> None:
        self.exception = exception
        self.error_id = error_id
        self.category = category
        self.target = target
        self.activity = ""
        self.reason = ""
        self.target_name = ""
        self.target_type = ""
        self.details: str | None = None
        self.recommended_action: str | None = None
        self.invocation_info: Any = None
        self.script_stack_trace = ""

    def __str__(self) -> str:
        return self.details if self.details is not None else self.exception.message

    def __repr__(self) -> str:
        return f"ErrorRecord({self.error_id}, {self.exception!r})"


ERROR_RECORD = define("System.Management.Automation.ErrorRecord", aliases=("ErrorRecord",), py=ErrorRecord)
