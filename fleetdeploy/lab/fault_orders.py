"""Faults as somebody asks for them: which hosts, what, when, in words of people; and what has happened, as rows.

    order = FaultOrder(("web*",), "lose-answer", conditions("lose-answer", verb="activate") | {"count": 2})
    order.check(); give(lab, order); what_happened(lab, "web01")

Turns the words for *when* (a verb, a script's text, a step of the host) into the pattern and the condition that
``windows/faults.py`` knows. Reads no file and no command line: ``control.py`` and the command line do.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.windows.fault_kinds import KINDS, POINTS, FaultError, FaultKind, check, kind_of, nearest
from fleetdeploy.lab.wsman.fault_table import fault_of

if TYPE_CHECKING:
    from fleetdeploy.lab.fleet import Lab, LabHost

__all__ = ["KINDS", "FaultError", "FaultKind", "FaultOrder", "conditions", "give", "matching", "what_happened"]


@dataclass(frozen=True, slots=True)
class FaultOrder:
    """A fault for hosts. ``hosts``: names or patterns (``web*``); ``options``: what ``Faults.add`` takes."""

    hosts: tuple[str, ...]
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raises FaultError unless every host would take it."""
        check_fault(self.kind, self.options)

    def to_json(self) -> dict[str, Any]:
        return {"hosts": list(self.hosts), "kind": self.kind, "fault": dict(self.options)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> FaultOrder:
        return cls(tuple(plain["hosts"]), str(plain["kind"]), dict(plain["fault"]))


def check_fault(kind: str, options: Mapping[str, Any]) -> None:
    known = kind_of(kind)
    complete = check(known, options)
    if known is FaultKind.WSMAN_FAULT:
        fault_of(str(complete["code"]))


def conditions(
    kind: str, *, verb: str = "", script: str = "", step: str = "", match: str = "", after: str = ""
) -> dict[str, str]:
    """``pattern`` and ``after`` of a fault that is to happen when …

    Args:
        kind: its kind; raises FaultError if there is none of that name.
        verb: a script begins that calls itself so (``verb = 'activate'``, as fleetdeploy's do).
        script: a script begins in whose text this regular expression is found.
        step: the host reaches this point: a regular expression for its beginning, such as ``stop Shop``.
        match: what is being done fits this regular expression (``Kind.against`` says what is looked at).
        after: not before the host has reached a point that fits this regular expression.

    A kind that does not look at scripts, or at points, waits for them instead: a full disk with ``verb`` is full from
    that script on.
    """
    about = KINDS[kind_of(kind)]
    sees_scripts, sees_points = about.event or "script" in about.against, about.event
    words = {
        "verb": (_verb(verb), sees_scripts),
        "script": (f"^script [\\s\\S]*(?:{script})" if script else "", sees_scripts),
        "step": (_step(step), sees_points),
        "match": (match, True),
    }
    patterns = [(name, text) for name, (text, seen) in words.items() if text and seen]
    waits = [(name, text) for name, (text, seen) in words.items() if text and not seen]
    if after:
        waits.append(("after", after))
    for found in (patterns, waits):
        if len(found) > 1:
            raise FaultError(
                f"{found[0][0]} and {found[1][0]} say two different times", found[1][0], "give one of them"
            )
    return {"pattern": patterns[0][1] if patterns else "", "after": waits[0][1] if waits else ""}


def _verb(verb: str) -> str:
    if verb and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", verb):
        raise FaultError(f"{verb!r} is no verb", "verb", "a name such as activate")
    return f"^script [\\s\\S]*verb = '{verb}'" if verb else ""


def _step(step: str) -> str:
    words = sorted(point.split(" ")[0] for point in POINTS)
    if step and step.lstrip("^(?:").split(" ")[0] not in words:
        raise FaultError(f"no step of a host: {step}", "step", nearest(step.split(" ")[0], words, "it begins with"))
    return f"^(?:{step})" if step else ""


def matching(lab: Lab, patterns: Sequence[str]) -> list[LabHost]:
    """The hosts that are meant, in the lab's order. Raises FaultError for a pattern that fits none."""
    names: set[str] = set()
    for pattern in patterns:
        found = fnmatch.filter(lab.hosts, pattern)
        if not found:
            known = ", ".join(sorted(lab.hosts)[:12]) + (", …" if len(lab.hosts) > 12 else "")
            raise FaultError(f"the lab has no host {pattern}", "hosts", f"there are: {known}")
        names.update(found)
    return [host for name, host in lab.hosts.items() if name in names]


def give(lab: Lab, order: FaultOrder) -> list[str]:
    """Set the fault on each host that is meant; the names of these. Raises FaultError before anything is set."""
    order.check()
    hosts = matching(lab, order.hosts)
    for host in hosts:
        # Each host throws dice of its own, or all would fall the same way.
        own = {"seed": f"{order.options.get('seed') or 0}:{host.name}"} if "probability" in order.options else {}
        host.faults.add(order.kind, **{**order.options, **own})
    return [host.name for host in hosts]


def what_happened(lab: Lab, patterns: Sequence[str] = ("*",), *, last: int = 200) -> list[dict[str, Any]]:
    """Faults that fired and records of the event logs, oldest first by the hosts' clocks, the last so many.

    Rows: ``at`` (ISO, UTC by the host's clock), ``host``, ``source`` ("fault", or the log's name), ``what`` (the
    fault's kind, or provider and id), ``text``.
    """
    rows: list[dict[str, Any]] = []
    hosts = matching(lab, patterns)
    for host in hosts:
        if not host.made and len(hosts) > 1:
            continue  # nobody has looked at it yet: it is as it was installed, and need not be made for that
        for one in list(host.faults.log):
            text = f"{_shown(one.text)}: {one.note}" if one.note else _shown(one.text)
            rows.append(_row(host.name, one.at, "fault", one.kind.value, text))
        log = host.machine.eventlog
        for name in log.logs:
            rows += [
                _row(host.name, event.time, name, f"{event.provider} {event.id}", _shown(event.message))
                for event in log.read(name) or ()
            ]
    rows.sort(key=lambda row: row["at"])
    return rows[-last:] if last else rows


def _row(host: str, at: Any, source: str, what: str, text: str) -> dict[str, Any]:
    return {"at": f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", "host": host, "source": source, "what": what, "text": text}


def _shown(text: str) -> str:
    """In one line."""
    return " ".join(text.split())
