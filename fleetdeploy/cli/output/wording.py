"""Events as sentences: pure, one function, used by the plain and the live view and by ``show``.

Nothing decides by these texts. An event without a sentence (progress that only the live view draws) gives no line.
"""

from __future__ import annotations

import re

from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Hold, HostState, Outcome, Phase

PHASE_TEXTS: dict[Phase, str] = {
    Phase.PLANNED: "planned",
    Phase.PREFLIGHT: "preflight: logging in, looking at every host, taking the locks",
    Phase.STAGING: "staging: copying the release, nothing changes yet",
    Phase.ROLLING: "rolling",
    Phase.BAKING: "baking",
    Phase.ROLLING_BACK: "rolling back",
    Phase.DONE: "done",
}
OUTCOME_TEXTS: dict[Outcome, str] = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.SUCCEEDED_IN_PART: "succeeded in part",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.ROLLBACK_INCOMPLETE: "rollback incomplete",
    Outcome.ABORTED: "aborted",
    Outcome.REFUSED: "refused",
    Outcome.FAILED: "failed",
}
STATE_STYLES: dict[HostState, str] = {
    HostState.HEALTHY: "green",
    HostState.UNCHANGED: "green",
    HostState.ROLLED_BACK: "yellow",
    HostState.ROLLING_BACK: "yellow",
    HostState.UNHEALTHY: "red",
    HostState.ROLLBACK_FAILED: "bold red",
    HostState.UNREACHABLE: "magenta",
    HostState.UNKNOWN: "magenta",
    HostState.ACTIVATING: "cyan",
    HostState.VERIFYING: "cyan",
}


# What the service control manager means by its error codes, in its own (English) words.
WIN32_TEXTS: dict[int, str] = {
    5: "access is denied",
    32: "the file is used by another process",
    112: "there is not enough space on the disk",
    1051: "running services depend on it",
    1053: "the service did not respond to the start request in time",
    1056: "it runs already",
    1058: "the service is disabled",
    1060: "there is no such service",
    1061: "the service cannot accept control messages now",
    1062: "the service has not been started",
    1066: "the service returned an error code of its own",
    1067: "the process terminated unexpectedly",
    1068: "a service that it depends on did not start",
    1069: "the account's log-on failed",
    1072: "the service is marked for deletion",
    1073: "the service exists already",
    1219: "another connection with other credentials is open",
    1385: "the account lacks the right to log on as a service",
}
# The service control manager's events, as the event viewer words them.
EVENT_TEXTS: dict[int, str] = {
    7000: "the {0} service failed to start: {1}",
    7009: "no word from the service within {0} ms",
    7023: "the {0} service ended with the error: {1}",
    7024: "the {0} service ended with its own error {1}",
    7031: "the {0} service terminated unexpectedly; it has done this {1} time(s)",
    7034: "the {0} service terminated unexpectedly; it has done this {1} time(s)",
    7038: "the {0} service could not log on as {1}: {2}",
    7041: "the {0} service could not log on as {1}",
}
_EVENT = re.compile(r"\(event (\d+): ([^()]*)\)")
_PARAMETER = re.compile(r"%%(\d+)")
# States in which a host's label is what it is about to leave.
_LEAVING = frozenset({HostState.ACTIVATING, HostState.ROLLING_BACK})
_UNSEEN = frozenset({HostState.UNKNOWN, HostState.UNREACHABLE})
# What the gate's reasons mean to somebody who has not read the design.
REASON_TEXTS: dict[str, str] = {
    "budget": "more hosts failed than the budget allows",
    "abort": "somebody asked for it",
    "expired": "nobody promoted it in time",
    "unattended": "nobody came in time",
}


def size_text(count: int) -> str:
    """Bytes for people: 1.5 MB (1 MB = 1,000,000 bytes)."""
    value, units = float(count), ["B", "kB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def seconds_text(seconds: float) -> str:
    """A duration for people: 45 s, 5 min, 1 h 20 min."""
    whole = round(seconds)
    if whole < 90:
        return f"{seconds:.1f} s" if seconds < 10 and seconds != whole else f"{whole} s"
    minutes, hours = whole // 60, whole // 3600
    return f"{minutes} min" if hours == 0 else f"{hours} h {minutes % 60} min"


def state_text(state: HostState, label: str) -> str:
    """A host's state and version, without claiming that it runs what it was only last seen with."""
    if label and state in _LEAVING:
        label = f"(runs {label})"
    elif label and state in _UNSEEN:
        label = f"(last seen with {label})"
    return " ".join(filter(None, (state.value.replace("_", " "), label)))


def _bare(host: str, text: str) -> str:
    """The line names the host already."""
    return text.replace(f"{host}: ", "") if host else text


def hosts_text(count: int) -> str:
    """1 host, 2 hosts."""
    return f"{count} host" if count == 1 else f"{count} hosts"


def failure_text(failure: object) -> str:
    """A host failure in one line: what, Win32 code, event, exit code."""
    from fleetdeploy.model.verbs import HostFailure

    if not isinstance(failure, HostFailure):
        return ""
    detail = _EVENT.sub(_in_words, failure.detail)
    marks = []
    if failure.win32 is not None:
        meaning = WIN32_TEXTS.get(failure.win32, "")
        number = "" if f"error {failure.win32}" in failure.detail else f"error {failure.win32}"
        if not meaning or meaning not in detail:
            marks.append(": ".join(filter(None, (number, meaning))))
        elif number:
            marks.append(number)
    if failure.event_id is not None and f"event {failure.event_id}" not in detail:
        marks.append(f"event {failure.event_id}")
    if failure.exit_code is not None and failure.exit_code != failure.win32:
        marks.append(f"exit code {failure.exit_code}")
    return detail + (f" ({', '.join(marks)})" if any(marks) else "")


def _in_words(found: re.Match[str]) -> str:
    """What the event viewer would say; the host sends the event's number and inserts, in no language."""
    number, inserts = int(found[1]), [_PARAMETER.sub(_meaning, one) for one in found[2].split(", ")]
    text = EVENT_TEXTS.get(number)
    if text is None or text.count("{") > len(inserts):
        return f"(event {number}: {', '.join(inserts)})"
    return f"(event {number}: {text.format(*inserts)})"


def _meaning(found: re.Match[str]) -> str:
    return WIN32_TEXTS.get(int(found[1]), f"error {found[1]}")


def sentences(event: ev.Event) -> tuple[str, ...]:
    """The lines a person reads for an event; empty for mere progress."""
    match event:
        case ev.RolloutStarted():
            return (_started(event),)
        case ev.PhaseChanged(phase):
            return (PHASE_TEXTS[phase],) if phase not in (Phase.ROLLING, Phase.DONE) else ()
        case ev.HoldChanged():
            return _held(event)
        case ev.BatchStarted(index, of, hosts, is_canary):
            kind = "canary" if is_canary else f"batch {index + 1} of {of}"
            return (f"{kind}: {', '.join(hosts)}",)
        case ev.HostChanged(_, HostState.STAGED, _, _):
            return ()  # HostStaged has said it, with what was sent
        case ev.HostChanged(host, state, detail, label):
            extra = f"- {_bare(host, detail)}" if detail else ""
            return (" ".join(filter(None, (f"{host}:", state_text(state, label), extra))),)
        case ev.EvidenceKept(host, summary, likely):
            if not likely and not event.next_steps:
                return ()  # of a host that seemed well: it is in the store, whoever wants it finds it
            lines = [f"{host}: evidence kept: {summary}"]
            lines += [f"{host}:   likely {likely}"] if likely else []
            return tuple(lines + [f"{host}:   next {step}" for step in event.next_steps])
        case ev.HostFailed(host, failure, now, next_steps, likely):
            lines = [f"{host}: FAILED {_bare(host, failure_text(failure))}"]
            lines += [f"{host}:   likely {likely}"] if likely else []
            lines += [f"{host}:   now  {now}"] if now else []
            lines += [f"{host}:   next {step}" for step in next_steps]
            return tuple(lines)
        case ev.HostStaged(host, release, sent):
            return (
                f"{host}: staged {release} ({size_text(sent) + ' sent' if sent else 'already there, nothing sent'})",
            )
        case ev.GateDecided():
            return _gate(event)
        case ev.Turned(reason, detail):
            return (f"TURNING BACK: {REASON_TEXTS.get(reason, reason)}" + (f": {detail}" if detail else ""),)
        case ev.Note(text, host, level):
            prefix = f"{host}: " if host else ""
            return (f"{prefix}{'warning: ' if level == 'warning' else ''}{_bare(host, text)}",)
        case ev.Asked():
            return (_asked(event),)
        case ev.Heartbeat(text):
            return (text,)
        case ev.RolloutEnded():
            return _ended(event)
        case ev.UnknownEvent(data) if data.get("event") == "unreadable":
            return ("an event of the store cannot be read; 'fleetdeploy verify' says where",)
        case ev.UnknownEvent(data):
            return (f"{data.get('event', 'something')}: written by a newer fleetdeploy, this one cannot tell it",)
        case _:
            return ()


def _started(event: ev.RolloutStarted) -> str:
    verb = "resuming" if event.resumed else ("rolling back" if event.kind == "back" else "rolling out")
    what = f"{event.app} {event.version} on fleet {event.fleet}".replace("  ", " ")
    undoes = f", undoing {event.undoes}" if event.undoes else ""
    return f"{verb} {what}: {hosts_text(len(event.hosts))}, plan {event.digest}{undoes}"


def _asked(event: ev.Asked) -> str:
    what = " ".join(
        filter(None, (event.kind.replace("-", " --"), "" if event.argument.isdecimal() else event.argument))
    )
    why = f" ({event.reason})" if event.reason else ""
    return f"{what} was asked for by {event.actor}{why}: {'' if event.accepted else 'refused: '}{event.text}"


def _held(event: ev.HoldChanged) -> tuple[str, ...]:
    if event.hold is Hold.NONE:
        return ("going on",)
    reason = f" ({event.reason.value})" if event.reason else ""
    lines = [f"{event.hold.value.replace('_', ' ').upper()}{reason}{': ' + event.detail if event.detail else ''}"]
    if event.ends_in_s is not None:
        lines.append(f"  this wait ends by itself in {seconds_text(event.ends_in_s)}")
    return (*lines, *(f"  next {step}" for step in event.next_steps))


def _gate(event: ev.GateDecided) -> tuple[str, ...]:
    if event.decision in ("proceed", "bake"):
        return ()  # seen in what happens next
    spent = f" [failures {event.failures}, budget {event.budget}]" if event.failures else ""
    reason = REASON_TEXTS.get(event.reason, event.reason.replace("-", " "))
    return (f"gate: {event.decision}, {reason}{': ' + event.detail if event.detail else ''}{spent}",)


def _ended(event: ev.RolloutEnded) -> tuple[str, ...]:
    how = OUTCOME_TEXTS[event.outcome].upper() if event.outcome else "STILL OPEN"
    lines = [f"{how}{': ' + event.detail if event.detail else ''} (exit code {event.exit_code})"]
    return (*lines, *(f"  next {step}" for step in event.next_steps))
