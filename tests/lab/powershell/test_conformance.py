"""The part of `make conformance` that talks to a real PowerShell, with a small program in its place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab.powershell import conformance, known, recorded
from tests.lab.powershell.recorded import DATA, Verdict

CATEGORY = "arithmetic"
# Answers as record.ps1 would: writes the recorded lines of the asked files to -Out, and says how many.
_ENGINE = r"""#!{python}
import json, re, sys
command = sys.argv[-1]
if {broken}:
    sys.exit("no such engine")
paths = re.search(r"-Path (.*?) -Out '([^']+)'", command)
stems = [one.split("/")[-1][:-4] for one in re.findall(r"'([^']+)'", paths[1])]
out = open(paths[2], "w", encoding="utf-8")
count = 0
for line in open({records!r}, encoding="utf-8"):
    record = json.loads(line)
    if record["case"].split("/")[0] in stems:
        if record["case"] == {spoiled!r}:
            record["output"][0]["text"] = "something else"
        out.write(json.dumps(record) + "\n")
        count += 1
print(str(count) + " cases recorded by PowerShell 7.6.5")
"""


def engine(folder: Path, *, spoiled: str = "", broken: bool = False) -> str:
    path = folder / "pwsh"
    records = str(DATA / "recorded.jsonl")
    text = _ENGINE.format(python=sys.executable, records=records, spoiled=spoiled, broken=broken)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def wanted() -> dict[str, dict[str, object]]:
    return {name: one for name, one in recorded.measured().items() if name.startswith(f"{CATEGORY}/")}


FILES = [DATA / "cases" / f"{CATEGORY}.ps1"]


def test_an_engine_that_answers_as_recorded_is_equal_everywhere(tmp_path: Path) -> None:
    version, records = conformance.play(engine(tmp_path), FILES)
    table = conformance.compare_engine(wanted(), records)
    assert version == "7.6.5"
    assert (table.count("equal"), table.count("different")) == (len(wanted()), 0)


def test_another_answer_is_seen_and_so_is_none(tmp_path: Path) -> None:
    name = f"{CATEGORY}/modulo"
    _, records = conformance.play(engine(tmp_path, spoiled=name), FILES)
    del records[f"{CATEGORY}/math-methods"]
    table = conformance.compare_engine(wanted(), records)
    assert {one.case for one in table.verdicts if one.result == "different"} == {name, f"{CATEGORY}/math-methods"}


def test_an_engine_that_plays_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(conformance.EngineError, match="no such engine"):
        conformance.play(engine(tmp_path, broken=True), FILES)
    monkeypatch.setenv("FLEETDEPLOY_PWSH", str(tmp_path / "nothing"))
    monkeypatch.setattr(conformance, "on_lab", lambda: conformance.Table([]))
    assert conformance.main([]) == 1


def test_what_changes_a_machine_is_not_played_on_a_real_one() -> None:
    stems = {path.stem for path in known.for_engines()}
    assert "formatting" in stems
    assert not stems & {"windows", "session"}
    texts = "".join(path.read_text(encoding="utf-8") for path in known.for_engines())
    assert not [word for word in ("New-Service", "HKLM:", "Stop-Service", "Restart-") if word in texts]


@pytest.mark.parametrize(("result", "code"), [("equal", 0), ("refused", 0), ("different", 1)])
def test_only_a_difference_ends_with_1(
    result: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(conformance, "on_lab", lambda: conformance.Table([Verdict("errors/throw", result, "why")]))
    monkeypatch.setattr(conformance, "find_engine", lambda: None)
    assert conformance.main([]) == code
    told = capsys.readouterr().out
    assert "errors" in told
    assert ("different: errors/throw: why" in told) == (code == 1)
