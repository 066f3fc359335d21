"""Looks at the machines from outside, at every effect: which command caused it, and whether it had the right to.

Reads ``state.json`` from the simulated disk and the service's state from the SCM; asks no host. A broken invariant is
kept, not raised: it happens on a script's thread. ``check`` raises it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fleetdeploy.hosts import memory
from fleetdeploy.lab.fleet import Lab, LabHost
from fleetdeploy.lab.windows.nodes import File
from fleetdeploy.lab.windows.ownership import current_owner
from fleetdeploy.lab.windows.service import Service, State
from fleetdeploy.model.plan import HostAction, Plan
from fleetdeploy.model.verbs import HostState

STATE = r"C:\Apps\shop\state\state.json"
WATCHED = ("stop", "start", "config", "create_service", "delete_service")


@dataclass
class Cause:
    """The command that is running in the shell that did it."""

    command: str
    rollout: str
    conductor: str
    token: int
    direction: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.direction} of {self.rollout}/{self.conductor} token {self.token}"


class Listener(Protocol):
    """Who knows what conductors said (``reader.py``)."""

    def acts(self, host: str, cause: Cause) -> None:
        """A script of that cause is changing that host's service."""

    def went_without_canary(self, rollout: str) -> bool:
        """A person let it go on though no canary had proved anything."""

    def on_the_way_back(self, conductor: str, but: str) -> tuple[bool, list[str]]:
        """Whether ``but`` was well when it was put back; who else is being put back now."""


@dataclass
class Watch:
    """One fleet, seen from outside."""

    lab: Lab
    plans: Mapping[str, Plan]
    """By rollout; filled by whoever starts one."""
    floor: int
    log: Callable[[str], None]
    broken: list[str] = field(default_factory=list)
    blame: dict[str, str] = field(default_factory=dict)
    """Host → the rollout that stopped its service last."""
    by_hand: set[str] = field(default_factory=set)
    """Hosts whose service a person stopped last, and no rollout has touched since: that person's business."""
    edited: set[str] = field(default_factory=set)
    """The same for hosts whose service a person configured anew while it was down, maybe in the middle of a change."""
    effects: dict[str, int] = field(default_factory=dict)
    touched: list[tuple[str, str, str]] = field(default_factory=list)
    """(Host, rollout, conductor) of whatever was done to a host, in order; "" and "" for people and power."""
    listener: Listener | None = None
    _now: dict[str, str] = field(default_factory=dict)
    _past: dict[str, set[str]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def follow(self, host: LabHost) -> None:
        """From now on."""
        effects, real = host.effects, host.effects.add

        def add(kind: str, target: str = "") -> None:
            real(kind, target)
            if kind in WATCHED:
                self._seen(host, kind, target)

        effects.add = add
        self._past[host.name] = set()
        self.effects[host.name] = 0

    # -- reading ---------------------------------------------------------------------------------------------------
    # Without any host's lock: what is judged is judged while the lock of the host that acts is held, so to wait for
    # another host's would be to wait for each other. Files are replaced whole and configurations are values.

    def memory(self, host: LabHost) -> HostState | None:
        """What the host remembers, from its disk."""
        file = host.machine.fs._find(STATE)
        if not isinstance(file, File):
            return None
        return memory.state(json.loads(bytes(file.content()).decode("utf-8-sig")), "state", alive=False)

    def image(self, host: LabHost) -> str:
        return str(self._service(host).config.image_path)

    def runs(self, host: LabHost) -> bool:
        return self._service(host).state is State.RUNNING

    @staticmethod
    def _service(host: LabHost) -> Service:
        found = host.machine.scm.find("Shop")
        assert found is not None, f"{host.name}: the service is gone"
        return found

    # -- judging ---------------------------------------------------------------------------------------------------

    def _seen(self, host: LabHost, kind: str, target: str) -> None:
        with self._lock:
            self.effects[host.name] += 1
            cause = _cause()
            self.touched.append((host.name, cause.rollout, cause.conductor) if cause else (host.name, "", ""))
            if target.lower() != "shop":
                self._say(host, f"{kind} {target}: not the service of the plan ({cause})")
                return
            if cause is None:
                if kind == "stop":
                    self.blame.pop(host.name, None)
                    self.by_hand.add(host.name)
                return
            self.by_hand.discard(host.name)
            self.edited.discard(host.name)
            self._turns(host, cause)
            self._allowed(host, kind, cause)
            if self.listener is not None:
                self.listener.acts(host.name, cause)
            if kind == "stop":
                self.blame[host.name] = cause.rollout
                if cause.direction == "forward":
                    self._floor(host, cause)
                    self._canaries(host, cause)
                else:
                    self._floor_of_the_way_back(host, cause)

    def _turns(self, host: LabHost, cause: Cause) -> None:
        """Verbs do not overlap: once another command has acted, the one before must be over."""
        now = self._now.get(host.name, "")
        if now != cause.command:
            if cause.command in self._past[host.name]:
                self._say(host, f"two verbs overlap: {cause} acts again after another one did")
            self._past[host.name].add(now)
            self._now[host.name] = cause.command

    def _allowed(self, host: LabHost, kind: str, cause: Cause) -> None:
        state = self.memory(host)
        entry = state.open if state else None
        if entry is None or (entry.rollout, entry.conductor, entry.token) != (
            cause.rollout,
            cause.conductor,
            cause.token,
        ):
            held = f"{entry.rollout}/{entry.conductor} token {entry.token}" if entry else "nobody"
            self._say(host, f"an old token acts: {kind} by {cause}; the host is held by {held}")
        plan = self.plans.get(cause.rollout)
        if plan is None:
            self._say(host, f"{kind} by {cause}, which nobody started")
        elif all(p.host != host.name for p in plan.hosts):
            self._say(host, f"{kind} by {cause}, whose plan does not have this host")

    def _floor(self, host: LabHost, cause: Cause) -> None:
        others = [h for n, h in self.lab.hosts.items() if n != host.name and self.blame.get(n) == cause.rollout]
        down = [host.name, *(h.name for h in others if not self.runs(h))]
        if len(down) > self.floor:
            self._say(host, f"the floor does not hold: {', '.join(down)} are down because of {cause.rollout}")

    def _floor_of_the_way_back(self, host: LabHost, cause: Cause) -> None:
        """Protocol.md rule 17: sick ones at once, healthy ones within the floor, and never fewer than one at a time."""
        if self.listener is None:
            return
        well, busy = self.listener.on_the_way_back(cause.conductor, host.name)
        down = [n for n in busy if not self.runs(self.lab.hosts[n])]
        if well and len(down) + 1 > max(self.floor, 1):
            self._say(host, f"it was well and goes back while {', '.join(down)} are down on their way back ({cause})")

    def power(self, host: str) -> None:
        """It reboots: what is down there now is nobody's rollout."""
        with self._lock:
            self.touched.append((host, "", ""))
            self.blame.pop(host, None)

    def _canaries(self, host: LabHost, cause: Cause) -> None:
        plan = self.plans.get(cause.rollout)
        if plan is None:
            return
        canaries = {n for b in plan.batches if b.is_canary for n in b.hosts}
        if host.name in canaries:
            return
        changing = {p.host for p in plan.hosts if p.action is HostAction.CHANGE}
        for name in canaries & changing:
            state = self.memory(self.lab.hosts[name])
            record = state.rollout(cause.rollout) if state else None
            if record is not None and (record.done or record.put_back):
                continue
            if self.listener is not None and self.listener.went_without_canary(cause.rollout):
                self.log(f"no canary of {cause.rollout} has proved anything, and a person let {host.name} go on")
                return
            self._say(host, f"canaries first: {name} has not been through {cause.rollout}")

    def others(self, host: str, rollout: str, since: int, *, conductor: str = "") -> bool:
        """Whether anybody but that rollout has touched the host since there were so many entries in ``touched``.

        With ``conductor``: anybody but that conductor.
        """
        return any(
            name == host and (who != rollout or bool(conductor and by != conductor))
            for name, who, by in self.touched[since:]
        )

    def pruned(self) -> None:
        """What a way back needs lies there: each origin of the newest three rollouts and of unended ones."""
        with self._lock:
            for host in self.lab.hosts.values():
                state = self.memory(host)
                ended = [r for r in (state.rollouts if state else ()) if r.ended and r.intent][-3:]
                for record in [*ended, *(r for r in (state.rollouts if state else ()) if not r.ended)]:
                    origin = record.origin
                    if origin is None or not record.intent or record.put_back or not origin.existed:
                        continue
                    exe = origin.image_path.split('"')[1]
                    if not isinstance(host.machine.fs._find(exe), File):
                        self._say(host, f"{exe} is gone, and {record.id} leads back to it")

    def _say(self, host: LabHost, what: str) -> None:
        text = f"{host.name}: {what}"
        self.log(f"!! {text}")
        self.broken.append(text)

    def check(self) -> None:
        assert not self.broken, "; ".join(self.broken)


def _cause() -> Cause | None:
    """Which command acts on this thread; None for people, timers and Windows itself."""
    shell: Any = current_owner()
    if shell is None:
        return None
    command = next(reversed(shell.commands.values()), None) if getattr(shell, "commands", None) else None
    command = command or getattr(shell, "last_command", None)
    if command is None:
        return Cause(f"shell {id(shell)}", "?", "?", 0, "?", "?")
    shell.last_command = command
    parameters = dict(command._commands[0].parameters)
    request = json.loads(str(parameters.get("Request") or "{}"))
    claim = request.get("claim") or request
    return Cause(
        command.id,
        str(claim.get("rollout", "?")),
        str(claim.get("conductor", "?")),
        int(claim.get("token", 0)),
        str(request.get("direction", "")),
        "activate" if "direction" in request else "verb",
    )
