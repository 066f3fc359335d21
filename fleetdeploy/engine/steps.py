"""Record-or-run: what a conductor is about to do, and what came of it, keyed (rollout, host, step).

Written before and after, in the store. On replay a step is found again by its number and checked by its name: a number
that carries another name was written by another version of the program, and nothing is guessed from such a record.

Knows neither hosts nor strategies: the table of numbers is its user's (``rollout/recorded.py``). It never runs anything
by itself, and it never says that something happened outside because it stands here: a step that began and has not
ended is *in flight*, and only whoever can look may say what became of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fleetdeploy.errors import ExitCode, FleetdeployError


class Row(Protocol):
    """A step as the store keeps it; ``result`` is None until it has ended."""

    @property
    def host(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def conductor(self) -> str: ...
    @property
    def result(self) -> Mapping[str, Any] | None: ...


class StepStore(Protocol):
    """The part of the store that is used here. Safe to call from any thread."""

    def step_begin(
        self, rollout: str, host: str, step: int, name: str, conductor: str, *, again: bool = False
    ) -> Row | None: ...
    def step_end(self, rollout: str, host: str, step: int, result: Mapping[str, Any]) -> None: ...
    def steps(self, rollout: str) -> Iterable[Row]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded step. ``host`` is "" for a decision about the whole rollout."""

    host: str
    step: int
    name: str
    conductor: str
    result: Mapping[str, Any] | None

    @property
    def in_flight(self) -> bool:
        """It began, and nobody wrote how it ended."""
        return self.result is None


class OtherVersion(FleetdeployError):
    """The record was written by a program that numbers its steps in another way: nothing is guessed from it."""

    exit_code = ExitCode.REFUSED

    def __init__(self, rollout: str, found: Step, wanted: str) -> None:
        where = f" on {found.host}" if found.host else ""
        called = f"it is called {wanted!r} here" if wanted else "this version has no such step"
        super().__init__(
            f"the store's record of {rollout} was written by another version of fleetdeploy: "
            f"step {found.step}{where} is {found.name!r}, {called}",
            why=("the rollout was begun with a newer or an older fleetdeploy than this one",),
            next_steps=(
                f"with the version that began it: fleetdeploy resume {rollout}",
                "or undo it from the hosts' own state: fleetdeploy rollback",
            ),
        )


class Steps:
    """The record of one rollout, as one conductor reads and writes it.

    Args:
        store: where it is kept.
        rollout: its id.
        conductor: who writes now.
        name_of: the table: what a step number is called, "" if it has no such number.
    """

    def __init__(self, store: StepStore, rollout: str, conductor: str, name_of: Callable[[int], str]) -> None:
        self._store, self._rollout, self._conductor, self._name_of = store, rollout, conductor, name_of
        self._lock = threading.Lock()
        self._known: dict[tuple[str, int], Step] = {}

    def load(self) -> None:
        """Reads what earlier conductors wrote.

        Raises:
            OtherVersion: a step has another name than it has here.
        """
        found = [Step(r.host, r.step, r.name, r.conductor, r.result) for r in self._store.steps(self._rollout)]
        for step in found:
            self._check(step)
        with self._lock:
            self._known.update({(s.host, s.step): s for s in found})

    def begin(self, host: str, step: int) -> Step | None:
        """Writes the intent, also of a step that had ended (it begins anew); what stood there before, None if nothing.

        Raises:
            OtherVersion: something else stood there.
        """
        name = self._name_of(step)
        row = self._store.step_begin(self._rollout, host, step, name, self._conductor, again=True)
        before = Step(row.host, row.step, row.name, row.conductor, row.result) if row is not None else None
        if before is not None:
            self._check(before)
        self._put(Step(host, step, name, self._conductor, None))
        return before

    def end(self, host: str, step: int, result: Mapping[str, Any]) -> None:
        """Writes how it ended."""
        self._store.step_end(self._rollout, host, step, result)
        self._put(Step(host, step, self._name_of(step), self._conductor, dict(result)))

    def result(self, host: str, step: int) -> Mapping[str, Any] | None:
        """How it ended, None if it did not, or never began."""
        with self._lock:
            found = self._known.get((host, step))
        return found.result if found is not None else None

    def began(self, host: str, step: int) -> bool:
        """True if its intent was ever written, whatever came of it."""
        with self._lock:
            return (host, step) in self._known

    @property
    def all(self) -> tuple[Step, ...]:
        """Everything that is known, by host and number."""
        with self._lock:
            return tuple(self._known[key] for key in sorted(self._known))

    @property
    def in_flight(self) -> tuple[Step, ...]:
        """Steps that began and have not ended."""
        return tuple(step for step in self.all if step.in_flight)

    def _check(self, found: Step) -> None:
        wanted = self._name_of(found.step)
        if wanted != found.name:
            raise OtherVersion(self._rollout, found, wanted)

    def _put(self, step: Step) -> None:
        with self._lock:
            self._known[(step.host, step.step)] = step
