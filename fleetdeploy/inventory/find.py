"""Which inventory file is meant. With exactly one it is used; with more it must be named: nothing means "all fleets".

Reads no file, only names; ``load.py`` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fleetdeploy.documents import did_you_mean
from fleetdeploy.errors import UsageError

VARIABLE = "FLEETDEPLOY_INVENTORY"
_SUFFIXES = (".yml", ".yaml")


def list_inventories(project_dir: Path | str) -> dict[str, Path]:
    """Name → file of all inventories of a project, sorted by name.

    Raises:
        UsageError: two files have one name (``prod.yml`` and ``prod.yaml``).
    """
    folder = Path(project_dir) / "inventories"
    files = [p for p in folder.glob("*") if p.suffix in _SUFFIXES and p.is_file()] if folder.is_dir() else []
    found: dict[str, Path] = {}
    for path in sorted(files, key=lambda p: (p.stem, p.suffix)):
        if path.stem in found:
            raise UsageError(f"{found[path.stem]} and {path.name} have one name", next_steps=("rename one of them",))
        found[path.stem] = path
    return found


def find_inventory(project_dir: Path | str, name: str | None, env: Mapping[str, str]) -> Path:
    """The inventory to use.

    Args:
        project_dir: the folder of ``fleetdeploy.yml``.
        name: of ``-i``: a name (``prod``) or a path to a file; None if the option was not given.
        env: the process environment.

    Raises:
        UsageError: none there, several and none named, or no such one.
    """
    wanted = name or env.get(VARIABLE) or None
    asked_by = "-i" if name else VARIABLE
    known = list_inventories(project_dir)
    if wanted is None:
        if len(known) == 1:
            return next(iter(known.values()))
        if known:
            raise UsageError(
                f"there are {len(known)} inventories: {', '.join(known)}",
                why=("with more than one, a command never guesses which fleet is meant",),
                next_steps=(f"add -i NAME, or set {VARIABLE}",),
            )
        raise UsageError(
            f"no inventory in {Path(project_dir) / 'inventories'}",
            next_steps=("fleetdeploy init   (writes an annotated one)", "or name a file: -i PATH.yml"),
        )
    if wanted in known:
        return known[wanted]
    path = Path(wanted).expanduser()
    if path.suffix in _SUFFIXES or len(path.parts) > 1:
        for candidate in (path, Path(project_dir) / path):
            if candidate.is_file():
                return candidate
        raise UsageError(f"{asked_by}: there is no inventory file {wanted}", next_steps=did_you_mean(path.stem, known))
    raise UsageError(f"{asked_by}: there is no inventory {wanted!r}", next_steps=did_you_mean(wanted, known))
