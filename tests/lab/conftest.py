"""Fixtures for everything that talks to a running lab with real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
