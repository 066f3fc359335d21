"""Uploads a release: compressed once per process, in chunks and segments, resumable, verified on the host.

A chunk is what fits one WS-Management envelope (283,000 bytes, measured best), a segment what one pipeline may receive
before its quota (50 MB of PSRP bytes, design.md section 4). Nothing is sent to a host that has the release. What is on
the host decides where to go on; nothing here remembers. The host's side is ``stage.ps1.j2`` and ``receive.ps1.j2``.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from fleetdeploy.errors import AnswerLost, Busy, HostError, ScriptFailed, Unreachable
from fleetdeploy.model.artifact import Artifact, FileEntry
from fleetdeploy.model.verbs import Claim, StageResult

CHUNK_BYTES = 283_000
SEGMENT_BYTES = 16 * 1024 * 1024 // CHUNK_BYTES * CHUNK_BYTES
RESUMES = 4
"""How often one file's upload is picked up again after an error on the way."""

SEGMENT_S = 20.0
"""A segment ends early on a slow line: each one begins with a sign of life (protocol.md rule 14)."""

_SEGMENT_DEADLINE_S = 300.0
_FINISH_DEADLINE_S = 300.0
_SPOOL_BYTES = 64 * 1024 * 1024


class Call(Protocol):
    """How a script is called: name, request, chunks of input, seconds. ``HostVerbs`` gives it."""

    def __call__(
        self, name: str, request: Mapping[str, Any], chunks: Iterator[bytes | str] | None, deadline_s: float, /
    ) -> dict[str, Any]: ...


class _Packed:
    """The compressed form of one file, made once and read by many threads."""

    def __init__(self, source: Path) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115
        # mtime 0: the same bytes each time, so that an upload can be resumed by another process.
        with source.open("rb") as raw, gzip.GzipFile("", "wb", 6, self._file, mtime=0) as packed:
            shutil.copyfileobj(raw, packed, 1024 * 1024)
        self.size = self._file.tell()
        self._lock = threading.Lock()
        weakref.finalize(self, self._file.close)

    def read(self, offset: int, count: int) -> bytes:
        with self._lock:
            self._file.seek(offset)
            return self._file.read(count)


_cache: weakref.WeakValueDictionary[str, _Packed] = weakref.WeakValueDictionary()
_making: dict[str, threading.Lock] = {}
_guard = threading.Lock()


def packed(entry: FileEntry, path: Path) -> _Packed:
    """The compressed form of a file of a manifest; threads that want the same one share it."""
    with _guard:
        lock = _making.setdefault(entry.sha256, threading.Lock())
    with lock:
        found = _cache.get(entry.sha256)
        if found is None:
            found = _cache[entry.sha256] = _Packed(path)
        return found


def stage(
    call: Call,
    claim: Claim,
    artifact: Artifact,
    *,
    host: str,
    lock_wait_s: float,
    progress: Callable[[int, int], None] | None = None,
) -> StageResult:
    """Put the release on the host.

    Raises:
        HostError: it could not be put there; nothing that runs was touched.
    """
    request: dict[str, Any] = {
        "claim": {
            "rollout": claim.rollout,
            "conductor": claim.conductor,
            "token": claim.token,
            "step": claim.step,
        },
        "lock_wait_s": lock_wait_s,
        "phase": "check",
        "release": artifact.release_name,
        "version": artifact.version,
        "manifest_sha256": artifact.manifest.sha256,
        "exe_sha256": artifact.exe_sha256,
        "files": [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in artifact.manifest.files],
        # Compressed and whole, for a moment.
        "need_bytes": 2 * artifact.manifest.size + 16 * 1024 * 1024,
    }
    answer = _patient(call, "stage", request)
    if answer["done"]:
        return StageResult(artifact.release_name, 0, already=True)
    parts = [packed(entry, Path(artifact.local_paths[entry.path])) for entry in artifact.manifest.files]
    total, sent = sum(part.size for part in parts), 0
    for number, part in enumerate(parts):
        offset = int(answer["have"][number])
        if offset > part.size:
            raise ScriptFailed(f"{host}: the upload on the host is longer than the file", host=host, error_id="offset")
        before = sum(p.size for p in parts[:number])
        sent += _send(call, request, number, part, offset, partial(_tell, progress, before, total))
    finish = _patient(call, "stage", request | {"phase": "finish"})
    if not finish["done"]:
        raise ScriptFailed(f"{host}: the release is not in place: {finish['wrong']}", host=host, error_id="files")
    return StageResult(artifact.release_name, sent, already=False)


def _tell(progress: Callable[[int, int], None] | None, before: int, total: int, done: int) -> None:
    if progress is not None:
        progress(before + done, total)


def _send(
    call: Call, request: Mapping[str, Any], number: int, part: _Packed, offset: int, tell: Callable[[int], None]
) -> int:
    """Send one file from ``offset`` on, segment by segment; ask the host where it stands after an error."""
    sent, resumes = 0, 0
    while offset < part.size:
        end = min(offset + SEGMENT_BYTES, part.size)
        receive = {
            "claim": request["claim"],
            "lock_wait_s": request["lock_wait_s"],
            "release": request["release"],
            "number": number,
            "offset": offset,
        }
        counted = [0]
        cut: list[Exception] = []

        def chunks(
            begin: int = offset, stop: int = end, counted: list[int] = counted, cut: list[Exception] = cut
        ) -> Iterator[bytes | str]:
            until = time.monotonic() + SEGMENT_S
            for at in range(begin, stop, CHUNK_BYTES):
                if at > begin and time.monotonic() > until:
                    return
                chunk = part.read(at, min(CHUNK_BYTES, stop - at))
                counted[0] += len(chunk)
                yield chunk
                try:
                    tell(at + len(chunk))
                except Exception as error:  # noqa: BLE001 - raised below
                    # Whoever is told wants no more. Raised through the wire it would look like a broken line, be tried
                    # again and leave a shell behind each time; so the input ends here, and the script with it.
                    cut.append(error)
                    return

        try:
            offset = int(call("receive", receive, chunks(), _SEGMENT_DEADLINE_S)["size"])
        except (AnswerLost, Unreachable, Busy, ScriptFailed) as error:
            if cut:
                raise cut[0] from error
            # Only an offset that does not fit may be cured by looking again; a full disk is not.
            if resumes >= RESUMES or (isinstance(error, ScriptFailed) and error.error_id != "offset"):
                raise
            resumes += 1
            answer = _patient(call, "stage", request)
            if answer["done"]:
                return sent + counted[0]
            offset = int(answer["have"][number])
        finally:
            sent += counted[0]
        if cut:
            raise cut[0]
    return sent


def _patient(call: Call, name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Staging may be repeated after a lost answer: it looks first, and changes nothing that runs."""
    for attempt in range(3):
        try:
            return call(name, request, None, _FINISH_DEADLINE_S)
        except AnswerLost as error:
            last: HostError = error
            if attempt == 2:
                raise
    raise last
