"""Small PE files written by hand from the format's description, for tests of the reader."""

from __future__ import annotations

import struct

MACHINES = {"amd64": 0x8664, "arm64": 0xAA64, "386": 0x014C}
MODULE = (
    "path\texample.com/shop/cmd/shop\n"
    "mod\texample.com/shop\tv1.4.2\th1:abc=\n"
    "dep\tgolang.org/x/sys\tv0.20.0\th1:def=\n"
    "build\t-buildmode=exe\n"
    'build\t-ldflags="-s -w -X main.token=hunter2"\n'
    "build\tGOARCH=amd64\n"
    "build\tGOOS=windows\n"
    "build\tvcs=git\n"
    "build\tvcs.revision=0123456789abcdef0123456789abcdef01234567\n"
)


def uvarint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def build_info(go: str = "go1.22.4", module: str = MODULE, flags: int = 2) -> bytes:
    text = b"\x30" * 16 + module.encode() + b"\xf9" * 16
    version = go.encode()
    return (
        b"\xff Go buildinf:"
        + bytes([8, flags])
        + b"\0" * 16
        + uvarint(len(version))
        + version
        + uvarint(len(text))
        + text
    )


def pe(
    machine: int | str = "amd64", data: bytes | None = None, *, flags: int = 0x22, count: int | None = None
) -> bytes:
    """DOS header, PE header, one code and one data section; ``data`` is the content of the data section."""
    data = b"\0" * 48 + build_info() if data is None else data
    number = MACHINES[machine] if isinstance(machine, str) else machine
    code = b"\xcc" * 512
    data = data.ljust(-(-len(data) // 512) * 512, b"\0")
    optional = b"\x0b\x02" + b"\0" * 238
    header = b"PE\0\0" + struct.pack("<HHIIIHH", number, 2 if count is None else count, 0, 0, 0, len(optional), flags)
    sections = struct.pack("<8sIIIIIIHHI", b".text", 512, 0x1000, 512, 1024, 0, 0, 0, 0, 0x60000020)
    sections += struct.pack("<8sIIIIIIHHI", b".data", len(data), 0x2000, len(data), 1536, 0, 0, 0, 0, 0xC0000040)
    head = b"MZ" + b"\0" * 58 + struct.pack("<I", 128)
    return (head.ljust(128, b"\0") + header + optional + sections).ljust(1024, b"\0") + code + data
