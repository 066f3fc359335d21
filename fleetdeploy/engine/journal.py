"""The journal: an append-only log of events, one SQLite file, readable with any SQLite tool.

Holds what a conductor said (events), the plan of each rollout (so that ``resume`` needs no project file), and
requests: commands from outside for a conductor that lives. Only the conductor appends events; the others write
requests. The hosts are the truth, this is history: losing the file loses no host. Knows neither Windows nor
strategies.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fleetdeploy.engine.store.rows import Answer, EventRow, EvidenceRow, MarkRow, Request, RolloutRow, StepRow
from fleetdeploy.errors import FleetdeployError
from fleetdeploy.model.events import Event, event_from_json

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

_SCHEMA = """
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
    at TEXT NOT NULL, taken_at TEXT, argument TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
    answered_at TEXT, accepted INTEGER, answer TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS plans (digest TEXT PRIMARY KEY, input TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS steps (
    rollout TEXT NOT NULL, host TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, conductor TEXT NOT NULL,
    begun_at TEXT NOT NULL, ended_at TEXT, result TEXT, tries INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (rollout, host, step)
);
CREATE TABLE IF NOT EXISTS marks (
    app TEXT NOT NULL, version TEXT NOT NULL, manifest TEXT NOT NULL, mark TEXT NOT NULL, why TEXT NOT NULL,
    actor TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (app, version, manifest)
);
CREATE TABLE IF NOT EXISTS evidence (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rollout TEXT NOT NULL, host TEXT NOT NULL, at TEXT NOT NULL,
    data TEXT NOT NULL
);
"""


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where the journal lies: ``FLEETDEPLOY_STATE_DIR``, else the platform's place for state."""
    env = os.environ if environ is None else environ
    if env.get("FLEETDEPLOY_STATE_DIR"):
        return Path(env["FLEETDEPLOY_STATE_DIR"])
    home = Path(env.get("HOME") or Path.home())
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fleetdeploy"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "fleetdeploy"
    return Path(env.get("XDG_STATE_HOME") or home / ".local" / "state") / "fleetdeploy"


_ROW = "id, kind, fleet, app, version, digest, undoes, actor, conductor, pid, started_at, outcome, exit_code, ended_at"
_STEP = "rollout, host, step, name, conductor, begun_at, ended_at, result, tries"


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """One open journal. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The file exists with its mode before SQLite writes a byte: events name hosts, accounts and people.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as exc:
            raise FleetdeployError(
                f"the journal {path} cannot be opened: {exc}",
                next_steps=("set FLEETDEPLOY_STATE_DIR to a directory that can be written",),
            ) from exc

    @classmethod
    def default(cls) -> Journal:
        """The journal in ``state_dir()``."""
        return cls(state_dir() / "journal.sqlite3")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _query(self, sql: str, *values: object) -> Iterator[sqlite3.Cursor]:
        with self._lock:
            cursor = self._db.execute(sql, values)
            try:
                yield cursor
            finally:
                cursor.close()

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
        """A conductor begins; with the id of an earlier one it takes over and the outcome is open again."""
        sql = (
            "INSERT INTO rollouts"
            " (id, kind, fleet, app, version, digest, undoes, actor, conductor, pid, plan, started_at)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
            " conductor=excluded.conductor, pid=excluded.pid, outcome=NULL, exit_code=NULL, ended_at=NULL"
        )
        values = (rollout, kind, fleet, app, version, digest, undoes, actor, conductor, os.getpid(), json.dumps(plan))
        with self._query(sql, *values, _utc()):
            pass

    def append(self, rollout: str, event: Event) -> int:
        """Append an event; returns its sequence number."""
        sql = "INSERT INTO events (rollout, at, event) VALUES (?,?,?)"
        with self._query(sql, rollout, _utc(), json.dumps(event.to_json(), ensure_ascii=False)) as cursor:
            return int(cursor.lastrowid or 0)

    def end(self, rollout: str, outcome: str | None, exit_code: int) -> None:
        """This conductor's part is over; ``outcome`` None: the rollout stays open."""
        sql = "UPDATE rollouts SET outcome=?, exit_code=?, ended_at=? WHERE id=?"
        with self._query(sql, outcome, exit_code, _utc(), rollout):
            pass

    def rollouts(self, *, fleet: str | None = None, app: str | None = None, limit: int = 50) -> tuple[RolloutRow, ...]:
        """Rollouts, newest first."""
        sql = f"SELECT {_ROW} FROM rollouts WHERE (?1 IS NULL OR fleet=?1) AND (?2 IS NULL OR app=?2)"  # noqa: S608
        with self._query(f"{sql} ORDER BY started_at DESC, id DESC LIMIT ?3", fleet, app, limit) as cursor:
            return tuple(RolloutRow(*row) for row in cursor.fetchall())

    def rollout(self, rollout: str) -> RolloutRow | None:
        """One rollout; an unambiguous beginning or end of the id will do."""
        sql = f"SELECT {_ROW} FROM rollouts WHERE id=?1 OR id LIKE ?1||'%' OR id LIKE '%'||?1 LIMIT 2"  # noqa: S608
        with self._query(sql, rollout.upper()) as cursor:
            rows = cursor.fetchall()
        exact = [r for r in rows if r[0] == rollout.upper()] or rows
        return RolloutRow(*exact[0]) if len(exact) == 1 else None

    def plan(self, rollout: str) -> dict[str, Any] | None:
        """The plan as it was stored, plain."""
        with self._query("SELECT plan FROM rollouts WHERE id=?", rollout) as cursor:
            row = cursor.fetchone()
        return dict(json.loads(row[0])) if row else None

    def keep_plan(self, digest: str, digest_input: Mapping[str, Any]) -> None:
        """Remember what a plan's digest covered when it was shown, so that a refusal can say what has moved."""
        sql = "INSERT OR REPLACE INTO plans (digest, input, at) VALUES (?,?,?)"
        with self._query(sql, digest, json.dumps(digest_input), _utc()):
            pass
        with self._query("DELETE FROM plans WHERE digest NOT IN (SELECT digest FROM plans ORDER BY at DESC LIMIT 50)"):
            pass

    def kept_plan(self, digest: str) -> dict[str, Any] | None:
        """What ``keep_plan`` remembered, None if nothing."""
        with self._query("SELECT input FROM plans WHERE digest=?", digest) as cursor:
            row = cursor.fetchone()
        return dict(json.loads(row[0])) if row else None

    def events(self, rollout: str, *, after: int = 0) -> tuple[EventRow, ...]:
        """Events of a rollout in order."""
        sql = "SELECT seq, rollout, at, event FROM events WHERE rollout=? AND seq>? ORDER BY seq"
        with self._query(sql, rollout, after) as cursor:
            rows = cursor.fetchall()
        return tuple(EventRow(seq, rid, at, event_from_json(json.loads(text))) for seq, rid, at, text in rows)

    def step_begin(
        self, rollout: str, host: str, step: int, name: str, conductor: str, *, again: bool = False
    ) -> StepRow | None:
        """Write the intent of a step; returns what stood there before.

        A step that has ended stays as it is (``again``: begins anew, its result is dropped), and so does one that
        stands there under another name: the caller compares. One that began without an end begins once more.
        """
        sql = (
            "INSERT INTO steps (rollout, host, step, name, conductor, begun_at) VALUES (?,?,?,?,?,?)"
            " ON CONFLICT (rollout, host, step) DO UPDATE SET conductor=excluded.conductor,"
            " begun_at=excluded.begun_at, ended_at=NULL, result=NULL, tries=steps.tries+1"
        )
        found = f"SELECT {_STEP} FROM steps WHERE rollout=? AND host=? AND step=?"  # noqa: S608
        with self._query(found, rollout, host, step) as cursor:
            row = cursor.fetchone()
        before = _step(row) if row else None
        if before is None or (before.name == name and (again or not before.ended)):
            with self._query(sql, rollout, host, step, name, conductor, _utc()):
                pass
        return before

    def step_end(self, rollout: str, host: str, step: int, result: Mapping[str, Any]) -> None:
        """Write the result of a step that has begun."""
        sql = "UPDATE steps SET ended_at=?, result=? WHERE rollout=? AND host=? AND step=?"
        with self._query(sql, _utc(), json.dumps(result, ensure_ascii=False), rollout, host, step):
            pass

    def steps(self, rollout: str) -> tuple[StepRow, ...]:
        """All steps of a rollout, in the order in which they first or last began."""
        sql = f"SELECT {_STEP} FROM steps WHERE rollout=? ORDER BY begun_at, host, step"  # noqa: S608
        with self._query(sql, rollout) as cursor:
            return tuple(_step(row) for row in cursor.fetchall())

    def request(self, rollout: str, kind: str, actor: str, *, argument: str = "", reason: str = "") -> int:
        """Ask the living conductor of ``rollout`` for something."""
        sql = "INSERT INTO requests (rollout, kind, actor, at, argument, reason) VALUES (?,?,?,?,?,?)"
        with self._query(sql, rollout, kind, actor, _utc(), argument, reason) as cursor:
            return int(cursor.lastrowid or 0)

    def take_requests(self, rollout: str) -> tuple[Request, ...]:
        """Requests not taken yet, in order; each is handed out once."""
        sql = (
            "UPDATE requests SET taken_at=? WHERE rollout=? AND taken_at IS NULL"
            " RETURNING id, rollout, kind, actor, at, argument, reason"
        )
        with self._query(sql, _utc(), rollout) as cursor:
            rows = cursor.fetchall()
        return tuple(Request(*row) for row in sorted(rows))

    def was_taken(self, request: int) -> bool:
        """True once the conductor has seen the request."""
        with self._query("SELECT taken_at FROM requests WHERE id=?", request) as cursor:
            row = cursor.fetchone()
        return bool(row and row[0])

    def answer(self, request: int, accepted: bool, text: str) -> None:
        """The conductor's answer to a request that it took."""
        sql = "UPDATE requests SET answered_at=?, accepted=?, answer=? WHERE id=?"
        with self._query(sql, _utc(), int(accepted), text, request):
            pass

    def answer_of(self, request: int) -> Answer | None:
        """The conductor's answer, None as long as there is none."""
        sql = "SELECT id, accepted, answer, answered_at FROM requests WHERE id=? AND answered_at IS NOT NULL"
        with self._query(sql, request) as cursor:
            row = cursor.fetchone()
        return Answer(row[0], bool(row[1]), row[2], row[3]) if row else None

    def set_mark(self, app: str, version: str, manifest_sha256: str, mark: str, why: str, actor: str) -> None:
        """Remember what is held of a version; replaces what was held before."""
        sql = (
            "INSERT INTO marks (app, version, manifest, mark, why, actor, at) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT (app, version, manifest) DO UPDATE SET mark=excluded.mark, why=excluded.why,"
            " actor=excluded.actor, at=excluded.at"
        )
        with self._query(sql, app, version, manifest_sha256, mark, why, actor, _utc()):
            pass

    def marks(self, app: str) -> tuple[MarkRow, ...]:
        """What is held of the versions of an app, oldest word first."""
        sql = "SELECT app, version, manifest, mark, why, actor, at FROM marks WHERE app=? ORDER BY at, version"
        with self._query(sql, app) as cursor:
            return tuple(MarkRow(*row) for row in cursor.fetchall())

    def keep_evidence(self, rollout: str, host: str, data: Mapping[str, Any]) -> int:
        """Keep the scene of a host; a second one of the same host is kept beside the first."""
        sql = "INSERT INTO evidence (rollout, host, at, data) VALUES (?,?,?,?)"
        with self._query(sql, rollout, host, _utc(), json.dumps(data, ensure_ascii=False)) as cursor:
            return int(cursor.lastrowid or 0)

    def evidence(self, rollout: str, host: str = "") -> tuple[EvidenceRow, ...]:
        """The scenes that were kept in a rollout (of one host), oldest first."""
        sql = "SELECT id, rollout, host, at, data FROM evidence WHERE rollout=? AND (?='' OR host=?) ORDER BY id"
        with self._query(sql, rollout, host, host) as cursor:
            return tuple(EvidenceRow(row[0], row[1], row[2], row[3], json.loads(row[4])) for row in cursor.fetchall())


def _step(row: tuple[Any, ...]) -> StepRow:
    rollout, host, step, name, conductor, begun_at, ended_at, result, tries = row
    read = json.loads(result) if result else None
    return StepRow(rollout, host, step, name, conductor, begun_at, ended_at, read, tries)
