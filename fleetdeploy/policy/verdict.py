"""Is this host healthy? ``verdict(samples, spec, since, now)``: pure (design.md section 5).

Healthy: at least ``min_samples`` good samples in a row over at least ``min_healthy_s``, one PID and start time. No
samples never means Healthy. At the deadline: Unhealthy if a sample failed, else Unknown. Before it: None, look on.
"""

from __future__ import annotations

from collections.abc import Sequence

from fleetdeploy.model.health import HealthSpec, Sample, Verdict

_LOSS = 3  # bad samples in a row that make a host, once Healthy, Unhealthy: one lost packet is not an outage


def streak(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The good samples of one and the same process at the end of ``samples``."""
    run: list[Sample] = []
    for sample in reversed(samples):
        if not sample.good or (run and (sample.pid, sample.started) != (run[-1].pid, run[-1].started)):
            break
        run.append(sample)
    return tuple(reversed(run))


def verdict(samples: Sequence[Sample], spec: HealthSpec, since: float, now: float) -> Verdict | None:
    """The verdict on a host that was started at ``since``; None while it is still open."""
    run = streak(samples)
    if len(run) >= spec.min_samples and run[-1].at - run[0].at >= spec.min_healthy_s:
        return Verdict.HEALTHY
    if now - since < spec.deadline_s:
        return None
    return Verdict.UNHEALTHY if any(not s.good for s in samples) else Verdict.UNKNOWN


def still_healthy(samples: Sequence[Sample]) -> bool:
    """Whether a host that was Healthy still is, by what was seen since.

    Another process is a crash, however well it answers now; and so are several failed samples in a row.
    """
    if not samples:
        return True
    processes = {(s.pid, s.started) for s in samples if s.pid}
    if len(processes) > 1:
        return False
    tail = samples[-_LOSS:]
    return len(tail) < _LOSS or any(s.good for s in tail)
