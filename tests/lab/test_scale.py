"""Many hosts in one lab: they are up at once, and only what somebody looks at is made."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from fleetdeploy.lab import descriptors
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from fleetdeploy.lab.windows.faults import FaultKind

HOSTS = 40


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    service = ServiceSpec("app", r"C:\apps\app.exe", make_artifact("v1.0.0", port=8080))
    with Lab.start([HostSpec(f"h{n}") for n in range(HOSTS)] + [HostSpec("served", services=(service,))]) as started:
        yield started


def ask(host: LabHost) -> int:
    """The HTTP status of a request without a log-on."""
    return requests.post(f"http://{host.address}:{host.port_http}/wsman", timeout=20).status_code


def test_only_a_host_that_is_asked_is_made(lab: Lab) -> None:
    names = ("h0", "h1", "served")
    # What listens on a host must be there before anybody asks WinRM.
    assert [lab.hosts[name].made for name in names] == [False, False, True]
    assert ask(lab.hosts["h0"]) == 401
    assert [lab.hosts[name].made for name in names] == [True, False, True]
    assert all(lab.hosts[name].server.open for name in names)


def test_each_host_has_a_certificate_of_its_own_made_when_somebody_connects(lab: Lab) -> None:
    seen = set()
    for name in ("h2", "h3"):
        host = lab.hosts[name]
        pem = ssl.get_server_certificate((host.address, host.port_https), timeout=20)
        seen.add(lab.authority.fingerprint(ssl.PEM_cert_to_DER_cert(pem)))
        assert host.fingerprint_sha256 in seen
    assert len(seen) == 2


def test_threads_that_ask_at_once_get_the_same_machine(lab: Lab) -> None:
    host, got = lab.hosts["h4"], []
    threads = [threading.Thread(target=lambda: got.append(host.machine)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(machine) for machine in got}) == 1


def test_a_fault_on_a_host_that_nobody_looked_at_yet(lab: Lab) -> None:
    host = lab.hosts["h5"]
    host.faults.add(FaultKind.REFUSE, count=None)
    gone = threading.Event()
    for _ in range(400):
        if not host.server.open:
            break
        gone.wait(0.05)
    with pytest.raises(requests.ConnectionError):
        ask(host)


def test_what_the_lab_costs_is_counted_apart(lab: Lab) -> None:
    before = lab.cost
    ask(lab.hosts["h6"])
    cost = lab.cost - before
    assert cost.loop_s > 0
    assert cost.requests == 0  # nobody had logged on
    assert (cost.scripts, cost.scripts_s) == (0, 0.0)


def test_a_limit_that_is_too_low_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _which, limits: given.append(limits))
    descriptors.make_room(1000)
    assert given == []
    descriptors.make_room(3000)
    descriptors.make_more_room()
    assert given == [(3000, 4096), (2048, 4096)]
    with pytest.raises(descriptors.TooFewDescriptors, match=r"ulimit -Hn.*prlimit --pid \$\$ --nofile=5000:5000"):
        descriptors.make_room(5000)


@pytest.mark.soak
def test_a_thousand_machines_fit_into_300_mb() -> None:
    """In a process of its own."""
    script = (
        "from fleetdeploy.lab.fleet import HostSpec, Lab\n"
        "from tests.bench.bench_lab import resident_mb\n"
        "with Lab.start([HostSpec(f'h{n}') for n in range(1000)]) as lab:\n"
        "    made = [host.machine for host in lab.hosts.values()]\n"
        "    print(resident_mb())\n"
    )
    done: Any = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    megabytes = float(done.stdout)
    sys.stdout.write(f"1000 machines: {megabytes:.0f} MB\n")
    assert megabytes < 300


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_thousand_open_sessions_fit_into_300_mb() -> None:
    """Each within TLS, which takes more than sealing, and used once; the lab as ``lab up`` starts it."""
    from tests.bench.bench_lab import GOAL_MB, sessions

    assert sessions(1000, "https") < GOAL_MB
