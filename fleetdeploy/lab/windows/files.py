"""Drives and files of one simulated host: what System.IO and the item cmdlets stand on.

Decides existence, sharing, in-use locking (a running exe can be renamed, not overwritten or deleted), space, times.
Names compare without case and keep theirs. Must not know PowerShell providers or wildcards. Every path given must be
full (see ``paths.full_path``). Failures are ``FileError``. Look next: ``nodes.py`` (handles), ``blobs.py`` (contents).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from threading import RLock

from fleetdeploy.lab.errors import NotSimulated

from . import blobs, paths
from .clock import Clock
from .effects import Effects
from .errors import FileError, FileErrorKind
from .nodes import ARCHIVE, DIRECTORY, READ_ONLY, Access, Directory, File, FileHandle, Share
from .ownership import current_owner
from .tree import Info, Tree

__all__ = ["MODES", "Access", "FileHandle", "FileSystem", "Info", "Share"]
MODES = ("CreateNew", "Create", "Open", "OpenOrCreate", "Truncate", "Append")


class FileSystem(Tree):
    """All drives of a host. ``on_written(path)`` listeners hear of each closed writer and each rename of a file."""

    def __init__(
        self,
        clock: Clock,
        lock: RLock,
        effects: Effects,
        drives: dict[str, int],
        check_power: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock, lock, effects, drives, check_power)
        self._open: set[FileHandle] = set()
        self.on_written: list[Callable[[str], None]] = []

    # ---- opening ---------------------------------------------------------------------------------------------------
    def open(
        self,
        path: str,
        mode: str = "Open",
        access: Access = Access.READ,
        share: Share = Share.READ,
        *,
        owner: Hashable = None,
    ) -> FileHandle:
        """As ``new FileStream(path, mode, access, share)``. It belongs to ``owner`` (default: who is acting)."""
        if mode not in MODES:
            raise ValueError(mode)
        with self._lock:
            folder = self._parent(path)
            key = paths.name(path).lower()
            node = folder.children.get(key)
            if isinstance(node, Directory):
                raise FileError(FileErrorKind.DENIED, path)
            if node is None:
                if mode in ("Open", "Truncate"):
                    raise FileError(FileErrorKind.NOT_FOUND, path)
                now = self._clock.now()
                drive = self.drives[path[0].upper()]
                node = File(paths.name(path), now, now, drive)
                folder.children[key] = node
                folder.modified = now
                fresh = True
            else:
                if mode == "CreateNew":
                    raise FileError(FileErrorKind.EXISTS, path)
                if node.attributes & READ_ONLY and access & Access.WRITE:
                    raise FileError(FileErrorKind.DENIED, path)
                if not node.allows(access, share):
                    raise FileError(FileErrorKind.SHARING, path)
                fresh = False
            handle = FileHandle(
                node, self.true_path(path), access, share, owner or current_owner(), self._lock, self._closed
            )
            node.handles.append(handle)
            self._open.add(handle)
            handle.dirty = fresh
            if mode in ("Create", "Truncate") and not fresh:
                handle.set_length(0)
            if mode == "Append":
                handle.position = handle.append_from = node.length
            return handle

    def _closed(self, handle: FileHandle) -> None:
        self._open.discard(handle)
        file = handle.file
        file.handles.remove(handle)
        if handle.dirty:
            if file.buffer is not None and not any(h.access & Access.WRITE for h in file.handles):
                file.blob, file.buffer = blobs.intern(file.buffer), None
            if not file.deleted:
                file.modified = self._clock.now()
                file.attributes |= ARCHIVE
                self._effects.add("write", handle.path)
                self._tell(handle.path)
        if file.deleted and not file.handles:
            file.drive.charge(-file.length, handle.path)

    def _tell(self, path: str) -> None:
        for listener in tuple(self.on_written):
            listener(path)

    def release(self, owner: Hashable) -> None:
        """Close all that ``owner`` left open."""
        with self._lock:
            for handle in [h for h in self._open if h.owner == owner]:
                handle.close()

    def release_all(self) -> None:
        """Power off."""
        with self._lock:
            for handle in tuple(self._open):
                handle.close()

    def read_bytes(self, path: str) -> bytes:
        handle = self.open(path)
        try:
            return handle.file.freeze().data if handle.file.buffer is None else handle.read()
        finally:
            handle.close()

    def write_bytes(self, path: str, data: bytes | bytearray) -> None:
        handle = self.open(path, "Create", Access.WRITE, Share.READ)
        try:
            handle.write(data)
        finally:
            handle.close()

    def put(self, path: str, blob: blobs.Blob) -> None:
        """Place a file as part of the scenery: makes directories, shares the content, counts no effect."""
        with self._lock:
            self.mkdir(paths.parent(path))
            folder = self._parent(path)
            now = self._clock.now()
            drive = self.drives[path[0].upper()]
            old = folder.children.get(paths.name(path).lower())
            drive.charge(len(blob.data) - (old.length if isinstance(old, File) else 0), path)
            folder.children[paths.name(path).lower()] = File(paths.name(path), now, now, drive, blob)

    # ---- changing the tree -----------------------------------------------------------------------------------------
    def mkdir(self, path: str) -> Info:
        """A directory and all its parents; one that exists is fine."""
        with self._lock:
            self._check_power()
            letter, parts = paths.split(path)
            if letter not in self.drives:
                raise FileError(FileErrorKind.NO_DIRECTORY, path)
            paths.check_directory_length(path)
            node: Directory | File = self.drives[letter].root
            for part in parts:
                assert isinstance(node, Directory)  # noqa: S101 - the loop refuses files below
                child = node.children.get(part.lower())
                if isinstance(child, File):
                    raise FileError(FileErrorKind.MOVE_EXISTS, path)
                if child is None:
                    now = self._clock.now()
                    child = node.children[part.lower()] = Directory(part, now, now)
                    node.modified = now
                node = child
            return self._info(self.true_path(path), node)

    def _deletable(self, path: str, file: File) -> None:
        if file.attributes & READ_ONLY or file.images:
            raise FileError(FileErrorKind.DENIED, path)
        if not file.allows_delete():
            raise FileError(FileErrorKind.SHARING, path)

    def _unlink(self, folder: Directory, path: str, file: File) -> None:
        del folder.children[file.name.lower()]
        folder.modified = self._clock.now()
        file.deleted = True
        if not file.handles:
            file.drive.charge(-file.length, path)
        self._effects.add("delete", path)

    def delete(self, path: str) -> None:
        """Delete a file; one that is not there is fine, as with File.Delete."""
        with self._lock:
            folder = self._parent(path)
            node = folder.children.get(paths.name(path).lower())
            if node is None:
                return
            if isinstance(node, Directory):
                raise FileError(FileErrorKind.DENIED, path)
            self._deletable(path, node)
            self._unlink(folder, path, node)

    def rmdir(self, path: str, *, recursive: bool = False) -> None:
        """Delete a directory; recursively, it stops at the first item that cannot go (what went is gone)."""
        with self._lock:
            folder = self._parent(path)
            node = self._find(path)
            if node is None:
                raise FileError(FileErrorKind.NO_DIRECTORY, path)
            if isinstance(node, File):
                raise FileError(FileErrorKind.IS_A_FILE, path)
            if node.children and not recursive:
                raise FileError(FileErrorKind.NOT_EMPTY, path)
            for child in sorted(node.children.values(), key=lambda n: n.name.upper()):
                inner = f"{path.rstrip(chr(92))}\\{child.name}"
                if isinstance(child, Directory):
                    self.rmdir(inner, recursive=True)
                else:
                    self._deletable(inner, child)
                    self._unlink(node, inner, child)
            del folder.children[node.name.lower()]
            folder.modified = self._clock.now()

    def _busy_below(self, node: Directory | File) -> bool:
        if isinstance(node, File):
            return bool(node.handles or node.images)
        return any(self._busy_below(child) for child in node.children.values())

    def move(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Rename or move a file or a directory on one drive (files also across drives)."""
        with self._lock:
            node = self._find(source)
            if node is None:
                self._parent(source)
                raise FileError(FileErrorKind.NOT_FOUND, source)
            folder, other = self._parent(source), self._parent(target)
            if isinstance(node, Directory):
                if source[0].upper() != target[0].upper():
                    raise FileError(FileErrorKind.OTHER_VOLUME, source)
                if self._busy_below(node):
                    raise FileError(FileErrorKind.DENIED_DIRECTORY, source)
            elif not node.allows_delete():
                raise FileError(FileErrorKind.SHARING_UNNAMED, source)
            old = other.children.get(paths.name(target).lower())
            if old is not None and old is not node:
                if not overwrite or isinstance(old, Directory) or isinstance(node, Directory):
                    raise FileError(FileErrorKind.MOVE_EXISTS, target)
                self._deletable(target, old)
                self._unlink(other, target, old)
            if isinstance(node, File) and source[0].upper() != target[0].upper():
                if node.images:
                    raise FileError(FileErrorKind.DENIED, source)
                drive = self.drives[target[0].upper()]
                drive.charge(node.length, target)
                node.drive.charge(-node.length, source)
                node.drive = drive
            del folder.children[node.name.lower()]
            node.name = paths.name(target)
            other.children[node.name.lower()] = node
            folder.modified = other.modified = self._clock.now()
            self._effects.add("move", target)
            if isinstance(node, File):
                self._tell(target)

    def copy(self, source: str, target: str, *, overwrite: bool = False) -> None:
        with self._lock:
            data = self.open(source)
            try:
                if not overwrite and self.exists(target):
                    raise FileError(FileErrorKind.EXISTS, target)
                out = self.open(target, "Create" if overwrite else "CreateNew", Access.WRITE, Share.NONE)
                try:
                    out.write(data.file.content())
                finally:
                    out.close()
                copied = self._file(target)
                copied.modified, copied.attributes = data.file.modified, data.file.attributes
            finally:
                data.close()

    def replace(self, source: str, target: str, backup: str | None) -> None:
        """As ``File.Replace``: target gets source's content, keeps its creation time; its old self becomes backup."""
        with self._lock:
            new, old = self._file(source), self._file(target)
            if len({p[0].upper() for p in (source, target, backup or target)}) > 1:
                raise FileError(FileErrorKind.OTHER_VOLUME, source)
            if old.images or new.images:
                raise NotSimulated("File.Replace on a running program")
            if (old.attributes | new.attributes) & READ_ONLY:
                raise FileError(FileErrorKind.DENIED, target)
            if not old.allows_delete() or not new.allows_delete():
                raise FileError(FileErrorKind.SHARING_UNNAMED, target)
            source_dir, target_dir = self._parent(source), self._parent(target)
            if backup is not None:
                backup_dir = self._parent(backup)
                previous = backup_dir.children.get(paths.name(backup).lower())
                if isinstance(previous, Directory):
                    raise FileError(FileErrorKind.DENIED, backup)
                if previous is not None:
                    self._deletable(backup, previous)
                    self._unlink(backup_dir, backup, previous)
            created, name, attributes = old.created, old.name, old.attributes
            if backup is None:
                self._unlink(target_dir, target, old)
            else:
                del target_dir.children[name.lower()]
                old.name = paths.name(backup)
                backup_dir.children[old.name.lower()] = old
            del source_dir.children[new.name.lower()]
            new.name, new.created, new.attributes = name, created, attributes
            target_dir.children[name.lower()] = new
            self._effects.add("write", target)
            self._tell(target)

    def set_attributes(self, path: str, attributes: int) -> None:
        with self._lock:
            node = self._find(path)
            if node is None:
                raise FileError(FileErrorKind.NOT_FOUND, path)
            node.attributes = (attributes | DIRECTORY) if isinstance(node, Directory) else attributes & ~DIRECTORY

    def set_times(self, path: str, *, created: datetime | None = None, modified: datetime | None = None) -> None:
        with self._lock:
            node = self._find(path)
            if node is None:
                raise FileError(FileErrorKind.NOT_FOUND, path)
            node.created = created or node.created
            node.modified = modified or node.modified

    # ---- programs --------------------------------------------------------------------------------------------------
    def hold_image(self, path: str) -> File:
        """A process runs this file from now on; give the answer to ``drop_image`` when it has ended."""
        with self._lock:
            file = self._file(path)
            if any(not h.share & Share.READ or h.access & Access.WRITE for h in file.handles):
                raise FileError(FileErrorKind.SHARING, path)
            file.images += 1
            return file

    def drop_image(self, file: File) -> None:
        with self._lock:
            file.images -= 1
