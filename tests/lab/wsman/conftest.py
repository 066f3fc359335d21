"""A lab whose hosts run orders instead of PowerShell (``doubles.py``), and clients for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost
from fleetdeploy.lab.wsman.limits import ServiceLimits
from tests.lab.wsman.doubles import EchoEngine, PlainHost

LIMITS = ServiceLimits(max_shells_per_user=4, max_commands_per_shell=3, min_idle_timeout_s=0.0)


@pytest.fixture
def engine() -> EchoEngine:
    return EchoEngine()


@pytest.fixture
def lab(engine: EchoEngine) -> Iterator[Lab]:
    specs = [HostSpec(name, limits=LIMITS) for name in ("web01", "web02")]
    with Lab.start(specs, engine=engine, machine=PlainHost) as running:
        yield running


@pytest.fixture
def host(lab: Lab) -> LabHost:
    return lab.hosts["web01"]


Connect = Callable[..., WSMan]


@pytest.fixture
def connect(lab: Lab, host: LabHost, tmp_path: Path) -> Iterator[Connect]:
    """``connect(ssl=False, **WSMan options)``: a client of web01 that logs on as the lab's user."""
    ca = lab.write_ca(tmp_path / "ca.pem")
    made: list[WSMan] = []

    def make(*, ssl: bool = False, **options: Any) -> WSMan:
        settings: dict[str, Any] = {
            "port": host.port_https if ssl else host.port_http,
            "username": lab.user,
            "password": lab.password,
            "auth": "negotiate",
            "cert_validation": str(ca),
            "no_proxy": True,
            "operation_timeout": 5,
            "read_timeout": 8,
        }
        client = WSMan(host.address, ssl=ssl, **(settings | options))
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
