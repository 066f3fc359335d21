"""The chain of a rollout's events: each row's hash covers the row before it. Pure; ``verify.py`` walks it.

It shows that rows were changed, lost or put in between; it does not stop somebody who may write the store and
computes the whole chain anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

HEAD = ("id", "kind", "fleet", "app", "version", "digest", "undoes", "actor", "started_at")


def dump(value: Any) -> str:
    """JSON as it is stored: readable, but always valid UTF-8 (a host may say half a character)."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def load(text: str) -> Any:
    """What ``dump`` wrote; a damaged text comes back as it is: whoever only reads must not fail for it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def canonical(value: Any) -> bytes:
    """The one way to write a value down, for hashing."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def genesis(head: Mapping[str, Any], plan: Any) -> str:
    """Where a rollout's chain starts: what it is, and its plan."""
    return hashlib.sha256(canonical({**{name: head[name] for name in HEAD}, "plan": plan})).hexdigest()


def link(before: str, *, rollout: str, n: int, at: str, conductor: str, event: Any) -> str:
    """The hash of event ``n`` of a rollout (1 is the first); ``event`` as it is read back from the store."""
    row = {"rollout": rollout, "n": n, "at": at, "conductor": conductor, "event": event}
    return hashlib.sha256(before.encode("ascii") + canonical(row)).hexdigest()
