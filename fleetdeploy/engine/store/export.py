"""The store as NDJSON and back: one object a line, ``record`` says which kind; what is written can be verified.

A rollout comes first, then its events, steps, requests and evidence, then the next rollout (oldest first); marks are
last. Events keep their hashes, so an export can be checked as the store can: ``read_export`` gives the records back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fleetdeploy import __version__
from fleetdeploy.engine.store.backend import Backend, Tx
from fleetdeploy.engine.store.chain import dump, load
from fleetdeploy.engine.store.rows import StepRow
from fleetdeploy.engine.store.side_tables import STEP_COLUMNS, step_row, utc
from fleetdeploy.engine.store.verify import Link, Record

FORMAT = 1
_HEAD = (
    *("id", "kind", "fleet", "app", "version", "digest", "undoes", "actor", "conductor", "pid", "holder", "started_at"),
    *("outcome", "exit_code", "ended_at", "plan", "last_n", "last_hash"),
)
_LINK = ("seq", "n", "at", "conductor", "event", "hash")
_REQUEST = ("id", "kind", "actor", "at", "argument", "reason", "taken_at", "answered_at", "accepted", "answer")
_MARK = ("app", "version", "manifest", "mark", "why", "actor", "at")


def read_record(tx: Tx, rollout: str) -> Record | None:
    """All that is kept of one rollout, None if there is nothing."""
    rows = tx.rows(f"SELECT {', '.join(_HEAD)} FROM rollouts WHERE id=?", rollout)  # noqa: S608
    if not rows:
        return None
    head = dict(zip(_HEAD, rows[0], strict=True))
    head["plan"] = load(head["plan"])
    links = tx.rows(f"SELECT {', '.join(_LINK)} FROM events WHERE rollout=? ORDER BY n, seq", rollout)  # noqa: S608
    sql = f"SELECT {STEP_COLUMNS} FROM steps WHERE rollout=? ORDER BY begun_at, host, step"  # noqa: S608
    return Record(head, [Link(*row) for row in links], [step_row(row) for row in tx.rows(sql, rollout)])


def export(backend: Backend, rollouts: Iterable[str], apps: Iterable[str] | None) -> Iterator[str]:
    """Lines of the export of these rollouts (and the marks of these apps; None: of all), without line ends."""
    yield dump({"record": "export", "format": FORMAT, "fleetdeploy": __version__, "at": utc()})
    for rollout in rollouts:
        with backend.read() as tx:
            record = read_record(tx, rollout)
            if record is None:  # retention was faster
                continue
            yield from _lines(tx, rollout, record)
    with backend.read() as tx:
        marks = tx.rows(f"SELECT {', '.join(_MARK)} FROM marks ORDER BY at, app, version")  # noqa: S608
    wanted = None if apps is None else set(apps)
    for row in marks:
        if wanted is None or row[0] in wanted:
            yield dump({"record": "mark", **dict(zip(_MARK, row, strict=True))})


def _lines(tx: Tx, rollout: str, record: Record) -> Iterator[str]:
    yield dump({"record": "rollout", **record.head})
    for link in record.links:
        envelope = {"seq": link.seq, "n": link.n, "at": link.at, "rollout": rollout, "conductor": link.conductor}
        yield dump({"record": "event", **envelope, "hash": link.hash, "event": load(link.event)})
    for step in record.steps:
        yield dump({"record": "step", **{name: getattr(step, name) for name in STEP_COLUMNS.split(", ")}})
    sql = f"SELECT {', '.join(_REQUEST)} FROM requests WHERE rollout=? ORDER BY id"  # noqa: S608
    for row in tx.rows(sql, rollout):
        yield dump({"record": "request", "rollout": rollout, **dict(zip(_REQUEST, row, strict=True))})
    for number, host, at, data in tx.rows(
        "SELECT id, host, at, data FROM evidence WHERE rollout=? ORDER BY id", rollout
    ):
        scene = {"id": number, "rollout": rollout, "host": host, "at": at, "data": load(data)}
        yield dump({"record": "evidence", **scene})


def read_export(lines: Iterable[str]) -> tuple[Record, ...]:
    """The records of an export, ready for ``verify``.

    Raises:
        ValueError: a line that is none of an export; says its number.
    """
    heads: dict[str, dict[str, Any]] = {}
    links: dict[str, list[Link]] = {}
    steps: dict[str, list[StepRow]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            _read_line(json.loads(line), heads, links, steps)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} is no line of an export: {error}") from None
    return tuple(Record(head, links[name], steps[name]) for name, head in heads.items())


def _read_line(
    row: Mapping[str, Any],
    heads: dict[str, dict[str, Any]],
    links: dict[str, list[Link]],
    steps: dict[str, list[StepRow]],
) -> None:
    match row["record"]:
        case "rollout":
            heads[row["id"]] = {name: row[name] for name in _HEAD}
            links[row["id"]], steps[row["id"]] = [], []
        case "event":
            values = {name: row[name] for name in _LINK} | {"event": dump(row["event"])}
            links[row["rollout"]].append(Link(**values))
        case "step":
            steps[row["rollout"]].append(StepRow(**{name: row[name] for name in STEP_COLUMNS.split(", ")}))
        case "export":
            if row["format"] != FORMAT:
                raise ValueError(f"format {row['format']}, this fleetdeploy reads {FORMAT}")
        case _:  # requests, evidence, marks, and what newer versions add: nothing to verify
            pass
