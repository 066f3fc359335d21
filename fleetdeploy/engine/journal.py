"""The journal: an append-only log of events, in a SQLite file or in PostgreSQL, readable with any SQL tool.

Holds what a conductor said (events, chained by hashes), the plan of each rollout (so that ``resume`` needs no project
file), steps, and requests: commands from outside for a conductor that lives. Only the conductor that holds a rollout
appends to it; the others write requests. The hosts are the truth, this is history: losing it loses no host. Knows
neither Windows nor strategies.

Who holds a rollout: the conductor that began it; a later one from ``claim`` on, which it calls once the hosts are
its own. Until then what it says is kept back, and dropped if the hosts refuse it: one that merely tried must neither
write into a living rollout nor end it.

Next: ``store/place.py`` (where), ``store/schema.py`` (tables), ``store/side_tables.py`` (all but rollouts and events),
``store/chain.py`` and ``store/verify.py``, ``store/export.py``, ``store/retention.py``.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fleetdeploy.engine.store import chain
from fleetdeploy.engine.store.backend import Backend, Tx
from fleetdeploy.engine.store.export import export, read_record
from fleetdeploy.engine.store.place import PostgresPlace, SqlitePlace, StorePlace, state_dir, store_place
from fleetdeploy.engine.store.retention import forgettable
from fleetdeploy.engine.store.rows import Answer, EventRow, EvidenceRow, MarkRow, Request, RolloutRow, StepRow
from fleetdeploy.engine.store.schema import STEPS, Step, prepare
from fleetdeploy.engine.store.side_tables import SideTables, utc
from fleetdeploy.engine.store.sqlite import SqliteBackend
from fleetdeploy.engine.store.trouble import store_error
from fleetdeploy.engine.store.verify import Verdict, verify
from fleetdeploy.errors import ExitCode, StoreTrouble
from fleetdeploy.model.events import Event, RolloutEnded, read_event
from fleetdeploy.model.run import Outcome

__all__ = [
    "Answer",
    "EventRow",
    "EvidenceRow",
    "Journal",
    "MarkRow",
    "Request",
    "RolloutRow",
    "StepRow",
    "state_dir",
]

_ROW = (
    "id, kind, fleet, app, version, digest, undoes, actor, conductor, pid, started_at, outcome, exit_code, ended_at,"
    " holder"
)
_CODES = {
    Outcome.SUCCEEDED: ExitCode.OK,
    Outcome.SUCCEEDED_IN_PART: ExitCode.PARTIAL,
    Outcome.ROLLED_BACK: ExitCode.UNDONE,
    Outcome.ROLLBACK_INCOMPLETE: ExitCode.MIXED,
    Outcome.ABORTED: ExitCode.UNDONE,
    Outcome.REFUSED: ExitCode.REFUSED,
    Outcome.FAILED: ExitCode.UNDONE,
}
_END = "UPDATE rollouts SET outcome=?, exit_code=?, ended_at=? WHERE id=? AND conductor=?"


@dataclass(slots=True)
class _Held:
    """A rollout that a conductor of this process writes; ``waiting``: what it said before the rollout was its own."""

    conductor: str
    holder: str = ""
    claimed: bool = True
    waiting: list[tuple[str, Event]] = field(default_factory=list)
    steps: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)


class Journal(SideTables):
    """One open journal. Methods may be called from any thread; they raise ``StoreError`` and nothing else.

    Attributes:
        path: the file; None in memory and for PostgreSQL. For messages use ``shown``.
        why_not_kept: why what is written here is gone with the process; "" for a real store.
    """

    def __init__(self, place: Path | StorePlace, *, steps: tuple[Step, ...] = STEPS) -> None:
        where: StorePlace = SqlitePlace(place) if isinstance(place, Path) else place
        self.path = where.path if isinstance(where, SqlitePlace) else None
        self.shown = where.shown
        self.why_not_kept = ""
        self._held: dict[str, _Held] = {}
        self._turn = threading.RLock()
        self._backend = _open(where)
        try:
            prepare(self._backend, steps)
        except BaseException:
            self._backend.close()
            raise

    @classmethod
    def default(cls, environ: Mapping[str, str] | None = None) -> Journal:
        """The journal that the environment names: ``FLEETDEPLOY_STORE``, else a file in ``state_dir()``."""
        return cls(store_place(environ))

    @classmethod
    def in_memory(cls, why_not_kept: str) -> Journal:
        """One that forgets: for what must go on without a store."""
        journal = cls(SqlitePlace(None))
        journal.why_not_kept = why_not_kept
        return journal

    def close(self) -> None:
        """Close it."""
        self._backend.close()

    # -- written by the conductor ------------------------------------------------------------------------------------

    def begin(
        self,
        rollout: str,
        *,
        kind: str,
        fleet: str,
        app: str,
        version: str,
        digest: str,
        undoes: str,
        actor: str,
        conductor: str,
        plan: Mapping[str, Any],
    ) -> None:
        """A conductor begins. With the id of an earlier one it waits for ``claim`` before anything is written."""
        head: dict[str, Any] = {"id": rollout, "kind": kind, "fleet": fleet, "app": app, "version": version}
        head |= {"digest": digest, "undoes": undoes, "actor": actor, "started_at": utc()}
        text = chain.dump(plan)
        first = chain.genesis(head, json.loads(text))
        columns = (*chain.HEAD, "conductor", "holder", "pid", "plan", "last_hash")
        values = (*(head[name] for name in chain.HEAD), conductor, actor, os.getpid(), text, first)
        sql = (
            f"INSERT INTO rollouts ({', '.join(columns)}) VALUES ({','.join('?' * len(columns))})"  # noqa: S608
            " ON CONFLICT (id) DO NOTHING"
        )
        with self._turn:
            with self._backend.write() as tx:
                is_new = tx.change(sql, *values) == 1
                owner = conductor if is_new else tx.rows("SELECT conductor FROM rollouts WHERE id=?", rollout)[0][0]
            self._held[rollout] = _Held(conductor, actor, claimed=owner == conductor)

    def claim(self, rollout: str) -> None:
        """The hosts are this conductor's: from now on it is the one that writes; the outcome is open again."""
        sql = (
            "UPDATE rollouts SET conductor=?, holder=?, pid=?, outcome=NULL, exit_code=NULL, ended_at=NULL WHERE id=?"
            " RETURNING last_n, last_hash"
        )
        with self._turn:
            held = self._mine(rollout)
            if held.claimed:
                return
            with self._backend.write() as tx:
                rows = tx.rows(sql, held.conductor, held.holder, os.getpid(), rollout)
                if not rows:
                    raise store_error(StoreTrouble.GONE, self.shown, f"it has no rollout {rollout} any more")
                n, last = rows[0]
                for at, event in held.waiting:
                    n, last, _ = _write_event(tx, rollout, held.conductor, n, last, at, event)
                for step_sql, values in held.steps:
                    tx.change(step_sql, *values)
            held.claimed, held.waiting, held.steps = True, [], []

    def append(self, rollout: str, event: Event) -> int:
        """Append an event; returns its sequence number, 0 if it is kept back until ``claim``.

        Raises:
            StoreError: the store cannot take it, or (``REPLACED``) another conductor writes this rollout now.
        """
        with self._turn:
            held = self._mine(rollout)
            if not held.claimed:
                held.waiting.append((utc(), event))
                return 0
            at = utc()
            with self._backend.write() as tx:
                # Not from memory: the answer to the last write may have been lost. It also locks the row.
                sql = "UPDATE rollouts SET last_n=last_n WHERE id=? AND conductor=? RETURNING last_n, last_hash"
                rows = tx.rows(sql, rollout, held.conductor)
                if not rows:
                    raise store_error(StoreTrouble.REPLACED, self.shown, self._now_by(tx, rollout))
                n, last = rows[0]
                return _write_event(tx, rollout, held.conductor, n, last, at, event)[2]

    def end(self, rollout: str, outcome: str | None, exit_code: int) -> None:
        """This conductor's part is over; ``outcome`` None: the rollout stays open."""
        with self._turn:
            held = self._mine(rollout)
            if not held.claimed:  # it was never its own: what it said is nobody's history
                held.waiting.clear()
                held.steps.clear()
                return
            with self._backend.write() as tx:
                if not tx.change(_END, outcome, exit_code, utc(), rollout, held.conductor):
                    raise store_error(StoreTrouble.REPLACED, self.shown, self._now_by(tx, rollout))

    def settle(
        self, rollout: str, outcome: str, exit_code: int | None = None, *, conductor: str, detail: str = ""
    ) -> bool:
        """Write the end of a rollout that the hosts say is over, and of its steps; False if it is not open here."""
        end = Outcome(outcome)
        code = _CODES[end] if exit_code is None else exit_code
        row = self.rollout(rollout)
        if row is None or row.id != rollout or row.outcome is not None:
            return False
        with self._turn:
            self._held[rollout] = _Held(conductor, conductor, claimed=row.conductor == conductor)
            self.claim(rollout)
            for step in self.steps(rollout):
                if not step.ended:
                    self.step_end(rollout, step.host, step.step, {"settled": end.value, "by": conductor})
            self.append(rollout, RolloutEnded(end, int(code), detail))
            self.end(rollout, end.value, int(code))
        return True

    def take_requests(self, rollout: str) -> tuple[Request, ...]:
        """Requests not taken yet, in order; each is handed out once, and only to the conductor that holds it."""
        held = self._held.get(rollout)
        if held is None or not held.claimed:
            return ()
        waiting = "SELECT 1 FROM requests WHERE rollout=? AND taken_at IS NULL LIMIT 1"
        with self._backend.read() as tx:  # asked many times a second: a look costs nothing
            if not tx.rows(waiting, rollout):
                return ()
        sql = (
            "UPDATE requests SET taken_at=? WHERE rollout=? AND taken_at IS NULL"
            " AND EXISTS (SELECT 1 FROM rollouts WHERE id=? AND conductor=?)"
            " RETURNING id, rollout, kind, actor, at, argument, reason"
        )
        with self._backend.write() as tx:
            rows = tx.rows(sql, utc(), rollout, rollout, held.conductor)
        return tuple(Request(*row) for row in sorted(rows))

    def _waits(self, rollout: str, sql: str, values: tuple[object, ...]) -> bool:
        held = self._held.get(rollout)
        if held is None or held.claimed:
            return False
        held.steps.append((sql, values))
        return True

    def _check_writer(self, tx: Tx, rollout: str) -> None:
        held = self._held.get(rollout)
        if held is None or not held.claimed:
            return
        if not tx.rows("SELECT 1 FROM rollouts WHERE id=? AND conductor=?", rollout, held.conductor):
            raise store_error(StoreTrouble.REPLACED, self.shown, self._now_by(tx, rollout))

    def _mine(self, rollout: str) -> _Held:
        held = self._held.get(rollout)
        if held is None:
            raise store_error(StoreTrouble.REPLACED, self.shown, f"{rollout} was not begun here")
        return held

    def _now_by(self, tx: Tx, rollout: str) -> str:
        rows = tx.rows("SELECT conductor, holder, pid FROM rollouts WHERE id=?", rollout)
        return "conductor {} of {} (PID {})".format(*rows[0]) if rows else f"the store has no {rollout} any more"

    # -- read by anyone ----------------------------------------------------------------------------------------------

    def rollouts(
        self, *, fleet: str | None = None, app: str | None = None, limit: int | None = 50
    ) -> tuple[RolloutRow, ...]:
        """Rollouts, newest first."""
        wanted = {"fleet": fleet, "app": app}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name}=?" for name in given) or "1=1"
        sql = f"SELECT {_ROW} FROM rollouts WHERE {where} ORDER BY started_at DESC, id DESC"  # noqa: S608
        values: list[object] = list(given.values())
        if limit is not None:
            sql += " LIMIT ?"
            values.append(limit)
        with self._backend.read() as tx:
            return tuple(RolloutRow(*row) for row in tx.rows(sql, *values))

    def rollout(self, rollout: str) -> RolloutRow | None:
        """One rollout; an unambiguous beginning or end of the id will do."""
        sql = f"SELECT {_ROW} FROM rollouts WHERE id=? OR id LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!' LIMIT 3"  # noqa: S608
        wanted = rollout.upper()
        plain = "".join("!" + c if c in "!%_" else c for c in wanted)
        with self._backend.read() as tx:
            rows = tx.rows(sql, wanted, plain + "%", "%" + plain)
        exact = [r for r in rows if r[0] == wanted] or rows
        return RolloutRow(*exact[0]) if len(exact) == 1 and wanted else None

    def plan(self, rollout: str) -> dict[str, Any] | None:
        """The plan as it was stored, plain."""
        with self._backend.read() as tx:
            rows = tx.rows("SELECT plan FROM rollouts WHERE id=?", rollout)
        if not rows:
            return None
        plan = chain.load(rows[0][0])
        if not isinstance(plan, dict):
            raise store_error(StoreTrouble.CORRUPT, self.shown, f"the plan of {rollout} cannot be read")
        return plan

    def events(self, rollout: str, *, after: int = 0) -> tuple[EventRow, ...]:
        """Events of a rollout in order; those of a newer fleetdeploy come as ``UnknownEvent``."""
        sql = "SELECT seq, rollout, at, event FROM events WHERE rollout=? AND seq>? ORDER BY n"
        with self._backend.read() as tx:
            rows = tx.rows(sql, rollout, after)
        return tuple(EventRow(seq, rid, at, read_event(chain.load(text))) for seq, rid, at, text in rows)

    def verify(self, rollout: str) -> Verdict | None:
        """Whether the record of a rollout is whole; None if there is no such rollout."""
        with self._backend.read() as tx:
            record = read_record(tx, rollout)
        return verify(record) if record else None

    def export(self, *, fleet: str | None = None, app: str | None = None, rollout: str | None = None) -> Iterator[str]:
        """The store as NDJSON, line by line, oldest rollout first; of a fleet, an app or one rollout."""
        ids = [r.id for r in reversed(self.rollouts(fleet=fleet, app=app, limit=None)) if rollout in (None, r.id)]
        return export(self._backend, ids, None if app is None else (app,))

    def forget(self, *, keep_s: float, now: datetime | None = None, limit: int = 20) -> tuple[str, ...]:
        """Remove rollouts that ended longer ago than ``keep_s``, at most ``limit``; returns their ids."""
        at = now or datetime.now(UTC)
        gone = forgettable(self.rollouts(limit=None), now=at, keep_s=keep_s, limit=limit)
        for rollout in gone:
            with self._backend.write() as tx:
                for table in ("evidence", "requests", "steps", "events"):
                    tx.change(f"DELETE FROM {table} WHERE rollout=?", rollout)  # noqa: S608
                tx.change("DELETE FROM rollouts WHERE id=? AND outcome IS NOT NULL", rollout)
        return gone


def _open(place: StorePlace) -> Backend:
    if isinstance(place, PostgresPlace):
        from fleetdeploy.engine.store.postgres import PostgresBackend

        return PostgresBackend(place)
    return SqliteBackend(place)


def _write_event(
    tx: Tx, rollout: str, conductor: str, n: int, last: str, at: str, event: Event
) -> tuple[int, str, int]:
    """Writes the next link; returns its number, its hash and its place in the log."""
    text = chain.dump(event.to_json())
    n += 1
    last = chain.link(last, rollout=rollout, n=n, at=at, conductor=conductor, event=json.loads(text))
    sql = "INSERT INTO events (rollout, at, event, n, conductor, hash) VALUES (?,?,?,?,?,?) RETURNING seq"
    seq = int(tx.rows(sql, rollout, at, text, n, conductor, last)[0][0])
    tx.change("UPDATE rollouts SET last_n=?, last_hash=? WHERE id=?", n, last, rollout)
    if isinstance(event, RolloutEnded):  # in one: nobody finds an end that was told and not written
        outcome = event.outcome.value if event.outcome else None
        tx.change(_END, outcome, event.exit_code, at, rollout, conductor)
    return n, last, seq
