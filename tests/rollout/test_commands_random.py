"""Any words at any moment: whatever people type, floor, canary and answers hold, and it ends with a name."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fleetdeploy.errors import ExitCode
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold, HostState, Outcome
from fleetdeploy.model.strategy import Amount
from fleetdeploy.policy.asked import KINDS
from fleetdeploy.rollout import crew
from tests.rollout.conftest import Scene

pytestmark = pytest.mark.timeout(120)
_DOWN = {HostState.ACTIVATING, HostState.VERIFYING, HostState.UNHEALTHY, HostState.ROLLING_BACK}
_HURTS = ("never_starts", "sick", "stage", "")


@dataclass
class Crowd:
    """Several people who type whatever comes to their mind, and a watch on what must not happen."""

    scene: Scene
    rng: random.Random
    most: int
    canaries: frozenset[str]
    budget: int
    states: dict[str, HostState] = field(default_factory=dict)
    out: set[str] = field(default_factory=set)
    typed: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    proven: bool = False

    def report(self, event: ev.Event) -> None:
        if not isinstance(event, ev.ProbeSeen | ev.BakeProgress | ev.Heartbeat):
            self.told.append(str(event.to_json()))
        if isinstance(event, ev.HostChanged):
            self._changed(event)
        if isinstance(event, ev.Asked) and event.accepted:
            if event.kind == "exclude":
                self.out.add(event.argument)
            elif event.kind == "retry":
                self.out.discard(event.argument)
        if isinstance(event, ev.Heartbeat) and event.text.startswith(("paused", "awaiting")):
            self.types("resume" if event.text.startswith("paused") else self.rng.choice(["promote", "resume"]))
        elif self.rng.random() < 0.08:
            self.types(self.rng.choice(KINDS[:3] * 3 + KINDS[5:] * 6 + KINDS[3:5]))

    def types(self, kind: str) -> None:
        assert self.scene.journal is not None
        argument = self.rng.choice(list(self.scene.hosts)) if kind in ("retry", "exclude") else ""
        if kind == "promote" and self.rng.random() < 0.3:
            argument = "full"
        self.typed.append(self.scene.journal.request("R1", kind, "eva@laptop", argument=argument))

    def _changed(self, event: ev.HostChanged) -> None:
        name, state = event.host, event.state
        self.states[name] = state
        if state is HostState.ACTIVATING:
            if name in self.out:
                self.broken.append(f"{name} was started although it is left out")
            if name not in self.canaries and not self.proven and not self.budget:
                self.broken.append(f"{name} was started before a canary was healthy")
        self.proven = self.proven or (name in self.canaries and state is HostState.HEALTHY)
        down = [n for n, s in self.states.items() if s in _DOWN]
        if len(down) > self.most:
            self.broken.append(f"{down} are down, {self.most} may be")


def play(scene: Scene, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    monkeypatch.setattr(crew, "_REQUESTS_EVERY_S", 0.0)
    scene.with_hosts(rng.randint(3, 6))
    scene.health = replace(scene.health, deadline_s=1.5)
    strategy: dict[str, Any] = {
        "canary": (Amount(rng.randint(1, 2)),),
        "batch": Amount(rng.randint(1, 2)),
        "max_unavailable": Amount(2),
        "budget": rng.randint(0, 2),
        "bake_canary_s": rng.choice([0.0, 0.3]),
        "pause_after_canary": rng.random() < 0.5,
        "pause_after_batch": (2,) if rng.random() < 0.5 else (),
        "pause_timeout_s": 5.0,
    }
    for host in rng.sample(list(scene.hosts.values()), rng.randint(0, 2)):
        match rng.choice(_HURTS):
            case "never_starts":
                host.never_starts = True
            case "sick":
                host.sick = lambda h: h.version == "v1.4.2"
    plan = scene.plan("v1.4.2", **strategy)
    canaries = frozenset(n for b in plan.batches if b.is_canary for n in b.hosts)
    crowd = Crowd(scene, rng, plan.max_unavailable, canaries, plan.strategy.budget)
    scene.report = crowd.report  # type: ignore[method-assign]
    real = scene.ports
    scene.ports = lambda: replace(real(), heartbeat_s=0.05)  # type: ignore[method-assign]
    result = scene.go(plan, rollout="R1")
    told = "\n".join(crowd.told)
    assert not crowd.broken, f"{crowd.broken}\n{told}"
    assert scene.journal is not None
    ended = isinstance(result.outcome, Outcome)
    assert ended or (result.hold is not Hold.NONE and result.exit_code is ExitCode.PAUSED), f"{result}\n{told}"
    if ended:
        assert all(h.open is None for h in scene.hosts.values()), told
    # Everybody got an answer, but those who typed when it was over already: those can take their word back.
    late = [n for n in crowd.typed if scene.journal.answer_of(n) is None]
    assert all(scene.journal.withdraw(n) for n in late), told
    for name in crowd.out:
        state = next(h.state for h in result.hosts if h.host == name)
        assert state is not HostState.HEALTHY, f"{name}\n{told}"
        assert result.exit_code is not ExitCode.OK, told
    if result.exit_code is ExitCode.OK:
        assert scene.versions() == {"v1.4.2"}, told
    if result.exit_code is ExitCode.UNDONE:
        assert scene.versions() == {"v1.4.0"}, told


@pytest.mark.parametrize("seed", range(6))
def test_any_words_at_any_moment(scene: Scene, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    play(scene, seed, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 400))
def test_many_words_at_any_moment(scene: Scene, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    play(scene, seed, monkeypatch)
