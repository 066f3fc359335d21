"""A lab of one host with a hand-made service, and the verbs that are asked of it over the real protocol."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from fleetdeploy.errors import HostError
from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.fleet import HostSpec, Lab, LabHost, ServiceSpec, make_artifact
from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.service import Recovery
from fleetdeploy.model.service import ServiceSpec as Wanted
from fleetdeploy.model.verbs import (
    ActivateRequest,
    ActivateResult,
    Actor,
    AppRef,
    Claim,
    CloseRequest,
    Expected,
    Observation,
    OpenRequest,
    OpenResult,
)

APP = AppRef("shop", "Shop", "C:\\fd")
SPEC = Wanted(app="shop", name="Shop", exe="shop.exe", root="C:\\fd", arguments=("--port", "8080"))
HAND_MADE = "C:\\Program Files\\Shop\\shop.exe"
ACTOR = Actor("eva", "laptop", 42)


def program(version: str, **behaviour: Any) -> bytes:
    return make_artifact(version, size=32_000, **behaviour)


def build_artifact(folder: Path, version: str, **behaviour: Any) -> Artifact:
    content = program(version, **behaviour)
    path = folder / f"shop-{version}.exe"
    path.write_bytes(content)
    entry = FileEntry("shop.exe", hashlib.sha256(content).hexdigest(), len(content))
    return Artifact(version, Manifest((entry,)), BuildInfo("amd64"), "shop.exe", {"shop.exe": str(path)})


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition; a host that cannot be asked just now has not come to it yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(HostError):
            if condition():
                return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


@dataclass
class Rig:
    """One lab host and one conductor of a rollout on it."""

    lab: Lab
    host: LabHost
    folder: Path
    verbs: HostVerbs
    token: int = 0
    step: int = 0
    rollout: str = "R1"
    conductor: str = "C1"
    made: list[HostVerbs] = field(default_factory=list)

    def connect(self, **options: Any) -> HostVerbs:
        verbs = connect(self.lab, self.host, **options)
        self.made.append(verbs)
        return verbs

    def claim(self, **changes: Any) -> Claim:
        self.step += 1
        return replace(Claim(self.rollout, self.conductor, self.token, self.step), **changes)

    def open(self, rollout: str = "R1", conductor: str = "C1", **changes: Any) -> OpenResult:
        request = OpenRequest(rollout, conductor, "forward", "", "d", (("web01", "m1"),), ACTOR, 60.0)
        result = self.verbs.open(replace(request, **changes))
        if result.result == "opened":
            self.rollout, self.conductor, self.token = rollout, conductor, result.token
            self.step = max(self.step, result.step_high)
        return result

    def artifact(self, version: str, **behaviour: Any) -> Artifact:
        return build_artifact(self.folder, version, **behaviour)

    def stage(self, artifact: Artifact) -> Any:
        return self.verbs.stage(self.claim(), artifact)

    def request(self, artifact: Artifact, **changes: Any) -> ActivateRequest:
        request = ActivateRequest(
            claim=self.claim(),
            direction="forward",
            spec=SPEC,
            release=artifact.release_name,
            version=artifact.version,
            manifest_sha256=artifact.manifest.sha256,
            exe_sha256=artifact.exe_sha256,
            exe="shop.exe",
            expected=None,
            settle_s=0.2,
            stop_timeout_s=2.0,
            start_timeout_s=3.0,
            lock_wait_s=2.0,
        )
        return replace(request, **changes)

    def activate(self, artifact: Artifact, **changes: Any) -> ActivateResult:
        return self.verbs.activate(self.request(artifact, **changes))

    def go_back(self, artifact: Artifact, **changes: Any) -> ActivateResult:
        return self.activate(artifact, direction="back", spec=None, **changes)

    def rollout_of(self, artifact: Artifact, **changes: Any) -> ActivateResult:
        self.open()
        self.stage(artifact)
        return self.activate(artifact, **changes)

    def close(self, outcome: str = "succeeded", **changes: Any) -> str:
        return self.verbs.close(CloseRequest(self.claim(), outcome, **changes))

    def state(self) -> str:
        return str(self.host.machine.scm.query("Shop").state.name)

    def seen(self) -> Observation:
        return self.verbs.observe()

    def expected(self) -> Expected:
        service = self.seen().service
        assert service is not None
        return Expected(
            exists=True,
            image_path=service.snapshot.image_path,
            exe_sha256=service.exe_sha256,
            fingerprint=service.fingerprint,
        )


def connect(lab: Lab, host: LabHost, *, tls: bool = False, auth: Any = "ntlm", **options: Any) -> HostVerbs:
    connection = Connection(
        host.address,
        host.port_https if tls else host.port_http,
        transport="https" if tls else "http",
        auth=auth,
        user=lab.user,
        fingerprint=host.fingerprint_sha256 if tls else None,
    )
    secret = Secret(options.pop("password", lab.password))
    return HostVerbs("web01", lambda: PsrpSession("web01", connection, secret), options.pop("app", APP), **options)


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[MakeRig]:
    """``make_rig(service=bytes | None, powershell="5.1")``: the rig; a NotSimulated nobody expected fails the test."""
    rigs: list[Rig] = []

    def make(service: bytes | None = None, *, running: bool = True, **spec: Any) -> Rig:
        services = ()
        if service is not None:
            services = (ServiceSpec("Shop", HAND_MADE, service, "--port 8080 --hand-made", running=running),)
        lab = Lab.start([HostSpec("web01", services=services, **spec)])
        host = lab.hosts["web01"]
        rig = Rig(lab, host, tmp_path, connect(lab, host))
        rigs.append(rig)
        until(lambda: not services or not running or rig.state() == "RUNNING")
        return rig

    yield make
    for rig in rigs:
        for verbs in (rig.verbs, *rig.made):
            verbs.disconnect()
        refused = list(rig.host.not_simulated)
        rig.lab.stop()
        assert refused == []


ARMED = Recovery(86400, (("restart", 5000), ("none", 0)))
