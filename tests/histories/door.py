"""The adversary's hand on the line: requests are dropped, answers are lost, changing verbs arrive late.

Sits around any ``Session``. Decides nothing by chance: it does what was armed, to the next changing verb. A request
of a conductor that is dead is never sent (its process is gone); what it had sent goes on by itself on the host.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.errors import AnswerLost, Unreachable
from fleetdeploy.hosts.session import Script, ScriptResult, Session

WHAT = ("drop", "never sent", "lose", "late", "late", "twice")


class Gone(BaseException):
    """The process that would have sent this is gone."""


@dataclass
class Late:
    """A request that is still on its way."""

    host: str
    script: Script
    feed: tuple[bytes | str, ...] | None
    request: dict[str, Any]

    def __str__(self) -> str:
        claim = self.request.get("claim") or self.request
        return f"{self.script.name} {claim.get('rollout', '')} token {claim.get('token', '-')} to {self.host}"


@dataclass
class Door:
    """One host's line."""

    host: str
    make: Callable[[], Session]
    armed: list[tuple[str, str]] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    sent: list[Late] = field(default_factory=list)
    """Every changing request so far: the network may deliver any of them once more."""
    log: Callable[[str], None] = lambda text: None

    def take(self, verb: str) -> str:
        for one in self.armed:
            if one[1] in ("", verb):
                self.armed.remove(one)
                return one[0]
        return ""

    def deliver(self, late: Late) -> str:
        """It arrives now; nobody waits for the answer."""
        session = self.make()
        try:
            result = session.run(late.script, feed=None if late.feed is None else iter(late.feed), deadline_s=20.0)
        except (AnswerLost, Unreachable) as error:
            return type(error).__name__
        finally:
            session.close()
        if result.failed or result.errors or not result.output:
            return "failed"
        said = json.loads(result.output[-1])
        failure = said.get("failure") or {}
        return "done" if said.get("ok") else f"{failure.get('kind')}: {failure.get('detail')}"[:120]


class Meddled:
    """A session through the door."""

    def __init__(self, inner: Session, door: Door, gone: Callable[[], bool]) -> None:
        self._inner, self._door, self._gone = inner, door, gone

    @property
    def idle_s(self) -> float:
        return self._inner.idle_s

    @property
    def may_be_changing(self) -> bool:
        return self._inner.may_be_changing

    def close(self) -> None:
        self._inner.close()

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        door, name = self._door, self._door.host
        request = json.loads(str(script.parameters.get("Request") or "{}"))
        if self._gone():
            raise Gone
        what = door.take(script.name) if script.changing else ""
        if script.changing and feed is None:
            door.sent.append(Late(name, script, None, request))
        if not what:
            return self._inner.run(script, feed=feed, deadline_s=deadline_s)
        door.log(f"{what}: {script.name} to {name}")
        if what == "never sent":
            raise Unreachable(f"{name}: {script.name} was not sent", host=name)
        if what == "drop":
            raise AnswerLost(f"{name}: {script.name} was lost on the way", host=name)
        kept = None if feed is None else tuple(feed)
        if what in ("late", "twice"):
            door.late.append(Late(name, script, kept, request))
        if what != "late":
            result = self._inner.run(script, feed=None if kept is None else iter(kept), deadline_s=deadline_s)
            if what == "twice":
                return result
        raise AnswerLost(f"{name}: no answer to {script.name}", host=name)
