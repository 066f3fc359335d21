"""A simulated machine per case, with one empty directory."""

from __future__ import annotations

import atexit
import itertools
import os
from typing import Any

_numbers = itertools.count(1)
_env: Any = None


def fresh(root: str) -> Any:
    """A booted host that nobody else uses; None when the simulated Windows cannot be had."""
    global _env
    from fleetdeploy.lab.windows.environment import ThreadedEnvironment
    from fleetdeploy.lab.windows.host import WindowsHost

    if _env is None:
        _env = ThreadedEnvironment()
        atexit.register(_env.close)
    number = next(_numbers)
    address = f"127.{120 + os.getpid() % 97}.{os.getpid() // 97 % 200}.{number % 250 + 1}"
    host = WindowsHost("web01", address=address, env=_env, boot_seconds=0.01)
    host.fs.mkdir(root)
    return host
