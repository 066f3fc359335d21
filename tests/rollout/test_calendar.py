"""The calendar holds the next batch, nothing else; it is never in the way of going back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from fleetdeploy.errors import ExitCode
from fleetdeploy.model import events as ev
from fleetdeploy.model.freeze import Dates, FreezeWindow
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason
from fleetdeploy.rollout.calendar import held_by
from tests.rollout.conftest import Scene

OPEN, FROZEN = datetime(2026, 12, 19, 12, tzinfo=UTC), datetime(2026, 12, 24, 12, tzinfo=UTC)
AFTER = datetime(2027, 1, 3, tzinfo=UTC)
CHRISTMAS = FreezeWindow(Dates("2026-12-20T00:00", "2027-01-03T00:00"), "UTC", "Christmas")


@dataclass
class World:
    """A scene whose wall clock the test sets; ``on`` sees each event first."""

    scene: Scene
    now: datetime = OPEN
    on: Callable[[ev.Event], None] = lambda event: None

    def plan(self, version: str = "v1.4.2", **permits: object) -> Plan:
        return replace(self.scene.plan(version), freeze=(CHRISTMAS,), permits=Permits(**permits))  # type: ignore[arg-type]

    def ask(self, kind: str) -> int:
        assert self.scene.journal is not None
        return self.scene.journal.request("R1", kind, "eva@laptop")

    def holds(self) -> list[ev.HoldChanged]:
        return [e for e in self.scene.events if isinstance(e, ev.HoldChanged)]

    def stops(self) -> int:
        return sum(h.stops for h in self.scene.hosts.values())


@pytest.fixture
def world(scene: Scene) -> World:
    scene.with_hosts(4)
    made = World(scene)
    ports, report = scene.ports, scene.report

    def seen(event: ev.Event) -> None:
        report(event)
        made.on(event)

    class Reporter:
        report = staticmethod(seen)

    scene.ports = lambda: replace(ports(), wall=lambda: made.now, reporter=Reporter())  # type: ignore[method-assign]
    return made


def is_frozen(event: ev.Event) -> bool:
    return isinstance(event, ev.HoldChanged) and event.reason is PauseReason.FREEZE


def test_the_next_batch_waits_and_goes_on_by_itself(world: World) -> None:
    stops_when_held: list[int] = []

    def on(event: ev.Event) -> None:
        if isinstance(event, ev.BatchDone) and event.index == 0:
            world.now = FROZEN
        elif is_frozen(event):
            stops_when_held.append(world.stops())
            world.now = AFTER

    world.on = on
    result = world.scene.go(world.plan())
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert stops_when_held == [1]  # the canary, and nobody else
    held, went_on = world.holds()
    assert held.detail == "the freeze calendar is closed until Sun 2027-01-03 00:00 UTC: Christmas; goes on by itself"
    assert held.ends_in_s == (AFTER - FROZEN).total_seconds()
    assert all("abort" in step for step in held.next_steps)
    assert went_on.hold is Hold.NONE


def test_an_open_calendar_holds_nothing(world: World) -> None:
    assert world.scene.go(world.plan()).exit_code is ExitCode.OK
    assert world.holds() == []


def test_hosts_keep_their_lock_and_nothing_is_touched_before_the_first_batch(world: World) -> None:
    world.now = FROZEN

    def on(event: ev.Event) -> None:
        if is_frozen(event):
            assert all(h.open is not None for h in world.scene.hosts.values())
            assert {p for h in world.scene.hosts.values() for p in h.staged} == {world.scene.plan("v1.4.2").release}
            assert world.stops() == 0
            world.now = AFTER

    world.on = on
    assert world.scene.go(world.plan()).exit_code is ExitCode.OK
    assert len(world.holds()) == 2


@pytest.mark.parametrize(
    ("kind", "outcome", "versions"),
    [("abort-rollback", Outcome.ABORTED, {"v1.4.0"}), ("abort-leave", Outcome.ABORTED, {"v1.4.0", "v1.4.2"})],
)
def test_an_abort_ends_the_wait_and_the_way_back_is_not_held(
    world: World, kind: str, outcome: Outcome, versions: set[str]
) -> None:
    def on(event: ev.Event) -> None:
        if isinstance(event, ev.BatchDone) and event.index == 0:
            world.now = FROZEN
        elif is_frozen(event):
            world.ask(kind)

    world.on = on
    result = world.scene.go(world.plan())
    assert result.outcome is outcome
    assert world.scene.versions() == versions
    assert sum(is_frozen(e) for e in world.scene.events) == 1


@pytest.mark.parametrize("kind", ["resume", "promote"])
def test_no_word_overrides_the_calendar(world: World, kind: str) -> None:
    world.now = FROZEN
    asked: list[int] = []

    def on(event: ev.Event) -> None:
        if is_frozen(event) and not asked:
            asked.append(world.ask(kind))
        elif isinstance(event, ev.Asked):
            assert not event.accepted
            assert world.stops() == 0
            world.now = AFTER

    world.on = on
    assert world.scene.go(world.plan()).exit_code is ExitCode.OK
    assert world.scene.journal is not None
    answer = world.scene.journal.answer_of(asked[0])
    assert answer is not None
    assert not answer.accepted


def test_a_signal_ends_the_wait(world: World) -> None:
    world.now = FROZEN
    world.on = lambda event: world.scene.interrupt.request() if is_frozen(event) else None
    result = world.scene.go(world.plan())
    assert (result.outcome, result.exit_code, world.stops()) == (None, ExitCode.INTERRUPTED, 0)
    # Whoever resumes is held, too, and it goes on when the calendar opens
    world.scene.interrupt = type(world.scene.interrupt)()

    def on(event: ev.Event) -> None:
        if is_frozen(event):
            world.now = AFTER

    world.on = on
    assert world.scene.go(world.plan(), rollout="R1", resume=True).exit_code is ExitCode.OK
    assert sum(is_frozen(e) for e in world.scene.events) == 1


def test_a_batch_that_was_begun_is_finished(world: World) -> None:
    """One host at a time: the batch is cut off between its two hosts, and resumed in a frozen time."""
    plan = replace(world.plan(), max_unavailable=1)
    second = plan.batches[1].hosts[0]
    world.scene.hosts[second].on_activate = lambda h, r: world.scene.interrupt.request()
    assert world.scene.go(plan).exit_code is ExitCode.INTERRUPTED
    assert world.stops() == 2
    world.scene.interrupt = type(world.scene.interrupt)()
    world.scene.hosts[second].on_activate = lambda h, r: None
    world.now = FROZEN
    held_at: list[int] = []

    def on(event: ev.Event) -> None:
        if is_frozen(event):
            held_at.append(world.stops())
            world.now = AFTER

    world.on = on
    assert world.scene.go(plan, rollout="R1", resume=True).exit_code is ExitCode.OK
    assert held_at == [3]


def test_a_canary_that_falls_ill_meanwhile_goes_back(world: World) -> None:
    def on(event: ev.Event) -> None:
        if isinstance(event, ev.BatchDone) and event.index == 0:
            world.now = FROZEN
        elif is_frozen(event):
            for host in world.scene.hosts.values():
                host.sick = lambda h: h.version == "v1.4.2"

    world.on = on
    result = world.scene.go(world.plan())
    assert result.outcome is Outcome.ROLLED_BACK
    assert world.scene.versions() == {"v1.4.0"}
    assert world.now == FROZEN


def test_an_override_is_written_down_with_its_reason(world: World) -> None:
    world.now = FROZEN
    result = world.scene.go(world.plan(override_freeze=True, reason="CVE-2026-1"))
    assert result.exit_code is ExitCode.OK
    assert world.holds() == []
    notes = [e.text for e in world.scene.events if isinstance(e, ev.Note)]
    assert sum("overridden (CVE-2026-1)" in text for text in notes) == 1


def test_not_before_holds_the_first_batch_with_everything_staged(world: World) -> None:
    start = OPEN + timedelta(hours=2)

    def on(event: ev.Event) -> None:
        if is_frozen(event):
            assert isinstance(event, ev.HoldChanged)
            assert "before 2026-12-19 14:00" in event.detail
            assert event.ends_in_s == 7200
            assert {h.state for h in world.scene.hosts.values()} == {"Running"}
            assert world.stops() == 0
            world.now = start

    world.on = on
    assert world.scene.go(world.plan(not_before=start.isoformat())).exit_code is ExitCode.OK
    assert len(world.holds()) == 2


def test_a_rollback_is_never_held(world: World) -> None:
    assert world.scene.go(world.plan()).exit_code is ExitCode.OK
    world.now = FROZEN
    back = replace(world.scene.rollback_plan("R1"), freeze=(CHRISTMAS,), permits=Permits(not_before=AFTER.isoformat()))
    result = world.scene.go(back)
    assert result.exit_code is ExitCode.OK
    assert world.scene.versions() == {"v1.4.0"}
    assert world.holds() == []
    assert {h.state for h in result.hosts} == {HostState.ROLLED_BACK}


def test_held_by_names_the_nearest_reason(world: World) -> None:
    plan = world.plan(not_before="2026-12-19T14:00:00+00:00")
    assert held_by(plan, OPEN) == (
        "no host is changed before 2026-12-19 14:00 UTC (--not-before); goes on by itself",
        datetime(2026, 12, 19, 14, tzinfo=UTC),
    )
    held = held_by(plan, FROZEN)
    assert held is not None
    assert held[1] == AFTER
    assert held_by(plan, AFTER) is None
