"""Which inventory is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.errors import UsageError
from fleetdeploy.inventory import find_inventory


def project(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "inventories"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("hosts: {}\n")
    return tmp_path


def test_exactly_one_is_used(tmp_path: Path) -> None:
    root = project(tmp_path, "prod.yml", "README.md")
    assert find_inventory(root, None, {}) == root / "inventories/prod.yml"


def test_more_than_one_must_be_named(tmp_path: Path) -> None:
    root = project(tmp_path, "prod.yml", "stage.yaml")
    with pytest.raises(UsageError, match="2 inventories: prod, stage") as caught:
        find_inventory(root, None, {})
    assert "FLEETDEPLOY_INVENTORY" in caught.value.next_steps[0]
    assert find_inventory(root, "stage", {"FLEETDEPLOY_INVENTORY": "prod"}).name == "stage.yaml"
    assert find_inventory(root, None, {"FLEETDEPLOY_INVENTORY": "prod"}).name == "prod.yml"
    assert find_inventory(root, str(root / "inventories/prod.yml"), {}).name == "prod.yml"


def test_none_or_another(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no inventory in"):
        find_inventory(tmp_path, None, {})
    root = project(tmp_path, "prod.yml")
    with pytest.raises(UsageError, match="-i: there is no inventory 'prdo'") as caught:
        find_inventory(root, "prdo", {})
    assert caught.value.next_steps == ("did you mean prod?",)
    with pytest.raises(UsageError, match="no inventory file"):
        find_inventory(root, "else/where.yml", {})
    (root / "inventories/prod.yaml").write_text("hosts: {}\n")
    with pytest.raises(UsageError, match="have one name"):
        find_inventory(root, "prod", {})
