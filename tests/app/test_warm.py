"""Sessions handed from the look before a plan to the conductor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fleetdeploy.app.warm import warm_sessions, warmed
from fleetdeploy.errors import AnswerLost
from fleetdeploy.hosts.session import Script, ScriptResult, Session
from fleetdeploy.model.host import Connection, Host

WEB01 = Host("web01", Connection("10.0.0.1", 5986))
WEB02 = Host("web02", Connection("10.0.0.2", 5986))
LOOK = Script("observe", "1")


class FakeSession:
    """Counts what is done with it."""

    def __init__(self, *, fails: bool = False, idle_s: float = 0.0) -> None:
        self.fails = fails
        self.idle_s = idle_s
        self.may_be_changing = False
        self.ran = 0
        self.closed = 0

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        self.ran += 1
        if self.fails:
            raise AnswerLost("lost", host="web01")
        return ScriptResult(())

    def close(self) -> None:
        self.closed += 1


def looked(inner: FakeSession, host: Host = WEB01) -> None:
    session = warmed(host, lambda: inner, looking=True)
    session.run(LOOK, deadline_s=1.0)
    session.close()


def fresh() -> Session:
    return FakeSession()


def test_who_comes_next_takes_the_session_that_looked() -> None:
    inner = FakeSession()
    with warm_sessions():
        looked(inner)
        assert inner.closed == 0
        taken = warmed(WEB01, fresh, looking=False)
        assert taken is inner
        assert warmed(WEB01, fresh, looking=False) is not inner
        taken.close()
        assert inner.closed == 1
    assert inner.closed == 1


def test_each_host_has_its_own() -> None:
    inner = FakeSession()
    with warm_sessions():
        looked(inner)
        assert warmed(WEB02, fresh, looking=False) is not inner


def test_what_nobody_took_is_closed_at_the_end() -> None:
    first, second = FakeSession(), FakeSession()
    with warm_sessions():
        looked(first, WEB01)
        looked(second, WEB02)
    assert (first.closed, second.closed) == (1, 1)


def test_a_session_that_failed_is_never_handed_on() -> None:
    inner = FakeSession(fails=True)
    with warm_sessions():
        session = warmed(WEB01, lambda: inner, looking=True)
        with pytest.raises(AnswerLost):
            session.run(LOOK, deadline_s=1.0)
        session.close()
        assert inner.closed == 1
        assert warmed(WEB01, fresh, looking=False) is not inner


def test_a_session_that_never_ran_is_not_handed_on() -> None:
    inner = FakeSession()
    with warm_sessions():
        warmed(WEB01, lambda: inner, looking=True).close()
        assert inner.closed == 1


def test_a_session_left_too_long_is_replaced() -> None:
    inner = FakeSession()
    with warm_sessions():
        looked(inner)
        inner.idle_s = 61.0
        assert warmed(WEB01, fresh, looking=False) is not inner
        assert inner.closed == 1


def test_a_second_session_of_a_host_is_closed_not_lost() -> None:
    first, second = FakeSession(), FakeSession()
    with warm_sessions():
        one = warmed(WEB01, lambda: first, looking=True)
        two = warmed(WEB01, lambda: second, looking=True)
        for session in (one, two):
            session.run(LOOK, deadline_s=1.0)
            session.close()
        assert (first.closed, second.closed) == (0, 1)


def test_outside_of_it_sessions_are_closed_by_who_made_them() -> None:
    inner = FakeSession()
    looked(inner)
    assert inner.closed == 1
