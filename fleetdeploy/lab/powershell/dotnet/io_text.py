"""Readers and writers over streams: StreamReader, StreamWriter, StringReader, BinaryReader, BinaryWriter."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.dotnet.encodings import UTF8_NO_BOM, Encoding
from fleetdeploy.lab.powershell.dotnet.io_streams import Stream, _close, _flush, open_file
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    Byte,
    ByteArray,
    Char,
    NetObject,
    PSArray,
    define,
)


# -- readers and writers ------------------------------------------------------------------------------------------
class Reader(NetObject):
    """StreamReader and StringReader: text decoded at once, given out in pieces."""

    def __init__(self, stream: Stream | None, encoding: Encoding | None, text: str | None = None) -> None:
        self.stream = stream
        self.encoding = encoding or UTF8_NO_BOM
        self._text = text
        self.at = 0
        self.closed = False

    @property
    def text(self) -> str:
        if self.closed:
            throw("ObjectDisposedException", "Cannot read from a closed TextReader.")
        if self._text is None and self.stream is not None:
            self._text = decode_detecting(self.stream.read(), self.encoding)
        return self._text or ""

    def more(self) -> str:
        """The text, with what has been written behind the end since the last read."""
        text = self.text
        if self.at >= len(text) and self.stream is not None:
            self._text = text = text + self.encoding.decode(self.stream.read())
        return text

    def line(self) -> str | None:
        text = self.more()
        if self.at >= len(text):
            return None
        end = self.at
        while end < len(text) and text[end] not in "\r\n":
            end += 1
        found = text[self.at : end]
        self.at = end + (2 if text[end : end + 2] == "\r\n" else 1)
        return found

    def rest(self) -> str:
        found = self.more()[self.at :]
        self.at = len(self.text)
        return found

    def close(self) -> None:
        self.closed = True
        if self.stream is not None:
            self.stream.close()


class StringReader(Reader):
    """Its own class, so that the type is told apart."""


def decode_detecting(data: bytes, encoding: Encoding) -> str:
    """Text of a file: a byte order mark wins over the encoding asked for."""
    for mark, codec in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe\0\0", "utf-32-le"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if data.startswith(mark):
            return data[len(mark) :].decode(codec, "replace")
    return encoding.decode(data)


TEXT_READER = define("System.IO.TextReader", interfaces=("System.IDisposable",), closed=True)
STREAM_READER = define("System.IO.StreamReader", TEXT_READER, py=Reader, closed=True)
STRING_READER = define("System.IO.StringReader", TEXT_READER, py=StringReader, closed=True)
TEXT_READER.method("ReadLine()")(Reader.line)
TEXT_READER.method("ReadToEnd()")(Reader.rest)
TEXT_READER.method("Close()", "Dispose()")(_close)
STREAM_READER.prop("EndOfStream", "bool", lambda reader: reader.at >= len(reader.text))
STREAM_READER.prop("BaseStream", "object", lambda reader: reader.stream)
STREAM_READER.prop("CurrentEncoding", "object", lambda reader: reader.encoding)


def _peek(reader: Reader, *, take: bool) -> int:
    text = reader.text
    if reader.at >= len(text):
        return -1
    char = ord(text[reader.at])
    reader.at += 1 if take else 0
    return char


TEXT_READER.method("Read()")(lambda reader: _peek(reader, take=True))
TEXT_READER.method("Peek()")(lambda reader: _peek(reader, take=False))
STREAM_READER.ctor("(System.IO.Stream stream)", "(System.IO.Stream stream, System.Text.Encoding encoding)")(
    lambda stream, encoding=None: Reader(stream, encoding)
)
STREAM_READER.ctor("(string path)", "(string path, System.Text.Encoding encoding)", machine=True)(
    lambda machine, path, encoding=None: Reader(open_file(machine, path, "Open", 1, 1), encoding)
)
STRING_READER.ctor("(string s)")(lambda text: StringReader(None, None, text))


class Writer(NetObject):
    """StreamWriter and StringWriter."""

    def __init__(self, stream: Stream | None, encoding: Encoding | None) -> None:
        self.stream = stream
        self.encoding = encoding or UTF8_NO_BOM
        self.pending = ""
        self.auto_flush = False
        self.new_line = "\r\n"
        self.closed = False
        self.fresh = stream is not None and stream.can_seek and stream.tell() == 0

    def put(self, text: str) -> None:
        if self.closed:
            throw("ObjectDisposedException", "Cannot write to a closed TextWriter.")
        self.pending += text
        if self.auto_flush:
            self.flush()

    def flush(self) -> None:
        if self.stream is None:
            return
        data = self.encoding.encode(self.pending)
        if self.fresh:
            data = self.encoding.preamble + data
            self.fresh = False
        self.pending = ""
        if data:
            self.stream.write(data)

    def close(self) -> None:
        if not self.closed:
            self.flush()
            if self.stream is not None:
                self.stream.close()
        self.closed = True

    def to_net_string(self) -> str:
        return self.pending if self.stream is None else "System.IO.StreamWriter"


class StringWriter(Writer):
    """Its own class, so that the type is told apart."""

    def __init__(self) -> None:
        super().__init__(None, None)


TEXT_WRITER = define("System.IO.TextWriter", interfaces=("System.IDisposable",), closed=True)
STREAM_WRITER = define("System.IO.StreamWriter", TEXT_WRITER, py=Writer, closed=True)
define("System.IO.StringWriter", TEXT_WRITER, py=StringWriter, closed=True).ctor("()")(StringWriter)


def _put(writer: Writer, value: Any = "", *, line: bool) -> Any:
    writer.put(convert.net_to_string(value) + (writer.new_line if line else ""))
    return NOTHING


TEXT_WRITER.method("Write(string value)", "Write(object value)")(lambda writer, value: _put(writer, value, line=False))
TEXT_WRITER.method("WriteLine()", "WriteLine(string value)", "WriteLine(object value)")(
    lambda writer, value="": _put(writer, value, line=True)
)
TEXT_WRITER.method("Flush()")(_flush)
TEXT_WRITER.method("Close()", "Dispose()")(_close)
TEXT_WRITER.prop("NewLine", "string", lambda w: w.new_line, lambda w, value: setattr(w, "new_line", value))
STREAM_WRITER.prop("AutoFlush", "bool", lambda w: w.auto_flush, lambda w, value: setattr(w, "auto_flush", value))
STREAM_WRITER.prop("BaseStream", "object", lambda writer: writer.stream)
STREAM_WRITER.ctor("(System.IO.Stream stream)", "(System.IO.Stream stream, System.Text.Encoding encoding)")(
    Writer_ := lambda stream, encoding=None: Writer(stream, encoding)
)


@STREAM_WRITER.ctor(
    "(string path)",
    "(string path, bool append)",
    "(string path, bool append, System.Text.Encoding encoding)",
    machine=True,
)
def _writer_for(machine: Any, path: str, append: bool = False, encoding: Encoding | None = None) -> Writer:
    stream = open_file(machine, path, "Append" if append else "Create", 2, 1)
    return Writer(stream, encoding)


# -- BinaryReader, BinaryWriter -----------------------------------------------------------------------------------
class Binary(NetObject):
    """A binary reader or writer over a stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def close(self) -> None:
        self.stream.close()

    def flush(self) -> None:
        self.stream.flush()


class BinaryReader(Binary):
    def take(self, count: int) -> bytes:
        chunk = self.stream.read(count)
        if len(chunk) < count:
            throw("System.IO.EndOfStreamException", "Unable to read beyond the end of the stream.")
        return chunk

    def size_prefix(self) -> int:
        result = shift = 0
        while True:
            byte = self.take(1)[0]
            result |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return result


class BinaryWriter(Binary):
    pass


BINARY_READER = define("System.IO.BinaryReader", py=BinaryReader, interfaces=("System.IDisposable",), closed=True)
BINARY_WRITER = define("System.IO.BinaryWriter", py=BinaryWriter, interfaces=("System.IDisposable",), closed=True)
for _kind, _made in ((BINARY_READER, BinaryReader), (BINARY_WRITER, BinaryWriter)):
    _kind.ctor("(System.IO.Stream stream)", "(System.IO.Stream stream, System.Text.Encoding encoding)")(
        lambda stream, encoding=None, made=_made: made(stream)
    )
    _kind.method("Close()", "Dispose()")(_close)
    _kind.prop("BaseStream", "object", lambda binary: binary.stream)
BINARY_WRITER.method("Flush()")(_flush)


def _binary(name: str, code: str, type_name: str) -> None:
    size = struct.calcsize(code)

    def read(reader: BinaryReader) -> Any:
        from fleetdeploy.lab.powershell import types

        value = struct.unpack(code, reader.take(size))[0]
        kind = types.resolve(type_name)
        return value if kind is None else convert.to_type(value, kind)

    def write(writer: BinaryWriter, value: Any) -> Any:
        writer.stream.write(struct.pack(code, value))
        return NOTHING

    BINARY_READER.method(f"{name}()")(read)
    BINARY_WRITER.method(f"Write({type_name} value)")(write)


for _name, _code, _type in (
    ("ReadInt32", "<i", "int"),
    ("ReadBoolean", "<?", "bool"),
    ("ReadByte", "<B", "byte"),
    ("ReadInt16", "<h", "int16"),
    ("ReadInt64", "<q", "long"),
    ("ReadUInt16", "<H", "uint16"),
    ("ReadUInt32", "<I", "uint32"),
    ("ReadUInt64", "<Q", "uint64"),
    ("ReadDouble", "<d", "double"),
    ("ReadSingle", "<f", "float"),
):
    _binary(_name, _code, _type)
BINARY_READER.method("ReadBytes(int count)")(lambda reader, count: ByteArray(reader.stream.read(count)))
BINARY_READER.method("ReadString()")(lambda reader: reader.take(reader.size_prefix()).decode("utf-8", "replace"))


@BINARY_READER.method("PeekChar()")
def _peek_char(reader: BinaryReader) -> int:
    position = reader.stream.tell()
    chunk = reader.stream.read(1)
    reader.stream.seek(position)
    if chunk and chunk[0] > 127:
        raise NotSimulated("PeekChar on text beyond ASCII")
    return chunk[0] if chunk else -1


@BINARY_WRITER.method("Write(byte[] buffer)")
def _write_bytes(writer: BinaryWriter, data: ByteArray) -> Any:
    writer.stream.write(bytes(data.data))
    return NOTHING


@BINARY_WRITER.method("Write(string value)")
def _write_string(writer: BinaryWriter, text: str) -> Any:
    data = text.encode("utf-8", "replace")
    size = len(data)
    prefix = bytearray()
    while size >= 0x80:
        prefix.append(size & 0x7F | 0x80)
        size >>= 7
    prefix.append(size)
    writer.stream.write(bytes(prefix) + data)
    return NOTHING


@BINARY_WRITER.method("Write(char value)")
def _write_char(writer: BinaryWriter, char: Char) -> Any:
    writer.stream.write(char.encode("utf-8"))
    return NOTHING


_ = (Byte, PSArray, Callable)
