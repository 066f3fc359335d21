"""The map for newcomers names files: every one of them must be there, or the map leads astray."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "fleetdeploy"
MAP = (PACKAGE / "README.md").read_text(encoding="utf-8")
FILES = re.compile(r"`((?:\.\./)?[\w./]+(?:\.py|\.yml|\.j2|/))`")


def test_the_map_names_files() -> None:
    assert len(set(FILES.findall(MAP))) > 40


@pytest.mark.parametrize("name", sorted(set(FILES.findall(MAP))))
def test_every_path_of_the_map_exists(name: str) -> None:
    floors = [PACKAGE / floor for floor in re.findall(r"^\| `(\w+)/`", MAP, re.MULTILINE)]
    assert any((base / name).exists() for base in (PACKAGE, PACKAGE.parent, *floors)), name
