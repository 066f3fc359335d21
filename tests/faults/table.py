"""``python -m tests.faults.table [FROM[:TO]] [WORD ...]``: a rollout under every fault of the lab, and how each ends.

WORDs choose the cases whose name or kind has them all. The exit code is 1 if one did not end as it must.
"""

from __future__ import annotations

import sys

from tests import tables
from tests.faults.cases import Case, cases
from tests.faults.play import play


def chosen(arguments: list[str]) -> list[Case]:
    """What the command line asks for."""
    part, words = tables.split(arguments)
    return [c for c in cases() if all(w in f"{c.kind.value} {c.name}" for w in words)][part]


def main(arguments: list[str]) -> int:
    wanted = chosen(arguments)
    kinds = {case.kind for case in wanted}
    return tables.play_all(
        wanted,
        play,
        lambda row: f"{row.outcome} (exit {row.code})",
        lambda took: f"{len(wanted)} cases of {len(kinds)} kinds in {took:.0f} s",
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
