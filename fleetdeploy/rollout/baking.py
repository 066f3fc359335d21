"""The bake: all updated hosts are watched until enough healthy seconds were seen, or one of them is not well.

Counts nothing itself (``policy/bake.py``) and decides nothing about the fleet: it marks a host Unhealthy or Unknown and
returns, then the gate speaks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from fleetdeploy.engine.executor import Done, Task, Tools
from fleetdeploy.errors import HostError
from fleetdeploy.model import events as ev
from fleetdeploy.model.health import Sample
from fleetdeploy.model.run import HostState, Phase
from fleetdeploy.model.verbs import BootIdentity, HostFailure
from fleetdeploy.policy import bake as counting
from fleetdeploy.policy.verdict import still_healthy
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.host_task import Target, watch_once, what_is_wrong
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.way import Stir, Way

WATCH = "watch"
_SAY_EVERY_S = 1.0
_PACE = 5  # a wait looks five times less often than a bake
_KEPT = 50

Seen = tuple[tuple[Sample, ...], BootIdentity | None, HostError | None]


def bake(
    book: Book,
    crew: Crew,
    needed_s: float,
    target: Callable[[str], Target],
) -> Way | Stir | None:
    """Watch every updated host. None: it is over and they are well; else what has to be seen to first.

    A full promotion ends it with one fresh look at each host.
    """
    desk = crew.desk
    updated = book.in_state({HostState.HEALTHY})
    if not updated:
        return None
    if needed_s > 0:
        book.phase(Phase.BAKING)
    health = book.plan.health
    # Neighbouring samples of two windows lie one call apart; further apart than this proves nothing.
    gap_s = max(3 * health.interval_s, 10.0)
    since = time.monotonic()
    aim = target if needed_s > 0 else lambda name: replace(target(name), window=0.0)
    watch = _Watch(book, crew, aim, since)
    for name in updated:
        watch.start(name)
    said_at = 0.0
    way: Way | Stir | None = None
    while way is None:
        needed_s = 0.0 if desk.full else needed_s
        done = crew.pump(tags=frozenset({WATCH}))
        if done is not None:
            watch.took(done)
        if any(book.pages[n].state is not HostState.HEALTHY for n in updated):
            way = Stir.SICK
            break
        now = time.monotonic()
        view = counting.bake(watch.samples, since=since, needed_s=needed_s, gap_s=gap_s, now=now)
        if view.done:
            break
        if needed_s > 0 and now - said_at >= _SAY_EVERY_S:
            said_at = now
            book.say(ev.BakeProgress(view.healthy_s, needed_s, len(updated)))
        way = desk.outside
        if done is not None and way is None:
            watch.start(done.host)
    for done in crew.drain(frozenset({WATCH})):
        watch.took(done)
    return way


class Vigil:
    """Looks at the updated hosts while the rollout waits for a person: one sample each, at a slower pace than a bake.

    A wait may last a night, so it keeps only the samples that still say something.
    """

    tags = frozenset({WATCH})

    def __init__(self, book: Book, crew: Crew, target: Callable[[str], Target]) -> None:
        health = book.plan.health
        self._book, self._crew = book, crew
        self._watch = _Watch(book, crew, lambda name: replace(target(name), window=0.0), time.monotonic())
        self._pace_s = max(health.interval_s, min(_PACE * health.interval_s, health.deadline_s / 4))
        self._due = dict.fromkeys(book.in_state({HostState.HEALTHY}), 0.0)
        self._watched = frozenset(self._due)

    def look(self, done: Done | None) -> bool:
        """Takes what came, asks those whose time it is; True if an updated host is not well any more."""
        if done is not None and done.tag == WATCH:
            self._watch.took(done)
            self._watch.samples[done.host] = self._watch.samples[done.host][-_KEPT:]
            self._due[done.host] = time.monotonic() + self._pace_s
        well = {name for name in self._watched if self._book.pages[name].state is HostState.HEALTHY}
        now = time.monotonic()
        for name in [n for n, due in self._due.items() if due <= now and n in well]:
            del self._due[name]
            self._watch.start(name)
        sick = len(well) < len(self._watched)
        self._watched = frozenset(well)
        return sick

    def end(self) -> None:
        """Takes what is still under way."""
        for done in self._crew.drain(self.tags):
            self._watch.took(done)
            self._due[done.host] = time.monotonic() + self._pace_s


class _Watch:
    """Samples of the hosts that are watched, and what they mean for each."""

    def __init__(self, book: Book, crew: Crew, target: Callable[[str], Target], since: float) -> None:
        self.samples: dict[str, list[Sample]] = {}
        self._book, self._crew, self._target = book, crew, target
        self._heard: dict[str, float] = {}
        self._boots: dict[str, BootIdentity] = {}
        self._since = since

    def start(self, name: str) -> None:
        self.samples.setdefault(name, [])
        self._heard.setdefault(name, self._since)
        self._crew.submit(name, WATCH, _task(self._target(name)))

    def took(self, done: Done) -> None:
        """One window of one host."""
        name, page = done.host, self._book.pages[done.host]
        seen: Seen = done.value if done.error is None else ((), None, None)
        samples, boot, error = seen
        if boot is not None and self._boots.setdefault(name, boot) != boot:
            self._book.note("the host was rebooted: its healthy time starts anew", name, "warning")
            self._boots[name] = boot
            self.samples[name].clear()
        self.samples[name] += samples
        now = time.monotonic()
        if samples:
            self._heard[name] = now
        if page.state is not HostState.HEALTHY:
            return
        if not still_healthy(self.samples[name]):
            bad = next((s for s in reversed(self.samples[name]) if not s.good), None)
            detail = what_is_wrong(bad) if bad else "the service's process was replaced: it crashed or was restarted"
            page.samples = list(self.samples[name])  # the last of them are kept as evidence
            self._book.fail(name, HostFailure("health", detail), "it counts against the budget")
            self._book.move(name, HostState.UNHEALTHY, detail)
        elif now - self._heard[name] > self._book.plan.health.deadline_s:
            why = error.what if error is not None else "no samples"
            self._book.move(name, HostState.UNKNOWN, f"silent for {now - self._heard[name]:.0f}s: {why}")


def _task(target: Target) -> Task[HostPort]:
    def task(tools: Tools[HostPort]) -> Seen:
        return watch_once(tools, target)

    return task
