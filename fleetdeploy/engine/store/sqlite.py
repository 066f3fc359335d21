"""The store in a SQLite file: WAL, readable by its owner only, and never a file that is no longer there.

A file that was deleted stays open and takes writes that nobody will ever read: every transaction first looks whether
the path still names the open file.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from fleetdeploy.engine.store.backend import Row, Tx
from fleetdeploy.engine.store.place import SqlitePlace
from fleetdeploy.engine.store.trouble import store_error
from fleetdeploy.errors import StoreError, StoreTrouble

_BUSY_S = 10.0
_TROUBLES = {
    sqlite3.SQLITE_FULL: StoreTrouble.FULL,
    sqlite3.SQLITE_BUSY: StoreTrouble.LOCKED,
    sqlite3.SQLITE_LOCKED: StoreTrouble.LOCKED,
    sqlite3.SQLITE_READONLY: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_PERM: StoreTrouble.READ_ONLY,
    sqlite3.SQLITE_CORRUPT: StoreTrouble.CORRUPT,
    sqlite3.SQLITE_NOTADB: StoreTrouble.CORRUPT,
}


class _SqliteTx:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def rows(self, sql: str, *values: object) -> list[Row]:
        cursor = self._db.execute(sql, values)
        try:
            return cursor.fetchall()
        finally:
            cursor.close()

    def change(self, sql: str, *values: object) -> int:
        cursor = self._db.execute(sql, values)
        try:
            return cursor.rowcount
        finally:
            cursor.close()

    def has_table(self, table: str) -> bool:
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type='table' AND name=?", table))

    def add_column(self, table: str, name: str, definition: str) -> None:
        if name not in {row[1] for row in self.rows(f"PRAGMA table_info({table})")}:
            self.change(f"ALTER TABLE {table} ADD COLUMN {name} {definition}")


class SqliteBackend:
    """See ``backend.Backend``."""

    id_column = "INTEGER PRIMARY KEY AUTOINCREMENT"

    def __init__(self, place: SqlitePlace, *, busy_s: float = _BUSY_S) -> None:
        self.path = place.path
        self.shown = place.shown
        self._lock = threading.RLock()
        self._file: tuple[int, int] | None = None
        with self._told():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # The file exists with its mode before SQLite writes a byte: events name hosts, accounts and people.
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(
                self.path or ":memory:", timeout=busy_s, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
            except sqlite3.Error:
                self._db.close()
                raise
            self._file = self._identity()

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with self._lock, self._told():
            self._still_there()
            yield _SqliteTx(self._db)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        with self._lock, self._told():
            self._still_there()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield _SqliteTx(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                raise

    def migration(self) -> AbstractContextManager[Tx]:
        return self.write()

    def _identity(self) -> tuple[int, int] | None:
        if self.path is None:
            return None
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def _still_there(self) -> None:
        try:
            found = self._identity()
        except FileNotFoundError:
            found = (0, 0)
        if found != self._file:
            raise store_error(StoreTrouble.GONE, self.shown)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error
        except UnicodeError:
            raise store_error(StoreTrouble.BROKEN, self.shown, "a text that is no valid Unicode") from None
        except OSError as error:
            trouble = StoreTrouble.FULL if self._no_room(error) else StoreTrouble.READ_ONLY
            raise store_error(trouble, self.shown, error.strerror or str(error)) from error

    def _error(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        trouble = _TROUBLES.get(code, StoreTrouble.BROKEN)
        if trouble in (StoreTrouble.BROKEN, StoreTrouble.READ_ONLY) and self._no_room(None):
            trouble = StoreTrouble.FULL  # without room for its side files SQLite speaks of an I/O error
        return store_error(trouble, self.shown, str(error))

    def _no_room(self, error: OSError | None) -> bool:
        import errno

        if error is not None:
            return error.errno in (errno.ENOSPC, errno.EDQUOT)
        try:
            return self.path is not None and shutil.disk_usage(self.path.parent).free < 64 * 1024
        except OSError:
            return False
