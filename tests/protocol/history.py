"""Random histories on two hosts: conductors that know only what they were told, an adversary, people, and then order.

Every move is one that protocol.md allows the adversary. After each move the hosts are looked at from outside (not by
asking them): nothing that shows an old token may have an effect. At the end somebody types sensible commands with an
empty store, and all must be well. The log of moves is the message of a failure: the seed plays it again.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field, replace
from typing import Any

from fleetdeploy.app.conducting import Back, Said, run_back
from fleetdeploy.app.connect import connector
from fleetdeploy.app.planning import look
from fleetdeploy.app.undoing import find_rollback
from fleetdeploy.errors import FleetdeployError, HostError, Refused, Stale
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.service import Action, FailureActions
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.verbs import ActivateRequest, OpenEntry
from tests.hosts.conftest import SPEC, build_artifact
from tests.protocol.adversary import Knife, Party
from tests.scenarios.steps import ACTOR, HAND_MADE_IMAGE, World, wait_for

ARMED = FailureActions(3600, ((Action.RESTART, 60_000), (Action.NONE, 0)))
CUTS = (r"write .*state\.json", r"write .*journal\.jsonl", "^stop Shop", "^start Shop")
MOVES = (
    "new rollout",
    *("activate",) * 5,
    *("cut activate",) * 4,
    "lose answer",
    "turn and back",
    "cut back",
    "late",
    "late",
    "close one",
    "leave",
    "resume",
    "reboot",
    "stop by hand",
)
ALONE = ("new rollout", "resume", "command")
"""Moves while nobody conducts."""


@dataclass
class Conductor:
    """One rollout as its conductor knows it: a party per host."""

    rollout: str
    artifact: Artifact
    parties: dict[str, Party]
    staged: set[str] = field(default_factory=set)


@dataclass
class History:
    """The world, and what was done to it."""

    world: World
    seed: int
    log: list[str] = field(default_factory=list)
    sent: list[tuple[str, ActivateRequest]] = field(default_factory=list)
    conductors: list[Conductor] = field(default_factory=list)
    all: list[Conductor] = field(default_factory=list)
    number: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.world.given_hosts(2)
        self.hosts = tuple(self.world.lab.hosts)
        for host in self.world.lab.hosts.values():
            host.machine.scm.change("Shop", failure=ARMED)
        self.knives = {n: Knife(self.world.lab, h) for n, h in self.world.lab.hosts.items()}
        workspace = self.world.workspace()
        self.connect = connector(workspace)
        self.fleet = workspace.fleet
        self.spec = replace(SPEC, root=workspace.app.root)
        self.before = {n: self.config(n) for n in self.hosts}

    # -- looking from outside --------------------------------------------------------------------------------------

    def config(self, name: str) -> Any:
        return self.world.host(name).machine.scm.config("Shop")

    def effects(self, name: str) -> tuple[int, ...]:
        effects = self.world.host(name).effects
        return tuple(effects.count(kind, "Shop") for kind in ("stop", "start", "config"))

    def entry(self, name: str) -> OpenEntry | None:
        verbs = self.connect(self.fleet.host(name))
        try:
            state = verbs.observe().state
        finally:
            verbs.disconnect()
        return state.open if state else None

    # -- moves -----------------------------------------------------------------------------------------------------

    def play(self, moves: int) -> None:
        for _ in range(moves):
            move = self.rng.choice(MOVES if self.conductors else ALONE)
            self.log.append(move)
            getattr(self, "_" + move.replace(" ", "_"))()
            self._settle()

    def _settle(self) -> None:
        """Machines that reboot come back; scripts that were cut are gone."""
        for name, knife in self.knives.items():
            knife.put_away()
            host = self.world.host(name)
            wait_for(lambda host=host: host.machine.up and host.server.open, 20.0)  # type: ignore[misc]

    def _party(self, name: str, rollout: str, kind: str = "forward", undoes: str = "") -> Party:
        self.number += 1
        machines = tuple((n, "m") for n in self.hosts)
        verbs = self.connect(self.fleet.host(name))
        return Party(verbs, rollout, f"01C{self.number:03}", kind, undoes, machines)

    def _say(self, what: str, error: Exception | None = None) -> None:
        self.log[-1] += f" · {what}" + (f" ({type(error).__name__})" if error else "")

    def _try(self, what: str, call: Any) -> Any:
        try:
            result = call()
            said = getattr(result, "result", "") or getattr(getattr(result, "outcome", None), "value", "ok")
            self._say(f"{what}: {said}")
            return result
        except HostError as error:
            self._say(what, error)
            return None

    def _new_rollout(self) -> None:
        if len(self.all) >= 3:
            return self._late()
        self.number += 1
        rollout = f"01R{self.number:03}"
        bad = {"crash_on_start": True} if self.rng.random() < 0.25 else {}
        artifact = build_artifact(self.world.folder, f"v2.{self.number}.0", **bad)
        made = Conductor(rollout, artifact, {n: self._party(n, rollout) for n in self.hosts})
        for name, one in made.parties.items():
            result = self._try(f"open {name}", one.open)
            if result is None or result.result != "opened":
                for other in made.parties.values():
                    if other.token:
                        self._try("withdraw", other.withdraw)
                return None
        self.conductors.append(made)
        self.all.append(made)
        for name, one in made.parties.items():
            self._try(f"stage {name}", lambda o=one: o.stage(artifact))
        return None

    def _pick(self) -> tuple[Conductor, str, Party]:
        conductor = self.rng.choice(self.conductors)
        name = self.rng.choice(self.hosts)
        return conductor, name, conductor.parties[name]

    def _send(self, name: str, one: Party, artifact: Artifact, **changes: Any) -> None:
        request = one.request(artifact, spec=self.spec, **changes)
        self.sent.append((name, request))
        self._try(f"{request.direction} {name}", lambda: one.verbs.activate(request))

    def _activate(self) -> None:
        conductor, name, one = self._pick()
        self._send(name, one, conductor.artifact)

    def _cut_activate(self) -> None:
        self._arm()
        self._activate()

    def _arm(self) -> None:
        pattern, how = self.rng.choice(CUTS), self.rng.choice(("shell", "shell", "reboot"))
        skip = self.rng.randint(0, 3) if "write" in pattern else 0
        self._say(f"cut at {pattern} +{skip} by {how}")
        for knife in self.knives.values():
            knife.arm(pattern, skip=skip, how=how)

    def _lose_answer(self) -> None:
        conductor, name, one = self._pick()
        self.world.host(name).faults.add(FaultKind.LOSE_ANSWER, pattern="App, then machine")
        self._send(name, one, conductor.artifact)
        self.world.host(name).faults.heal()

    def _turn_and_back(self) -> None:
        conductor = self.rng.choice(self.conductors)
        for name, one in conductor.parties.items():
            self._try(f"turn {name}", one.turn)
        name = self.rng.choice(self.hosts)
        self._send(name, conductor.parties[name], conductor.artifact, direction="back")

    def _cut_back(self) -> None:
        self._arm()
        self._turn_and_back()

    def _late(self) -> None:
        """A request of any age arrives: it changes nothing unless the door is still open for just this one."""
        if not self.sent:
            return
        name, request = self.rng.choice(self.sent)
        entry = self.entry(name)
        claim = request.claim
        fits = entry is not None and (entry.rollout, entry.conductor, entry.token) == (
            claim.rollout,
            claim.conductor,
            claim.token,
        )
        before = self.effects(name)
        verbs = self.connect(self.fleet.host(name))
        try:
            verbs.activate(request)
            self._say(f"late {request.direction} on {name} took effect")
            assert fits, "an old token has changed something"
        except Stale:
            self._say(f"late {request.direction} on {name}: stale")
            assert self.effects(name) == before
        finally:
            verbs.disconnect()

    def _close_one(self) -> None:
        _, name, one = self._pick()
        self._try(f"close {name}", lambda: one.close(self.rng.choice(("succeeded", "aborted"))))

    def _leave(self) -> None:
        """A conductor dies; its hosts are told, or find out."""
        conductor = self.rng.choice(self.conductors)
        self.conductors.remove(conductor)
        for name, one in conductor.parties.items():
            if self.rng.random() < 0.7:
                self._try(f"last beat {name}", lambda o=one: o.beat(last=True))
            one.verbs.disconnect()

    def _resume(self) -> None:
        """Another conductor of the same rollout takes over where the entry is dead."""
        if not self.all:
            return
        conductor = self.rng.choice(self.all)
        parties: dict[str, Party] = {}
        for name in self.hosts:
            entry = self.entry(name)
            if entry is not None and entry.alive_here:
                return
            one = self._party(name, conductor.rollout)
            result = self._try(f"resume {name}", lambda o=one, e=entry: o.open(e, strong=True))
            if result is None or result.result != "opened":
                for other in parties.values():
                    self._try("withdraw", other.withdraw)
                return
            parties[name] = one
        if conductor in self.conductors:
            self.conductors.remove(conductor)
        self.conductors.append(replace(conductor, parties=parties))

    def _command(self) -> None:
        """Somebody types ``rollback``, while requests of others may still come."""
        self._rolled_back("")

    def _reboot(self) -> None:
        self.world.host(self.rng.choice(self.hosts)).machine.reboot(seconds=0.1)

    def _stop_by_hand(self) -> None:
        """Only a release of ours: what a person stopped before any rollout is that person's business."""
        name = self.rng.choice(self.hosts)
        if "releases" in self.config(name).image_path and self.world.service_state(name) == "RUNNING":
            self.world.host(name).machine.scm.stop("Shop")
            wait_for(lambda: self.world.service_state(name) == "STOPPED")
            self._say(f"stopped {name}")

    # -- and then order --------------------------------------------------------------------------------------------

    def tidy_up(self) -> None:
        """Sensible commands, by somebody whose store knows nothing."""
        for conductor in self.all:
            for one in conductor.parties.values():
                with contextlib.suppress(FleetdeployError):
                    one.verbs.disconnect()
        for _ in range(8):
            self.log.append("rollback")
            if self._rolled_back("") and self._is_back():
                return
            older = self._unfinished()
            if older:
                self.log.append(f"rollback {older}")
                self._rolled_back(older)
            if self._is_back():
                return
        raise AssertionError(self.story("it does not come to an end"))

    def _rolled_back(self, rollout: str) -> bool:
        """Whether there is nothing more to be done by this command."""
        try:
            found = find_rollback(self.world.workspace(), rollout=rollout, take_over=True, tick=lambda: None)
        except Refused as refused:
            self._say(refused.what)
            return True
        if isinstance(found, Said):
            self._say(found.text)
            return True
        assert isinstance(found, Back)
        self.world.events.clear()
        result = run_back(self.world.workspace(), found, actor=ACTOR, reporter=self.world, take_over=True)
        self._say(f"undoes {found.plan.undoes}: {result.outcome} {int(result.exit_code)} {result.detail}")
        return int(result.exit_code) == 0

    def _unfinished(self) -> str:
        """A rollout whose release a host still runs."""
        for name, sight in look(self.world.workspace()).items():
            state = sight.observation.state if sight.observation else None
            for record in reversed(state.rollouts if state else ()):
                if record.intent and not record.put_back and record.to_image_path == self.config(name).image_path:
                    return record.id
        return ""

    def _is_back(self) -> bool:
        return self.world.images() == {HAND_MADE_IMAGE} and self.world.nothing_is_open()

    def check(self) -> None:
        """No running service is left stopped or disarmed; everything is as it was."""
        for name in self.hosts:
            assert self.world.service_state(name) == "RUNNING", self.story(f"{name} is stopped")
            assert self.config(name) == self.before[name], self.story(f"{name} is not as it was")

    def story(self, what: str) -> str:
        lines = [f"{n}: {self.config(n).image_path} {self.world.service_state(n)}" for n in self.hosts]
        return "\n".join((f"seed {self.seed}: {what}", *lines, *self.log))
