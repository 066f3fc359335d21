"""Which versions there are on this machine, and what ``latest`` means: the highest that is no pre-release.

Only names of files are looked at; ``resolve.py`` reads them.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from fleetdeploy.documents import did_you_mean
from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model.project import ArtifactSource
from fleetdeploy.model.version import Version, is_safe_component

LATEST = "latest"
_TOKEN = "{version}"  # noqa: S105  no password: the placeholder in a path


def fill(pattern: str, version: str, project_dir: Path) -> Path:
    """The path of one version. ``version`` must be a safe component (checked by the callers)."""
    return project_dir / Path(pattern.replace(_TOKEN, version)).expanduser()


def list_versions(source: ArtifactSource, project_dir: Path | str) -> tuple[str, ...]:
    """Every version whose exe exists: semantic versions in their order, then other names."""
    first, *rest = str(Path(project_dir) / Path(source.path).expanduser()).split(_TOKEN)
    shape = re.escape(first) + r"(?P<version>[^/\\]+)" + "(?P=version)".join(re.escape(part) for part in rest)
    found: set[str] = set()
    for name in glob.glob("*".join(glob.escape(part) for part in (first, *rest))):
        match = re.fullmatch(shape, name)
        if match and is_safe_component(match["version"]) and Path(name).is_file():
            found.add(match["version"])
    return order(found)


def order(versions: Iterable[str]) -> tuple[str, ...]:
    """Semantic versions by precedence, other names behind them by name."""
    parsed = [(text, Version.parse(text)) for text in versions]
    known = sorted((version, text) for text, version in parsed if version is not None)
    return (*(text for _, text in known), *sorted(text for text, version in parsed if version is None))


def latest(versions: Iterable[str], where: str) -> str:
    """The highest version that is no pre-release.

    Raises:
        Refused: there is none, or two names mean the same version.
    """
    names = tuple(versions)
    stable = [v for text in names if (v := Version.parse(text)) is not None and not v.is_prerelease]
    if not stable:
        others = f" (there are {', '.join(names[-5:])}, which are pre-releases or no versions)" if names else ""
        raise Refused(f"there is no released version at {where}{others}", reason=RefusalReason.ARTIFACT)
    best = max(stable)
    same = sorted(version.text for version in stable if not version < best)
    if len(same) > 1:
        raise Refused(
            f"latest is ambiguous: {' and '.join(same)} have the same rank",
            reason=RefusalReason.ARTIFACT,
            next_steps=("name the one you mean",),
        )
    return best.text


def choose(source: ArtifactSource, wanted: str, project_dir: Path) -> str:
    """The version to use: ``latest`` resolved, another one checked to be a safe name whose exe exists.

    Raises:
        Refused: unsafe name or no such version.
    """
    if wanted == LATEST:
        return latest(list_versions(source, project_dir), source.path)
    if not is_safe_component(wanted):
        raise Refused(
            f"{wanted!r} cannot be a version: it becomes a folder name on every host",
            reason=RefusalReason.ARTIFACT,
            why=("allowed are letters, digits, . _ + - (63 at most), no device name such as CON",),
        )
    path = fill(source.path, wanted, project_dir)
    if not path.is_file():
        known = list_versions(source, project_dir)
        raise Refused(
            f"there is no version {wanted}: {path} does not exist",
            reason=RefusalReason.ARTIFACT,
            next_steps=did_you_mean(wanted, known) if known else (f"put the exe at {path}",),
        )
    return wanted
