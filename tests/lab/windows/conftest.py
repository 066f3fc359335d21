"""A simulated machine for each test, on a loopback address that no other test process uses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fleetdeploy.lab.windows import pe
from fleetdeploy.lab.windows.environment import ThreadedEnvironment
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.service import ServiceConfig, StartType

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def env() -> Iterator[ThreadedEnvironment]:
    environment = ThreadedEnvironment()
    yield environment
    environment.close()


@pytest.fixture
def make_host(env: ThreadedEnvironment) -> Iterator[Callable[..., WindowsHost]]:
    made: list[WindowsHost] = []

    def make(name: str = "web01", **options: Any) -> WindowsHost:
        number = next(_numbers)
        address = f"127.{100 + os.getpid() % 97}.{os.getpid() // 97 % 200}.{number % 250 + 1}"
        host = WindowsHost(name, address=address, env=env, **{"boot_seconds": 0.05, **options})
        made.append(host)
        return host

    yield make
    for host in made:
        host.close()


@pytest.fixture
def host(make_host: Callable[..., WindowsHost]) -> WindowsHost:
    return make_host()


@pytest.fixture
def install(host: WindowsHost) -> Callable[..., str]:
    """Put a service program with this behaviour on the host and register it as ``app``."""

    def put(name: str = "app", *, start: bool = False, config: dict[str, Any] | None = None, **behaviour: Any) -> str:
        path = f"C:\\svc\\{name}.exe"
        values = {"version": "v1.0.0", "start_seconds": 0.02, "stop_seconds": 0.02, "port": 0, **behaviour}
        host.fs.put(path, pe_blob(values))
        host.install(
            ServiceConfig(
                **{
                    "name": name,
                    "image_path": f'"{path}" --flag',
                    "display_name": f"The {name}",
                    "start": StartType.AUTO,
                }
                | (config or {})
            ),
            start=start,
        )
        return path

    return put


def pe_blob(behaviour: dict[str, Any] | None, **options: Any) -> Any:
    from fleetdeploy.lab.windows import blobs

    return blobs.intern(pe.make_exe(behaviour, size=8192, **options))
