"""Plans that this machine has shown, by digest: so that a stale ``rollout --plan DIGEST`` can say what has moved.

A convenience, never needed: only what the digest covers is kept, and a plan that was made elsewhere is simply unknown.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any

from fleetdeploy.engine.journal import state_dir
from fleetdeploy.model.plan import Plan, moved
from fleetdeploy.model.secret import looks_secret

KEPT = 200
_DIGEST = re.compile(r"[0-9a-f]{12}")
# Values of an environment block are often secret: only that they differ is said.
_HIDDEN = "app.environment"
_USERINFO = re.compile(r"://[^/\s]*:[^/\s]*@")


def _folder() -> Path:
    return state_dir() / "plans"


def remember_plan(plan: Plan) -> None:
    """Keeps what the digest of this plan covers; not being able to is no error."""
    with contextlib.suppress(OSError):
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = folder / f"{plan.digest}.json"
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(plan.digest_input(), file)
        for old in sorted(folder.glob("*.json"), key=lambda f: f.stat().st_mtime, reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)


def is_digest(text: str) -> bool:
    """True for the digest of a plan; anything else that names a plan is a file."""
    return _DIGEST.fullmatch(text) is not None


def what_moved(digest: str, plan: Plan) -> tuple[str, ...]:
    """What differs between the plan of that digest and this one, one line each; () if that one is unknown here."""
    if not _DIGEST.fullmatch(digest):
        return ()
    try:
        before = json.loads((_folder() / f"{digest}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return _lines(before, plan) if isinstance(before, dict) else ()


def moved_since(before: Plan, plan: Plan) -> tuple[str, ...]:
    """What differs between two plans, one line each."""
    return _lines(json.loads(json.dumps(before.digest_input())), plan)


def _lines(before: dict[str, Any], plan: Plan) -> tuple[str, ...]:
    # The other one has been through JSON: lists where the plan has tuples.
    lines = moved(before, json.loads(json.dumps(plan.digest_input())))
    hidden = (line.startswith(_HIDDEN) or looks_secret(line) or _USERINFO.search(line) for line in lines)
    return tuple(
        f"{line.partition(':')[0]}: changed" if hide else line for line, hide in zip(lines, hidden, strict=True)
    )
