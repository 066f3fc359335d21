"""Defaults < file < environment < options, and what ``fleetdeploy config`` says about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.errors import UsageError
from fleetdeploy.model.project import Project
from fleetdeploy.model.strategy import Amount
from fleetdeploy.settings import OVERRIDES, apply_overrides, explain, load_project

TEXT = r"""
app:
  name: shop
  exe: shop.exe
  root: C:\Apps
  arguments: [--port, "8080", --token=abc, --db-password, hunter2, plain]
  environment: {APP_ENV: prod, DB_PASSWORD: hunter2}
  account: CORP\svc
  account_password: env:SVC_PASSWORD
artifacts: {path: "dist/{version}/shop.exe"}
strategy: {kind: all-at-once, batch: 50%}
checks:
  - script: {file: c.ps1, parameters: {Token: hunter2, Port: 1}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "c.ps1").write_text("$true")
    (tmp_path / "fleetdeploy.yml").write_text(TEXT)
    return load_project(tmp_path)


def test_options_beat_environment_beats_file(project: Project) -> None:
    env = {"FLEETDEPLOY_BATCH": "3", "FLEETDEPLOY_BUDGET": "2", "FLEETDEPLOY_DEADLINE": ""}
    changed = apply_overrides(project, env=env, options={"batch": "4", "canary": None})
    assert (changed.strategy.batch, changed.strategy.budget) == (Amount(4), 2)
    assert changed.strategy.kind == "rolling"
    assert changed.sources["strategy.batch"] == "option --batch"
    assert changed.sources["budget"] == "env FLEETDEPLOY_BUDGET"
    assert apply_overrides(project) == project


def test_canaries_mean_the_canary_strategy(project: Project) -> None:
    assert apply_overrides(project, options={"canary": "10%"}).strategy.kind == "canary"
    assert apply_overrides(project, options={"canary": "10%", "batch": "2"}).strategy.kind == "canary"
    assert apply_overrides(project, options={"canary": "1,5,20%"}).strategy.canary == (
        Amount(1),
        Amount(5),
        Amount(20, percent=True),
    )
    assert apply_overrides(project, options={"strategy": "rolling", "canary": "1"}).strategy.kind == "rolling"


def test_every_override_reaches_its_field(project: Project) -> None:
    samples = {
        "strategy": "canary",
        "batch": "7",
        "canary": "7",
        "max_unavailable": "7",
        "on_unknown": "stop",
        "unreachable": "skip",
        "budget": "7",
        "keep_journal": "180d",
        "parallel": "7",
        "deadline": "777s",
        "on_expiry": "rollback",
        "pause_after_batch": "2,3",
    }
    for name, override in OVERRIDES.items():
        is_flag = name in ("allow_dirty", "repair", "all_at_once", "pause_after_canary")
        text = samples.get(name, "true" if is_flag else "7s")
        changed = apply_overrides(project, options={name: text})
        owner = getattr(changed, override.part) if override.part else changed
        before = getattr(project, override.part) if override.part else project
        assert getattr(owner, override.name) == override.parse(text)
        assert getattr(owner, override.name) != getattr(before, override.name), name


@pytest.mark.parametrize(
    ("env", "options", "words"),
    [
        ({"FLEETDEPLOY_BATCH": "0"}, {}, "FLEETDEPLOY_BATCH: 0 would never"),
        ({}, {"batch": "x"}, "--batch: 'x' is no amount"),
        ({}, {"strategy": "cannary"}, "did you mean canary?"),
        ({}, {"on_unknown": "roll"}, "--on-unknown: 'roll' is not one of"),
        ({}, {"budget": -1}, "--budget: '-1' is no whole number"),
        ({}, {"min_healthy": "0s"}, "longer than 0"),
        ({"FLEETDEPLOY_ALLOW_DIRTY": "maybe"}, {}, "neither true nor false"),
        ({}, {"deadline": "10s"}, "health.deadline comes from option --deadline"),
    ],
)
def test_bad_overrides_name_where_they_come_from(
    project: Project, env: dict[str, str], options: dict[str, str | int | float | bool | None], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        apply_overrides(project, env=env, options=options)
    assert words in str(caught.value)


def test_what_is_for_one_run_is_no_variable(project: Project) -> None:
    assert not apply_overrides(project, env={"FLEETDEPLOY_REPAIR": "true"}).strategy.repair


def test_explain_masks_and_names_sources(project: Project) -> None:
    changed = apply_overrides(project, env={"FLEETDEPLOY_BATCH": "3"})
    rows = {row.key: row for row in explain(changed)}
    assert "hunter2" not in repr(rows)
    assert "abc" not in rows["app.arguments"].shown
    assert rows["app.arguments"].shown == "[--port, 8080, --token=********, --db-password, ********, plain]"
    assert rows["app.environment.APP_ENV"].shown == "prod"
    assert rows["app.environment.DB_PASSWORD"].shown == "********"
    assert rows["app.account_password"].shown == "******** (from env:SVC_PASSWORD)"
    assert rows["app.start_type"].shown == "(left alone)"
    assert (rows["strategy.batch"].shown, rows["strategy.batch"].source) == ("3", "env FLEETDEPLOY_BATCH")
    assert rows["app.root"].source == f"{changed.file}:5"
    assert rows["budget"].source == "default"
    assert "Port=1" in rows["checks.script c.ps1"].shown
    assert set(changed.sources) - {"app", "artifacts", "strategy", "checks"} <= {
        *rows,
        "app.environment",
    }
