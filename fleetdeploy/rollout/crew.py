"""The conductor's hands: gives tasks to the workers and takes their messages, in the conductor's one thread.

Stops the whole conductor when a host says "stale" (protocol.md rule 7). While it waits it keeps the log alive and
hands requests to the desk (``commands.py``). Knows nothing of batches or phases.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from fleetdeploy.engine.executor import BEAT_TAG, CancelledTask, Done, Task, Told, Tools, Workers
from fleetdeploy.errors import HostError, Stale
from fleetdeploy.model.events import Event
from fleetdeploy.rollout.book import Book, TakenOver
from fleetdeploy.rollout.commands import Desk
from fleetdeploy.rollout.ports import HostPort

_REQUESTS_EVERY_S = 0.5
_CHANGING = frozenset({"forward", "back"})


class Crew:
    """Workers and the messages from them."""

    def __init__(self, book: Book, workers: Workers[HostPort]) -> None:
        self.book = book
        self.workers = workers
        self.on_told: Callable[[str, Any], None] = lambda host, message: None
        self.desk = Desk(book)
        self._backlog: deque[Done] = deque()
        self._asked_at = 0.0

    def submit(self, host: str, tag: str, task: Task[HostPort]) -> None:
        """Give a task to a host's worker."""
        self.workers.submit(host, tag, task)

    def tick(self) -> None:
        """What has to be done about once a second, whatever else is going on."""
        self.book.heartbeat()
        now = time.monotonic()
        if now - self._asked_at >= _REQUESTS_EVERY_S:
            self._asked_at = now
            requests = self.book.ports.log.take_requests(self.book.run.id)
            if requests:
                self.desk.take(requests, frozenset(host for host, tag in self.workers.busy if tag in _CHANGING))

    def pump(self, timeout_s: float = 0.5, tags: frozenset[str] | None = None) -> Done | None:
        """The next finished task (with one of ``tags``; others are kept for later), None if there was none in time.

        Raises:
            TakenOver: a host holds another conductor's token.
        """
        for done in tuple(self._backlog):
            if tags is None or done.tag in tags:
                self._backlog.remove(done)
                return done
        self.tick()
        message = self.workers.next(timeout_s)
        match message:
            case None:
                return None
            case Told(host, event) if isinstance(event, Event):
                self.book.say(event)
                return None
            case Told(host, other):
                self.on_told(host, other)
                return None
            case Done(host, tag, _, error):
                self._check(host, error)
                if tag == BEAT_TAG:
                    return None  # a beat that did not arrive: the TTL bears two of them
                if tags is not None and tag not in tags:
                    self._backlog.append(message)
                    return None
                return message

    def _check(self, host: str, error: BaseException | None) -> None:
        if isinstance(error, Stale):
            by = error.taken_over_by or "another conductor"
            by += f", who ended it as {error.outcome.replace('_', ' ')}" if error.outcome else ""
            raise TakenOver(
                f"{host}: taken over by {by}: {error.what}",
                next_steps=("fleetdeploy status",),
            ) from error
        if error is not None and not isinstance(error, (HostError, CancelledTask)):
            raise error

    def each(
        self, hosts: Iterable[str], tag: str, make: Callable[[str], Task[HostPort]], patience_s: float = math.inf
    ) -> dict[str, Any]:
        """Run a task on every host at once; values, or the ``HostError``, by name.

        After ``patience_s`` without an answer from any of them, those that have not answered are missing. Their tasks
        go on, each host's next one waits for its end, and ``drain`` waits for all of them.
        """
        names = tuple(hosts)
        for name in names:
            self.submit(name, tag, make(name))
        results: dict[str, Any] = {}
        only = frozenset({tag})
        heard = time.monotonic()
        while len(results) < len(names) and time.monotonic() - heard < patience_s:
            done = self.pump(tags=only)
            if done is not None:
                heard = time.monotonic()
                results[done.host] = done.value if done.error is None else done.error
        return {name: results[name] for name in names if name in results}

    def one(self, host: str, tag: str, task: Task[HostPort]) -> Any:
        """Run a task on one host; its value or its ``HostError``."""
        return self.each((host,), tag, lambda _: task)[host]

    def drain(self, tags: frozenset[str]) -> list[Done]:
        """Wait for everything with these tags that is under way."""
        out: list[Done] = []
        while any(tag in tags for _, tag in self.workers.busy) or any(d.tag in tags for d in self._backlog):
            done = self.pump(tags=tags)
            if done is not None:
                out.append(done)
        return out


def beating(book: Book, tools: Tools[HostPort], name: str) -> None:
    """From now on this host gets signs of life, with whatever token is in force when they are given."""
    tools.heartbeat.start(lambda: tools.resource.beat(book.claim(name)))
