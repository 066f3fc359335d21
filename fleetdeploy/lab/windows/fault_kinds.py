"""Every kind of fault that a simulated host knows: one table, and the check of what somebody asks for.

``KINDS`` says of each kind what goes wrong, who acts on it, what its pattern is held against and which options it
takes; ``lab break --list`` prints it. ``POINTS`` are the moments of a host's life that a condition can name. Nothing
here acts: ``faults.py`` keeps the faults of a host, ``fault_acts.py``, ``host.py``, ``scm_run.py`` and
``wsman/injection.py`` do what they say.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """The names; what each means stands in ``KINDS``."""

    REFUSE = "refuse"
    RESET_BEFORE = "reset-before"
    RESET_DURING = "reset-during"
    RESET_AFTER = "reset-after"
    LOSE_ANSWER = "lose-answer"
    SILENCE = "silence"
    HTTP_ERROR = "http-error"
    WSMAN_FAULT = "wsman-fault"
    SLOW_LINK = "slow-link"
    SLOW_SHELL = "slow-shell"
    SHELLS_GONE = "shells-gone"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a kind of fault
    DISK_FULL = "disk-full"
    LOCK_FILE = "lock-file"
    TAMPER = "tamper"
    QUARANTINE = "quarantine"
    BLOCK_EXE = "block-exe"
    REBOOT = "reboot"
    CLOCK_SKEW = "clock-skew"
    STOP_HANGS = "stop-hangs"
    START_HANGS = "start-hangs"
    CRASH = "crash"
    CRASH_LOOP = "crash-loop"
    MARK_DELETED = "mark-deleted"
    DEPENDENT = "dependent"
    DISABLE = "disable"
    BY_HAND = "by-hand"


class FaultError(ValueError):
    """A fault that cannot be: no such kind, or an option that the kind does not take. ``option`` is to blame."""

    def __init__(self, what: str, option: str = "", hint: str = "") -> None:
        super().__init__(f"{what} ({hint})" if hint else what)
        self.what = what
        self.option = option
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        what: what goes wrong.
        actor: who does it: "wire", "logon", "files", "machine", "service", "person".
        against: what ``pattern`` is held against; "": the kind takes none.
        options: its own options, names of ``OPTIONS``.
        choices: the words that its ``do`` takes, the first is the default.
        event: it happens at a point of the host's life (``POINTS``), or at once if nothing says when.
        standing: it lasts until healed, whatever ``count`` says.
    """

    what: str
    actor: str
    against: str
    options: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    event: bool = False
    standing: bool = False

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions that mean something for this kind."""
        if self.standing:
            return ("after", "offset")
        return ("count", "skip", "probability", "seed", "after", "offset", *(("pattern",) if self.against else ()))


_WIRE = "an operation (Create, Send, Signal, Delete, Get …), or `script TEXT`"
_POINT = "a point"

KINDS: Mapping[FaultKind, Kind] = {
    FaultKind.REFUSE: Kind("connections are refused", "wire", "`connect`"),
    FaultKind.RESET_BEFORE: Kind("the connection is reset before the request has any effect", "wire", _WIRE),
    FaultKind.RESET_DURING: Kind("the connection is reset while the script runs; the script goes on", "wire", _WIRE),
    FaultKind.RESET_AFTER: Kind("the connection is reset after the effect, before the answer", "wire", _WIRE),
    FaultKind.LOSE_ANSWER: Kind("the effect is complete, the answer never comes", "wire", _WIRE, ("seconds",)),
    FaultKind.SILENCE: Kind("nothing is said for so many seconds (0: an hour)", "wire", _WIRE, ("seconds",)),
    FaultKind.HTTP_ERROR: Kind(
        "an HTTP status with a page of HTML instead of an answer", "wire", _WIRE, ("code", "do"), ("begin", "receive")
    ),
    FaultKind.WSMAN_FAULT: Kind(
        "a WS-Management fault, by number or by name", "wire", _WIRE, ("code", "do", "form"), ("begin", "receive")
    ),
    FaultKind.SLOW_LINK: Kind(
        "a slow line: seconds for each request, give or take a jitter, and bytes a second",
        "wire",
        "",
        ("seconds", "jitter", "bandwidth", "seed"),
        standing=True,
    ),
    FaultKind.SLOW_SHELL: Kind("wsmprovhost needs so many seconds to start", "wire", "`shell`", ("seconds",)),
    FaultKind.SHELLS_GONE: Kind(
        "the WinRM service is restarted: shells end, for so many seconds nobody listens",
        "machine",
        _POINT,
        ("seconds",),
        event=True,
    ),
    FaultKind.WRONG_PASSWORD: Kind("log-ons are refused", "logon", "the account's name"),
    FaultKind.DISK_FULL: Kind("a file takes no byte more", "files", "its path"),
    FaultKind.LOCK_FILE: Kind(
        "somebody (a virus scanner) holds a file without sharing for so many seconds: the file `path` now, or one that "
        "matches when it has been written",
        "files",
        "its path",
        ("seconds", "path"),
    ),
    FaultKind.TAMPER: Kind("a file is changed after it was written", "files", "its path"),
    FaultKind.QUARANTINE: Kind(
        "Defender removes the files that match `path` (the file of the point if left out), or cleans them so that the "
        "hash is another one; events 1116 and 1117",
        "machine",
        _POINT,
        ("path", "do", "seconds"),
        ("gone", "changed"),
        event=True,
    ),
    FaultKind.BLOCK_EXE: Kind(
        "an attack surface reduction rule of Defender lets a program not start (error 5, event 1121)",
        "service",
        "the program's path",
    ),
    FaultKind.REBOOT: Kind("the machine reboots", "machine", _POINT, ("seconds",), event=True),
    FaultKind.CLOCK_SKEW: Kind(
        "the wall clock jumps by so many seconds (they may be negative); uptime goes on",
        "machine",
        _POINT,
        ("seconds",),
        event=True,
    ),
    FaultKind.STOP_HANGS: Kind("the service stays STOP_PENDING until it is killed", "service", "its name"),
    FaultKind.START_HANGS: Kind("the service stays START_PENDING", "service", "its name"),
    FaultKind.CRASH: Kind(
        "the service's process dies; recovery does what is configured, with the exe that is configured then",
        "service",
        _POINT,
        ("service", "seconds"),
        event=True,
    ),
    FaultKind.CRASH_LOOP: Kind(
        "each time the service runs its process dies after so many seconds", "service", "its name", ("seconds",)
    ),
    FaultKind.MARK_DELETED: Kind(
        "a person deletes the service while services.msc has it open: marked, 1072 from then on",
        "person",
        _POINT,
        ("service",),
        event=True,
    ),
    FaultKind.DEPENDENT: Kind(
        "another service that depends on this one is installed and runs: stops are refused (1051)",
        "person",
        _POINT,
        ("service",),
        event=True,
    ),
    FaultKind.DISABLE: Kind(
        "an operator sets the start type to disabled (1058 on a start)", "person", _POINT, ("service",), event=True
    ),
    FaultKind.BY_HAND: Kind(
        "a person does something to the service: stop, start, restart, kill, change its arguments, its image, its "
        "recovery or its description, or delete it",
        "person",
        _POINT,
        ("service", "do"),
        ("stop", "start", "restart", "kill", "arguments", "image", "recovery", "description", "delete"),
        event=True,
    ),
}

OPTIONS: Mapping[str, tuple[type, str]] = {
    "count": (int, "how often; None: until healed"),
    "skip": (int, "let so many matching times pass first"),
    "pattern": (str, "a regular expression, any case"),
    "probability": (float, "0 to 1: each matching time is one throw of the dice"),
    "seed": (int, "of the dice, so that they fall the same way again"),
    "after": (str, "a regular expression: not before the host has reached such a point"),
    "offset": (int, "not before a file that is being written has so many bytes"),
    "seconds": (float, "how long, or how late"),
    "path": (str, "which file"),
    "code": (str, "HTTP status; number or name of a WS-Management fault"),
    "form": (str, "how a WS-Management fault is written: wsman, wmi, provider; default: as Windows does"),
    "do": (str, "which of the kind's ways"),
    "service": (str, "which service; default: that of the point, or the only one that somebody installed"),
    "jitter": (float, "seconds by which the delay of a slow link varies, both ways"),
    "bandwidth": (int, "bytes a second of a slow link, both ways together; 0: no limit"),
}

POINTS: Mapping[str, str] = {
    "script TEXT": "a pipeline or a command is about to begin",
    "start NAME": "a service is about to be started by request",
    "stop NAME": "a service is about to be stopped by request",
    "config NAME": "a service's configuration is about to be changed",
    "write PATH": "a file was written and closed, or renamed",
    "upload PATH": "a file that is being written has grown (`offset` looks at its size)",
}

HTTP_CODES = ("400", "401", "403", "404", "407", "413", "500", "502", "503")
FORMS = ("wsman", "wmi", "provider")


def kind_of(name: str) -> FaultKind:
    """Raises FaultError, with a "did you mean"."""
    names = [kind.value for kind in FaultKind]
    if name not in names:
        raise FaultError(f"no fault of the lab: {name}", "fault", nearest(name, names, "there are"))
    return FaultKind(name)


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word.lower(), names, n=2, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"{otherwise}: {', '.join(names)}"


def check(kind: FaultKind, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a fault, complete enough to act on.

    ``options`` that are as if not given ("", 0, None; a count of 1) are allowed everywhere. Raises FaultError.
    """
    about = KINDS[kind]
    allowed = (*about.conditions, *about.options)
    out = dict(options)
    for name, value in options.items():
        if name not in OPTIONS:
            raise FaultError(f"no option of a fault: {name}", name, nearest(name, allowed, "there are"))
        given = value not in ("", 0, 0.0, None) and not (name == "count" and value == 1)
        if given and not (name == "probability" and value == 1) and name not in allowed:
            raise FaultError(f"{kind.value} takes no {name}", name, f"it takes: {', '.join(allowed)}")
    for name in ("pattern", "after", *(("path",) if kind is FaultKind.QUARANTINE else ())):
        try:
            re.compile(str(out.get(name) or ""))
        except re.error as problem:
            raise FaultError(f"{name} {out[name]!r} is no regular expression: {problem}", name) from None
    probability = out.get("probability")
    if probability is not None and not 0 < float(probability) <= 1:
        raise FaultError(f"a probability of {probability} is not within 0 and 1", "probability")
    if about.choices:
        out["do"] = out.get("do") or about.choices[0]
        if out["do"] not in about.choices:
            raise FaultError(f"{kind.value} cannot {out['do']}", "do", nearest(str(out["do"]), about.choices, "it can"))
    if float(out.get("seconds") or 0) < 0 and kind is not FaultKind.CLOCK_SKEW:
        raise FaultError(f"{out['seconds']:g} seconds are less than none", "seconds")
    if "code" in about.options:
        out["code"] = str(out.get("code") or ("503" if kind is FaultKind.HTTP_ERROR else ""))
        if kind is FaultKind.HTTP_ERROR and out["code"] not in HTTP_CODES:
            raise FaultError(f"{kind.value} has no code {out['code']}", "code", f"it has: {', '.join(HTTP_CODES)}")
        if kind is FaultKind.WSMAN_FAULT and not out["code"]:
            raise FaultError(f"{kind.value} needs a code", "code", "a number, or a name such as max-shells")
    if out.get("form") and out["form"] not in FORMS:
        raise FaultError(f"no form of a fault: {out['form']}", "form", f"there are: {', '.join(FORMS)}")
    if kind is FaultKind.CRASH_LOOP and not out.get("seconds"):
        out["seconds"] = 0.2
    if about.standing:
        out["count"] = None
    return out
