"""The project's own templates over the shipped ones: which there are, of what they were made, may they be used.

An override says in its first lines which shipped template it was made from and the SHA-256 of that. Judges files only:
asks no host, and runs nothing. What a script may hold is ``powershell_rules``'s; where templates lie is
``hosts/scripts.py``'s. A rollback and whoever only looks go on with an override that is refused here: it is what the
hosts were changed with.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fleetdeploy import __version__
from fleetdeploy.documents import did_you_mean
from fleetdeploy.errors import ConfigError, UsageError
from fleetdeploy.hosts.scripts import VERBS, ScriptLibrary, shipped_folder

FOLDER = "templates"
ENDING = ".ps1.j2"
_HEADER = re.compile("\ufeff?" r"\{#-? fleetdeploy override of (\S+), base sha256 ([0-9a-f]{64})[^#]*#\}\n?")


class Standing(Enum):
    """What an override is to the shipped template that it stands for."""

    CURRENT = "its base is as it was"
    CHANGED = "its base has changed"
    UNRECORDED = "its base is not recorded"
    ORPHAN = "its base is no longer shipped"
    OWN = "replaces nothing"


@dataclass(frozen=True, slots=True)
class Override:
    """A file of the project's ``templates/powershell``.

    Attributes:
        name: as templates name each other: ``beat.ps1.j2``, ``parts/state.ps1.j2``.
        file: where it lies.
        recorded: SHA-256 of the base that its header names, "" without a header.
        now: SHA-256 of the shipped template of this name, "" if none is shipped.
    """

    name: str
    file: Path
    recorded: str
    now: str

    @property
    def standing(self) -> Standing:
        """How it stands to its base."""
        if not self.now:
            return Standing.ORPHAN if self.recorded else Standing.OWN
        if not self.recorded:
            return Standing.UNRECORDED
        return Standing.CURRENT if self.recorded == self.now else Standing.CHANGED


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Why an override may not be used. ``rule``: of ``powershell_rules``, "base" or "compose"; ``line`` 0: the file."""

    file: str
    line: int
    rule: str
    what: str
    next: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Ejected:
    """A written override. ``kept``: where the text went that had been there, None if none was replaced."""

    override: Override
    kept: Path | None
    created: bool


def shipped_names() -> tuple[str, ...]:
    """Names of all shipped templates, the verbs first."""
    folder = shipped_folder() / "powershell"
    names = [file.relative_to(folder).as_posix() for file in folder.rglob(f"*{ENDING}")]
    return tuple(sorted(names, key=lambda name: ("/" in name, name)))


def template_name(typed: str) -> str:
    """The name of a shipped template from what a person types: ``beat``, ``parts/state``, ``beat.ps1.j2``.

    Raises:
        UsageError: none of that name is shipped.
    """
    wanted = typed.replace("\\", "/").removesuffix(ENDING) + ENDING
    names = shipped_names()
    if wanted not in names:
        short = [name.removesuffix(ENDING) for name in names]
        raise UsageError(f"there is no template {typed!r}", next_steps=did_you_mean(wanted.removesuffix(ENDING), short))
    return wanted


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigError("it is not UTF-8 text", file=str(file)) from error
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror}", file=str(file)) from error


def _shipped_text(name: str) -> str | None:
    file = shipped_folder() / "powershell" / name
    return _read(file) if file.is_file() else None


def _digest(text: str | None) -> str:
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()


def _header(name: str, text: str) -> str:
    short = name.removesuffix(ENDING)
    return (
        f"{{# fleetdeploy override of {name}, base sha256 {_digest(text)}\n"
        f"   of fleetdeploy {__version__}; 'fleetdeploy templates diff {short}' compares #}}\n"
    )


def _is_shipped(folder: Path) -> bool:
    """In fleetdeploy's own work tree a project's folder is the folder of the shipped templates."""
    return folder.resolve() == (shipped_folder() / "powershell").resolve()


def find_overrides(directory: Path) -> tuple[Override, ...]:
    """The overrides of a project, by name.

    Raises:
        ConfigError: one cannot be read.
    """
    folder = directory / FOLDER / "powershell"
    if not folder.is_dir() or _is_shipped(folder):
        return ()
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name.endswith((ENDING, ".ps1")):
            name = file.relative_to(folder).as_posix()
            header = _HEADER.match(_read(file))
            recorded = header[2] if header and header[1] == name else ""
            found.append(Override(name, file, recorded, _digest(_shipped_text(name))))
    return tuple(found)


def override_problems(directory: Path) -> tuple[TemplateProblem, ...]:
    """Why the project's overrides may not be used: their base, what they are composed to, whether anything uses them.

    Raises:
        ConfigError: one cannot be read.
    """
    overrides = find_overrides(directory)
    if not overrides:
        return ()
    problems = [problem for override in overrides if (problem := _base_problem(override)) is not None]
    walked, used = _walk(directory, {override.name: override for override in overrides})
    problems += walked
    for override in overrides:
        if override.name not in used and override.standing in (Standing.OWN, Standing.ORPHAN):
            ending = "" if override.name.endswith(ENDING) else f"; templates end with {ENDING}"
            what = f"it replaces no shipped template, and no script uses it{ending}"
            step = "fleetdeploy templates list names what can be replaced"
            problems.append(TemplateProblem(str(override.file), 0, "base", what, step))
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line, p.rule, p.what)))


def _base_problem(override: Override) -> TemplateProblem | None:
    short = override.name.removesuffix(ENDING)
    if override.standing is Standing.CHANGED:
        what = (
            f"its base has changed since it was made: {override.name} has another SHA-256 in fleetdeploy {__version__}"
        )
    elif override.standing is Standing.UNRECORDED:
        what = f"it does not say which {override.name} it was made from, so nobody can tell whether that has changed"
    else:
        return None
    step = (
        f"fleetdeploy templates diff {short}, take over what is new, then fleetdeploy templates eject {short} --accept"
    )
    return TemplateProblem(str(override.file), 1, "base", what, step)


def _walk(directory: Path, overrides: dict[str, Override]) -> tuple[list[TemplateProblem], set[str]]:
    """Problems of every script that an override is part of, and the templates that those scripts are made of."""
    from fleetdeploy.powershell_rules import check

    library = ScriptLibrary(directory / FOLDER)
    problems: list[TemplateProblem] = []
    used: set[str] = set()
    for verb in VERBS:
        try:
            traced = library.traced(verb)
        except ConfigError as error:
            step = "fleetdeploy templates diff shows what was changed"
            problems.append(TemplateProblem(error.file, error.line, "compose", error.what, step))
            continue
        ours = sorted(traced.templates & set(overrides))
        used |= traced.templates
        if not ours:
            continue
        for found in check(traced.text, path=verb):
            name, line = traced.place(found.line, found.column)
            what = found.message
            if name not in overrides:
                # It was right before: what is missing there is what an override has changed or left out.
                what = f"{what} ({name}:{line} of the shipped templates needs it)"
                name, line = ours[0], 0
            problems.append(TemplateProblem(str(overrides[name].file), line, found.rule, what, found.next))
    return problems, used


def refuse_overrides(directory: Path) -> None:
    """Stops before a plan is made with overrides that may not be used.

    Raises:
        ConfigError: one may not, or cannot be read; names file and line of the first, and how many more there are.
    """
    problems = override_problems(directory)
    if not problems:
        return
    first = problems[0]
    others = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    steps = (first.next, "fleetdeploy config lists what is wrong with templates", "fleetdeploy templates diff")
    raise ConfigError(f"{first.what} [{first.rule}]{others}", file=first.file, line=first.line, next_steps=steps)


def diff_override(override: Override) -> str:
    """Unified diff from the base as it is shipped now to the override, without its header; "" if there is none."""
    base = _shipped_text(override.name)
    if base is None:
        return ""
    text = _HEADER.sub("", _read(override.file), count=1)
    lines = difflib.unified_diff(
        base.splitlines(),
        text.splitlines(),
        f"fleetdeploy {__version__}/{override.name}",
        str(override.file),
        lineterm="",
    )
    return "\n".join(lines)


def eject(directory: Path, typed: str, *, force: bool = False, accept: bool = False) -> Ejected:
    """Copies a shipped template into the project, with a header that names its base.

    Args:
        directory: the project's.
        typed: what a person calls the template.
        force: over an override that is there; its text is kept beside it.
        accept: leave the override's text, and record the base as it is now.

    Raises:
        UsageError: there is no such template, or an override already (nothing is written), or none to accept.
        ConfigError: a file cannot be read or written.
    """
    name = template_name(typed)
    short = name.removesuffix(ENDING)
    base = _shipped_text(name) or ""
    file = directory / FOLDER / "powershell" / name
    if _is_shipped(directory / FOLDER / "powershell"):
        raise UsageError(f"{file} is the shipped template itself", next_steps=("-C DIRECTORY names your project",))
    kept: Path | None = None
    there = file.exists()
    body = base
    if accept:
        if not there:
            raise UsageError(f"there is no {file} to keep", next_steps=(f"fleetdeploy templates eject {short}",))
        body = _HEADER.sub("", _read(file), count=1)
    elif there:
        if not force:
            raise UsageError(
                f"{file} is there already, and was left as it is",
                next_steps=(
                    f"fleetdeploy templates diff {short}",
                    "--accept keeps its text and records the base as it is now",
                    "--force replaces it, and keeps the old text beside it",
                ),
            )
        kept = next(free for i in range(1, 1000) if not (free := file.with_name(f"{file.name}.{i}.old")).exists())
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if kept is not None:
            file.replace(kept)
        file.write_text(_header(name, base) + body, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"it cannot be written: {error.strerror}", file=str(file)) from error
    return Ejected(Override(name, file, _digest(base), _digest(base)), kept, not there)
