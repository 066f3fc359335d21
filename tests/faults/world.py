"""Two hosts, one of them a canary, faults that are set before a command is typed, and what a person reads.

The commands run in processes of their own; the lab lives in this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetdeploy.engine.journal import Journal
from fleetdeploy.lab.fault_orders import FaultOrder, conditions, give
from fleetdeploy.lab.windows.defender import files
from tests.crash.world import CrashWorld, lab_world
from tests.scenarios.steps import HAND_MADE_IMAGE, project_with, wait_for

OLD, NEW = "v1.4.0", "v1.4.2"
CANARY, LATER = "web1", "web2"
PROJECT = project_with(
    recovery="{actions: [restart 200ms, none], reset: 1h, on_non_crash: true}",
    start_timeout="8s",
    stop_timeout="2s",
    strategy="{kind: canary, canary: 1, batch: 2, bake_canary: 300ms, pause_timeout: 1s}",
    health="{min_healthy: 300ms, interval: 100ms, deadline: 15s}",
    timeouts="{call: 20s, lock_wait: 8s, life_ttl: 30s}",
)
_STAMP = re.compile(r"^\d\d:\d\d:\d\dZ ")
_TYPED = re.compile(r"fleetdeploy ((?:resume|rollback|rollout|promote|abort|retry|open close)\b[^(#;[]*)")


@dataclass(frozen=True, slots=True)
class Read:
    """What a command said, as a person reads it."""

    typed: str
    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The first line that says how it ended, and with it the first that says of which host."""
        if self.err.startswith("error: "):
            return self.err.splitlines()[0].removeprefix("error: ")
        how = _STAMP.sub("", self.end[0]).partition(" (exit code")[0] if self.end else ""
        hosts = [self.end[i + 1].strip() for i, line in enumerate(self.end[:-1]) if line.startswith("hosts ")]
        return " | ".join(filter(None, (how, *hosts)))

    @property
    def end(self) -> list[str]:
        """The lines from the one on that tells the end."""
        lines = (self.out + self.err).splitlines()
        at = [i for i, line in enumerate(lines) if _STAMP.match(line) and "(exit code " in line]
        return lines[at[-1] :] if at else lines[-6:]

    @property
    def next_steps(self) -> list[str]:
        """Changing commands that it names, first to last."""
        return [found[1].strip() for line in self.end_or_error for found in [_TYPED.search(line)] if found]

    @property
    def end_or_error(self) -> list[str]:
        return self.err.splitlines() if self.err.startswith("error: ") else self.end

    def __str__(self) -> str:
        return f"$ fleetdeploy {self.typed}\n{self.out}{self.err}(exit code {self.code})\n"


@dataclass
class FaultWorld(CrashWorld):
    """``CrashWorld`` whose commands are read by a person."""

    project: str = PROJECT
    transcript: list[Read] = field(default_factory=list)

    def given(self, hosts: str, kind: str, *, when: dict[str, str], options: dict[str, Any]) -> None:
        """A fault, as ``lab break`` sets it."""
        order = FaultOrder((hosts,), kind, {**conditions(kind, **when), **options})
        give(self.lab, order)

    def reads(self, *arguments: str) -> Read:
        """A command, in text."""
        read = Read(" ".join(arguments), *self.types(arguments, 900.0))
        self.transcript.append(read)
        return read

    def story(self) -> str:
        return "\n".join(str(read) for read in self.transcript)

    def outcome(self) -> str:
        """How the newest rollout in the store ended; "open" if it has not, "-" if none was begun."""
        path = self.store / "journal.sqlite3"
        if not path.exists():
            return "-"
        journal = Journal(path)
        try:
            rows = journal.rollouts(limit=1)
            return (rows[0].outcome or "open") if rows else "-"
        finally:
            journal.close()

    def healed(self) -> None:
        """Nothing is broken any more, and what was rebooting is up."""
        for host in self.lab.hosts.values():
            host.faults.heal()
        wait_for(lambda: all(h.machine.up and h.server.open for h in self.lab.hosts.values()))

    def fired(self) -> dict[str, list[str]]:
        """Per host, what happened of what was set."""
        return {
            name: [f"{one.kind.value} {one.text} {one.note}".strip() for one in host.faults.log]
            for name, host in self.lab.hosts.items()
        }

    def runs(self, name: str) -> str:
        """What the service of a host is set to: "old", "new", or something else; and whether it runs."""
        entry = self.host(name).machine.scm.find("Shop")
        if entry is None:
            return "absent"
        image = entry.config.image_path
        what = "old" if image == HAND_MADE_IMAGE else "new" if f"\\releases\\{NEW}-" in image else "other"
        return what if entry.state.name == "RUNNING" else f"{what} {entry.state.name}"

    def states_are_whole(self) -> None:
        """Every state.json is whole JSON, whatever was cut."""
        for name, host in self.lab.hosts.items():
            for path, node in files(host.machine):
                if path.lower().endswith("\\state.json"):
                    plain = json.loads(bytes(node.content()).decode("utf-8-sig"))
                    assert isinstance(plain, dict), f"{name}: {path}"


@contextmanager
def fault_world(folder: Path, *, hosts: int = 2, **behaviour: Any) -> Iterator[FaultWorld]:
    """Hosts web1 and so on, on v1.4.0 installed by hand; v1.4.2 is ``behaviour``."""
    with lab_world(FaultWorld, folder, hosts) as made:
        made.given_version(NEW, **behaviour)
        made.clear_counters()
        yield made
