"""``python -m tests.faults.table [FROM[:TO]] [WORD ...]``: a rollout under every fault of the lab, and how each ends.

WORDs choose the cases whose name or kind has them all. The exit code is 1 if one did not end as it must.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from tests.faults.cases import Case, cases
from tests.faults.play import play


def chosen(arguments: list[str]) -> list[Case]:
    """What the command line asks for."""
    span = next((a for a in arguments if a[:1].isdigit() and set(a) <= set("0123456789:")), "0:")
    words = [a for a in arguments if a != span]
    wanted = [c for c in cases() if all(w in f"{c.kind.value} {c.name}" for w in words)]
    first, _, last = span.partition(":")
    return wanted[int(first) : int(last) if last else None]


def main(arguments: list[str]) -> int:
    wanted = chosen(arguments)
    bad: list[str] = []
    ends: Counter[str] = Counter()
    began = time.monotonic()
    for number, case in enumerate(wanted):
        try:
            row = play(case)
        except (AssertionError, OSError) as error:
            bad.append(str(case))
            print(f"{number:3} {case}: NOT AS IT MUST BE: {type(error).__name__}: {error}", flush=True)
            continue
        ends[f"{row.outcome} (exit {row.code})"] += 1
        print(f"{number:3} {row}", flush=True)
    kinds = {case.kind for case in wanted}
    print(f"\n{len(wanted)} cases of {len(kinds)} kinds in {time.monotonic() - began:.0f} s")
    for end, count in ends.most_common():
        print(f"  {count:4} {end}")
    print(f"  {len(bad):4} not as they must be" + "".join(f"\n       {one}" for one in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
