"""Hosts that are neither here nor there: what people ask of them, and the way back past them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from fleetdeploy.errors import AnswerLost, ExitCode, Unreachable
from fleetdeploy.model.host import Host
from fleetdeploy.model.readiness import ReadyRequest, ReadyResult
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason
from fleetdeploy.model.verbs import (
    ActivateOutcome,
    ActivateRequest,
    ActivateResult,
    Claim,
    Direction,
    HostFailure,
    Origin,
    RolloutRecord,
    TurnResult,
)
from fleetdeploy.rollout import forward, rollback
from fleetdeploy.rollout.ports import HostPort
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakePort
from tests.rollout.test_commands import Person, held, is_now, person, said

__all__ = ["person"]  # the fixture
pytestmark = pytest.mark.timeout(120)


class NeitherNor(FakePort):
    """Neither the new version starts nor the previous one; then the host falls silent."""

    def _forward(self, request: ActivateRequest, record: RolloutRecord) -> ActivateResult:
        h = self.h
        origin = Origin(h.version, "", f'"{h.image}"', h.sha256, h.exists, True, None)
        h.rollouts[record.id] = replace(record, intent=True, origin=origin)
        h.state = "Stopped"
        return self._result(ActivateOutcome.PUT_BACK_FAILED, failure=HostFailure("start", "1053", win32=1053))

    def activate(self, request: ActivateRequest, **_: object) -> ActivateResult:
        result = super().activate(request)
        self.h.dead = True
        return result


def special(scene: Scene, name: str, port: type[FakePort]) -> None:
    plain: Callable[[Host], HostPort] = scene.connect

    def connect(host: Host) -> HostPort:
        return port(scene.hosts[name]) if host.name == name else plain(host)  # type: ignore[return-value]

    scene.connect = connect  # type: ignore[method-assign]


def test_a_host_that_is_neither_here_nor_there_and_falls_silent_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    first, broken = plan.batches[0].hosts[0], plan.batches[1].hosts[0]
    special(scene, broken, NeitherNor)
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED)
    assert scene.hosts[first].version == "v1.4.0"
    assert broken in result.detail


@pytest.mark.parametrize("answers", [True, False])
def test_a_host_that_hears_late_of_the_way_back_holds_nobody_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """The others are put back while it is still being asked; whatever it says in the end, nobody was taken over."""
    monkeypatch.setattr(rollback, "_TURN_PATIENCE_S", 0.2)
    scene.with_hosts(3)
    plan = scene.plan("v1.4.2")
    failed, late = plan.batches[0].hosts[0], plan.batches[-1].hosts[-1]
    scene.hosts[failed].sick = lambda h: h.version == "v1.4.2"
    seen: list[str] = []
    turned: list[TurnResult] = []

    class Late(FakePort):
        def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult:
            turned[:] = turned or [super().turn(claim, direction=direction)]  # the same old token, the same new one
            until = time.monotonic() + 20
            while scene.hosts[failed].version == "v1.4.2" and time.monotonic() < until:
                time.sleep(0.01)
            seen.append(scene.hosts[failed].version)
            if not answers and len(seen) == 1:
                raise AnswerLost(f"{late}: no answer", host=late)
            return turned[0]

    special(scene, late, Late)
    result = scene.go(plan)
    assert seen[0] == "v1.4.0", "the one that failed waited for it"
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE), result.detail
    assert all(h.open is None and h.version == "v1.4.0" for h in scene.hosts.values())
    assert scene.hosts[late].stops == 0


def test_a_host_that_is_back_but_not_well_gets_another_try(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    host = person.scene.hosts[name]
    broken = is_now(name, HostState.ROLLBACK_FAILED)
    host.sick = lambda h: bool(h.stops)
    person.when(broken, lambda: setattr(host, "sick", lambda h: False))
    person.types(broken, "retry", name)
    result = person.scene.go(plan, rollout="R1")
    assert person.answer("retry", name).accepted
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert [line for line in host.log if line.startswith("turn")] == ["turn", "turn forward"]


def test_a_host_that_could_not_be_opened_gets_no_try(person: Person) -> None:
    scene = person.scene
    plan = scene.plan("v1.4.2", unreachable="skip", pause_after_canary=True, pause_timeout_s=0.6)
    name = plan.batches[1].hosts[0]
    scene.hosts[name].dead = True
    person.when(is_now(name, HostState.EXCLUDED), lambda: setattr(scene.hosts[name], "dead", False))
    awaits = held(Hold.AWAITING_PROMOTION)
    person.types(awaits, "retry", name)
    person.when(said("retry"), lambda: person.types(lambda e: True, "promote"))
    result = scene.go(plan, rollout="R1")
    answer = person.answer("retry", name)
    assert not answer.accepted
    assert "not opened" in answer.text
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert scene.hosts[name].stops == 0


def test_a_silent_host_may_be_left_out_while_it_is_asked_for_its_way_back(person: Person) -> None:
    scene = person.scene
    plan = scene.plan("v1.4.2", budget=0)
    name = plan.batches[1].hosts[0]

    class Slow(FakePort):
        def ready(self, request: ReadyRequest) -> ReadyResult:
            assert scene.journal is not None
            person.asked["exclude"] = scene.journal.request("R1", "exclude", "eva@laptop", argument=name)
            until = time.monotonic() + 30
            while scene.journal.answer_of(person.asked["exclude"]) is None and time.monotonic() < until:
                time.sleep(0.01)
            raise Unreachable("no route", host=name)

    special(scene, name, Slow)
    result = scene.go(plan, rollout="R1")
    assert person.answer("exclude").accepted
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert scene.states(result)[name] == "excluded"


def test_a_host_that_may_be_on_its_way_back_is_not_sent_forward_when_a_pause_ends(person: Person) -> None:
    """Its turn was asked for and the answer was lost: the old token may be dead there, and it is its way back's."""
    scene = person.scene
    plan = scene.plan("v1.4.2", budget=1, pause_timeout_s=20.0)
    name = plan.batches[1].hosts[0]
    scene.hosts[name].sick = lambda h: h.version == "v1.4.2"

    line = {"up": False}
    turned: list[TurnResult] = []

    class Lost(FakePort):
        def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult:
            turned[:] = turned or [super().turn(claim, direction=direction)]
            if not line["up"]:
                raise AnswerLost(f"{name}: no answer", host=name)
            return turned[0]

    special(scene, name, Lost)
    person.types(is_now(name, HostState.UNKNOWN), "pause")
    differs = scene.hosts[plan.batches[2].hosts[0]]
    differs.on_activate = lambda h, r: setattr(h, "image", r"D:\other.exe") if r.direction == "forward" else None
    person.types(held(Hold.PAUSED, PauseReason.ASKED), "resume")
    person.types(held(Hold.PAUSED, PauseReason.DIFFERENT), "resume")
    person.when(held(Hold.PAUSED, PauseReason.DIFFERENT), lambda: line.update(up=True))
    result = scene.go(plan, rollout="R1")
    assert "taken over" not in result.detail
    assert scene.hosts[name].log.count("start v1.4.2") == 1
    assert (name, "unknown") in scene.states(result).items()
    assert scene.hosts[name].open is None


@pytest.mark.parametrize("silent_in", ["ready", "activate"])
def test_what_an_earlier_conductor_changed_is_not_called_unchanged_when_it_falls_silent(
    person: Person, silent_in: str
) -> None:
    scene = person.scene
    plan = scene.plan("v1.4.2")
    name = plan.batches[0].hosts[0]
    host = scene.hosts[name]
    host.on_activate = lambda h, r: scene.interrupt.request()
    assert scene.go(plan, rollout="R1").exit_code is ExitCode.INTERRUPTED
    scene.interrupt = type(scene.interrupt)()
    host.on_activate = lambda h, r: None

    class Silent(FakePort):
        def ready(self, request: ReadyRequest) -> ReadyResult:
            host.dead = host.dead or silent_in == "ready"
            return super().ready(request)

        def activate(self, request: ActivateRequest, **_: object) -> ActivateResult:
            host.dead = host.dead or silent_in == "activate"
            return super().activate(request)

    special(scene, name, Silent)
    result = person.resumes()
    assert (result.outcome, result.exit_code) == (Outcome.ROLLBACK_INCOMPLETE, ExitCode.MIXED)
    assert name in result.detail
    assert sum(h.stops for h in scene.hosts.values()) == 1


def test_a_host_that_went_back_alone_does_not_let_a_resume_go_forward_without_the_silent(person: Person) -> None:
    scene = person.scene
    plan = scene.plan("v1.4.2", budget=1)
    alone, silent = plan.batches[1].hosts[0], plan.batches[2].hosts[0]
    scene.hosts[alone].sick = lambda h: h.version == "v1.4.2"
    person.when(is_now(alone, HostState.ROLLED_BACK), scene.interrupt.request)
    assert scene.go(plan, rollout="R1").exit_code is ExitCode.INTERRUPTED
    scene.interrupt = type(scene.interrupt)()
    scene.hosts[silent].dead = True
    stops = sum(h.stops for h in scene.hosts.values())
    result = person.resumes()
    assert result.exit_code is ExitCode.UNREACHABLE, result.detail
    assert sum(h.stops for h in scene.hosts.values()) == stops


def test_a_turn_forward_whose_answer_was_lost_does_not_look_like_a_take_over(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "STAGE_PATIENCE_S", 0.1)
    scene = person.scene
    plan = scene.plan("v1.4.2", budget=2)
    name = plan.batches[1].hosts[0]
    scene.hosts[name].sick = lambda h: h.version == "v1.4.2"
    line = {"up": False}
    turned: list[TurnResult] = []

    class Lost(FakePort):
        def turn(self, claim: Claim, *, direction: Direction = "back") -> TurnResult:
            if direction == "back":
                return super().turn(claim)
            turned[:] = turned or [super().turn(claim, direction=direction)]
            if not line["up"]:
                raise AnswerLost(f"{name}: no answer", host=name)
            return turned[0]

    special(scene, name, Lost)
    person.types(is_now(name, HostState.ROLLED_BACK), "retry", name)
    person.when(is_now(name, HostState.UNKNOWN), lambda: line.update(up=True))
    result = scene.go(plan, rollout="R1")
    assert turned
    assert "taken over" not in result.detail
    assert result.exit_code is ExitCode.MIXED, "it is not known what runs there"
    assert scene.hosts[name].open is None
