"""What a program does once it runs, read from the trailer of its bytes: the behaviour, and the HTTP answers it gives.

Decides nothing about services or processes: ``scm.py`` asks how long things take and what happens. Keys of the trailer
are the fields of ``Behaviour``; an unknown key is refused, so that a typing error in a test is seen.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from . import pe
from .blobs import Blob
from .environment import HttpReply, HttpRequest


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a service program behaves.

    Attributes:
        service: it connects to the service control manager; False: an ordinary console program (1053).
        kind: "app", or "nssm" (a wrapper that runs the program in the service's Parameters\\Application).
        healthy: what /healthz says from the start; unhealthy_after: seconds of running after which it turns bad.
        recovers_after: seconds of running after which it is good again.
        crash_after: seconds of running after which the process dies with exit_code (every time, on every start).
        crash_on_start: the process dies while START_PENDING, after start_seconds.
        crash_loop: like crash_after 0.2 seconds.
        crash_once: only the first start on a host crashes.
        never_starts: it never connects: 1053 after the connect timeout. exits_at_once: it dies before: 1053 at once.
        hang_on_start: it connects and stays START_PENDING.
        hang_on_stop: it stays STOP_PENDING until killed.
        start_seconds, stop_seconds: time in START_PENDING and STOP_PENDING; linger_seconds: how long the process
            outlives STOPPED.
        stops_after: it reports STOPPED by itself after so many seconds, with exit_code (a clean end, not a crash).
        error_rate: share of /healthz and / requests answered with 500.
        port: where it listens; --port N and PORT beat it; 0: not at all.
        log: the file on the host that it writes its log to; --log PATH beats it; "": nowhere.
        panic: it dies by a Go panic with this message (exit code 2): at its crash, 0.2 seconds after its start if none
            is asked for.
        missing_dll: the loader does not find this DLL, so that it never comes to run.
        event_source: it writes its errors to the Application log, too.
    """

    version: str = ""
    service: bool = True
    kind: str = "app"
    healthy: bool = True
    unhealthy_after: float | None = None
    recovers_after: float | None = None
    crash_after: float | None = None
    crash_on_start: bool = False
    crash_loop: bool = False
    crash_once: bool = False
    never_starts: bool = False
    exits_at_once: bool = False
    hang_on_start: bool = False
    hang_on_stop: bool = False
    start_seconds: float = 0.05
    stop_seconds: float = 0.05
    linger_seconds: float = 0.0
    stops_after: float | None = None
    exit_code: int = 1
    error_rate: float = 0.0
    port: int = 8080
    working_set_mb: float = 20.0
    log: str = ""
    panic: str = ""
    missing_dll: str = ""
    event_source: bool = False

    @property
    def dies_after(self) -> float | None:
        """Seconds of RUNNING until the process dies, or None."""
        by_itself = self.crash_loop or (self.panic and not self.crash_on_start)
        return 0.2 if by_itself and self.crash_after is None else self.crash_after


CONSOLE = Behaviour(service=False, port=0)
_KNOWN = {f.name for f in fields(Behaviour)}


def behaviour_of(blob: Blob) -> Behaviour:
    """The behaviour declared in a program's bytes (parsed once per content)."""
    cached = blob.facts.get("behaviour")
    if isinstance(cached, Behaviour):
        return cached
    trailer = pe.read_trailer(blob.data)
    behaviour = CONSOLE if trailer is None else from_mapping(trailer)
    blob.facts["behaviour"] = behaviour
    return behaviour


def from_mapping(values: Mapping[str, Any]) -> Behaviour:
    unknown = set(values) - _KNOWN
    if unknown:
        raise ValueError(f"unknown behaviour in a program's trailer: {', '.join(sorted(unknown))}")
    return Behaviour(**values)


def port_of(behaviour: Behaviour, arguments: list[str], environment: Mapping[str, str]) -> int:
    """--port N or --port=N (also with one dash), then PORT in the environment, then the trailer; 0: none."""
    given = _option(arguments, "port")
    if given is not None:
        return int(given) if given.isdigit() else 0
    text = next((v for k, v in environment.items() if k.upper() == "PORT"), "")
    return int(text) if text.isdigit() else behaviour.port


def log_of(behaviour: Behaviour, arguments: list[str]) -> str:
    """--log PATH, else the trailer's; "": it writes none."""
    given = _option(arguments, "log")
    return behaviour.log if given is None else given


def _option(arguments: list[str], name: str) -> str | None:
    for i, word in enumerate(arguments):
        flag, eq, value = word.lstrip("-").partition("=")
        if word.startswith("-") and flag == name:
            return value if eq else (arguments[i + 1] if i + 1 < len(arguments) else "")
    return None


class WebFace:
    """The HTTP side of one run of a program: /healthz, /version, /metrics and /."""

    def __init__(
        self, behaviour: Behaviour, *, name: str, host: str, uptime: Callable[[], float], rng: random.Random
    ) -> None:
        self._b = behaviour
        self._name = name
        self._host = host
        self._uptime = uptime
        self._rng = rng
        self._lock = threading.Lock()
        self._requests = {200: 0, 404: 0, 405: 0, 500: 0, 503: 0}

    def healthy(self) -> bool:
        ran = self._uptime()
        b = self._b
        if b.unhealthy_after is not None and ran >= b.unhealthy_after:
            return b.recovers_after is not None and ran >= b.recovers_after
        return b.healthy or (b.recovers_after is not None and ran >= b.recovers_after)

    def __call__(self, request: HttpRequest) -> HttpReply:
        with self._lock:
            reply = self._answer(request)
            self._requests[reply.status] += 1
            return reply

    def _answer(self, request: HttpRequest) -> HttpReply:
        if request.method not in ("GET", "HEAD"):
            return _json(405, {"error": "method not allowed"})
        if request.path == "/version":
            return _json(200, {"version": self._b.version, "service": self._name, "host": self._host})
        if request.path == "/metrics":
            return HttpReply(200, self._metrics().encode(), "text/plain; version=0.0.4; charset=utf-8")
        if request.path not in ("/healthz", "/"):
            return _json(404, {"error": "not found"})
        if self._b.error_rate and self._rng.random() < self._b.error_rate:
            return _json(500, {"error": "internal error"})
        if not self.healthy():
            return _json(503, {"status": "unhealthy", "version": self._b.version})
        return _json(200, {"status": "ok", "version": self._b.version})

    def _metrics(self) -> str:
        lines = ["# HELP http_requests_total Requests by status.", "# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{code="{code}"}} {n}' for code, n in self._requests.items()]
        lines += ["# TYPE process_uptime_seconds gauge", f"process_uptime_seconds {self._uptime():.3f}"]
        lines += ["# TYPE app_healthy gauge", f"app_healthy {int(self.healthy())}"]
        return "\n".join([*lines, f'app_info{{version="{self._b.version}"}} 1', ""])


def _json(status: int, value: Mapping[str, Any]) -> HttpReply:
    return HttpReply(status, json.dumps(value).encode())
