"""Older stores are brought forward; newer ones are used if they allow it, and refused with what to do if not."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.place import StorePlace
from fleetdeploy.engine.store.schema import STEPS, Step
from fleetdeploy.errors import StoreError, StoreTrouble
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Outcome, Phase
from tests.engine.conftest import HEAD, begun

# The layout of the first version, as it made it itself.
FIRST = """
CREATE TABLE IF NOT EXISTS rollouts (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, fleet TEXT NOT NULL, app TEXT NOT NULL, version TEXT NOT NULL,
    digest TEXT NOT NULL, undoes TEXT NOT NULL, actor TEXT NOT NULL, conductor TEXT NOT NULL, pid INTEGER NOT NULL,
    plan TEXT NOT NULL, started_at TEXT NOT NULL, outcome TEXT, exit_code INTEGER, ended_at TEXT
);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_of ON events (rollout, seq);
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
    at TEXT NOT NULL, taken_at TEXT
);
CREATE TABLE IF NOT EXISTS plans (digest TEXT PRIMARY KEY, input TEXT NOT NULL, at TEXT NOT NULL);
"""
NEXT = STEPS[-1].number + 1
# A column that older clients can live without, and one that they cannot.
MINOR = (*STEPS, Step(NEXT, 2, columns=(("events", "colour", "TEXT NOT NULL DEFAULT 'red'"),)))
MAJOR = (*STEPS, Step(NEXT, NEXT, columns=(("events", "colour", "TEXT NOT NULL DEFAULT ''"),)))


def first_store(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(FIRST)
    head = ("01OLD", "forward", "f", "shop", "v1", "d", "", "me", "C0", 1, '{"a": 1}', "2026-01-01T00:00:00.000Z")
    db.execute(f"INSERT INTO rollouts VALUES ({','.join('?' * 15)})", (*head, "succeeded", 0, "2026-01-01T00:10:00Z"))
    told = [ev.Note("größer"), ev.PhaseChanged(Phase.STAGING), ev.RolloutEnded(Outcome.SUCCEEDED, 0)]
    for rollout, event in [("01GONE", ev.Note("of a rollout that is not there")), *(("01OLD", e) for e in told)]:
        text = json.dumps(event.to_json(), ensure_ascii=False)
        db.execute("INSERT INTO events (rollout, at, event) VALUES (?,?,?)", (rollout, "2026-01-01T00:00:01Z", text))
    db.execute("INSERT INTO requests (rollout, kind, actor, at) VALUES ('01OLD','promote','me','x')")
    db.execute("INSERT INTO plans VALUES ('abc','{\"n\": 1}','x')")
    db.commit()
    db.close()


def test_a_store_of_the_first_version_is_brought_forward(tmp_path: Path) -> None:
    first_store(tmp_path / "j.sqlite3")
    journal = Journal(tmp_path / "j.sqlite3")
    row = journal.rollout("01OLD")
    assert row is not None
    assert (row.outcome, row.conductor) == ("succeeded", "C0")
    assert [type(r.event).__name__ for r in journal.events("01OLD")] == ["Note", "PhaseChanged", "RolloutEnded"]
    assert journal.plan("01OLD") == {"a": 1}
    assert journal.kept_plan("abc") == {"n": 1}
    verdict = journal.verify("01OLD")
    assert verdict is not None
    assert (verdict.broken, verdict.events) == (None, 3)
    assert journal.request("01OLD", "pause", "me", reason="why") == 2
    begun(journal).append("01ABC", ev.Note("new"))
    assert journal.verify("01ABC")
    journal.close()
    again = Journal(tmp_path / "j.sqlite3")
    assert len(again.events("01OLD")) == 3
    again.close()


def test_two_that_open_a_new_store_in_the_same_instant(place: StorePlace) -> None:
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait(10)
        journal = Journal(place)
        begun(journal, f"01A{number}").append(f"01A{number}", ev.Note("x"))
        journal.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    journal = Journal(place)
    assert len(journal.rollouts()) == 4
    journal.close()


def test_a_migration_is_done_whole_or_not_at_all(place: StorePlace) -> None:
    begun(Journal(place)).close()

    def breaks(tx: object) -> None:
        raise RuntimeError("killed in the middle")

    with pytest.raises(RuntimeError):
        Journal(place, steps=(*STEPS, replace(MINOR[-1], after=breaks)))
    journal = Journal(place)
    with journal._backend.read() as tx:
        assert dict(tx.rows("SELECT name, value FROM store"))["schema"] == str(STEPS[-1].number)
    assert begun(journal, "01B").append("01B", ev.Note("goes on"))
    journal.close()


def test_an_older_client_writes_a_store_that_allows_it(place: StorePlace) -> None:
    newer = begun(Journal(place, steps=MINOR))
    newer.append("01ABC", ev.Note("of the newer"))
    older = Journal(place)
    assert [r.event for r in older.events("01ABC")] == [ev.Note("of the newer")]
    older.begin("01ABC", plan={}, **{**HEAD, "conductor": "C2"})
    older.claim("01ABC")
    older.append("01ABC", ev.Note("of the older"))
    older.step_begin("01ABC", "web01", 50, "put-back", "C2")
    older.step_end("01ABC", "web01", 50, {})
    older.append("01ABC", ev.RolloutEnded(Outcome.ROLLED_BACK, 3))
    older.end("01ABC", "rolled_back", 3)
    verdict = newer.verify("01ABC")
    assert verdict is not None
    assert (verdict.broken, verdict.events) == (None, 3)
    with newer._backend.read() as tx:
        assert tx.rows("SELECT DISTINCT colour FROM events") == [("red",)]
        assert dict(tx.rows("SELECT name, value FROM store"))["schema"] == str(NEXT), "nobody takes it back"
    newer.close()
    older.close()


def test_an_older_client_refuses_a_store_that_it_would_spoil(place: StorePlace) -> None:
    Journal(place, steps=MAJOR).close()
    with pytest.raises(StoreError) as failure:
        Journal(place)
    assert failure.value.trouble is StoreTrouble.NEWER
    assert "install the newer fleetdeploy" in failure.value.next_steps[0]
    assert any("fleetdeploy rollback" in step for step in failure.value.next_steps)


def test_layouts_are_numbered_and_never_ask_for_more_than_they_are() -> None:
    assert [s.number for s in STEPS] == list(range(1, len(STEPS) + 1))
    assert all(s.min_client <= s.number for s in STEPS)
    floors = [s.min_client for s in STEPS]
    assert floors == sorted(floors), "what once kept older clients out keeps them out"
