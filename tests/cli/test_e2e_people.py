"""Waiting for a person: pause, promote, abort, resume and Ctrl-C, each from another process; and the question."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from tests.cli.conftest import MakeWorld
from tests.cli.e2e_world import World

pytestmark = pytest.mark.timeout(300)  # many processes: a busy machine takes its time

VERSIONS = ("v1.4.2", "v1.4.4", "v1.4.5")


def test_pause_after_canary_then_promote_abort_or_leave(make_world: MakeWorld) -> None:
    world = make_world()
    for version in VERSIONS:
        world.given_version(version)
    paused = world.expect(7, "rollout", "v1.4.2", "--pause-after", "canary")
    paused.says("AWAITING PROMOTION", "fleetdeploy promote 01", "--rollback", "exit code 7")
    assert world.on() == {"web1": "v1.4.2", "web2": "v1.4.0", "web3": "v1.4.0"}
    world.expect(0, "status").says("is still open", "fleetdeploy resume 01")
    world.expect(6, "rollout", "v1.4.4").says("was not ended", "fleetdeploy resume 01", "fleetdeploy rollback")
    world.expect(2, "abort").says("--rollback or --leave")
    promoted = world.expect(0, "promote")
    promoted.says("SUCCEEDED", "shop v1.4.2 on fleet lab: 3 healthy")
    assert world.stops() == {"web1": 1, "web2": 1, "web3": 1}

    waiting = world.expect(7, "rollout", "v1.4.4", "--pause-after", "canary", "--output", "json").json_lines[-1]
    assert (waiting["exit_code"], waiting["hold"]) == (7, "awaiting_promotion")
    undone = world.expect(3, "abort", waiting["rollout"][-6:], "--rollback")
    undone.says("ABORTED", "every changed host is back as it was")
    assert set(world.on().values()) == {"v1.4.2"}

    world.expect(7, "rollout", "v1.4.5", "--pause-after", "canary")
    left = world.expect(8, "abort", "--leave")
    left.says("not on target: web2, web3")
    assert world.on() == {"web1": "v1.4.5", "web2": "v1.4.2", "web3": "v1.4.2"}


def test_a_living_conductor_takes_the_promotion_of_another_process(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_setting("pause_timeout: 1s", "pause_timeout: 1m")
    world.given_version("v1.4.2")
    conductor = world.start("rollout", "v1.4.2", "--pause-after", "canary")
    said = _read_until(conductor, "AWAITING PROMOTION")
    assert "this wait ends by itself in 60 s" in said + _read_until(conductor, "this wait")
    world.expect(0, "status").says("is running")
    world.expect(6, "rollback").says("is alive", "--take-over --reason")
    world.expect(2, "rollback", "--take-over").says("--reason")
    world.expect(0, "promote").says("promote accepted: it goes on after a fresh look")
    done = world.end(conductor)
    assert done.code == 0
    assert "promote was asked for by eva@" in done.out


def test_ctrl_c_then_resume(make_world: MakeWorld) -> None:
    world = make_world(2)
    world.given_setting("bake_canary: 700ms", "bake_canary: 3s")
    world.given_version("v1.4.2")
    conductor = world.start("rollout", "v1.4.2")
    _read_until(conductor, "baking")
    stopped = world.end(conductor, signal.SIGINT)
    assert stopped.code == 130
    stopped.says("fleetdeploy resume 01", "fleetdeploy rollback")
    done = world.expect(0, "resume")
    done.says("resuming shop v1.4.2 on fleet lab", "SUCCEEDED", "shop v1.4.2 on fleet lab: 2 healthy")
    assert world.stops() == {"web1": 1, "web2": 1}  # what was finished is not done again


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    """Lines of a running command, up to the one with these words."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"never said {words!r}:\n{said}")


class Terminal:
    """A command on a pseudo-terminal, as a person has it."""

    def __init__(self, world: World, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fleetdeploy", *arguments],
            cwd=world.project,
            env=world.environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""

    def read(self, until: str = "", seconds: float = 60.0) -> str:
        """What is on the screen, up to these words or the end."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until and until in self.screen:
                break
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            data = b""
            with contextlib.suppress(OSError):  # the other end is closed
                data = os.read(self.master, 65536)
            if not data:
                break
            self.screen += data.decode("utf-8", "replace")
        return self.screen

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def close(self) -> int:
        self.read()
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            os.close(self.master)


def test_a_terminal_asks_once_and_draws(make_world: MakeWorld) -> None:
    world = make_world()
    world.given_version("v1.4.2")
    refusing = Terminal(world, "rollout", "v1.4.2")
    refusing.read("Roll out v1.4.2 now?")
    refusing.type("n\n")
    assert refusing.close() == 6
    assert "you said no; nothing was changed" in refusing.screen
    assert set(world.stops().values()) == {0}

    agreed = Terminal(world, "rollout", "v1.4.2", "--limit", "web1")
    agreed.read("Roll out v1.4.2 now?")
    agreed.type("y\n")
    assert agreed.close() == 0
    assert agreed.screen.count("now?") == 1
    assert "SUCCEEDED" in agreed.screen
    assert "\x1b[" in agreed.screen  # it was drawn
    assert agreed.screen.count("\x1b[?25l") == agreed.screen.count("\x1b[?25h")  # and the cursor is back
    tail = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", agreed.screen[agreed.screen.rindex("SUCCEEDED") :])
    assert tail.rstrip().splitlines()[-1].startswith("rollout 01")  # nothing of the picture is left over

    unasked = Terminal(world, "rollout", "v1.4.2", "--yes")
    assert unasked.close() == 0
    assert "now?" not in unasked.screen
    assert world.stops() == {"web1": 1, "web2": 1, "web3": 1}


def test_two_signals_leave_at_once_and_sigterm_is_ctrl_c_from_the_start(make_world: MakeWorld) -> None:
    world = make_world(1, hang_on_stop=True)
    world.given_setting("stop_timeout: 5s", "stop_timeout: 3s")
    world.given_version("v1.4.2")
    conductor = world.start("rollout", "v1.4.2")
    _read_until(conductor, "activating")
    conductor.send_signal(signal.SIGINT)
    left = world.end(conductor, signal.SIGTERM)  # another one: two of the same at once are one to the kernel
    assert left.code == 4  # a verb was under way: nobody here knows how it ended
    left.says("left at once (exit code 4)", "fleetdeploy status")

    world.host("web1").faults.add("silence", count=None)
    asking = world.start("status", "--output", "json")
    until = time.monotonic() + 60
    while not world.host("web1").faults.fired:
        assert time.monotonic() < until, "status never asked the host"
        time.sleep(0.1)
    stopped = world.end(asking, signal.SIGTERM)
    assert stopped.code == 130
    assert stopped.json_lines[-1]["exit_code"] == 130
