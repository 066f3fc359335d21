"""One lab of orders (``doubles.py``) for the tests of quotas, sessions and faults, and what they read off the wire."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from fleetdeploy.hosts.faults import Fault, parse
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost
from fleetdeploy.lab.wsman.limits import ServiceLimits
from tests.lab.wsman.doubles import EchoEngine, PlainHost

LIMITS = ServiceLimits(min_idle_timeout_s=0.0)


class Bench:
    """A running lab with one host, its clients, and its limits to be changed."""

    def __init__(self, lab: Lab, engine: EchoEngine, ca: Path) -> None:
        self.lab = lab
        self.engine = engine
        self.host: LabHost = lab.hosts["web01"]
        self._ca = ca
        self._clients: list[WSMan] = []

    def client(self, user: str = "", password: str = "", **options: Any) -> WSMan:
        made = WSMan(
            self.host.address,
            port=self.host.port_https,
            username=user or self.lab.user,
            password=password or self.lab.password,
            auth="basic",
            cert_validation=str(self._ca),  # type: ignore[arg-type]
            no_proxy=True,
            operation_timeout=20,
            read_timeout=60,
            **options,
        )
        self._clients.append(made)
        return made

    def pool(self, client: WSMan | None = None, **options: Any) -> RunspacePool:
        opened = RunspacePool(client or self.client(), **options)
        opened.open()
        return opened

    def limit(self, **limits: Any) -> None:
        self.host.service.limits = ServiceLimits.of({"min_idle_timeout_s": 0.0, **limits})

    def reset(self) -> None:
        """As before: no shells, the limits of the beginning, no client."""
        service = self.host.service
        for client in self._clients:
            client.close()
        self._clients.clear()
        service.loop.call_soon_threadsafe(service.end_all_shells)
        service.limits = LIMITS
        self.host.not_simulated.clear()


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    engine = EchoEngine()
    with Lab.start([HostSpec("web01", limits=LIMITS)], engine=engine, machine=PlainHost) as lab:
        lab.hosts["web01"].machine.accounts.add("other", "pw-other")
        yield Bench(lab, engine, lab.write_ca(folder / "ca.pem"))


def running(pool: RunspacePool, script: str) -> PowerShell:
    shell = PowerShell(pool)
    shell.add_script(script).begin_invoke()
    return shell


def refused(client: WSMan, call: Callable[[], Any]) -> Fault:
    """What the host answered, as the product reads it. Fails when the call succeeds."""
    answers: list[Fault] = []
    send = client.transport.send

    def tap(*args: Any, **kwargs: Any) -> Any:
        try:
            return send(*args, **kwargs)
        except WinRMTransportError as error:
            answers.append(parse(error.response_text, error.code))
            raise

    client.transport.send = tap  # type: ignore[method-assign]
    try:
        call()
    except (WSManFaultError, WinRMTransportError):
        return answers[-1]
    except AuthenticationError:
        return Fault(None, "", "", 401)
    finally:
        client.transport.send = send  # type: ignore[method-assign]
    raise AssertionError("it was not refused")


def bodies(client: WSMan, call: Callable[[], Any]) -> list[ET.Element]:
    """The SOAP bodies of what the host answered to ``call``."""
    taken: list[ET.Element] = []
    send = client.transport.send

    def tap(*args: Any, **kwargs: Any) -> Any:
        answer = send(*args, **kwargs)
        taken.append(ET.fromstring(answer))
        return answer

    client.transport.send = tap  # type: ignore[method-assign]
    try:
        call()
    finally:
        client.transport.send = send  # type: ignore[method-assign]
    return [found for one in taken if (found := one.find("{http://www.w3.org/2003/05/soap-envelope}Body")) is not None]
