"""Runs the recorded PowerShell cases on the lab and says of each: equal, refused or different.

`python -m tests.lab.powershell.recorded CATEGORY [NAME] [-v]` prints differences while one works on the lab;
test_recorded.py asserts them and conformance.py counts them. Each case runs as record.ps1 ran it: in a fresh
runspace, `$root` an empty directory of a simulated machine. Messages are not compared (they differ between versions).
Where a case has a 5.1 note, `expected-5.1.jsonl` may hold what 5.1 does.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.engine import CommandSpec, Runspace
from fleetdeploy.lab.powershell.runtime import values_ext
from fleetdeploy.lab.powershell.runtime.native import NativeContext, NativeResult, native
from fleetdeploy.lab.powershell.spelled import plain
from fleetdeploy.lab.powershell.values import ErrorRecord, PSRuntimeError, type_names_of

DATA = Path(__file__).resolve().parents[2] / "data" / "powershell"
ROOT = r"C:\root"


@native("probe.exe")
def probe(ctx: NativeContext, argv: list[str], stdin: list[str] | None) -> NativeResult:
    """The program of the category native-programs: prints its arguments, as the record's README says."""
    out: list[str] = []
    err: list[str] = []
    code = 0
    index = 0
    while index < len(argv):
        argument = argv[index]
        index += 1
        if argument == "--exit" and index < len(argv):
            code = int(argv[index])
            index += 1
        elif argument == "--err" and index < len(argv):
            err.append(argv[index])
            index += 1
        elif argument == "--in":
            out.extend(f"in:{line}" for line in stdin or [])
        else:
            out.append(f"[{argument}]")
    return NativeResult(code, out, err)


@dataclass
class Verdict:
    """What one case gave."""

    case: str
    result: str
    reason: str = ""


@dataclass
class Recorder:
    """A sink that keeps what the record keeps."""

    output_values: list[Any] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    texts: dict[str, list[str]] = field(
        default_factory=lambda: {"warning": [], "verbose": [], "debug": [], "information": []}
    )

    def output(self, value: Any) -> None:
        self.output_values.append(describe(value))

    def error(self, record: Any) -> None:
        self.errors.append(describe_error(record))

    def warning(self, message: str) -> None:
        self.texts["warning"].append(hide(message))

    def verbose(self, message: str) -> None:
        self.texts["verbose"].append(hide(message))

    def debug(self, message: str) -> None:
        self.texts["debug"].append(hide(message))

    def information(self, value: Any, tags: Any = ()) -> None:
        self.texts["information"].append(hide(convert.to_string(value)))

    def progress(self, **record: Any) -> None: ...

    def set_should_exit(self, code: int) -> None: ...


def windows_spaces(value: Any) -> Any:
    """The recorder's ICU writes U+202F before AM and PM; Windows writes a blank."""
    if isinstance(value, str):
        return value.replace("\u202f", " ")
    if isinstance(value, list):
        return [windows_spaces(one) for one in value]
    if isinstance(value, dict):
        return {key: windows_spaces(one) for key, one in value.items()}
    return value


def hide(text: str) -> str:
    return text.replace(ROOT, "<root>").replace(ROOT.replace("\\", "/"), "<root>")


def describe(value: Any) -> dict[str, Any]:
    if value is None:
        return {"type": None, "clixml": "<Nil />"}
    text: str | None
    try:
        text = hide(convert.to_string(plain(value)))  # the recorder converts what is in the PSObject
    except PSRuntimeError:
        text = None
    return {"type": type_names_of(value)[0], "text": text, "clixml": clixml_of(value)}


def clixml_of(value: Any) -> str | None:
    from fleetdeploy.lab.powershell import clixml

    whole = hide(clixml.to_clixml(value, 3))
    return re.sub(r"(?s)^<Objs [^>]*>\s*|\s*</Objs>\s*$", "", whole)


def describe_error(record: Any) -> dict[str, Any]:
    if not isinstance(record, ErrorRecord):
        return {"id": None, "exception": type_names_of(record)[0]}
    inner = record.exception.inner_exception
    info = record.invocation_info
    return {
        "id": record.error_id,
        "category": record.category,
        "exception": record.exception.type_name,
        "message": record.exception.message,
        "inner": inner.type_name if inner else None,
        "line": info.line if info else None,
        "errors": record.exception.properties.get("Errors"),
    }


@lru_cache(maxsize=1)
def measured() -> dict[str, dict[str, Any]]:
    """case -> what PowerShell 7 did with it."""
    records = {}
    for line in (DATA / "recorded.jsonl").read_text(encoding="utf-8").splitlines():
        record = windows_spaces(json.loads(line))
        records[record["case"]] = record
    return records


@lru_cache(maxsize=1)
def cases() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """case -> (text, 5.1 note, what 5.1 does: the record, or the expectation beside it)."""
    replaced = {}
    for line in (DATA / "expected-5.1.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        replaced[record["case"]] = record
    found = {}
    for path in sorted((DATA / "cases").glob("*.ps1")):
        for name, (body, rest) in split_cases(path).items():
            note = rest.partition("|")[2].strip()
            if name in replaced and not note:
                raise AssertionError(f"{name} has no 5.1 note, so no expectation of its own")
            found[name] = (body, note, replaced.get(name, measured()[name]))
    return found


def split_cases(path: Path) -> dict[str, tuple[str, str]]:
    """The cases of one file, as record.ps1 cuts them: case -> (text, what follows the name in the head line)."""
    found = {}
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    for match in re.finditer(r"(?ms)^#== (?P<head>[^\n]*)\n(?P<body>.*?)(?=^#== |\Z)", text):
        name, _, rest = match["head"].partition("|")
        key = f"{path.stem}/{name.strip()}"
        if key in found:
            raise AssertionError(f"{key} stands twice in {path.name}")
        found[key] = (match["body"].rstrip("\n") + "\n", rest.strip())
    return found


def refused() -> dict[str, str]:
    """The cases that the lab refuses, each with the reason: `refused.txt`, the only place where they stand."""
    found = {}
    for line in (DATA / "refused.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(": ")
            found[name] = reason
    return found


def make_machine() -> Any:
    """A simulated host with the empty directory of the case, or None where the lab has no Windows yet."""
    from tests.lab.powershell import machine

    return machine.fresh(ROOT)


def run_case(text: str, machine: Any) -> tuple[Recorder, Any]:
    recorder = Recorder()
    runspace = Runspace(machine, variables={"root": ROOT})
    holder: list[Any] = []
    stop = threading.Event()

    def work() -> None:
        try:
            holder.append(runspace.run([CommandSpec(text)], None, recorder, stop, no_input=True))
        except NotSimulated as refusal:
            holder.append(refusal)
        except Exception as defect:  # noqa: BLE001 - a defect of the lab is a difference, told with its place
            import traceback

            holder.append((defect, traceback.format_exc()))

    before = threading.stack_size(64 * 1024 * 1024)
    try:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join(20)
    if thread.is_alive():
        stop.set()
        thread.join(5)
        return recorder, (TimeoutError("20 s"), "timed out")
    return recorder, holder[0]


def judge(name: str, machine: Any = None) -> Verdict:
    """Run one case and compare."""
    text, _, wanted = cases()[name]
    recorder, outcome = run_case(text, machine)
    early = run_verdict(name, outcome)
    if early is not None:
        return early
    reason = compare(wanted, record_of(name, recorder, outcome))
    return Verdict(name, "different" if reason else "equal", reason)


def run_verdict(name: str, outcome: Any) -> Verdict | None:
    """What a run says before anything is compared: a defect of the lab or a refusal; None: compare."""
    if isinstance(outcome, tuple):
        return Verdict(name, "different", f"defect: {outcome[0]!r}\n{outcome[1]}")
    refusal = outcome if isinstance(outcome, NotSimulated) else outcome.not_simulated
    return Verdict(name, "refused", refusal.construct) if refusal is not None else None


def compare(wanted: dict[str, Any], got: dict[str, Any]) -> str:
    """The first difference between two records, or nothing."""
    shown = [one.get("text") for one in wanted["output"]]
    mine = [one.get("text") for one in got["output"]]
    tail = ""
    if got["terminating"]:
        ended = got["terminating"]
        tail = f"\n  ended by {ended.get('id')}: {ended.get('message')} line {ended.get('line')}"
    for one in got["error"]:
        tail += f"\n  error {one.get('id')}: {one.get('message')} line {one.get('line')}"
    if wanted["state"] != got["state"]:
        return f"state {got['state']}, not {wanted['state']}{tail}\n  got    {mine}\n  wanted {shown}"
    if len(shown) != len(mine):
        return f"output\n  got    {mine}\n  wanted {shown}{tail}"
    for index, (have, want) in enumerate(zip(got["output"], wanted["output"], strict=True)):
        if have["type"] != want["type"] or have.get("text") != want.get("text"):
            return (
                f"output {index}: got {have['type']} {have.get('text')!r}, wanted {want['type']} {want.get('text')!r}"
                f"\n  got    {mine}\n  wanted {shown}{tail}"
            )
        if have.get("clixml") is not None:
            left, right = normal(have["clixml"]), normal(want["clixml"])
            if left != right:
                return f"output {index}: clixml\n  got    {left}\n  wanted {right}"
    problem = compare_errors(wanted["error"], got["error"])
    if problem:
        return problem
    if bool(wanted["terminating"]) != bool(got["terminating"]):
        return f"terminating {got['terminating']}, wanted {wanted['terminating']}"
    if wanted["terminating"]:
        problem = compare_terminating(wanted["terminating"], got["terminating"])
        if problem:
            return problem
    for stream in ("warning", "verbose", "debug", "information"):
        if got[stream] != wanted[stream]:
            return f"{stream}: got {got[stream]}, wanted {wanted[stream]}"
    return ""


def compare_errors(wanted: list[dict[str, Any]], got: list[dict[str, Any]]) -> str:
    if len(wanted) != len(got):
        return f"errors: got {[(e['id'], e['line']) for e in got]}, wanted {[(e['id'], e['line']) for e in wanted]}"
    for want, have in zip(wanted, got, strict=True):
        for key in ("id", "category", "exception", "inner", "line"):
            if want.get(key) != have.get(key):
                return f"error {key}: got {have.get(key)!r}, wanted {want.get(key)!r} ({have.get('id')})"
    return ""


def compare_terminating(want: dict[str, Any], have: dict[str, Any]) -> str:
    if "parse" in want:
        for key in ("exception", "id", "parse", "line"):
            if have.get(key) != want[key]:
                return f"parse error {key}: got {have.get(key)}, wanted {want[key]} ({have['id']})"
        return ""
    # What ends a script by preference is wrapped by the hosting API of the recorder; PSRP sends it unwrapped.
    wrapped = str(want.get("exception")).endswith("ParentContainsErrorRecordException")
    for key in ("id", "category", "line") if wrapped else ("id", "category", "exception", "inner", "line"):
        if key in want and want.get(key) != have.get(key):
            return f"terminating {key}: got {have.get(key)!r}, wanted {want.get(key)!r} ({have.get('id')})"
    return ""


def normal(xml: str) -> Any:
    """CLIXML as nested tuples, without reference ids and without the wrapping of simple values in a bare Obj."""
    root = ET.fromstring(f"<root>{xml}</root>")
    names: dict[str, tuple[str, ...]] = {}
    return tuple(_normal(child, names) for child in root)


def _normal(node: ET.Element, names: dict[str, tuple[str, ...]]) -> Any:
    if node.tag == "TN":
        names[node.get("RefId", "")] = tuple(child.text or "" for child in node)
        return ("TN", names[node.get("RefId", "")])
    if node.tag == "TNRef":
        return ("TN", names.get(node.get("RefId", ""), ()))
    if (
        node.tag == "Obj"
        and len(node) == 1
        and len(node[0]) == 0
        and node[0].tag not in ("TN", "TNRef", "LST", "DCT", "MS")
    ):
        inner = node[0]
        return (inner.tag, node.get("N"), inner.text, ())
    return (node.tag, node.get("N"), node.text, tuple(_normal(child, names) for child in node))


def record_of(name: str, recorder: Recorder, outcome: Any) -> dict[str, Any]:
    """What a run did, in the form of the record."""
    terminating = describe_error(outcome.error) if outcome.error is not None else None
    if terminating is not None and terminating["errors"] is not None:
        terminating["parse"] = [one[0] for one in terminating["errors"]]
        terminating["line"] = [one[1] for one in terminating["errors"]]
    return {
        "case": name,
        "state": outcome.state,
        "output": recorder.output_values,
        "error": recorder.errors,
        "terminating": terminating,
        **recorder.texts,
    }


def as_record(name: str) -> dict[str, Any]:
    """What the lab does with a case: to write a 5.1 expectation from, after reading it."""
    recorder, outcome = run_case(cases()[name][0], make_machine())
    record = record_of(name, recorder, outcome)
    for one in [*record["error"], *([record["terminating"]] if record["terminating"] else [])]:
        one.pop("errors", None)
        one.pop("message", None)
    return record


def main() -> None:
    if sys.argv[1:2] == ["--expect"]:
        for name in sys.argv[2:]:
            print(json.dumps(as_record(name), ensure_ascii=True))
        return
    arguments = [one for one in sys.argv[1:] if not one.startswith("-")]
    verbose = "-v" in sys.argv
    quiet = "-q" in sys.argv
    wanted = arguments[0] if arguments else ""
    totals: dict[str, dict[str, int]] = {}
    reasons: dict[str, int] = {}
    for name in cases():
        category = name.split("/")[0]
        if wanted and not (category == wanted or name == wanted):
            continue
        if len(arguments) > 1 and arguments[1] not in name:
            continue
        verdict = judge(name, make_machine())
        counts = totals.setdefault(category, {"equal": 0, "refused": 0, "different": 0})
        counts[verdict.result] += 1
        if verdict.result == "refused":
            reasons[verdict.reason] = reasons.get(verdict.reason, 0) + 1
        if (verdict.result == "different" and not quiet) or verbose:
            print(f"{verdict.result}: {verdict.case}: {verdict.reason}")
    for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1])[:40]:
        print(f"{count:4} {reason}")
    everything = {"equal": 0, "refused": 0, "different": 0}
    for category, counts in totals.items():
        print(f"{category:28} {counts}")
        for key, value in counts.items():
            everything[key] += value
    print(f"{'all':28} {everything}")


_ = values_ext
if __name__ == "__main__":
    main()
