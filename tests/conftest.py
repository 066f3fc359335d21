"""What tests of several folders share. Nothing here runs unless a test asks for it."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer

# A test worker keeps thousands of syntax trees and tables alive: looking through them every 700 new objects took a
# fifth of its processor time. What is collected later is collected all the same.
gc.set_threshold(20_000, 20, 20)

# A shell starts its background jobs with SIGINT ignored, and so does nohup with SIGHUP: what is started from here would
# inherit that, and fleetdeploy lets what is ignored stay ignored. Tests that send signals mean them.
if threading.current_thread() is threading.main_thread():
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test worker."""
    server = PostgresServer()
    yield server
    server.close()
