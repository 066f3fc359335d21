"""Directories, files and open handles of a simulated volume.

Decides what a handle may do and who may share a file with whom (CreateFile's sharing rules). Must not resolve paths:
``files.py`` does, and takes the host's lock around every call into here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from threading import RLock

from . import blobs
from .blobs import Blob
from .errors import FileError, FileErrorKind


class Access(IntFlag):
    READ = 1
    WRITE = 2


class Share(IntFlag):
    """Numbers as in System.IO.FileShare."""

    NONE = 0
    READ = 1
    WRITE = 2
    READ_WRITE = 3
    DELETE = 4


READ_ONLY, HIDDEN, SYSTEM, DIRECTORY, ARCHIVE, NORMAL = 1, 2, 4, 16, 32, 128


@dataclass(slots=True, eq=False)
class Drive:
    """One volume: its size, what the files use; ``is_full``, ``refuses(path)``, ``grew(path, size)`` ask for faults."""

    letter: str
    size: int
    root: Directory
    label: str = ""
    used: int = 0
    forced_full: bool = False
    is_full: Callable[[], bool] = lambda: False
    refuses: Callable[[str], bool] = lambda _: False
    grew: Callable[[str, int], None] = lambda path, size: None

    @property
    def free(self) -> int:
        return 0 if self.forced_full or self.is_full() else max(self.size - self.used, 0)

    def charge(self, delta: int, path: str) -> None:
        """Take ``delta`` more bytes, or give them back."""
        if delta > 0 and (self.refuses(path) or delta > self.free):
            raise FileError(FileErrorKind.DISK_FULL, path)
        self.used += delta


@dataclass(slots=True, eq=False)
class Directory:
    name: str
    created: datetime
    modified: datetime
    attributes: int = DIRECTORY
    children: dict[str, Directory | File] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class File:
    """A file; ``images`` counts processes that run it; ``buffer`` is there only while someone writes."""

    name: str
    created: datetime
    modified: datetime
    drive: Drive
    blob: Blob = blobs.EMPTY
    buffer: bytearray | None = None
    attributes: int = ARCHIVE
    images: int = 0
    handles: list[FileHandle] = field(default_factory=list)
    deleted: bool = False

    @property
    def length(self) -> int:
        return len(self.blob.data) if self.buffer is None else len(self.buffer)

    def content(self) -> bytes | bytearray:
        return self.blob.data if self.buffer is None else self.buffer

    def freeze(self) -> Blob:
        """The present content as a Blob (hashes it if it has changed)."""
        return self.blob if self.buffer is None else blobs.intern(self.buffer)

    def allows(self, access: Access, share: Share) -> bool:
        """Whether one more opener with these wishes gets on with those who have it open."""
        if access & Access.WRITE and self.images:
            return False
        return all(_fits(access, h.share) and _fits(h.access, share) for h in self.handles)

    def allows_delete(self) -> bool:
        return all(h.share & Share.DELETE for h in self.handles)


def _fits(access: Access, share: Share) -> bool:
    return not (access & Access.READ and not share & Share.READ) and not (
        access & Access.WRITE and not share & Share.WRITE
    )


class FileHandle:
    """An open file: position, reading, writing. Closing twice is harmless. Thread-safe through the host's lock."""

    def __init__(
        self,
        file: File,
        path: str,
        access: Access,
        share: Share,
        owner: Hashable,
        lock: RLock,
        on_close: Callable[[FileHandle], None],
    ) -> None:
        self.file = file
        self.path = path
        self.access = access
        self.share = share
        self.owner = owner
        self.position = 0
        self.append_from: int | None = None
        self.dirty = False
        self.closed = False
        self._lock = lock
        self._on_close = on_close

    @property
    def length(self) -> int:
        return self.file.length

    def _check(self, access: Access) -> None:
        if self.closed:
            raise FileError(FileErrorKind.CLOSED, self.path)
        if not self.access & access:
            raise FileError(FileErrorKind.NO_READ if access is Access.READ else FileErrorKind.NO_WRITE, self.path)

    def read(self, count: int = -1) -> bytes:
        """Up to ``count`` bytes from the position; everything with -1; empty at the end."""
        with self._lock:
            self._check(Access.READ)
            end = self.file.length if count < 0 else min(self.position + count, self.file.length)
            data = bytes(memoryview(self.file.content())[self.position : end]) if end > self.position else b""
            self.position += len(data)
            return data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        with self._lock:
            self._check(Access.WRITE)
            end = self.position + len(data)
            self._resize(max(end, self.file.length))
            buffer = self.file.buffer
            if buffer is not None and len(data):
                buffer[self.position : end] = data
            self.position = end
            self.file.drive.grew(self.path, self.file.length)

    def set_length(self, length: int) -> None:
        with self._lock:
            self._check(Access.WRITE)
            self._resize(length)
            self.position = min(self.position, length)

    def _resize(self, length: int) -> None:
        file = self.file
        file.drive.charge(length - file.length, self.path)
        if file.buffer is None:
            file.buffer = bytearray(file.blob.data)
        if length > len(file.buffer):
            file.buffer.extend(bytes(length - len(file.buffer)))
        else:
            del file.buffer[length:]
        self.dirty = True

    def flush(self) -> None:
        """Nothing is cached: what is written can be read by others at once."""
        if self.closed:
            raise FileError(FileErrorKind.CLOSED, self.path)

    def close(self) -> None:
        with self._lock:
            if self.closed:
                return
            self.closed = True
            self._on_close(self)
