"""What a Windows exe says of itself: the PE machine, and the build info that the Go linker leaves in the clear.

Reads a file that somebody else made, so every offset and length is checked; a broken file ends in ``Refused``, never
in another exception and never in a large allocation. A PE without Go build info (packed, or not Go) is not an error:
it has no ``go_version``. The value of ``-ldflags`` is dropped, since ``-X main.token=…`` stands there readable.
"""

from __future__ import annotations

import io
import json
import os
import re
import struct
from pathlib import Path
from typing import BinaryIO, final

from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model.artifact import BuildInfo

MACHINES = {0x8664: "amd64", 0xAA64: "arm64", 0x014C: "386"}
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_ALIGN = 16
_INLINE_STRINGS = 0x2
_MAX_STRING = 4 * 1024 * 1024
_CHUNK = 1024 * 1024
_DLL = 0x2000
_CODE, _WRITE = 0x20, 0x80000000
_SENTINEL = 16


@final
class _Broken(Exception):
    """The bytes do not add up; becomes ``Refused`` at the door."""


def read_build_info(path: Path | str) -> BuildInfo:
    """Machine and Go build info of an exe.

    Raises:
        Refused: it cannot be read, or it is no Windows program.
    """
    try:
        with Path(path).open("rb") as stream:
            return _read(stream)
    except OSError as problem:
        what = f"{path} cannot be read: {problem.strerror}"
    except _Broken as problem:
        what = f"{path} is no Windows program: {problem}"
    raise Refused(what, reason=RefusalReason.ARTIFACT, next_steps=("build it with GOOS=windows go build",))


def parse_build_info(data: bytes) -> BuildInfo:
    """The same for bytes in memory.

    Raises:
        Refused: no Windows program.
    """
    try:
        return _read(io.BytesIO(data))
    except _Broken as problem:
        what = f"no Windows program: {problem}"
    raise Refused(what, reason=RefusalReason.ARTIFACT)


def _exactly(stream: BinaryIO, offset: int, size: int) -> bytes:
    stream.seek(offset)
    data = stream.read(size)
    if len(data) != size:
        raise _Broken("it ends in the middle of a header")
    return data


def _read(stream: BinaryIO) -> BuildInfo:
    size = stream.seek(0, os.SEEK_END)
    if size < 64 or _exactly(stream, 0, 2) != b"MZ":
        raise _Broken("it does not begin with MZ")
    (at,) = struct.unpack("<I", _exactly(stream, 0x3C, 4))
    if at + 24 > size or _exactly(stream, at, 4) != b"PE\0\0":
        raise _Broken("it has no PE header")
    machine, count, _, _, _, optional, flags = struct.unpack("<HHIIIHH", _exactly(stream, at + 4, 20))
    if machine not in MACHINES:
        raise _Broken(f"unknown machine 0x{machine:04x}")
    if flags & _DLL:
        raise _Broken("it is a DLL")
    if not 1 <= count <= 96:
        raise _Broken(f"{count} sections")
    table = _exactly(stream, at + 24 + optional, 40 * count)
    sections: list[tuple[bool, int, int]] = []
    for index in range(count):
        _, _, _, raw_size, raw_at, _, _, _, _, marks = struct.unpack_from("<8sIIIIIIHHI", table, 40 * index)
        if raw_size and raw_at < size and not marks & _CODE:
            sections.append((not marks & _WRITE, raw_at, min(raw_size, size - raw_at)))
    for _, start, length in sorted(sections):  # Go's linker puts it into a writable section
        found = _find_magic(stream, start, length)
        if found is not None:
            return _build_info(MACHINES[machine], stream, found, start + length)
    return BuildInfo(machine=MACHINES[machine])


def _find_magic(stream: BinaryIO, start: int, length: int) -> int | None:
    """File offset of the magic, 16-byte aligned within its section."""
    done = 0
    while done < length:
        stream.seek(start + done)
        data = stream.read(min(_CHUNK, length - done))
        at = data.find(_MAGIC)
        while at >= 0:
            if at % _ALIGN == 0:
                return start + done + at
            at = data.find(_MAGIC, at + 1)
        if len(data) < _CHUNK:
            return None
        done += _CHUNK
    return None


def _build_info(machine: str, stream: BinaryIO, at: int, end: int) -> BuildInfo:
    """Both strings behind the header; what cannot be read is simply not known."""
    stream.seek(at)
    header = stream.read(_HEADER)
    if len(header) < _HEADER or not header[15] & _INLINE_STRINGS:
        return BuildInfo(machine=machine)  # before Go 1.18: pointers into the image
    version, position = _string(stream, at + _HEADER, end)
    text, _ = _string(stream, position, end) if position else (b"", 0)
    if len(text) >= 2 * _SENTINEL + 1 and text[-_SENTINEL - 1 : -_SENTINEL] == b"\n":
        text = text[_SENTINEL:-_SENTINEL]
    else:
        text = b""
    return _parse_module(machine, version.decode("utf-8", "replace"), text.decode("utf-8", "replace"))


def _string(stream: BinaryIO, at: int, end: int) -> tuple[bytes, int]:
    """A uvarint length and that many bytes; ``(b"", 0)`` if they do not lie within the section."""
    stream.seek(at)
    head = stream.read(min(10, max(0, end - at)))
    length = shift = used = 0
    for byte in head:
        length |= (byte & 0x7F) << shift
        shift += 7
        used += 1
        if byte < 0x80:
            break
    else:
        return b"", 0
    if length > _MAX_STRING or at + used + length > end:
        return b"", 0
    stream.seek(at + used)
    data = stream.read(length)
    return (data, at + used + length) if len(data) == length else (b"", 0)


def _parse_module(machine: str, version: str, text: str) -> BuildInfo:
    path = module_version = ""
    settings: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split("\t")
        if words[0] == "path" and len(words) > 1:
            path = words[1]
        elif words[0] == "mod" and len(words) > 2:
            module_version = words[2]
        elif words[0] == "build" and len(words) > 1:
            key, separator, value = line.partition("\t")[2].partition("=")
            if separator:
                settings[key] = "(not shown)" if key == "-ldflags" else _unquote(value)
    if not re.search(r"go\d|devel", version):
        version = ""
    return BuildInfo(machine, version, path, module_version, settings)


def _unquote(value: str) -> str:
    """Go quotes a value that has blanks or quotes in it."""
    if len(value) >= 2 and value[0] == value[-1] == "`":
        return value[1:-1]
    if len(value) >= 2 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
