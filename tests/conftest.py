"""What tests of several folders share. Nothing here runs unless a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test worker."""
    server = PostgresServer()
    yield server
    server.close()
