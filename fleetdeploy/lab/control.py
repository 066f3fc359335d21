"""A lab that outlives the command that started it: ``up``, ``down``, ``status``, ``break``, ``heal``, ``events``.

The lab runs in a process of its own (``python -m fleetdeploy.lab.control STATE_DIR``, its fleet described in
``STATE_DIR/fleet.json``) and obeys JSON lines on a port of 127.0.0.1, each with the token of
``STATE_DIR/lab.json``, which only the owner can read. The password lies in ``STATE_DIR/password``, never on a
command line. The command-line interface calls the functions below; nothing is printed here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import fnmatch
import gc
import hmac
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fleetdeploy.errors import UsageError
from fleetdeploy.lab.descriptors import TooFewDescriptors, make_room, needed
from fleetdeploy.lab.fault_orders import FaultError, FaultOrder, give, matching, what_happened
from fleetdeploy.lab.fleet import HostSpec, Lab, ServiceSpec, make_artifact
from fleetdeploy.lab.lab_host import LabHost
from fleetdeploy.lab.wsman.auth import LogonPolicy
from fleetdeploy.lab.wsman.quotas import ServiceLimits

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
    (quotas of WinRM, wsman/quotas.py: ServiceLimits) and ``services`` (``name``, ``exe``, ``arguments``,
    ``display_name``, ``running``, and either ``artifact``, a file's path, or ``version`` with ``behaviour``, ``size``).
    """
    directory.mkdir(parents=True, exist_ok=True)
    running = None
    with contextlib.suppress(UsageError):
        running = status(directory)
    if running is not None:
        raise UsageError(f"a lab of {len(running.hosts)} hosts runs already (process {running.pid}) in {directory}")
    specs = [_host_spec(host) for host in fleet]
    try:
        make_room(needed(len(specs), sum(len(spec.services) for spec in specs)))
    except TooFewDescriptors as error:
        raise UsageError(str(error)) from error
    _check(faults, [str(host["name"]) for host in fleet])
    (directory / FLEET_FILE).write_text(json.dumps(list(fleet), indent=1), encoding="utf-8")
    given = [order.to_json() for order in faults]
    (directory / FAULTS_FILE).write_text(json.dumps(given, indent=1), encoding="utf-8")
    with (directory / LOG_FILE).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, this module
            [sys.executable, "-m", "fleetdeploy.lab.control", str(directory)],
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


# -- in the lab's process ---------------------------------------------------------------------------------------------


class Control:
    """Serves the orders of a lab. ``done`` is set by ``down``."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.directory = directory
        self.done = threading.Event()
        self._token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        port = asyncio.run_coroutine_threadsafe(self._listen(), self.lab.environment.loop).result(10)
        _private(self.directory / PASSWORD_FILE, self.lab.password)
        self.lab.write_ca(self.directory / CA_FILE)
        state = {"pid": os.getpid(), "port": port, "token": self._token}
        _private(self.directory / STATE_FILE, json.dumps(state))

    def stop(self) -> None:
        (self.directory / STATE_FILE).unlink(missing_ok=True)
        server = self._server
        if server is not None:
            self.lab.environment.loop.call_soon_threadsafe(server.close)

    async def _listen(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=MAX_LINE)
        return int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            order = json.loads(await reader.readline())
            if not hmac.compare_digest(str(order.get("token", "")), self._token):
                answer: dict[str, Any] = {"error": "the token is not this lab's"}
            else:
                answer = {"ok": True, **self._obey(order)}
        except (UsageError, FaultError) as error:
            answer = {"error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            answer = {"error": f"not understood: {error}"}
        writer.write(json.dumps(answer).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    def _obey(self, order: Mapping[str, Any]) -> dict[str, Any]:
        match order["op"]:
            case "status":
                return self._status()
            case "break":
                return {"hosts": give(self.lab, FaultOrder.from_json(order))}
            case "heal":
                for host in matching(self.lab, (order["host"] or "*",)):
                    if host.made:
                        host.faults.heal(order["kind"] or None)
                return {}
            case "events":
                return {"events": what_happened(self.lab, (order["host"] or "*",), last=int(order["last"]))}
            case "down":
                self.done.set()
                return {}
        raise UsageError(f"no order of the lab: {order['op']}")

    def _status(self) -> dict[str, Any]:
        hosts = []
        for host in self.lab.hosts.values():
            if not host.made:
                hosts.append(_untouched(host))
                continue
            counts: dict[str, int] = {}
            for kind, _ in list(host.effects.history):
                counts[kind] = counts.get(kind, 0) + 1
            hosts.append(
                {
                    "name": host.name,
                    "address": host.address,
                    "port_http": host.port_http,
                    "port_https": host.port_https,
                    "up": host.machine.up,
                    "reachable": host.server.open,
                    "shells": len(host.service.shells),
                    "faults": [fault.kind.value for fault in host.faults.listing()],
                    "waiting": [fault.told() for fault in host.faults.listing()],
                    "effects": counts,
                    "not_simulated": [str(refused) for refused in host.not_simulated],
                }
            )
        return {"pid": os.getpid(), "user": self.lab.user, "hosts": hosts}


def _untouched(host: LabHost) -> dict[str, Any]:
    """A host that nobody has looked at yet: to tell its state, it need not be made."""
    return {
        "name": host.name,
        "address": host.address,
        "port_http": host.port_http,
        "port_https": host.port_https,
        "up": True,
        "reachable": host.server.open,
        "shells": 0,
        "faults": [],
        "waiting": [],
        "effects": {},
        "not_simulated": [],
    }


def _check(faults: Sequence[FaultOrder], names: Sequence[str]) -> None:
    """Refuses what the lab's own process could only refuse when it has started."""
    try:
        for order in faults:
            order.check()
            for pattern in order.hosts:
                if not fnmatch.filter(names, pattern):
                    raise FaultError(f"the lab has no host {pattern}", "hosts")
    except FaultError as error:
        raise UsageError(f"a fault for {', '.join(order.hosts)}: {error}") from error


def _private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    part.replace(path)


def _host_spec(host: Mapping[str, Any]) -> HostSpec:
    known = {"name", "os_build", "powershell", "options", "services", "auth", "limits"}
    unknown = sorted(set(host) - known)
    if unknown or not host.get("name"):
        raise UsageError(f"a lab host needs a name and knows {', '.join(sorted(known))}; not: {', '.join(unknown)}")
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


def main(directory: Path) -> int:
    """The lab's own process: runs until told to end."""
    fleet = json.loads((directory / FLEET_FILE).read_text(encoding="utf-8"))
    faults = json.loads((directory / FAULTS_FILE).read_text(encoding="utf-8"))
    with Lab.start([_host_spec(host) for host in fleet]) as lab:
        for order in faults:
            give(lab, FaultOrder.from_json(order))
        control = Control(lab, directory)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: control.done.set())
        control.start()
        # What is there now stays for good: it need not be looked through each time some garbage is looked for.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        try:
            control.done.wait()
        finally:
            control.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
