"""What a worker does on its host: functions that run in the host's own thread, with the host's own session.

They return values for everything a host can do wrong; they decide nothing about the fleet. Two rules shape them: a
call whose answer was lost is never sent again before ``observe`` has answered and no verb runs there, and between two
calls a sign of life is given when due (``tools.pulse``). Waiting for health can be cut short; a changing verb never
is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from fleetdeploy.engine.executor import Tools
from fleetdeploy.errors import AnswerLost, Busy, HostError, Stale, Unreachable
from fleetdeploy.health.table import from_host, joined, look
from fleetdeploy.model.events import Note, ProbeSeen
from fleetdeploy.model.health import HealthSpec, Sample, Verdict
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import (
    ActivateOutcome,
    ActivateRequest,
    ActivateResult,
    BootIdentity,
    Claim,
    Observation,
    ProbeRequest,
)
from fleetdeploy.policy.verdict import verdict
from fleetdeploy.rollout.ports import HostPort

T = TypeVar("T")
_LONGEST_WINDOW_S = 5.0
_RETRY_S = 1.0
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """What a host should be running, and how that is looked at. Empty image or hash: any."""

    health: HealthSpec
    address: str
    image: str = ""
    sha256: str = ""
    version: str = ""
    window: float | None = None

    @property
    def window_s(self) -> float:
        """Length of one probe: several samples, but short enough that a beat or a cancel is never late."""
        if self.window is not None:
            return self.window
        # Half an interval more: the sample that makes the healthy time full comes a little late, never early, and
        # without it a second call was needed for each host.
        health = self.health
        return min(_LONGEST_WINDOW_S, max(health.min_healthy_s + health.interval_s / 2, 2 * health.interval_s))


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking at a started host gave. ``verdict`` None: cut short."""

    verdict: Verdict | None
    samples: tuple[Sample, ...]
    error: HostError | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A host's whole turn: what ``activate`` did (None: no answer to be had, ``error``), and then health."""

    activated: ActivateResult | None = None
    verified: Verified | None = None
    error: HostError | None = None
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Activating:
    """Told before a changing call is sent: from here on the host counts as touched."""


@dataclass(frozen=True, slots=True)
class Verifying:
    """Told when the service was started and looking begins."""

    label: str


def quiet(tools: Tools[HostPort], patience_s: float) -> Observation:
    """The host as it is once it answers and no verb runs there any more.

    Raises:
        AnswerLost, Unreachable: not within ``patience_s``.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            seen = tools.resource.observe()
            if not seen.running_verb or time.monotonic() >= until:
                return seen
        except (Unreachable, Busy, AnswerLost):
            if time.monotonic() >= until:
                raise
        time.sleep(min(_RETRY_S, max(0.05, until - time.monotonic())))


def settled(
    tools: Tools[HostPort], call: Callable[[], T], patience_s: float, *, unsent_patience_s: float | None = None
) -> T:
    """The answer of a repeatable verb, however often an answer is lost on the way, within ``patience_s``.

    ``unsent_patience_s``: how long to go on while nothing has reached the host yet (default: the same).

    Raises:
        AnswerLost: it may have taken effect, and the host does not say; never ``Unreachable`` after a lost answer.
    """
    begin = time.monotonic()
    until = begin + patience_s
    lost: AnswerLost | None = None
    while True:
        try:
            return call()
        except AnswerLost as error:
            lost = error
            if time.monotonic() >= until:
                raise
            try:
                quiet(tools, until - time.monotonic())
            except (Unreachable, Busy):
                raise lost from None
        except (Unreachable, Busy):
            if lost is None and unsent_patience_s is not None:
                until = min(until, begin + unsent_patience_s)
            if time.monotonic() >= until:
                if lost is not None:
                    raise lost from None
                raise
            time.sleep(min(_RETRY_S, max(0.05, until - time.monotonic())))


def activate(
    tools: Tools[HostPort],
    request: ActivateRequest,
    *,
    patience_s: float = 30.0,
    password: Secret | None = None,
    previous_password: Secret | None = None,
    again: Callable[[], Claim] | None = None,
) -> ActivateResult:
    """``activate``, its effect seen even if its answer is lost.

    ``again`` gives the claim for another try, one step on: the request that was lost may still be on its way, and must
    find the door closed when it comes after that try (rule 8).

    Raises:
        HostError: AnswerLost if the host cannot say what became of it.
    """
    patience = 2 * (request.stop_timeout_s + request.start_timeout_s + request.lock_wait_s) + patience_s
    lost: AnswerLost | None = None
    for _ in range(_ATTEMPTS):
        try:
            return tools.resource.activate(request, password=password, previous_password=previous_password)
        except AnswerLost as error:
            lost = error
        except (Unreachable, Busy) as error:
            if lost is None:
                raise
            # This time nothing was sent, but the time before it was: the host is unknown, not untouched.
            raise lost from error
        tools.tell(Note("the answer was lost: asking the host what became of it", tools.host, "warning"))
        try:
            seen = quiet(tools, patience)
        except (Unreachable, Busy) as error:
            raise lost from error
        ended = _ended_as(seen, request)
        if ended is not None:
            return ended
        # Nothing runs there now. Sending it again looks first: it finishes, repairs or begins (rules 10 to 12).
        if again is not None:
            request = replace(request, claim=again())
    assert lost is not None  # noqa: S101 - the loop ends only after a lost answer
    raise lost


def _ended_as(seen: Observation, request: ActivateRequest) -> ActivateResult | None:
    """The outcome of a lost ``activate`` that put itself back; everything else is found by asking again."""
    record = seen.state.rollout(request.claim.rollout) if seen.state else None
    if request.direction == "back" or record is None or not record.put_back:
        return None
    service = seen.service
    return ActivateResult(
        outcome=ActivateOutcome.PUT_BACK,
        label=record.origin.label if record.origin else "",
        pid=service.pid if service else 0,
        started_at=service.started if service else "",
        image=service.running_image if service else "",
        notes=("its answer was lost; the host's record says that it was put back",),
    )


def verify(tools: Tools[HostPort], target: Target) -> Verified:
    """Look until there is a verdict, the deadline has come, or the conductor wants out."""
    since = time.monotonic()
    samples: list[Sample] = []
    boot: BootIdentity | None = None
    error: HostError | None = None
    while True:
        if tools.cancelled.is_set():
            return Verified(None, tuple(samples), error)
        seen, found, error = watch_once(tools, target)
        if found is not None and boot is not None and found != boot:
            tools.tell(Note("the host was rebooted: verified anew", tools.host, "warning"))
            samples.clear()
        boot = found or boot
        samples += seen
        judged = verdict(samples, target.health, since, time.monotonic())
        if judged is not None:
            return Verified(judged, tuple(samples), error)


def watch_once(
    tools: Tools[HostPort], target: Target
) -> tuple[tuple[Sample, ...], BootIdentity | None, HostError | None]:
    """One window of samples; none, and the error, if the host could not be asked."""
    health = target.health
    request = ProbeRequest(
        window_s=target.window_s,
        interval_s=health.interval_s,
        wanted_image=target.image,
        wanted_sha256=target.sha256,
        version=target.version,
        checks=from_host(health.checks),
    )
    try:
        tools.pulse()
        result = tools.resource.probe(request)
    except Stale:
        raise
    except HostError as error:
        time.sleep(min(_RETRY_S, health.interval_s))
        return (), None, error
    samples = joined(result.samples, look(health.checks, target.address, target.version))
    if samples:
        last = samples[-1]
        tools.tell(ProbeSeen(tools.host, last.good, what_is_wrong(last)))
    return samples, result.boot, None


def what_is_wrong(sample: Sample) -> str:
    """One line for people; "" if nothing is."""
    if sample.good:
        return ""
    if sample.state != "Running" or not sample.pid:
        parts = [f"the service is {sample.state}"]
    elif not sample.image_ok:
        parts = ["another image is running"]
    else:
        parts = []
    parts += [f"{f.check}: {f.detail}" for f in sample.failures]
    return "; ".join((*parts, *sample.evidence[:1]))


def bring(
    tools: Tools[HostPort],
    requests: tuple[ActivateRequest, ...],
    target: Target,
    *,
    patience_s: float = 30.0,
    password: Secret | None = None,
    previous_password: Secret | None = None,
    again: Callable[[], Claim] | None = None,
) -> Worked:
    """A host's turn: activate, in a chain if it goes back over several rollouts, then verify."""
    result: ActivateResult | None = None
    sent = False
    try:
        for request in requests:
            tools.tell(Activating())
            sent = True
            if again is not None and result is not None:
                request = replace(request, claim=again())
            result = activate(
                tools,
                request,
                patience_s=patience_s,
                password=password,
                previous_password=previous_password,
                again=again,
            )
            if result.outcome not in GOING_ON:
                return Worked(result, sent=True)
    except Stale:
        raise
    except HostError as error:
        # Unreachable means that nothing was sent; the host is as it was.
        return Worked(None, error=error, sent=sent and not isinstance(error, (Unreachable, Busy)))
    if result is None or not result.pid:
        return Worked(result, sent=sent)
    tools.tell(Verifying(result.label))
    aimed = target if target.image else replace(target, image=result.image)
    return Worked(result, verify(tools, aimed), sent=True)


def settle_s(health: HealthSpec) -> float:
    """How long a service must be RUNNING before the host calls it started; health is looked at afterwards."""
    return min(1.0, max(0.1, health.min_healthy_s))


GOING_ON = frozenset({ActivateOutcome.ACTIVATED, ActivateOutcome.ALREADY, ActivateOutcome.RESTORED})
"""Outcomes after which the service runs what was wanted and is looked at."""
