"""Plans as files: how another CI job, on another runner, gets the plan that it is to go on with.

A file holds a whole plan and its digest, no secret and no path of the machine that wrote it. What is read must have the
digest that it claims; whether the hosts hold the same plan is compared in ``going_on.py``.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fleetdeploy.artifacts.resolve import resolve
from fleetdeploy.errors import ConfigError, FleetdeployError, RefusalReason, Refused, UsageError
from fleetdeploy.model.codec import from_plain, to_plain
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.project import Project
from fleetdeploy.model.secret import looks_secret

SCHEMA = "fleetdeploy-plan/1"
_OPTION = re.compile(r"(?:^|[\s\"'])[-/]{1,2}([A-Za-z][\w.-]*)(?:[=:]|\s+[^\s-])")
_USERINFO = re.compile(r"://[^/\s:@]*:[^/\s@]+@")  # a password in a URL
_PAIR = re.compile(r"([\w.-]+)\s*=\s*[^;&\s]")  # of a query or a connection string
_SHARE = "share the store instead: FLEETDEPLOY_STORE=postgresql://…"


def write_plan(plan: Plan, path: Path) -> None:
    """Writes the plan where only this user can read it; whole, or not at all.

    Raises:
        UsageError: it holds values that look secret, or cannot be written there.
    """
    shown = sorted(set(_looks_secret(plan)))
    if shown:
        raise UsageError(
            f"the plan is not written to {path}, which would hold what looks like a secret: {', '.join(shown)}",
            next_steps=(_SHARE, "or let the program read it from a file of its own, not from app.environment"),
        )
    portable = replace(plan, artifact=replace(plan.artifact, local_paths={})) if plan.artifact else plan
    data = {"schema": SCHEMA, "digest": plan.digest, "plan": to_plain(portable)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes it 0600 before a byte is in it.
        descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.write("\n")
            os.replace(beside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as exc:
        raise UsageError(f"the plan cannot be written to {path}: {exc.strerror or exc}; nothing was changed") from exc


def read_plan(path: Path) -> Plan:
    """The plan in that file.

    Raises:
        ConfigError: no such file, or no plan of this version.
        Refused: it is not the plan that its digest names.
    """
    again = "fleetdeploy plan VERSION --out FILE   (or rollout --plan-out FILE)"
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"cannot be read: {exc.strerror or exc}", file=str(path), next_steps=(again,)) from exc
    except ValueError as exc:
        raise ConfigError("is no plan: not JSON", file=str(path), next_steps=(again,)) from exc
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else None
        raise ConfigError(f"is no plan of this version: schema {found!r}, not {SCHEMA!r}", file=str(path))
    try:
        plan = from_plain(Plan, data.get("plan"))
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"is no plan of this version: {exc}", file=str(path)) from exc
    if plan.digest != data.get("digest"):
        raise Refused(
            f"{path} calls itself plan {data.get('digest')}, but what is in it is {plan.digest}; nothing was changed",
            reason=RefusalReason.NO_PLAN,
            why=("it was edited, or cut off", "it was written by another version of fleetdeploy"),
            next_steps=("fleetdeploy rollback   (needs no plan)",),
        )
    return plan


def with_files(plan: Plan, project: Project | None) -> Plan:
    """The plan with the artifact's files as they lie on this machine, if they do: they may be needed, or not."""
    artifact = plan.artifact
    if artifact is None or _are_there(artifact.local_paths, len(artifact.manifest.files)):
        return plan
    paths: dict[str, str] = {}
    if project is not None:
        with contextlib.suppress(FleetdeployError):
            found = resolve(project.artifacts, artifact.version, project.directory, exe=artifact.exe)
            if found.manifest == artifact.manifest:
                paths = dict(found.local_paths)
    return replace(plan, artifact=replace(artifact, local_paths=paths))


def has_files(plan: Plan) -> bool:
    """True if every byte could be sent from here."""
    artifact = plan.artifact
    return artifact is None or _are_there(artifact.local_paths, len(artifact.manifest.files))


def _are_there(paths: Any, wanted: int) -> bool:
    return len(paths) == wanted and all(Path(path).is_file() for path in paths.values())


def _looks_secret(plan: Plan) -> Iterator[str]:
    """Names, never values."""
    for name, value in plan.app.environment or ():
        if _is_secret(name, value):
            yield f"app.environment {name}"
    for check in plan.health.checks:
        for name, value in getattr(check, "parameters", ()):
            if _is_secret(name, value):
                yield f"the parameter {name} of check {check.name}"
        for pair in _PAIR.finditer(getattr(check, "path", "")):
            if looks_secret(pair[1]):
                yield f"{pair[1]} in the path of check {check.name}"
    lines = [" ".join(plan.app.arguments)]
    lines += [host.expected.image_path for host in plan.hosts if host.expected]
    for line in lines:
        if _USERINFO.search(line):
            yield "a password in a URL among the arguments"
        for option in _OPTION.finditer(line):
            if looks_secret(option[1]):
                yield f"the argument {option[1]}"


def _is_secret(name: str, value: str) -> bool:
    """By its name; or a connection string, whatever it is called. A path to a secret is none."""
    if not value:
        return False
    inside = any(looks_secret(pair[1]) for pair in _PAIR.finditer(value))
    return looks_secret(name) or inside or _USERINFO.search(value) is not None
