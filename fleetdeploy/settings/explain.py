"""Every setting in force with the place it comes from, for ``fleetdeploy config``. Secrets are masked.

One table of keys; the values are shown as they would be written in ``fleetdeploy.yml``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleetdeploy.documents import format_duration
from fleetdeploy.model.health import CheckSpec
from fleetdeploy.model.project import Project
from fleetdeploy.model.secret import MASK, looks_secret
from fleetdeploy.model.service import Recovery
from fleetdeploy.model.strategy import Canary, LabelSelector

LEFT_ALONE = "(left alone)"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: dotted key, the value as it may be shown, and ``default`` or where it was set."""

    key: str
    shown: str
    source: str


def explain(project: Project) -> tuple[Setting, ...]:
    """All settings in the order of the file."""
    app, strategy, health, artifacts = project.app, project.strategy, project.health, project.artifacts
    rows: list[tuple[str, str | None]] = [
        ("app.name", app.app),
        ("app.service", app.name),
        ("app.display_name", app.display_name),
        ("app.description", app.description),
        ("app.exe", app.exe),
        ("app.arguments", _list(mask_arguments(app.arguments))),
    ]
    if app.environment is None:
        rows.append(("app.environment", None))
    rows += [
        (f"app.environment.{name}", MASK if looks_secret(name) else value) for name, value in app.environment or ()
    ]
    rows += [
        ("app.start_type", app.start_type),
        ("app.account", app.account),
        ("app.account_password", f"{MASK} (from {app.account_password})" if app.account_password else None),
        ("app.recovery", _recovery(app.recovery)),
        ("app.dependencies", None if app.dependencies is None else _list(app.dependencies)),
        ("app.root", app.root),
        ("app.working_directory", app.working_directory),
        ("app.start_timeout", format_duration(app.start_timeout_s)),
        ("app.stop_timeout", format_duration(app.stop_timeout_s)),
        ("artifacts.path", artifacts.path),
        ("artifacts.sha256", "none" if artifacts.verify == "none" else artifacts.sha256 or "(auto)"),
        ("artifacts.manifest", artifacts.manifest or "-"),
        ("artifacts.allow_dirty", _flag(artifacts.allow_dirty)),
        ("strategy.kind", strategy.kind),
        ("strategy.batch", str(strategy.batch)),
        ("strategy.canary", show_canary(strategy.canary)),
        ("strategy.max_unavailable", str(strategy.max_unavailable) if strategy.max_unavailable else "(the batch size)"),
        ("strategy.bake_canary", format_duration(strategy.bake_canary_s)),
        ("strategy.bake_batch", format_duration(strategy.bake_batch_s)),
        ("strategy.pause_timeout", format_duration(strategy.pause_timeout_s)),
        ("strategy.on_unknown", strategy.on_unknown),
        ("strategy.unreachable", strategy.unreachable),
        ("strategy.zone_spread", _flag(strategy.zone_spread)),
        ("strategy.pause_after_canary", _flag(strategy.pause_after_canary)),
        (
            "strategy.promote_within",
            None if strategy.promote_within_s is None else format_duration(strategy.promote_within_s),
        ),
        ("strategy.on_expiry", strategy.on_expiry),
        ("strategy.all_at_once_rollback", _flag(strategy.all_at_once_rollback)),
        ("budget", str(strategy.budget)),
    ]
    rows += [("checks", "(only the service itself)")] if not health.checks else []
    rows += [(f"checks.{check.name}", show_check(check)) for check in health.checks]
    rows += [("logs", _list(app.logs) if app.logs else "(none: a failure is explained without the app's own words)")]
    rows += [
        ("health.min_healthy", format_duration(health.min_healthy_s)),
        ("health.deadline", format_duration(health.deadline_s)),
        ("health.interval", format_duration(health.interval_s)),
        ("health.min_samples", str(health.min_samples)),
        ("retention.releases", str(app.retention)),
        (
            "retention.journal",
            "(kept for ever)" if project.keep_journal_s is None else format_duration(project.keep_journal_s),
        ),
        ("rollback_floor", project.rollback_floor or "-"),
        ("parallel", str(project.parallel)),
        ("upload.parallel", str(project.upload.parallel)),
        ("timeouts.call", format_duration(project.timeouts.call_s)),
        ("timeouts.lock_wait", format_duration(project.timeouts.lock_wait_s)),
        ("timeouts.life_ttl", format_duration(project.timeouts.life_ttl_s)),
    ]
    frozen = [Setting(f"freeze[{n}]", str(window), window.source) for n, window in enumerate(project.freeze)]
    shown = [Setting(key, LEFT_ALONE if shown is None else shown, _source(project, key)) for key, shown in rows]
    return (*shown, *frozen)


def _source(project: Project, key: str) -> str:
    """Where a key was set; checks stand in a list and share its place."""
    if key in project.sources:
        return project.sources[key]
    return project.sources.get("checks", "default") if key.startswith("checks.") else "default"


def mask_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Arguments without what looks like a secret: ``--token=…`` and the value behind ``--token``."""
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        name, separator, _ = argument.partition("=")
        is_option = argument.startswith(("-", "/"))
        if hide_next and not is_option:
            shown.append(MASK)
            hide_next = False
        elif separator and looks_secret(name):
            shown.append(f"{name}={MASK}")
            hide_next = False
        else:
            shown.append(argument)
            hide_next = is_option and not separator and looks_secret(name)
    return tuple(shown)


def show_canary(canary: Canary) -> str:
    """As it would be written in the file."""
    if isinstance(canary, LabelSelector) or len(canary) == 1:
        return str(canary if isinstance(canary, LabelSelector) else canary[0])
    return _list(tuple(str(amount) for amount in canary))


def show_check(check: CheckSpec) -> str:
    """One line for one check."""
    if check.kind == "tcp":
        text = f"tcp {check.port}"
    elif check.kind == "http":
        text = f"{check.scheme} {check.port}{check.path} status {'/'.join(map(str, check.status))}"
        text += f" contains {check.contains!r}" if check.contains else ""
        text += f" {check.json_path} = {check.equals}" if check.json_path else ""
    else:
        text = f"script {check.file}"
        text += "".join(f" {name}={MASK if looks_secret(name) else value}" for name, value in check.parameters)
    return f"{text}, timeout {format_duration(check.timeout_s)}, from {check.vantage}"


def _list(items: tuple[str, ...]) -> str:
    return "[" + ", ".join(items) + "]"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _recovery(recovery: Recovery | None) -> str | None:
    if recovery is None:
        return None
    actions = [
        f"restart {format_duration(ms / 1000)}" if kind == "restart" else "none" for kind, ms in recovery.actions
    ]
    reset = format_duration(recovery.reset_s)
    return f"{_list(tuple(actions))} reset {reset}, on_non_crash {_flag(recovery.on_non_crash)}"
