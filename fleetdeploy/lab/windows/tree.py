"""Looking at the drives of a simulated host: what there is, under which name, how big.

Decides how a full path finds its node and which error a missing one is. Changes nothing: that is ``files.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import RLock

from . import blobs, paths
from .clock import Clock
from .effects import Effects
from .errors import FileError, FileErrorKind
from .nodes import Directory, Drive, File


@dataclass(frozen=True, slots=True)
class Info:
    """What a look at an item shows; times are UTC; ``length`` is 0 for a directory."""

    path: str
    name: str
    is_dir: bool
    length: int
    created: datetime
    modified: datetime
    attributes: int


class Tree:
    """The drives of a host and what lies on them, for looking only."""

    def __init__(
        self,
        clock: Clock,
        lock: RLock,
        effects: Effects,
        drives: dict[str, int],
        check_power: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._lock = lock
        self._effects = effects
        self._check_power = check_power
        now = clock.now()
        self.drives = {
            letter.upper(): Drive(letter.upper(), size, Directory("", now, now)) for letter, size in drives.items()
        }

    # ---- looking ---------------------------------------------------------------------------------------------------
    def _find(self, path: str) -> Directory | File | None:
        self._check_power()
        letter, parts = paths.split(path)
        drive = self.drives.get(letter)
        node: Directory | File | None = drive.root if drive else None
        for part in parts:
            node = node.children.get(part.lower()) if isinstance(node, Directory) else None
            if node is None:
                return None
        return node

    def _parent(self, path: str) -> Directory:
        letter, parts = paths.split(path)
        if not parts:
            raise FileError(FileErrorKind.DENIED, path)
        node = self._find(paths.parent(path))
        if letter not in self.drives or not isinstance(node, Directory):
            raise FileError(FileErrorKind.NO_DIRECTORY, path)
        return node

    def _file(self, path: str) -> File:
        node = self._find(path)
        if node is None:
            self._parent(path)
            raise FileError(FileErrorKind.NOT_FOUND, path)
        if isinstance(node, Directory):
            raise FileError(FileErrorKind.DENIED, path)
        return node

    def is_file(self, path: str) -> bool:
        with self._lock:
            return isinstance(self._find(path), File)

    def is_dir(self, path: str) -> bool:
        with self._lock:
            return isinstance(self._find(path), Directory)

    def exists(self, path: str) -> bool:
        with self._lock:
            return self._find(path) is not None

    def true_path(self, path: str) -> str:
        """The path with the names as they are stored; parts that do not exist stay as given."""
        with self._lock:
            letter, parts = paths.split(path)
            drive = self.drives.get(letter)
            node: Directory | File | None = drive.root if drive else None
            out = []
            for part in parts:
                node = node.children.get(part.lower()) if isinstance(node, Directory) else None
                out.append(node.name if node is not None else part)
            return f"{letter}:\\" + "\\".join(out)

    def _info(self, path: str, node: Directory | File) -> Info:
        is_dir = isinstance(node, Directory)
        length = 0 if isinstance(node, Directory) else node.length
        return Info(path, node.name or path, is_dir, length, node.created, node.modified, node.attributes)

    def stat(self, path: str) -> Info:
        with self._lock:
            node = self._find(path)
            if node is None:
                self._parent(path)
                raise FileError(FileErrorKind.NOT_FOUND, path)
            return self._info(self.true_path(path), node)

    def list(self, path: str) -> list[Info]:
        """What lies in a directory, in NTFS order (by upper-case name)."""
        with self._lock:
            node = self._find(path)
            if node is None:
                raise FileError(FileErrorKind.NO_DIRECTORY, path)
            if isinstance(node, File):
                raise FileError(FileErrorKind.IS_A_FILE, path)
            base = self.true_path(path).rstrip("\\")
            ordered = sorted(node.children.values(), key=lambda n: n.name.upper())
            return [self._info(f"{base}\\{child.name}", child) for child in ordered]

    def blob(self, path: str) -> blobs.Blob:
        """The content as a shared Blob: for hashing and for reading an exe; ignores sharing."""
        with self._lock:
            return self._file(path).freeze()

    def sha256(self, path: str) -> str:
        """The SHA-256 of the content, lower-case hex."""
        return self.blob(path).sha256
