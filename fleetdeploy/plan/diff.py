"""What of a service's configuration would change: the spec's named values beside what the host reported (pure).

What ``fleetdeploy.yml`` does not name is left alone and so never differs. Values are numbers and registry values, never
localised text (design.md section 4).
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import Any

from fleetdeploy.model.paths import image_path, working_directory
from fleetdeploy.model.plan import ConfigChange
from fleetdeploy.model.secret import MASK, looks_secret
from fleetdeploy.model.service import Recovery, ServiceSpec
from fleetdeploy.model.verbs import Snapshot

_USERINFO = re.compile(r"://[^/\s]*:[^/\s]*@")
_KINDS = {0: "none", 1: "restart", 2: "reboot", 3: "run"}
# Names that mean the same account to Windows.
_ACCOUNTS = {
    "": "localsystem",
    "localsystem": "localsystem",
    "nt authority\\system": "localsystem",
    ".\\localsystem": "localsystem",
    "nt authority\\localservice": "localservice",
    "nt authority\\local service": "localservice",
    "localservice": "localservice",
    "nt authority\\networkservice": "networkservice",
    "nt authority\\network service": "networkservice",
    "networkservice": "networkservice",
}


def account_key(name: str) -> str:
    """Comparable form of an account name."""
    low = name.strip().lower()
    return _ACCOUNTS.get(low, low)


def needs_password(account: str) -> bool:
    """True for an account that can only be set with its password: not built in, not virtual, not managed (``$``)."""
    key = account_key(account)
    if key in ("localsystem", "localservice", "networkservice") or key.startswith("nt service\\"):
        return False
    return not key.endswith("$")


def recovery_of(snapshot: Snapshot) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Reset period and actions out of the registry's FailureActions blob; (0, ()) if there is none or it is broken."""
    text = snapshot.values.get("failure_actions")
    if not text:
        return 0, ()
    try:
        blob = base64.b64decode(str(text), validate=True)
        reset, _, _, count, _ = struct.unpack_from("<IIIII", blob)
        pairs = [struct.unpack_from("<II", blob, 20 + 8 * i) for i in range(count)]
    except (binascii.Error, ValueError, struct.error):
        return 0, ()
    return reset, tuple((_KINDS.get(kind, str(kind)), delay) for kind, delay in pairs)


def config_diff(spec: ServiceSpec, snapshot: Snapshot | None, release: str, exe: str) -> tuple[ConfigChange, ...]:
    """Every named value that is not as the spec wants it; with no snapshot (first install) all of them."""
    have: dict[str, Any] = dict(snapshot.values) if snapshot else {}
    changes: list[ConfigChange] = []

    def compare(key: str, old: object, new: object, *, same: bool) -> None:
        if not same or snapshot is None:
            changes.append(ConfigChange(key, "" if snapshot is None else _show(old), _show(new)))

    wanted_path = image_path(spec, release, exe)
    path = str(have.get("image_path") or "")
    compare("image_path", masked_path(path), masked_path(wanted_path), same=path == wanted_path)
    for key in ("display_name", "description"):
        wanted = getattr(spec, key)
        if wanted is not None:
            compare(key, have.get(key), wanted, same=(have.get(key) or "") == wanted)
    if spec.start_type is not None:
        current = "delayed-auto" if have.get("start_type") == "auto" and have.get("delayed") else have.get("start_type")
        compare("start_type", current, spec.start_type, same=current == spec.start_type)
    if spec.account is not None:
        current = str(have.get("account") or "")
        compare("account", current, spec.account, same=account_key(current) == account_key(spec.account))
    if spec.dependencies is not None:
        old = tuple(str(d) for d in have.get("dependencies") or ())
        same = sorted(d.lower() for d in old) == sorted(d.lower() for d in spec.dependencies)
        compare("dependencies", old, spec.dependencies, same=same)
    if spec.environment is not None:
        workdir = working_directory(spec)
        new = tuple(f"{k}={v.replace('{workdir}', workdir)}" for k, v in spec.environment)
        env = tuple(str(e) for e in have.get("environment") or ())
        compare("environment", _names(env), _names(new), same=sorted(env) == sorted(new))
    if spec.recovery is not None and snapshot is not None:
        changes += _recovery_diff(spec.recovery, snapshot)
    elif spec.recovery is not None:
        changes.append(ConfigChange("recovery", "", show_recovery(spec.recovery.reset_s, spec.recovery.actions)))
    return tuple(changes)


def _recovery_diff(wanted: Recovery, snapshot: Snapshot) -> list[ConfigChange]:
    reset, actions = recovery_of(snapshot)
    flag = bool(snapshot.values.get("failure_flag") or 0)
    out: list[ConfigChange] = []
    # The SCM keeps no reset period of a service that has no actions.
    if actions != wanted.actions or (wanted.actions and reset != wanted.reset_s):
        new = show_recovery(wanted.reset_s, wanted.actions)
        out.append(ConfigChange("recovery", show_recovery(reset, actions), new))
    if flag != wanted.on_non_crash:
        out.append(ConfigChange("recovery.on_non_crash", str(flag).lower(), str(wanted.on_non_crash).lower()))
    return out


def _names(block: tuple[str, ...]) -> str:
    """Names only: values of an environment block are often secret."""
    return ", ".join(sorted(e.partition("=")[0] for e in block)) or "(none)"


def masked_path(path: str) -> str:
    """An ImagePath without arguments that look like a secret: what changes is shown in CI logs."""
    exe, suffix, rest = (
        re.split(r"(\.exe\"?)", path, maxsplit=1, flags=re.IGNORECASE) if ".exe" in path.lower() else (path, "", "")
    )
    return f"{exe}{suffix} ({MASK})" if looks_secret(rest) or _USERINFO.search(rest) else path


def _show(value: object) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, (tuple, list)):
        return ", ".join(str(v) for v in value) or "(none)"
    return str(value)


def show_recovery(reset: int, actions: tuple[tuple[str, int], ...]) -> str:
    """Recovery as people read it."""
    if not actions:
        return "(none)"
    return "/".join(f"{kind} after {delay / 1000:g}s" for kind, delay in actions) + f", reset {reset}s"
