"""One case: a rollout with a fault in it, then what it names as next step, and everything that must hold after each.

Nothing lost or half-changed: each service runs the old version or the new one and is armed as it was or as the
project wants it, every state.json is whole, the journal replays, the lab was asked for nothing that it does not
simulate; who failed is named, and what to type next.
"""

from __future__ import annotations

import shlex
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.cases import Case
from tests.faults.world import NEW, FaultWorld, Read, fault_world
from tests.journals import assert_store_whole

_MAX_STEPS = 3
_SETTLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a case, for the table."""

    case: Case
    outcome: str
    code: int
    message: str
    runs: tuple[str, ...]
    then: tuple[tuple[str, int], ...]
    fired: int

    def __str__(self) -> str:
        runs = " ".join(self.runs)
        line = f"{self.case.name:42} {self.outcome:20} exit {self.code}  {runs:28} {self.message}"
        return line + "".join(f"\n{'':42} then: fleetdeploy {typed}  exit {code}" for typed, code in self.then)


def play(case: Case) -> Row:
    """Raises AssertionError if anything is not as it must be."""
    with tempfile.TemporaryDirectory() as folder, fault_world(Path(folder)) as world:
        return _play(world, case)


def _play(world: FaultWorld, case: Case) -> Row:
    world.given(case.hosts, case.kind.value, when=dict(case.when), options=dict(case.options))
    read = world.reads("rollout", NEW, "--yes")
    told = f"{case}\n{world.story()}\nfired: {world.fired()}"
    outcome = world.outcome()
    runs = tuple(world.runs(name) for name in world.lab.hosts)
    hit = [name for name, fired in world.fired().items() if fired]
    assert hit, f"it never happened: {told}"
    assert read.code in case.codes, f"exit {read.code}, wanted {sorted(case.codes)}: {told}"
    if read.code:
        _named(read, hit, told)
    for name, what in zip(world.lab.hosts, runs, strict=True):
        if what not in ("old", "new") and not case.left:
            assert read.code in (4, 5, 7), f"{name} is {what}, and the exit code is {read.code}: {told}"
            assert name in "\n".join(read.end_or_error), f"{name} is {what} and not named: {told}"
    _whole(world, told)
    world.healed()
    then = _go_on(world, read)
    told = f"{case}\n{world.story()}\nfired: {world.fired()}"
    _whole(world, told)
    _settled(world, case, told)
    return Row(case, outcome, read.code, read.message, runs, then, sum(map(len, world.fired().values())))


def _named(read: Read, hit: list[str], told: str) -> None:
    said = "\n".join(read.end_or_error)
    assert any(name in said for name in hit), f"none of {hit} is named: {told}"
    assert "next " in read.out + read.err, f"no next step: {told}"


def _whole(world: FaultWorld, told: str) -> None:
    world.states_are_whole()
    assert_store_whole(world.store / "journal.sqlite3")
    refused = {n: [str(e) for e in h.not_simulated] for n, h in world.lab.hosts.items() if h.not_simulated}
    assert refused == {}, f"{refused}: {told}"


def _go_on(world: FaultWorld, read: Read) -> tuple[tuple[str, int], ...]:
    """Type what it named, as long as a rollout is open or hosts differ; what was typed, and how that ended."""
    done: list[tuple[str, int]] = []
    for _ in range(_MAX_STEPS):
        if read.code in (0, 3) and world.nothing_is_open():
            break
        if not read.next_steps:
            break
        typed = read.next_steps[0]
        words = [*shlex.split(typed), "--yes"] if typed.startswith("roll") else shlex.split(typed)
        read = world.reads(*words)
        if read.code == 6 and "alive" in read.err:
            # What a conductor leaves where it could not write its end looks alive until its last sign runs out.
            for host in world.lab.hosts.values():
                host.machine.clock.let_pass(60.0)
            read = world.reads(*words)
        done.append((typed, read.code))
    return tuple(done)


def _settled(world: FaultWorld, case: Case, told: str) -> None:
    """In the end nobody holds a host, everything runs and is armed, and all hosts run the same."""
    if case.left and not world.nothing_is_open():
        # It waits for what a person has yet to mend; another way to end it is always named.
        read = world.reads("abort", "--leave")
        told += str(read)
    until = time.monotonic() + _SETTLE_S
    while not world.nothing_is_open() and time.monotonic() < until:
        time.sleep(0.5)
    assert world.nothing_is_open(), f"something is open: {told}"
    if case.left:
        return
    assert world.all_run(), f"not all run: { {n: world.runs(n) for n in world.lab.hosts} }: {told}"
    assert world.all_armed(), f"a service is left without its recovery actions: {told}"
    assert len({world.runs(n) for n in world.lab.hosts}) == 1, f"hosts differ: {told}"
