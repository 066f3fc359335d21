"""One case on the lab: kill, type, and look at everything that must be so afterwards."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.crash.matrix import Case, want
from tests.crash.world import GOOD, KILLED, OLD, CrashWorld, Ended, crash_world


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a case, for the table."""

    case: Case
    ended: Ended
    runs: str
    stops: int
    starts: int
    most_stops: int
    most_starts: int

    def __str__(self) -> str:
        return (
            f"{self.case.act:16} {self.case.point:22} {self.case.way:15} {self.ended.outcome[:44]:44} "
            f"exit {self.ended.code:<2} runs {self.runs:7} stops {self.stops} (most {self.most_stops}) "
            f"starts {self.starts} (most {self.most_starts})"
        )


def play(case: Case, hosts: int = 6) -> Row:
    """Raises AssertionError if anything is not as it must be."""
    with tempfile.TemporaryDirectory() as folder, crash_world(Path(folder), hosts) as world:
        return _play(world, case)


def _play(world: CrashWorld, case: Case) -> Row:
    if case.act == "rollback":
        done = world.when("rollout", GOOD, "--yes")
        assert done.code == 0, done.text
        killed = world.when("rollback", "--yes", crash=case.point)
    else:
        killed = world.when("rollout", case.version, "--yes", crash=case.point)
    assert killed.code == KILLED, f"{case}: {case.point} was not reached: {killed}\n{killed.text}"
    if case.way == "rollback-empty":
        world.when_the_store_is_lost()
    typed = ("resume",) if case.way == "resume" else ("rollback", "--yes")
    if case.second:
        killed = world.when_later(*typed, crash=case.second)
        assert killed.code == KILLED, f"{case}: {case.second} was not reached: {killed}\n{killed.text}"
        if case.way == "rollback-empty":
            world.when_the_store_is_lost()
    ended = world.when_later(*typed)
    said = f"{case}: {ended}\n{ended.text}"
    wanted = want(case)
    assert ended.code in wanted.codes, f"{said}\nwanted {sorted(wanted.codes)}"
    assert ended.outcome, f"{said}\nit has no name"
    runs = world.releases()
    assert len(runs) == 1, f"{said}\nruns {runs}"
    assert runs <= wanted.runs, f"{said}\nruns {runs}, wanted {sorted(wanted.runs)}"
    assert world.all_run(), f"{said}\na service is down: { {n: world.service_state(n) for n in world.lab.hosts} }"
    assert world.nothing_is_open(), f"{said}\nsomething is open"
    assert world.all_armed(), f"{said}\na service is left without its recovery actions"
    assert world.steps_without_end() == [], said
    _counted(world, case, runs, said)
    stops, starts = world.stops(), world.starts()
    return Row(
        case,
        ended,
        next(iter(runs)),
        sum(stops.values()),
        sum(starts.values()),
        max(stops.values()),
        max(starts.values()),
    )


def _counted(world: CrashWorld, case: Case, runs: set[str], said: str) -> None:
    """At most one stop and one start per host and direction, however often the controller died in between."""
    directions = 1 if runs == {GOOD} else 2
    for kind, counts in (("stop", world.stops()), ("start", world.starts())):
        for name, count in counts.items():
            assert count <= directions, f"{said}\n{name}: {count} {kind}s in {directions} directions"
            if runs == {OLD}:
                assert count in (0, 2), f"{said}\n{name}: {count} {kind}s, and it runs what it ran"
