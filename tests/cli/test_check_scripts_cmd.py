"""What ``config``, ``plan`` and ``rollout`` say of the PowerShell files of a project's checks, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fleetdeploy.cli.main import app

FLEET = """\
fleet: example
defaults: {connection: {auth: ntlm, user: x, secret: env:NO_PASSWORD_HERE, transport: http, connect_timeout: 1s}}
hosts: {web1: {connection: {address: 127.0.0.1, port: 9}}}
"""
GOOD = "param($Port)\n(Test-NetConnection localhost -Port $Port -InformationLevel Quiet)\n"
SUSPECT = GOOD + "$seen = netstat -an | Select-String 'LISTENING'\n[bool]$seen\n"
BAD = SUSPECT + "# so\n$ok = $seen\n  $ok ? $true : $false\n"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("NO_PASSWORD_HERE", "pw")
    assert CliRunner().invoke(app, ["init", "shop", "-C", str(tmp_path)]).exit_code == 0
    project = tmp_path / "fleetdeploy.yml"
    line = next(text for text in project.read_text().splitlines() if "script: {file: checks/deep.ps1" in text)
    project.write_text(project.read_text().replace(line, "  " + line.strip().removeprefix("# ")))
    (tmp_path / "inventories" / "example.yml").write_text(FLEET)
    (tmp_path / "checks").mkdir()
    return tmp_path / "checks" / "deep.ps1"


def call(script: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "-C", str(script.parent.parent)])


def test_a_check_that_cannot_run(script: Path) -> None:
    script.write_text(GOOD)
    done = call(script, "config")
    assert (done.exit_code, "scripts of checks" in done.stdout) == (0, False)

    # What a host's language decides is said, and refuses nothing.
    script.write_text(SUSPECT)
    done = call(script, "config")
    assert done.exit_code == 0
    assert f"{script}:3:23: what a program printed is filtered" in done.stdout
    assert "that cannot run" not in done.stdout
    planned = call(script, "plan", "v1.0.0")
    assert (planned.exit_code, str(script) in planned.stderr) == (6, False)  # there is no artifact

    # What Windows PowerShell does not parse is refused.
    script.write_text(BAD)
    done = call(script, "config")
    assert done.exit_code == 2
    place = f"{script}:7:7: the ternary ? : came with PowerShell 7.0"
    assert place in done.stdout
    assert "    write if (...) { ... } else { ... }" in done.stdout.splitlines()
    assert call(script, "config", "strategy").exit_code == 0
    told = call(script, "config", "--output", "json")
    assert told.exit_code == 2
    [problem] = json.loads(told.stdout)["script_problems"]
    assert {key: problem[key] for key in ("file", "line", "column", "rule", "level")} == {
        "file": str(script),
        "line": 7,
        "column": 7,
        "rule": "newer-syntax",
        "level": "error",
    }
    for command in (("plan", "v1.0.0"), ("rollout", "v1.0.0", "--yes")):
        refused = call(script, *command)
        assert refused.exit_code == 2
        assert f"{script}:7: column 7: the ternary ? : came with PowerShell 7.0" in refused.stderr
        assert "write if (...)" in refused.stderr

    # A way back is no matter of style: it got as far as the host, which is not there.
    back = call(script, "rollback", "--yes")
    assert back.exit_code == 5
    assert "no host of fleet example answers" in back.stderr
