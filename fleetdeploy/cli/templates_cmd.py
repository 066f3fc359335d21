"""``fleetdeploy templates list|eject|diff``: the scripts that run on hosts, and the project's own over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import register
from fleetdeploy.cli.results import Block, CommandResult, Lines, Table, Verbatim
from fleetdeploy.errors import UsageError

if TYPE_CHECKING:
    from fleetdeploy.app.templates import Override, TemplateProblem

group = typer.Typer(
    no_args_is_help=True, help="The scripts that run on hosts: list them, eject one to change it, compare."
)


def list_templates(project: flags.Project = Path("."), output: flags.Output = "text") -> CommandResult:
    """List the templates, and which of them the project replaces."""
    from fleetdeploy.app.templates import ENDING, find_overrides, override_problems, shipped_names

    overrides = {override.name: override for override in find_overrides(project)}
    problems = override_problems(project)
    rows, data = [], []
    for name in (*shipped_names(), *(name for name in overrides if name not in shipped_names())):
        override = overrides.get(name)
        rows.append((name.removesuffix(ENDING), *_shown(override)))
        data.append({"name": name.removesuffix(ENDING), "override": _override_data(override) if override else None})
    blocks: list[Block] = [Table("", ("template", "file", "standing"), rows)]
    if problems:
        blocks.append(Lines(["", *problem_lines(problems)]))
    return CommandResult(data={"templates": data, "problems": problem_data(problems)}, blocks=blocks)


def eject_template(
    name: Annotated[str, typer.Argument(help="a verb such as activate, or a part such as parts/state")],
    force: Annotated[bool, typer.Option("--force", help="replace an override; its text is kept beside it")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="leave the override's text, record its base as it is now")
    ] = False,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Copy a shipped template into the project.

    There it may be changed, and replaces the shipped one. Its first lines record what it was made from: plan and
    rollout refuse it when that has changed.
    """
    from fleetdeploy.app.templates import ENDING, eject

    if force and accept:
        raise UsageError("--force replaces the text and --accept keeps it: not both")
    done = eject(project, name, force=force, accept=accept)
    file, short = done.override.file, done.override.name.removesuffix(ENDING)
    if accept:
        lines = [f"{file}: its text is as it was, its base is now that of this fleetdeploy"]
    else:
        lines = [f"{file} {'was written' if done.created else 'was replaced'}, as shipped"]
    if done.kept is not None:
        lines.append(f"what was there is now {done.kept}")
    lines.append(f"next  fleetdeploy config checks it; fleetdeploy templates diff {short} shows what you changed")
    data = _override_data(done.override) | {
        "created": done.created,
        "replaced": not done.created and not accept,
        "kept": str(done.kept) if done.kept else None,
    }
    return CommandResult(data=data, blocks=(Lines(lines),))


def diff_templates(
    name: Annotated[str | None, typer.Argument(help="only this template")] = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Compare overrides with the shipped templates as they are now, and say whether those have changed."""
    from fleetdeploy.app.templates import ENDING, Standing, diff_override, find_overrides, template_name

    overrides = [override for override in find_overrides(project) if override.standing is not Standing.OWN]
    if name is not None:
        wanted = template_name(name)
        overrides = [override for override in overrides if override.name == wanted]
        if not overrides:
            short = wanted.removesuffix(ENDING)
            steps = (f"fleetdeploy templates eject {short}", "fleetdeploy templates list")
            raise UsageError(f"{short} is as shipped: the project does not replace it", next_steps=steps)
    blocks: list[Block] = []
    data = []
    for override in overrides:
        text = diff_override(override)
        said = "" if text or override.standing is Standing.ORPHAN else "; its text is the shipped one"
        blocks.append(Lines([f"{override.file}: {override.standing.value}{said}"]))
        if text:
            blocks.append(Verbatim(text))
        data.append(_override_data(override) | {"diff": text})
    if not overrides:
        blocks.append(Lines(["the project replaces no template"]))
    return CommandResult(data={"overrides": data}, blocks=blocks)


def problem_lines(problems: tuple[TemplateProblem, ...]) -> list[str]:
    """Each problem with what to write or type."""
    return [line for problem in problems for line in (str(problem), f"    {problem.next}")]


def problem_data(problems: tuple[TemplateProblem, ...]) -> list[dict[str, Any]]:
    """Problems for ``--output json``."""
    return [{"file": p.file, "line": p.line, "rule": p.rule, "what": p.what, "next": p.next} for p in problems]


def _shown(override: Override | None) -> tuple[str, str]:
    return ("-", "as shipped") if override is None else (str(override.file), override.standing.value)


def _override_data(override: Override) -> dict[str, Any]:
    return {
        "template": override.name,
        "file": str(override.file),
        "standing": override.standing.name.lower(),
        "base": {
            "recorded": override.recorded or None,
            "now": override.now or None,
            "changed": bool(override.recorded) and override.recorded != override.now,
        },
    }


register(group, "list", list_templates)
register(group, "eject", eject_template)
register(group, "diff", diff_templates)
