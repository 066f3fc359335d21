"""``python -m tests.crash.table [FROM[:TO]] [seed=N] [WORD ...]``: plays the cases, prints what came of each, counts.

``seed=N`` plays them in another order, WORDs choose those whose name has them.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from fleetdeploy.engine.crash import POINTS
from tests.crash.matrix import REACHED, Case, cases
from tests.crash.play import play


def chosen(arguments: list[str]) -> list[Case]:
    """What the command line asks for."""
    span = next((a for a in arguments if a[:1].isdigit()), "0:")
    seed = next((a for a in arguments if a.startswith("seed=")), "")
    words = [a for a in arguments if a not in (span, seed)]
    wanted = [c for c in cases() if all(w in str(c) for w in words)]
    if seed:
        random.Random(int(seed[5:])).shuffle(wanted)
    first, _, last = span.partition(":")
    return wanted[int(first) : int(last) if last else None]


def main(arguments: list[str]) -> int:
    """The exit code: 1 if a case did not end as it must."""
    wanted = chosen(arguments)
    bad: list[str] = []
    outcomes: Counter[str] = Counter()
    began = time.monotonic()
    for number, case in enumerate(wanted):
        try:
            row = play(case)
        except (AssertionError, OSError) as error:
            bad.append(str(case))
            print(f"{number:3} {case}: NOT AS IT MUST BE: {type(error).__name__}: {str(error)[:2500]}", flush=True)
            continue
        outcomes[f"{row.ended.outcome.split(' ')[0]} (exit {row.ended.code})"] += 1
        print(f"{number:3} {row}", flush=True)
    reached = {p for points in REACHED.values() for p in points}
    took = time.monotonic() - began
    print(f"\n{len(POINTS)} crash points, {len(reached)} of them reached; {len(wanted)} runs in {took:.0f} s")
    for outcome, count in outcomes.most_common():
        print(f"  {count:4} {outcome}")
    print(f"  {len(bad):4} not as they must be" + "".join(f"\n       {b}" for b in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
