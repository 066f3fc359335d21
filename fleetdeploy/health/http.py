"""HTTP from the controller: status, body and JSON value. The host's own probe does the same in PowerShell."""

from __future__ import annotations

import json
from typing import Any

import requests

from fleetdeploy.model.health import CheckFailure, HttpCheck

_MOST_BYTES = 1024 * 1024


def probe(check: HttpCheck, address: str, version: str) -> CheckFailure | None:
    """None if the answer is as the check wants it."""
    url = f"{check.scheme}://{address}:{check.port}{check.path}"
    try:
        # No proxy, no .netrc: what this machine's environment says must not decide whether a host is healthy.
        with requests.Session() as session:
            session.trust_env = False
            with session.get(url, timeout=check.timeout_s, allow_redirects=False, stream=True) as answer:
                body = answer.raw.read(_MOST_BYTES, decode_content=True)
                status = answer.status_code
    except (requests.RequestException, OSError, ValueError) as exc:
        return _failure(check, f"GET {url}: {type(exc).__name__}")
    if status not in check.status:
        return _failure(check, f"GET {url}: status {status}")
    text = body.decode("utf-8", "replace")
    if check.contains is not None and check.contains.replace("{version}", version) not in text:
        return _failure(check, f"GET {url}: the body does not contain the wanted text")
    if check.json_path is not None:
        return _json(check, url, text, version)
    return None


def _json(check: HttpCheck, url: str, text: str, version: str) -> CheckFailure | None:
    path = check.json_path or ""
    try:
        value: Any = json.loads(text)
        for part in path.removeprefix("$").strip(".").split("."):
            value = value[int(part)] if isinstance(value, list) else value[part]
    except (ValueError, KeyError, IndexError, TypeError):
        return _failure(check, f"GET {url}: no value at {path}")
    shown = value if isinstance(value, str) else json.dumps(value)
    if check.equals is not None and shown != check.equals.replace("{version}", version):
        return _failure(check, f"GET {url}: {path} is {shown[:80]!r}")
    return None


def _failure(check: HttpCheck, detail: str) -> CheckFailure:
    return CheckFailure(check.name, detail, check.compares_target)
