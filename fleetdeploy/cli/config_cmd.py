"""``fleetdeploy config``: every setting in force, with the place it comes from; secrets masked."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.app.check_scripts import ScriptProblem


def config(
    key: Annotated[str | None, typer.Argument(help="only settings that begin with this, such as 'strategy'")] = None,
    changed: Annotated[bool, typer.Option("--changed", help="only what is not a default")] = False,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Show the settings in force.

    And where each comes from: defaults < fleetdeploy.yml < FLEETDEPLOY_* < options of a command. The project's own
    templates and the scripts of its checks are looked at, too: one that a host may not understand, or a template whose
    base has changed, ends with 2. A warning does not.
    """
    from fleetdeploy.app.check_scripts import script_problems
    from fleetdeploy.app.templates import override_problems
    from fleetdeploy.cli.templates_cmd import problem_data, problem_lines
    from fleetdeploy.documents import did_you_mean
    from fleetdeploy.errors import UsageError
    from fleetdeploy.settings import OVERRIDES, apply_overrides, explain, load_project
    from fleetdeploy.settings.overrides import variable

    loaded = apply_overrides(load_project(project), env=os.environ)
    rows = explain(loaded)
    if key:
        chosen = [row for row in rows if row.key == key or row.key.startswith(f"{key}.")]
        if not chosen:
            known = {row.key for row in rows} | {row.key.partition(".")[0] for row in rows}
            raise UsageError(f"there is no setting {key!r}", next_steps=did_you_mean(key, known))
        rows = tuple(chosen)
    if changed:
        rows = tuple(row for row in rows if row.source != "default")
    blocks: list[Block] = [
        Lines([f"{loaded.app.app}: {loaded.file}"]),
        Table("", ("setting", "value", "from"), [(row.key, row.shown, row.source) for row in rows]),
    ]
    if not key and not changed:
        names = ", ".join(name for option in OVERRIDES if (name := variable(option)) is not None)
        blocks.append(Lines(["", f"from the environment, if set: {names}"]))
    problems = () if key else override_problems(project)
    if problems:
        blocks.append(Lines(["", "templates that may not be used:", *problem_lines(problems)]))
    scripts = () if key else script_problems(loaded)
    errors = [problem for problem in scripts if problem.level == "error"]
    warnings = [problem for problem in scripts if problem.level == "warning"]
    if errors:
        blocks.append(Lines(["", "scripts of checks that cannot run:", *_script_lines(errors)]))
    if warnings:
        blocks.append(Lines(["", "scripts of checks, worth a look:", *_script_lines(warnings)]))
    return CommandResult(
        data={
            "file": loaded.file,
            "settings": {row.key: {"value": row.shown, "from": row.source} for row in rows},
            "template_problems": problem_data(problems),
            "script_problems": [asdict(problem) for problem in scripts],
        },
        blocks=blocks,
        exit_code=ExitCode.USAGE if problems or errors else ExitCode.OK,
    )


def _script_lines(problems: list[ScriptProblem]) -> list[str]:
    return [line for problem in problems for line in (str(problem), f"    {problem.next}")]
