"""``python -m tests.crash.table [FROM[:TO]] [seed=N] [WORD ...]``: plays the cases, prints what came of each, counts.

``seed=N`` plays them in another order, WORDs choose those whose name has them.
"""

from __future__ import annotations

import random
import sys

from fleetdeploy.engine.crash import POINTS
from tests import tables
from tests.crash.matrix import REACHED, Case, cases
from tests.crash.play import play


def chosen(arguments: list[str]) -> list[Case]:
    """What the command line asks for."""
    part, words = tables.split(arguments)
    seed = next((a for a in words if a.startswith("seed=")), "")
    wanted = [c for c in cases() if all(w in str(c) for w in words if w != seed)]
    if seed:
        random.Random(int(seed[5:])).shuffle(wanted)
    return wanted[part]


def main(arguments: list[str]) -> int:
    """The exit code: 1 if a case did not end as it must."""
    wanted = chosen(arguments)
    reached = {p for points in REACHED.values() for p in points}
    return tables.play_all(
        wanted,
        play,
        lambda row: f"{row.ended.outcome.split(' ')[0]} (exit {row.ended.code})",
        lambda took: f"{len(POINTS)} crash points, {len(reached)} of them reached; {len(wanted)} runs in {took:.0f} s",
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
