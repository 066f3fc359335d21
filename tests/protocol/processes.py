"""Commands in processes of their own that a test puts to sleep, wakes up, kills, or lets meet: as hosts see CI jobs.

Each is a fork of a server process that has imported the program (``tests/cli/forked.py``), with a store of its own.
``prepare`` runs in it before the command: it may put a brake into the program, or shift its clock.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli import forked
from tests.cli.e2e_world import Done, World

ASLEEP_AT = "TEST_ASLEEP_AT"
CLOCK_SHIFT = "TEST_CLOCK_SHIFT_S"


@dataclass
class Job:
    """A command that runs."""

    arguments: tuple[str, ...]
    process: Any
    said: Path

    @property
    def pid(self) -> int:
        return int(self.process.pid)

    @property
    def is_asleep(self) -> bool:
        """Stopped by SIGSTOP."""
        assert self.process.is_alive(), f"it should have fallen asleep:\n{self.end()}"
        status = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        return status.rpartition(")")[2].split()[0] == "T"

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def end(self, seconds: float = 90.0) -> Done:
        """What it said, once it has ended."""
        try:
            self.process.join(seconds)
            code = self.process.exitcode
            assert code is not None, f"fleetdeploy {self.arguments} has not ended after {seconds:.0f} s"
            texts = [(self.said / name).read_text(encoding="utf-8") for name in ("out", "err")]
            return Done(self.arguments, code, *texts)
        finally:
            self.process.kill()
            self.process.join()


def start(
    world: World, who: str, *arguments: str, prepare: Callable[[Any], None] | None = None, gate: Any = None, **env: str
) -> Job:
    """``fleetdeploy ARGUMENTS`` by ``who``, on a machine that shares nothing with the others but the hosts."""
    forked._ensure_server()
    said = world.folder / f"said by {who} {time.monotonic_ns()}"
    said.mkdir()
    more = {"FLEETDEPLOY_ACTOR": who, "FLEETDEPLOY_STATE_DIR": str(world.folder / f"store of {who}")}
    environment = world.environment(**(more | env))
    # daemon: a job that a failing test leaves behind, asleep perhaps, is ended with the test worker, not waited for.
    process = forked._context.Process(
        target=_prepared, args=(prepare, gate, arguments, str(world.project), environment, str(said)), daemon=True
    )
    process.start()
    return Job(arguments, process, said)


def run(world: World, who: str, *arguments: str, **more: Any) -> Done:
    """The same, from its first to its last line."""
    done = start(world, who, *arguments, **more).end()
    world.transcript.append(done)
    return done


def barrier(parties: int) -> Any:
    """A gate that opens when so many have come to it."""
    forked._ensure_server()
    return forked._context.Barrier(parties)


def _prepared(
    prepare: Callable[[Any], None] | None,
    gate: Any,
    arguments: tuple[str, ...],
    cwd: str,
    env: dict[str, str],
    said: str,
) -> None:
    if prepare is not None:
        os.environ.update({k: v for k, v in env.items() if k.startswith("TEST_")})
        prepare(gate)
    forked._command(arguments, cwd, env, said)


# -- what may be prepared ----------------------------------------------------------------------------------------------


def asleep_before_activate(gate: Any) -> None:
    """The process is stopped, as a laptop's lid or a frozen container does it, right before it sends ``activate``."""
    from fleetdeploy.hosts.verbs import HostVerbs

    inner = HostVerbs.activate

    def activate(self: HostVerbs, request: Any, **more: Any) -> Any:
        if self.host == os.environ[ASLEEP_AT]:
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(1.0)  # any thread may take the signal: this one runs on until the stop has reached it
        return inner(self, request, **more)

    HostVerbs.activate = activate  # type: ignore[method-assign]


def together_at_the_door(gate: Any) -> None:
    """Nobody opens a first host before everybody wants to."""
    from fleetdeploy.hosts.verbs import HostVerbs

    inner, lock, passed = HostVerbs.open, threading.Lock(), threading.Event()

    def first_together(self: HostVerbs, request: Any) -> Any:
        with lock:
            if not passed.is_set():
                gate.wait(60.0)
                passed.set()
        return inner(self, request)

    HostVerbs.open = first_together  # type: ignore[method-assign]


def shifted_clock(gate: Any) -> None:
    """This machine's wall clock is wrong: ``time.time`` and every ``datetime`` of the program."""
    import datetime as module
    import sys

    shift = float(os.environ[CLOCK_SHIFT])
    real, real_time, real_ns = module.datetime, time.time, time.time_ns

    class Shifted(real):  # type: ignore[misc, valid-type]
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real.now(tz) + module.timedelta(seconds=shift)

        @classmethod
        def utcnow(cls) -> Any:
            return real.now(module.UTC).replace(tzinfo=None) + module.timedelta(seconds=shift)

    for loaded in list(sys.modules.values()):
        name = getattr(loaded, "__name__", "")
        if name.split(".")[0] in {"fleetdeploy", "ulid"} and getattr(loaded, "datetime", None) is real:
            loaded.datetime = Shifted  # type: ignore[attr-defined]
    time.time = lambda: real_time() + shift
    time.time_ns = lambda: real_ns() + int(shift * 1e9)
