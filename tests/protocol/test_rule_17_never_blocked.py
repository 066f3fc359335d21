"""Rules 1, 7 and 17 in the conductor, on hosts that only remember: who goes back when, and that it never hangs."""

from __future__ import annotations

import contextlib
import threading

import pytest

from fleetdeploy.errors import AnswerLost, ExitCode
from fleetdeploy.model.run import Outcome
from fleetdeploy.plan.rollback import Undo
from tests.rollout.conftest import Scene, scene
from tests.rollout.fake_fleet import FakeHost
from tests.rollout.test_control import choice

__all__ = ["scene"]

NEW = "v1.4.2"


def with_rollout(scene: Scene, hosts: int) -> None:
    scene.with_hosts(hosts)
    assert scene.roll(NEW).exit_code is ExitCode.OK


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_hosts_that_cannot_be_brought_back_leave_the_floors_count(scene: Scene, lost: int) -> None:
    """More of them than the floor has room for: the others go back all the same."""
    with_rollout(scene, 5)
    plan = scene.rollback_plan("R1")
    dead = [f"web{i + 1}" for i in range(lost)]
    for name in dead:
        scene.hosts[name].dead = True
    done: list[object] = []
    runner = threading.Thread(target=lambda: done.append(scene.go(plan)), daemon=True)
    runner.start()
    runner.join(30.0)
    assert done, "it hangs"
    assert {h.version for n, h in scene.hosts.items() if n not in dead} == {"v1.4.0"}
    assert done[0].outcome is Outcome.ROLLBACK_INCOMPLETE  # type: ignore[attr-defined]
    # They come back, and so does a person.
    for name in dead:
        scene.hosts[name].dead = False
    again = choice(scene)
    assert isinstance(again, Undo)
    scene.go(scene.rollback_plan(again.rollout), take_over=True)
    assert scene.versions() == {"v1.4.0"}


def test_hosts_that_cannot_be_brought_back_take_no_room_from_the_others(scene: Scene) -> None:
    """Two stay down and two may be down at once: two of the others still go together."""
    with_rollout(scene, 6)
    plan = scene.rollback_plan("R1")
    assert plan.max_unavailable == 2
    lost = ("web1", "web2")
    both = threading.Barrier(2)
    met: list[str] = []

    def meet(host: FakeHost, request: object) -> None:
        if host.name in lost:
            raise AnswerLost("the line is cut", host=host.name)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(2.0)
            met.append(host.name)

    for host in scene.hosts.values():
        host.on_activate = meet
    result = scene.go(plan)
    states = scene.states(result)
    assert {states["web1"], states["web2"]} == {"unknown"}, states
    assert sorted(met) == ["web3", "web4", "web5", "web6"]


def test_unhealthy_hosts_go_at_once_healthy_ones_within_the_floor(scene: Scene) -> None:
    with_rollout(scene, 6)
    for name in ("web1", "web2", "web3"):
        scene.hosts[name].sick = lambda h: h.version == NEW
    down: list[int] = []
    lock = threading.Lock()

    def watch(host: FakeHost, request: object) -> None:
        with lock:
            down.append(sum(1 for h in scene.hosts.values() if h.version == NEW and not h.sick(h)))

    for host in scene.hosts.values():
        host.on_activate = watch
    plan = scene.rollback_plan("R1")
    assert set(plan.batches[0].hosts) == {"web1", "web2", "web3"}
    result = scene.go(plan)
    assert result.exit_code is ExitCode.OK
    assert scene.versions() == {"v1.4.0"}
    assert down[:3] == [3, 3, 3], "no healthy host was touched while an unhealthy one waited"


def test_a_new_rollout_needs_every_host_and_gives_all_back(scene: Scene) -> None:
    scene.with_hosts(3)
    plan = scene.plan(NEW)
    first = scene.hosts["web2"]

    original = scene.connect

    def connect(host: object) -> object:
        port = original(host)  # type: ignore[arg-type]
        if host.name == "web2":  # type: ignore[attr-defined]
            opening = port.open

            def gone(request: object) -> object:
                first.dead = True
                return opening(request)  # type: ignore[arg-type]

            port.open = gone  # type: ignore[method-assign]
        return port

    scene.connect = connect  # type: ignore[method-assign, assignment]
    result = scene.go(plan)
    assert result.outcome is Outcome.REFUSED
    assert all(h.open is None and not h.rollouts for n, h in scene.hosts.items() if n != "web2")
    assert all(h.stops == 0 for h in scene.hosts.values())


def test_stale_from_one_host_stops_the_whole_conductor(scene: Scene) -> None:
    scene.with_hosts(5)
    thief = scene.hosts["web3"]

    def stolen(host: FakeHost, request: object) -> None:
        # While the canary is at work somebody takes over a host that this conductor has not come to yet.
        from dataclasses import replace

        assert thief.open is not None
        thief.token_high += 1
        thief.open = replace(thief.open, conductor="C-other", token=thief.token_high)

    scene.hosts["web1"].on_activate = stolen
    result = scene.roll(NEW)
    assert result.outcome is None
    assert result.exit_code is ExitCode.MIXED
    assert "taken over" in result.detail
    assert thief.stops == 0
    assert sum(h.stops for h in scene.hosts.values()) < 5


def test_what_moved_since_the_plan_is_refused_before_the_first_stop(scene: Scene) -> None:
    """Rule 1: opened first, compared then: nobody can slip in between."""
    scene.with_hosts(4)
    plan = scene.plan(NEW)
    moved = scene.hosts["web4"]
    moved.image, moved.sha256 = r"D:\by\hand.exe", "cc" * 32
    result = scene.go(plan)
    assert (result.outcome, result.exit_code) == (Outcome.REFUSED, ExitCode.REFUSED)
    assert "web4" in result.detail
    (note,) = (h.notes[-1] for h in result.hosts if h.host == "web4")
    assert "its ImagePath, the exe" in note
    assert "hand.exe" not in note, "which part, never its value: it may hold a secret"
    assert all(h.stops == 0 and h.open is None and not h.rollouts for h in scene.hosts.values())
    assert [entry.split()[0] for entry in moved.log] == ["open"], "it was open while it was compared"
