"""A world per test: its own lab, project directory and store; a NotSimulated that nobody expected fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetdeploy.lab.fleet import Lab
from tests.journals import assert_store_whole
from tests.scenarios.steps import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    folder, store = tmp_path / "project", tmp_path / "store"
    folder.mkdir()
    lab = Lab.start([])
    monkeypatch.setenv("FLEETDEPLOY_PASSWORD", lab.password)
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(store))
    for name in ("FLEETDEPLOY_INVENTORY", "GITHUB_ACTOR", "CI_JOB_URL"):
        monkeypatch.delenv(name, raising=False)
    made = World(folder, store, lab)
    try:
        yield made
        for process in made.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if not made.expect_not_simulated:
            assert {n: [str(e) for e in h.not_simulated] for n, h in lab.hosts.items() if h.not_simulated} == {}
        assert_store_whole(store / "journal.sqlite3")
    finally:
        lab.stop()
