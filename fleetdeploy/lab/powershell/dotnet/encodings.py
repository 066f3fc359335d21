"""System.Text.Encoding and the classes of its encodings."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range, throw
from fleetdeploy.lab.powershell.values import (
    CHAR,
    ByteArray,
    Char,
    NetObject,
    PSArray,
    PSType,
    define,
)

_CLASSES = {
    "utf-16-le": "UnicodeEncoding",
    "ascii": "ASCIIEncoding",
    "utf-32-le": "UTF32Encoding",
    "latin-1": "Latin1Encoding",
    "cp1252": "SBCSCodePageEncoding",
}


class Encoding(NetObject):
    """One encoding; ``codec`` is Python's name."""

    def __init__(self, codec: str, web_name: str, page: int, preamble: bytes = b"", *, strict: bool = False) -> None:
        self.codec = codec
        self.web_name = web_name
        self.page = page
        self.preamble = preamble
        self.strict = strict

    @property
    def net_type(self) -> PSType:
        """Each has a class of its own; GetEncoding and Default give code page classes."""
        return _TYPES[self.codec]

    def encode(self, text: str) -> bytes:
        if self.codec.startswith("utf"):
            return text.encode(self.codec, "strict" if self.strict else "replace")
        return text.encode(self.codec, "replace")

    def decode(self, data: bytes) -> str:
        if self.codec == "ascii":
            return "".join(chr(byte) if byte < 128 else "?" for byte in data)
        try:
            return data.decode(self.codec, "strict" if self.strict else "replace")
        except UnicodeDecodeError as failure:
            byte = data[failure.start]
            throw(
                "System.Text.DecoderFallbackException",
                f"Unable to translate bytes [{byte:02X}] at index {failure.start} from specified code page to Unicode.",
            )


class UTF8(Encoding):
    """Its own type in .NET."""

    def __init__(self, *, bom: bool, strict: bool = False) -> None:
        super().__init__("utf-8", "utf-8", 65001, b"\xef\xbb\xbf" if bom else b"", strict=strict)


ENCODING = define("System.Text.Encoding", py=Encoding, closed=False)
UTF8_ENCODING = define("System.Text.UTF8Encoding", ENCODING, py=UTF8)
_TYPES = {codec: define(f"System.Text.{name}", ENCODING) for codec, name in _CLASSES.items()}
_TYPES |= {"utf-8": UTF8_ENCODING, "utf-16-be": _TYPES["utf-16-le"]}
UTF8_DEFAULT = UTF8(bom=True)
UTF8_NO_BOM = UTF8(bom=False)
_KNOWN = {
    "UTF8": UTF8_DEFAULT,
    "Unicode": Encoding("utf-16-le", "utf-16", 1200, b"\xff\xfe"),
    "BigEndianUnicode": Encoding("utf-16-be", "utf-16BE", 1201, b"\xfe\xff"),
    "ASCII": Encoding("ascii", "us-ascii", 20127),
    "UTF32": Encoding("utf-32-le", "utf-32", 12000, b"\xff\xfe\0\0"),
    "Default": Encoding("cp1252", "Windows-1252", 1252),
}
for _name, _encoding in _KNOWN.items():
    ENCODING.static_prop(_name, "object", lambda _, held=_encoding: held)  # type: ignore[misc]
for _codec, _made in (("ascii", _KNOWN["ASCII"]), ("utf-16-le", _KNOWN["Unicode"])):
    _TYPES[_codec].ctor("()")(lambda held=_made: held)
_LATIN = Encoding("latin-1", "iso-8859-1", 28591)


@ENCODING.static("GetEncoding(string name)", "GetEncoding(int page)")
def _get_encoding(name: Any) -> Encoding:
    wanted = str(name).lower()
    names = {"utf8": "utf-8", "ascii": "us-ascii", "unicode": "utf-16", "latin1": "iso-8859-1", "utf-16le": "utf-16"}
    wanted = names.get(wanted, wanted)
    for known in (*_KNOWN.values(), _LATIN):
        if wanted in (known.web_name.lower(), str(known.page)):
            return known
    raise NotSimulated(f"the encoding {name}")


ENCODING.prop("WebName", "string", lambda encoding: encoding.web_name)
ENCODING.prop("CodePage", "int", lambda encoding: encoding.page)
ENCODING.method("GetBytes(string s)")(lambda encoding, text: ByteArray(encoding.encode(text)))
ENCODING.method("GetBytes(char[] chars)")(lambda encoding, chars: ByteArray(encoding.encode("".join(chars))))
ENCODING.method("GetByteCount(string s)")(lambda encoding, text: len(encoding.encode(text)))
ENCODING.method("GetPreamble()")(lambda encoding: ByteArray(encoding.preamble))
ENCODING.method("GetMaxByteCount(int count)")(lambda encoding, count: (count + 1) * 3)


@ENCODING.method("GetString(byte[] bytes)", "GetString(byte[] bytes, int index, int count)")
def _get_string(encoding: Encoding, data: ByteArray | None, at: int = 0, count: int | None = None) -> str:
    if data is None:
        argument_null("bytes")
    end = len(data) if count is None else at + count
    if at < 0 or end > len(data) or end < at:
        out_of_range("bytes", "Index and count must refer to a location within the buffer.")
    return encoding.decode(bytes(data.data[at:end]))


@ENCODING.method("GetChars(byte[] bytes)")
def _get_chars(encoding: Encoding, data: ByteArray) -> PSArray:
    return PSArray([Char(char) for char in encoding.decode(bytes(data.data))], CHAR)


UTF8_ENCODING.ctor("()")(lambda: UTF8(bom=False))
UTF8_ENCODING.ctor("(bool bom)")(lambda bom: UTF8(bom=bom))
UTF8_ENCODING.ctor("(bool bom, bool strict)")(lambda bom, strict: UTF8(bom=bom, strict=strict))
