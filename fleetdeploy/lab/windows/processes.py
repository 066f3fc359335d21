"""The processes of one simulated host.

Decides PIDs (multiples of four, never used again before many others) and who dies with whom: nobody, as on Windows.
Must not decide what a program does: ``program.py``; nor what a death means to a service: ``scm.py`` registers for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .clock import Clock


@dataclass(slots=True, eq=False)
class Process:
    """A running or ended process; (pid, created) is its identity. ``exit_code`` is None while it runs."""

    pid: int
    name: str
    image_path: str
    command_line: str
    created: datetime
    parent_pid: int
    user: str = "NT AUTHORITY\\SYSTEM"
    working_set: int = 20 * 1024 * 1024
    protected: bool = False
    exit_code: int | None = None
    on_exit: list[Callable[[Process], None]] = field(default_factory=list, repr=False)

    @property
    def running(self) -> bool:
        return self.exit_code is None


class Processes:
    """The process table. Callers hold the host's lock."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._next = 4 * rng.randrange(100, 400)
        self._table: dict[int, Process] = {}
        self.on_gone: list[Callable[[Process], None]] = []

    def all(self) -> list[Process]:
        """A snapshot, by PID."""
        return sorted(self._table.values(), key=lambda p: p.pid)

    def get(self, pid: int) -> Process | None:
        return self._table.get(pid)

    def by_image(self, path: str) -> list[Process]:
        return [p for p in self.all() if p.image_path.lower() == path.lower()]

    def spawn(
        self,
        image_path: str,
        command_line: str | None = None,
        *,
        parent_pid: int = 4,
        user: str = "NT AUTHORITY\\SYSTEM",
        pid: int | None = None,
        protected: bool = False,
    ) -> Process:
        """A new process with a fresh PID; ``name`` is the file name (with .exe)."""
        if pid is None:
            self._next += 4 * self._rng.randrange(1, 12)
            if self._next > 60_000:
                self._next = 4 * self._rng.randrange(300, 900)
            while self._next in self._table:
                self._next += 4
            pid = self._next
        process = Process(
            pid,
            image_path.rpartition("\\")[2],
            image_path,
            command_line if command_line is not None else f'"{image_path}"',
            self._clock.now(),
            parent_pid,
            user,
            protected=protected,
        )
        self._table[pid] = process
        return process

    def end(self, process: Process, exit_code: int) -> None:
        """The process is gone; those who registered hear of it once."""
        if not process.running:
            return
        process.exit_code = exit_code
        self._table.pop(process.pid, None)
        for listener in (*self.on_gone, *process.on_exit):
            listener(process)

    def clear(self) -> None:
        """Power off: all end without anybody hearing of it."""
        for process in self._table.values():
            process.exit_code = 1
            process.on_exit.clear()
        self._table.clear()
