"""``fleetdeploy artifact list|mark|unmark``: the versions on this machine, and a person's word about one of them.

A mark goes into the store and to every host that answers; what it refuses is decided in ``plan/guards.py``. Nothing is
deployed or removed here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.frame import need_reason, register, usage
from fleetdeploy.cli.results import CommandResult, Lines, Table
from fleetdeploy.errors import ExitCode

if TYPE_CHECKING:
    from fleetdeploy.model.marks import Mark

group = typer.Typer(no_args_is_help=True, help="Versions on this machine: list them, mark one bad, take the mark back.")

Version = Annotated[str, typer.Argument(help="version such as v1.4.2")]
Unknown = Annotated[
    bool, typer.Option("--unknown", help="the name is right, although no file, store or host here knows it")
]


def list_versions(project: flags.Project = Path("."), output: flags.Output = "text") -> CommandResult:
    """List the versions that lie here, oldest first, with what the store holds of them. No host is asked."""
    from fleetdeploy.app.marks import list_artifacts
    from fleetdeploy.settings import load_project

    wanted = load_project(project)
    found = list_artifacts(wanted)
    rows = [
        (
            one.version,
            one.held.mark if one.held else "-",
            one.held.by if one.held else "-",
            f"{one.held.at[:19]}Z" if one.held else "-",
            one.held.why if one.held else "-",
        )
        for one in found
    ]
    data = [
        {
            "version": one.version,
            "mark": one.held.mark if one.held else "",
            "by": one.held.by if one.held else "",
            "at": one.held.at if one.held else "",
            "why": one.held.why if one.held else "",
        }
        for one in found
    ]
    empty = Lines([f"no versions at {wanted.artifacts.path}"])
    table = Table("", ("version", "mark", "by", "at", "why"), rows)
    return CommandResult(data={"versions": data}, blocks=(table if rows else empty,))


def mark(
    version: Version,
    bad: Annotated[bool, typer.Option("--bad", help="rollout and plan refuse it from now on")] = False,
    unknown: Unknown = False,
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Mark a version bad, in the store and on every host that answers."""
    if not bad:
        raise usage("a version can only be marked --bad", f"fleetdeploy artifact mark {version} --bad --reason WHY")
    return _mark(version, "bad", unknown, reason, inventory, project, output)


def unmark(
    version: Version,
    unknown: Unknown = False,
    reason: flags.Reason = "",
    inventory: flags.Inventory = None,
    project: flags.Project = Path("."),
    output: flags.Output = "text",
) -> CommandResult:
    """Take the mark of a version back, in the store and on every host that answers."""
    return _mark(version, "", unknown, reason, inventory, project, output)


def _mark(
    version: str, mark: Mark, unknown: bool, reason: str, inventory: str | None, project: Path, output: str
) -> CommandResult:
    from fleetdeploy.app.marks import mark_version
    from fleetdeploy.app.workspace import current_actor, load_workspace
    from fleetdeploy.cli.output.progress import ticking
    from fleetdeploy.cli.output.wording import hosts_text

    verb = "mark" if mark else "unmark"
    flag = " --bad" if mark else ""
    need_reason(f"artifact {verb}", reason, typed=f"fleetdeploy artifact {verb} {version}{flag}")
    workspace = load_workspace(project, inventory=inventory)
    actor = current_actor(reason)
    with ticking(f"telling {hosts_text(len(workspace.fleet.hosts))}", output) as tick:
        done = mark_version(workspace, version, mark, actor=actor, why=reason, unknown=unknown, tick=tick)
    said = "is marked bad" if mark else "is no longer marked bad"
    files = f" (files {done.mark.manifest_sha256[:8]})" if done.mark.manifest_sha256 else " (any files of that name)"
    lines = [
        f"{version}{files} {said}: in the store, and on {hosts_text(len(done.told))} of fleet {workspace.fleet.name}"
    ]
    if done.unknown:
        lines.append(f"nothing of {workspace.app.app} is on: {', '.join(done.unknown)}")
    if done.untold:
        lines.append("not told:")
        lines += [f"  {name}: {why}" for name, why in done.untold]
        lines.append("  next  type it again when they answer; until then the store has it")
    data = {
        "version": version,
        "mark": done.mark.mark,
        "manifest_sha256": done.mark.manifest_sha256,
        "told": list(done.told),
        "unknown": list(done.unknown),
        "not_told": dict(done.untold),
    }
    return CommandResult(data=data, blocks=(Lines(lines),), exit_code=ExitCode.PARTIAL if done.untold else ExitCode.OK)


register(group, "list", list_versions)
register(group, "mark", mark)
register(group, "unmark", unmark)
