"""The adversary: conductors with memories of their own, requests that come late, scripts that die in the middle.

``Party`` is one conductor (id, conductor, token and step as *it* knows them) with a session of its own. ``Knife`` ends
a script at a point of the simulated machine: its shell ends, or the machine reboots.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.fleet import LabHost
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.verbs import (
    ActivateRequest,
    ActivateResult,
    Claim,
    CloseRequest,
    Expected,
    HostState,
    OpenEntry,
    OpenMode,
    OpenRequest,
    OpenResult,
)
from tests.hosts.conftest import ACTOR, SPEC, Rig

MACHINES = (("web01", "m1"),)


@dataclass
class Party:
    """One conductor of one rollout."""

    verbs: HostVerbs
    rollout: str
    conductor: str
    kind: str = "forward"
    undoes: str = ""
    machines: tuple[tuple[str, str], ...] = MACHINES
    token: int = 0
    step: int = 0
    replaced: Any = None

    def open(self, over: OpenEntry | None = None, **changes: Any) -> OpenResult:
        """Ask to be let in; ``over`` is the entry that is to be replaced."""
        request = OpenRequest(
            self.rollout,
            self.conductor,
            self.kind,  # type: ignore[arg-type]
            self.undoes,
            "d",
            self.machines,
            ACTOR,
            60.0,
            mode=OpenMode.TAKE_OVER if over else OpenMode.NEW,
            expected=(over.rollout, over.conductor, over.token) if over else None,
            direction=self.kind,  # type: ignore[arg-type]
            strong=self.kind == "back",
        )
        result = self.verbs.open(replace(request, **changes))
        if result.result == "opened":
            self.token, self.step, self.replaced = result.token, max(self.step, result.step_high), result.replaced
        return result

    def claim(self) -> Claim:
        self.step += 1
        return Claim(self.rollout, self.conductor, self.token, self.step)

    def request(self, artifact: Artifact, **changes: Any) -> ActivateRequest:
        request = ActivateRequest(
            claim=self.claim(),
            direction="forward",
            spec=SPEC,
            release=artifact.release_name,
            version=artifact.version,
            manifest_sha256=artifact.manifest.sha256,
            exe_sha256=artifact.exe_sha256,
            exe="shop.exe",
            expected=None,
            settle_s=0.1,
            stop_timeout_s=2.0,
            start_timeout_s=3.0,
            lock_wait_s=2.0,
        )
        return replace(request, **changes)

    def stage(self, artifact: Artifact) -> None:
        self.verbs.stage(self.claim(), artifact)

    def activate(self, artifact: Artifact, **changes: Any) -> ActivateResult:
        return self.verbs.activate(self.request(artifact, **changes))

    def back(self, artifact: Artifact, undo: str = "") -> ActivateResult:
        return self.activate(artifact, direction="back", spec=None, undo=undo)

    def turn(self) -> int:
        self.token = self.verbs.turn(self.claim()).token
        return self.token

    def beat(self, *, last: bool = False) -> None:
        self.verbs.beat(self.claim(), last=last)

    def close(self, outcome: str, **changes: Any) -> str:
        changes.setdefault("machines", self.machines)
        changes.setdefault("kind", self.kind)
        return self.verbs.close(CloseRequest(self.claim(), outcome, **changes))

    def withdraw(self) -> str:
        return self.close("withdrawn", withdraw=True, restore=self.replaced)


def party(rig: Rig, rollout: str, conductor: str, **more: Any) -> Party:
    return Party(rig.connect(attempts=1), rollout, conductor, **more)


def rolled_out(
    rig: Rig, artifact: Artifact, rollout: str = "R1", conductor: str = "C1", *, close: bool = True
) -> Party:
    """A whole rollout on the rig's host."""
    one = party(rig, rollout, conductor)
    assert one.open().result == "opened"
    one.stage(artifact)
    assert one.activate(artifact).outcome.value == "activated"
    if close:
        one.close("succeeded")
    return one


def memory(rig: Rig) -> HostState:
    state = rig.seen().state
    assert state is not None
    return state


def entry(rig: Rig) -> OpenEntry:
    found = memory(rig).open
    assert found is not None
    return found


def expected(rig: Rig) -> Expected:
    return rig.expected()


@dataclass
class Knife:
    """Ends whatever script comes to a point ("stop Shop", "start Shop", "write …state.json") of the machine."""

    lab: Any
    host: LabHost
    cut_at: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)
    _pattern: str = ""
    _skip: int = 0
    _how: str = "shell"
    _inner: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        self._inner = self.host.machine.reach
        self.host.machine.reach = self._reach

    def arm(self, pattern: str, *, skip: int = 0, how: str = "shell") -> None:
        """``how``: "shell" (the shell ends, the machine stays up) or "reboot"."""
        self._pattern, self._skip, self._how = pattern, skip, how
        self.cut_at.clear()

    def put_away(self) -> None:
        self._pattern = ""

    def _reach(self, point: str) -> None:
        assert self._inner is not None
        self._inner(point)
        self.points.append(point)
        if not self._pattern or re.search(self._pattern, point) is None:
            return
        if self._skip > 0:
            self._skip -= 1
            return
        self._pattern = ""
        self.cut_at.append(point)
        (self._reboot if self._how == "reboot" else self._end_shells)()

    def _reboot(self) -> None:
        """The power goes when the script lets go of the machine, whose lock it holds here (so does the lab's loop,
        perhaps, wait for that lock: then its turn comes later)."""
        due = threading.Event()

        def reboot() -> None:
            due.set()
            self.host.machine.reboot(seconds=0.1)

        self.host.machine.env.schedule(0.0, reboot)
        due.wait(1.0)

    def _end_shells(self) -> None:
        """Every script is told at once; the shells themselves end when the lab's loop comes to it."""
        for shell in list(self.host.service.shells.values()):
            for command in list(shell.commands.values()):
                command.stop.set()
        self.lab.environment.loop.call_soon_threadsafe(self.host.service.end_all_shells)
