"""Starts the threads that scripts run on, and counts the processor time they took. Nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

STACK_BYTES = 64 * 1024 * 1024
_stack_lock = threading.Lock()
_count_lock = threading.Lock()
_spent_s = 0.0
_ended = 0


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """A daemon thread with a stack deep enough for deeply nested scripts."""

    def run() -> None:
        try:
            target()
        finally:
            _count(time.thread_time())

    with _stack_lock:  # the size is a process-wide setting that the next thread takes
        before = threading.stack_size(STACK_BYTES)
        try:
            thread = threading.Thread(target=run, name=name, daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread


def spent() -> tuple[float, int]:
    """Processor seconds of all script threads of this process that have ended, and how many these were."""
    with _count_lock:
        return _spent_s, _ended


def _count(seconds: float) -> None:
    global _spent_s, _ended
    with _count_lock:
        _spent_s += seconds
        _ended += 1
