"""What tests of several folders share. Nothing here runs unless a test asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer

# A test worker keeps thousands of syntax trees and tables alive: looking through them every 700 new objects took a
# fifth of its processor time. What is collected later is collected all the same.
gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test worker."""
    server = PostgresServer()
    yield server
    server.close()
