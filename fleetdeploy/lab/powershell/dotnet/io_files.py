"""System.IO.File and FileInfo over the simulated file system. Directories: ``io_directories``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fleetdeploy.lab.powershell.dotnet.encodings import UTF8_NO_BOM, Encoding
from fleetdeploy.lab.powershell.dotnet.io_items import (
    DIRECTORY_INFO,
    FILE_ATTRIBUTES,
    FILE_INFO,
    DirectoryInfo,
    FileInfo,
)
from fleetdeploy.lab.powershell.dotnet.io_streams import CWD, FileStream, need, open_file, path_of
from fleetdeploy.lab.powershell.dotnet.io_text import Reader, Writer, decode_detecting
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import STRING, ByteArray, DateTime, EnumValue, PSArray, define, define_enum
from fleetdeploy.lab.windows.errors import FileError
from fleetdeploy.lab.windows.files import Info
from fleetdeploy.lab.windows.paths import full_path

define_enum("System.IO.SearchOption", "TopDirectoryOnly AllDirectories")
NEVER = datetime(1601, 1, 1, tzinfo=UTC)


def to_date(moment: datetime, kind: str) -> DateTime:
    delta = moment - datetime(1, 1, 1, tzinfo=UTC)
    return DateTime((delta.days * 86400 + delta.seconds) * 10_000_000 + delta.microseconds * 10, kind)


def from_date(value: DateTime) -> datetime:
    return value.py.replace(tzinfo=UTC)


# -- File ---------------------------------------------------------------------------------------------------------
FILE = define("System.IO.File", closed=True)
_E = "System.Text.Encoding encoding"


def existing(machine: Any, path: str | None, *, directory: bool) -> bool:
    if not path or not path.strip():
        return False
    try:
        full = full_path(path, CWD)
    except FileError:
        return False
    fs = need(machine).fs
    return bool(fs.is_dir(full) if directory else fs.is_file(full))


FILE.static("Exists(string path)", machine=True)(lambda machine, path: existing(machine, path, directory=False))


def _read_all(machine: Any, path: str) -> bytes:
    return bytes(need(machine).fs.read_bytes(path_of(path)))


def _write_all(machine: Any, path: str, data: bytes) -> Any:
    need(machine).fs.write_bytes(path_of(path), data)
    return NOTHING


FILE.static("ReadAllBytes(string path)", machine=True)(lambda machine, path: ByteArray(_read_all(machine, path)))
FILE.static("ReadAllText(string path)", f"ReadAllText(string path, {_E})", machine=True)(
    lambda machine, path, encoding=UTF8_NO_BOM: decode_detecting(_read_all(machine, path), encoding)
)


def _lines(text: str) -> PSArray:
    lines = re.split(r"\r\n|\r|\n", text)
    if lines and lines[-1] == "":
        lines.pop()
    return PSArray(lines, STRING)


FILE.static("ReadAllLines(string path)", f"ReadAllLines(string path, {_E})", "ReadLines(string path)", machine=True)(
    lambda machine, path, encoding=UTF8_NO_BOM: _lines(decode_detecting(_read_all(machine, path), encoding))
)


@FILE.static("WriteAllBytes(string path, byte[] bytes)", machine=True)
def _write_bytes(machine: Any, path: str, data: ByteArray | None) -> Any:
    if data is None:
        argument_null("bytes")
    return _write_all(machine, path, bytes(data.data))


@FILE.static(
    "WriteAllText(string path, string contents)", f"WriteAllText(string path, string contents, {_E})", machine=True
)
def _write_text(machine: Any, path: str, text: str | None, encoding: Encoding = UTF8_NO_BOM) -> Any:
    return _write_all(machine, path, encoding.preamble + encoding.encode(text or ""))


@FILE.static(
    "WriteAllLines(string path, string[] lines)", f"WriteAllLines(string path, string[] lines, {_E})", machine=True
)
def _write_lines(machine: Any, path: str, lines: PSArray, encoding: Encoding = UTF8_NO_BOM) -> Any:
    return _write_text(machine, path, "".join(f"{line or ''}\r\n" for line in lines), encoding)


@FILE.static(
    "AppendAllText(string path, string contents)", f"AppendAllText(string path, string contents, {_E})", machine=True
)
def _append_text(machine: Any, path: str, text: str | None, encoding: Encoding = UTF8_NO_BOM) -> Any:
    stream = open_file(machine, path, "Append", 2, 1)
    writer = Writer(stream, encoding)
    try:
        writer.put(text or "")
    finally:
        writer.close()
    return NOTHING


@FILE.static("AppendAllLines(string path, string[] lines)", machine=True)
def _append_lines(machine: Any, path: str, lines: PSArray) -> Any:
    return _append_text(machine, path, "".join(f"{line or ''}\r\n" for line in lines))


@FILE.static("Delete(string path)", machine=True)
def _delete(machine: Any, path: str) -> Any:
    need(machine).fs.delete(path_of(path))
    return NOTHING


@FILE.static("Copy(string source, string target)", "Copy(string source, string target, bool overwrite)", machine=True)
def _copy(machine: Any, source: str, target: str, overwrite: bool = False) -> Any:
    need(machine).fs.copy(path_of(source), path_of(target), overwrite=overwrite)
    return NOTHING


@FILE.static("Move(string source, string target)", machine=True)
def _move(machine: Any, source: str, target: str) -> Any:
    fs = need(machine).fs
    full = path_of(source)
    if not fs.is_file(full):
        throw("System.IO.FileNotFoundException", f"Could not find file '{full}'.", hresult=-2147024894)
    fs.move(full, path_of(target))
    return NOTHING


@FILE.static(
    "Replace(string source, string target, string backup)",
    "Replace(string source, string target, string backup, bool ignoreMetadataErrors)",
    machine=True,
)
def _replace(machine: Any, source: str, target: str, backup: str | None, ignore: bool = False) -> Any:
    del ignore
    need(machine).fs.replace(path_of(source), path_of(target), path_of(backup) if backup else None)
    return NOTHING


_M, _A, _S = "System.IO.FileMode mode", "System.IO.FileAccess access", "System.IO.FileShare share"


@FILE.static(
    f"Open(string path, {_M})", f"Open(string path, {_M}, {_A})", f"Open(string path, {_M}, {_A}, {_S})", machine=True
)
def _open(
    machine: Any, path: str, mode: EnumValue, access: EnumValue | None = None, share: EnumValue | None = None
) -> FileStream:
    return open_file(
        machine, path, mode.name, None if access is None else access.value, 0 if share is None else share.value
    )


FILE.static("OpenRead(string path)", machine=True)(lambda machine, path: open_file(machine, path, "Open", 1, 1))
FILE.static("OpenWrite(string path)", machine=True)(
    lambda machine, path: open_file(machine, path, "OpenOrCreate", 2, 0)
)
FILE.static("Create(string path)", "Create(string path, int size)", machine=True)(
    lambda machine, path, size=0: open_file(machine, path, "Create", 3, 0)
)
FILE.static("OpenText(string path)", machine=True)(
    lambda machine, path: Reader(open_file(machine, path, "Open", 1, 1), None)
)
FILE.static("CreateText(string path)", machine=True)(
    lambda machine, path: Writer(open_file(machine, path, "Create", 2, 1), None)
)
FILE.static("AppendText(string path)", machine=True)(
    lambda machine, path: Writer(open_file(machine, path, "Append", 2, 1), None)
)


def _stat(machine: Any, path: str) -> Info | None:
    full = path_of(path)
    found: Info | None = need(machine).fs.stat(full) if need(machine).fs.exists(full) else None
    return found


def _time(attr: str, kind: str) -> Any:
    def read(machine: Any, path: str) -> DateTime:
        info = _stat(machine, path)
        return to_date(NEVER if info is None else getattr(info, attr), kind)

    return read


def _set_time(attr: str) -> Any:
    def write(machine: Any, path: str, value: DateTime) -> Any:
        need(machine).fs.set_times(path_of(path), **{attr: from_date(value)})
        return NOTHING

    return write


DIRECTORY = define("System.IO.Directory", closed=True)
for _kind in (FILE, DIRECTORY):
    for _suffix, _zone in (("", "Local"), ("Utc", "Utc")):
        _kind.static(f"GetLastWriteTime{_suffix}(string path)", machine=True)(_time("modified", _zone))
        _kind.static(f"GetCreationTime{_suffix}(string path)", machine=True)(_time("created", _zone))
        _kind.static(f"SetLastWriteTime{_suffix}(string path, datetime value)", machine=True)(_set_time("modified"))
        _kind.static(f"SetCreationTime{_suffix}(string path, datetime value)", machine=True)(_set_time("created"))


@FILE.static("GetAttributes(string path)", machine=True)
def _attributes(machine: Any, path: str) -> EnumValue:
    return EnumValue(FILE_ATTRIBUTES, need(machine).fs.stat(path_of(path)).attributes)


@FILE.static("SetAttributes(string path, System.IO.FileAttributes value)", machine=True)
def _set_attributes(machine: Any, path: str, value: EnumValue) -> Any:
    need(machine).fs.set_attributes(path_of(path), value.value)
    return NOTHING


# -- FileInfo, DirectoryInfo: what ``io_items`` leaves to the streams -----------------------------------------------
def _extension(path: str) -> str:
    name = re.split(r"[\\/:]", path)[-1]
    head, dot, tail = name.rpartition(".")
    del head
    return f".{tail}" if dot and tail else ""


for _name in ("moveto", "copyto", "open", "openread", "openwrite", "create", "opentext", "createtext", "appendtext"):
    FILE_INFO.methods.pop(_name, None)
for _name in ("moveto", "getfiles", "getdirectories", "getfilesysteminfos", "createsubdirectory"):
    DIRECTORY_INFO.methods.pop(_name, None)
for _name in ("enumeratefiles", "enumeratedirectories", "enumeratefilesysteminfos"):
    DIRECTORY_INFO.methods.pop(_name, None)


@FILE_INFO.method("MoveTo(string target)")
def _info_move(item: FileInfo, target: str) -> Any:
    full = path_of(target)
    item.machine.fs.move(item.path, full)
    item.path = item.shown = full
    item.refresh()
    return NOTHING


@FILE_INFO.method("CopyTo(string target)", "CopyTo(string target, bool overwrite)")
def _info_copy(item: FileInfo, target: str, overwrite: bool = False) -> FileInfo:
    full = path_of(target)
    item.machine.fs.copy(item.path, full, overwrite=overwrite)
    return FileInfo(item.machine, full)


@FILE_INFO.method(f"Open({_M})", f"Open({_M}, {_A})", f"Open({_M}, {_A}, {_S})")
def _info_open(
    item: FileInfo, mode: EnumValue, access: EnumValue | None = None, share: EnumValue | None = None
) -> FileStream:
    return open_file(
        item.machine,
        item.path,
        mode.name,
        None if access is None else access.value,
        0 if share is None else share.value,
    )


FILE_INFO.method("OpenRead()")(lambda item: open_file(item.machine, item.path, "Open", 1, 1))
FILE_INFO.method("OpenWrite()")(lambda item: open_file(item.machine, item.path, "OpenOrCreate", 2, 0))
FILE_INFO.method("Create()")(lambda item: open_file(item.machine, item.path, "Create", 3, 0))
FILE_INFO.method("OpenText()")(lambda item: Reader(open_file(item.machine, item.path, "Open", 1, 1), None))


@DIRECTORY_INFO.method("MoveTo(string target)")
def _dir_move(item: DirectoryInfo, target: str) -> Any:
    item.machine.fs.move(item.path, path_of(target))
    return NOTHING


@DIRECTORY_INFO.method("CreateSubdirectory(string path)")
def _sub_directory(item: DirectoryInfo, path: str) -> DirectoryInfo:
    full = path_of(item.path.rstrip("\\") + "\\" + path)
    item.machine.fs.mkdir(full)
    return DirectoryInfo(item.machine, full)
