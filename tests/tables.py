"""Lists of cases that are played from the command line and printed as a table: what to play, and the loop."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

C = TypeVar("C")


def split(arguments: Sequence[str]) -> tuple[slice, list[str]]:
    """``FROM[:TO]`` as a slice (all, if it is not there), and the other words."""
    span = next((a for a in arguments if a[:1].isdigit() and set(a) <= set("0123456789:")), "")
    first, _, last = span.partition(":")
    return slice(int(first or 0), int(last) if last else None), [a for a in arguments if a != span]


def play_all(
    wanted: Sequence[C], play: Callable[[C], Any], end_of: Callable[[Any], str], heading: Callable[[float], str]
) -> int:
    """Plays each and prints its row, then how many ended how; 1 if one did not end as it must, else 0.

    Args:
        wanted: the cases, in order.
        play: plays one; its row. AssertionError and OSError: it did not end as it must.
        end_of: how a row ended, in words to be counted.
        heading: the line over the counts, from the seconds that all took.
    """
    bad: list[str] = []
    ends: Counter[str] = Counter()
    began = time.monotonic()
    for number, case in enumerate(wanted):
        try:
            row = play(case)
        except (AssertionError, OSError) as error:
            bad.append(str(case))
            print(f"{number:3} {case}: NOT AS IT MUST BE: {type(error).__name__}: {str(error)[:10_000]}", flush=True)
            continue
        ends[end_of(row)] += 1
        print(f"{number:3} {row}", flush=True)
    print(f"\n{heading(time.monotonic() - began)}")
    for end, count in ends.most_common():
        print(f"  {count:4} {end}")
    print(f"  {len(bad):4} not as they must be" + "".join(f"\n       {one}" for one in bad))
    return 1 if bad else 0
