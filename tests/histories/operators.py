"""People with stores of their own, and conductors that stop where they are told to.

Each command runs on a thread of its own with the real code of ``app/``. Its reporter parks it after so many events,
so that commands interleave as the history wants; a kill ends it at that place, or at a crash point, and nothing that
it would still have sent is sent.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetdeploy.app.conducting import Said
from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.place import store_place
from fleetdeploy.errors import ExitCode, FleetdeployError, RefusalReason, Refused, StateError
from fleetdeploy.hosts.session import Session
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.model import events as ev
from fleetdeploy.model.host import Host
from fleetdeploy.model.run import Hold, Outcome
from fleetdeploy.rollout.result import RolloutResult

_local = threading.local()
CODES: dict[Outcome, frozenset[int]] = {
    Outcome.SUCCEEDED: frozenset({0}),
    Outcome.SUCCEEDED_IN_PART: frozenset({8}),
    Outcome.ROLLED_BACK: frozenset({3}),
    Outcome.ROLLBACK_INCOMPLETE: frozenset({4, 8}),
    Outcome.ABORTED: frozenset({3, 4, 8}),
    Outcome.REFUSED: frozenset({5, 6}),
    Outcome.FAILED: frozenset({3, 4, 5}),
}
OPEN_CODES: dict[Hold, frozenset[int]] = {
    Hold.PAUSED: frozenset({7}),
    Hold.AWAITING_PROMOTION: frozenset({7}),
    Hold.INTERRUPTED: frozenset({130, 4, 6}),
}
TAKEN_OVER = frozenset({4, 6})


class Killed(BaseException):
    """This process is gone."""


@dataclass(frozen=True)
class Operator:
    """A person at a machine. ``url``: of a store in a database that is this person's alone; "" for a file."""

    name: str
    store: Path
    url: str = ""

    def journal(self) -> Journal:
        """A new connection to the person's store."""
        if self.url:
            return Journal(store_place({"FLEETDEPLOY_STORE": self.url}))
        return Journal(self.store / "journal.db")


def store_of_this_thread(cls: type[Journal], environ: object = None) -> Journal:
    """Takes the place of ``Journal.default``."""
    return _local.operator.journal()  # type: ignore[no-any-return]


def owned(connector: Callable[..., Callable[[Host], HostVerbs]]) -> Callable[..., Callable[[Host], HostVerbs]]:
    """``connector`` whose sessions know which command they belong to, in whatever thread they are opened."""

    def make(*args: Any, **more: Any) -> Callable[[Host], HostVerbs]:
        connect, owner = connector(*args, **more), getattr(_local, "conductor", None)

        def verbs_of(host: Host) -> HostVerbs:
            verbs = connect(host)
            factory = verbs._factory

            def session() -> Session:
                _local.opening = owner
                return factory()

            verbs._factory = session
            return verbs

        return verbs_of

    return make


def whose() -> Callable[[], bool]:
    """Of the session that is being opened on this thread: whether its process is gone."""
    owner = getattr(_local, "opening", None)
    return lambda: owner is not None and owner.killed


class CrashPoints:
    """Takes the place of what the environment arms: kills the thread instead of the process."""

    def __init__(self) -> None:
        self.name, self.nth = "", 0
        self.hits: Counter[str] = Counter()

    def arm(self, name: str, nth: int) -> None:
        self.hits.clear()
        self.name, self.nth = name, nth

    def hit(self, name: str) -> None:
        self.hits[name] += 1
        if name == self.name and self.hits[name] == self.nth:
            self.name = ""
            raise Killed


class Conductor(threading.Thread):
    """One command of one operator."""

    def __init__(
        self,
        title: str,
        operator: Operator,
        command: Callable[[Conductor], RolloutResult | Said],
    ) -> None:
        super().__init__(name=title, daemon=True)
        self.title, self.operator = title, operator
        self.events: list[ev.Event] = []
        self.rollout = self.conductor = ""
        self.book: list[ev.Event] = []
        """The journal of its rollout in its operator's store, as far as it has written it."""
        self.heard: Callable[[Conductor, ev.Event], None] = lambda one, event: None
        self.result: RolloutResult | Said | None = None
        self.error: FleetdeployError | None = None
        self.bug: BaseException | None = None
        self.killed = False
        self.since = 0
        self.told: dict[str, int] = {}
        """How much had been done to hosts (``Watch.touched``) when it last told where each one is."""
        self.asked = 0
        """Requests that it has not answered yet."""
        self.ended = threading.Event()
        self._command = command
        self._parked = threading.Condition()
        self._is_parked = False
        self._credit = 0

    def run(self) -> None:
        _local.operator, _local.conductor = self.operator, self
        try:
            self._stop_here()
            self.result = self._command(self)
        except Killed:
            self.killed = True
        except FleetdeployError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 - everything else is a finding
            self.bug = error
        finally:
            with self._parked:
                self.ended.set()
                self._parked.notify_all()

    def report(self, event: ev.Event) -> None:
        """The reporter."""
        self.events.append(event)
        if isinstance(event, ev.Asked):
            self.asked -= 1
        self.heard(self, event)
        if self.killed:
            raise Killed
        if not isinstance(event, ev.TRANSIENT):
            self._stop_here()

    def tick(self) -> None:
        if self.killed:
            raise Killed

    def _stop_here(self) -> None:
        with self._parked:
            self._credit -= 1
            while self._credit < 0 and not self.killed:
                self._is_parked = True
                self._parked.notify_all()
                self._parked.wait()
            self._is_parked = False
        if self.killed:
            raise Killed

    # -- from the history --------------------------------------------------------------------------------------------

    @property
    def living(self) -> bool:
        return not self.ended.is_set()

    def advance(self, events: int, seconds: float = 12.0) -> bool:
        """Let it go on for so many events; whether it stopped there or ended."""
        until = time.monotonic() + seconds
        with self._parked:
            self._credit, self._is_parked = events, False
            self._parked.notify_all()
            while not self._is_parked and not self.ended.is_set():
                left = until - time.monotonic()
                if left <= 0 or (self.asked <= 0 and self.waits_for_a_person()):
                    return False
                self._parked.wait(min(left, 0.2))
        return True

    @property
    def last_hold(self) -> ev.Event | None:
        """What it said last of holding or going on."""
        return next((e for e in reversed(self.events) if isinstance(e, (ev.HoldChanged, ev.PhaseChanged))), None)

    def waits_for_a_person(self) -> bool:
        """It is held without an end: without a word it stays there."""
        said = self.last_hold
        if not isinstance(said, ev.HoldChanged):
            return False
        return said.hold in (Hold.PAUSED, Hold.AWAITING_PROMOTION) and said.ends_in_s is None

    def kill(self) -> None:
        """Its process is gone now."""
        self.killed = True
        with self._parked:
            self._parked.notify_all()
        self.ended.wait(30.0)

    def said(self) -> str:
        if self.killed:
            return "killed"
        if self.bug is not None:
            return f"broke: {type(self.bug).__name__}: {self.bug}"
        if self.error is not None:
            return f"{type(self.error).__name__} {int(self.error.exit_code)}: {self.error.what}"
        if isinstance(self.result, Said):
            return f"said: {self.result.text}"
        if self.result is not None:
            found = self.result
            ended = found.outcome.value if found.outcome else found.hold.value
            return f"{ended} {int(found.exit_code)} {found.detail}"
        return "is at work"

    def kind(self) -> str:
        """How it ended, without names."""
        what = self.title.split(": ")[1].split()[0]
        if self.killed or self.bug or self.error:
            return f"{what} {'killed' if self.killed else type(self.error or self.bug).__name__}"
        if isinstance(self.result, RolloutResult):
            outcome = self.result.outcome.value if self.result.outcome else self.result.hold.value
            return f"{what} {outcome} {int(self.result.exit_code)}"
        return f"{what} said"

    def refused_by_another(self) -> bool:
        """It had to give way."""
        if isinstance(self.error, Refused):
            return self.error.reason in (RefusalReason.OCCUPIED, RefusalReason.OPEN_ROLLOUT)
        found = self.result
        # Else it was refused for what it found, and would have been without the other.
        gave_way = (" holds the hosts", " was not ended", "taken over")
        return (
            isinstance(found, RolloutResult) and int(found.exit_code) == 6 and any(w in found.detail for w in gave_way)
        )

    def problem(self) -> str:
        """What is wrong with how it ended; "" if nothing is."""
        if self.killed or self.living:
            return ""
        if self.bug is not None:
            return f"{self.title} broke: {type(self.bug).__name__}: {self.bug}"
        if self.error is not None:
            if isinstance(self.error, StateError) or self.error.what.startswith("internal error"):
                return f"{self.title}: {self.error.what}"
            if self.error.exit_code in (ExitCode.OK, ExitCode.USAGE):
                return f"{self.title} ends with {int(self.error.exit_code)}: {self.error.what}"
        if isinstance(self.result, RolloutResult):
            code, outcome, hold = int(self.result.exit_code), self.result.outcome, self.result.hold
            allowed = CODES[outcome] if outcome else OPEN_CODES.get(hold, frozenset()) | TAKEN_OVER
            if code not in allowed:
                return f"{self.title} ended as {outcome or hold} with exit code {code}"
        return ""
