"""The 3 a.m. summary after something was undone, as lines: counts of what is true now, and who needs a person.

Pure: a result in, lines out. The last line says what to type next.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleetdeploy.cli.output.wording import hosts_text, seconds_text
from fleetdeploy.model.aftermath import NEEDS_A_PERSON, Aftermath, HostNow, Now
from fleetdeploy.model.run import Outcome

if TYPE_CHECKING:
    from fleetdeploy.rollout.result import RolloutResult

_WELL = (Now.RESTORED, Now.UNTOUCHED)
_TEXTS = {
    Now.STILL_NEW: "STILL RUNNING",
    Now.DOWN: "NOT RUNNING",
    Now.UNHEALTHY: "NOT HEALTHY",
    Now.OTHER: "LEFT ALONE",
    Now.UNKNOWN: "UNKNOWN",
}
_HEADS = {
    Outcome.SUCCEEDED: "ROLLED BACK",
    Outcome.ROLLED_BACK: "ROLLED BACK",
    Outcome.ABORTED: "ABORTED, AND ROLLED BACK",
    Outcome.ROLLBACK_INCOMPLETE: "ROLLBACK INCOMPLETE",
}


def aftermath_lines(result: RolloutResult) -> list[str]:
    """Headline, one line per group of well hosts, one per host that needs a person, the mark, what to type."""
    after = result.aftermath
    if after is None:
        return []
    needing = after.of(*NEEDS_A_PERSON)
    lines = [_headline(result, after, len(needing))]
    width = max(len(str(len(after.hosts))), 3)
    lines += [f"  {count:>{width}}  {text}" for count, text in _well(after)]
    lines += [f"  {1:>{width}}  {_needing(host, after)}" for host in needing]
    if after.undone:
        known = f"{after.undone} is marked bad: the next scheduled job will refuse it."
        spared = f": {after.spared}. If it is to blame: fleetdeploy artifact mark {after.undone} --bad --reason WHY"
        free = f"{after.undone} is not marked bad{spared if after.spared else '.'}"
        lines.append("  " + (known if after.marked_bad else free))
    steps = _steps(result, after, needing)
    lines += [f"  {'next' if index == 0 else '':<7} {step}" for index, step in enumerate(steps)]
    lines[-1] += f"   (exit {int(result.exit_code)})"
    return lines


def _headline(result: RolloutResult, after: Aftermath, needing: int) -> str:
    head = _HEADS.get(result.outcome, "ENDED") if result.outcome else "STILL OPEN"
    if needing:
        verb = "needs" if needing == 1 else "need"
        head += f": {needing} of {hosts_text(len(after.hosts))} {verb} you"
    versions = " -> ".join(filter(None, (after.undone, after.target))) or result.version
    undoes = f"{result.rollout} undoes {after.undone_id}" if result.rollout != after.undone_id else result.rollout
    parts = (result.fleet, result.app, versions, undoes, f"by {result.actor}" if result.actor else "")
    return f"{head}   {' / '.join(filter(None, parts))}"


def _well(after: Aftermath) -> list[tuple[int, str]]:
    """(count, text) of hosts that need nobody, by version."""
    out: list[tuple[int, str]] = []
    for version, count in Counter(h.version for h in after.of(*_WELL)).most_common():
        mine = [h for h in after.of(*_WELL) if h.version == version]
        restored = sum(h.now is Now.RESTORED for h in mine)
        untouched = len(mine) - restored
        how = [f"{restored} restored in {seconds_text(after.took_s)}"] if restored else []
        how += [f"{untouched} never touched"] if untouched else []
        out.append((count, f"{version}, healthy ({', '.join(how)}), asked live at {after.asked_at}"))
    absent, idle = after.of(Now.ABSENT), after.of(Now.IDLE)
    out += [(len(absent), f"no service, as before ({_names(absent)})")] if absent else []
    out += [(len(idle), f"not running, as before ({_names(idle)})")] if idle else []
    return out


def _names(hosts: tuple[HostNow, ...]) -> str:
    shown = ", ".join(h.host for h in hosts[:5])
    return shown + (f" and {len(hosts) - 5} more" if len(hosts) > 5 else "")


def _needing(host: HostNow, after: Aftermath) -> str:
    what = " ".join(filter(None, (host.version, _TEXTS[host.now])))
    advice = " Take it out of the load balancer." if host.now in (Now.STILL_NEW, Now.DOWN, Now.UNHEALTHY) else ""
    detail = host.detail.removeprefix(f"{host.host}: ").rstrip(".")
    part = "" if host.member or "not part of it" in detail else f"; not part of {after.undone_id}"
    return f"{what}  {host.host}: {detail or 'see its log'}{part}.{advice}"


def _steps(result: RolloutResult, after: Aftermath, needing: tuple[HostNow, ...]) -> list[str]:
    steps: list[str] = []
    sick = [h for h in needing if h.now in (Now.STILL_NEW, Now.DOWN, Now.UNHEALTHY)]
    silent = [h for h in needing if h.now is Now.UNKNOWN]
    if sick:
        steps.append(f"fleetdeploy logs {sick[0].host}")
    if silent:
        steps.append(f"fleetdeploy doctor --limit {','.join(h.host for h in silent[:8])}")
    undoable = [h for h in needing if h.member and h.now in (Now.STILL_NEW, Now.UNKNOWN, Now.DOWN)]
    if undoable:
        steps.append(f"fleetdeploy rollback {after.undone_id}   (again, when they answer: the others are not touched)")
    steps += [s for s in result.next_steps if "resume" in s]
    first = next((h.host for h in result.hosts if h.failure), "")
    steps.append(f"fleetdeploy show {result.rollout}" + (f" --host {first}" if first else ""))
    return steps
