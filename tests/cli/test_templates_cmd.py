"""``templates list|eject|diff``, and what ``config`` and ``plan`` say of a project's templates, as typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fleetdeploy.cli.main import app


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    assert CliRunner().invoke(app, ["init", "shop", "-C", str(tmp_path)]).exit_code == 0
    return tmp_path


def call(project: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "-C", str(project)])


def answer(project: Path, *arguments: str, code: int = 0) -> Any:
    done = call(project, *arguments, "--output", "json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_from_eject_to_plan(project: Path) -> None:
    assert answer(project, "config")["template_problems"] == []
    assert all(row["override"] is None for row in answer(project, "templates", "list")["templates"])
    assert "the project replaces no template" in call(project, "templates", "diff").stdout
    assert call(project, "templates", "diff", "beat").exit_code == 2

    made = answer(project, "templates", "eject", "beat")
    assert made["created"]
    assert made["base"]["recorded"] == made["base"]["now"] != ""
    file = Path(made["file"])
    assert "its text is the shipped one" in call(project, "templates", "diff", "beat").stdout
    listed = call(project, "templates", "list").stdout
    assert [line.split()[0] for line in listed.splitlines() if "its base is as it was" in line] == ["beat"]
    again = call(project, "templates", "eject", "beat")
    assert again.exit_code == 2
    assert "was left as it is" in again.stderr

    # Edited: what 5.1 does not parse
    text = file.read_text()
    file.write_text(text.replace("$busy = $false", "$busy = $req.a ?? 1"))
    line = file.read_text().splitlines().index("        $busy = $req.a ?? 1") + 1
    assert "+        $busy = $req.a ?? 1" in call(project, "templates", "diff").stdout
    checked = call(project, "config")
    assert checked.exit_code == 2
    assert f"{file}:{line}: the operator ?? came with PowerShell 7.0" in checked.stdout
    assert call(project, "config", "strategy").exit_code == 0
    [problem] = answer(project, "config", code=2)["template_problems"]
    assert (problem["file"], problem["line"], problem["rule"]) == (str(file), line, "newer-syntax")
    assert answer(project, "templates", "list")["problems"] == [problem]
    planned = answer(project, "plan", "v1.0.0", code=2)
    assert (planned["kind"], planned["file"], planned["line"]) == ("ConfigError", str(file), line)
    rolled = call(project, "rollout", "v1.0.0", "--yes")
    assert rolled.exit_code == 2
    assert f"{file}:{line}: " in rolled.stderr

    # Put right, but of a base that is no more
    file.write_text(text.replace(made["base"]["now"], "0" * 64))
    assert "its base has changed" in call(project, "plan", "v1.0.0").stderr
    [told] = answer(project, "templates", "diff")["overrides"]
    assert (told["standing"], told["base"]["changed"], told["diff"]) == ("changed", True, "")
    accepted = call(project, "templates", "eject", "beat", "--accept")
    assert "its text is as it was" in accepted.stdout
    assert answer(project, "config")["template_problems"] == []
    forced = call(project, "templates", "eject", "beat", "--force")
    assert "was replaced" in forced.stdout
    assert "what was there is now" in forced.stdout
    assert call(project, "templates", "eject", "beat", "--force", "--accept").exit_code == 2
