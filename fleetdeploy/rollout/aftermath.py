"""Asks the whole fleet what is true after something was undone, and judges each host. Changes nothing.

``judge`` is pure. It compares what runs with what the undone rollout had put there and with what it had found: a
summary must count hosts by what they show now, never by what the conductor believes to have done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from fleetdeploy.engine.executor import Tools
from fleetdeploy.errors import HostError, LoginRefused
from fleetdeploy.model.aftermath import Aftermath, HostNow, Now
from fleetdeploy.model.run import HostState
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import Observation, ObservedService, RolloutRecord
from fleetdeploy.plan.naming import label_of, running_version
from fleetdeploy.rollout.book import Book, HostPage
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.host_task import what_is_wrong
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.rollback import health_of_origin
from fleetdeploy.rollout.survey import look_at, lost_by, survey_once

_S = HostState


def ask_fleet(book: Book, crew: Crew, began: float) -> Aftermath:
    """Every host of the fleet, live; ``began`` is the monotonic time when the way back began."""
    fleet, plan, run = book.ports.fleet, book.plan, book.run

    def make(name: str) -> Callable[[Tools[HostPort]], Sight]:
        page = book.pages[name]
        return look_at(fleet.host(name), health_of_origin(page, plan.health).checks, "")

    # One attempt per refused login: nobody is asked again with a password that was refused.
    refused = {n: p.error for n, p in book.pages.items() if isinstance(p.error, LoginRefused)}
    answers = crew.each([n for n in book.pages if n not in refused], "aftermath", make)
    sights: dict[str, Sight] = {name: Sight(name, lost=Lost.LOGIN, error=e.what) for name, e in refused.items()}
    for name, answer in answers.items():
        lost = isinstance(answer, HostError)
        sights[name] = Sight(name, lost=lost_by(answer), error=answer.what) if lost else answer
    others = [h for h in fleet.hosts if h.name not in book.pages]
    bad_login = {fleet.host(n).connection.credential_key for n in refused}
    askable = [h for h in others if h.connection.credential_key not in bad_login]
    if askable:
        checks = tuple(c for c in plan.health.checks if not c.compares_target)
        sights |= survey_once(askable, book.ports.connect, checks=checks, parallel=run.parallel)
    undone_id = plan.undoes if plan.kind == "back" else run.id
    hosts = []
    for host in fleet.hosts:
        page = book.pages.get(host.name)
        sight = sights.get(host.name) or Sight(host.name, lost=Lost.LOGIN, error="not asked: its login was refused")
        hosts.append(judge(sight, page, (page.plan.undo if page else ()) or (undone_id,)))
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
        ran_before = False
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
