"""What lies beside the events: steps, answers to requests, marks, evidence, plans that were shown. SQL, no decisions.

``Journal`` inherits it; the names of the methods are what conductor and commands use.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fleetdeploy.engine.store.backend import Backend, Row, Tx
from fleetdeploy.engine.store.chain import dump, load
from fleetdeploy.engine.store.rows import Answer, EvidenceRow, MarkRow, StepRow

STEP_COLUMNS = "rollout, host, step, name, conductor, begun_at, ended_at, result, tries"
_KEPT_PLANS = 50


def utc() -> str:
    """Now, as it is written in every row."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def step_row(row: Row) -> StepRow:
    """A row of ``steps`` as a value."""
    rollout, host, step, name, conductor, begun_at, ended_at, result, tries = row
    read = load(result) if result else None
    if read is not None and not isinstance(read, dict):
        read = {"unreadable": read}
    return StepRow(rollout, host, step, name, conductor, begun_at, ended_at, read, tries)


class SideTables:
    """The tables beside the chain of events."""

    _backend: Backend
    _turn: threading.RLock  # taken before the backend, never after: conductor and workers write at once

    def _waits(self, rollout: str, sql: str, values: tuple[object, ...]) -> bool:
        """True if this write is kept back, since the rollout is not (yet) this process's to write."""
        return False

    def _check_writer(self, tx: Tx, rollout: str) -> None:
        """Raises ``StoreError`` if another conductor writes this rollout now."""

    def step_begin(
        self, rollout: str, host: str, step: int, name: str, conductor: str, *, again: bool = False
    ) -> StepRow | None:
        """Write the intent of a step; returns what stood there before.

        Like events, steps are kept back until ``claim`` and refused to a conductor that was replaced. A step that has
        ended stays as it is (``again``: begins anew, its result is dropped), and so does one that
        stands there under another name: the caller compares. One that began without an end begins once more.
        """
        sql = (
            "INSERT INTO steps (rollout, host, step, name, conductor, begun_at) VALUES (?,?,?,?,?,?)"
            " ON CONFLICT (rollout, host, step) DO UPDATE SET conductor=excluded.conductor,"
            " begun_at=excluded.begun_at, ended_at=NULL, result=NULL, tries=steps.tries+1"
        )
        found = f"SELECT {STEP_COLUMNS} FROM steps WHERE rollout=? AND host=? AND step=?"  # noqa: S608
        with self._turn, self._backend.write() as tx:
            self._check_writer(tx, rollout)
            before = next((step_row(row) for row in tx.rows(found, rollout, host, step)), None)
            values = (rollout, host, step, name, conductor, utc())
            is_due = before is None or (before.name == name and (again or not before.ended))
            if is_due and not self._waits(rollout, sql, values):
                tx.change(sql, *values)
        return before

    def step_end(self, rollout: str, host: str, step: int, result: Mapping[str, Any]) -> None:
        """Write the result of a step that has begun."""
        sql = "UPDATE steps SET ended_at=?, result=? WHERE rollout=? AND host=? AND step=?"
        values = (utc(), dump(result), rollout, host, step)
        with self._turn:
            if self._waits(rollout, sql, values):
                return
            with self._backend.write() as tx:
                self._check_writer(tx, rollout)
                tx.change(sql, *values)

    def steps(self, rollout: str) -> tuple[StepRow, ...]:
        """All steps of a rollout, in the order in which they last began."""
        sql = f"SELECT {STEP_COLUMNS} FROM steps WHERE rollout=? ORDER BY begun_at, host, step"  # noqa: S608
        with self._backend.read() as tx:
            return tuple(step_row(row) for row in tx.rows(sql, rollout))

    def request(self, rollout: str, kind: str, actor: str, *, argument: str = "", reason: str = "") -> int:
        """Ask the living conductor of ``rollout`` for something, also from another machine with the same store."""
        sql = (
            "INSERT INTO requests (rollout, kind, actor, at, argument, reason, answer) VALUES (?,?,?,?,?,?,'')"
            " RETURNING id"
        )
        with self._backend.write() as tx:
            return int(tx.rows(sql, rollout, kind, actor, utc(), argument, reason)[0][0])

    def was_taken(self, request: int) -> bool:
        """True once the conductor has seen the request."""
        with self._backend.read() as tx:
            rows = tx.rows("SELECT taken_at FROM requests WHERE id=?", request)
        return bool(rows and rows[0][0])

    def withdraw(self, request: int) -> bool:
        """Takes a request back that nobody has taken; False if the conductor was faster."""
        sql = "UPDATE requests SET taken_at=?, answer='withdrawn' WHERE id=? AND taken_at IS NULL"
        with self._backend.write() as tx:
            return tx.change(sql, utc(), request) == 1

    def answer(self, request: int, accepted: bool, text: str) -> None:
        """The conductor's answer to a request that it took."""
        sql = "UPDATE requests SET answered_at=?, accepted=?, answer=? WHERE id=?"
        with self._backend.write() as tx:
            tx.change(sql, utc(), int(accepted), text, request)

    def answer_of(self, request: int) -> Answer | None:
        """The conductor's answer, None as long as there is none."""
        sql = "SELECT id, accepted, answer, answered_at FROM requests WHERE id=? AND answered_at IS NOT NULL"
        with self._backend.read() as tx:
            rows = tx.rows(sql, request)
        return next((Answer(number, bool(accepted), text, at) for number, accepted, text, at in rows), None)

    def set_mark(self, app: str, version: str, manifest_sha256: str, mark: str, why: str, actor: str) -> None:
        """Remember what is held of a version; replaces what was held before."""
        sql = (
            "INSERT INTO marks (app, version, manifest, mark, why, actor, at) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (app, version, manifest) DO UPDATE SET mark=excluded.mark, why=excluded.why,"
            " actor=excluded.actor, at=excluded.at"
        )
        with self._backend.write() as tx:
            tx.change(sql, app, version, manifest_sha256, mark, why, actor, utc())

    def marks(self, app: str) -> tuple[MarkRow, ...]:
        """What is held of the versions of an app, oldest word first."""
        sql = "SELECT app, version, manifest, mark, why, actor, at FROM marks WHERE app=? ORDER BY at, version"
        with self._backend.read() as tx:
            return tuple(MarkRow(*row) for row in tx.rows(sql, app))

    def keep_evidence(self, rollout: str, host: str, data: Mapping[str, Any]) -> int:
        """Keep the scene of a host; a second one of the same host is kept beside the first."""
        sql = "INSERT INTO evidence (rollout, host, at, data) VALUES (?,?,?,?) RETURNING id"
        with self._backend.write() as tx:
            return int(tx.rows(sql, rollout, host, utc(), dump(data))[0][0])

    def evidence(self, rollout: str, host: str = "") -> tuple[EvidenceRow, ...]:
        """The scenes that were kept in a rollout (of one host), oldest first."""
        sql = "SELECT id, rollout, host, at, data FROM evidence WHERE rollout=? AND host LIKE ? ORDER BY id"
        with self._backend.read() as tx:
            rows = [row for row in tx.rows(sql, rollout, host or "%") if host in ("", row[2])]
        read = [(number, rid, name, at, load(data)) for number, rid, name, at, data in rows]
        return tuple(EvidenceRow(*row) for row in read if isinstance(row[-1], dict))

    def keep_plan(self, digest: str, digest_input: Mapping[str, Any]) -> None:
        """Remember what a plan's digest covered when it was shown, so that a refusal can say what has moved."""
        sql = (
            "INSERT INTO plans (digest, input, at) VALUES (?,?,?)"
            " ON CONFLICT (digest) DO UPDATE SET input=excluded.input, at=excluded.at"
        )
        old = "DELETE FROM plans WHERE digest NOT IN (SELECT digest FROM plans ORDER BY at DESC, digest LIMIT ?)"
        with self._backend.write() as tx:
            tx.change(sql, digest, dump(digest_input), utc())
            tx.change(old, _KEPT_PLANS)

    def kept_plan(self, digest: str) -> dict[str, Any] | None:
        """What ``keep_plan`` remembered, None if nothing."""
        with self._backend.read() as tx:
            rows = tx.rows("SELECT input FROM plans WHERE digest=?", digest)
        return dict(json.loads(rows[0][0])) if rows else None
