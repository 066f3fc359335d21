"""Starts the threads that scripts run on. Nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable

STACK_BYTES = 64 * 1024 * 1024
_stack_lock = threading.Lock()


def start_thread(target: Callable[[], None], name: str) -> threading.Thread:
    """A daemon thread with a stack deep enough for deeply nested scripts."""
    with _stack_lock:  # the size is a process-wide setting that the next thread takes
        before = threading.stack_size(STACK_BYTES)
        try:
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread
