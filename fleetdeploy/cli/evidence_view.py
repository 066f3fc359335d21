"""The evidence of a failure as lines for people: what, likely, next, then what it was read from. Pure.

Everything here comes from a host, and log lines may hold anything: ``output/safe.py``. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fleetdeploy.cli.output.safe import safe
from fleetdeploy.cli.output.wording import failure_text, size_text

if TYPE_CHECKING:
    from fleetdeploy.app.evidence import Evidence
    from fleetdeploy.model.scene import LoggedEvent, Scene, SceneService

_HEAD = 10
_LEVELS: Mapping[int, str] = {1: "critical", 2: "error", 3: "warning"}


def lines_of(evidence: Evidence) -> list[str]:
    """All of it."""
    out: list[str] = []
    if evidence.failure is not None:
        out += _named("what", failure_text(evidence.failure))
    for index, found in enumerate(evidence.explanations):
        out += _named("likely" if index == 0 else "also", found.text)
        if found.quoted:
            out += _named("", found.quoted)
    steps = dict.fromkeys(step for found in evidence.explanations for step in found.next_steps)
    for step in steps:
        out += _named("next", step)
    for sample in evidence.samples:
        wrong = "; ".join(f"{f.check}: {f.detail}" for f in sample.failures) or ("good" if sample.good else "not good")
        age = evidence.samples[-1].at - sample.at
        out += _named("probe", f"{-age:+.1f} s  {sample.state}, PID {sample.pid or '-'}  {wrong}")
    if evidence.scene is not None:
        out += _scene(evidence.scene)
    return out


def _scene(scene: Scene) -> list[str]:
    out = _service(scene.service) if scene.service is not None else _named("service", "there is none")
    for process in scene.processes:
        whose = "" if process.ours else "  (not this app's)"
        out += _named("process", f"{process.pid} {process.name} {process.image} since {_when(process.started)}{whose}")
    for one in scene.listeners:
        out += _named("port", f"{one.port} is listened on by {one.name or 'a process'} (PID {one.pid})")
    room = [f"{size_text(scene.free_bytes)} free on its disk"] if scene.free_bytes >= 0 else []
    room += [f"{size_text(scene.free_memory_kb * 1024)} memory free"] if scene.free_memory_kb >= 0 else []
    if room:
        out += _named("host", ", ".join(room))
    for note in scene.notes:
        out += _named("note", note)
    if not scene.events:
        out += _named("events", f"none about the service since {_when(scene.since)}")
    for event in scene.events:
        out += _named("event", _event(event))
    if not scene.logs:
        out += _named("log", "none is named in fleetdeploy.yml (logs:)")
    for tail in scene.logs:
        count = "1 line" if len(tail.lines) == 1 else f"{len(tail.lines)} lines"
        cut = " (its end)" if tail.cut else ""
        told = tail.problem or f"{count}{cut} of {size_text(tail.size)}, written {_when(tail.modified)}"
        out += _named("log", f"{tail.path}: {told}")
        out += [f"{'':{_HEAD}}| {safe(line)}" for line in tail.lines]
    return out


def _service(service: SceneService) -> list[str]:
    code = ""
    if service.state != "Running" and service.exit_code not in (0, 1077):
        code = f", exit code {service.exit_code}"
        if service.exit_code == 1066:
            code = f", its own exit code {service.specific_exit_code}"
    running = f", PID {service.pid} since {_when(service.started)}" if service.pid else ""
    out = _named("service", f"{service.name} {service.state}{running}{code}, as {service.account}")
    return out + _named("exe", service.exe + ("" if service.exe_exists else "  IS GONE"))


def _event(event: LoggedEvent) -> str:
    level = _LEVELS.get(event.level, "")
    who = f"{event.provider} {event.id}" + (f" ({level})" if level else "")
    return f"{_when(event.at)}  {who}: {event.text}"


def _named(name: str, text: str) -> list[str]:
    return [f"{name:{_HEAD}}{safe(text)}"]


def _when(text: str) -> str:
    """2026-11-21 17:03:05Z of a time as the host writes it."""
    return f"{text[:10]} {text[11:19]}Z" if len(text) >= 19 else "an unknown time"


def json_of(evidence: Evidence) -> dict[str, Any]:
    """The same for machines, words of the app's logs included: whoever asks for it asks for them."""
    from fleetdeploy.model.codec import to_plain

    return {
        "host": evidence.host,
        "rollout": evidence.rollout,
        "source": evidence.source,
        "at": evidence.at,
        "version": evidence.version,
        "failure": to_plain(evidence.failure),
        "explanations": [to_plain(one) for one in evidence.explanations],
        "samples": [to_plain(one) for one in evidence.samples],
        "scene": None if evidence.scene is None else evidence.scene.to_json(),
    }
