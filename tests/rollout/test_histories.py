"""Random histories (protocol.md, last section): conductors die, answers get lost, hosts fall silent.

At the end, when everything answers again and finitely many sensible commands were typed: no host is held, none is left
stopped, and hosts are where a rollout or its undoing put them. The seed is in the test's name.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from fleetdeploy.engine.interrupt import Interrupt
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import NOT_SERVING, HostState
from fleetdeploy.model.strategy import Amount
from fleetdeploy.model.verbs import ActivateRequest
from fleetdeploy.plan.rollback import AlreadyUndone, CloseOnly, Continue, NeedsId, NothingToUndo, Undo, candidate
from fleetdeploy.rollout.result import RolloutResult
from fleetdeploy.rollout.resume import finish_closing, stored_plan
from fleetdeploy.rollout.survey import survey_once
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost


class Killed(BaseException):
    """The conductor's process is gone."""


class Adversary:
    """Everything that goes wrong comes from here, by its seed."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.rng = random.Random(seed)
        self.kill_after: int | None = None
        self.history: list[str] = []
        self.states: dict[str, HostState] = {}
        scene.strategy = replace(scene.strategy, batch=Amount(2), bake_canary_s=0.0, pause_timeout_s=0.05)
        scene.health = replace(scene.health, min_healthy_s=0.02, deadline_s=0.15, interval_s=0.01)
        scene.with_hosts(self.rng.randint(2, 5))
        real = scene.report

        def report(event: ev.Event) -> None:
            real(event)
            self._watch_the_floor(event)
            if self.kill_after is not None and not isinstance(event, ev.TRANSIENT):
                self.kill_after -= 1
                if self.kill_after < 0:
                    self.kill_after = None
                    raise Killed

        scene.report = report  # type: ignore[method-assign]

    def _watch_the_floor(self, event: ev.Event) -> None:
        """No healthy host is begun when the others that do not serve are as many as may be."""
        if isinstance(event, ev.RolloutStarted):
            self.states.clear()
        if not isinstance(event, ev.HostChanged):
            return
        self.states[event.host] = event.state
        if event.state is HostState.ACTIVATING:
            down = [n for n, s in self.states.items() if s in NOT_SERVING]
            assert len(down) <= 2, f"{down} are down at once"

    def disturb(self) -> None:
        """Something, or nothing, on each host; perhaps the conductor dies after some events."""
        rng = self.rng
        for host in self.scene.hosts.values():
            host.lose_answer = rng.choice([0, 0, 0, 1])
            host.never_starts = rng.random() < 0.1
            host.dead = rng.random() < 0.07
            host.dies_after_stop = rng.random() < 0.07
            host.sick = self._sick(rng.random() < 0.15)
            host.on_activate = self._signal if rng.random() < 0.05 else self._nothing
        self.kill_after = rng.choice([None, None, rng.randint(1, 40)])

    def _sick(self, bad: bool) -> Callable[[FakeHost], bool]:
        return (lambda host: host.version.startswith("v2")) if bad else (lambda host: False)

    def _signal(self, host: FakeHost, request: ActivateRequest) -> None:
        self.scene.interrupt.request()

    def _nothing(self, host: FakeHost, request: ActivateRequest) -> None:
        return

    def heal(self) -> None:
        """Everything answers again, and every conductor that died is known to be dead."""
        self.kill_after = None
        for host in self.scene.hosts.values():
            host.lose_answer, host.never_starts, host.dead, host.dies_after_stop = 0, False, False, False
            host.sick, host.on_activate = self._sick(False), self._nothing
            host.beaten_at = -1e9

    def does(self, what: str, act: Callable[[], RolloutResult | None]) -> None:
        """A command in a process of its own, which may die."""
        self.scene.interrupt = Interrupt(lambda code: None)
        try:
            result = act()
            self.history.append(f"{what}: {result.outcome if result else '-'} {result.exit_code if result else ''}")
        except Killed:
            self.history.append(f"{what}: killed")
            for host in self.scene.hosts.values():
                host.beaten_at = -1e9

    def choice(self) -> object:
        sights = survey_once(self.scene.fleet.hosts, self.scene.connect)
        return candidate({n: s.observation for n, s in sights.items()})

    def rolls_back(self) -> RolloutResult | None:
        scene = self.scene
        match self.choice():
            case Undo(rollout):
                return scene.go(scene.rollback_plan(rollout))
            case Continue(rollout, undoes):
                return scene.go(scene.rollback_plan(undoes), rollout=rollout, resume=True)
            case CloseOnly(rollout, _, outcome):
                finish_closing(rollout, outcome, scene.fleet.hosts, scene.ports())
        return None

    def resumes(self) -> RolloutResult | None:
        assert self.scene.journal is not None
        found = self.choice()
        if isinstance(found, Undo) and found.is_open:
            plan = stored_plan(self.scene.journal, found.rollout)
            if plan is not None and plan.kind == "forward":
                return self.scene.go(plan, rollout=found.rollout, resume=True)
        return None


def play(scene: Scene, seed: int) -> None:
    world = Adversary(scene, seed)
    for turn in range(world.rng.randint(2, 5)):
        world.disturb()
        act = world.rng.choice(["roll", "roll", "resume", "back"])
        if act == "roll":
            version = f"v{world.rng.choice('12')}.{turn}.0"
            world.does(
                f"roll {version}", lambda v=version: scene.roll(v, unreachable=world.rng.choice(["refuse", "skip"]))
            )  # type: ignore[misc]
        elif act == "resume":
            world.does("resume", world.resumes)
        else:
            world.does("back", world.rolls_back)
    world.heal()
    told = "\n".join(world.history)
    # Sensible commands until nothing is open: what is open is undone, once everything answers.
    for _ in range(6):
        found = world.choice()
        if not (isinstance(found, (Continue, CloseOnly)) or (isinstance(found, Undo) and found.is_open)):
            break
        world.does("back (healed)", world.rolls_back)
        for host in scene.hosts.values():
            host.beaten_at = -1e9
    told = "\n".join(world.history)
    found = world.choice()
    assert isinstance(found, (AlreadyUndone, NothingToUndo, NeedsId, Undo)), told
    for host in scene.hosts.values():
        assert host.open is None, f"{host.name} is held by {host.open}\n{told}"
        assert all(r.ended for r in host.rollouts.values()), f"{host.name}: {host.rollouts}\n{told}"
        assert host.state == "Running", told
    # Whatever still runs a release of a rollout that was undone is a host that a person was told of.
    if isinstance(found, AlreadyUndone):
        for host in scene.hosts.values():
            record = host.rollouts.get(found.rollout)
            assert record is None or not record.intent or host.image != record.to_image_path, f"{host.name}\n{told}"
    # And a good version still goes out, however slow the machine is that plays this.
    scene.health = replace(scene.health, deadline_s=20.0)
    result = scene.roll("v9.0.0")
    failures = [(host.host, host.failure, host.notes) for host in result.hosts if host.failure]
    assert result.exit_code == 0, f"{result.detail}\n{failures}\n{told}"
    assert scene.versions() == {"v9.0.0"}, told


@pytest.mark.parametrize("seed", range(10))
def test_histories(scene: Scene, seed: int) -> None:
    play(scene, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1200))
def test_many_histories(scene: Scene, seed: int) -> None:
    play(scene, seed)
