"""Given / When / Then for scenarios on the lab: a project directory, a simulated fleet, and the commands of a person.

Everything real is used: settings, inventory, artifacts, WinRM, the shipped scripts, the conductor, the journal. Only
the Windows hosts are the lab's.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fleetdeploy.app.conducting import Back, Decision, Said, run_back, run_forward
from fleetdeploy.app.going_on import go_on
from fleetdeploy.app.planning import look, make_plan
from fleetdeploy.app.undoing import find_rollback
from fleetdeploy.app.workspace import Workspace, load_workspace
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from fleetdeploy.model import events as ev
from fleetdeploy.model.permits import NO_PERMITS, Permits
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.verbs import Actor
from fleetdeploy.rollout.result import RolloutResult

ACTOR = Actor("eva", "laptop", 1, reason="a test")
HAND_MADE = r"C:\Program Files\Shop\shop.exe"
HAND_MADE_IMAGE = f'"{HAND_MADE}" --port 8080'
PROJECT = """\
app:
  name: shop
  service: Shop
  exe: shop.exe
  arguments: ["--port", "8080"]
  root: C:\\Apps
  recovery: {actions: [restart 200ms, none], reset: 1h, on_non_crash: true}
  start_timeout: 3s
  stop_timeout: 1s
artifacts:
  path: dist/{version}/shop.exe
strategy: {kind: canary, canary: 1, batch: 2, bake_canary: 400ms, pause_timeout: 1s}
checks:
  - name: healthz
    http: {port: 8080, path: /healthz, timeout: 2s}
health: {min_healthy: 300ms, interval: 100ms, deadline: 4s}
timeouts: {call: 3s, lock_wait: 2s}
"""


def project_with(**lines: str) -> str:
    """``PROJECT`` with other values behind these keys: each of them stands on one line of its own."""
    text = PROJECT
    for key, value in lines.items():
        text, found = re.subn(rf"(?m)^( *{key}:) .*$", rf"\1 {value}", text)
        assert found == 1, f"{key} stands on {found} lines"
    return text


@dataclass
class World:
    """One fleet and one person's directory."""

    folder: Path
    store: Path
    lab: Lab
    project: str = PROJECT
    permits: Permits = NO_PERMITS
    events: list[ev.Event] = field(default_factory=list)
    expect_not_simulated: bool = False
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    # -- given -----------------------------------------------------------------------------------------------------

    def given_hosts(self, number: int, version: str | None = "v1.4.0", *, tls: bool = False, **behaviour: Any) -> None:
        """Hosts web1…; with ``version``: somebody installed that by hand and it runs."""
        for i in range(1, number + 1):
            services: tuple[ServiceSpec, ...] = ()
            if version is not None:
                content = program(version, **behaviour)
                services = (ServiceSpec("Shop", HAND_MADE, content, "--port 8080"),)
            self.lab.add(HostSpec(f"web{i}", services=services, options={"seed": i}))
        self._write_inventory(tls)
        (self.folder / "fleetdeploy.yml").write_text(self.project, encoding="utf-8")
        if version is not None:
            wait_for(lambda: all(self.service_state(n) == "RUNNING" for n in self.lab.hosts))

    def given_version(self, version: str, **behaviour: Any) -> bytes:
        """An artifact in ``dist/`` with its checksum."""
        content = program(version, **behaviour)
        target = self.folder / "dist" / version
        target.mkdir(parents=True, exist_ok=True)
        (target / "shop.exe").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (target / "shop.exe.sha256").write_text(f"{digest}  shop.exe\n", encoding="ascii")
        return content

    def given_setting(self, old: str, new: str) -> None:
        """Another value in the project file; call it before the hosts are made."""
        assert old in self.project
        self.project = self.project.replace(old, new)

    def given_fault(self, host: str, kind: str, **more: Any) -> None:
        """Something that goes wrong on a host."""
        self.host(host).faults.add(kind, **more)

    def _write_inventory(self, tls: bool) -> None:
        (self.folder / "inventories").mkdir(exist_ok=True)
        self.lab.write_ca(self.folder / "inventories" / "ca.pem")
        lines = [
            "fleet: lab",
            "defaults:",
            f"  connection: {{auth: ntlm, user: {self.lab.user}, secret: 'env:FLEETDEPLOY_PASSWORD', ca_file: ca.pem}}",
            "hosts:",
        ]
        for i, (name, host) in enumerate(self.lab.hosts.items()):
            port = host.port_https if tls else host.port_http
            where = f"address: {host.address}, port: {port}, transport: {'https' if tls else 'http'}"
            lines.append(f"  {name}: {{zone: z{i % 3}, connection: {{{where}, connect_timeout: 1s}}}}")
        (self.folder / "inventories" / "lab.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    # -- when ------------------------------------------------------------------------------------------------------

    def report(self, event: ev.Event) -> None:
        """The reporter of everything that is conducted here."""
        self.events.append(event)

    def workspace(self, **overrides: Any) -> Workspace:
        return load_workspace(self.folder, inventory=None, overrides=overrides)

    def plan(self, version: str, **overrides: Any) -> Plan:
        return make_plan(self.workspace(**overrides), version, permits=self.permits).plan

    def when_rollout(self, version: str, **overrides: Any) -> RolloutResult:
        """``fleetdeploy rollout VERSION``."""
        self.events.clear()
        workspace = self.workspace(**overrides)
        plan = make_plan(workspace, version, permits=self.permits).plan
        return run_forward(workspace, plan, actor=ACTOR, reporter=self)

    def when_rollback(self, rollout: str = "", *, to: str = "") -> RolloutResult | Said:
        """``fleetdeploy rollback``."""
        self.events.clear()
        workspace = self.workspace()
        found = find_rollback(workspace, rollout=rollout, target=to, tick=lambda: None)
        if isinstance(found, Back):
            return run_back(workspace, found, actor=ACTOR, reporter=self)
        return found

    def when_going_on(self, decision: Decision = "resume", *, take_over: bool = False) -> RolloutResult | Said:
        """``fleetdeploy resume``, ``promote``, ``abort``."""
        self.events.clear()
        return go_on(
            self.workspace(),
            "",
            decision=decision,
            actor=ACTOR,
            reporter=self,
            take_over=take_over,
            tick=lambda: None,
        )

    def when_started(self, *arguments: str) -> subprocess.Popen[str]:
        """The command itself, in a process of its own, so that it can be signalled and killed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "fleetdeploy.cli.main", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    # -- then ------------------------------------------------------------------------------------------------------

    def host(self, name: str) -> LabHost:
        return self.lab.hosts[name]

    def service_state(self, name: str) -> str:
        return str(self.host(name).machine.scm.query("Shop").state.name)

    def stops(self) -> dict[str, int]:
        """How often the service was stopped on each host, whoever did it."""
        return {n: h.effects.count("stop", "Shop") for n, h in self.lab.hosts.items()}

    def running(self) -> dict[str, str]:
        """What each host runs: the version that the exe says of itself, "" if nothing runs."""
        out: dict[str, str] = {}
        for name, sight in look(self.workspace()).items():
            service = sight.observation.service if sight.observation else None
            out[name] = service.build_version if service and service.pid else ""
        return out

    def images(self) -> set[str]:
        """The ImagePaths of the service on all hosts."""
        return {self.image(name) for name in self.lab.hosts}

    def image(self, name: str) -> str:
        return str(self.host(name).machine.scm.config("Shop").image_path)

    def states(self, result: RolloutResult | Said) -> dict[str, str]:
        assert isinstance(result, RolloutResult)
        return {h.host: h.state.value for h in result.hosts}

    def texts(self) -> str:
        """Everything that was reported, as one text."""
        return "\n".join(str(e.to_json()) for e in self.events)

    def nothing_is_open(self) -> bool:
        """No rollout holds a host any more, and none is left unended."""
        for sight in look(self.workspace()).values():
            state = sight.observation.state if sight.observation else None
            if state and (state.open or any(not r.ended for r in state.rollouts)):
                return False
        return True


def program(version: str, **behaviour: Any) -> bytes:
    return make_artifact(version, size=40_000, **behaviour)


def outcome(result: RolloutResult | Said) -> tuple[str, int]:
    """(outcome, exit code); a rollout that is still open has the name of its hold."""
    assert isinstance(result, RolloutResult), result
    return (result.outcome.value if result.outcome else result.hold.value, int(result.exit_code))


def wait_for(condition: Callable[[], bool], seconds: float = 40.0, every: float = 0.05) -> None:
    """Wait for something that another thread or process does."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(every)


def end(process: subprocess.Popen[str], number: signal.Signals | None = None, seconds: float = 40.0) -> tuple[int, str]:
    """(exit code, output) of a command, after a signal if one is given."""
    if number is not None:
        process.send_signal(number)
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


def others(names: Sequence[str], *but: str) -> list[str]:
    return [n for n in names if n not in but]


__all__ = ["ACTOR", "HAND_MADE_IMAGE", "World", "end", "others", "outcome", "program", "replace", "wait_for"]
