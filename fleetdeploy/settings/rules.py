"""What must fit together across sections, checked after the file was read and again after options were laid over it.

Each rule names the settings it is about, so that the message can say where the offending value came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleetdeploy.documents import format_duration
from fleetdeploy.errors import ConfigError, UsageError
from fleetdeploy.model.project import Project


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that is broken; ``keys`` are the settings involved, the most likely culprit first."""

    what: str
    keys: tuple[str, ...]
    why: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


def check(project: Project) -> None:
    """Raise the first broken rule: ConfigError at a line of the file, UsageError if an override is to blame."""
    for problem in _problems(project):
        given = [(key, project.sources[key]) for key in problem.keys if key in project.sources]
        overridden = [(key, source) for key, source in given if not source.startswith(project.file)]
        if overridden:
            origins = ", ".join(f"{key} comes from {source}" for key, source in overridden)
            raise UsageError(f"{problem.what} ({origins})", why=problem.why, next_steps=problem.next_steps)
        line = int(given[0][1].rpartition(":")[2]) if given else 0
        raise ConfigError(problem.what, file=project.file, line=line, why=problem.why, next_steps=problem.next_steps)


def _problems(project: Project) -> Iterator[Problem]:
    health, app = project.health, project.app
    needed = app.start_timeout_s + health.min_healthy_s
    if health.deadline_s < needed:
        yield Problem(
            f"health.deadline ({format_duration(health.deadline_s)}) is shorter than app.start_timeout + "
            f"health.min_healthy ({format_duration(needed)})",
            ("health.deadline", "health.min_healthy", "app.start_timeout"),
            why=("a host that starts slowly and then is well would be judged unhealthy",),
            next_steps=(f"write  deadline: {format_duration(needed)}  or more",),
        )
    if health.interval_s * (health.min_samples - 1) > health.deadline_s - app.start_timeout_s:
        yield Problem(
            f"{health.min_samples} samples every {format_duration(health.interval_s)} do not fit into health.deadline "
            f"({format_duration(health.deadline_s)})",
            ("health.interval", "health.min_samples", "health.deadline"),
        )
    delay_s = next((ms / 1000 for kind, ms in app.recovery.actions if kind == "restart"), 0.0) if app.recovery else 0.0
    if delay_s and health.min_healthy_s <= delay_s:
        yield Problem(
            f"health.min_healthy ({format_duration(health.min_healthy_s)}) is not longer than the first recovery delay "
            f"({format_duration(delay_s)})",
            ("health.min_healthy", "app.recovery"),
            why=("a service that crashes and is restarted by Windows in between would look healthy",),
            next_steps=("raise health.min_healthy, or shorten the delay of the first restart",),
        )
    if project.timeouts.lock_wait_s > project.timeouts.life_ttl_s:
        yield Problem(
            "timeouts.lock_wait is longer than timeouts.life_ttl",
            ("timeouts.lock_wait", "timeouts.life_ttl"),
            why=("a living conductor would be taken for dead while it waits for a lock",),
        )
