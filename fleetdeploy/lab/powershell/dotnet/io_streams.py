"""Streams: FileStream over the simulated file system, MemoryStream. Compressing ones: ``io_compression``."""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.binary import check_range
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range, throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    ByteArray,
    EnumValue,
    Int64,
    NetObject,
    define,
    define_enum,
)
from fleetdeploy.lab.windows.nodes import Access, FileHandle, Share
from fleetdeploy.lab.windows.paths import full_path

CWD = "C:\\Windows\\system32"
MODE = define_enum("System.IO.FileMode", "CreateNew=1 Create=2 Open=3 OpenOrCreate=4 Truncate=5 Append=6")
ACCESS = define_enum("System.IO.FileAccess", "Read=1 Write=2 ReadWrite=3", flags=True)
SHARE = define_enum("System.IO.FileShare", "None=0 Read=1 Write=2 ReadWrite=3 Delete=4 Inheritable=16", flags=True)
ORIGIN = define_enum("System.IO.SeekOrigin", "Begin Current End")
define_enum(
    "System.IO.FileOptions",
    {"None": 0, "Encrypted": 16384, "DeleteOnClose": 67108864, "SequentialScan": 134217728, "RandomAccess": 268435456,
     "Asynchronous": 1073741824, "WriteThrough": -2147483648},
    flags=True,
)  # fmt: skip


def need(machine: Any) -> Any:
    if machine is None:
        raise NotSimulated("files without a machine")
    return machine


def path_of(path: str | None, name: str = "path") -> str:
    """A full path of the simulated host, with .NET's argument errors."""
    if path is None:
        argument_null(name)
    if path == "":
        throw("ArgumentException", "Empty path name is not legal.", hresult=-2147024809)
    if not path.strip():
        throw("ArgumentException", "The path is not of a legal form.", hresult=-2147024809)
    return full_path(path, CWD)


class Stream(NetObject):
    """What all streams share; ``closed`` streams throw."""

    can_read = True
    can_write = True
    can_seek = True
    closed = False

    def read(self, count: int = -1) -> bytes:
        raise NotImplementedError

    def write(self, data: bytes | bytearray | memoryview) -> None:
        raise NotImplementedError

    def seek(self, position: int) -> None:
        throw("NotSupportedException", "This operation is not supported.")

    def tell(self) -> int:
        throw("NotSupportedException", "This operation is not supported.")

    def size(self) -> int:
        throw("NotSupportedException", "This operation is not supported.")

    def resize(self, length: int) -> None:
        throw("NotSupportedException", "This operation is not supported.")

    def flush(self) -> None:
        self.check()

    def close(self) -> None:
        self.closed = True

    def check(self) -> None:
        if self.closed:
            throw("ObjectDisposedException", "Cannot access a closed Stream.")


class FileStream(Stream):
    """An open file of the simulated host."""

    def __init__(self, handle: FileHandle) -> None:
        self.handle = handle
        self.name = handle.path
        self.can_read = bool(handle.access & Access.READ)
        self.can_write = bool(handle.access & Access.WRITE)

    def check(self) -> None:
        if self.closed or self.handle.closed:
            throw("ObjectDisposedException", "Cannot access a closed file.")

    def read(self, count: int = -1) -> bytes:
        return self.handle.read(count)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.handle.write(data)

    def seek(self, position: int) -> None:
        self.check()
        if self.handle.append_from is not None and position < self.handle.append_from:
            throw(
                "IOException",
                "Unable seek backward to overwrite data that previously existed in a file opened in Append mode.",
            )
        self.handle.position = position

    def tell(self) -> int:
        self.check()
        return self.handle.position

    def size(self) -> int:
        self.check()
        return self.handle.length

    def resize(self, length: int) -> None:
        self.handle.set_length(length)

    def flush(self) -> None:
        self.handle.flush()

    def close(self) -> None:
        self.closed = True
        self.handle.close()


class MemoryStream(Stream):
    def __init__(self, data: bytearray | None = None, *, writable: bool = True, fixed: bool = False) -> None:
        self.data = bytearray() if data is None else data
        self.position = 0
        self.can_write = writable
        self.fixed = fixed

    @property
    def readable(self) -> bool:
        return not self.closed

    def read(self, count: int = -1) -> bytes:
        self.check()
        end = len(self.data) if count < 0 else self.position + count
        chunk = bytes(self.data[self.position : end])
        self.position += len(chunk)
        return chunk

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.check()
        if not self.can_write:
            throw("NotSupportedException", "Stream does not support writing.")
        end = self.position + len(data)
        if end > len(self.data):
            if self.fixed:
                throw("NotSupportedException", "Memory stream is not expandable.")
            self.data.extend(bytes(end - len(self.data)))
        self.data[self.position : end] = data
        self.position = end

    def seek(self, position: int) -> None:
        self.check()
        self.position = position

    def tell(self) -> int:
        self.check()
        return self.position

    def size(self) -> int:
        self.check()
        return len(self.data)

    def resize(self, length: int) -> None:
        self.check()
        del self.data[length:]
        self.data.extend(bytes(length - len(self.data)))
        self.position = min(self.position, length)


STREAM = define("System.IO.Stream", py=Stream, interfaces=("System.IDisposable",), closed=True, abstract=True)
FILE_STREAM = define("System.IO.FileStream", STREAM, py=FileStream, closed=True)
MEMORY = define("System.IO.MemoryStream", STREAM, py=MemoryStream, closed=True)
STREAM.prop("Length", "long", lambda stream: Int64(stream.size()))
STREAM.prop("CanRead", "bool", lambda stream: stream.can_read and not stream.closed)
STREAM.prop("CanWrite", "bool", lambda stream: stream.can_write and not stream.closed)
STREAM.prop("CanSeek", "bool", lambda stream: stream.can_seek and not stream.closed)
STREAM.prop("CanTimeout", "bool", lambda stream: False)
FILE_STREAM.prop("Name", "string", lambda stream: stream.name)
FILE_STREAM.prop("IsAsync", "bool", lambda stream: False)


def _move(stream: Stream, position: int) -> None:
    if position < 0:
        out_of_range("value", "Non-negative number required.")
    stream.seek(int(position))


STREAM.prop("Position", "long", lambda stream: Int64(stream.tell()), _move)


@STREAM.method("Read(byte[] buffer, int offset, int count)")
def _read(stream: Stream, buffer: ByteArray | None, at: int, count: int) -> int:
    if buffer is None:
        argument_null("buffer")
    check_range(buffer, at, count)
    stream.check()
    if not stream.can_read:
        throw("NotSupportedException", "Stream does not support reading.")
    chunk = stream.read(count)
    buffer.data[at : at + len(chunk)] = chunk
    return len(chunk)


@STREAM.method("Write(byte[] buffer, int offset, int count)")
def _write(stream: Stream, buffer: ByteArray | None, at: int, count: int) -> Any:
    if buffer is None:
        argument_null("buffer")
    check_range(buffer, at, count)
    stream.check()
    if not stream.can_write:
        throw("NotSupportedException", "Stream does not support writing.")
    stream.write(bytes(buffer.data) if at == 0 and count == len(buffer) else bytes(buffer.data[at : at + count]))
    return NOTHING


@STREAM.method("ReadByte()")
def _read_byte(stream: Stream) -> int:
    stream.check()
    chunk = stream.read(1)
    return chunk[0] if chunk else -1


@STREAM.method("WriteByte(byte value)")
def _write_byte(stream: Stream, value: int) -> Any:
    stream.check()
    stream.write(bytes([value]))
    return NOTHING


@STREAM.method("Seek(long offset, System.IO.SeekOrigin origin)")
def _seek(stream: Stream, offset: int, origin: EnumValue) -> Int64:
    base = {"Begin": 0, "Current": 1, "End": 2}[origin.name]
    start = 0 if base == 0 else stream.tell() if base == 1 else stream.size()
    if start + offset < 0:
        throw("IOException", "An attempt was made to move the file pointer before the beginning of the file.")
    stream.seek(start + int(offset))
    return Int64(stream.tell())


@STREAM.method("SetLength(long value)")
def _set_length(stream: Stream, length: int) -> Any:
    stream.resize(int(length))
    return NOTHING


def _flush(stream: Stream, to_disk: bool = False) -> Any:
    del to_disk
    stream.flush()
    return NOTHING


def _close(stream: Any) -> Any:
    stream.close()
    return NOTHING


STREAM.method("Flush()")(_flush)
FILE_STREAM.method("Flush()", "Flush(bool flushToDisk)")(_flush)
STREAM.method("Close()", "Dispose()")(_close)


@STREAM.method("CopyTo(System.IO.Stream target)", "CopyTo(System.IO.Stream target, int bufferSize)")
def _copy_to(stream: Stream, target: Stream, size: int = 81920) -> Any:
    del size
    stream.check()
    while chunk := stream.read(1 << 20):
        target.write(chunk)
    return NOTHING


FILE_STREAM.method("Lock(long position, long length)", "Unlock(long position, long length)")(
    lambda stream, position, length: _refuse("byte range locks")
)


def _refuse(what: str) -> Any:
    raise NotSimulated(what)


def open_file(machine: Any, path: str, mode: str, access: int | None = None, share: int = 1) -> FileStream:
    """new FileStream(...): ``access`` by default what the mode allows."""
    if access is None:
        access = 2 if mode == "Append" else 3
    if mode in ("CreateNew", "Create", "Truncate") and not access & 2:
        throw("ArgumentException", f"Combining FileMode: {mode} with FileAccess: Read is invalid.")
    if mode == "Append" and access & 1:
        throw("ArgumentException", "Append access can be requested only in write-only mode.")
    return FileStream(need(machine).fs.open(path_of(path), mode, Access(access), Share(share & 7)))


_M, _A, _S = "System.IO.FileMode mode", "System.IO.FileAccess access", "System.IO.FileShare share"


@FILE_STREAM.ctor(
    f"(string path, {_M})",
    f"(string path, {_M}, {_A})",
    f"(string path, {_M}, {_A}, {_S})",
    f"(string path, {_M}, {_A}, {_S}, int bufferSize)",
    machine=True,
)
def _new_file_stream(
    machine: Any,
    path: str,
    mode: EnumValue,
    access: EnumValue | None = None,
    share: EnumValue | None = None,
    size: int = 0,
) -> FileStream:
    del size
    return open_file(
        machine, path, mode.name, None if access is None else access.value, 1 if share is None else share.value
    )


@FILE_STREAM.ctor(f"(string path, {_M}, {_A}, {_S}, int bufferSize, System.IO.FileOptions options)", machine=True)
def _new_with_options(
    machine: Any, path: str, mode: EnumValue, access: EnumValue, share: EnumValue, size: int, options: EnumValue
) -> FileStream:
    del size
    if options.value & 67108864:
        raise NotSimulated("FileOptions.DeleteOnClose")
    return open_file(machine, path, mode.name, access.value, share.value)


MEMORY.ctor("()")(MemoryStream)
MEMORY.ctor("(int capacity)")(lambda capacity: MemoryStream())
MEMORY.ctor("(byte[] buffer)")(lambda data: MemoryStream(data.data, fixed=True))
MEMORY.ctor("(byte[] buffer, bool writable)")(
    lambda data, writable: MemoryStream(data.data, writable=writable, fixed=True)
)
MEMORY.ctor("(byte[] buffer, int index, int count)")(
    lambda data, at, count: MemoryStream(bytearray(data.data[at : at + count]), fixed=True)
)
MEMORY.method("ToArray()")(lambda stream: ByteArray(bytes(stream.data)))
MEMORY.method("GetBuffer()")(lambda stream: ByteArray(stream.data))
MEMORY.prop("Capacity", "int", lambda stream: len(stream.data))


@MEMORY.method("WriteTo(System.IO.Stream target)")
def _write_to(stream: MemoryStream, target: Stream) -> Any:
    target.write(bytes(stream.data))
    return NOTHING
