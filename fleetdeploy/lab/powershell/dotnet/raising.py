"""Throwing .NET exceptions from the bodies of simulated methods."""

from __future__ import annotations

from typing import NoReturn

from fleetdeploy.lab.powershell.values import DotNetException, NetError


def throw(kind: str, message: str, *, hresult: int | None = None) -> NoReturn:
    """Raise a NetError; ``kind`` without name space means System."""
    full = kind if "." in kind else f"System.{kind}"
    raise NetError(DotNetException(full, message, hresult=hresult))


def argument_null(name: str) -> NoReturn:
    throw("ArgumentNullException", f"Value cannot be null.\r\nParameter name: {name}")


def out_of_range(name: str, message: str) -> NoReturn:
    throw("ArgumentOutOfRangeException", f"{message}\r\nParameter name: {name}")


def bad_index() -> NoReturn:
    out_of_range("index", "Index was out of range. Must be non-negative and less than the size of the collection.")
