"""File contents by hash, shared by all hosts of the process: 500 hosts with one 15 MB exe cost one copy.

Contents are immutable; a file that is being written has its own buffer and comes here when it is closed. A content that
no file refers to any more is forgotten.
"""

from __future__ import annotations

import hashlib
import threading
import weakref


class Blob:
    """Immutable content and its SHA-256. ``facts`` is a place for what others derive from it (a parsed trailer)."""

    __slots__ = ("__weakref__", "data", "facts", "sha256")

    def __init__(self, data: bytes, sha256: str) -> None:
        self.data = data
        self.sha256 = sha256
        self.facts: dict[str, object] = {}


_lock = threading.Lock()
_known: weakref.WeakValueDictionary[str, Blob] = weakref.WeakValueDictionary()


def intern(data: bytes | bytearray | memoryview) -> Blob:
    """The one Blob with this content."""
    digest = hashlib.sha256(data).hexdigest()
    with _lock:
        blob = _known.get(digest)
        if blob is None:
            blob = Blob(bytes(data), digest)
            _known[digest] = blob
        return blob


EMPTY = intern(b"")
