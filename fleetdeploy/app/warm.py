"""Keeps the sessions of the look before a plan for the conductor that carries it out: one login per host, not two.

Inside ``warm_sessions()`` a session that looked and is sound is put aside instead of closed, and ``take`` hands it to
whoever connects to that host next. What nobody took is closed at the end, all at once. Decides nothing about hosts; a
session that failed, or stood unused for long, is closed and never handed on. Look next at ``connect.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from fleetdeploy.hosts.session import Script, ScriptResult, Session, SessionFactory
from fleetdeploy.hosts.verbs import IDLE_CLOSE_S
from fleetdeploy.model.host import Host

_CLOSERS = 32


class _Shelf:
    """Sound sessions, at most one per host."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._closed = False

    def put(self, host: str, session: Session) -> None:
        with self._lock:
            if not self._closed and host not in self._sessions:
                self._sessions[host] = session
                return
        session.close()

    def take(self, host: str) -> Session | None:
        with self._lock:
            session = self._sessions.pop(host, None)
        if session is not None and session.idle_s > IDLE_CLOSE_S:
            session.close()
            return None
        return session

    def close(self) -> None:
        with self._lock:
            self._closed = True
            left, self._sessions = list(self._sessions.values()), {}
        if left:
            with ThreadPoolExecutor(min(_CLOSERS, len(left))) as closers:
                list(closers.map(lambda session: session.close(), left))


class _Looking:
    """A session whose ``close`` puts it on the shelf, unless something went wrong in it."""

    def __init__(self, shelf: _Shelf, host: str, session: Session) -> None:
        self._shelf, self._host, self._session = shelf, host, session
        self._sound = False

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        self._sound = False
        result = self._session.run(script, feed=feed, deadline_s=deadline_s)
        self._sound = True
        return result

    def close(self) -> None:
        if self._sound and not self._session.may_be_changing:
            self._shelf.put(self._host, self._session)
        else:
            self._session.close()

    @property
    def idle_s(self) -> float:
        return self._session.idle_s

    @property
    def may_be_changing(self) -> bool:
        return self._session.may_be_changing


_shelf: _Shelf | None = None


@contextmanager
def warm_sessions() -> Iterator[None]:
    """While this lasts, who looks leaves its sessions to who comes next."""
    global _shelf
    before, mine = _shelf, _Shelf()
    _shelf = mine
    try:
        yield
    finally:
        _shelf = before
        mine.close()


def warmed(host: Host, make: SessionFactory, *, looking: bool) -> Session:
    """A session of ``host``: one that was left, else a new one. ``looking``: leave it to the next when done."""
    shelf = _shelf
    if shelf is None:
        return make()
    session = shelf.take(host.name) or make()
    return _Looking(shelf, host.name, session) if looking else session
