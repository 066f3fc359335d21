"""SHA-256 of files, and the checksum files that name the expected ones (``sha256sum``, BSD style, a bare hash).

Reads only. What to do with a hash that differs is said in ``resolve.py``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from fleetdeploy.errors import RefusalReason, Refused

_GNU = re.compile(r"^\\?(?P<hash>[0-9A-Fa-f]{64})(?:\s+\*?(?P<name>\S.*?))?\s*$")
_BSD = re.compile(r"^SHA256 \((?P<name>.+)\) = (?P<hash>[0-9A-Fa-f]{64})\s*$")
_MAX_BYTES = 16 * 1024 * 1024


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 in lower-case hex, and the size.

    Raises:
        Refused: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1024 * 1024):
                digest.update(chunk)
                size += len(chunk)
    except OSError as problem:
        raise Refused(f"{path} cannot be read: {problem.strerror}", reason=RefusalReason.ARTIFACT) from None
    return digest.hexdigest(), size


def read_sums(path: Path) -> tuple[tuple[str, str], ...]:
    """(name, hash) per line; the name is empty for a bare hash. Blank lines and ``#`` lines do not count.

    Raises:
        Refused: unreadable, or a line that is no checksum.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as problem:
        raise Refused(
            f"the checksum file {path} cannot be read: {problem.strerror}", reason=RefusalReason.ARTIFACT
        ) from None
    if len(data) > _MAX_BYTES:
        raise Refused(f"{path} is too large to be a checksum file", reason=RefusalReason.ARTIFACT)
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"  # PowerShell's > writes UTF-16
    lines = data.decode(encoding, "replace").splitlines()
    sums: list[tuple[str, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _GNU.match(line.strip()) or _BSD.match(line.strip())
        if not found:
            raise Refused(f"{path}:{number}: not a checksum line (<sha256>  <file>)", reason=RefusalReason.ARTIFACT)
        sums.append(((found["name"] or "").replace("\\", "/").removeprefix("./"), found["hash"].lower()))
    if not sums:
        raise Refused(f"the checksum file {path} is empty", reason=RefusalReason.ARTIFACT)
    return tuple(sums)


def expected_hash(path: Path, file: Path) -> str:
    """What a checksum file says of ``file``: its own line, or the only line if that is a bare hash.

    Raises:
        Refused: it says nothing of it, or two different things.
    """
    sums = read_sums(path)
    if len(sums) == 1 and not sums[0][0]:
        return sums[0][1]
    named = {value for name, value in sums if name and name.rsplit("/", 1)[-1].lower() == file.name.lower()}
    if len(named) > 1:  # the same name in several folders: only the line with the folder counts
        named = {value for name, value in sums if name and (path.parent / name).resolve() == file.resolve()}
    if len(named) != 1:
        raise Refused(f"the checksum file {path} does not name {file.name}", reason=RefusalReason.ARTIFACT)
    return named.pop()
