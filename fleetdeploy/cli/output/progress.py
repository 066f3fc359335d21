"""Shows that something takes time: a spinner on a terminal, a line at the start and every 30 s elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fleetdeploy.cli.output.safe import safe

HEARTBEAT_S = 30.0


@contextmanager
def ticking(what: str, output: str) -> Iterator[Callable[[], None]]:
    """Gives a function that may be called often. Writes to stderr, so that stdout stays what was asked for."""
    if output == "json":
        yield lambda: None
        return
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status(Text(safe(what))):
            yield lambda: None
        return
    began = last = time.monotonic()

    def tick() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= HEARTBEAT_S:
            last = now
            sys.stderr.write(f"{safe(what)} ... {now - began:.0f} s\n")

    yield tick
