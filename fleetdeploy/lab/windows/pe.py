"""Makes and reads the executables of the lab: a small valid PE with Go build info, a JSON trailer, padding.

The trailer says what the program does when it is started (``program.py``); the size is whatever is asked for. Reading
is tolerant: a file without trailer is an ordinary program. Shares no code with the product's reader of such files.
Layout: DOS header, PE headers, .text, .data (build info, 16-byte aligned), padding, JSON, its length (4 bytes), magic.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MACHINES = {"amd64": 0x8664, "arm64": 0xAA64, "386": 0x014C}
TRAILER_MAGIC = b"LABPROG1"
BUILD_INFO_MAGIC = b"\xff Go buildinf:"
_MOD_START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
_MOD_END = bytes.fromhex("f932433186182072008242104116d8f2")


@dataclass(frozen=True, slots=True)
class GoBuild:
    """What ``go version -m`` shows of a binary."""

    go_version: str = "go1.22.4"
    path: str = "example.com/app"
    module: str = "example.com/app"
    version: str = "(devel)"
    goos: str = "windows"
    goarch: str = "amd64"
    settings: tuple[tuple[str, str], ...] = ()

    def text(self) -> str:
        lines = [f"path\t{self.path}", f"mod\t{self.module}\t{self.version}\t"]
        base = [("-buildmode", "exe"), ("-compiler", "gc"), ("-trimpath", "true"), ("CGO_ENABLED", "0")]
        target = [("GOARCH", self.goarch), ("GOOS", self.goos)]
        if self.goarch == "amd64":
            target.append(("GOAMD64", "v1"))
        lines += [f"build\t{k}={v}" for k, v in (*base, *target, *self.settings)]
        return "\n".join(lines) + "\n"


def make_exe(
    behaviour: Mapping[str, Any] | None,
    *,
    build: GoBuild | None = None,
    size: int = 64 * 1024,
    machine: str = "",
    seed: int = 0,
    go: bool = True,
) -> bytes:
    """An executable of ``size`` bytes (or the least possible). ``behaviour`` None: no trailer."""
    info = build if build is not None else GoBuild()
    arch = machine or info.goarch
    head = _headers(MACHINES[arch], _build_info(info) if go else b"\0" * 64)
    trailer = b""
    if behaviour is not None:
        body = json.dumps(behaviour, sort_keys=True).encode()
        trailer = body + struct.pack("<I", len(body)) + TRAILER_MAGIC
    return head + _padding(size - len(head) - len(trailer), seed) + trailer


def read_trailer(data: bytes) -> dict[str, Any] | None:
    """The behaviour behind the PE, or None."""
    if not data.endswith(TRAILER_MAGIC):
        return None
    end = len(data) - len(TRAILER_MAGIC) - 4
    (length,) = struct.unpack_from("<I", data, end)
    if not 0 < length <= end:
        return None
    try:
        value = json.loads(data[end - length : end])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def machine_of(data: bytes) -> int | None:
    """The COFF machine, or None: not a program that Windows would load."""
    if len(data) < 0x40 or data[:2] != b"MZ":
        return None
    (offset,) = struct.unpack_from("<I", data, 0x3C)
    if offset + 6 > len(data) or data[offset : offset + 4] != b"PE\0\0":
        return None
    return int(struct.unpack_from("<H", data, offset + 4)[0])


def go_version(data: bytes) -> tuple[int, int] | None:
    """(1, 22) of the build info, or None."""
    at = data.find(BUILD_INFO_MAGIC, 0, 1 << 20)
    if at < 0 or at + 48 > len(data):
        return None
    length = data[at + 32]
    words = data[at + 33 : at + 33 + length].decode("latin-1").removeprefix("go").split(".")
    try:
        return int(words[0]), int(words[1])
    except (IndexError, ValueError):
        return None


def _uvarint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _build_info(build: GoBuild) -> bytes:
    version = build.go_version.encode()
    module = _MOD_START + build.text().encode() + _MOD_END
    head = (BUILD_INFO_MAGIC + bytes([8, 2])).ljust(32, b"\0")
    return head + _uvarint(len(version)) + version + _uvarint(len(module)) + module


def _align(number: int, to: int) -> int:
    return (number + to - 1) // to * to


def _headers(machine: int, data: bytes) -> bytes:
    """DOS stub, COFF and optional header, section table, both sections, aligned to 512 bytes in the file."""
    plus = machine != MACHINES["386"]
    text = (b"\x31\xc0\xc3").ljust(512, b"\xcc")
    data_raw = data.ljust(_align(len(data), 512), b"\0")
    text_at, data_at = 0x1000, 0x2000
    image = _align(data_at + len(data_raw), 0x1000)
    dos = (b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8").ljust(0x3C, b"\0") + struct.pack("<I", 0x80)
    dos = dos.ljust(0x80, b"\0")
    optional_size = 240 if plus else 224
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 2, 0, 0, 0, optional_size, 0x0022 if plus else 0x0102)
    magic = 0x20B if plus else 0x10B
    opt = struct.pack("<HBBIIIII", magic, 3, 0, 512, len(data_raw), 0, text_at, text_at)
    opt += struct.pack("<Q", 0x140000000) if plus else struct.pack("<II", data_at, 0x400000)
    opt += struct.pack(
        "<IIHHHHHHIIIIHH", 0x1000, 512, 6, 1, 1, 0, 6, 1, 0, image, 1024, 0, 3, 0x8160 if plus else 0x8140
    )
    opt += struct.pack("<QQQQ" if plus else "<IIII", 0x200000, 0x1FF000 // 0x1000 * 0x1000, 0x100000, 0x1000)
    opt += struct.pack("<II", 0, 16) + bytes(16 * 8)
    sections = struct.pack("<8sIIIIIIHHI", b".text", 3, text_at, 512, 1024, 0, 0, 0, 0, 0x60000020)
    sections += struct.pack("<8sIIIIIIHHI", b".data", len(data), data_at, len(data_raw), 1536, 0, 0, 0, 0, 0xC0000040)
    return (dos + coff + opt.ljust(optional_size, b"\0") + sections).ljust(1024, b"\0") + text + data_raw


def _padding(count: int, seed: int) -> bytes:
    """Bytes that compress to about 40 %, as a stripped Go binary does."""
    if count <= 0:
        return b""
    rng = random.Random(seed)  # noqa: S311 - filler, not a secret
    noise = rng.randbytes(min(count, int(count * 0.4) + 1))
    return noise + bytes(count - len(noise))
