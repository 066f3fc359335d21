"""Encodings of text files as -Encoding names them in 5.1, their byte order marks, how a file's encoding is found out.

Registers no cmdlet; provider_content.py reads with it, provider_writing.py writes.
"""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param

ENCODINGS = {
    "default": ("cp1252", b""),
    "string": ("utf-16-le", b"\xff\xfe"),
    "unicode": ("utf-16-le", b"\xff\xfe"),
    "bigendianunicode": ("utf-16-be", b"\xfe\xff"),
    "utf8": ("utf-8", b"\xef\xbb\xbf"),
    "ascii": ("ascii", b""),
    "utf32": ("utf-32-le", b"\xff\xfe\x00\x00"),
}
_NAMES = (
    "Unknown",
    "String",
    "Unicode",
    "Byte",
    "BigEndianUnicode",
    "UTF8",
    "UTF7",
    "UTF32",
    "Ascii",
    "Default",
    "Oem",
)


def detect(data: bytes, default: str) -> tuple[str, bytes]:
    """(codec, byte order mark) of a file's bytes."""
    for name in ("utf32", "utf8", "unicode", "bigendianunicode"):
        codec, mark = ENCODINGS[name]
        if data.startswith(mark):
            return codec, mark
    return ENCODINGS[default][0], b""


def encode(text: str, codec: str) -> bytes:
    """As .NET encodes: what the code page does not have becomes a question mark."""
    return text.encode(codec, "surrogatepass" if codec.startswith("utf-16") else "replace")


def decode(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace")


def encoding_of(cmd: Cmdlet, ctx: CmdletContext, default: str) -> str:
    name = str(cmd.get("Encoding") or default).lower()
    if name == "unknown":
        name = "unicode"
    if name not in ENCODINGS and name != "byte":
        raise NotSimulated(f"-Encoding {name}", ctx.line)
    return name


ENCODING_PARAMETER = Param("Encoding", "string", validate_set=_NAMES)
