"""`python -m tests.lab.powershell.conformance` (make conformance): how far the lab's PowerShell agrees with a real one.

Plays the recorded cases and the hand-written ones (known.py) on the lab and prints, per category, how many are equal,
refused and different. Where a PowerShell is found (FLEETDEPLOY_PWSH or `pwsh` in PATH), it plays the cases too, by
tests/data/powershell/record.ps1: a 7 is compared with the record, a Windows PowerShell 5.1 with what the lab is
held to. Ends with 1 if anything is different. `-v` shows each refusal and each difference.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.powershell import known, recorded
from tests.lab.powershell.recorded import DATA, Verdict

RESULTS = ("equal", "refused", "different")
KNOWN = "known/"
_PROBE = """#!{python}
import sys
argv, code = sys.argv[1:], 0
while argv:
    word = argv.pop(0)
    if word == "--exit" and argv:
        code = int(argv.pop(0))
    elif word == "--err" and argv:
        print(argv.pop(0), file=sys.stderr, flush=True)
    elif word == "--in":
        for line in sys.stdin.read().splitlines():
            print("in:" + line, flush=True)
    else:
        print("[" + word + "]", flush=True)
sys.exit(code)
"""


class EngineError(Exception):
    """A PowerShell was found and did not play the cases."""


@dataclass
class Table:
    """Verdicts, counted by category."""

    verdicts: list[Verdict] = field(default_factory=list)

    def count(self, result: str, category: str | None = None) -> int:
        return sum(v.result == result and category in (None, category_of(v.case)) for v in self.verdicts)

    def lines(self) -> list[str]:
        """The table as it is printed: a head, one line per category, the sum."""
        rows = sorted({category_of(v.case) for v in self.verdicts})
        width = max((len(row) for row in rows), default=0)
        lines = [f"{'':{width}}  {'equal':>6} {'refused':>8} {'different':>10}"]
        for name, only in [*((row, row) for row in rows), ("all", None)]:
            equal, refused, different = (self.count(result, only) for result in RESULTS)
            lines.append(f"{name:{width}}  {equal:6} {refused:8} {different:10}")
        return lines


def category_of(case: str) -> str:
    return case.rpartition("/")[0]


def on_lab() -> Table:
    """Every case, recorded and known, on the lab."""
    table = Table([recorded.judge(name, recorded.make_machine()) for name in recorded.cases()])
    for name in known.known_cases():
        verdict = known.judge_known(name, recorded.make_machine())
        table.verdicts.append(Verdict(KNOWN + name, verdict.result, verdict.reason))
    return table


def find_engine() -> str | None:
    """The PowerShell to compare with, or None."""
    named = os.environ.get("FLEETDEPLOY_PWSH")
    if named:
        return named
    return shutil.which("pwsh")


def play(program: str, files: Iterable[Path], *, timeout: float = 3600) -> tuple[str, dict[str, dict[str, Any]]]:
    """Play case files on a real engine: (its version, case -> record); EngineError when it does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.jsonl"
        environment = {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}
        if os.name != "nt":
            probe = Path(folder) / "probe.exe"
            probe.write_text(_PROBE.format(python=sys.executable), encoding="utf-8")
            probe.chmod(0o755)
        paths = ",".join(_quoted(path) for path in files)
        command = (
            f"& {_quoted(DATA / 'record.ps1')} -Path {paths} -Out {_quoted(out)} -TempRoot {_quoted(Path(folder))}"
        )
        argv = [program, "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command", command]
        try:
            done = subprocess.run(
                argv, env=environment, capture_output=True, text=True, encoding="utf-8", errors="replace",
                timeout=timeout, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise EngineError(f"{program}: {problem}") from problem
        told = re.search(r"cases recorded by PowerShell (\S+)", done.stdout)
        if done.returncode != 0 or told is None or not out.exists():
            raise EngineError(f"{program} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[:500]}")
        return told[1], read_records(out.read_text(encoding="utf-8"))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def read_records(text: str) -> dict[str, dict[str, Any]]:
    """What record.ps1 wrote, case -> record."""
    found = {}
    for line in text.lstrip("\ufeff").splitlines():
        if line.strip():
            record = recorded.windows_spaces(json.loads(line))
            found[record["case"]] = record
    return found


def compare_engine(wanted: dict[str, dict[str, Any]], got: dict[str, dict[str, Any]]) -> Table:
    """An engine's records beside the expected ones; a case that it did not play is different."""

    def verdict(name: str) -> Verdict:
        if name not in got:
            return Verdict(name, "different", "not played")
        reason = recorded.compare(wanted[name], got[name])
        return Verdict(name, "different" if reason else "equal", reason)

    return Table([verdict(name) for name in wanted])


def compare_engine_known(got: dict[str, dict[str, Any]], categories: set[str]) -> Table:
    """An engine's records beside the hand-written expectations of these categories."""
    verdicts = []
    for name, case in known.known_cases().items():
        if category_of(name) not in categories:
            continue
        reason = known.compare_known(case, got[name]) if name in got else "not played"
        verdicts.append(Verdict(KNOWN + name, "different" if reason else "equal", reason))
    return Table(verdicts)


def on_engine(program: str, show: Callable[[str], None], *, verbose: bool = False) -> int:
    """Play everything on a real engine and print it; the number of cases that are different."""
    files = sorted((DATA / "cases").glob("*.ps1"))
    if os.name == "nt":
        files = [path for path in files if path.stem != "native-programs"]
        show("native-programs is left out: there is no probe.exe for this system")
    stems = {path.stem for path in files}
    version, records = play(program, files)
    windows = version.startswith("5.")
    source = {name: want for name, (_, _, want) in recorded.cases().items()} if windows else recorded.measured()
    table = compare_engine({name: want for name, want in source.items() if category_of(name) in stems}, records)
    show(f"\nPowerShell {version} ({program}) against {'what the lab is held to' if windows else 'the record'}")
    _print(table, show, verbose=verbose)
    different = table.count("different")
    files = known.for_engines()
    _, extra = play(program, files)
    table = compare_engine_known(extra, {path.stem for path in files})
    show(f"\nPowerShell {version} against the hand-written answers, which are those of 5.1")
    _print(table, show, verbose=verbose)
    if windows:
        return different + table.count("different")
    show("(not counted: this is no 5.1)")
    return different


def _print(table: Table, show: Callable[[str], None], *, verbose: bool) -> None:
    for verdict in table.verdicts:
        if verbose and verdict.result != "equal":
            show(f"{verdict.result}: {verdict.case}: {verdict.reason}")
    for line in table.lines():
        show(line)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="conformance", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-v", "--verbose", action="store_true", help="show each refusal and each difference")
    options = parser.parse_args(arguments)
    table = on_lab()
    print("the lab against the recorded and (known/) hand-written answers")
    _print(table, print, verbose=options.verbose)
    for verdict in table.verdicts:
        if verdict.result == "different" and not options.verbose:
            print(f"different: {verdict.case}: {verdict.reason}")
    different = table.count("different")
    program = find_engine()
    if program is None:
        print("\nno PowerShell here to compare with (FLEETDEPLOY_PWSH, or pwsh in PATH)")
        return 1 if different else 0
    try:
        different += on_engine(program, print, verbose=options.verbose)
    except EngineError as problem:
        print(f"\nthe PowerShell that was found played nothing: {problem}", file=sys.stderr)
        return 1
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
