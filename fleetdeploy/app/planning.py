"""From a workspace and a version to a plan: find the artifact, look at every host, build. Changes nothing anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fleetdeploy.app.check_scripts import older_hosts, refuse_scripts
from fleetdeploy.app.connect import connector
from fleetdeploy.app.freezing import freeze_problems, windows_of
from fleetdeploy.app.login import stop_at_login
from fleetdeploy.app.marks import stored_marks
from fleetdeploy.app.templates import refuse_overrides
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.artifacts import HostFacts, check, normalise_arch
from fleetdeploy.artifacts.known import known_hashes
from fleetdeploy.artifacts.resolve import resolve
from fleetdeploy.errors import ExitCode, RefusalReason, Refused, Unreachable
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.permits import NO_PERMITS, Permits
from fleetdeploy.model.plan import Plan, Problem
from fleetdeploy.model.project import Project
from fleetdeploy.model.sight import Sight
from fleetdeploy.plan.build import PlanRequest, build_plan
from fleetdeploy.rollout.survey import survey_once

Tick = Callable[[], None]
MANY_STEPS = 4


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and what it was made from."""

    plan: Plan
    artifact: Artifact
    sights: Mapping[str, Sight]


def look(
    workspace: Workspace, *, version: str = "", strict: bool = True, tick: Tick = lambda: None
) -> dict[str, Sight]:
    """Every host in scope as it is now, with one sample of the project's checks (if there is a project).

    ``strict``: a login's secret that is not here is an error, not merely a host that lets nobody in.
    """
    project = workspace.project
    checks = project.health.checks if project else ()
    parallel = project.parallel if project else 50
    return survey_once(
        workspace.scope,
        connector(workspace, looking=True, strict=strict),
        checks=checks,
        version=version,
        parallel=parallel,
        tick=tick,
    )


def known_versions(workspace: Workspace) -> dict[str, str]:
    """Names for exes found on hosts, from the artifacts that lie here (none without a project)."""
    project = workspace.project
    return known_hashes(project.artifacts, project.directory) if project else {}


def make_plan(
    workspace: Workspace, wanted: str, *, permits: Permits = NO_PERMITS, tick: Tick = lambda: None
) -> Planned:
    """The plan for ``wanted`` (a version or ``latest``) as the hosts are now.

    Raises:
        Refused: the artifact cannot be found, verified or read.
        LoginRefused: by one of the hosts.
        ConfigError: a template of the project may not be used, or a script of a check cannot run.
    """
    project = workspace.need_project()
    refuse_overrides(workspace.directory)
    refuse_scripts(project)
    artifact = resolve(project.artifacts, wanted, project.directory, exe=project.app.exe)
    sights = look(workspace, version=artifact.version, tick=tick)
    stop_at_login(workspace.scope, sights)
    request = PlanRequest(
        fleet=workspace.fleet.name,
        hosts=workspace.scope,
        app=project.app,
        artifact=artifact,
        strategy=project.strategy,
        health=project.health,
        known=known_versions(workspace),
        problems=(*_guard_problems(project, artifact, sights), *older_hosts(project, sights)),
        freeze=windows_of(workspace),
        permits=permits,
        wanted=wanted,
        marks=stored_marks(project.app.app),
        rollback_floor=project.rollback_floor,
    )
    made = build_plan(request, sights)
    # Where nothing would begin, no calendar is in the way: a nightly job finds nothing to do, frozen or not.
    frozen = freeze_problems(made.freeze, permits) if made.batches else ()
    return Planned(replace(made, problems=(*made.problems, *frozen)), artifact, sights)


def _guard_problems(project: Project, artifact: Artifact, sights: Mapping[str, Sight]) -> tuple[Problem, ...]:
    facts = []
    for name, sight in sights.items():
        seen = sight.observation
        if seen is None:
            continue
        releases = {r.version: r.manifest_sha256 for r in seen.state.releases.values()} if seen.state else {}
        kept = {version: digest for version, digest in releases.items() if digest}
        facts.append(HostFacts(name, seen.os_build, normalise_arch(seen.arch), kept))
    problems: list[Problem] = []
    for found in check(artifact, facts, allow_dirty=project.artifacts.allow_dirty):
        hosts: tuple[str, ...] = found.hosts or ("",)
        problems += [Problem(RefusalReason.ARTIFACT, found.what, name, next_steps=found.next_steps) for name in hosts]
    return tuple(problems)


def problem_lines(plan: Plan) -> tuple[str, ...]:
    """Why it may not be carried out; hosts with the same problem share a line."""
    hosts: dict[str, list[str]] = {}
    for problem in plan.problems:
        hosts.setdefault(problem.what, []).append(problem.host)
    lines = []
    for what, names in hosts.items():
        told = all(name in what for name in names)
        lines.append(what if told else f"{', '.join(names)}: {what}")
    return tuple(lines)


def refuse_problems(plan: Plan) -> None:
    """Stops a plan that may not be carried out.

    Raises:
        Unreachable: hosts do not answer, and that is all (exit 5).
        Refused: anything else (exit 6).
    """
    if not plan.problems:
        return
    shown = problem_lines(plan)
    steps = tuple(dict.fromkeys(step for p in plan.problems for step in p.next_steps))
    if len(steps) > MANY_STEPS:  # one for each host: the first will do
        steps = (*steps[:MANY_STEPS], "and so on for the others")
    silent = [p.host for p in plan.problems if p.unreachable]
    if len(silent) == len(plan.problems):
        verb = "does" if len(silent) == 1 else "do"
        what = f"{len(silent)} of {len(plan.hosts)} hosts {verb} not answer; nothing was changed"
        error = Unreachable(what, host=", ".join(silent), why=shown, next_steps=steps)
        error.exit_code = ExitCode.UNREACHABLE
        raise error
    count = "1 reason" if len(plan.problems) == 1 else f"{len(plan.problems)} reasons"
    what = f"this plan may not be carried out ({count}); nothing was changed"
    raise Refused(what, reason=plan.problems[0].reason, why=shown, next_steps=steps)
