"""TCP from the controller: the host's port accepts a connection."""

from __future__ import annotations

import socket

from fleetdeploy.model.health import CheckFailure, TcpCheck


def probe(check: TcpCheck, address: str, version: str) -> CheckFailure | None:
    """None if a connection was accepted."""
    del version
    try:
        with socket.create_connection((address, check.port), timeout=check.timeout_s):
            return None
    except OSError as exc:
        return CheckFailure(check.name, f"TCP {address}:{check.port}: {exc.strerror or exc}")
