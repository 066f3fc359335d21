"""``v1.4.2`` or ``latest`` → a verified ``Artifact``: files, their hashes as promised, and the exe's build info.

Refuses before any host is touched: no such version, no checksum, a hash that differs, a file that is no Windows
program. Whether the hosts can run it is decided in ``guards.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

from fleetdeploy.artifacts.find import choose, fill
from fleetdeploy.artifacts.hashes import expected_hash, hash_file, read_sums
from fleetdeploy.artifacts.pe import read_build_info
from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model.artifact import Artifact, FileEntry, Manifest
from fleetdeploy.model.project import ArtifactSource

SUM_FILES = ("SHA256SUMS", "SHA256SUMS.txt", "checksums.txt")
MAX_FILES = 5_000
_BAD_PART = re.compile(
    r"[<>:\"|?*\x00-\x1f\\]|[. ]$|^$|^\.{1,2}$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE
)


def resolve(source: ArtifactSource, wanted: str, project_dir: Path | str, *, exe: str | None = None) -> Artifact:
    """Find a version and verify it.

    Args:
        source: where versions lie.
        wanted: a version's name, or ``latest``.
        project_dir: where relative paths start.
        exe: name of the service's exe inside the artifact (``app.exe``); the file's own name if None.

    Raises:
        Refused: see the module's text.
    """
    base = Path(project_dir)
    version = choose(source, wanted, base)
    path = fill(source.path, version, base)
    exe = exe or path.name
    if source.verify == "manifest" and source.manifest is not None:
        manifest, paths = _from_manifest(fill(source.manifest, version, base), path, exe)
    else:
        manifest, paths = _single(source, version, base, path, exe)
    return Artifact(version, manifest, read_build_info(path), exe, paths)


def _single(source: ArtifactSource, version: str, base: Path, path: Path, exe: str) -> tuple[Manifest, dict[str, str]]:
    actual, size = hash_file(path)
    if source.verify != "none":
        sums = fill(source.sha256, version, base) if source.sha256 else _beside(path)
        _compare(path, expected_hash(sums, path), actual, sums)
    return Manifest((FileEntry(exe, actual, size),)), {exe: str(path)}


def _beside(path: Path) -> Path:
    """``<exe>.sha256``, else a list of sums in the same folder."""
    candidates = [path.with_name(path.name + ".sha256"), *(path.parent / name for name in SUM_FILES)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise Refused(
        f"there is no checksum for {path}",
        reason=RefusalReason.ARTIFACT,
        why=(f"looked for {', '.join(c.name for c in candidates)} in {path.parent}",),
        next_steps=(
            f"in the build:  sha256sum {path.name} > {path.name}.sha256",
            "or, to go without: artifacts.sha256: none",
        ),
    )


def _compare(path: Path, expected: str, actual: str, sums: Path) -> None:
    if expected != actual:
        raise Refused(
            f"{path} is not the file that {sums.name} promises",
            reason=RefusalReason.ARTIFACT,
            why=(f"expected SHA-256 {expected}", f"found    SHA-256 {actual}", "a torn download, or another build"),
            next_steps=("fetch or build this version again",),
        )


def _from_manifest(sums: Path, exe_path: Path, exe: str) -> tuple[Manifest, dict[str, str]]:
    entries: list[FileEntry] = []
    paths: dict[str, str] = {}
    seen: set[str] = set()
    lines = read_sums(sums)
    if len(lines) > MAX_FILES:
        raise Refused(f"{sums} names {len(lines)} files, more than {MAX_FILES}", reason=RefusalReason.ARTIFACT)
    for name, expected in lines:
        if not name or name.startswith("/") or len(name) > 150 or any(_BAD_PART.search(p) for p in name.split("/")):
            raise Refused(
                f"{sums}: {name!r} cannot be a file of a release",
                reason=RefusalReason.ARTIFACT,
                why=("names are relative to the manifest, below it, and valid on Windows (150 characters at most)",),
            )
        if name.lower() in seen:
            raise Refused(f"{sums} names {name} twice (case does not matter on Windows)", reason=RefusalReason.ARTIFACT)
        seen.add(name.lower())
        local = sums.parent / name
        actual, size = hash_file(local)
        _compare(local, expected, actual, sums)
        entries.append(FileEntry(name, actual, size))
        paths[name] = str(local)
    if exe not in paths:
        raise Refused(
            f"{sums} does not name {exe}, the exe of the service",
            reason=RefusalReason.ARTIFACT,
            next_steps=("set app.exe to its path inside the artifact, or add it to the manifest",),
        )
    if Path(paths[exe]).resolve() != exe_path.resolve():
        raise Refused(
            f"artifacts.path names {exe_path}, but the manifest's {exe} is {paths[exe]}",
            reason=RefusalReason.ARTIFACT,
            next_steps=("let both name the same file",),
        )
    return Manifest(tuple(sorted(entries, key=lambda entry: entry.path))), paths
