"""A command in a process of its own that has been imported already: the imports are most of what a short command costs.

A server process without threads (multiprocessing's forkserver) imports the program once per test worker; each command
is a fork of it, with its own arguments, environment, directory and files for what it prints, and with a real exit
code. What needs a process from its very start (signals, terminals, import times) belongs to ``World.start`` instead.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.forkserver
import os
import sys
import warnings
from pathlib import Path

_LOADED = [
    "fleetdeploy.cli.main",
    "fleetdeploy.app.going_on",
    "fleetdeploy.app.planning",
    "fleetdeploy.app.status",
    "fleetdeploy.hosts.psrp",
    "fleetdeploy.cli.output.live",
    __name__,
]
_context = multiprocessing.get_context("forkserver")


def run(arguments: tuple[str, ...], *, cwd: Path, env: dict[str, str], said: Path, seconds: float = 60.0) -> int:
    """The exit code; what it printed is in ``said``/out and ``said``/err."""
    _ensure_server()
    said.mkdir(exist_ok=True)
    process = _context.Process(target=_command, args=(arguments, str(cwd), env, str(said)))
    process.start()
    try:
        process.join(seconds)
        assert process.exitcode is not None, f"fleetdeploy {arguments} has not ended after {seconds:.0f} s"
        return process.exitcode
    finally:
        process.kill()
        process.join()
        process.close()


def _ensure_server() -> None:
    """Modules that look at the environment when they are imported must not see a CI's there."""
    multiprocessing.set_forkserver_preload(_LOADED)
    hidden = {k: os.environ.pop(k) for k in tuple(os.environ) if k.startswith(("FLEETDEPLOY_", "GITHUB_", "CI_"))}
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        os.environ.update(hidden)


def _command(arguments: tuple[str, ...], cwd: str, env: dict[str, str], said: str) -> None:
    """In the new process: become what the shell would have started."""
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, f"{said}/out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, f"{said}/err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["fleetdeploy", *arguments]
    if env.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")
    from fleetdeploy.cli.main import run as command
    from fleetdeploy.engine import crash

    # Imported long ago, in another environment: a command of its own would look at this one.
    crash.arm(env.get(crash.VARIABLE, ""))

    try:
        command()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
