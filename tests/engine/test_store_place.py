"""Which store is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.engine.journal import state_dir
from fleetdeploy.engine.store.place import PostgresPlace, SqlitePlace, store_place
from fleetdeploy.errors import UsageError


def test_where_state_lies() -> None:
    assert state_dir({"FLEETDEPLOY_STATE_DIR": "/x", "HOME": "/h"}) == Path("/x")
    assert state_dir({"XDG_STATE_HOME": "/s", "HOME": "/h"}).name == "fleetdeploy"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", "/x/journal.sqlite3"),
        ("sqlite:///srv/fd.sqlite3", "/srv/fd.sqlite3"),
        ("sqlite:////srv/fd.sqlite3", "/srv/fd.sqlite3"),
        ("sqlite://fd.sqlite3", "fd.sqlite3"),
        ("sqlite:///srv/a%20b.sqlite3", "/srv/a b.sqlite3"),
    ],
)
def test_a_file(given: str, path: str) -> None:
    place = store_place({"FLEETDEPLOY_STORE": given, "FLEETDEPLOY_STATE_DIR": "/x"})
    assert place == SqlitePlace(Path(path))
    assert place.shown == path


@pytest.mark.parametrize(
    ("given", "url", "schema", "shown"),
    [
        (
            "postgresql://u:pw@db.example/fleet",
            "postgresql://u:pw@db.example/fleet",
            "fleetdeploy",
            "postgresql://u@db.example/fleet",
        ),
        (
            "postgres://db:5433/x?schema=team_a",
            "postgresql://db:5433/x",
            "team_a",
            "postgresql://db:5433/x (schema team_a)",
        ),
        (
            "postgresql://u@/x?host=/run/pg&sslmode=require",
            "postgresql://u@/x?host=%2Frun%2Fpg&sslmode=require",
            "fleetdeploy",
            "postgresql://u@/run/pg/x",
        ),
        (
            "postgresql://[::1]:5432/x?options=-c%20jit%3Doff&password=p+w",
            "postgresql://[::1]:5432/x?options=-c%20jit%3Doff&password=p%2Bw",
            "fleetdeploy",
            "postgresql://[::1]:5432/x",
        ),
        (
            "postgresql://a,b:5432/x?password=pw",
            "postgresql://a,b:5432/x?password=pw",
            "fleetdeploy",
            "postgresql://a,b:5432/x",
        ),
    ],
)
def test_a_database(given: str, url: str, schema: str, shown: str) -> None:
    place = store_place({"FLEETDEPLOY_STORE": given})
    assert isinstance(place, PostgresPlace)
    assert (place.url, place.schema, place.shown) == (url, schema, shown)
    assert place.scrub("it said pw!") == ("it said ***!" if "pw" in given else "it said pw!")


@pytest.mark.parametrize(
    "given",
    [
        "mysql://u:pw@x/y",
        "/srv/pw.sqlite3",
        "postgresql:/u:pw@x",
        "sqlite://",
        "pw",
        "postgresql://u:pw?pw@x/y",
        "postgresql://u:12?a=pw@x/y",
        "postgresql://u:pw",
    ],
)
def test_anything_else_is_refused_without_quoting_it(given: str) -> None:
    with pytest.raises(UsageError) as failure:
        store_place({"FLEETDEPLOY_STORE": given})
    assert "FLEETDEPLOY_STORE" in str(failure.value)
    assert "pw" not in str(failure.value)
