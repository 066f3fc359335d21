"""What the lab itself costs: how fast thousands of hosts are up, what they hold in memory, what a request takes.

    python -m tests.bench.bench_lab [--hosts 1000] [--sessions 1000] [--transport both] [--rounds 5] [--up 5000]

Prints figures and judges none of them: they are of this machine. ``make test`` does not run this.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab import control
from fleetdeploy.lab.descriptors import SPARE, make_room
from fleetdeploy.lab.fleet import HostSpec, Lab, LabCost, LabHost, ServiceSpec, make_artifact
from fleetdeploy.model.host import Connection, Transport
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import Actor, AppRef, Claim, OpenRequest

APP = AppRef("shop", "Shop", "C:\\fd")
GOAL_MB = 300
"""What a lab of 1000 hosts may take before uploads."""
EXE = "C:\\Program Files\\Shop\\shop.exe"


def main(arguments: Sequence[str] | None = None) -> None:
    """One table per question."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--hosts", type=int, default=1000, help="hosts of the lab whose memory is looked at")
    options.add_argument("--sessions", type=int, default=1000, help="sessions that are open at once; 0: not that")
    options.add_argument("--transport", choices=("http", "https", "both"), default="both", help="of the sessions")
    options.add_argument("--rounds", type=int, default=5, help="calls of each verb; 0: not that")
    options.add_argument("--up", type=int, default=5000, help="hosts of 'fleetdeploy lab up'; 0: not that")
    given = options.parse_args(arguments)
    if given.hosts:
        memory(given.hosts)
    if given.sessions:
        transports: tuple[Transport, ...] = ("http", "https")
        for transport in transports:
            if given.transport in (transport, "both"):
                sessions(given.sessions, transport)
    if given.rounds:
        requests(given.rounds)
    if given.up:
        command(given.up)


def memory(hosts: int) -> None:
    """A lab in this process: what each host takes when it is there, and when it was looked at."""
    before = resident_mb()
    began, used = time.perf_counter(), time.process_time()
    with Lab.start([HostSpec(f"web{number}") for number in range(hosts)]) as lab:
        took, used = time.perf_counter() - began, time.process_time() - used
        say(f"{hosts} hosts in this process", f"up in {took:.2f} s ({used:.2f} s of processor time)")
        say("  nobody looked at them", f"{resident_mb():6.1f} MB, {per_host(before, hosts)} each")
        before = resident_mb()
        for host in lab.hosts.values():
            host.machine  # noqa: B018 - asking makes it
        say("  every machine made", f"{resident_mb():6.1f} MB, {per_host(before, hosts)} more each")


def sessions(hosts: int, transport: Transport) -> float:
    """A lab in a process of its own, this one's client: as many hosts, each with an open session that was used.

    Returns the MB that the lab's process then has.
    """
    make_room(hosts + SPARE)
    with tempfile.TemporaryDirectory() as folder, lab_of(Path(folder), hosts) as state:
        secret = Secret(state.password_file.read_text(encoding="utf-8"))
        say(f"{hosts} hosts, {transport}", f"{resident_mb(state.pid):6.1f} MB before anybody comes")
        before, began, used = resident_mb(state.pid), time.perf_counter(), processor_s(state.pid)
        made = []
        for host in state.hosts:
            made.append(connect(host, state.user, secret, transport, str(state.ca_file)))
            made[-1].observe()
        took, used = time.perf_counter() - began, processor_s(state.pid) - used
        shells = sum(host.shells for host in control.status(state.directory).hosts)
        now = resident_mb(state.pid)
        say(f"  {shells} sessions open at once", f"{now:6.1f} MB, {1024 * (now - before) / hosts:.1f} kB more each")
        say("  of what it may have", f"{now / GOAL_MB:6.0%} of {GOAL_MB} MB (issue 5, for 1000 hosts)")
        say("  opened and used", f"in {took:.1f} s, {1000 * used / hosts:.1f} ms of the lab's processor time each")
        for verbs in made:
            verbs.disconnect()
    return now


@contextmanager
def lab_of(folder: Path, hosts: int) -> Iterator[control.LabState]:
    state = control.up(folder, [{"name": f"web{number}"} for number in range(hosts)])
    try:
        yield state
    finally:
        control.down(folder)


def requests(rounds: int) -> None:
    """Processor time of the lab beside that of the product, verb by verb, on one host."""
    service = ServiceSpec("Shop", EXE, make_artifact("v1.0.0"), "--port 8080")
    with Lab.start([HostSpec("web01", services=(service,))]) as lab:
        verbs = connect(lab.hosts["web01"], lab.user, Secret(lab.password))
        actor = Actor("bench", "here", 1)
        request = OpenRequest("R1", "C1", "forward", "", "d", (("web01", "m1"),), actor, 600.0)
        opened_now = verbs.open(request)
        claim = Claim("R1", "C1", opened_now.token, 1)
        table: list[tuple[str, Callable[[], object]]] = [
            ("observe", verbs.observe),
            ("open", lambda: verbs.open(request)),
            ("beat", lambda: verbs.beat(claim)),
        ]
        say("processor time of a call", "product   lab: wire  scripts   requests   lab per request")
        for name, call in table:
            call()
            gc.collect()
            before, mine = settled(lab), time.thread_time()
            for _ in range(rounds):
                call()
            mine = time.thread_time() - mine
            say(f"  {name}", row(mine, settled(lab) - before, rounds))
        verbs.disconnect()


def row(mine_s: float, cost: LabCost, rounds: int) -> str:
    """Milliseconds for one call; the last column is for one request."""
    lab_s = cost.loop_s + cost.scripts_s
    return (
        f"{1000 * mine_s / rounds:7.1f} ms {1000 * cost.loop_s / rounds:7.1f} {1000 * cost.scripts_s / rounds:8.1f} ms"
        f" {cost.requests / rounds:8.1f} {1000 * lab_s / max(cost.requests, 1):12.2f} ms"
    )


def settled(lab: Lab) -> LabCost:
    """The cost when the last script's thread has ended."""
    cost, before = lab.cost, None
    while cost != before:
        time.sleep(0.05)
        before, cost = cost, lab.cost
        if before is not None and (before.scripts, before.requests) == (cost.scripts, cost.requests):
            return cost
    return cost


def command(hosts: int) -> None:
    """``fleetdeploy lab up``, as typed, until it says that all are there."""
    run = [sys.executable, "-m", "fleetdeploy.cli.main", "lab"]
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run([*run, "up", "--hosts", str(hosts)], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - began
        try:
            pid = int(json.loads((Path(folder) / ".lab" / "lab.json").read_text())["pid"])
            text = f"ready in {took:.2f} s, {resident_mb(pid):.1f} MB, {descriptors(pid)} open files"
            say(f"fleetdeploy lab up --hosts {hosts}", text)
        finally:
            subprocess.run([*run, "down"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def connect(
    host: LabHost | control.HostState, user: str, secret: Secret, transport: Transport = "http", ca: str | None = None
) -> HostVerbs:
    """The product's own way to a host: sealed NTLM, or NTLM within TLS."""
    port = host.port_http if transport == "http" else host.port_https
    connection = Connection(host.address, port, transport=transport, auth="ntlm", user=user, ca_file=ca)
    return HostVerbs(host.name, lambda: PsrpSession(host.name, connection, secret), APP)


def resident_mb(pid: int | None = None) -> float:
    """Resident memory of a process (Linux), 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid or os.getpid()}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def processor_s(pid: int) -> float:
    """Processor time of a process (Linux), 0 where the system does not tell."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def per_host(before_mb: float, hosts: int) -> str:
    return f"{1024 * (resident_mb() - before_mb) / max(hosts, 1):5.1f} kB"


def say(what: str, text: str) -> None:
    sys.stdout.write(f"{what:<34} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
