"""The tables, as numbered steps: an older store is brought forward when it is opened, in one transaction.

A step that an older client can live with (a new table, a column with a default) leaves ``min_client`` as it is: then
the older client goes on reading and writing its own columns. A step that it cannot live with raises ``min_client``:
then the older client refuses the store, and only what needs no store still works there (status, rollback).

To add one: append a ``Step``, never change an old one; test it from the layout before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from fleetdeploy import __version__
from fleetdeploy.engine.store import chain
from fleetdeploy.engine.store.backend import Backend, Tx
from fleetdeploy.engine.store.trouble import store_error
from fleetdeploy.errors import StoreTrouble


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``{id}`` in a statement is the backend's self-numbering key.

    Attributes:
        min_client: the lowest schema that a client must know to write a store that has taken this step.
        columns: (table, name, definition), added if they are not there.
        after: what else it takes, last.
    """

    number: int
    min_client: int
    statements: tuple[str, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = ()
    after: Callable[[Tx], None] | None = None


def _chain_old_events(tx: Tx) -> None:
    """Events that were written before there was a chain get one."""
    names = ", ".join(chain.HEAD)
    for row in tx.rows(f"SELECT {names}, conductor, plan FROM rollouts"):  # noqa: S608
        *values, conductor, plan = row
        head = dict(zip(chain.HEAD, values, strict=True))
        last, n = chain.genesis(head, json.loads(plan)), 0
        for seq, at, event in tx.rows("SELECT seq, at, event FROM events WHERE rollout=? ORDER BY seq", head["id"]):
            n += 1
            last = chain.link(last, rollout=head["id"], n=n, at=at, conductor=conductor, event=json.loads(event))
            tx.change("UPDATE events SET n=?, conductor=?, hash=? WHERE seq=?", n, conductor, last, seq)
        tx.change("UPDATE rollouts SET last_n=?, last_hash=? WHERE id=?", n, last, head["id"])
    tx.change("DELETE FROM events WHERE n=0")  # of a rollout that is not there


STEPS = (
    Step(
        1,
        1,
        (
            "CREATE TABLE IF NOT EXISTS rollouts ("
            " id TEXT PRIMARY KEY, kind TEXT NOT NULL, fleet TEXT NOT NULL, app TEXT NOT NULL, version TEXT NOT NULL,"
            " digest TEXT NOT NULL, undoes TEXT NOT NULL, actor TEXT NOT NULL, conductor TEXT NOT NULL,"
            " pid INTEGER NOT NULL, plan TEXT NOT NULL, started_at TEXT NOT NULL, outcome TEXT, exit_code INTEGER,"
            " ended_at TEXT)",
            "CREATE TABLE IF NOT EXISTS events ("
            " seq {id}, rollout TEXT NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL)",
            "CREATE INDEX IF NOT EXISTS events_of ON events (rollout, seq)",
            "CREATE TABLE IF NOT EXISTS requests ("
            " id {id}, rollout TEXT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL,"
            " taken_at TEXT)",
            "CREATE TABLE IF NOT EXISTS plans (digest TEXT PRIMARY KEY, input TEXT NOT NULL, at TEXT NOT NULL)",
        ),
    ),
    Step(
        2,
        2,  # who does not know the chain would tear it
        (
            "CREATE TABLE IF NOT EXISTS steps ("
            " rollout TEXT NOT NULL, host TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL,"
            " conductor TEXT NOT NULL, begun_at TEXT NOT NULL, ended_at TEXT, result TEXT,"
            " tries INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (rollout, host, step))",
            "CREATE TABLE IF NOT EXISTS marks ("
            " app TEXT NOT NULL, version TEXT NOT NULL, manifest TEXT NOT NULL, mark TEXT NOT NULL, why TEXT NOT NULL,"
            " actor TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (app, version, manifest))",
            "CREATE TABLE IF NOT EXISTS evidence ("
            " id {id}, rollout TEXT NOT NULL, host TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL)",
            "CREATE INDEX IF NOT EXISTS evidence_of ON evidence (rollout, id)",
            "CREATE INDEX IF NOT EXISTS requests_of ON requests (rollout, id)",
        ),
        (
            ("requests", "argument", "TEXT NOT NULL DEFAULT ''"),
            ("requests", "reason", "TEXT NOT NULL DEFAULT ''"),
            ("requests", "answered_at", "TEXT"),
            ("requests", "accepted", "INTEGER"),
            ("requests", "answer", "TEXT NOT NULL DEFAULT ''"),
            ("events", "n", "INTEGER NOT NULL DEFAULT 0"),
            ("events", "conductor", "TEXT NOT NULL DEFAULT ''"),
            ("events", "hash", "TEXT NOT NULL DEFAULT ''"),
            ("rollouts", "last_n", "INTEGER NOT NULL DEFAULT 0"),
            ("rollouts", "last_hash", "TEXT NOT NULL DEFAULT ''"),
        ),
        _chain_old_events,
    ),
    Step(3, 2, ("CREATE UNIQUE INDEX IF NOT EXISTS events_in_order ON events (rollout, n)",)),
    Step(4, 2, columns=(("rollouts", "holder", "TEXT NOT NULL DEFAULT ''"),)),
)


def prepare(backend: Backend, steps: tuple[Step, ...] = STEPS) -> None:
    """Make or bring forward the tables.

    Raises:
        StoreError: a newer fleetdeploy wrote it and says that this one must not.
    """
    latest = steps[-1].number
    with backend.read() as tx:
        found, min_client = _version(tx)
    if found < latest:
        with backend.migration() as tx:
            found, min_client = _version(tx)  # somebody may have been faster
            for step in steps:
                if step.number > found:
                    _take(tx, backend, step)
    if min_client > latest:
        detail = f"its layout is {found} and asks for {min_client}, this is fleetdeploy {__version__} with {latest}"
        raise store_error(StoreTrouble.NEWER, backend.shown, detail)


def _version(tx: Tx) -> tuple[int, int]:
    if tx.has_table("store"):
        known = {str(key): str(value) for key, value in tx.rows("SELECT name, value FROM store")}
        return int(known.get("schema", "0")), int(known.get("min_client", "0"))
    return (1, 1) if tx.has_table("rollouts") else (0, 0)


def _take(tx: Tx, backend: Backend, step: Step) -> None:
    for statement in step.statements:
        tx.change(statement.replace("{id}", backend.id_column))
    for table, name, definition in step.columns:
        tx.add_column(table, name, definition)
    if step.after is not None:
        step.after(tx)
    tx.change("CREATE TABLE IF NOT EXISTS store (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    for name, value in (("schema", step.number), ("min_client", step.min_client), ("written_by", __version__)):
        sql = "INSERT INTO store (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=excluded.value"
        tx.change(sql, name, str(value))
