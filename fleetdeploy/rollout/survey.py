"""Ask every host how it is, before anything is decided: observation and one health sample, or why there is none.

Keeps the login rule: each distinct credential logs in on one host first, and a refused login stops every host with that
credential (one attempt, not a lock-out). Changes nothing on any host.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fleetdeploy.engine.executor import Done, Tools, Workers
from fleetdeploy.errors import AnswerLost, Busy, HostError, LoginRefused, ProtocolRefused, Unreachable
from fleetdeploy.health.table import from_host, joined, look
from fleetdeploy.model.health import CheckSpec
from fleetdeploy.model.host import Host
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import ProbeRequest
from fleetdeploy.rollout.ports import HostPort

_TAG = "survey"

See = Callable[[Host], Callable[[Tools[HostPort]], Sight]]


def lost_by(error: HostError) -> Lost:
    """What an error says about the host, by its kind."""
    if isinstance(error, LoginRefused):
        return Lost.LOGIN
    if isinstance(error, ProtocolRefused):
        return Lost.PROTOCOL
    if isinstance(error, (Unreachable, Busy, AnswerLost)):
        return Lost.UNREACHABLE
    return Lost.FAILED


def _bare(host: Host, error: HostError) -> str:
    """What is wrong, without the host's name: whoever shows a sight names the host anyway."""
    return error.what.removeprefix(f"{host.name}: ")


def look_at(host: Host, checks: Sequence[CheckSpec], version: str) -> Callable[[Tools[HostPort]], Sight]:
    """The task that sees one host."""

    def task(tools: Tools[HostPort]) -> Sight:
        try:
            seen = tools.resource.observe()
        except HostError as error:
            return Sight(host.name, lost=lost_by(error), error=_bare(host, error))
        if seen.service is None:
            return Sight(host.name, seen)
        request = ProbeRequest(0.0, 1.0, "", "", version, from_host(checks))
        try:
            samples = tools.resource.probe(request).samples
        except HostError as error:
            return Sight(host.name, seen, error=_bare(host, error))
        samples = joined(samples, look(checks, host.connection.address, version))
        return Sight(host.name, seen, samples[-1] if samples else None)

    return task


def survey(
    workers: Workers[HostPort],
    hosts: Sequence[Host],
    *,
    checks: Sequence[CheckSpec] = (),
    version: str = "",
    tick: Callable[[], None] = lambda: None,
    see: See | None = None,
) -> dict[str, Sight]:
    """Every host as it is now, in the order given. ``tick`` is called about once a second.

    ``see``: how a host is looked at, if not by one sample of the checks.
    """
    sights: dict[str, Sight] = {}
    waiting: dict[tuple[str, str], list[Host]] = {}
    for host in hosts:
        waiting.setdefault(host.connection.credential_key, []).append(host)
    by_name = {h.name: h for h in hosts}
    trusted: set[tuple[str, str]] = set()

    def submit(host: Host) -> None:
        workers.submit(host.name, _TAG, see(host) if see else look_at(host, checks, version))

    for group in waiting.values():
        submit(group.pop(0))
    while len(sights) < len(by_name):
        message = workers.next(1.0)
        tick()
        if not isinstance(message, Done) or message.tag != _TAG:
            continue
        if message.error is not None and not isinstance(message.error, HostError):
            raise message.error
        host = by_name[message.host]
        error = message.error
        sight: Sight = (
            message.value if error is None else Sight(host.name, lost=lost_by(error), error=_bare(host, error))
        )
        sights[message.host] = sight
        key = by_name[message.host].connection.credential_key
        rest = waiting[key]
        if sight.lost is Lost.LOGIN:
            for other in rest:
                why = f"not tried: the login was refused on {message.host}, and one attempt must not become a lock-out"
                sights[other.name] = Sight(other.name, lost=Lost.LOGIN, error=why, tried=False)
            rest.clear()
        elif sight.observation is None and key not in trusted:
            if rest:  # this one said nothing about the credential: the next one goes first
                submit(rest.pop(0))
        else:
            trusted.add(key)
            for other in rest:
                submit(other)
            rest.clear()
    return {host.name: sights[host.name] for host in hosts}


def workers_for(
    hosts: Sequence[Host], connect: Callable[[Host], HostPort], *, parallel: int, beat_interval_s: float
) -> Workers[HostPort]:
    """Workers that know these hosts by name."""
    by_name = {h.name: h for h in hosts}
    return Workers(
        lambda name: connect(by_name[name]),
        parallel=parallel,
        beat_interval_s=beat_interval_s,
        dispose=lambda port: port.disconnect(),
    )


def survey_once(
    hosts: Sequence[Host],
    connect: Callable[[Host], HostPort],
    *,
    checks: Sequence[CheckSpec] = (),
    version: str = "",
    parallel: int = 50,
    tick: Callable[[], None] = lambda: None,
    see: See | None = None,
) -> dict[str, Sight]:
    """A survey with workers of its own: what ``status``, ``plan`` and the search for a rollback need."""
    workers = workers_for(hosts, connect, parallel=parallel, beat_interval_s=3600.0)
    try:
        return survey(workers, hosts, checks=checks, version=version, tick=tick, see=see)
    finally:
        workers.shutdown(10.0)
