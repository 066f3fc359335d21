"""Full, deleted, locked, damaged, unreachable: a clear error with what to type, and never a write that nobody reads."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetdeploy.app.recorded import open_journal
from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.place import SqlitePlace, store_place
from fleetdeploy.engine.store.sqlite import SqliteBackend
from fleetdeploy.errors import ExitCode, FleetdeployError, RefusalReason, StoreError, StoreTrouble
from fleetdeploy.model import events as ev
from tests.engine.conftest import begun
from tests.postgres import PostgresServer


def trouble_of(failure: pytest.ExceptionInfo[StoreError]) -> StoreTrouble:
    """The kind of trouble, after a look at what every such error owes to a person."""
    error = failure.value
    assert error.exit_code is ExitCode.REFUSED
    assert error.reason is RefusalReason.STORE
    assert any("fleetdeploy rollback" in step for step in error.next_steps), "the hosts need no store"
    return error.trouble


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = begun(Journal(tmp_path / "s" / "journal.sqlite3"))
    yield made
    made.close()


def test_only_its_owner_may_read_it(journal: Journal) -> None:
    assert journal.path is not None
    for file in journal.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700


def test_a_full_disk(journal: Journal) -> None:
    backend = journal._backend
    assert isinstance(backend, SqliteBackend)
    before = journal.append("01ABC", ev.Note("fits"))
    pages = backend._db.execute("PRAGMA page_count").fetchone()[0]
    backend._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError, match="no room left") as failure:
        journal.append("01ABC", ev.Note("x" * 400_000))
    assert trouble_of(failure) is StoreTrouble.FULL
    assert str(journal.path) in str(failure.value)
    backend._db.execute("PRAGMA max_page_count=100000")
    assert journal.append("01ABC", ev.Note("there is room again")) > before
    verdict = journal.verify("01ABC")
    assert verdict is not None
    assert verdict.broken is None, "what did not fit left nothing half written"


def test_a_disk_that_is_full_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*values: object, **named: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StoreError, match="no room left") as failure:
        Journal(tmp_path / "j.sqlite3")
    assert trouble_of(failure) is StoreTrouble.FULL


@pytest.mark.parametrize("again", [False, True])
def test_a_file_that_was_deleted_is_never_written(journal: Journal, again: bool) -> None:
    assert journal.path is not None
    shutil.rmtree(journal.path.parent)
    if again:  # another fleetdeploy made a new one in its place
        Journal(journal.path).close()
    for act in (
        lambda: journal.append("01ABC", ev.Note("x")),
        lambda: journal.end("01ABC", "failed", 4),
        lambda: journal.step_begin("01ABC", "web01", 30, "activate", "C1"),
        lambda: journal.take_requests("01ABC"),
        lambda: journal.events("01ABC"),
    ):
        with pytest.raises(StoreError, match="was deleted or replaced") as failure:
            act()
        assert trouble_of(failure) is StoreTrouble.GONE
    assert any("--plan FILE" in step for step in failure.value.next_steps)


def test_a_locked_file(journal: Journal) -> None:
    assert journal.path is not None
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    backend = SqliteBackend(SqlitePlace(journal.path), busy_s=0.05)
    with pytest.raises(StoreError, match="locked by another process") as failure, backend.write():
        pass
    assert trouble_of(failure) is StoreTrouble.LOCKED
    with backend.read() as tx:
        assert tx.rows("SELECT count(*) FROM rollouts") == [(1,)], "reading goes on"
    other.close()
    backend.close()


@pytest.mark.parametrize(
    "damage", [b"this is no database at all, it is a text", b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_a_damaged_file(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "j.sqlite3").write_bytes(damage)
    with pytest.raises(StoreError, match="is damaged") as failure:
        Journal(tmp_path / "j.sqlite3")
    assert trouble_of(failure) is StoreTrouble.CORRUPT
    assert (tmp_path / "j.sqlite3").read_bytes() == damage, "it is left for whoever can save something"


def test_a_file_that_is_damaged_in_the_middle(journal: Journal) -> None:
    for _ in range(60):
        journal.append("01ABC", ev.Note("x" * 400))
    path = journal.path
    assert path is not None
    journal.close()
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="is damaged") as failure:
        Journal(path).events("01ABC")
    assert trouble_of(failure) is StoreTrouble.CORRUPT


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written") as failure:
        Journal(tmp_path / "file" / "j.sqlite3")
    assert trouble_of(failure) is StoreTrouble.READ_ONLY
    assert "FLEETDEPLOY_STATE_DIR" in failure.value.next_steps[0]


def test_what_must_go_on_without_a_store_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path / "file"))
    with pytest.raises(StoreError):
        open_journal()
    journal = open_journal(required=False)
    assert "cannot be written" in journal.why_not_kept
    begun(journal).append("01ABC", ev.Note("kept as long as the process lives"))
    assert len(journal.events("01ABC")) == 1
    assert journal.path is None
    journal.close()


def test_a_real_store_says_nothing_of_the_kind(journal: Journal) -> None:
    assert journal.why_not_kept == ""


# -- PostgreSQL ------------------------------------------------------------------------------------------------------


def test_a_server_that_was_restarted_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleetdeploy.engine.store.postgres._AGAIN_S", (0.0,))
    server = PostgresServer()  # not the one that the other tests share
    try:
        place = store_place({"FLEETDEPLOY_STORE": server.url()})
        journal = begun(Journal(place))
        server.stop()
        server.start()
        assert journal.append("01ABC", ev.Note("as if nothing had been"))
        server.stop()
        with pytest.raises(StoreError, match="does not answer") as failure:
            journal.append("01ABC", ev.Note("x"))
        assert trouble_of(failure) is StoreTrouble.UNREACHABLE
        with pytest.raises(StoreError, match="does not answer"):
            Journal(place)
        server.start()
        assert journal.append("01ABC", ev.Note("there again"))
        verdict = journal.verify("01ABC")
        assert verdict is not None
        assert (verdict.broken, verdict.events) == (None, 2)
        journal.close()
    finally:
        server.close()


def test_tables_that_were_dropped(postgres: PostgresServer) -> None:
    journal = begun(Journal(store_place({"FLEETDEPLOY_STORE": postgres.url()})))
    with journal._backend.write() as tx:
        tx.change("DROP TABLE events")
    with pytest.raises(StoreError, match="was deleted") as failure:
        journal.append("01ABC", ev.Note("x"))
    assert trouble_of(failure) is StoreTrouble.GONE
    journal.close()


def test_a_login_that_may_only_read(postgres: PostgresServer) -> None:
    url = postgres.url()
    journal = begun(Journal(store_place({"FLEETDEPLOY_STORE": url})))
    schema = url.rpartition("schema=")[2]
    with journal._backend.write() as tx:
        for sql in (
            f"CREATE ROLE reader_{schema} LOGIN",
            f"GRANT USAGE ON SCHEMA {schema} TO reader_{schema}",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader_{schema}",
        ):
            tx.change(sql)
    reader = Journal(store_place({"FLEETDEPLOY_STORE": url.replace("fd@", f"reader_{schema}@")}))
    assert [r.id for r in reader.rollouts()] == ["01ABC"], "history can be read"
    with pytest.raises(StoreError, match="cannot be written") as failure:
        reader.request("01ABC", "pause", "me")
    assert trouble_of(failure) is StoreTrouble.READ_ONLY
    reader.close()
    journal.close()


def test_without_the_driver(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError) as failure:
        Journal(store_place({"FLEETDEPLOY_STORE": postgres.url()}))
    assert trouble_of(failure) is StoreTrouble.NO_DRIVER
    assert failure.value.next_steps[0] == "pip install 'fleetdeploy[postgres]'"


SECRETS = ("s3cr%25et", "s3cr%et", "hun%zzter2")


@pytest.mark.parametrize("login", ["fd:s3cr%25et", "fd:hun%zzter2"])
@pytest.mark.parametrize("rest", ["@nowhere.invalid/db", "@/db?host=/nowhere", "@[/db", "@127.0.0.1:1/db?schema=Bad-1"])
def test_a_password_is_never_shown(login: str, rest: str) -> None:
    """Neither where the server does not answer, nor where the URL itself is wrong."""
    shown: list[str] = []

    def open_it() -> None:
        place = store_place({"FLEETDEPLOY_STORE": f"postgresql://{login}{rest}"})
        shown.extend((repr(place), place.shown, str(place)))
        Journal(place)

    with pytest.raises(FleetdeployError) as failure:
        open_it()
    error = failure.value
    assert error.__cause__ is None or error.__suppress_context__
    said = " ".join((*shown, repr(error), *error.args, error.what, *error.why, *error.next_steps))
    assert not any(secret in said for secret in SECRETS), said


def test_a_refused_password_is_not_shown_either(postgres: PostgresServer) -> None:
    url = postgres.url(user="nobody_of_that_name", password="s3cr%25et") + "&sslpassword=s3cr%25et"
    with pytest.raises(StoreError, match="does not answer") as failure:
        Journal(store_place({"FLEETDEPLOY_STORE": url}))
    assert "nobody_of_that_name" in str(failure.value)
    assert not any(secret in str(failure.value) for secret in SECRETS)
