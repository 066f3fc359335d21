"""A lab that outlives the command that started it: ``up``, ``down``, ``status``, ``break``, ``heal``, ``events``.

The lab runs in a process of its own (``control_process.py``), its fleet described in ``STATE_DIR/fleet.json``. How to
reach it stands in ``STATE_DIR/lab.json``, which only the owner can read; the password in ``STATE_DIR/password``, never
on a command line. The command-line interface calls the functions below; nothing is printed here.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetdeploy.errors import UsageError
from fleetdeploy.lab.descriptors import TooFewDescriptors, make_room, needed
from fleetdeploy.lab.fault_orders import FaultOrder
from fleetdeploy.lab.fleet import make_artifact
from fleetdeploy.lab.fleet_description import check_faults, host_spec
from fleetdeploy.lab.fleet_description import read_limits as read_limits

STATE_FILE = "lab.json"
FLEET_FILE = "fleet.json"
FAULTS_FILE = "faults.json"
PASSWORD_FILE = "password"  # noqa: S105 - a file's name
CA_FILE = "ca.pem"
LOG_FILE = "lab.log"
MAX_LINE = 1024 * 1024
START_S = 60.0


@dataclass(frozen=True, slots=True)
class HostState:
    """One host of a running lab, as ``status`` tells it."""

    name: str
    address: str
    port_http: int
    port_https: int
    up: bool
    reachable: bool
    shells: int
    faults: tuple[str, ...]
    waiting: tuple[str, ...]
    effects: Mapping[str, int]
    not_simulated: tuple[str, ...]
    limits: Mapping[str, int | float | str]
    """Quotas that differ from a fresh Windows, by Windows' names (wsman/limits.py)."""


@dataclass(frozen=True, slots=True)
class LabState:
    """A running lab: how to reach it, and its hosts."""

    directory: Path
    pid: int
    user: str
    hosts: tuple[HostState, ...]

    @property
    def password_file(self) -> Path:
        return self.directory / PASSWORD_FILE

    @property
    def ca_file(self) -> Path:
        return self.directory / CA_FILE


# -- for the command line ---------------------------------------------------------------------------------------------


def up(directory: Path, fleet: Sequence[Mapping[str, Any]], faults: Sequence[FaultOrder] = ()) -> LabState:
    """Start a lab in the background and wait until its hosts answer. Raises UsageError if one runs there already.

    ``faults`` are set before anybody can reach a host.

    ``fleet``: one mapping per host: ``name``, and optionally ``os_build``, ``powershell``, ``options``, ``limits``
    (quotas of WinRM, by Windows' names or as ``ServiceLimits`` has them) and ``services`` (``name``, ``exe``,
    ``arguments``, ``display_name``, ``running``, and either ``artifact``, a file's path, or ``version`` with
    ``behaviour``, ``size``).
    """
    directory.mkdir(parents=True, exist_ok=True)
    running = None
    with contextlib.suppress(UsageError):
        running = status(directory)
    if running is not None:
        raise UsageError(f"a lab of {len(running.hosts)} hosts runs already (process {running.pid}) in {directory}")
    specs = [host_spec(host) for host in fleet]
    try:
        make_room(needed(len(specs), sum(len(spec.services) for spec in specs)))
    except TooFewDescriptors as error:
        raise UsageError(str(error)) from error
    check_faults(faults, [str(host["name"]) for host in fleet])
    (directory / FLEET_FILE).write_text(json.dumps(list(fleet), indent=1), encoding="utf-8")
    given = [order.to_json() for order in faults]
    (directory / FAULTS_FILE).write_text(json.dumps(given, indent=1), encoding="utf-8")
    with (directory / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
            [sys.executable, "-m", "fleetdeploy.lab.control_process", str(directory)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise UsageError(f"the lab did not start: see {directory / LOG_FILE}")
        with contextlib.suppress(UsageError):
            state = status(directory)
            if state.pid == process.pid:
                process.returncode = 0  # it is meant to outlive us: no warning about a child left behind
                return state
        time.sleep(0.05)
    process.terminate()
    process.wait(10)
    raise UsageError(f"the lab did not answer within {START_S:.0f} seconds: see {directory / LOG_FILE}")


def down(directory: Path) -> None:
    """End the lab and wait until its process is gone."""
    state = status(directory)
    _ask(directory, {"op": "down"})
    deadline = time.monotonic() + 20
    while (directory / STATE_FILE).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    if (directory / STATE_FILE).exists():
        raise UsageError(f"the lab's process {state.pid} does not end")


def status(directory: Path) -> LabState:
    answer = _ask(directory, {"op": "status"})
    lists = ("faults", "waiting", "not_simulated")
    hosts = tuple(HostState(**{**host, **{name: tuple(host[name]) for name in lists}}) for host in answer["hosts"])
    return LabState(directory, answer["pid"], answer["user"], hosts)


def break_host(
    directory: Path,
    host: str,
    kind: str,
    *,
    count: int | None = 1,
    pattern: str = "",
    seconds: float = 0.0,
    skip: int = 0,
    path: str = "",
    **options: Any,
) -> list[str]:
    """Set a fault on hosts of the running lab, by name or pattern; answers their names.

    ``kind`` and ``options``: windows/fault_kinds.py; ``count`` None: until healed.
    """
    fault = {"count": count, "pattern": pattern, "seconds": seconds, "skip": skip, "path": path, **options}
    answer = _ask(directory, {"op": "break", **FaultOrder((host,), kind, fault).to_json()})
    return [str(name) for name in answer["hosts"]]


def heal(directory: Path, host: str = "", kind: str = "") -> None:
    """Take back the faults of a host, or of all; of a kind, or all."""
    _ask(directory, {"op": "heal", "host": host, "kind": kind})


def events(directory: Path, host: str = "", *, last: int = 200) -> list[dict[str, Any]]:
    """What has happened on hosts: faults that fired and records of the event logs (fault_orders.what_happened)."""
    answer = _ask(directory, {"op": "events", "host": host, "last": last})
    return [dict(row) for row in answer["events"]]


def write_artifact(path: Path, version: str, *, size: int = 64 * 1024, **behaviour: Any) -> Path:
    """Make a program of the lab as a file."""
    try:
        path.write_bytes(make_artifact(version, size=size, **behaviour))
    except ValueError as error:
        raise UsageError(str(error)) from error
    return path


def _ask(directory: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    try:
        state = json.loads((directory / STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"no lab runs in {directory}") from error
    try:
        with socket.create_connection(("127.0.0.1", int(state["port"])), timeout=30) as connection:
            connection.sendall(json.dumps({**order, "token": state["token"]}).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer: dict[str, Any] = json.loads(stream.readline() or b"{}")
    except (OSError, ValueError) as error:
        raise UsageError(f"the lab of {directory} (process {state.get('pid')}) does not answer: {error}") from error
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    if not answer.get("ok"):
        raise UsageError(f"the lab of {directory} gave no answer")
    return answer
