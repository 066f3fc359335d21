"""Makers of observations for tests of planning."""

from __future__ import annotations

from typing import Any

from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest
from fleetdeploy.model.health import CheckFailure, Sample
from fleetdeploy.model.host import Connection, Host
from fleetdeploy.model.service import ServiceSpec
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.verbs import (
    BootIdentity,
    HostState,
    Observation,
    ObservedService,
    OpenEntry,
    Origin,
    RolloutRecord,
    ServiceKind,
    Snapshot,
)

SPEC = ServiceSpec(app="shop", name="Shop", exe="shop.exe", root=r"C:\apps")
ARTIFACT = Artifact("v1.4.2", Manifest((FileEntry("shop.exe", "bb" * 32, 1000),)), BuildInfo("amd64"), "shop.exe")
TARGET = rf"C:\apps\shop\releases\{ARTIFACT.release_name}\shop.exe"


def host(name: str, zone: str = "z1", **labels: str) -> Host:
    return Host(name, Connection("127.0.0.1", 5985), zone=zone, labels=labels)


def service(
    state: str = "Running", image: str = r"D:\old\shop.exe", sha: str = "aa" * 32, **more: Any
) -> ObservedService:
    running = state == "Running"
    snapshot = {"image_path": f'"{image}"', "start_type": "auto", **more.pop("snapshot", {})}
    return ObservedService(
        state=state,
        pid=10 if running else 0,
        started="1" if running else "",
        running_image=image if running else "",
        running_sha256=sha if running else "",
        exe_path=image,
        exe_sha256=sha,
        kind=more.pop("kind", ServiceKind("native")),
        snapshot=Snapshot(snapshot),
        build_version=more.pop("build", "v1.4.0"),
        fingerprint="f",
    )


def observation(name: str, seen: ObservedService | None, state: HostState | None = None, **more: Any) -> Observation:
    fields: dict[str, Any] = {
        "machine_id": f"id-{name}",
        "is_admin": True,
        "language_mode": "FullLanguage",
        "free_bytes": 10**12,
        "staged": (),
        **more,
    }
    return Observation(
        host=name,
        computer_name=name,
        os_build=20348,
        arch="amd64",
        powershell="5.1",
        boot=BootIdentity(1, "1"),
        uptime_s=1.0,
        service=seen,
        state=state,
        **fields,
    )


def sight(
    name: str, seen: ObservedService | None = None, *, failing: str = "", absent: bool = False, **more: Any
) -> Sight:
    found = None if absent else (seen or service())
    failures = (CheckFailure(failing, "bad"),) if failing else ()
    sample = Sample(0.0, found.pid, found.started, found.state, True, failures) if found else None
    return Sight(name, observation(name, found, **more), sample)


def lost(name: str, why: Lost = Lost.UNREACHABLE) -> Sight:
    return Sight(name, lost=why, error="no route")


def record(rollout: str, token: int, **more: Any) -> RolloutRecord:
    fields: dict[str, Any] = {
        "kind": "forward",
        "undoes": "",
        "machines": (),
        "origin": Origin("v1.4.0", "", r"D:\old\shop.exe", "aa" * 32, True, True, None),
        "to_label": "v1.4.2",
        "intent": True,
        "done": True,
        "put_back": False,
        "outcome": "succeeded",
        "ended": True,
        **more,
    }
    return RolloutRecord(
        id=rollout,
        plan_digest="",
        to_release="",
        to_image_path="",
        to_sha256="",
        direction=fields["kind"],
        token=token,
        **fields,
    )


def host_state(*records: RolloutRecord, entry: OpenEntry | None = None) -> HostState:
    return HostState(max((r.token for r in records), default=0), "", {}, records, entry)
