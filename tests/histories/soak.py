"""Plays a range of histories and goes on where it was: ``python -m tests.histories.soak 0-2000``.

``FLEETDEPLOY_SEEDS=A-B`` or the first argument is the range (B not included); ``--restart`` forgets what was played,
``--wire`` goes over real sockets (slower), ``--postgres`` keeps the operators' stores on a PostgreSQL server,
``--workers N`` plays in so many processes, ``--seconds S`` stops beginning new ones after that time. Each history that
ends is a line in the progress file of the user's cache directory, named by the tests' and the program's content:
another version begins anew. Ends with 1 if a history failed, and says how to play it again.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import hashlib
import itertools
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.histories import ground, machine
from tests.postgres import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "0-2000"


def numbers(text: str) -> range:
    """``5-9`` is 5, 6, 7, 8."""
    first, _, last = text.partition("-")
    if not first.isdigit() or not (last or "1").isdigit():
        raise SystemExit(f"{text!r} is no range: write 0-2000")
    return range(int(first), int(last) if last else int(first) + 1)


def version() -> str:
    """What is being tested, in eight letters."""
    made = hashlib.sha256()
    for pattern in ("fleetdeploy/**/*.py", "templates/**/*.j2", "tests/histories/*.py"):
        for path in sorted(ROOT.glob(pattern)):
            made.update(path.read_bytes())
    return made.hexdigest()[:8]


def progress_file(wire: bool, postgres: bool) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fleetdeploy"
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"histories-{version()}{'-wire' if wire else ''}{'-postgres' if postgres else ''}.jsonl"


def played(path: Path) -> dict[int, bool]:
    """Number → whether it went well, of those that were played before."""
    found: dict[int, bool] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                found[int(entry["number"])] = bool(entry["well"])
            except (ValueError, KeyError):  # a torn last line
                continue
    return found


def one(number: int) -> dict[str, Any]:
    """Play it; a row for the progress file."""
    began, cpu = time.monotonic(), time.process_time()
    try:
        machine.play(number)
        problem = ""
    except AssertionError as error:
        problem = str(error)
    return {
        "number": number,
        "well": not problem,
        "seconds": round(time.monotonic() - began, 2),
        "cpu": round(time.process_time() - cpu, 2),
        "tally": dict(ground.tally),
        "problem": problem,
    }


def _prepare(wire: bool, database: str) -> None:
    ground.direct_sessions = not wire
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, all_threads=True)  # where does it hang? kill -USR1
    if database:
        numbers = itertools.count(1)
        ground.store_url = lambda: f"{database}_{os.getpid()}_{next(numbers)}"  # a schema of its own for each store


def _rows(todo: list[int], workers: int, how: tuple[bool, str], seconds: float) -> Iterator[dict[str, Any]]:
    until = time.monotonic() + seconds
    if workers <= 1:
        _prepare(*how)
        for number in todo:
            if time.monotonic() > until:
                return
            yield one(number)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _prepare, how) as pool:
        for row in pool.imap_unordered(one, todo):
            yield row
            if time.monotonic() > until:
                return


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.histories.soak", description=__doc__)
    parser.add_argument("range", nargs="?", default=os.environ.get("FLEETDEPLOY_SEEDS") or DEFAULT)
    parser.add_argument("--restart", action="store_true", help="forget what was played")
    parser.add_argument("--wire", action="store_true", help="over real sockets")
    parser.add_argument("--postgres", action="store_true", help="the operators' stores are on a PostgreSQL server")
    parser.add_argument("--workers", type=int, default=int(os.environ.get("FLEETDEPLOY_WORKERS", "3")))
    parser.add_argument("--seconds", type=float, default=1e9)
    asked = parser.parse_args(arguments)
    path = progress_file(asked.wire, asked.postgres)
    if asked.restart:
        path.unlink(missing_ok=True)
    wanted = numbers(asked.range)
    known = played(path)
    todo = [n for n in wanted if n not in known]
    print(f"{len(wanted)} histories, {len(wanted) - len(todo)} of them played before; progress in {path}", flush=True)
    bad = [n for n in wanted if known.get(n) is False]
    with path.open("a", encoding="utf-8") as file, contextlib.ExitStack() as stack:
        database = ""
        if asked.postgres:
            server = PostgresServer()
            stack.callback(server.close)
            database = server.url()
        for count, row in enumerate(_rows(todo, asked.workers, (asked.wire, database), asked.seconds), 1):
            file.write(json.dumps(row) + "\n")
            file.flush()
            if not row["well"]:
                bad.append(row["number"])
                print(row["problem"], flush=True)
            if count % 50 == 0:
                print(f"{count} of {len(todo)} played, {len(bad)} failed", flush=True)
    for number in sorted(bad):
        print(f"failed: FLEETDEPLOY_SEEDS={number}-{number + 1} python -m tests.histories.soak --restart", flush=True)
    print(f"{len([n for n in wanted if n in played(path)])} histories played, {len(bad)} failed", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
