"""How a typed request becomes the parameters of a script.

Every key that a script reads is always sent: the scripts run in strict mode. No secret travels here (parameters are
logged by module logging); ``passwords`` makes the pipeline input that carries them. The counterpart is ``answers.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from fleetdeploy.model import paths
from fleetdeploy.model.health import CheckSpec, HttpCheck, ScriptCheck, TcpCheck
from fleetdeploy.model.marks import ReleaseMark
from fleetdeploy.model.readiness import ReadyRequest
from fleetdeploy.model.scene import SceneRequest
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.service import Recovery, ServiceSpec
from fleetdeploy.model.verbs import (
    ActivateRequest,
    Actor,
    AppRef,
    Claim,
    CloseRequest,
    Expected,
    OpenRequest,
    ProbeRequest,
)

_QUICK_S = 3.0
"""How long the evidence may hold up the way back inside ``activate``: nothing new is begun after that."""


def parameters(app: AppRef, nonce: str, request: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that every script has."""
    return {
        "App": app.app,
        "Service": app.service,
        "Root": app.root,
        "Nonce": nonce,
        "Request": json.dumps(request, separators=(",", ":")),
    }


def claim(value: Claim) -> dict[str, Any]:
    """What a changing verb shows at the door."""
    return {"rollout": value.rollout, "conductor": value.conductor, "token": value.token, "step": value.step}


def actor(value: Actor) -> str:
    """Kept as one text on the host: it is only ever shown."""
    return json.dumps(asdict(value), separators=(",", ":"))


def open_(value: OpenRequest, lock_wait_s: float) -> dict[str, Any]:
    """The request of ``open``."""
    expected = value.expected
    return {
        "rollout": value.rollout,
        "conductor": value.conductor,
        "kind": value.kind,
        "undoes": value.undoes,
        "plan_digest": value.plan_digest,
        "machines": dict(value.machines),
        "actor": actor(value.actor),
        "ttl_ms": int(value.ttl_s * 1000),
        "mode": value.mode.value,
        "expected": None
        if expected is None
        else {"rollout": expected[0], "conductor": expected[1], "token": expected[2]},
        "direction": value.direction,
        "strong": value.strong,
        "opened_at": value.opened_at,
        "target": value.target,
        "lock_wait_s": lock_wait_s,
    }


def close(value: CloseRequest, lock_wait_s: float) -> dict[str, Any]:
    """The request of ``close``."""
    return {
        "claim": claim(value.claim),
        "kind": value.kind,
        "outcome": value.outcome,
        "also": [{"rollout": rollout, "outcome": outcome} for rollout, outcome in value.also],
        "machines": dict(value.machines),
        "withdraw": value.withdraw,
        "restore": value.restore,
        "by": value.by,
        "mark": None if value.mark is None else asdict(value.mark),
        "lock_wait_s": lock_wait_s,
    }


def ready(value: ReadyRequest) -> dict[str, Any]:
    """The request of ``ready``."""
    return {
        "claim": claim(value.claim),
        "exe_path": value.exe_path,
        "exe_sha256": value.exe_sha256,
        "expected": None if value.expected is None else expected(value.expected),
        "need_bytes": value.need_bytes,
        "lock_wait_s": value.lock_wait_s,
    }


def mark(value: ReleaseMark, lock_wait_s: float) -> dict[str, Any]:
    """The request of ``mark``."""
    return {"mark": asdict(value), "lock_wait_s": lock_wait_s}


def activate(value: ActivateRequest) -> dict[str, Any]:
    """The request of ``activate``. Paths are built here, so that plan, host and probe mean the same file."""
    spec = value.spec
    named = spec is not None and uses_workdir(spec)
    return {
        "claim": claim(value.claim),
        "direction": value.direction,
        "spec": None if spec is None else service(spec),
        "image_path": "" if spec is None else paths.image_path(spec, value.release, value.exe),
        "exe_path": "" if spec is None else paths.release_exe(spec.root, spec.app, value.release, value.exe),
        "folders": [paths.working_directory(spec)] if spec is not None and named else [],
        "release": value.release,
        "version": value.version,
        "manifest_sha256": value.manifest_sha256,
        "exe_sha256": value.exe_sha256,
        "expected": None if value.expected is None else expected(value.expected),
        "undo": value.undo,
        # One text: the host keeps it and never reads it.
        "checks": json.dumps(
            {
                "checks": [stored_check(check) for check in value.checks],
                "timing": dict(value.timing),
                "logs": [] if spec is None else list(paths.log_patterns(spec)),
            },
            separators=(",", ":"),
        ),
        "allow_stopped": value.allow_stopped,
        "settle_s": value.settle_s,
        "stop_timeout_s": value.stop_timeout_s,
        "start_timeout_s": value.start_timeout_s,
        "lock_wait_s": value.lock_wait_s,
        "undone_mark": value.undone_mark,
        # What is gathered if the switch fails, before it is put back.
        "scene": scene(
            SceneRequest(
                logs=() if spec is None else paths.log_patterns(spec), ports=ports(value.checks), budget_s=_QUICK_S
            )
        ),
        "one_way": value.one_way,
    }


def scene(value: SceneRequest) -> dict[str, Any]:
    """What part of the scene is wanted."""
    return {
        "rollout": value.rollout,
        "stored": False,
        "logs": list(value.logs),
        "ports": list(value.ports),
        "lines": value.lines,
        "since_ms": int(value.since_s * 1000),
        "brief": value.brief,
        "budget_ms": int(value.budget_s * 1000),
    }


def ports(checks: tuple[CheckSpec, ...]) -> tuple[int, ...]:
    """Ports that the checks expect somebody to listen on."""
    found = (check.port for check in checks if isinstance(check, (TcpCheck, HttpCheck)))
    return tuple(dict.fromkeys(found))


def expected(value: Expected) -> dict[str, Any]:
    """What the plan found."""
    return asdict(value)


def service(spec: ServiceSpec) -> dict[str, Any]:
    """What of a service's configuration the project names; ``None`` is left alone on the host."""
    return {
        "display_name": spec.display_name,
        "description": spec.description,
        "start_type": spec.start_type,
        "account": spec.account,
        "dependencies": None if spec.dependencies is None else list(spec.dependencies),
        "environment": environment(spec),
        "recovery": None if spec.recovery is None else recovery(spec.recovery),
    }


def uses_workdir(spec: ServiceSpec) -> bool:
    """Whether the app has a working directory that must exist before the service starts."""
    texts = [*spec.arguments, *(value for _, value in spec.environment or ())]
    return spec.working_directory is not None or any("{workdir}" in text for text in texts)


def environment(spec: ServiceSpec) -> list[str] | None:
    """The service's environment block as ``NAME=value``; None if the project names none."""
    if spec.environment is None:
        return None
    folder = paths.working_directory(spec)
    return [f"{name}={value.replace('{workdir}', folder)}" for name, value in spec.environment]


def recovery(value: Recovery) -> dict[str, Any]:
    """Recovery as sc.exe wants it: an empty word is "take no action"."""
    words = [f"{'' if kind == 'none' else kind}/{delay}" for kind, delay in value.actions]
    return {"reset_s": value.reset_s, "actions": "/".join(words), "on_non_crash": value.on_non_crash}


def probe(value: ProbeRequest) -> dict[str, Any]:
    """The request of ``probe``; checks from the controller are not the host's business."""
    return {
        "window_ms": int(value.window_s * 1000),
        "interval_ms": max(100, int(value.interval_s * 1000)),
        "wanted_image": value.wanted_image,
        "wanted_sha256": value.wanted_sha256,
        "checks": [_check(check, value.version) for check in value.checks if check.vantage == "host"],
    }


def stored_check(check: CheckSpec) -> dict[str, Any]:
    """A check as it is kept with a release; ``memory.py`` reads it back."""
    return asdict(check)


def _check(check: CheckSpec, version: str) -> dict[str, Any]:
    def filled(text: str | None) -> str | None:
        return None if text is None else text.replace("{version}", version)

    common: dict[str, Any] = {"name": check.name, "kind": check.kind, "timeout_ms": int(check.timeout_s * 1000)}
    match check:
        case TcpCheck():
            return common | {"port": check.port}
        case HttpCheck():
            return common | {
                "url": f"{check.scheme}://127.0.0.1:{check.port}{check.path}",
                "status": list(check.status),
                "contains": filled(check.contains),
                "json_path": check.json_path,
                "equals": filled(check.equals),
            }
        case ScriptCheck():
            values = [{"name": name, "value": filled(value)} for name, value in check.parameters]
            return common | {"script": check.script, "parameters": values}


def passwords(wanted: Secret | None, previous: Secret | None) -> Iterator[bytes | str] | None:
    """Pipeline input with the accounts' passwords; None if there are none."""
    if wanted is None and previous is None:
        return None

    def items() -> Iterator[bytes | str]:
        yield json.dumps(
            {
                "wanted": "" if wanted is None else wanted.reveal(),
                "previous": "" if previous is None else previous.reveal(),
            }
        )

    return items()
