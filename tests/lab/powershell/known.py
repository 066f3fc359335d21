"""Runs the cases of `tests/data/powershell/known`: small scripts whose answer was written by hand.

They are knowledge of Windows PowerShell 5.1, not measurement; the measured cases are in recorded.py. A file looks like
the recorded ones (`#== name | what it pins down`), and what a case gives stands below it in comments:

* `#= text`: one object written, a System.String of that text; `#= [Int32] 5` for another type (the first type name,
  full or its last part); `#= $null` for $null. In the text a backtick is an escape: `` `n ``, `` `t ``, `` `r ``,
  ``` `` ``` and `` `e `` for nothing at all (a trailing blank, an empty text).
* `#! id`: a record of the error stream, its FullyQualifiedErrorId.
* `#!! id`: what ended the script. A parse error: its first id.
* `#w text`, `#v text`, `#i text`: warning, verbose, information.

A file with a line `# lab-only` is never played on a real machine: it would change it, or names the simulated one.
Objects are compared by type and string form, in order; error records by id. Does not compare CLIXML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.lab.powershell.recorded import DATA, Verdict, record_of, run_case, run_verdict, split_cases

FOLDER = DATA / "known"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "`": "`", "e": "", "0": "\0"}
_STREAMS = {"w": "warning", "v": "verbose", "i": "information"}


@dataclass
class Known:
    """One case: its script and what it must give."""

    text: str
    output: list[tuple[str | None, str | None]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    terminating: str | None = None
    texts: dict[str, list[str]] = field(default_factory=lambda: {"warning": [], "verbose": [], "information": []})


@lru_cache(maxsize=1)
def known_cases() -> dict[str, Known]:
    """All of them, by `category/name`."""
    found = {}
    for path in sorted(FOLDER.glob("*.ps1")):
        for name, (body, _) in split_cases(path).items():
            found[name] = read_case(body)
    return found


def for_engines() -> list[Path]:
    """The files that a real machine may play."""
    return [path for path in sorted(FOLDER.glob("*.ps1")) if "\n# lab-only" not in path.read_text(encoding="utf-8")]


def read_case(body: str) -> Known:
    """Script and expectation of one case; raises ValueError for a case that expects nothing at all."""
    case = Known(body)
    some = False
    for line in body.splitlines():
        match = re.match(r"#(=|!!|!|[wvi])(?: (.*))?$", line)
        if match is None:
            continue
        some = True
        mark, rest = match[1], match[2] or ""
        if mark == "=":
            case.output.append(read_output(rest))
        elif mark == "!":
            case.errors.append(rest)
        elif mark == "!!":
            case.terminating = rest
        else:
            case.texts[_STREAMS[mark]].append(unescape(rest))
    if not some:
        raise ValueError(f"a case that expects nothing:\n{body}")
    return case


def read_output(text: str) -> tuple[str | None, str | None]:
    """(type, text) of one object; (None, None) is $null."""
    if text == "$null":
        return None, None
    match = re.match(r"\[([A-Za-z][\w.`#/,+\[\]-]*)\](?: (.*))?$", text)
    if match is None:
        return "System.String", unescape(text)
    return match[1], unescape(match[2] or "")


def unescape(text: str) -> str:
    return re.sub(r"`(.)", lambda found: _ESCAPES[found[1]], text)


def compare_known(case: Known, record: dict[str, Any]) -> str:
    """The first difference between an expectation and an answer in the form of the record, or nothing."""
    got = [(one["type"], one.get("text")) for one in record["output"]]
    tail = f"\n  got    {[text for _, text in got]}\n  wanted {[text for _, text in case.output]}"
    tail += f"\n  errors {[one['id'] for one in record['error']]}"
    ended = record["terminating"]
    ended_by = None if not ended else (ended.get("parse") or [ended["id"]])[0]
    if ended_by != case.terminating:
        return f"ended by {ended_by}, not {case.terminating}{tail}"
    if len(got) != len(case.output):
        return f"{len(got)} objects, not {len(case.output)}{tail}"
    for index, ((kind, text), (wanted_kind, wanted)) in enumerate(zip(got, case.output, strict=True)):
        same_kind = kind == wanted_kind or (kind is not None and kind.rpartition(".")[2] == wanted_kind)
        if not same_kind or text != wanted:
            return f"output {index}: got {kind} {text!r}, wanted {wanted_kind} {wanted!r}{tail}"
    ids = [one["id"] for one in record["error"]]
    if ids != case.errors:
        return f"errors {ids}, not {case.errors}{tail}"
    for stream, texts in case.texts.items():
        if record[stream] != texts:
            return f"{stream}: {record[stream]}, not {texts}{tail}"
    return ""


def judge_known(name: str, machine: Any) -> Verdict:
    """Run one case on the lab and compare."""
    case = known_cases()[name]
    recorder, outcome = run_case(case.text, machine)
    early = run_verdict(name, outcome)
    if early is not None:
        return early
    reason = compare_known(case, record_of(name, recorder, outcome))
    return Verdict(name, "different" if reason else "equal", reason)
