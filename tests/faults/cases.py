"""Every fault kind of the lab, one case for each way it can strike a rollout, and how the rollout has to end.

``codes`` are the exit codes that are right for it. ``left``: what a person or the fault did to the service and the
product must leave alone, so that it may not run, or not as recorded, at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.lab.windows.fault_kinds import HTTP_CODES, KINDS, FaultKind
from fleetdeploy.lab.wsman.fault_table import FAULTS
from tests.faults.world import CANARY, LATER

FOREVER: Mapping[str, Any] = {"count": None}
GOOD, BACK = frozenset({0}), frozenset({3})
ANY_END = frozenset({0, 3, 5, 6, 7})


_ON_THE_WAY = (
    "timed-out",
    "shell-not-found",
    "user-quota",
    "receive-in-progress",
    "aborted",
    "shutting-down",
    "access-denied",
)
"""Faults that a Receive may get, too, when the script has begun."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one rollout."""

    name: str
    kind: FaultKind
    hosts: str
    codes: frozenset[int]
    when: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    left: bool = False
    healed_first: bool = False
    """The effect ends only when the fault is healed: what is typed next comes after that."""

    def __str__(self) -> str:
        return self.name


def cases() -> list[Case]:
    """All, each with a name of its own."""
    made = [*_wire(), *_codes(), *_logon(), *_files(), *_machine(), *_service(), *_people()]
    assert len({case.name for case in made}) == len(made)
    assert {case.kind for case in made} == set(KINDS), "a kind without a case"
    return made


def _case(
    name: str,
    kind: str,
    codes: frozenset[int],
    host: str = CANARY,
    *,
    left: bool = False,
    when: Mapping[str, str] | None = None,
    **options: Any,
) -> Case:
    return Case(name, FaultKind(kind), host, codes, when or {}, options, left)


def _at(verb: str) -> dict[str, str]:
    """A script of this name begins; a probe: of the new version, not before the plan."""
    return {"verb": verb, "after": "^start Shop"} if verb == "probe" else {"verb": verb}


def _wire() -> Iterator[Case]:
    yield _case("refuse from the start", "refuse", frozenset({5}), LATER, **FOREVER)
    yield _case("refuse once", "refuse", GOOD)
    yield _case("refuse after the stop, canary", "refuse", frozenset({4}), when={"after": "^stop Shop"}, **FOREVER)
    yield _case(
        "refuse after the stop, batch 2", "refuse", frozenset({4}), LATER, when={"after": "^stop Shop"}, **FOREVER
    )
    for kind in ("reset-before", "reset-during", "reset-after", "lose-answer"):
        for verb in ("observe", "open", "stage", "receive", "ready", "activate", "probe", "beat", "close"):
            # Of a close whose answer is lost the host may not say in time that it is done: then it is named (8).
            codes = GOOD | {8} if verb == "close" else GOOD
            yield _case(f"{kind} {verb}", kind, codes, when={"verb": verb})
    for operation in ("Create", "Signal", "Delete"):
        yield _case(f"reset-before {operation}", "reset-before", GOOD, when={"match": f"^{operation}$"})
        yield _case(f"lose-answer {operation}", "lose-answer", GOOD, when={"match": f"^{operation}$"})
    yield _case("silence of 3 s, activate", "silence", GOOD, when={"verb": "activate"}, seconds=3.0)
    yield _case("silence for ever, activate", "silence", GOOD, when={"verb": "activate"})
    yield _case("silence for ever, stage", "silence", GOOD, when={"verb": "stage"})
    yield _case("silence for ever, everything", "silence", frozenset({4}), when={"after": "^start Shop"}, **FOREVER)
    yield _case("slow link", "slow-link", GOOD, "*", seconds=0.15, jitter=0.1, bandwidth=200_000, seed=1)
    yield _case("slow shell, 2 s", "slow-shell", GOOD, seconds=2.0)
    yield _case("slow shell, 25 s", "slow-shell", ANY_END, seconds=25.0)
    for verb in ("stage", "activate", "probe"):
        yield _case(f"WinRM restarted, {verb}", "shells-gone", GOOD, when=_at(verb), seconds=1.0)
    yield _case(
        "WinRM restarted, between stop and start", "shells-gone", GOOD, when={"step": "start Shop"}, seconds=1.0
    )


def _codes() -> Iterator[Case]:
    for code in HTTP_CODES:
        for do in ("begin", "receive"):
            yield _case(
                f"HTTP {code}, activate, {do}", "http-error", ANY_END, when={"verb": "activate"}, code=code, do=do
            )
    yield _case("HTTP 503 on Create", "http-error", GOOD, when={"match": "^Create$"}, code="503")
    yield _case("HTTP 503 for ever", "http-error", frozenset({5}), LATER, code="503", **FOREVER)
    yield _case(
        "HTTP 401 for ever, after the start",
        "http-error",
        frozenset({4}),
        when={"after": "^start Shop"},
        code="401",
        **FOREVER,
    )
    for name in FAULTS:
        for do in ("begin", "receive") if name in _ON_THE_WAY else ("begin",):
            yield _case(f"{name}, activate, {do}", "wsman-fault", ANY_END, when={"verb": "activate"}, code=name, do=do)
    for name in ("max-shells", "max-users", "access-denied", "invalid-resource", "shells-not-allowed"):
        yield _case(
            f"{name} on Create", "wsman-fault", ANY_END, LATER, when={"match": "^Create$"}, code=name, **FOREVER
        )
    yield _case("max-shells on Create, once", "wsman-fault", GOOD, when={"match": "^Create$"}, code="max-shells")
    yield _case(
        "max-shells as WSManFault", "wsman-fault", GOOD, when={"match": "^Create$"}, code="max-shells", form="wsman"
    )


def _logon() -> Iterator[Case]:
    yield _case("wrong password from the start", "wrong-password", frozenset({6}), LATER, **FOREVER)


def _files() -> Iterator[Case]:
    yield _case("disk full in the upload", "disk-full", BACK, when={"match": "incoming"}, **FOREVER)
    yield _case(
        "disk full at the 10,000th byte", "disk-full", BACK, when={"match": "incoming"}, offset=10_000, **FOREVER
    )
    yield _case(
        "disk full for state.json, once", "disk-full", ANY_END, when={"match": r"state\.json", "verb": "activate"}
    )
    yield _case(
        "disk full for state.json, for ever",
        "disk-full",
        ANY_END | {4},
        when={"match": r"state\.json", "verb": "activate"},
        **FOREVER,
    )
    yield _case("exe locked 2 s", "lock-file", GOOD, when={"match": r"shop\.exe"}, seconds=2.0)
    yield _case("state.json locked 1 s", "lock-file", GOOD, when={"match": r"state\.json"}, seconds=1.0)
    yield _case("exe changed on the way", "tamper", BACK, when={"match": r"tree.*shop\.exe"}, **FOREVER)
    exe = r"\\releases\\.*shop\.exe$"
    for do in ("gone", "changed"):
        yield _case(
            f"quarantine, {do}, when copied", "quarantine", BACK, when={"step": r"write .*shop\.exe"}, do=do, **FOREVER
        )
        yield _case(
            f"quarantine, {do}, before activate", "quarantine", BACK, when={"verb": "activate"}, path=exe, do=do
        )
        yield _case(f"quarantine, {do}, at the stop", "quarantine", BACK, when={"step": "stop Shop"}, path=exe, do=do)
        yield _case(f"quarantine, {do}, at the start", "quarantine", BACK, when={"step": "start Shop"}, path=exe, do=do)
        yield _case(f"quarantine, {do}, while it runs", "quarantine", BACK, when=_at("probe"), path=exe, do=do)
    yield _case("a rule blocks the exe once", "block-exe", GOOD, when={"match": "releases"})
    yield _case("a rule blocks the exe for ever", "block-exe", BACK, when={"match": "releases"}, **FOREVER)


def _machine() -> Iterator[Case]:
    for step in ("stop Shop", "start Shop", "config Shop", r"write .*state\.json", "upload "):
        yield _case(f"reboot at '{step.strip()}'", "reboot", ANY_END, when={"step": step})
    yield _case("reboot before activate", "reboot", ANY_END, when={"verb": "activate"})
    yield _case("reboot in batch 2, at the stop", "reboot", ANY_END, LATER, when={"step": "stop Shop"})
    for verb in ("open", "activate", "probe"):
        for seconds in (3600.0, -3600.0):
            yield _case(f"clock {seconds:+g} s, {verb}", "clock-skew", GOOD, when=_at(verb), seconds=seconds)


def _service() -> Iterator[Case]:
    yield _case("STOP_PENDING for ever", "stop-hangs", GOOD, "*", **FOREVER)
    yield _case("START_PENDING once", "start-hangs", BACK)
    yield _case("START_PENDING, batch 2", "start-hangs", BACK, LATER)
    yield _case("START_PENDING for ever", "start-hangs", frozenset({4}), **FOREVER)
    yield _case("old exe crashes before the stop", "crash", ANY_END, when={"step": "config Shop"})
    yield _case("old exe crashes at the stop", "crash", ANY_END, when={"step": "stop Shop"})
    yield _case("new exe crashes when probed", "crash", ANY_END, when=_at("probe"))
    yield _case("crash loop, new exe and old", "crash-loop", frozenset({4}), seconds=0.1, **FOREVER)
    yield _case("crash loop, two starts", "crash-loop", ANY_END | {4}, seconds=0.1, count=2)
    yield _case("crash once, 1 s after the start", "crash-loop", ANY_END, seconds=1.0)


def _people() -> Iterator[Case]:
    for verb in ("open", "activate", "probe"):
        yield _case(f"marked for deletion, {verb}", "mark-deleted", ANY_END | {4, 8}, when=_at(verb), left=True)
        yield _case(f"disabled, {verb}", "disable", ANY_END | {4, 8}, when=_at(verb), left=True)
        yield _case(f"a dependent, {verb}", "dependent", ANY_END | {4, 8}, when=_at(verb), left=True)
        for do in KINDS[FaultKind.BY_HAND].choices:
            yield _case(f"{do} by hand, {verb}", "by-hand", ANY_END | {4, 8}, when=_at(verb), do=do, left=True)
    for do in ("image", "recovery"):
        yield _case(f"{do} by hand, prune", "by-hand", frozenset({8}), when=_at("prune"), do=do, left=True)
    yield _case("disabled between stop and start", "disable", frozenset({4}), when={"step": "start Shop"}, left=True)
    yield _case(
        "started by hand between stop and start", "by-hand", ANY_END, when={"step": "start Shop"}, do="start", left=True
    )
