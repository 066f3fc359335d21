"""How long our way to a host takes beside pypsrp's ``Client``, on the same simulated host: prints ratios.

    python -m tests.bench.bench_hosts [--calls 20] [--megabytes 20]

Peer and product take turns, so that a busy machine is unfair to neither; the median of the rounds counts. Figures in
seconds are of this machine and of the lab; the ratio is what may be quoted. Behind each figure stands what the lab
itself computed for a request meanwhile: that much of it is not the client's. ``make test`` does not run this.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pypsrp.client import Client

from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.session import Script
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.fleet import HostSpec, Lab, LabCost, LabHost, make_artifact
from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import Actor, AppRef, Claim, OpenRequest
from tests.bench.bench_lab import settled

SCRIPT = "$PSVersionTable.PSVersion.Major; Get-Service | Measure-Object | ForEach-Object { $_.Count }"
ROUNDS = 3

Work = Callable[[], None]


def main() -> None:
    """Both comparisons, one table each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--calls", type=int, default=20, help="scripts in a round")
    options.add_argument("--megabytes", type=int, default=20, help="size of the file")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Lab.start([HostSpec("web01")]) as lab:
        for secure in (False, True):
            wire = "HTTPS" if secure else "sealed HTTP"
            calls(lab, secure, given.calls, wire)
        upload(lab, Path(folder), given.megabytes * 1_000_000)


def calls(lab: Lab, secure: bool, count: int, wire: str) -> None:
    """The same script, ``count`` times: one warm session of ours, and ``Client.execute_ps`` with one client."""
    host = lab.hosts["web01"]
    session, client = our_session(lab, host, secure), their_client(lab, host, secure)

    def ours() -> None:
        for _ in range(count):
            assert session.run(Script("bench", SCRIPT), deadline_s=60.0).output[0] == "5"

    def theirs() -> None:
        for _ in range(count):
            output, _, failed = client.execute_ps(SCRIPT)
            assert not failed
            assert output.split()[0] == "5"

    table(lab, f"{count} scripts, {wire}", "warm session", ours, "execute_ps", theirs)
    session.close()
    client.close()


def upload(lab: Lab, folder: Path, size: int) -> None:
    """A Go-like exe: ours checks, packs, sends and verifies; ``Client.copy`` sends it as it is and verifies it."""
    host = lab.hosts["web01"]
    verbs = HostVerbs("web01", lambda: our_session(lab, host, secure=False), AppRef("shop", "Shop", "C:\\fd"))
    client = their_client(lab, host, secure=False)
    opened = verbs.open(
        OpenRequest("R1", "C1", "forward", "", "d", (("web01", "m1"),), Actor("bench", "here", 1), 600.0)
    )
    source = folder / "shop.exe"
    step = number = 0

    def ours() -> None:
        # Another version each time: what the host has already is never sent.
        nonlocal step, number
        step, number = step + 1, number + 1
        artifact = program(source, f"v1.0.{number}", size)
        seconds.start()
        assert verbs.stage(Claim("R1", "C1", opened.token, step), artifact).sent_bytes > 0
        seconds.stop()

    def theirs() -> None:
        nonlocal number
        number += 1
        artifact = program(source, f"v1.0.{number}", size)
        target = f"C:\\Windows\\Temp\\{number}.exe"
        seconds.start()
        client.copy(str(source), target)
        seconds.stop()
        assert hashlib.sha256(host.machine.fs.read_bytes(target)).hexdigest() == artifact.exe_sha256

    seconds = Watch()
    table(lab, f"{size // 1_000_000} MB upload, sealed HTTP", "stage", ours, "Client.copy", theirs, seconds)
    verbs.disconnect()
    client.close()


class Watch:
    """Counts only what stands between ``start`` and ``stop``: making an exe is not part of its upload."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._began = 0.0

    def start(self) -> None:
        self._began = time.perf_counter()

    def stop(self) -> None:
        self.spent += time.perf_counter() - self._began


def table(
    lab: Lab, title: str, our_name: str, ours: Work, their_name: str, theirs: Work, watch: Watch | None = None
) -> None:
    """Time both in turns and print the medians, their ratio, and the lab's own part."""
    mine, other = [], []
    for work in (ours, theirs):
        timed(work, watch)  # the first round opens sessions and parses scripts
    costs: list[tuple[LabCost, LabCost]] = []
    for _ in range(ROUNDS):
        start = settled(lab)
        mine.append(timed(ours, watch))
        middle = settled(lab)
        other.append(timed(theirs, watch))
        costs.append((middle - start, settled(lab) - middle))
    a, b = statistics.median(mine), statistics.median(other)
    sys.stdout.write(
        f"{title}\n  {our_name:<14} {a:8.3f} s   {shares([cost for cost, _ in costs])}\n"
        f"  {their_name:<14} {b:8.3f} s   {shares([cost for _, cost in costs])}\n  ratio {b / a:15.2f} x\n"
    )
    sys.stdout.flush()


def shares(costs: list[LabCost]) -> str:
    """The lab's processor time for one request, on the wire and in scripts."""
    requests = max(sum(cost.requests for cost in costs), 1)
    wire, scripts = (
        1000 * sum(part) / requests for part in zip(*((c.loop_s, c.scripts_s) for c in costs), strict=True)
    )
    return f"the lab: {wire + scripts:.2f} ms a request ({wire:.2f} wire, {scripts:.2f} scripts)"


def timed(work: Work, watch: Watch | None) -> float:
    """Seconds of one round, or what its watch counted."""
    if watch is None:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began
    watch.spent = 0.0
    work()
    return watch.spent


def program(path: Path, version: str, size: int) -> Artifact:
    """An exe of its own for each version; a third of it does not compress, as in a real Go binary."""
    noise = random.Random(version).randbytes(size // 3)
    content = make_artifact(version, size=size - len(noise)) + noise
    path.write_bytes(content)
    entry = FileEntry("shop.exe", hashlib.sha256(content).hexdigest(), len(content))
    return Artifact(version, Manifest((entry,)), BuildInfo("amd64"), "shop.exe", {"shop.exe": str(path)})


def our_session(lab: Lab, host: LabHost, secure: bool) -> PsrpSession:
    """What the product uses."""
    connection = Connection(
        host.address,
        host.port_https if secure else host.port_http,
        transport="https" if secure else "http",
        auth="ntlm",
        user=lab.user,
        fingerprint=host.fingerprint_sha256 if secure else None,
    )
    return PsrpSession("web01", connection, Secret(lab.password))


def their_client(lab: Lab, host: LabHost, secure: bool) -> Client:
    """What one would write by hand."""
    return Client(
        host.address,
        port=host.port_https if secure else host.port_http,
        username=lab.user,
        password=lab.password,
        ssl=secure,
        auth="ntlm",
        encryption="auto" if secure else "always",
        cert_validation=False,
    )


if __name__ == "__main__":
    main()
