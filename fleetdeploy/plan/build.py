"""``build_plan(request, observed) -> Plan``: who changes, in which batches, and why it may not be (pure).

Says what it found in ``problems`` and refuses nothing itself: ``plan`` shows them, ``rollout`` refuses. Rounding is in
``batches.py``, the order in ``strategies/``, going back in ``rollback.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.artifact import Artifact
from fleetdeploy.model.freeze import FreezeWindow
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.host import Host
from fleetdeploy.model.marks import HeldMark
from fleetdeploy.model.paths import release_exe
from fleetdeploy.model.permits import NO_PERMITS, Permits
from fleetdeploy.model.plan import ABSENT, UNKNOWN_FROM, Batch, HostAction, HostPlan, Plan, Problem
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.model.verbs import Expected, Observation
from fleetdeploy.plan import guards
from fleetdeploy.plan.batches import Candidate, beyond, floor_of
from fleetdeploy.plan.diff import account_key, config_diff, needs_password
from fleetdeploy.plan.drift import drift_words
from fleetdeploy.plan.naming import label_of
from fleetdeploy.plan.strategies import STRATEGIES

_MARGIN_BYTES = 64 * 1024 * 1024  # left free beside what is sent: logs and page file must go on


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is asked for. ``hosts`` is the scope, after ``--limit``; ``known`` maps an exe's SHA-256 to a version.

    ``wanted`` is what was typed (perhaps ``latest``), ``marks`` what the store holds, ``rollback_floor`` the project's.
    """

    fleet: str
    hosts: tuple[Host, ...]
    app: ServiceSpec
    artifact: Artifact
    strategy: StrategySettings
    health: HealthSpec
    known: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    permits: Permits = NO_PERMITS
    wanted: str = ""
    marks: tuple[HeldMark, ...] = ()
    rollback_floor: str = ""
    freeze: tuple[FreezeWindow, ...] = ()


def expected_of(observation: Observation | None) -> Expected | None:
    """What the host must still look like when its turn comes; None if it could not be asked."""
    if observation is None:
        return None
    service = observation.service
    if service is None:
        return Expected(exists=False, image_path="", exe_sha256="", fingerprint="")
    return Expected(
        exists=True,
        image_path=service.snapshot.image_path,
        exe_sha256=service.exe_sha256,
        fingerprint=service.fingerprint,
    )


def build_plan(request: PlanRequest, observed: Mapping[str, Sight]) -> Plan:
    """The plan for these hosts as they were seen. The same input gives the same plan, digest included."""
    problems = list(request.problems)
    hosts: list[HostPlan] = []
    for host in request.hosts:
        sight = observed.get(host.name) or Sight(host.name, lost=Lost.UNREACHABLE, error="was not asked")
        hosts.append(_host_plan(request, host, sight))
        problems += _host_problems(request, host, sight)
    problems += _same_machine(observed)
    scope = [h for h in hosts if not _set_aside(h, observed)]
    changing = [h for h in scope if h.action is HostAction.CHANGE]
    down = tuple(h.host for h in scope if _is_down(h))
    settings = request.strategy
    if settings.kind == "all-at-once" and settings.max_unavailable is None:
        floor = len(scope)
    else:
        floor = floor_of(settings.max_unavailable, settings.batch, scope=len(scope), changing=len(changing))
    problems += _floor_problems(settings, down, floor, changing)
    batches = _batches(request, changing, floor, len(down))
    problems += _pause_problems(settings, batches)
    if settings.kind == "canary" and changing and not any(b.is_canary for b in batches):
        text = f"no host that would change is a canary by {settings.canary}: nothing would go first"
        problems.append(Problem(RefusalReason.PREFLIGHT, text))
    guarded, passed = _guarded(request, observed, changing)
    problems += guarded.problems
    return Plan(
        kind="forward",
        fleet=request.fleet,
        app=request.app,
        version=request.artifact.version,
        artifact=request.artifact,
        strategy=settings,
        health=request.health,
        batches=batches,
        hosts=tuple(hosts),
        max_unavailable=floor,
        down_at_start=down,
        problems=tuple(problems),
        notes=(*_notes(settings, hosts, batches), *guarded.notes),
        permits=request.permits,
        overridden=guarded.overridden,
        rollback_floor=passed,
        freeze=request.freeze,
    )


def _guarded(
    request: PlanRequest, observed: Mapping[str, Sight], changing: list[HostPlan]
) -> tuple[guards.Guarded, str]:
    """What the guards say, and the floor that this rollout passes ("" for none)."""
    artifact, permits = request.artifact, request.permits
    marks = (*request.marks, *guards.held_by_hosts(observed))
    found = guards.bad_version(artifact, marks, permits, wanted=request.wanted)
    found += guards.downgrade(artifact.version, changing, permits)
    labels = [h.from_label for h in changing]
    floor = request.rollback_floor
    passed = floor if floor and guards.crossed(floor, artifact.version, labels) else ""
    notes = (*(f"permitted: {text}" for text in found.overridden), *guards.way_back_notes(changing))
    return found + guards.Guarded(notes=(*notes, guards.floor_note(passed)) if passed else notes), passed


def _host_plan(request: PlanRequest, host: Host, sight: Sight) -> HostPlan:
    observation, artifact = sight.observation, request.artifact
    action, why = HostAction.CHANGE, ""
    service = observation.service if observation else None
    snapshot = service.snapshot if service else None
    changes = config_diff(request.app, snapshot, artifact.release_name, artifact.exe) if observation else ()
    if observation is None:
        if request.strategy.unreachable == "skip" and sight.lost is Lost.UNREACHABLE:
            action, why = HostAction.SKIP, f"unreachable: {sight.error}"
    elif _is_unchanged(request, sight, changes=bool(changes)):
        action = HostAction.UNCHANGED
    elif request.strategy.repair:
        if sight.serving:
            action, why = HostAction.SKIP, "healthy: --repair touches only hosts that are down"
    elif service and snapshot and service.state == "Stopped" and not _unfinished(observation):
        action = HostAction.SKIP
        disabled = snapshot.values.get("start_type") == "disabled"
        why = f"{'disabled' if disabled else 'stopped'} by a person (start it, or use --repair)"
    drifted = drift_words(observation, repair=request.strategy.repair) if observation else ""
    if drifted and action is not HostAction.SKIP:
        why = f"drifted: {drifted}"
        if action is HostAction.CHANGE and not request.permits.accept_drift:
            action, why = HostAction.SKIP, f"{why}; take it as it is with --accept-drift, or put it right"
    staged = observation is not None and artifact.release_name in observation.staged
    change = action is HostAction.CHANGE
    return HostPlan(
        host=host.name,
        machine_id=observation.machine_id if observation else "",
        action=action,
        from_label=label_of(observation, request.known),
        to_label=artifact.version,
        to_release=artifact.release_name,
        expected=expected_of(observation),
        zone=host.zone,
        bytes_to_send=artifact.manifest.size if change and not staged else 0,
        changes=changes if change else (),
        healthy=None if observation is None else sight.serving,
        why=why,
    )


def _is_unchanged(request: PlanRequest, sight: Sight, *, changes: bool) -> bool:
    service = sight.observation.service if sight.observation else None
    if service is None or changes or sight.sample is None or sight.sample.failures:
        return False
    app, artifact = request.app, request.artifact
    wanted = release_exe(app.root, app.app, artifact.release_name, artifact.exe)
    return (
        service.state == "Running"
        and service.running_image.lower() == wanted.lower()
        and service.running_sha256 == artifact.exe_sha256
    )


def _unfinished(observation: Observation) -> bool:
    """An intent without its end: whoever stopped the service, it was no person (protocol.md rule 12)."""
    if observation.state is None:
        return False
    return any(r.intent and not r.done and not r.put_back and not r.ended for r in observation.state.rollouts)


def _is_down(host: HostPlan) -> bool:
    """Counts against the floor. A host without the service yet takes nothing away from anybody."""
    return host.healthy is False and host.from_label != ABSENT


def _set_aside(host: HostPlan, observed: Mapping[str, Sight]) -> bool:
    sight = observed.get(host.host)
    return host.action is HostAction.SKIP and (sight is None or sight.observation is None)


def _host_problems(request: PlanRequest, host: Host, sight: Sight) -> list[Problem]:
    seen = sight.observation
    if seen is None:
        return _lost_problems(request, host, sight)
    out: list[Problem] = []
    if seen.service and seen.service.kind.kind == "deleted":
        steps = ("close what has it open (services.msc, Process Explorer), and install it anew",)
        out.append(Problem(RefusalReason.UNSUPPORTED_SERVICE, seen.service.kind.detail, host.name, next_steps=steps))
    elif seen.service and seen.service.kind.kind != "native":
        text = f"the service is a {seen.service.kind.kind} service {seen.service.kind.detail}".rstrip()
        out.append(Problem(RefusalReason.UNSUPPORTED_SERVICE, f"{text}; only native services are handled", host.name))
    if not seen.is_admin:
        out.append(Problem(RefusalReason.PREFLIGHT, "the login is not a local administrator", host.name))
    if seen.language_mode != "FullLanguage":
        out.append(Problem(RefusalReason.PREFLIGHT, f"PowerShell is in {seen.language_mode} mode", host.name))
    out += _account_problems(request, host, seen)
    need = request.artifact.manifest.size + _MARGIN_BYTES
    if request.artifact.release_name not in seen.staged and seen.free_bytes < need:
        text = f"{seen.free_bytes // 2**20} MiB free, {need // 2**20} MiB needed"
        steps = (f"make room on the drive of {request.app.root}, or leave it out: --limit '!{host.name}'",)
        out.append(Problem(RefusalReason.PREFLIGHT, f"the disk is too full: {text}", host.name, next_steps=steps))
    return out


def _account_problems(request: PlanRequest, host: Host, seen: Observation) -> list[Problem]:
    """An account with a password that is replaced could not be put back: its password is known to nobody here."""
    current = str(seen.service.snapshot.values.get("account") or "") if seen.service else ""
    wanted = request.app.account
    if wanted is None or account_key(current) == account_key(wanted) or not needs_password(current):
        return []
    text = f"the service runs as {current}; after a change to {wanted} a rollback could not log it on again"
    steps = ("change the account by hand first, then roll out", "or leave account out of fleetdeploy.yml")
    return [Problem(RefusalReason.PREFLIGHT, text, host.name, next_steps=steps)]


def _lost_problems(request: PlanRequest, host: Host, sight: Sight) -> list[Problem]:
    if sight.lost is Lost.UNREACHABLE:
        if request.strategy.unreachable == "skip":
            return []
        steps = (f"fleetdeploy doctor --limit {host.name}", "or set it aside: --unreachable skip")
        return [Problem(RefusalReason.PREFLIGHT, f"unreachable: {sight.error}", host.name, True, steps)]
    reason = RefusalReason.LOGIN if sight.lost is Lost.LOGIN else RefusalReason.PREFLIGHT
    return [Problem(reason, sight.error, host.name, next_steps=(f"fleetdeploy doctor --limit {host.name}",))]


def _same_machine(observed: Mapping[str, Sight]) -> list[Problem]:
    seen: dict[str, str] = {}
    out: list[Problem] = []
    for name, sight in observed.items():
        if sight.observation is None or not sight.observation.machine_id:
            continue
        first = seen.setdefault(sight.observation.machine_id, name)
        if first != name:
            out.append(Problem(RefusalReason.PREFLIGHT, f"is the same machine as {first} (machine id)", name))
    return out


def _floor_problems(
    settings: StrategySettings, down: tuple[str, ...], floor: int, changing: list[HostPlan]
) -> list[Problem]:
    if settings.repair or not changing:
        return []
    out = ",".join(f"!{name}" for name in down)
    steps = ("repair the hosts that are down first: --repair", f"or leave them out: --limit '{out}'")
    listed = ", ".join(down)
    some = "1 host is" if len(down) == 1 else f"{len(down)} hosts are"
    if len(down) > floor:
        text = f"{some} not healthy ({listed}), {floor} may be"
        return [Problem(RefusalReason.FLOOR, text, next_steps=steps)]
    if down and len(down) == floor and any(h.healthy for h in changing):
        text = f"{some} not healthy ({listed}): that is all that may be, no healthy host can be touched"
        return [Problem(RefusalReason.FLOOR, text, next_steps=steps)]
    return []


def _pause_problems(settings: StrategySettings, batches: tuple[Batch, ...]) -> list[Problem]:
    """Who asks for a pause that would never come must not believe that it does."""
    missing = beyond(batches, settings.pause_after_batch) if batches else ()
    if not missing:
        return []
    listed = ", ".join(str(n) for n in missing)
    text = f"there is no batch {listed} to pause after: this plan has {len(batches)}"
    return [Problem(RefusalReason.PREFLIGHT, text, next_steps=(f"--pause-after batch:{len(batches)}",))]


def _batches(request: PlanRequest, changing: list[HostPlan], floor: int, down: int) -> tuple[Batch, ...]:
    labels = {h.name: tuple(sorted(h.labels.items())) for h in request.hosts}
    # A first install counts as healthy for choosing canaries: nothing is broken there.
    candidates = tuple(
        Candidate(
            h.host, h.zone, labels[h.host], healthy=h.healthy is not False or h.from_label in (ABSENT, UNKNOWN_FROM)
        )
        for h in changing
    )
    settings = request.strategy
    whole = settings.kind == "all-at-once" and settings.max_unavailable is None
    cap = len(candidates) if whole else max(floor - (0 if settings.repair else down), 1)
    return STRATEGIES[settings.kind](candidates, settings, cap)


def _notes(settings: StrategySettings, hosts: list[HostPlan], batches: tuple[Batch, ...]) -> tuple[str, ...]:
    notes: list[str] = []
    changing = sum(len(b.hosts) for b in batches)
    canaries = sum(len(b.hosts) for b in batches if b.is_canary)
    if canaries and canaries == changing:
        notes.append(f"the canary is every host that changes ({canaries}): a bad release reaches all of them")
    if settings.kind == "all-at-once" and changing > 1 and settings.max_unavailable is None:
        notes.append("all at once: there is no healthy floor, every host is down at the same time")
    notes += [f"{h.host} is left out: {h.why}" for h in hosts if h.action is HostAction.SKIP]
    return tuple(notes)
