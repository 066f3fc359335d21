"""What is deployed: files with their hashes (manifest), what the exe says of itself, and its place on a host."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: path relative to the release folder (with ``/``), SHA-256 in lower-case hex, size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of one version, sorted by path. A single exe is a manifest of one line."""

    files: tuple[FileEntry, ...]

    @property
    def sha256(self) -> str:
        """Hash of the lines ``<sha256>  <path>``: the identity of an artifact."""
        text = "".join(f"{f.sha256}  {f.path}\n" for f in self.files)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What a Go exe says of itself (facts: Go build info), ``machine`` from the PE header (amd64, arm64, 386)."""

    machine: str
    go_version: str = ""
    path: str = ""
    module_version: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def vcs_modified(self) -> bool:
        """True if it was built from a dirty work tree."""
        return self.settings.get("vcs.modified") == "true"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A version found, verified and readable on this machine. ``exe`` is the manifest path of the service's exe."""

    version: str
    manifest: Manifest
    build: BuildInfo
    exe: str
    local_paths: Mapping[str, str] = field(default_factory=dict)

    @property
    def release_name(self) -> str:
        """Folder name on a host: ``<version>-<first 8 of the manifest's hash>``."""
        return f"{self.version}-{self.manifest.sha256[:8]}"

    @property
    def exe_sha256(self) -> str:
        """SHA-256 of the service's exe."""
        return next(f.sha256 for f in self.manifest.files if f.path == self.exe)
