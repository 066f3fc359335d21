"""A fake fleet, a journal in a temporary directory, and short times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from fleetdeploy.engine.interrupt import Interrupt
from fleetdeploy.engine.journal import Journal
from fleetdeploy.model import events as ev
from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest
from fleetdeploy.model.health import HealthSpec, HttpCheck
from fleetdeploy.model.host import Connection, Fleet, Host
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.project import Timeouts
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.strategy import Amount, StrategySettings
from fleetdeploy.plan.build import PlanRequest, build_plan
from fleetdeploy.plan.rollback import RollbackRequest, build_rollback
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.ports import HostPort, Ports
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from fleetdeploy.rollout.survey import survey_once
from tests.journals import assert_whole
from tests.rollout.fake_fleet import ACTOR, ROOT, FakeHost, FakePort

HEALTH = HealthSpec(
    checks=(HttpCheck("http", 8080),), min_healthy_s=0.06, deadline_s=3.0, interval_s=0.02, min_samples=3
)
STRATEGY = StrategySettings(kind="canary", canary=(Amount(1),), batch=Amount(2), bake_canary_s=0.1, pause_timeout_s=0.4)
SPEC = ServiceSpec(app="shop", name="Shop", exe="shop.exe", root=ROOT, stop_timeout_s=0.1, start_timeout_s=0.1)


def artifact(version: str) -> Artifact:
    sha = (version.encode().hex() * 20)[:64]
    return Artifact(version, Manifest((FileEntry("shop.exe", sha, 1000),)), BuildInfo("amd64"), "shop.exe")


@dataclass
class Scene:
    """A fleet, and what a person does with it."""

    tmp: Path
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    events: list[ev.Event] = field(default_factory=list)
    interrupt: Interrupt = field(default_factory=Interrupt)
    strategy: StrategySettings = STRATEGY
    health: HealthSpec = HEALTH
    journal: Journal | None = None
    count: int = 0

    def with_hosts(self, number: int) -> None:
        for i in range(number):
            name = f"web{i + 1}"
            self.hosts[name] = FakeHost(name)

    @property
    def fleet(self) -> Fleet:
        connection = Connection("127.0.0.1", 5985, user="admin")
        return Fleet("lab", tuple(Host(name, connection, zone=f"z{i % 3}") for i, name in enumerate(self.hosts)))

    def connect(self, host: Host) -> HostPort:
        return FakePort(self.hosts[host.name])  # type: ignore[return-value]

    def report(self, event: ev.Event) -> None:
        self.events.append(event)

    def ports(self) -> Ports:
        assert self.journal is not None
        return Ports(self.fleet, self.connect, self.journal, self, self.interrupt)

    def plan(self, version: str, **strategy: object) -> Plan:
        settings = replace(self.strategy, **strategy)  # type: ignore[arg-type]
        sights = survey_once(self.fleet.hosts, self.connect, checks=self.health.checks, version=version)
        request = PlanRequest("lab", self.fleet.hosts, SPEC, artifact(version), settings, self.health)
        return build_plan(request, sights)

    def rollback_plan(self, rollout: str = "", target: str = "") -> Plan:
        sights = survey_once(self.fleet.hosts, self.connect, checks=self.health.checks)
        request = RollbackRequest("lab", self.fleet.hosts, SPEC, self.strategy, self.health, rollout, target)
        return build_rollback(request, sights)

    def go(self, plan: Plan, rollout: str = "", **more: object) -> RolloutResult:
        self.count += 1
        self.events.clear()
        run = RolloutRun(
            rollout or f"R{self.count}", f"C{self.count}", plan, ACTOR, Timeouts(call_s=0.3, lock_wait_s=0.1), **more
        )  # type: ignore[arg-type]
        return conduct(run, self.ports())

    def roll(self, version: str, **strategy: object) -> RolloutResult:
        return self.go(self.plan(version, **strategy))

    def states(self, result: RolloutResult) -> dict[str, str]:
        return {h.host: h.state.value for h in result.hosts}

    def versions(self) -> set[str]:
        return {h.version for h in self.hosts.values()}

    def of(self, kind: type[ev.Event]) -> list[ev.Event]:
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    made.journal = Journal(tmp_path / "journal.sqlite3")
    yield made
    assert_whole(made.journal)
    made.journal.close()
