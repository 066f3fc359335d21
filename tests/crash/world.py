"""Six hosts with a canary, and commands in processes of their own that are killed at a crash point.

The controller is really killed (SIGKILL at ``crashpoint``); the lab lives on, and with it whatever runs on its hosts.
The sign of life of the dead does not have to be waited for: the hosts' clocks say that much time has passed.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from fleetdeploy.engine.crash import VARIABLE
from fleetdeploy.engine.journal import Journal
from fleetdeploy.lab.fleet import Lab
from tests.cli import forked
from tests.scenarios.steps import HAND_MADE_IMAGE, World, project_with

HOSTS = 6
OLD, GOOD, BAD = "v1.4.0", "v1.4.2", "v1.4.3"
KILLED = -9
_ALIVE_PATIENCE_S = 20.0
PROJECT = project_with(
    recovery="{actions: [restart 100ms, none], reset: 1h, on_non_crash: true}",
    start_timeout="4s",
    stop_timeout="4s",
    strategy="{kind: canary, canary: 1, batch: 3, bake_canary: 100ms, pause_timeout: 1s}",
    health="{min_healthy: 200ms, interval: 100ms, deadline: 5s}",
    timeouts="{call: 10s, lock_wait: 3s, life_ttl: 30s}",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, or was killed (``code`` -9)."""

    code: int
    outcome: str
    text: str

    def __str__(self) -> str:
        return f"{self.outcome or '-'} (exit {self.code})"


@dataclass
class CrashWorld(World):
    """``World`` with commands that can be killed at a point."""

    project: str = PROJECT
    count: int = 0

    def when(self, *arguments: str, crash: str = "") -> Ended:
        """A command, killed at a crash point if one is named."""
        code, out, err = self.types((*arguments, "--output", "json"), 120.0, {VARIABLE: crash})
        return Ended(code, _outcome(out), out + err)

    def types(
        self, arguments: Sequence[str], seconds: float, more: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """A command in a process of its own: exit code, what it wrote, what it complained of."""
        self.count += 1
        said = self.folder.parent / f"said{self.count}"
        env = {
            "PATH": "/usr/bin:/bin",
            "PYTHONWARNINGS": "error",
            "FLEETDEPLOY_PASSWORD": self.lab.password,
            "FLEETDEPLOY_STATE_DIR": str(self.store),
            "FLEETDEPLOY_ACTOR": "eva",
            **(more or {}),
        }
        code = forked.run(tuple(arguments), cwd=self.folder, env=env, said=said, seconds=seconds)
        out, err = ((said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return code, out, err

    def when_later(self, *arguments: str, crash: str = "") -> Ended:
        """A command when the sign of life of the last one, which was killed, has run out and its verbs have ended."""
        until = time.monotonic() + _ALIVE_PATIENCE_S
        while True:
            for host in self.lab.hosts.values():
                host.machine.clock.let_pass(60.0)
            done = self.when(*arguments, crash=crash)
            # What the dead had sent may still be running on a host: that is a sign of life, and rightly so.
            if done.code != 6 or "alive" not in done.text or time.monotonic() >= until:
                return done
            time.sleep(0.3)

    def when_the_store_is_lost(self) -> None:
        """An empty store, as on another machine."""
        shutil.rmtree(self.store, ignore_errors=True)

    def clear_counters(self) -> None:
        for host in self.lab.hosts.values():
            host.effects.clear()

    def starts(self) -> dict[str, int]:
        return {n: h.effects.count("start", "Shop") for n, h in self.lab.hosts.items()}

    def releases(self) -> set[str]:
        """What the services are set to: "old", or the version in the release's path."""
        found = set()
        for image in self.images():
            found.add(OLD if image == HAND_MADE_IMAGE else image.partition("\\releases\\")[2].partition("-")[0])
        return found

    def steps_without_end(self) -> list[str]:
        """Of rollouts that have ended, as the store here tells: what began and nobody knows how it ended."""
        path = self.store / "journal.sqlite3"
        if not path.exists():
            return []
        journal = Journal(path)
        try:
            ended = [row.id for row in journal.rollouts(limit=None) if row.outcome is not None]
            return [f"{s.host} {s.name}" for rollout in ended for s in journal.steps(rollout) if s.result is None]
        finally:
            journal.close()

    def all_armed(self) -> bool:
        """Recovery actions as the project wants them, or as they were before: none."""
        for name in self.lab.hosts:
            failure = self.host(name).machine.scm.config("Shop").failure
            armed = failure is not None and bool(failure.actions)
            if armed == (self.image(name) == HAND_MADE_IMAGE):
                return False
        return True

    def all_run(self) -> bool:
        return all(self.service_state(n) == "RUNNING" for n in self.lab.hosts)


def _outcome(out: str) -> str:
    """How the last line says that it ended."""
    lines = [line for line in out.splitlines() if line.startswith("{")]
    if not lines:
        return ""
    try:
        last: dict[str, Any] = json.loads(lines[-1])
    except ValueError:  # the line that the crash tore
        return ""
    if last.get("outcome"):
        return str(last["outcome"])
    if last.get("message"):
        return str(last["message"]).split(":")[0]
    return str(last.get("kind") or last.get("hold") or "")


W = TypeVar("W", bound=CrashWorld)


@contextmanager
def lab_world(kind: type[W], folder: Path, hosts: int) -> Iterator[W]:
    """A world of that kind, whose password and store this process knows, too: hosts web1 and so on, on v1.4.0."""
    project, store = folder / "project", folder / "store"
    project.mkdir(parents=True)
    lab = Lab.start([])
    try:
        with patch.dict(os.environ, {"FLEETDEPLOY_PASSWORD": lab.password, "FLEETDEPLOY_STATE_DIR": str(store)}):
            made = kind(project, store, lab)
            made.given_hosts(hosts)
            yield made
    finally:
        lab.stop()


@contextmanager
def crash_world(folder: Path, hosts: int = HOSTS) -> Iterator[CrashWorld]:
    """v1.4.0 was installed by hand; v1.4.2 is good, v1.4.3 is not."""
    with lab_world(CrashWorld, folder, hosts) as made:
        made.given_version(GOOD)
        made.given_version(BAD, unhealthy_after=0.0)
        made.clear_counters()
        yield made
        assert {n: [str(e) for e in h.not_simulated] for n, h in made.lab.hosts.items() if h.not_simulated} == {}
