"""The files of a project's checks: which are walked, what refuses a plan, and which hosts are too old for one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fleetdeploy.app.check_scripts import older_hosts, refuse_scripts, script_problems
from fleetdeploy.errors import ConfigError, RefusalReason
from fleetdeploy.model.project import Project
from fleetdeploy.settings import load_project
from tests.plan.sights import lost, sight

PROJECT = """\
app: {name: shop, exe: shop.exe, root: C:\\Apps}
artifacts: {path: 'dist/{version}/shop.exe'}
checks:
  - http: {port: 8080}
  - {name: one, script: {file: checks/a.ps1, parameters: {Port: 80}}}
  - {name: two, script: {file: checks/a.ps1}}
  - {name: three, script: {file: b.ps1}}
"""


def project(tmp_path: Path, a: str, b: str = "$true") -> Project:
    (tmp_path / "checks").mkdir(exist_ok=True)
    (tmp_path / "checks" / "a.ps1").write_text(a, encoding="utf-8")
    (tmp_path / "b.ps1").write_text(b, encoding="utf-8")
    (tmp_path / "fleetdeploy.yml").write_text(PROJECT, encoding="utf-8")
    return load_project(tmp_path)


def shown(made: Project) -> list[tuple[str, int, int, str, str]]:
    return [(Path(p.file).name, p.line, p.column, p.rule, p.level) for p in script_problems(made)]


def test_files_are_walked_once_and_parameters_of_each_check(tmp_path: Path) -> None:
    assert shown(project(tmp_path, "\ufeffparam($Port = 80)\n'grün'\n$true\n")) == []
    bad = project(tmp_path, "\ufeff$x = 1; exit 1\r\n$true ?? $false\r\n", "(Get-Website shop).State -eq 'Started'")
    # Of a text that does not parse nothing is said but that.
    assert shown(bad) == [("b.ps1", 1, 2, "unknown-command", "warning"), ("a.ps1", 2, 7, "newer-syntax", "error")]
    mandatory = project(tmp_path, "param(\n  [Parameter(Mandatory = $true)][string]$Port)\n$true")
    assert shown(mandatory) == [("a.ps1", 2, 3, "parameters", "error")]
    assert shown(project(tmp_path, "$true")) == [("a.ps1", 1, 1, "parameters", "warning")]


def test_the_first_error_refuses_a_plan(tmp_path: Path) -> None:
    refuse_scripts(project(tmp_path, "param($Port)\n(Get-Website shop).State -eq 'Started'"))
    with pytest.raises(
        ConfigError, match=r"2: column 10: exit ends the pipeline .*\[leaves-caller\], and 1 more$"
    ) as told:
        refuse_scripts(project(tmp_path, "param($Port)\nif ($x) {exit 1}\nTest-Json 'x'"))
    assert (told.value.file, told.value.line) == (str(tmp_path.resolve() / "checks" / "a.ps1"), 2)
    assert told.value.next_steps[0].startswith("write return")


def test_what_a_script_needs_by_its_own_word(tmp_path: Path) -> None:
    text = "param($Port)\n$x = [Guid]::new('a')\n$true\n"
    made = project(tmp_path, text, "$true ?? $false")
    assert shown(made) == [("b.ps1", 1, 7, "newer-syntax", "error"), ("a.ps1", 2, 6, "needs-5.0", "error")]
    # Only what another version would have is helped by saying so.
    assert [
        problem.next.endswith("; or #requires -Version 5.1 as the first line, if no host has 4.0")
        for problem in script_problems(made)
    ] == [False, True]
    stated = project(tmp_path, "#requires -Version 5.1\n" + text)
    assert shown(stated) == []
    old = sight("web2")
    assert old.observation is not None
    sights = {
        "web1": sight("web1"),
        "web2": replace(old, observation=replace(old.observation, powershell="4.0")),
        "web3": lost("web3"),
    }
    found = older_hosts(stated, sights)
    assert {(p.reason, p.host) for p in found} == {(RefusalReason.PREFLIGHT, "web2")}
    assert "its PowerShell is 4.0, and " in found[0].what
    assert older_hosts(project(tmp_path, text), sights) == ()
