"""Workers, beats and signals."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from fleetdeploy.engine.executor import BEAT_TAG, CancelledTask, Done, Told, Tools, Workers
from fleetdeploy.engine.heartbeat import Heartbeat
from fleetdeploy.engine.interrupt import Interrupt


def workers(**more: float) -> Workers[str]:
    return Workers(lambda name: f"session-{name}", parallel=4, beat_interval_s=more.get("beat", 60.0))


def all_done(crew: Workers[str], number: int) -> list[Done]:
    out: list[Done] = []
    until = time.monotonic() + 5.0
    while len(out) < number and time.monotonic() < until:
        message = crew.next(0.5)
        if isinstance(message, Done):
            out.append(message)
    return out


def test_one_thread_per_host_owns_its_session() -> None:
    crew = workers()
    threads: dict[str, set[int]] = {"a": set(), "b": set()}

    def task(tools: Tools[str]) -> str:
        threads[tools.host].add(threading.get_ident())
        return tools.resource

    for _ in range(5):
        crew.submit("a", "t", task)
        crew.submit("b", "t", task)
    done = all_done(crew, 10)
    assert {d.value for d in done} == {"session-a", "session-b"}
    assert len(threads["a"]) == len(threads["b"]) == 1
    assert threads["a"] != threads["b"]
    assert crew.busy == frozenset()
    crew.shutdown(2.0)


def test_what_a_task_raises_comes_back_and_the_worker_lives() -> None:
    crew = workers()

    def bad(tools: Tools[str]) -> None:
        tools.tell("on my way")
        raise ValueError("x")

    crew.submit("a", "bad", bad)
    first = crew.next(5.0)
    assert first == Told("a", "on my way")
    second = crew.next(5.0)
    assert isinstance(second, Done)
    assert isinstance(second.error, ValueError)
    crew.submit("a", "good", lambda tools: 1)
    assert all_done(crew, 1)[0].value == 1
    crew.shutdown(2.0)


def test_a_session_that_cannot_be_made_is_an_answer_too() -> None:
    def connect(name: str) -> str:
        raise OSError("no")

    crew: Workers[str] = Workers(connect, parallel=1, beat_interval_s=60.0)
    crew.submit("a", "t", lambda tools: 1)
    assert isinstance(all_done(crew, 1)[0].error, OSError)
    crew.shutdown(2.0)


def test_shutdown_drops_what_has_not_begun() -> None:
    crew = workers()
    started, release = threading.Event(), threading.Event()

    def slow(tools: Tools[str]) -> str:
        started.set()
        release.wait(5.0)
        return "finished"

    crew.submit("a", "slow", slow)
    crew.submit("a", "never", lambda tools: pytest.fail("must not begin"))
    assert started.wait(5.0)
    threading.Timer(0.1, release.set).start()
    crew.shutdown(5.0)
    done = {d.tag: d for d in all_done(crew, 2)}
    assert done["slow"].value == "finished"
    assert isinstance(done["never"].error, CancelledTask)


def test_nobody_waits_for_a_worker_that_was_let_go_and_its_slot_is_free() -> None:
    crew: Workers[str] = Workers(lambda name: name, parallel=1, beat_interval_s=60.0)
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def hangs(tools: Tools[str]) -> None:
        started.set()
        release.wait(5.0)
        ended.set()

    crew.submit("a", "hangs", hangs)
    assert started.wait(5.0)
    crew.let_go(["a", "never-seen"])
    crew.submit("b", "t", lambda tools: 1)
    assert [d.host for d in all_done(crew, 1)] == ["b"], "the only slot was given back"
    crew.shutdown(20.0)
    assert not ended.is_set()
    release.set()
    assert ended.wait(5.0)


def test_an_idle_worker_beats_and_a_bad_beat_is_reported() -> None:
    crew = workers(beat=0.03)
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 3:
            raise ValueError("stale")

    crew.submit("a", "open", lambda tools: tools.heartbeat.start(beat))
    all_done(crew, 1)
    report = all_done(crew, 1)[0]
    assert (report.tag, len(beats) >= 3) == (BEAT_TAG, True)
    assert isinstance(report.error, ValueError)
    crew.stop_beats()
    crew.shutdown(2.0)


def test_a_pulse_beats_only_when_due() -> None:
    now = [0.0]
    heart = Heartbeat(10.0, clock=lambda: now[0])
    beats: list[int] = []
    assert heart.due_in() is None
    heart.start(lambda: beats.append(1))
    heart.pulse()
    assert (beats, heart.due_in()) == ([], 10.0)
    now[0] = 12.0
    heart.pulse()
    heart.pulse()
    assert (beats, heart.due_in()) == ([1], 10.0)
    heart.stop()
    now[0] = 99.0
    heart.pulse()
    assert beats == [1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_asks_once_and_leaves_the_second_time(number: signal.Signals) -> None:
    left: list[int] = []
    before = signal.getsignal(number)
    interrupt = Interrupt(left.append)
    with interrupt.installed():
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        assert interrupt.requested
        assert left == []
        os.kill(os.getpid(), number)
        time.sleep(0.01)
        interrupt.busy = lambda: True
        os.kill(os.getpid(), number)
        time.sleep(0.01)
    assert left == [130, 4], "4 while a changing verb is under way"
    assert signal.getsignal(number) is before


def test_a_signal_that_the_parent_ignored_stays_ignored() -> None:
    """``nohup fleetdeploy rollout …``: the end of the session is no reason to stop it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupt().installed() as interrupt:
            signal.raise_signal(signal.SIGHUP)
            assert not interrupt.requested
            signal.raise_signal(signal.SIGTERM)
            assert interrupt.requested
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_elsewhere_than_in_the_main_thread_nothing_is_installed() -> None:
    seen: list[bool] = []

    def work() -> None:
        with Interrupt().installed() as interrupt:
            seen.append(interrupt.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
