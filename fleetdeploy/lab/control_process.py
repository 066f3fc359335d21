"""The lab's own process: ``python -m fleetdeploy.lab.control_process STATE_DIR``, started by ``control.up``.

Starts the fleet that ``STATE_DIR/fleet.json`` describes and obeys JSON lines on a port of 127.0.0.1, each with the
token of ``STATE_DIR/lab.json``, which only the owner can read. Decides nothing about hosts.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hmac
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fleetdeploy.errors import UsageError
from fleetdeploy.lab.control import CA_FILE, FAULTS_FILE, FLEET_FILE, MAX_LINE, PASSWORD_FILE, STATE_FILE
from fleetdeploy.lab.fault_orders import FaultError, FaultOrder, give, matching, what_happened
from fleetdeploy.lab.fleet import Lab
from fleetdeploy.lab.fleet_description import host_spec
from fleetdeploy.lab.lab_host import LabHost
from fleetdeploy.lab.tls import small_buffers


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
                    "limits": host.limits.changed(),
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
        "limits": host.limits.changed(),
    }


def _private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    part.replace(path)


def main(directory: Path) -> int:
    """The lab's own process: runs until told to end."""
    fleet = json.loads((directory / FLEET_FILE).read_text(encoding="utf-8"))
    faults = json.loads((directory / FAULTS_FILE).read_text(encoding="utf-8"))
    small_buffers()
    with Lab.start([host_spec(host) for host in fleet]) as lab:
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
