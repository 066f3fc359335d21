"""``init``, ``config`` and ``inventory`` through the real command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fleetdeploy.cli.main import app

HOSTS = """
defaults: {connection: {user: deploy, secret: "env:PW"}}
groups: {web: {}}
hosts:
  web[01:03]: {groups: [web], zone: z1}
  db01: {labels: {tier: back}}
"""


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FLEETDEPLOY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def answer(*arguments: str | Path) -> Any:
    done = call(*arguments, "--output", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_init_writes_what_config_and_inventory_read(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    done = call("init", "-C", root)
    assert done.exit_code == 0, done.output
    assert "wrote" in done.stdout
    assert answer("config", "-C", root)["settings"]["app.name"] == {
        "value": "shop",
        "from": f"{root}/fleetdeploy.yml:6",
    }
    assert answer("inventory", "check", "-C", root)["files"][0]["problems"] == []
    before = (root / "fleetdeploy.yml").read_text()
    again = call("init", "-C", root)
    assert again.exit_code == 2
    assert "already there" in again.stderr
    assert (root / "fleetdeploy.yml").read_text() == before


def test_init_keeps_an_inventory_and_refuses_a_bad_name(tmp_path: Path) -> None:
    (tmp_path / "inventories").mkdir()
    (tmp_path / "inventories/prod.yml").write_text(HOSTS)
    assert call("init", "a/b", "-C", tmp_path).exit_code == 2
    assert not (tmp_path / "fleetdeploy.yml").exists()
    assert call("init", "till", "-C", tmp_path).exit_code == 0
    assert [path.name for path in (tmp_path / "inventories").iterdir()] == ["prod.yml"]


def test_config_says_where_values_come_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("init", "shop", "-C", tmp_path)
    monkeypatch.setenv("FLEETDEPLOY_BATCH", "3")
    shown = call("config", "strategy", "-C", tmp_path)
    assert "env FLEETDEPLOY_BATCH" in shown.stdout
    assert "app.name" not in shown.stdout
    changed = answer("config", "--changed", "-C", tmp_path)["settings"]
    assert "budget" not in changed
    assert changed["strategy.batch"]["value"] == "3"
    wrong = call("config", "stratgy", "-C", tmp_path)
    assert wrong.exit_code == 2
    assert "did you mean strategy" in wrong.stderr
    monkeypatch.setenv("FLEETDEPLOY_BATCH", "0")
    assert "FLEETDEPLOY_BATCH" in call("config", "-C", tmp_path).stderr


def test_config_without_a_project(tmp_path: Path) -> None:
    done = call("config", "-C", tmp_path)
    assert done.exit_code == 2
    assert "fleetdeploy init" in done.stderr


def inventories(root: Path, **files: str) -> Path:
    (root / "inventories").mkdir()
    for name, text in files.items():
        (root / "inventories" / f"{name}.yml").write_text(text)
    return root


def test_inventory_list_and_show(tmp_path: Path) -> None:
    root = inventories(tmp_path, prod=HOSTS)
    assert [host["name"] for host in answer("inventory", "list", "-C", root)["hosts"]] == [
        "web01",
        "web02",
        "web03",
        "db01",
    ]
    limited = call("inventory", "list", "-C", root, "--limit", "group:web,!web02")
    assert "2 of 4 hosts" in limited.stdout
    assert "web02" not in limited.stdout
    values = answer("inventory", "show", "WEB01", "-C", root)["values"]
    assert values["connection.user"] == {"value": "deploy", "from": f"{root}/inventories/prod.yml:2 (defaults)"}
    missing = call("inventory", "show", "wbe01", "-C", root)
    assert missing.exit_code == 2
    assert "did you mean web01" in missing.stderr


def test_more_than_one_inventory_must_be_named(tmp_path: Path) -> None:
    root = inventories(tmp_path, prod=HOSTS, stage=HOSTS)
    done = call("inventory", "list", "-C", root)
    assert done.exit_code == 2
    assert "prod, stage" in done.stderr
    assert answer("inventory", "list", "-C", root, "-i", "stage")["fleet"] == "stage"


def test_check_reads_all_and_names_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = inventories(tmp_path, prod=HOSTS, stage=HOSTS + "  web04: {zoen: z1}\n")
    done = call("inventory", "check", "-C", root)
    assert done.exit_code == 2
    assert "prod.yml: ok, 4 hosts" in done.stdout
    assert "stage.yml:7: unknown key 'zoen'" in done.stdout
    assert "did you mean zone?" in done.stdout
    monkeypatch.delenv("PW", raising=False)
    assert call("inventory", "check", "-C", root, "-i", "prod").exit_code == 0
    secrets = call("inventory", "check", "-C", root, "-i", "prod", "--secrets")
    assert secrets.exit_code == 2
    assert "PW is not set" in secrets.stdout
    monkeypatch.setenv("PW", "hunter2")
    good = call("inventory", "check", "-C", root, "-i", "prod", "--secrets")
    assert good.exit_code == 0
    assert "hunter2" not in good.output


def test_check_sees_a_missing_authority(tmp_path: Path) -> None:
    root = inventories(tmp_path, prod=HOSTS.replace("user: deploy", "user: deploy, ca_file: none.pem"))
    done = call("inventory", "check", "-C", root)
    assert done.exit_code == 2
    assert "none.pem does not exist" in done.stdout


def test_freeze_windows_are_shown_where_they_were_written(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    assert call("init", "-C", root).exit_code == 0
    window = 'freeze: [{weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin, why: nobody is here}]\n'
    shown = "Fri 16:00 - Mon 06:00 Europe/Berlin (nobody is here)"
    file = root / "fleetdeploy.yml"
    file.write_text(window + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert answer("config", "-C", root)["settings"]["freeze[0]"] == {"value": shown, "from": f"{file}:1"}
    (fleet,) = (root / "inventories").glob("*.yml")
    fleet.write_text(window + fleet.read_text(encoding="utf-8"), encoding="utf-8")
    assert answer("inventory", "list", "-C", root)["freeze"] == [shown]
    assert f"freeze: {shown}" in call("inventory", "list", "-C", root).stdout
    fleet.write_text(window.replace("Berlin", "Berlim") + HOSTS, encoding="utf-8")
    wrong = call("inventory", "list", "-C", root)
    assert wrong.exit_code == 2
    assert f"{fleet}:1" in wrong.output
