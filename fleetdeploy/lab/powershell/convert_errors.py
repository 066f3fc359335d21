"""The errors that a failed conversion ends in, with the ids and exceptions of the cast."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.powershell.text_forms import to_string
from fleetdeploy.lab.powershell.values import DotNetException, PSArray, PSRuntimeError, PSType, type_of

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"
INVALID_CAST = "System.Management.Automation.PSInvalidCastException"


def cast_error(error_id: str, message: str, inner: DotNetException | None = None) -> PSRuntimeError:
    """The error of a failed cast."""
    cast = DotNetException(INVALID_CAST, message, inner)
    cast.properties["ErrorId"] = error_id
    return PSRuntimeError(error_id, "InvalidArgument", DotNetException(RUNTIME_EXCEPTION, message, cast))


def value_error(error_id: str, value: Any, target: PSType, reason: str, kind: str = "") -> PSRuntimeError:
    text = to_string(value)
    message = f'Cannot convert value "{text}" to type "{target.full_name}". Error: "{reason}"'
    return cast_error(error_id, message, DotNetException(kind or "System.FormatException", reason))


def final_error(value: Any, target: PSType) -> PSRuntimeError:
    message = (
        f'Cannot convert the "{to_string(value)}" value of type "{type_of(value).full_name}"'
        f' to type "{target.full_name}".'
    )
    if isinstance(value, PSArray):
        name = value.net_type.full_name
        message = f'Cannot convert the "{name}" value of type "{name}" to type "{target.full_name}".'
    return cast_error("ConvertToFinalInvalidCastException", message)
