"""Who runs host tasks: here local threads, one worker per host that owns the host's session; the seam for a task queue.

A task gets its worker's resource (the session) and a ``tell`` for progress; results and progress come back through
one queue to the one conductor thread. Never a bare ``with ThreadPoolExecutor``: its exit waits for running tasks
without a word, and a host verb must not be waited for when a second signal wants out. Workers are daemons. Knows
neither Windows nor plans.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fleetdeploy.engine.heartbeat import Heartbeat

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Told:
    """Progress of a task that is still running."""

    host: str
    message: Any


@dataclass(frozen=True, slots=True)
class Done:
    """A task has ended: ``value``, or what it raised. ``tag`` is what the submitter called it."""

    host: str
    tag: str
    value: Any = None
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Tools(Generic[R]):
    """What a task works with."""

    host: str
    resource: R
    tell: Callable[[Any], None]
    pulse: Callable[[], None]
    heartbeat: Heartbeat
    cancelled: threading.Event


Task = Callable[[Tools[R]], Any]
BEAT_TAG = "beat"


class Workers(Generic[R]):
    """Workers by name. ``connect`` makes a worker's resource, in the worker's own thread, at its first task."""

    def __init__(
        self,
        connect: Callable[[str], R],
        *,
        parallel: int,
        beat_interval_s: float,
        dispose: Callable[[R], None] | None = None,
    ) -> None:
        self._connect = connect
        self._dispose = dispose
        self._slots = threading.BoundedSemaphore(max(parallel, 1))
        self._beat_interval_s = beat_interval_s
        self._out: queue.SimpleQueue[Told | Done] = queue.SimpleQueue()
        self._workers: dict[str, _Worker[R]] = {}
        self._pending: dict[tuple[str, str], int] = {}

    def submit(self, host: str, tag: str, task: Task[R]) -> None:
        """Run ``task`` on the host's worker, after what was submitted before."""
        worker = self._workers.get(host)
        if worker is None:
            worker = _Worker(
                host, self._connect, self._dispose, self._slots, self._out, Heartbeat(self._beat_interval_s)
            )
            self._workers[host] = worker
        self._pending[(host, tag)] = self._pending.get((host, tag), 0) + 1
        worker.left = False
        worker.inbox.put((tag, task))

    def next(self, timeout_s: float) -> Told | Done | None:
        """The next message, None if nothing came in time."""
        try:
            message = self._out.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(message, Done) and (message.host, message.tag) in self._pending:
            left = self._pending.pop((message.host, message.tag)) - 1
            if left:
                self._pending[(message.host, message.tag)] = left
        return message

    @property
    def busy(self) -> frozenset[tuple[str, str]]:
        """(host, tag) of what was submitted and has not come back."""
        return frozenset(self._pending)

    def cancel_waits(self) -> None:
        """Ask running tasks to end at their next safe point (they look at ``Tools.cancelled``)."""
        for worker in self._workers.values():
            worker.cancelled.set()

    def allow_waits(self) -> None:
        """The opposite of ``cancel_waits``, for the tasks that come now."""
        for worker in self._workers.values():
            worker.cancelled.clear()

    def stop_beats(self, hosts: Iterable[str] | None = None) -> None:
        """No more beats for these hosts (default: all)."""
        for name in tuple(self._workers) if hosts is None else tuple(hosts):
            if name in self._workers:
                self._workers[name].heartbeat.stop()

    def let_go(self, hosts: Iterable[str]) -> None:
        """Nobody waits for what these hosts' workers are doing now: it takes no slot, and ``shutdown`` goes on.

        Its ``Done`` still comes, if it ends in time. Only for tasks that change nothing.
        """
        for name in hosts:
            if name in self._workers:
                self._workers[name].let_go()

    def shutdown(self, wait_s: float) -> None:
        """End all workers after their running task; waits at most ``wait_s`` in all."""
        for worker in self._workers.values():
            worker.heartbeat.stop()
            worker.cancelled.set()
            worker.drop_waiting()
            worker.inbox.put(None)
        deadline = threading.Event()
        timer = threading.Timer(wait_s, deadline.set)
        timer.daemon = True
        timer.start()
        for worker in self._workers.values():
            while worker.thread.is_alive() and not worker.left and not deadline.is_set():
                worker.thread.join(0.05)
        timer.cancel()


class _Worker(Generic[R]):
    def __init__(
        self,
        host: str,
        connect: Callable[[str], R],
        dispose: Callable[[R], None] | None,
        slots: threading.BoundedSemaphore,
        out: queue.SimpleQueue[Told | Done],
        heartbeat: Heartbeat,
    ) -> None:
        self.host = host
        self.inbox: queue.SimpleQueue[tuple[str, Task[R]] | None] = queue.SimpleQueue()
        self.heartbeat = heartbeat
        self.cancelled = threading.Event()
        self.left = False
        self._connect, self._dispose, self._slots, self._out = connect, dispose, slots, out
        self._lock, self._holds = threading.Lock(), False
        self.thread = threading.Thread(target=self._run, name=f"host-{host}", daemon=True)
        self.thread.start()

    def let_go(self) -> None:
        """Give the slot of the running task to others; the thread ends whenever it ends."""
        self.left = True
        self._give_slot_back()

    def drop_waiting(self) -> None:
        """Forget tasks that have not begun (what ``cancel_futures`` is to a pool)."""
        try:
            while True:
                item = self.inbox.get_nowait()
                if item is not None:
                    self._out.put(Done(self.host, item[0], error=CancelledTask()))
        except queue.Empty:
            return

    def _run(self) -> None:
        tools: Tools[R] | None = None
        while True:
            try:
                item = self.inbox.get(timeout=self.heartbeat.due_in())
            except queue.Empty:
                self._beat()
                continue
            if item is None:
                break
            tag, task = item
            try:
                if tools is None:
                    tools = Tools(
                        self.host,
                        self._connect(self.host),
                        lambda m: self._out.put(Told(self.host, m)),
                        self.heartbeat.pulse,
                        self.heartbeat,
                        self.cancelled,
                    )
                self._wait_for_slot()
                try:
                    value = task(tools)
                finally:
                    self._give_slot_back()
            except BaseException as error:  # noqa: BLE001 - a worker hands everything to the conductor, nothing is lost
                self._out.put(Done(self.host, tag, error=error))
            else:
                self._out.put(Done(self.host, tag, value=value))
        if tools is not None and self._dispose is not None:
            self._dispose(tools.resource)

    def _wait_for_slot(self) -> None:
        """A worker that waits for its turn still gives signs of life: its host is open and must not look abandoned."""
        while not self._slots.acquire(timeout=self.heartbeat.due_in()):
            self._beat()
        with self._lock:
            self._holds = True

    def _give_slot_back(self) -> None:
        with self._lock:
            held, self._holds = self._holds, False
        if held:
            self._slots.release()

    def _beat(self) -> None:
        try:
            self.heartbeat.pulse()
        except BaseException as error:  # noqa: BLE001 - the conductor decides what a failed beat means
            self._out.put(Done(self.host, BEAT_TAG, error=error))


class CancelledTask(Exception):
    """The task was dropped before it began."""
