"""Fixtures for everything that talks to a running lab with real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pypsrp.client import Client
from pypsrp.powershell import RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.lab.fleet import HostSpec, Lab


@pytest.fixture
def windows_lab() -> Iterator[Lab]:
    """One real simulated host, web01. What was not simulated and not expected fails the test."""
    with Lab.start([HostSpec("web01")]) as lab:
        yield lab
        unexpected = [str(refused) for host in lab.hosts.values() for refused in host.not_simulated]
    assert not unexpected, unexpected


@pytest.fixture
def ca_file(windows_lab: Lab, tmp_path: Path) -> Path:
    return windows_lab.write_ca(tmp_path / "ca.pem")


@pytest.fixture
def client(windows_lab: Lab) -> Iterator[Client]:
    host = windows_lab.hosts["web01"]
    with Client(
        host.address,
        port=host.port_http,
        ssl=False,
        username=windows_lab.user,
        password=windows_lab.password,
        auth="negotiate",
        no_proxy=True,
    ) as made:
        yield made


@pytest.fixture
def pool(windows_lab: Lab, ca_file: Path) -> Iterator[RunspacePool]:
    host = windows_lab.hosts["web01"]
    with (
        WSMan(
            host.address,
            port=host.port_https,
            username=windows_lab.user,
            password=windows_lab.password,
            auth="negotiate",
            cert_validation=str(ca_file),
            no_proxy=True,
        ) as wsman,
        RunspacePool(wsman) as opened,
    ):
        yield opened
