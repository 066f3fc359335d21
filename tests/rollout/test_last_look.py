"""Who is asked when something was undone: everybody at once, nobody twice with a refused password, nobody for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fleetdeploy.errors import ExitCode, LoginRefused
from fleetdeploy.model.aftermath import Now
from fleetdeploy.model.health import HttpCheck
from fleetdeploy.model.host import Fleet, Host
from fleetdeploy.model.run import Outcome
from fleetdeploy.model.verbs import Observation
from fleetdeploy.plan.build import PlanRequest, build_plan
from fleetdeploy.rollout import aftermath
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.result import RolloutResult
from fleetdeploy.rollout.survey import survey_once
from tests.rollout.conftest import SPEC, Scene, artifact
from tests.rollout.fake_fleet import FakePort

OTHER = ("web4", "web5")
"""Hosts that are not part of the rollout, with a credential of their own."""


@pytest.fixture
def part(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Six hosts: a rollout of web1 to web3; web4 and web5 have another user, web6 has theirs."""
    scene.with_hosts(6)
    hosts = tuple(
        replace(h, connection=replace(h.connection, user="other")) if h.name in OTHER else h for h in scene.fleet.hosts
    )
    monkeypatch.setattr(Scene, "fleet", property(lambda self: Fleet("lab", hosts)))
    scene.health = replace(scene.health, deadline_s=0.5)
    monkeypatch.setattr(aftermath, "_PATIENCE_S", 0.3)
    return scene


def undone(scene: Scene) -> RolloutResult:
    """v1.4.3 on web1 to web3, which never get healthy; everybody is asked what is true then."""
    for host in scene.hosts.values():
        host.sick = lambda host: host.version == "v1.4.3"
    some = scene.fleet.hosts[:3]
    sights = survey_once(some, scene.connect, checks=scene.health.checks, version="v1.4.3")
    plan = build_plan(PlanRequest("lab", some, SPEC, artifact("v1.4.3"), scene.strategy, scene.health), sights)
    result = scene.go(plan)
    assert result.outcome is Outcome.ROLLED_BACK
    return result


def told(result: RolloutResult) -> dict[str, Now]:
    assert result.aftermath is not None
    return {h.host: h.now for h in result.aftermath.hosts}


def test_hosts_outside_the_plan_are_asked_once_each(part: Scene) -> None:
    assert set(told(undone(part)).values()) == {Now.RESTORED, Now.UNTOUCHED}
    assert {n: part.hosts[n].calls for n in ("web4", "web5", "web6")} == {"web4": 2, "web5": 2, "web6": 2}, (
        "an observation and a sample"
    )


def test_a_password_that_nobody_has_proved_is_tried_on_one_host(part: Scene) -> None:
    for name in OTHER:
        part.hosts[name].refuse_login = LoginRefused(f"{name}: 401", host=name)
    result = undone(part)
    assert told(result)["web6"] is Now.UNTOUCHED
    assert {told(result)[n] for n in OTHER} == {Now.UNKNOWN}
    assert sum(part.hosts[n].calls for n in OTHER) == 1, "one attempt, not a lock-out"
    assert result.aftermath is not None
    assert "its login was refused" in next(h.detail for h in result.aftermath.hosts if h.host == "web5")


def test_a_dead_host_says_nothing_about_its_password(part: Scene) -> None:
    part.hosts["web4"].dead = True
    now = told(undone(part))
    assert (now["web4"], now["web5"]) == (Now.UNKNOWN, Now.UNTOUCHED)


class Hangs(FakePort):
    """A host that takes the question and does not answer."""

    until = threading.Event()

    def observe(self) -> Observation:
        self.until.wait(10.0)
        return super().observe()


@pytest.fixture
def hanging(part: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """web6 hangs."""
    monkeypatch.setattr(Hangs, "until", threading.Event())

    def connect(self: Scene, host: Host) -> HostPort:
        kind = Hangs if host.name == "web6" else FakePort
        return kind(self.hosts[host.name])  # type: ignore[return-value]

    monkeypatch.setattr(Scene, "connect", connect)
    yield part
    Hangs.until.set()


def test_a_host_that_hangs_holds_up_no_summary(hanging: Scene) -> None:
    hanging.health = replace(hanging.health, checks=(HttpCheck("http", 8080, timeout_s=0.1),))
    result = undone(hanging)
    assert result.aftermath is not None
    web6 = next(h for h in result.aftermath.hosts if h.host == "web6")
    assert (web6.now, web6.member) == (Now.UNKNOWN, False)
    assert "no answer within" in web6.detail
    assert hanging.hosts["web6"].calls == 0, "the command ended before that host did"
    assert all(h.open is None for n, h in hanging.hosts.items() if n != "web6")


def test_who_refused_the_login_while_the_way_back_was_planned_is_not_asked_again(part: Scene) -> None:
    part.roll("v1.4.2")
    for name in (*OTHER, "web6"):
        part.hosts[name].refuse_login = LoginRefused(f"{name}: 401", host=name)
    plan = part.rollback_plan("R1")
    before = {n: part.hosts[n].calls for n in (*OTHER, "web6")}
    result = part.go(plan)
    assert result.exit_code is ExitCode.PARTIAL
    assert {n: part.hosts[n].calls for n in (*OTHER, "web6")} == before
    assert [told(result)[n] for n in (*OTHER, "web6")] == [Now.UNKNOWN] * 3
    assert {told(result)[n] for n in ("web1", "web2", "web3")} == {Now.RESTORED}
