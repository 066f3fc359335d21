"""Asks the whole fleet what is true after something was undone, and judges each host. Changes nothing.

Everybody is asked at once, in the sessions that are there; a host that does not answer holds up nobody for long.
``judge`` is pure. It compares what runs with what the undone rollout had put there and with what it had found: a
summary must count hosts by what they show now, never by what the conductor believes to have done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from fleetdeploy.engine.executor import Done, Tools
from fleetdeploy.errors import HostError, LoginRefused
from fleetdeploy.model.aftermath import Aftermath, HostNow, Now
from fleetdeploy.model.health import CheckSpec
from fleetdeploy.model.run import HostState
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import Observation, ObservedService, RolloutRecord
from fleetdeploy.plan.naming import label_of, running_version
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.host_task import what_is_wrong
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.rollback import health_of_origin
from fleetdeploy.rollout.survey import look_at, lost_by

_S = HostState


_TAG = "aftermath"
_PATIENCE_S = 5.0
"""How long a silence may last, beyond the longest check, before hosts that this rollout does not hold are given up."""


def ask_fleet(book: Book, crew: Crew, began: float) -> Aftermath:
    """Every host of the fleet, live; ``began`` is the monotonic time when the way back began."""
    fleet, plan, run = book.ports.fleet, book.plan, book.run
    sights = _LastLook(book, crew).everyone()
    undone_id = plan.undoes if plan.kind == "back" else run.id
    hosts = []
    for host in fleet.hosts:
        page = book.pages.get(host.name)
        hosts.append(judge(sights[host.name], page, (page.plan.undo if page else ()) or (undone_id,)))
    records = [r for s in sights.values() if (r := _record(s.observation, (undone_id,))) is not None]
    version = next((r.to_label for r in records if r.to_label), plan.version if plan.kind == "forward" else "")
    target = plan.version if plan.kind == "back" else ", ".join(_origins(records))
    return Aftermath(
        undone=version,
        undone_id=undone_id,
        target=target,
        asked_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        took_s=round(time.monotonic() - began, 1),
        marked_bad=any(_is_bad(s.observation, records) for s in sights.values()),
        hosts=tuple(hosts),
    )


class _LastLook:
    """Asks everybody at once, and keeps the login rule: nobody is asked again with a password that was refused.

    Where a credential has opened a host in this rollout all its hosts are asked; of any other one host goes first.
    """

    def __init__(self, book: Book, crew: Crew) -> None:
        self.book, self.crew = book, crew
        self.key = {h.name: h.connection.credential_key for h in book.ports.fleet.hosts}
        self.held = frozenset(n for n, p in book.pages.items() if p.opened)
        self.sights: dict[str, Sight] = {}
        self.asked: set[str] = set()
        self.queues: dict[tuple[str, str], list[str]] = {}
        self.over = threading.Event()

    def everyone(self) -> dict[str, Sight]:
        """What is seen of every host of the fleet."""
        self._begin()
        checks = (*self.book.plan.health.checks, *(c for n in self.held for c in self._checks(n)))
        patience = _PATIENCE_S + max((c.timeout_s for c in checks), default=0.0)
        heard = time.monotonic()
        while self.asked:
            done = self.crew.pump(tags=frozenset({_TAG}))
            if done is not None:
                heard = time.monotonic()
                self._take(done)
            elif not self.asked & self.held and time.monotonic() - heard > patience:
                break  # hosts that are held have to be closed in any case, so they are waited for
        self._give_up(f"no answer within {patience:.0f} s, and not waited for longer")
        return self.sights

    def _begin(self) -> None:
        pages = self.book.pages
        now = {n: p.error.what for n, p in pages.items() if isinstance(p.error, LoginRefused)}
        before = dict(self.book.plan.locked_out)
        good = {self.key[n] for n, p in pages.items() if p.opened}
        bad = {self.key[n] for n in now} | ({self.key[n] for n in before if n in self.key} - good)
        for name in (*pages, *(n for n in self.key if n not in pages)):  # those of the plan first
            refused = now.get(name) or before.get(name)
            if refused:
                self.sights[name] = Sight(name, lost=Lost.LOGIN, error=refused)
            elif name in self.held or (self.key[name] in good and self.key[name] not in bad):
                self._ask(name)
            elif self.key[name] in bad:
                self._spare(name)
            else:
                self.queues.setdefault(self.key[name], []).append(name)
        for queue in self.queues.values():
            self._ask(queue.pop(0))

    def _take(self, done: Done) -> None:
        name = done.host
        self.asked.discard(name)
        if isinstance(done.error, HostError):
            self.sights[name] = Sight(name, lost=lost_by(done.error), error=done.error.what)
        else:
            self.sights[name] = done.value or Sight(name, lost=Lost.UNREACHABLE, error="not asked")
        queue, self.queues[self.key[name]] = self.queues.get(self.key[name], []), []
        if self.sights[name].lost is Lost.LOGIN:
            for other in queue:
                self._spare(other)
        elif self.sights[name].observation is not None:
            for other in queue:
                self._ask(other)
        elif queue:  # it said nothing about the credential: the next one goes first
            self._ask(queue.pop(0))
            self.queues[self.key[name]] = queue

    def _ask(self, name: str) -> None:
        look = look_at(self.book.ports.fleet.host(name), self._checks(name), "")

        def task(tools: Tools[HostPort]) -> Sight:
            # It had to wait for its turn, and nobody waits for it any more: it must not take another's now.
            return Sight(name, lost=Lost.UNREACHABLE) if self.over.is_set() else look(tools)

        self.asked.add(name)
        self.crew.submit(name, _TAG, task)

    def _checks(self, name: str) -> tuple[CheckSpec, ...]:
        page, health = self.book.pages.get(name), self.book.plan.health
        if page is not None:
            return health_of_origin(page, health).checks
        return tuple(c for c in health.checks if not c.compares_target)

    def _spare(self, name: str) -> None:
        self.sights[name] = Sight(name, lost=Lost.LOGIN, error="not asked: its login was refused", tried=False)

    def _give_up(self, why: str) -> None:
        self.over.set()
        self.crew.workers.let_go(self.asked)
        for name in (*self.asked, *(n for queue in self.queues.values() for n in queue)):
            self.sights[name] = Sight(name, lost=Lost.UNREACHABLE, error=why)


def judge(sight: Sight, page: HostPage | None, undone: tuple[str, ...]) -> HostNow:
    """How this host is now. ``page`` is None for a host that was not part of it."""
    name, seen, member = sight.host, sight.observation, page is not None
    if seen is None:
        last = f"; last seen with {page.label}" if page and page.label else ""
        part = "" if member else "; not part of it"
        return HostNow(name, Now.UNKNOWN, member=member, detail=f"{sight.error or 'no answer'}{part}{last}")
    record = _record(seen, undone)
    touched = record is not None and record.intent
    service = seen.service
    existed = record.origin.existed if record and record.origin else not touched
    if service is None:
        gone = touched and existed
        return HostNow(
            name, Now.DOWN if gone else Now.ABSENT, member=member, detail="the service is gone" if gone else ""
        )
    version = running_version(seen, service)
    if service.state != "Running" or not service.pid:
        return _not_running(sight, page, record, service)
    if touched and record is not None and _runs_target(service, record):
        why = page.failure.detail if page and page.failure else (page.notes[-1] if page and page.notes else "")
        return HostNow(name, Now.STILL_NEW, version, member, why)
    if sight.sample is not None and not sight.serving:
        return HostNow(name, Now.UNHEALTHY, version, member, what_is_wrong(sight.sample))
    if page is not None and page.state is _S.SKIPPED and touched:
        return HostNow(name, Now.OTHER, version, member, "it no longer ran the release: left alone, not undone")
    return HostNow(name, Now.RESTORED if touched else Now.UNTOUCHED, version, member)


def _not_running(
    sight: Sight, page: HostPage | None, record: RolloutRecord | None, service: ObservedService
) -> HostNow:
    """A service without a process: as it was before, or a reason to get up."""
    touched = record is not None and record.intent
    ran_before = record.origin.was_running if touched and record and record.origin else False
    detail = f"the service is {service.state}"
    if page is not None and page.failure is not None:
        detail += f": {page.failure.detail}"
    if service.snapshot.values.get("start_type") == "disabled":
        detail += "; it is disabled"
        # By a person who wants it so; unless it ran until this rollout stopped it.
        ran_before = ran_before and page is not None and page.state is _S.ROLLBACK_FAILED
    configured = label_of(sight.observation)
    now = Now.DOWN if ran_before else Now.IDLE
    return HostNow(sight.host, now, "", page is not None, f"{detail} (configured for {configured})")


def _runs_target(service: ObservedService, record: RolloutRecord) -> bool:
    if record.origin is not None and record.origin.image_path == record.to_image_path:
        return False  # only its configuration was changed: the same exe before and after
    if service.running_sha256 and record.to_sha256:
        same_before = record.origin is not None and record.origin.sha256 == record.to_sha256
        return service.running_sha256 == record.to_sha256 and not same_before
    return service.snapshot.image_path == record.to_image_path


def _record(seen: Observation | None, undone: tuple[str, ...]) -> RolloutRecord | None:
    """The newest of these rollouts that this host remembers."""
    if seen is None or seen.state is None:
        return None
    return next((r for rollout in undone if (r := seen.state.rollout(rollout)) is not None), None)


def _origins(records: Iterable[RolloutRecord]) -> list[str]:
    return sorted({r.origin.label for r in records if r.origin})


def _is_bad(seen: Observation | None, records: Iterable[RolloutRecord]) -> bool:
    if seen is None or seen.state is None:
        return False
    keys = {r.to_release for r in records if r.to_release}
    return any(seen.state.releases[k].mark == "bad" for k in keys if k in seen.state.releases)
