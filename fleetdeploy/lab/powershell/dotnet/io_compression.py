"""GZipStream and DeflateStream over another stream."""

from __future__ import annotations

import zlib

from fleetdeploy.lab.powershell.dotnet.io_streams import STREAM, Stream
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.values import EnumValue, define, define_enum

COMPRESSION = define_enum("System.IO.Compression.CompressionMode", "Decompress Compress")
LEVEL = define_enum("System.IO.Compression.CompressionLevel", "Optimal Fastest NoCompression")


class ZipStream(Stream):
    """GZipStream and DeflateStream."""

    can_seek = False

    def __init__(self, base: Stream, *, compress: bool, bits: int, leave_open: bool = False, level: int = 6) -> None:
        self.base = base
        self.leave_open = leave_open
        self.can_read = not compress
        self.can_write = compress
        self.packer = zlib.compressobj(level, zlib.DEFLATED, bits) if compress else None
        self.unpacker = None if compress else zlib.decompressobj(bits)
        self.bits = bits
        self.pending = b""

    def _more(self) -> bool:
        """Unpack another piece; false at the end."""
        if self.unpacker is None:
            throw("InvalidOperationException", "Reading from the compression stream is not supported.")
        try:
            if self.unpacker.unconsumed_tail:
                self.pending += self.unpacker.decompress(self.unpacker.unconsumed_tail, 1 << 20)
                return True
            if self.unpacker.eof:
                return False
            chunk = self.base.read(1 << 16)
            if not chunk:
                return False
            self.pending += self.unpacker.decompress(chunk, 1 << 20)
        except zlib.error:
            message = "Block length does not match with its complement."
            if self.bits == 31:
                message = "The magic number in GZip header is not correct. Make sure you are passing in a GZip stream."
            throw("System.IO.InvalidDataException", message)
        return True

    def read(self, count: int = -1) -> bytes:
        self.check()
        if count == 0:
            return b""
        while (count < 0 or not self.pending) and self._more():
            pass
        if count < 0:
            chunk, self.pending = self.pending, b""
        else:
            chunk, self.pending = self.pending[:count], self.pending[count:]
        return chunk

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.check()
        if self.packer is None:
            throw("InvalidOperationException", "Writing to the compression stream is not supported.")
        packed = self.packer.compress(data)
        if packed:
            self.base.write(packed)

    def close(self) -> None:
        if not self.closed:
            if self.packer is not None:
                self.base.write(self.packer.flush())
            if not self.leave_open:
                self.base.close()
        self.closed = True


class GZip(ZipStream):
    """Its own class, so that the type is told apart."""


class Deflate(ZipStream):
    """Its own class, so that the type is told apart."""


def _compressor(name: str, made: type[ZipStream], bits: int) -> None:
    kind = define(f"System.IO.Compression.{name}", STREAM, py=made, closed=True)

    @kind.ctor(
        "(System.IO.Stream stream, System.IO.Compression.CompressionMode mode)",
        "(System.IO.Stream stream, System.IO.Compression.CompressionMode mode, bool leaveOpen)",
    )
    def by_mode(base: Stream, mode: EnumValue, leave_open: bool = False) -> ZipStream:
        return made(base, compress=mode.name == "Compress", bits=bits, leave_open=leave_open)

    @kind.ctor(
        "(System.IO.Stream stream, System.IO.Compression.CompressionLevel level)",
        "(System.IO.Stream stream, System.IO.Compression.CompressionLevel level, bool leaveOpen)",
    )
    def by_level(base: Stream, level: EnumValue, leave_open: bool = False) -> ZipStream:
        number = {"Optimal": 6, "Fastest": 1, "NoCompression": 0}[level.name]
        return made(base, compress=True, bits=bits, leave_open=leave_open, level=number)

    kind.prop("BaseStream", "object", lambda stream: stream.base)


_compressor("GZipStream", GZip, 31)
_compressor("DeflateStream", Deflate, -15)
