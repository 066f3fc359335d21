"""A world per test: a lab in this process, a project directory, an empty store; everything a command said is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.e2e_world import World, make_lab
from tests.journals import assert_store_whole

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """``make_world(hosts, version=None, **behaviour)``: v1.4.0, installed by hand, runs on every host."""
    made: list[World] = []

    def make(hosts: int = 3, version: str | None = "v1.4.0", **behaviour: Any) -> World:
        world = World(tmp_path, make_lab(hosts, version, **behaviour))
        made.append(world)
        world.given_project()
        return world

    try:
        yield make
        for world in made:
            refused = {n: [str(e) for e in h.not_simulated] for n, h in world.lab.hosts.items() if h.not_simulated}
            assert refused == {}
            assert world.lab.password not in world.said()
            assert_store_whole(world.folder / "store" / "journal.sqlite3")
    finally:
        for world in made:
            world.lab.stop()
