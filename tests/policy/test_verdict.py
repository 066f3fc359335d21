"""Verdicts and bakes, by table: time is an argument, so nothing here waits."""

from __future__ import annotations

import pytest

from fleetdeploy.model.health import CheckFailure, HealthSpec, Sample, Verdict
from fleetdeploy.policy.bake import bake, observed_healthy
from fleetdeploy.policy.verdict import still_healthy, verdict

SPEC = HealthSpec(min_healthy_s=10.0, deadline_s=60.0, interval_s=2.0, min_samples=3)


def sample(at: float, *, good: bool = True, pid: int = 1, image: bool = True, state: str = "Running") -> Sample:
    return Sample(at, pid, str(pid), state, image, () if good else (CheckFailure("c", "bad"),))


def every(start: float, end: float, step: float = 2.0, **more: object) -> list[Sample]:
    count = int((end - start) / step) + 1
    return [sample(start + i * step, **more) for i in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "now", "want"),
    [
        ([], 5.0, None),
        ([], 60.0, Verdict.UNKNOWN),
        (every(0, 10), 10.0, Verdict.HEALTHY),
        (every(0, 8), 8.0, None),
        # Two samples far apart are not three.
        ([sample(0), sample(20)], 20.0, None),
        ([sample(0), sample(20)], 60.0, Verdict.UNKNOWN),
        # A bad one starts the count anew.
        ([*every(0, 6), sample(8, good=False), *every(10, 18)], 18.0, None),
        ([*every(0, 6), sample(8, good=False), *every(10, 20)], 20.0, Verdict.HEALTHY),
        # Another process does too: it crashed.
        ([*every(0, 6), *every(8, 16, pid=2)], 16.0, None),
        ([*every(0, 6), *every(8, 18, pid=2)], 18.0, Verdict.HEALTHY),
        (every(0, 58, good=False), 60.0, Verdict.UNHEALTHY),
        (every(0, 58, image=False), 60.0, Verdict.UNHEALTHY),
        (every(0, 58, state="StartPending"), 60.0, Verdict.UNHEALTHY),
        # Before the deadline nothing is lost yet.
        (every(0, 58, good=False), 59.0, None),
    ],
)
def test_verdict(samples: list[Sample], now: float, want: Verdict | None) -> None:
    assert verdict(samples, SPEC, 0.0, now) is want


@pytest.mark.parametrize(
    ("samples", "well"),
    [
        ([], True),
        (every(0, 10), True),
        ([*every(0, 4), sample(6, good=False)], True),
        ([*every(0, 4), *every(6, 8, good=False)], True),
        ([*every(0, 4), *every(6, 10, good=False)], False),
        ([*every(0, 4), *every(6, 10, pid=2)], False),
        # Down for a moment, then another process: it crashed, however well it is now.
        ([*every(0, 4), sample(6, pid=0, state="Stopped"), sample(8, pid=2)], False),
    ],
)
def test_still_healthy(samples: list[Sample], well: bool) -> None:
    assert still_healthy(samples) is well


def test_only_observed_time_counts() -> None:
    assert observed_healthy(every(0, 10), 0.0, 5.0) == 10.0
    assert observed_healthy(every(0, 10), 4.0, 5.0) == 6.0
    assert observed_healthy([sample(0), sample(100)], 0.0, 5.0) == 0.0
    assert observed_healthy([sample(0), sample(2, good=False), sample(4), sample(6)], 0.0, 5.0) == 2.0


def test_a_bake_is_as_long_as_its_worst_host_and_ends_fresh() -> None:
    good, late = every(0, 20), every(10, 20)
    view = bake({"a": good, "b": late}, since=0.0, needed_s=15.0, gap_s=5.0, now=20.0)
    assert (view.healthy_s, view.done) == (10.0, False)
    assert bake({"a": good, "b": good}, since=0.0, needed_s=15.0, gap_s=5.0, now=20.0).done
    assert not bake({"a": good, "b": good}, since=0.0, needed_s=15.0, gap_s=5.0, now=40.0).done, "not fresh"
    ended_bad = [*good, sample(21, good=False)]
    assert not bake({"a": ended_bad}, since=0.0, needed_s=15.0, gap_s=5.0, now=21.0).done
    assert bake({}, since=0.0, needed_s=15.0, gap_s=5.0, now=0.0).done
    assert not bake({"a": []}, since=0.0, needed_s=0.0, gap_s=5.0, now=0.0).done, "never without a look"
