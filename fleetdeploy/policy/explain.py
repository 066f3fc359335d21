"""What a failure most likely means, and what to do next: one table, the most telling entry first (pure).

Judges by numbers (Win32 codes, event ids, exit codes) and by texts that no Windows translates: those of Go and those
that a program wrote itself. It only advises: nothing may decide by an explanation. What it is given is gathered by
``rollout/evidence.py``; a further entry is one function and one line in ``TABLE``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fleetdeploy.model.scene import SCM, Listener, LoggedEvent, Scene
from fleetdeploy.model.verbs import HostFailure

DLL_NOT_FOUND = 0xC0000135  # as an exit code; 126 is what LoadLibrary says
_GO_STAMP = r"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? )?"
_PANIC = re.compile(rf"^{_GO_STAMP}(panic: .*|fatal error: .*)$")
_GO_FRAME = re.compile(r"^\s+(\S.*\.go:\d+)")
_IN_USE = re.compile(r"bind: Only one usage of each socket address|WSAEADDRINUSE|\b10048\b|address already in use")
_PORT = re.compile(r"listen \w+ \S*?:(\d{1,5})\b")
_DLL = re.compile(r"\b([\w.+-]+\.dll)\b", re.IGNORECASE)
_REFERENCE = re.compile(r"%%(-?\d+)")
_CRASHES = frozenset({7031, 7034})
_DENIED = {1326: "its password is wrong", 1330: "its password has expired", 1907: "its password must be changed first"}
_DENIED |= {1331: "it is disabled", 1909: "it is locked out", 1793: "it has expired"}
# Failures of the way to the host: their codes are not the service's.
_OF_THE_LINE = frozenset({"Unreachable", "Busy", "AnswerLost", "LoginRefused", "ProtocolRefused", "Stale"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """``name`` is the entry's, for tests and machines; ``text`` says what it means, ``next_steps`` what to do.

    ``quoted`` are words of the app's own logs. They may hold anything, so they are shown only to who asks for them
    (``show``, ``logs``), never in a live view or a CI log.
    """

    name: str
    text: str
    next_steps: tuple[str, ...] = ()
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class Panic:
    """The first lines of a Go panic."""

    message: str
    goroutine: str = ""
    where: str = ""

    @property
    def public(self) -> str:
        """One line without what the app may have put into it: only the Go runtime's own words."""
        own = self.message.startswith(("panic: runtime error: ", "fatal error: "))
        said = self.message if own else "a panic of its own"
        return said + (f" ({self.where})" if self.where else "")


@dataclass(frozen=True, slots=True)
class Facts:
    """What an explanation is made of.

    Attributes:
        codes: Win32 codes, of calls and from the inserts of events.
        exits: exit codes, of the service (also its own specific one).
        lines: what the app has written since it was started: ends of its logs, its own events.
    """

    host: str
    kind: str = ""
    detail: str = ""
    service: str = ""
    account: str = ""
    exe: str = ""
    exe_gone: bool = False
    codes: frozenset[int] = frozenset()
    exits: frozenset[int] = frozenset()
    events: tuple[LoggedEvent, ...] = ()
    lines: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()
    own_pids: frozenset[int] = frozenset()

    def event(self, *ids: int, provider: str = SCM) -> LoggedEvent | None:
        """The newest record with one of these ids."""
        return next((e for e in reversed(self.events) if e.id in ids and e.provider == provider), None)


def facts_of(host: str, failure: HostFailure | None, scene: Scene | None) -> Facts:
    """Gathers the facts from a failure and from the scene that was kept of it; either may be missing."""
    codes, exits = set[int](), set[int]()
    if failure is not None and failure.kind not in _OF_THE_LINE:
        codes |= {failure.win32} if failure.win32 else set()
        exits |= {failure.exit_code} if failure.exit_code else set()
        if failure.event_id in _CRASHES:
            codes.add(1067)
        codes |= {_unsigned(int(n)) for n in _REFERENCE.findall(failure.detail)}
    service = scene.service if scene else None
    events = scene.events if scene else ()
    for event in events:
        if event.provider == SCM:
            codes |= {_unsigned(int(n)) for text in event.inserts for n in _REFERENCE.findall(text)}
    if service is not None and service.state != "Running":
        exits |= {service.exit_code, service.specific_exit_code}
    # 1077: it was not started since boot. 1066: the service's own code stands beside it.
    exits -= {0, 1066, 1077}
    return Facts(
        host=host,
        kind=failure.kind if failure else "",
        detail=failure.detail if failure else "",
        service=service.name if service else "",
        account=service.account if service else "",
        exe=service.exe if service else "",
        exe_gone=service is not None and not service.exe_exists,
        codes=frozenset(codes),
        exits=frozenset(exits),
        events=events,
        lines=_lines(scene),
        listeners=scene.listeners if scene else (),
        own_pids=frozenset(p.pid for p in scene.processes if p.ours) if scene else frozenset(),
    )


def _lines(scene: Scene | None) -> tuple[str, ...]:
    """A log that was not written since is of another time, and so is a panic in it."""
    if scene is None:
        return ()
    lines: list[str] = []
    for tail in scene.logs:
        if tail.modified >= scene.since:
            lines += tail.lines
    for event in scene.events:
        if event.log == "Application":
            lines += (event.message or "\n".join(event.inserts)).splitlines()
    return tuple(lines)


def _unsigned(code: int) -> int:
    return code & 0xFFFFFFFF


def find_panic(lines: tuple[str, ...]) -> Panic | None:
    """The last Go panic in these lines: its message, its goroutine and the first line of the app's own code."""
    for at in range(len(lines) - 1, -1, -1):
        found = _PANIC.match(lines[at])
        if found is None:
            continue
        goroutine = where = ""
        for line in lines[at + 1 : at + 60]:
            if not goroutine and line.startswith("goroutine "):
                goroutine = line
            frame = _GO_FRAME.match(line)
            if frame is not None and not re.search(r"[/\\]src[/\\](runtime|internal)[/\\]", frame[1]):
                where = frame[1]
                break
        return Panic(found[1], goroutine, where)
    return None


# -- the table ---------------------------------------------------------------------------------------------------------


def _quarantine(f: Facts) -> Explanation | None:
    seen = next((e for e in reversed(f.events) if e.id in (1116, 1117, 1121) and "Defender" in e.provider), None)
    gone = (f.exe_gone and f.exe != "") or (f.kind == "artifact" and 2 in f.codes)
    if seen is None and not gone:
        return None
    if seen is not None and seen.id == 1121:
        text = (
            "an attack surface reduction rule of Defender blocked the exe (event 1121), as it does fresh, unsigned ones"
        )
    elif seen is not None:
        text = f"Defender took the exe for malware (event {seen.id}) and put it into quarantine"
    else:
        text = f"{f.exe or 'the exe'} was staged and is gone: a virus scanner may have put it into quarantine"
    steps = ("sign the exe, or have the security team allow its folder; then stage it again with fleetdeploy rollout",)
    return Explanation("quarantine", text, steps)


def _port_in_use(f: Facts) -> Explanation | None:
    line = next((one for one in reversed(f.lines) if _IN_USE.search(one)), "")
    if not line and 10048 not in f.codes | f.exits:
        return None
    asked = _PORT.search(line)
    port = int(asked[1]) if asked else 0
    others = [x for x in f.listeners if x.pid not in f.own_pids and (not port or x.port == port)]
    shown = f"port {port}" if port else f"port {others[0].port}" if others else "its port"
    if others:
        who = f"{others[0].name or 'a process'} (PID {others[0].pid})"
        steps = (f"stop {who} on {f.host}, or give the app another port in fleetdeploy.yml (app.arguments)",)
        return Explanation("port-in-use", f"{shown} is in use: {who} listens on it", steps)
    look = f"Get-NetTCPConnection -State Listen -LocalPort {port or 'PORT'} on {f.host} says who listens"
    return Explanation("port-in-use", f"{shown} was in use when the app wanted to listen on it", (look,))


def _missing_dll(f: Facts) -> Explanation | None:
    popup = f.event(26, provider="Application Popup")
    named = _DLL.search(popup.text) if popup is not None else None
    if named is None:
        if not {DLL_NOT_FOUND, 126} & f.codes and not any(_unsigned(code) == DLL_NOT_FOUND for code in f.exits):
            return None
        shown = "a DLL that the exe needs"
    else:
        shown = named[1]
    if shown.lower() == "bcryptprimitives.dll":
        text = "the exe was built with a Go that needs Windows Server 2016 or newer (bcryptprimitives.dll, ProcessPrng)"
        return Explanation("missing-dll", text, ("build it with Go 1.20 for this host, or leave the host out",))
    text = f"{shown} was not found (0xC0000135): the exe ended before its first line ran"
    steps = ("ship the DLL with the artifact (artifacts.manifest), or build with CGO_ENABLED=0",)
    return Explanation("missing-dll", text, steps)


def _panicked(f: Facts) -> Explanation | None:
    panic = find_panic(f.lines)
    if panic is None:
        if 2 not in f.exits:
            return None
        text = "exit code 2: a Go program ends so after a panic, but its text is in none of the logs that were read"
        steps = ("name the app's log in fleetdeploy.yml (logs:): a service's stderr goes nowhere on Windows",)
        return Explanation("go-panic", text, steps)
    quoted = " | ".join(filter(None, (panic.message, panic.goroutine, panic.where)))
    text = f"the Go program ended with {panic.public}, exit code 2"
    return Explanation("go-panic", text, (f"fleetdeploy logs {f.host}",), quoted)


def _logon(f: Facts) -> Explanation | None:
    event = f.event(7041, 7038)
    if 1069 not in f.codes and 1385 not in f.codes and event is None:
        return None
    account = event.inserts[1] if event is not None and len(event.inserts) > 1 else f.account or "its account"
    if (event is not None and event.id == 7041) or 1385 in f.codes:
        text = f"{account} lacks the right to log on as a service (1069)"
        steps = (
            f"grant 'Log on as a service' to {account} on {f.host} (secpol.msc, or the GPO that sets it: a GPO takes"
            " a local grant away again)",
        )
        return Explanation("logon", text, steps)
    why = next((text for code, text in _DENIED.items() if code in f.codes), "")
    text = f"the service could not log on as {account} (1069)" + (f": {why}" if why else ": wrong or expired password")
    return Explanation("logon", text, ("set the account's password and app.account_password, then roll out again",))


def _access_denied(f: Facts) -> Explanation | None:
    if 5 not in f.codes:
        return None
    who = f.account or "the service's account"
    text = f"access is denied (5): {who} may not read the exe or a folder it needs, or a virus scanner holds it"
    return Explanation("access-denied", text, (f"icacls on the release folder of {f.host} shows who may read it",))


def _fault(f: Facts) -> Explanation | None:
    event = f.event(1000, provider="Application Error")
    if event is None:
        return None
    code = event.inserts[6] if len(event.inserts) > 6 else ""
    module = event.inserts[3] if len(event.inserts) > 3 else ""
    shown = f" with exception 0x{code.removeprefix('0x')}" if code else ""
    text = f"the process crashed{shown}" + (f" in {module}" if module else "") + " (Application Error 1000)"
    return Explanation("fault", text, (f"a dump may lie in the Windows Error Reporting folder of {f.host}",))


def _no_handler(f: Facts) -> Explanation | None:
    if 1053 not in f.codes and 1053 not in f.exits and f.event(7009) is None:
        return None
    if f.kind == "stop":
        return Explanation("hung", "the service did not stop in time (1053)", (f"fleetdeploy logs {f.host}",))
    if "StartPending" in f.detail or f.event(7022) is not None:
        text = "it connected to the service control manager but never said that it runs: it hangs while it starts"
        return Explanation("hung", text, (f"fleetdeploy logs {f.host}",))
    text = (
        "1053: the exe never reported to the service control manager. A Go exe must call svc.Run"
        " (golang.org/x/sys/windows/svc) before anything slow: an exe without such a service handler always ends so"
    )
    steps = (
        "call svc.Run first in main() and load after it; an exe that cannot be changed needs a service wrapper",
        f"if it has a handler, it died before it: fleetdeploy logs {f.host}",
    )
    return Explanation("no-service-handler", text, steps)


def _dependency(f: Facts) -> Explanation | None:
    event = f.event(7001, 7003)
    if event is None and not {1068, 1075} & f.codes:
        return None
    name = event.inserts[1] if event is not None and len(event.inserts) > 1 else "a service"
    text = f"{name}, which it depends on, is not there or did not start (1068, 1075)"
    return Explanation("dependency", text, (f"look at {name} on {f.host}, or change app.dependencies",))


def _disk_full(f: Facts) -> Explanation | None:
    if 112 not in f.codes:
        return None
    return Explanation("disk-full", "the disk is full (112)", (f"make room on {f.host}: fleetdeploy doctor",))


def _crashed(f: Facts) -> Explanation | None:
    event = f.event(*_CRASHES)
    if 1067 not in f.codes | f.exits and event is None:
        return None
    often = ""
    if event is not None and len(event.inserts) > 1 and event.inserts[1].isdigit() and int(event.inserts[1]) > 1:
        often = f", {event.inserts[1]} times"
    number = f"event {event.id}" if event is not None else "1067"
    text = f"the process ended by itself without telling the service control manager ({number}{often})"
    steps: tuple[str, ...] = (f"fleetdeploy logs {f.host}",)
    if not f.lines:
        steps += ("name the app's log in fleetdeploy.yml (logs:), so that its last words are kept",)
    return Explanation("crashed", text, steps, _last_words(f))


def _own_exit(f: Facts) -> Explanation | None:
    event = f.event(7023, 7024)
    own = sorted(code for code in f.exits if 0 < code < 1000 and code != 2)
    if event is None and not own:
        return None
    shown = f"exit code {own[0]}" if own else f"event {event.id}" if event else ""
    text = f"the program ended by itself with an error of its own ({shown}: log.Fatal and os.Exit end so)"
    return Explanation("own-exit", text, (f"fleetdeploy logs {f.host}",), _last_words(f))


def _last_words(f: Facts) -> str:
    return next((one.strip()[:300] for one in reversed(f.lines) if one.strip()), "")


def _not_started(f: Facts) -> Explanation | None:
    if f.event(7000) is None and not {2, 3, 193, 216} & f.codes:
        return None
    if {2, 3} & f.codes:
        text = "the service control manager does not find the exe of the ImagePath (2, 3)"
    elif {193, 216} & f.codes:
        text = "the exe is not one for this Windows (193, 216: another architecture, or damaged)"
    else:
        text = "the service control manager could not start it (7000)"
    return Explanation("not-started", text, (f"fleetdeploy status --limit {f.host}",))


TABLE: tuple[Callable[[Facts], Explanation | None], ...] = (
    _quarantine,
    _missing_dll,
    _panicked,
    _port_in_use,
    _logon,
    _access_denied,
    _disk_full,
    _dependency,
    _fault,
    _no_handler,
    _crashed,
    _own_exit,
    _not_started,
)
"""What is looked for, in this order: what says most stands first."""


def explain(facts: Facts) -> tuple[Explanation, ...]:
    """Everything in the table that fits, the most telling first; nothing if nothing does."""
    found = (entry(facts) for entry in TABLE)
    return tuple(one for one in found if one is not None)


def advice(host: str, failure: HostFailure | None, scene: Scene | None) -> tuple[str, tuple[str, ...]]:
    """(what it likely means, what to do) in one line, without any word of the app's logs; empty if nothing is known."""
    found = explain(facts_of(host, failure, scene))
    return (found[0].text, found[0].next_steps) if found else ("", ())
