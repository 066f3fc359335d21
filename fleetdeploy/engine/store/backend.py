"""What a backend is: transactions that run SQL with ``?`` for values and raise only ``StoreError``.

The SQL is written once (``../journal.py``, ``side_tables.py``, ``schema.py``) in words that SQLite and PostgreSQL
share; what differs is in the two backends.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]


class Tx(Protocol):
    """One transaction."""

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Run it and give back all rows."""
        ...

    def change(self, sql: str, *values: object) -> int:
        """Run it and give back how many rows it touched."""
        ...

    def has_table(self, table: str) -> bool:
        """True if there is such a table."""
        ...

    def add_column(self, table: str, name: str, definition: str) -> None:
        """Add a column if it is not there yet."""
        ...


class Backend(Protocol):
    """One open store; any thread may use it, one transaction at a time."""

    shown: str
    id_column: str  # definition of a column that numbers its rows by itself

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that only reads."""
        ...

    def write(self) -> AbstractContextManager[Tx]:
        """A transaction that may write; done whole or not at all. Nothing else writes the same rows meanwhile."""
        ...

    def migration(self) -> AbstractContextManager[Tx]:
        """The same, and nobody else migrates meanwhile."""
        ...

    def close(self) -> None:
        """Close it; a second time does nothing."""
        ...
