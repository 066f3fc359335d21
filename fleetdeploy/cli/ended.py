"""How ``rollout``, ``rollback`` and the commands that go on with one show their end. Draws nothing: returns blocks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleetdeploy.cli.results import CommandResult, Lines
from fleetdeploy.cli.retype import retyped
from fleetdeploy.model.run import HostState

if TYPE_CHECKING:
    from fleetdeploy.app.conducting import Said
    from fleetdeploy.rollout.result import HostReport, RolloutResult


def said(what: Said) -> CommandResult:
    """Nothing was run; the text says why."""
    steps = [f"  next  {step}" for step in what.next_steps]
    data = {
        "event": "result",
        "rollout": what.rollout,
        "message": what.text,
        "next": [retyped(step) for step in what.next_steps],
    }
    code = what.exit_code
    return CommandResult(data=data | {"exit_code": int(code)}, blocks=(Lines([what.text, *steps]),), exit_code=code)


_SHOWN = 20
_EYES = frozenset(
    {
        HostState.UNHEALTHY,
        HostState.UNREACHABLE,
        HostState.UNKNOWN,
        HostState.SKIPPED,
        HostState.EXCLUDED,
        HostState.ROLLBACK_FAILED,
    }
)


def ended(result: RolloutResult) -> CommandResult:
    """The end of a rollout; its events were streamed, this adds what has to be known when it is over."""
    from fleetdeploy.cli.output.aftermath import aftermath_lines

    lines = _why(result)
    if result.aftermath is not None:
        lines += aftermath_lines(result)
    else:
        what = " ".join(filter(None, (result.app, result.version)))
        counts = Counter(host.state.value.replace("_", " ") for host in result.hosts)
        lines.append(f"{what} on fleet {result.fleet}: {', '.join(f'{n} {state}' for state, n in counts.items())}")
        first = next((h.host for h in _eyes(result)), "")
        of = f" --host {first}" if first else ""
        lines.append(f"rollout {result.rollout}: fleetdeploy show {result.rollout[-6:]}{of}")
    data = {"event": "result", **result.to_json(), "next_steps": [retyped(step) for step in result.next_steps]}
    return CommandResult(data=data, blocks=(Lines(lines),), exit_code=result.exit_code)


def _eyes(result: RolloutResult) -> list[HostReport]:
    """Hosts that failed or are not where they should be; where something was undone, what is true now says the rest."""
    if result.exit_code == 0:
        return []
    return [h for h in result.hosts if h.failure or (h.state in _EYES and result.aftermath is None)]


def _why(result: RolloutResult) -> list[str]:
    from fleetdeploy.cli.output.wording import failure_text, state_text

    eyes = _eyes(result)
    lines = ["hosts that failed:" if result.aftermath else "hosts to look at:"] if eyes else []
    for host in eyes[:_SHOWN]:
        why = failure_text(host.failure) if host.failure else "; ".join(host.notes[-1:])
        why = why.removeprefix(f"{host.host}: ")
        lines.append(f"  {host.host}: {state_text(host.state, host.label)}" + (f": {why}" if why else ""))
    if len(eyes) > _SHOWN:
        lines.append(f"  and {len(eyes) - _SHOWN} more")
    return lines
