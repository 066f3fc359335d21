"""How the one JSON object of a script becomes a typed answer, or an error kind. The counterpart is ``requests.py``.

Success is: our nonce was seen, ``ok`` is true, and no error record came with it. Kinds and numbers decide; texts are
for people and are never looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleetdeploy.errors import Busy, HostError, ProtocolRefused, ScriptFailed, Stale
from fleetdeploy.hosts.memory import entry, state
from fleetdeploy.hosts.session import ScriptResult
from fleetdeploy.model.artifact import FileEntry
from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.readiness import Lacking, ReadyReason, ReadyResult
from fleetdeploy.model.scene import Scene, scene_from_json
from fleetdeploy.model.verbs import (
    ActivateOutcome,
    ActivateResult,
    BootIdentity,
    FilesResult,
    HostFailure,
    Observation,
    ObservedService,
    OpenResult,
    ProbeResult,
    PruneResult,
    ServiceKind,
    Snapshot,
)

Json = Mapping[str, Any]

CLM_IDS = (
    "MethodInvocationNotSupportedInConstrainedLanguage",
    "PropertySetterNotSupportedInConstrainedLanguage",
    "ConversionSupportedOnlyToCoreTypes",
    "CannotCreateTypeConstrainedLanguage",
)
"""What a script is told on a host that WDAC or AppLocker locks down (beginnings of FullyQualifiedErrorId)."""


def unwrap(host: str, verb: str, nonce: str, result: ScriptResult) -> dict[str, Any]:
    """The ``result`` of an answer.

    Raises:
        Stale, Busy, ScriptFailed, ProtocolRefused: what the script, or PowerShell, said instead.
    """
    answer = _find(nonce, result.output)
    if answer is None:
        raise _no_answer(host, verb, result)
    if not answer.get("ok"):
        raise failure_error(host, verb, answer.get("failure") or {})
    if result.failed or result.errors:
        raise _no_answer(host, verb, result)
    data = answer.get("result")
    return data if isinstance(data, dict) else {}


def failure_error(host: str, verb: str, failure: Json) -> HostError:
    """The error kind for a script's own failure."""
    kind, detail = str(failure.get("kind") or "script"), str(failure.get("detail") or "")
    code = failure.get("win32")
    match kind:
        case "stale":
            return Stale(
                f"{host}: {verb} refused: {detail}",
                host=host,
                taken_over_by=str(failure.get("taken_over_by") or ""),
                outcome=str(failure.get("outcome") or ""),
            )
        case "locked":
            return Busy(f"{host}: {verb} could not begin: {detail}", host=host, code=code)
        case _:
            return ScriptFailed(
                f"{host}: {verb} failed ({kind}): {detail}",
                host=host,
                error_id=str(failure.get("error_id") or kind),
                line=int(failure.get("line") or 0),
                code=code,
            )


def _find(nonce: str, output: tuple[str, ...]) -> dict[str, Any] | None:
    for text in reversed(output):
        if nonce not in text:
            continue
        try:
            answer = json.loads(text)
        except ValueError:
            continue
        if isinstance(answer, dict) and answer.get("nonce") == nonce:
            return answer
    return None


def _no_answer(host: str, verb: str, result: ScriptResult) -> HostError:
    if not result.errors:
        return ScriptFailed(f"{host}: {verb} ended without an answer", host=host, error_id="NoAnswer")
    first = result.errors[0]
    if first.error_id.startswith(CLM_IDS):
        return _locked_down(host)
    where = f" (line {first.line})" if first.line else ""
    return ScriptFailed(
        f"{host}: {verb} failed: {first.message}{where}", host=host, error_id=first.error_id, line=first.line
    )


def _locked_down(host: str) -> ProtocolRefused:
    return ProtocolRefused(
        f"{host}: PowerShell runs in constrained language mode there, which fleetdeploy cannot work in",
        host=host,
        why=("a WDAC or AppLocker policy locks PowerShell down for scripts that it does not trust",),
        next_steps=("fleetdeploy doctor",),
    )


def observation(host: str, data: Json) -> Observation:
    """The answer of ``observe``."""
    found = data.get("service")
    boot_ = boot(data["boot"])
    return Observation(
        host=host,
        machine_id=str(data["machine_id"]),
        computer_name=str(data["computer_name"]),
        os_build=int(data["os_build"]),
        arch=str(data["arch"]),
        powershell=str(data["powershell"]),
        language_mode=str(data["language_mode"]),
        is_admin=bool(data["is_admin"]),
        boot=boot_,
        uptime_s=int(data["uptime_ms"]) / 1000,
        free_bytes=int(data["free_bytes"]),
        service=None if found is None else service(found, str(data.get("build_version") or "")),
        state=state(data.get("state"), str(data.get("source") or "state"), alive=bool(data.get("alive"))),
        running_verb=str(data.get("running_verb") or ""),
        staged=tuple(str(one) for one in data.get("staged") or ()),
        apps=tuple(str(one) for one in data.get("apps") or ()),
    )


def boot(data: Json) -> BootIdentity:
    """Identity of the boot."""
    return BootIdentity(pid=int(data["pid"]), created=str(data["created"]))


def service(data: Json, build_version: str) -> ObservedService:
    """The service as the host saw it."""
    kind = data["kind"]
    snapshot_ = dict(data["snapshot"])
    return ObservedService(
        state=str(data["state"]),
        pid=int(data["pid"]),
        started=str(data["started"]),
        running_image=str(data["running_image"]),
        running_sha256=str(data["running_sha256"]),
        exe_path=str(data["exe_path"]),
        exe_sha256=str(data["exe_sha256"]),
        kind=ServiceKind(kind["kind"], str(kind["detail"])),
        snapshot=Snapshot(snapshot_),
        build_version=build_version,
        fingerprint=str(snapshot_.get("fingerprint") or ""),
    )


def opened(host: str, data: Json) -> OpenResult:
    """The answer of ``open``."""
    return OpenResult(
        result=data["result"],
        token=int(data["token"]),
        step_high=int(data["step_high"]),
        owner=entry(data.get("owner"), alive=bool(data.get("owner_alive"))),
        outcome=str(data.get("outcome") or ""),
        replaced=data.get("replaced"),
        observation=observation(host, data["observation"]),
    )


def host_failure(data: Json | None) -> HostFailure | None:
    """Why something failed, in the SCM's words."""
    if data is None:
        return None
    return HostFailure(
        kind=str(data.get("kind") or ""),
        detail=str(data.get("detail") or ""),
        win32=data.get("win32"),
        event_id=data.get("event_id"),
        exit_code=data.get("exit_code"),
    )


def activated(data: Json) -> ActivateResult:
    """The answer of ``activate``."""
    return ActivateResult(
        outcome=ActivateOutcome(data["outcome"]),
        label=str(data["label"]),
        pid=int(data["pid"]),
        started_at=str(data["started_at"]),
        image=str(data["image"]),
        stopped=int(data["stopped"]),
        started=int(data["started"]),
        forced_kill=bool(data["forced_kill"]),
        failure=host_failure(data.get("failure")),
        notes=tuple(str(one) for one in data.get("notes") or ()),
        differences=tuple(str(one) for one in data.get("differences") or ()),
        evidence=scene(data.get("evidence")),
    )


def scene(data: Json | None) -> Scene | None:
    """The scene of a failure; None if there is none, or it cannot be read."""
    return scene_from_json(data) if isinstance(data, Mapping) else None


def stored_scene(text: str) -> Scene | None:
    """A scene as it lies on the host."""
    try:
        return scene(json.loads(text)) if text else None
    except ValueError:
        return None


def ready(data: Json) -> ReadyResult:
    """The answer of ``ready``."""
    return ReadyResult(
        reasons=tuple(ReadyReason(Lacking(int(one["number"])), str(one["detail"])) for one in data["reasons"]),
        first_install=bool(data["first_install"]),
        begun=bool(data["begun"]),
        label=str(data["label"]),
    )


def probe(data: Json, *, ended_at: float, compares: frozenset[str] = frozenset()) -> ProbeResult:
    """The answer of ``probe``.

    Args:
        data: what came back; its times are uptime of the host.
        ended_at: monotonic time here when it came back, which is taken for the host's ``ended_ms``.
        compares: names of checks that compare with the version that is being rolled out.
    """
    ended_ms = int(data["ended_ms"])

    def sample(one: Json) -> Sample:
        return Sample(
            at=ended_at - (ended_ms - int(one["at_ms"])) / 1000,
            pid=int(one["pid"]),
            started=str(one["started"]),
            state=str(one["state"]),
            image_ok=bool(one["image_ok"]),
            failures=tuple(
                CheckFailure(str(f["check"]), str(f["detail"]), str(f["check"]) in compares)
                for f in one.get("failures") or ()
            ),
            evidence=tuple(str(e) for e in one.get("evidence") or ()),
        )

    events = (host_failure(one) for one in data.get("crash_events") or ())
    return ProbeResult(
        samples=tuple(sample(one) for one in data["samples"]),
        boot=boot(data["boot"]),
        crash_events=tuple(one for one in events if one is not None),
    )


def files(data: Json) -> FilesResult:
    """The answer of ``files``."""
    entries = (FileEntry(str(f["path"]), str(f["sha256"]), int(f["size"])) for f in data.get("files") or ())
    return FilesResult(str(data["folder"]), bool(data["exists"]), tuple(entries), bool(data["truncated"]))


def pruned(data: Json) -> PruneResult:
    """The answer of ``prune``."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(str(one) for one in data.get(name) or ())

    found = data.get("service")
    return PruneResult(
        words("removed"),
        words("kept"),
        words("failed"),
        int(data["freed_bytes"]),
        words("notes"),
        service=None if found is None else service(found, ""),
        state=state(data.get("state"), str(data.get("source") or "state"), alive=True),
    )
