"""Message sealing of WinRM over plain HTTP: the multipart body around a sealed message.

Only packs and unpacks; the security context comes from the connection (``auth.py``).
"""

from __future__ import annotations

import re
import struct
from typing import Protocol

BOUNDARY = b"--Encrypted Boundary"
_LENGTH = re.compile(rb"Length=(\d+)")
_PAYLOAD = b"Content-Type: application/octet-stream\r\n"


class SecurityContext(Protocol):
    """What sealing needs of a pyspnego context."""

    def unwrap_winrm(self, header: bytes, data: bytes) -> bytes: ...

    def wrap_winrm(self, data: bytes) -> tuple[bytes, bytes, int]: ...


class BrokenSeal(Exception):
    """The body cannot be opened with this connection's context (real hosts answer 400)."""


def is_sealed(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/encrypted")


def unseal(context: SecurityContext, body: bytes) -> bytes:
    """The plain message. Slices by length and last boundary: sealed bytes may contain anything, boundaries too."""
    start = body.find(_PAYLOAD)
    end = body.rfind(BOUNDARY + b"--")
    length = _LENGTH.search(body, 0, max(0, start))
    if start < 0 or end < 0 or length is None:
        raise BrokenSeal("not a sealed message")
    sealed = body[start + len(_PAYLOAD) : end]
    if len(sealed) < 4:
        raise BrokenSeal("no signature")
    size = struct.unpack_from("<i", sealed)[0]
    if not 0 < size <= 4096:
        raise BrokenSeal("signature length")
    try:
        plain = context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :])
    except Exception as error:
        raise BrokenSeal(type(error).__name__) from error
    if len(plain) != int(length[1]):
        raise BrokenSeal("length differs")
    return plain


def seal(context: SecurityContext, protocol: str, plain: bytes) -> tuple[str, bytes]:
    """Content type and body."""
    header, data, padding = context.wrap_winrm(plain)
    body = b"".join(
        (
            BOUNDARY,
            b"\r\n\tContent-Type: ",
            protocol.encode(),
            b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=",
            str(len(plain) + padding).encode(),
            b"\r\n",
            BOUNDARY,
            b"\r\n\tContent-Type: application/octet-stream\r\n",
            struct.pack("<i", len(header)),
            header,
            data,
            BOUNDARY,
            b"--\r\n",
        )
    )
    return f'multipart/encrypted;protocol="{protocol}";boundary="Encrypted Boundary"', body
