"""A place for a store, in a file and in a real PostgreSQL server: the tests of the journal run on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.place import StorePlace, store_place

HEAD = {
    "kind": "forward",
    "fleet": "f",
    "app": "shop",
    "version": "v1",
    "digest": "d",
    "undoes": "",
    "actor": "me",
    "conductor": "C1",
}
Open = Callable[[], Journal]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    """A new store."""
    if request.param == "sqlite":
        url = f"sqlite://{tmp_path}/state/journal.sqlite3"
    else:
        url = request.getfixturevalue("postgres").url()
    return store_place({"FLEETDEPLOY_STORE": url})


@pytest.fixture
def opened(place: StorePlace) -> Iterator[Open]:
    """Opens the store, as often as it is called: each time as another process would."""
    journals: list[Journal] = []

    def make() -> Journal:
        journals.append(Journal(place))
        return journals[-1]

    yield make
    for journal in journals:
        journal.close()


def begun(journal: Journal, rollout: str = "01ABC", **more: str) -> Journal:
    """The journal, with a rollout that began."""
    journal.begin(rollout, plan={"a": 1}, **{**HEAD, **more})
    return journal
