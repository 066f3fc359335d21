"""Where the store lies: a SQLite file or a PostgreSQL database, from ``FLEETDEPLOY_STORE``. Opens nothing.

    FLEETDEPLOY_STORE=postgresql://user:password@host/db         a team's store; ``?schema=name``, default fleetdeploy
    FLEETDEPLOY_STORE=sqlite:///srv/fleetdeploy/journal.sqlite3  a file: what follows ``sqlite://`` is its path
    (not set)                                                    journal.sqlite3 in ``state_dir()``

A URL may hold a password: only ``shown`` may be printed, and no message quotes what was given.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from fleetdeploy.errors import UsageError

VARIABLE = "FLEETDEPLOY_STORE"
FILE_NAME = "journal.sqlite3"
DEFAULT_SCHEMA = "fleetdeploy"
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECRET_KEYS = frozenset({"password", "sslpassword", "passfile"})


def state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Where this user's state lies: ``FLEETDEPLOY_STATE_DIR``, else the platform's place for it."""
    env = os.environ if environ is None else environ
    if env.get("FLEETDEPLOY_STATE_DIR"):
        return Path(env["FLEETDEPLOY_STATE_DIR"])
    home = Path(env.get("HOME") or Path.home())
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fleetdeploy"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "fleetdeploy"
    return Path(env.get("XDG_STATE_HOME") or home / ".local" / "state") / "fleetdeploy"


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """A file. ``path`` None: in memory, gone with the process."""

    path: Path | None

    @property
    def shown(self) -> str:
        """For messages."""
        return str(self.path) if self.path else "(in memory)"


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """A database. ``url`` is a secret; ``shown`` is the same without one."""

    url: str = field(repr=False)
    schema: str
    shown: str
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def scrub(self, text: str) -> str:
        """``text`` without the password, in case a driver quotes it."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


StorePlace = SqlitePlace | PostgresPlace


def store_place(environ: Mapping[str, str] | None = None) -> StorePlace:
    """The place that the environment names.

    Raises:
        UsageError: ``FLEETDEPLOY_STORE`` makes no sense.
    """
    env = os.environ if environ is None else environ
    given = env.get(VARIABLE, "").strip()
    if not given:
        return SqlitePlace(state_dir(env) / FILE_NAME)
    scheme, separator, rest = given.partition("://")
    if separator and scheme.lower() in ("postgresql", "postgres"):
        return _postgres(rest)
    if separator and scheme.lower() == "sqlite" and rest:
        path = unquote(rest)
        return SqlitePlace(Path("/" + path.lstrip("/") if path.startswith("/") else path).expanduser())
    raise _unusable("it is neither postgresql://… nor sqlite:///…")


def _unusable(why: str) -> UsageError:
    """An error that does not quote the value."""
    return UsageError(
        f"{VARIABLE} cannot be used: {why}",
        next_steps=(
            f"{VARIABLE}=postgresql://user:password@host/database   or  {VARIABLE}=sqlite:///path/{FILE_NAME}",
            f"or take it away: then it is {FILE_NAME} in FLEETDEPLOY_STATE_DIR",
        ),
    )


def _postgres(rest: str) -> PostgresPlace:
    address, _, query = rest.partition("?")
    # To a database's client a plus is a plus, and only %20 is a space.
    options = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
    schema = options.pop("schema", DEFAULT_SCHEMA)
    if not _SCHEMA.fullmatch(schema):
        raise _unusable("schema= must be a plain name in small letters")
    login, at, server = address.rpartition("@")
    user, _, password = login.partition(":")
    stray = not at and ("@" in query or re.search(r":(?!\d*(?:[,/]|$))", re.sub(r"\[[^\]]*\]", "", server)))
    if stray or not all(re.fullmatch(r"[a-z_]+", name) for name in options):
        # Part of a password would be taken for the server's name, and shown.
        raise _unusable("it cannot be read (in a password write %3F for ?, %25 for %, %40 for @, %2F for /)")
    secrets = {password, unquote(password)} | {v for k, v in options.items() if k in _SECRET_KEYS}
    host = options.get("host", "")
    shown = f"postgresql://{user}{at}{server if not host else host + server}"
    return PostgresPlace(
        url=f"postgresql://{address}" + (f"?{urlencode(options, quote_via=quote)}" if options else ""),
        schema=schema,
        shown=shown if schema == DEFAULT_SCHEMA else f"{shown} (schema {schema})",
        secrets=tuple(sorted((s for s in secrets if s), key=len, reverse=True)),
    )
