"""A fleet as plain values (what ``fleet.json`` holds) made into specifications of hosts, and refused where it is none.

Used on both sides: before a lab is started, so that a mistake is told at once, and by the lab's own process. Starts
nothing.
"""

from __future__ import annotations

import base64
import fnmatch
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from fleetdeploy.errors import UsageError
from fleetdeploy.lab.fault_orders import FaultError, FaultOrder
from fleetdeploy.lab.fleet import HostSpec, ServiceSpec, make_artifact
from fleetdeploy.lab.wsman import limits
from fleetdeploy.lab.wsman.auth import LogonPolicy
from fleetdeploy.lab.wsman.limits import ServiceLimits

KNOWN = frozenset({"name", "os_build", "powershell", "options", "services", "auth", "limits"})


def read_limits(given: Sequence[str]) -> dict[str, str]:
    """``MaxShellsPerUser=5`` and the like as a host's ``limits``. Raises UsageError, which lists the names."""
    try:
        return limits.read(given)
    except ValueError as error:
        raise UsageError(f"--limit {error}") from None


def check_faults(faults: Sequence[FaultOrder], names: Sequence[str]) -> None:
    """Refuses what the lab's own process could only refuse when it has started."""
    try:
        for order in faults:
            order.check()
            for pattern in order.hosts:
                if not fnmatch.filter(names, pattern):
                    raise FaultError(f"the lab has no host {pattern}", "hosts")
    except FaultError as error:
        raise UsageError(f"a fault for {', '.join(order.hosts)}: {error}") from error


def host_spec(host: Mapping[str, Any]) -> HostSpec:
    """One host of ``control.up``'s fleet. Raises UsageError."""
    unknown = sorted(set(host) - KNOWN)
    if unknown or not host.get("name"):
        raise UsageError(f"a lab host needs a name and knows {', '.join(sorted(KNOWN))}; not: {', '.join(unknown)}")
    services = tuple(_service_spec(service) for service in host.get("services", ()))
    plain = {key: value for key, value in host.items() if key != "services"}
    if "auth" in plain:
        plain["auth"] = tuple(plain["auth"])
        try:
            LogonPolicy(frozenset(plain["auth"]))
        except (TypeError, ValueError) as error:
            raise UsageError(f"auth of the lab host {host['name']}: {error}") from error
    if "limits" in plain:
        try:
            plain["limits"] = ServiceLimits.of(dict(plain["limits"]))
        except (TypeError, ValueError) as error:
            raise UsageError(f"limits of the lab host {host['name']}: {error}") from error
    return HostSpec(**plain, services=services)


def _service_spec(service: Mapping[str, Any]) -> ServiceSpec:
    values = dict(service)
    version, behaviour = str(values.pop("version", "")), dict(values.pop("behaviour", {}))
    size = int(values.pop("size", 64 * 1024))
    artifact, encoded = values.pop("artifact", None), values.pop("content", None)
    try:
        if artifact is not None:
            content = Path(artifact).read_bytes()
        elif encoded is not None:
            content = base64.b64decode(encoded)
        else:
            content = _program(version, size, json.dumps(behaviour, sort_keys=True))
        return ServiceSpec(content=content, **values)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"service {service.get('name', '?')} of the lab: {error}") from error


@lru_cache(maxsize=64)
def _program(version: str, size: int, behaviour: str) -> bytes:
    """One for all hosts that run it."""
    return make_artifact(version, size=size, **json.loads(behaviour))
