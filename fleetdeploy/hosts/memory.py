"""state.json as it comes from a host, made into the model's nouns. Reads only; the host alone writes it.

A field that an older fleetdeploy did not know is read as its empty value: hosts in the field keep their files. Look
next at ``templates/powershell/parts/state.ps1.j2`` (who writes) and protocol.md ("What a host keeps").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fleetdeploy.model.verbs import (
    Actor,
    BootIdentity,
    Direction,
    HostState,
    OpenEntry,
    Origin,
    ReleaseRecord,
    RolloutKind,
    RolloutRecord,
    SignOfLife,
    Snapshot,
)

Json = Mapping[str, Any]


def state(data: Json | None, source: str, *, alive: bool) -> HostState | None:
    """The whole of it; None if the host never heard of the app."""
    if data is None:
        return None
    releases = [release(one) for one in data.get("releases") or ()]
    return HostState(
        token_high=int(data["token_high"]),
        active=str(data.get("active") or ""),
        releases={one.key: one for one in releases},
        rollouts=tuple(rollout(one) for one in data.get("rollouts") or ()),
        open=entry(data.get("open"), alive=alive),
        source="backup" if source == "backup" else "state",
    )


def release(data: Json) -> ReleaseRecord:
    """One release that the host knows."""
    checks, timing = _health(str(data.get("checks") or ""))
    return ReleaseRecord(
        key=str(data["key"]),
        version=str(data.get("version") or ""),
        manifest_sha256=str(data.get("manifest_sha256") or ""),
        exe_sha256=str(data.get("exe_sha256") or ""),
        folder=str(data.get("folder") or ""),
        image_path=str(data.get("image_path") or ""),
        mark=str(data.get("mark") or ""),
        snapshot=_snapshot(data.get("snapshot")),
        checks=checks,
        timing=timing,
        logs=_logs(str(data.get("checks") or "")),
        **_marked(data.get("marked")),
    )


def _marked(data: Json | None) -> dict[str, str]:
    """Who, when and why, beside a mark; an older fleetdeploy wrote none."""
    found = data or {}
    return {f"marked_{name}": str(found.get(name) or "") for name in ("by", "at", "why")}


def rollout(data: Json) -> RolloutRecord:
    """One rollout as the host remembers it."""
    return RolloutRecord(
        id=str(data["id"]),
        kind=_kind(data.get("kind")),
        undoes=str(data.get("undoes") or ""),
        plan_digest=str(data.get("plan_digest") or ""),
        machines=_machines(data.get("machines")),
        origin=_origin(data.get("origin")),
        to_label=str(data.get("to_label") or ""),
        to_release=str(data.get("to_release") or ""),
        to_image_path=str(data.get("to_image_path") or ""),
        to_sha256=str(data.get("to_sha256") or ""),
        direction=_direction(data.get("direction")),
        token=int(data.get("token") or 0),
        intent=bool(data.get("intent")),
        done=bool(data.get("done")),
        put_back=bool(data.get("put_back")),
        outcome=str(data.get("outcome") or ""),
        ended=bool(data.get("ended")),
        opened_at=str(data.get("opened_at") or ""),
        undoing=bool(data.get("undoing")),
    )


def entry(data: Json | None, *, alive: bool) -> OpenEntry | None:
    """The rollout that holds the host."""
    if data is None:
        return None
    life = data.get("life")
    return OpenEntry(
        rollout=str(data["rollout"]),
        conductor=str(data["conductor"]),
        token=int(data["token"]),
        kind=_kind(data.get("kind")),
        phase="running" if data.get("phase") == "running" else "opening",
        direction=_direction(data.get("direction")),
        actor=actor(str(data.get("actor") or "")),
        machines=_machines(data.get("machines")),
        opened_at=str(data.get("opened_at") or ""),
        life=None
        if life is None
        else SignOfLife(
            BootIdentity(int(life["boot_pid"]), str(life["boot_created"])),
            int(life["uptime_ms"]) / 1000,
            int(life["ttl_ms"]) / 1000,
        ),
        alive_here=alive,
        strong=bool(data.get("strong")) or data.get("kind") == "back",
    )


def actor(text: str) -> Actor:
    """Who asked; an unreadable one is nobody, since it only is shown."""
    try:
        data = json.loads(text)
        return Actor(
            user=str(data.get("user") or ""),
            machine=str(data.get("machine") or ""),
            pid=int(data.get("pid") or 0),
            job_url=str(data.get("job_url") or ""),
            reason=str(data.get("reason") or ""),
        )
    except (ValueError, AttributeError):
        return Actor(user="", machine="", pid=0)


def _kind(value: object) -> RolloutKind:
    return "back" if value == "back" else "forward"


def _direction(value: object) -> Direction:
    return "back" if value == "back" else "forward"


def _machines(data: Json | None) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(machine)) for name, machine in (data or {}).items())


def _snapshot(data: Json | None) -> Snapshot | None:
    return None if data is None else Snapshot(dict(data))


def _origin(data: Json | None) -> Origin | None:
    if data is None:
        return None
    return Origin(
        label=str(data.get("label") or ""),
        release=str(data.get("release") or ""),
        image_path=str(data.get("image_path") or ""),
        sha256=str(data.get("sha256") or ""),
        existed=bool(data.get("existed")),
        was_running=bool(data.get("was_running")),
        snapshot=_snapshot(data.get("snapshot")),
    )


def _health(text: str) -> tuple[tuple[Mapping[str, Any], ...], dict[str, float]]:
    """Checks and times as ``requests.activate`` wrote them; nothing of it if a person has edited it badly."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return (), {}
    if not isinstance(found, dict):
        return (), {}
    timing = found.get("timing") or {}
    times = {str(k): float(v) for k, v in timing.items() if isinstance(v, (int, float))} if timing else {}
    return tuple(one for one in found.get("checks") or () if isinstance(one, dict)), times


def _logs(text: str) -> tuple[str, ...]:
    """Where the release logs to; nothing if it was stored by an older fleetdeploy."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return ()
    listed = found.get("logs") if isinstance(found, dict) else None
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()
