"""Environment and options laid over the project file: defaults < file < environment < options.

``OVERRIDES`` is the one table: which settings can be overridden, the name of the variable and of the option, and how
their text is read. A new one is one line here and one option on the command line.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fleetdeploy.documents import did_you_mean, parse_duration
from fleetdeploy.errors import UsageError
from fleetdeploy.model.project import Project
from fleetdeploy.model.strategy import Amount, parse_canary
from fleetdeploy.settings import rules
from fleetdeploy.settings.retention import parse_keep
from fleetdeploy.settings.strategy import KINDS, ON_EXPIRY, ON_UNKNOWN, ON_UNREACHABLE


@dataclass(frozen=True, slots=True)
class Override:
    """One setting that environment and options can change.

    Attributes:
        key: dotted key of the project file.
        part: field of ``Project`` (empty: the project itself).
        name: attribute of that part.
        parse: text → value; raises ValueError.
    """

    key: str
    part: str
    name: str
    parse: Callable[[str], object]


def _word(*known: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in known:
            hint = "".join(f"; {step}" for step in did_you_mean(text, known))
            raise ValueError(f"{text!r} is not one of {', '.join(known)}{hint}")
        return text

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number within {low} to {high}")
        return int(text)

    return parse


def _flag(text: str) -> bool:
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{text!r} is neither true nor false")


def _positive(text: str) -> float:
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError("must be longer than 0")
    return seconds


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(_whole(1, 100_000)(part.strip()) for part in text.split(","))


OVERRIDES: dict[str, Override] = {
    "strategy": Override("strategy.kind", "strategy", "kind", _word(*KINDS)),
    "batch": Override("strategy.batch", "strategy", "batch", Amount.parse),
    "canary": Override("strategy.canary", "strategy", "canary", parse_canary),
    "max_unavailable": Override("strategy.max_unavailable", "strategy", "max_unavailable", Amount.parse),
    "bake_canary": Override("strategy.bake_canary", "strategy", "bake_canary_s", parse_duration),
    "bake_batch": Override("strategy.bake_batch", "strategy", "bake_batch_s", parse_duration),
    "budget": Override("budget", "strategy", "budget", _whole(0, 100_000)),
    "pause_timeout": Override("strategy.pause_timeout", "strategy", "pause_timeout_s", parse_duration),
    "on_unknown": Override("strategy.on_unknown", "strategy", "on_unknown", _word(*ON_UNKNOWN)),
    "unreachable": Override("strategy.unreachable", "strategy", "unreachable", _word(*ON_UNREACHABLE)),
    "promote_within": Override("strategy.promote_within", "strategy", "promote_within_s", _positive),
    "on_expiry": Override("strategy.on_expiry", "strategy", "on_expiry", _word(*ON_EXPIRY)),
    "min_healthy": Override("health.min_healthy", "health", "min_healthy_s", _positive),
    "deadline": Override("health.deadline", "health", "deadline_s", _positive),
    "interval": Override("health.interval", "health", "interval_s", _positive),
    "keep_journal": Override("retention.journal", "", "keep_journal_s", parse_keep),
    "parallel": Override("parallel", "", "parallel", _whole(1, 500)),
    "allow_dirty": Override("artifacts.allow_dirty", "artifacts", "allow_dirty", _flag),
    # For one run only, so they are options and never variables or lines of a file (see OPTION_ONLY).
    "repair": Override("strategy.repair", "strategy", "repair", _flag),
    "all_at_once": Override("strategy.all_at_once_rollback", "strategy", "all_at_once_rollback", _flag),
    "pause_after_canary": Override("strategy.pause_after_canary", "strategy", "pause_after_canary", _flag),
    "pause_after_batch": Override("strategy.pause_after_batch", "strategy", "pause_after_batch", _numbers),
}
OPTION_ONLY = ("repair", "all_at_once", "pause_after_canary", "pause_after_batch")


def variable(name: str) -> str | None:
    """Environment variable of an override: ``batch`` → ``FLEETDEPLOY_BATCH``; None if there is none."""
    return None if name in OPTION_ONLY else f"FLEETDEPLOY_{name.upper()}"


def apply_overrides(
    project: Project,
    *,
    env: Mapping[str, str] | None = None,
    options: Mapping[str, str | int | float | bool | None] | None = None,
) -> Project:
    """The project with environment and options in force.

    Args:
        project: as the file says.
        env: the process environment; an empty variable counts as not set.
        options: name in ``OVERRIDES`` → value; None means that the option was not given.

    Raises:
        UsageError: a value that cannot be read, or values that do not fit together.
    """
    environment = env or {}
    from_env = {
        name: (text, f"env {key}")
        for name in OVERRIDES
        if (key := variable(name)) is not None and (text := environment.get(key))
    }
    from_options = {
        name: (str(value), f"option --{name.replace('_', '-')}")
        for name, value in (options or {}).items()
        if value is not None
    }
    for level in (from_env, from_options):
        if "strategy" not in level:
            level.update(_implied_kind(project, level))
        for name, (text, source) in level.items():
            project = _set(project, OVERRIDES[name], text, source)
    rules.check(project)
    return project


def _implied_kind(project: Project, level: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Who asks for canaries means the canary strategy; who asks for batches does not mean all at once."""
    if "canary" in level:
        return {"strategy": ("canary", level["canary"][1])}
    if "batch" in level and project.strategy.kind == "all-at-once":
        return {"strategy": ("rolling", level["batch"][1])}
    return {}


def _set(project: Project, override: Override, text: str, source: str) -> Project:
    try:
        value = override.parse(text)
    except ValueError as problem:
        raise UsageError(f"{source.removeprefix('env ').removeprefix('option ')}: {problem}") from None
    change: dict[str, object] = {override.name: value}
    if override.part:
        change = {override.part: dataclasses.replace(getattr(project, override.part), **change)}
    changed: Project = dataclasses.replace(
        project,
        **change,  # type: ignore[arg-type]  # the table names the fields; test_overrides sets each of them
        sources={**project.sources, override.key: source},
    )
    return changed
