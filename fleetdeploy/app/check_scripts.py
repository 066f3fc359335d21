"""The PowerShell files of a project's own checks: may they run on the hosts?

Judges the texts that the project file named, as they were read with it: asks no host, and runs nothing. What a check
may hold is ``powershell_rules``'s. A rollback and whoever only looks go on with a check that is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fleetdeploy.errors import ConfigError, RefusalReason
from fleetdeploy.model.health import ScriptCheck
from fleetdeploy.model.plan import Problem
from fleetdeploy.model.project import Project
from fleetdeploy.model.sight import Sight

if TYPE_CHECKING:
    from fleetdeploy.powershell_rules import Finding

_OLD = "4.0"
_SAY_SO = "#requires -Version 5.1 as the first line, if no host has 4.0"


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """Something in the file of a check. ``line`` and ``column`` from 1; an error may not be rolled out with.

    ``rule``: of ``powershell_rules``, or "parameters".
    """

    file: str
    line: int
    column: int
    rule: str
    level: Literal["error", "warning"]
    what: str
    next: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what} [{self.rule}]"


def _scripts(project: Project) -> Iterator[tuple[ScriptCheck, str]]:
    """The checks that run a file, and how that is named."""
    for check in project.health.checks:
        if isinstance(check, ScriptCheck):
            yield check, str(Path(project.directory) / check.file)


def script_problems(project: Project) -> tuple[ScriptProblem, ...]:
    """What is wrong with the files of a project's checks, by file and place; each file is walked once."""
    scripts = list(_scripts(project))
    if not scripts:
        return ()
    from fleetdeploy.powershell_rules import check, check_parameters, versions_for

    found: set[Finding] = set()
    for file, text in {file: script.script for script, file in scripts}.items():
        versions = versions_for(text)
        findings = check(text, path=file, versions=versions, kind="check")
        if findings and _OLD in versions:
            newer = check(text, path=file, versions=tuple(v for v in versions if v != _OLD), kind="check")
            here = {(f.rule, f.line, f.column) for f in newer}
            findings = tuple(
                f if (f.rule, f.line, f.column) in here else replace(f, next=f"{f.next}; or {_SAY_SO}")
                for f in findings
            )
        found.update(findings)
    for script, file in scripts:
        found.update(check_parameters(script.script, [name for name, _ in script.parameters], path=file))
    problems = (ScriptProblem(f.path, f.line, f.column, f.rule, f.level, f.message, f.next) for f in found)
    return tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.rule, p.what)))


def refuse_scripts(project: Project) -> None:
    """Stops before a plan is made with checks that cannot run.

    Raises:
        ConfigError: one cannot; names file, line and column of the first error, and how many more there are.
    """
    problems = [problem for problem in script_problems(project) if problem.level == "error"]
    if not problems:
        return
    first = problems[0]
    others = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    raise ConfigError(
        f"column {first.column}: {first.what} [{first.rule}]{others}",
        file=first.file,
        line=first.line,
        next_steps=(first.next, "fleetdeploy config lists what is wrong with the scripts of checks"),
    )


def older_hosts(project: Project, sights: Mapping[str, Sight]) -> tuple[Problem, ...]:
    """Hosts whose PowerShell is older than a check says that it needs (``#requires -Version``)."""
    scripts = list(_scripts(project))
    if not scripts:
        return ()
    from fleetdeploy.powershell_rules import versions_for

    problems = []
    for script, file in scripts:
        if _OLD in versions_for(script.script):
            continue
        for name, sight in sights.items():
            seen = sight.observation
            if seen is None or not seen.powershell.startswith(("3.", "4.")):
                continue
            what = f"its PowerShell is {seen.powershell}, and {file} says that it needs more (#requires -Version)"
            steps = (f"write {script.file} for 4.0, without #requires, and fleetdeploy config will check it",)
            problems.append(Problem(RefusalReason.PREFLIGHT, what, name, next_steps=steps))
    return tuple(problems)
