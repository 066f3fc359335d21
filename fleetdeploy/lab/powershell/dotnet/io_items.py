"""System.IO.FileInfo and DirectoryInfo over the simulated drives, and file errors as .NET exceptions.

Decides what a script sees of an item; a stat is taken at the first look and kept until Refresh(), as in .NET. The item
cmdlets (cmdlets/provider_*.py) make these with `item_of`; streams and File/Directory statics are other modules.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.windows_common import local_time, utc_time
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import (
    REGISTRY,
    DateTime,
    DotNetException,
    EnumValue,
    Int64,
    NetError,
    NetObject,
    NoteProperty,
    PropertyBag,
    PSArray,
    PSType,
    define,
    define_enum,
)
from fleetdeploy.lab.windows import paths
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.files import Info
from fleetdeploy.lab.windows.nodes import READ_ONLY

_ATTRIBUTES = "ReadOnly=1 Hidden=2 System=4 Directory=16 Archive=32 Device=64 Normal=128 Temporary=256"
FILE_ATTRIBUTES = REGISTRY.get("system.io.fileattributes") or define_enum(
    "System.IO.FileAttributes", _ATTRIBUTES, flags=True
)


def file_exception(error: FileError) -> DotNetException:
    """The .NET exception of a failed file operation."""
    hresult = error.hresult - (1 << 32) if error.hresult >> 31 else error.hresult
    properties = {"FileName": error.path} if error.kind is FileErrorKind.NOT_FOUND else None
    return DotNetException(error.dotnet_type, error.message, properties=properties, hresult=hresult)


class FileSystemItem(NetObject):
    """A file or directory by its full path; it need not exist."""

    def __init__(self, machine: Any, path: str, shown: str | None = None) -> None:
        self.machine = machine
        self.path = path
        self.shown = path if shown is None else shown
        self._info: Info | None = None
        self._looked = False
        self.extended: PropertyBag | None = None

    def info(self) -> Info | None:
        """The stat taken at the first look, None if it is not there."""
        if not self._looked:
            self._looked = True
            try:
                self._info = self.machine.fs.stat(self.path.rstrip("\\") if len(self.path) > 3 else self.path)
            except FileError:
                self._info = None
        return self._info

    def refresh(self) -> None:
        self._looked = False

    def take(self, info: Info) -> None:
        """Use a stat that was just taken."""
        self._info = info
        self._looked = True

    @property
    def name(self) -> str:
        return paths.name(self.path) if len(self.path) > 3 else self.path

    def to_net_string(self) -> str:
        return self.shown


class FileInfo(FileSystemItem):
    """A file."""


class DirectoryInfo(FileSystemItem):
    """A directory."""


def item_of(machine: Any, info: Info, shown: str | None = None) -> FileSystemItem:
    """The object a script gets for an item, with what the provider adds to it."""
    cls = DirectoryInfo if info.is_dir else FileInfo
    item = cls(machine, info.path, shown)
    item.take(info)
    decorate(item, info.is_dir)
    return item


def decorate(item: FileSystemItem, is_dir: bool) -> None:
    """PSPath and its like."""
    provider = "Microsoft.PowerShell.Core\\FileSystem"
    path = item.path
    parent = paths.parent(path) if len(path) > 3 else ""
    item.extended = PropertyBag(
        [
            NoteProperty("PSPath", f"{provider}::{path}"),
            NoteProperty("PSParentPath", f"{provider}::{parent}" if parent else ""),
            NoteProperty("PSChildName", item.name),
            NoteProperty("PSProvider", provider),
            NoteProperty("PSIsContainer", is_dir),
        ]
    )


FILE_SYSTEM_INFO = define("System.IO.FileSystemInfo", abstract=True, closed=True)
FILE_INFO = define("System.IO.FileInfo", FILE_SYSTEM_INFO, py=FileInfo, closed=True)
DIRECTORY_INFO = define("System.IO.DirectoryInfo", FILE_SYSTEM_INFO, py=DirectoryInfo, closed=True)


def _refuse(kind: PSType, signatures: str) -> None:
    """Members .NET has and the lab does not simulate: the tables are complete by them."""

    def add(signature: str) -> None:
        def refuse(*_: Any) -> Any:
            raise NotSimulated(f"[{kind.full_name}].{signature}")

        kind.method(signature)(refuse)

    for signature in signatures.split(";"):
        add(signature.strip())


def _refuse_property(kind: PSType, name: str) -> None:
    def refuse(_: Any) -> Any:
        raise NotSimulated(f"[{kind.full_name}].{name}")

    kind.prop(name, "object", refuse)


_refuse(
    FILE_INFO,
    "CopyTo(string path); CopyTo(string path, bool overwrite); MoveTo(string path); Create(); CreateText();"
    "AppendText(); Open(object mode); Open(object mode, object access); OpenRead();"
    "Open(object mode, object access, object share); OpenText(); OpenWrite();"
    "Replace(string path, string backup); Encrypt(); Decrypt(); GetAccessControl();"
    "SetAccessControl(object security)",
)
_refuse(
    DIRECTORY_INFO,
    "CreateSubdirectory(string path); MoveTo(string path); EnumerateFiles(); EnumerateFiles(string pattern);"
    "EnumerateFiles(string pattern, object option); EnumerateDirectories(); EnumerateDirectories(string pattern);"
    "EnumerateDirectories(string pattern, object option); EnumerateFileSystemInfos(); GetFiles(string pattern);"
    "GetFiles(string pattern, object option); GetDirectories(string pattern); GetAccessControl();"
    "GetDirectories(string pattern, object option); GetFileSystemInfos(string pattern);"
    "SetAccessControl(object security)",
)
_refuse_property(FILE_INFO, "VersionInfo")
for _hidden in ("Target", "LinkType"):
    _refuse_property(FILE_SYSTEM_INFO, _hidden)


def _extension(item: FileSystemItem) -> str:
    _, dot, extension = item.name.rpartition(".")
    return dot + extension if dot and extension else ""


def _base_name(item: FileSystemItem) -> str:
    if isinstance(item, DirectoryInfo):
        return item.name
    extension = _extension(item)
    return item.name[: -len(extension)] if extension else item.name.rstrip(".")


def _need(item: FileSystemItem) -> Info:
    info = item.info()
    if info is None:
        raise NetError(file_exception(FileError(FileErrorKind.NOT_FOUND, item.path)))
    return info


def _length(item: FileSystemItem) -> Int64:
    info = _need(item)
    if info.is_dir:
        raise NetError(file_exception(FileError(FileErrorKind.NOT_FOUND, item.path)))
    return Int64(info.length)


def _time(item: FileSystemItem, what: str, local: bool) -> DateTime:
    info = item.info()
    if info is None:
        # .NET answers with the beginning of the file time's era
        return DateTime(504911232000000000, "Local" if local else "Utc")
    moment = info.created if what == "created" else info.modified
    found = local_time(item.machine, moment)
    if local:
        return found
    shift = int(item.machine.clock.utc_offset.total_seconds() * 10_000_000)
    return DateTime(found.ticks - shift, "Utc")


def _set_time(item: FileSystemItem, what: str, value: DateTime, local: bool) -> None:
    if not local and value.kind == "Unspecified":
        value = DateTime(value.ticks, "Utc")
    if value.kind == "Local" and not local:
        raise NotSimulated("a local time set as LastWriteTimeUtc")
    moment = utc_time(item.machine, value)
    try:
        item.machine.fs.set_times(item.path, **{what: moment})
    except FileError as error:
        raise NetError(file_exception(error)) from None
    item.refresh()


def _attributes(item: FileSystemItem) -> EnumValue:
    info = item.info()
    return EnumValue(FILE_ATTRIBUTES, -1 if info is None else info.attributes or 128)


def _set_attributes(item: FileSystemItem, value: Any) -> None:
    try:
        item.machine.fs.set_attributes(item.path, int(value) & ~128)
    except FileError as error:
        raise NetError(file_exception(error)) from None
    item.refresh()


def _set_read_only(item: FileSystemItem, value: bool) -> None:
    old = _need(item).attributes
    _set_attributes(item, old | READ_ONLY if value else old & ~READ_ONLY)


def _exists(item: FileSystemItem) -> bool:
    info = item.info()
    return info is not None and info.is_dir == isinstance(item, DirectoryInfo)


def _parent(item: FileSystemItem) -> DirectoryInfo | None:
    path = item.path.rstrip("\\")
    return None if len(path) < 3 else DirectoryInfo(item.machine, paths.parent(path))


def _mode(item: FileSystemItem) -> str:
    attributes = _need(item).attributes
    letters = ((16, "d"), (32, "a"), (1, "r"), (2, "h"), (4, "s"))
    return "".join(letter if attributes & bit else "-" for bit, letter in letters) + "-"


FILE_SYSTEM_INFO.prop("Name", "string", lambda i: i.name)
FILE_SYSTEM_INFO.prop("FullName", "string", lambda i: i.path)
FILE_SYSTEM_INFO.prop("Extension", "string", _extension)
FILE_SYSTEM_INFO.prop("BaseName", "string", _base_name)
FILE_SYSTEM_INFO.prop("Exists", "bool", _exists)
FILE_SYSTEM_INFO.prop("Mode", "string", _mode)
FILE_SYSTEM_INFO.prop("Attributes", "System.IO.FileAttributes", _attributes, _set_attributes)


def _time_property(name: str, what: str, local: bool, settable: bool) -> None:
    def getter(item: FileSystemItem) -> DateTime:
        return _time(item, what, local)

    def setter(item: FileSystemItem, value: DateTime) -> None:
        _set_time(item, what, value, local)

    FILE_SYSTEM_INFO.prop(name, "datetime", getter, setter if settable else None)


for _suffix, _is_local in (("", True), ("Utc", False)):
    _time_property("CreationTime" + _suffix, "created", _is_local, True)
    _time_property("LastWriteTime" + _suffix, "modified", _is_local, True)
    _time_property("LastAccessTime" + _suffix, "modified", _is_local, False)
FILE_INFO.prop("Length", "long", _length)
FILE_INFO.prop("Directory", "System.IO.DirectoryInfo", _parent)
FILE_INFO.prop("DirectoryName", "string", lambda i: paths.parent(i.path))
FILE_INFO.prop("IsReadOnly", "bool", lambda i: bool(_need(i).attributes & READ_ONLY), _set_read_only)
DIRECTORY_INFO.prop("Parent", "System.IO.DirectoryInfo", _parent)
DIRECTORY_INFO.prop("Root", "System.IO.DirectoryInfo", lambda i: DirectoryInfo(i.machine, i.path[:3]))


def _full(machine: Any, path: str) -> str:
    try:
        return paths.full_path(path, "C:\\Windows\\system32")
    except FileError as error:
        raise NetError(file_exception(error)) from None


@FILE_INFO.ctor("(string fileName)", machine=True)
def _new_file(machine: Any, path: str) -> FileInfo:
    return FileInfo(machine, _full(machine, path), path)


@DIRECTORY_INFO.ctor("(string path)", machine=True)
def _new_directory(machine: Any, path: str) -> DirectoryInfo:
    return DirectoryInfo(machine, _full(machine, path), path)


@FILE_SYSTEM_INFO.method("Refresh()")
def _refresh(item: FileSystemItem) -> Any:
    item.refresh()
    return NOTHING


@FILE_INFO.method("Delete()")
def _delete_file(item: FileInfo) -> Any:
    try:
        item.machine.fs.delete(item.path)
    except FileError as error:
        raise NetError(file_exception(error)) from None
    item.refresh()
    return NOTHING


@DIRECTORY_INFO.method("Delete()", "Delete(bool recursive)")
def _delete_directory(item: DirectoryInfo, recursive: bool = False) -> Any:
    try:
        item.machine.fs.rmdir(item.path.rstrip("\\"), recursive=recursive)
    except FileError as error:
        raise NetError(file_exception(error)) from None
    item.refresh()
    return NOTHING


@DIRECTORY_INFO.method("Create()")
def _create_directory(item: DirectoryInfo) -> Any:
    try:
        item.machine.fs.mkdir(item.path.rstrip("\\"))
    except FileError as error:
        raise NetError(file_exception(error)) from None
    item.refresh()
    return NOTHING


def _children(item: DirectoryInfo, want_dirs: bool | None, element: PSType) -> PSArray:
    try:
        found = item.machine.fs.list(item.path)
    except FileError as error:
        raise NetError(file_exception(error)) from None
    kept = [info for info in found if want_dirs is None or info.is_dir == want_dirs]
    made: list[FileSystemItem] = []
    for info in kept:
        child = (DirectoryInfo if info.is_dir else FileInfo)(item.machine, info.path, info.name)
        child.take(info)
        made.append(child)
    return PSArray(made, element)


@DIRECTORY_INFO.method("GetFiles()")
def _get_files(item: DirectoryInfo) -> PSArray:
    return _children(item, False, FILE_INFO)


@DIRECTORY_INFO.method("GetDirectories()")
def _get_directories(item: DirectoryInfo) -> PSArray:
    return _children(item, True, DIRECTORY_INFO)


@DIRECTORY_INFO.method("GetFileSystemInfos()")
def _get_infos(item: DirectoryInfo) -> PSArray:
    return _children(item, None, FILE_SYSTEM_INFO)
