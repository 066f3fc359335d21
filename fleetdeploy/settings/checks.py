"""The ``checks`` list and the ``health`` section: what is looked at, from where, and for how long.

Reads only. ``health/`` runs the checks, ``policy/`` judges what they saw.
"""

from __future__ import annotations

import re
from pathlib import Path

from fleetdeploy.documents import Section, Value, did_you_mean
from fleetdeploy.errors import ConfigError
from fleetdeploy.model.health import CheckSpec, HealthSpec, HttpCheck, ScriptCheck, TcpCheck, Vantage
from fleetdeploy.settings.service import refuse_network_path

KINDS = ("http", "tcp", "script")
_VANTAGES: tuple[Vantage, ...] = ("host", "controller")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _./:-]{0,62}")
_JSON_PATH = re.compile(r"\$?\.?[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d{1,4}\])*")
_PARAMETER = re.compile(r"[A-Za-z_]\w{0,62}")
_MAX_SCRIPT = 256 * 1024


def read_checks(value: Value | None, directory: Path) -> tuple[CheckSpec, ...]:
    """All checks, in file order. Script files are read now: what was checked is what will run."""
    if value is None:
        return ()
    checks: list[CheckSpec] = []
    first: dict[str, int] = {}
    for item in value.items():
        check = _read_check(item, directory)
        if check.name.lower() in first:
            hint = ("give each a name: of its own",)
            raise item.error(
                f"a check {check.name!r} is there twice (line {first[check.name.lower()]})", next_steps=hint
            )
        first[check.name.lower()] = item.line
        checks.append(check)
    return tuple(checks)


def read_health(section: Section, checks: tuple[CheckSpec, ...]) -> HealthSpec:
    """Checks with their timing; whether the times fit together is judged in ``rules.py``."""
    default = HealthSpec()
    spec = HealthSpec(
        checks=checks,
        min_healthy_s=v.duration(0.1, 86400) if (v := section.get("min_healthy")) else default.min_healthy_s,
        deadline_s=v.duration(1, 86400) if (v := section.get("deadline")) else default.deadline_s,
        interval_s=v.duration(0.1, 600) if (v := section.get("interval")) else default.interval_s,
        min_samples=v.integer(2, 1000) if (v := section.get("min_samples")) else default.min_samples,
    )
    section.done()
    return spec


def _read_check(item: Value, directory: Path) -> CheckSpec:
    section = item.section()
    name_value = section.get("name")
    from_value = section.get("from")
    bodies = {kind: body for kind in KINDS if (body := section.get(kind)) is not None}
    if len(bodies) != 1:
        section.done()
        raise item.error(f"a check is exactly one of {', '.join(KINDS)}")
    section.done()
    kind, body = next(iter(bodies.items()))
    name = name_value.name(_NAME, "name of a check") if name_value else None
    vantage = from_value.choice(_VANTAGES) if from_value else "host"
    if kind == "http":
        return _read_http(body, name, vantage)
    if kind == "tcp":
        return _read_tcp(body, name, vantage)
    if vantage != "host" and from_value is not None:
        raise from_value.error("a script runs on the host")
    return _read_script(body, name, directory)


def _read_tcp(body: Value, name: str | None, vantage: Vantage) -> TcpCheck:
    section = body.section()
    port = section.need("port", "write  tcp: {port: 8080}").integer(1, 65535)
    timeout = section.get("timeout")
    section.done()
    return TcpCheck(name or f"tcp {port}", port, timeout.duration(0.1, 60) if timeout else 2.0, vantage)


def _read_http(body: Value, name: str | None, vantage: Vantage) -> HttpCheck:
    section = body.section()
    port = section.need("port", "write  http: {port: 8080, path: /healthz}").integer(1, 65535)
    path_value = section.get("path")
    path = path_value.text() if path_value else "/healthz"
    if path_value is not None and not re.fullmatch(r"/[\x21-\x7e]*", path):
        raise path_value.error(f"{path!r} is no path: it starts with / and has no blanks (write the port in port:)")
    status = section.get("status")
    contains = section.get("contains")
    json_path = section.get("json_path")
    equals = section.get("equals")
    scheme = section.get("scheme")
    timeout = section.get("timeout")
    section.done()
    if (json_path is None) != (equals is None):
        raise (json_path or equals or body).error(
            "json_path and equals belong together: which value, and what it must be"
        )
    if json_path is not None and not _JSON_PATH.fullmatch(json_path.text()):
        raise json_path.error(f"{json_path.text()!r} is no JSON path: write build.version or items[0].state")
    return HttpCheck(
        name=name or f"http {port}{path}",
        port=port,
        path=path,
        status=tuple(item.integer(100, 599) for item in status.items(or_one=True)) if status else (200,),
        contains=contains.text() if contains else None,
        json_path=json_path.text() if json_path else None,
        equals=equals.text() if equals else None,
        scheme=scheme.choice(("http", "https")) if scheme else "http",
        timeout_s=timeout.duration(0.1, 60) if timeout else 2.0,
        vantage=vantage,
    )


def _read_script(body: Value, name: str | None, directory: Path) -> ScriptCheck:
    section = body.section()
    file_value = section.need("file", "write  script: {file: checks/deep.ps1}")
    parameters = section.get("parameters")
    timeout = section.get("timeout")
    section.done()
    file = refuse_network_path(file_value)
    pairs: list[tuple[str, str]] = []
    for key, value in parameters.section().entries() if parameters else []:
        if not _PARAMETER.fullmatch(key):
            raise value.error(f"{key!r} is no parameter name", next_steps=did_you_mean(key, ()))
        pairs.append((key, "" if value.is_null else value.text()))
    return ScriptCheck(
        name=name or f"script {Path(file).name}",
        script=_read_text(file_value, directory / file),
        file=file,
        parameters=tuple(pairs),
        timeout_s=timeout.duration(0.1, 600) if timeout else 10.0,
    )


def _read_text(value: Value, path: Path) -> str:
    problem: ConfigError
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = value.error(f"{path} cannot be read: {error.strerror}")
        raise problem from None
    if len(data) > _MAX_SCRIPT:
        raise value.error(f"{path} is larger than {_MAX_SCRIPT // 1024} KB: that is no check")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise value.error(f"{path} is not UTF-8") from None
    if not text.strip():
        raise value.error(f"{path} is empty: it could never say that something is wrong")
    return text
