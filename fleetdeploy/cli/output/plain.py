"""Draws a running rollout as lines with a time, for CI logs and pipes; and as NDJSON for ``--output json``."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from fleetdeploy.cli.output.render import to_json
from fleetdeploy.cli.output.safe import safe
from fleetdeploy.cli.output.wording import sentences
from fleetdeploy.cli.retype import retyped
from fleetdeploy.model import events as ev


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PlainReporter:
    """One line an event, flushed at once; safe to be called from several threads."""

    def __init__(self, write: Callable[[str], object] | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self._write = write or sys.stdout.write
        self._now = now
        self._lock = threading.Lock()

    def report(self, event: ev.Event) -> None:
        """Prints the event's sentences."""
        stamp = self._now().strftime("%H:%M:%SZ")
        with self._lock:
            for line in sentences(event):
                self._write(f"{stamp} {retyped(safe(line))}\n")
            sys.stdout.flush()

    def close(self) -> None:
        """Nothing to put away."""


class JsonReporter:
    """One JSON object a line: ``event``, ``at`` (UTC, ISO 8601) and the event's own fields."""

    def __init__(self, write: Callable[[str], object] | None = None, now: Callable[[], datetime] = _utc_now) -> None:
        self._write = write or sys.stdout.write
        self._now = now
        self._lock = threading.Lock()

    def report(self, event: ev.Event) -> None:
        """Prints the event as one line."""
        data = event.to_json()
        if "next_steps" in data:
            data["next_steps"] = [retyped(step) for step in data["next_steps"]]
        line = to_json({"event": data.pop("event"), "at": self._now().isoformat(timespec="milliseconds"), **data})
        with self._lock:
            self._write(line + "\n")
            sys.stdout.flush()

    def close(self) -> None:
        """Nothing to put away."""
