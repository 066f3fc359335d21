"""System.IO.Path and DriveInfo."""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.encodings import UTF8_DEFAULT
from fleetdeploy.lab.powershell.dotnet.io_files import _extension
from fleetdeploy.lab.powershell.dotnet.io_streams import (
    need,
    path_of,
)
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, throw
from fleetdeploy.lab.powershell.values import (
    CHAR,
    Char,
    EnumValue,
    Int64,
    NetObject,
    PSArray,
    define,
    define_enum,
)
from fleetdeploy.lab.windows.nodes import Access, Share

# -- Path ---------------------------------------------------------------------------------------------------------
PATH = define("System.IO.Path", closed=True)
_BAD = re.compile(r'[\x00-\x1f"<>|]')
PATH.static_prop("DirectorySeparatorChar", "char", lambda _: Char("\\"))
PATH.static_prop("AltDirectorySeparatorChar", "char", lambda _: Char("/"))
PATH.static_prop("PathSeparator", "char", lambda _: Char(";"))
PATH.static_prop("VolumeSeparatorChar", "char", lambda _: Char(":"))


def _checked(path: str) -> str:
    if _BAD.search(path):
        throw("ArgumentException", "Illegal characters in path.", hresult=-2147024809)
    return path


def _rooted(path: str) -> bool:
    return path[:1] in ("\\", "/") or path[1:2] == ":"


def _file_name(path: str) -> str:
    return re.split(r"[\\/:]", _checked(path))[-1]


PATH.static("GetFileName(string path)")(_file_name)
PATH.static("GetExtension(string path)")(lambda path: _extension(_checked(path)))


@PATH.static("GetFileNameWithoutExtension(string path)")
def _stem(path: str) -> str:
    name = _file_name(path)
    return name.rpartition(".")[0] if "." in name else name


@PATH.static("GetDirectoryName(string path)")
def _directory_name(path: str) -> str | None:
    if not path.strip():
        throw("ArgumentException", "The path is not of a legal form.")
    text = re.sub(r"(?<!^)\\+", r"\\", _checked(path).replace("/", "\\"))
    if re.fullmatch(r"[A-Za-z]:\\?|\\", text):
        return None
    head = text.rpartition("\\")[0]
    if re.fullmatch(r"[A-Za-z]:", head):
        return head + "\\"
    return head if head or not text.startswith("\\") else "\\"


@PATH.static("ChangeExtension(string path, string extension)")
def _change_extension(path: str, extension: str | None) -> str:
    name = _file_name(path)
    head = path[: len(path) - len(name)]
    stem = name.rpartition(".")[0] if "." in name else name
    if extension is None:
        return head + stem
    return head + stem + (extension if extension.startswith(".") else f".{extension}")


@PATH.static("Combine(params string[] paths)")
def _combine(paths: PSArray) -> str:
    result = ""
    for piece in paths:
        if piece is None:
            argument_null("paths")
        _checked(piece)
        if not piece:
            continue
        if not result or _rooted(piece):
            result = piece
        elif result[-1] in "\\/:":
            result += piece
        else:
            result += "\\" + piece
    return result


PATH.static("IsPathRooted(string path)")(lambda path: _rooted(_checked(path or "")))
PATH.static("HasExtension(string path)")(lambda path: _extension(_checked(path)) != "")
PATH.static("GetFullPath(string path)")(path_of)
PATH.static("GetTempPath()")(lambda: "C:\\Users\\Administrator\\AppData\\Local\\Temp\\")


@PATH.static("GetTempFileName()", machine=True)
def _temp_file_name(machine: Any) -> str:
    """A new empty file tmpXXXX.tmp, as Windows makes it; the first free number."""
    fs = need(machine).fs
    folder = r"C:\Users\Administrator\AppData\Local\Temp"
    with machine.lock:
        for number in range(1, 0x10000):
            path = f"{folder}\\tmp{number:X}.tmp"
            if not fs.exists(path):
                fs.open(path, "CreateNew", Access.WRITE, Share.NONE).close()
                return path
    raise NotSimulated("a temporary directory with 65535 files")


PATH.static("GetInvalidFileNameChars()")(
    lambda: PSArray([Char(char) for char in '"<>|\0' + "".join(map(chr, range(1, 32))) + ":*?\\/"], CHAR)
)
PATH.static("GetInvalidPathChars()")(
    lambda: PSArray([Char(char) for char in '"<>|\0' + "".join(map(chr, range(1, 32)))], CHAR)
)


@PATH.static("GetPathRoot(string path)")
def _root(path: str) -> str:
    match = re.match(r"[A-Za-z]:\\?|\\", _checked(path).replace("/", "\\"))
    return match[0] if match else ""


@PATH.static("GetRandomFileName()")
def _random_name() -> str:
    import secrets

    alphabet = "abcdefghijklmnopqrstuvwxyz012345"
    letters = "".join(secrets.choice(alphabet) for _ in range(11))
    return f"{letters[:8]}.{letters[8:]}"


# -- DriveInfo ----------------------------------------------------------------------------------------------------
class DriveInfo(NetObject):
    def __init__(self, machine: Any, letter: str) -> None:
        self.machine = machine
        self.letter = letter.upper()

    @property
    def drive(self) -> Any:
        found = self.machine.fs.drives.get(self.letter)
        if found is None:
            throw("System.IO.DriveNotFoundException", f"Could not find the drive '{self.letter}:\\'.")
        return found

    def to_net_string(self) -> str:
        return f"{self.letter}:\\"


_DRIVE_TYPE = define_enum("System.IO.DriveType", "Unknown NoRootDirectory Removable Fixed Network CDRom Ram")
DRIVE = define("System.IO.DriveInfo", py=DriveInfo, closed=True)
DRIVE.ctor("(string name)", machine=True)(lambda machine, name: DriveInfo(need(machine), name[:1]))
DRIVE.prop("Name", "string", DriveInfo.to_net_string)
DRIVE.prop("AvailableFreeSpace", "long", lambda item: Int64(item.drive.free))
DRIVE.prop("TotalFreeSpace", "long", lambda item: Int64(item.drive.free))
DRIVE.prop("TotalSize", "long", lambda item: Int64(item.drive.size))
DRIVE.prop("IsReady", "bool", lambda item: item.letter in item.machine.fs.drives)
DRIVE.prop("DriveType", "object", lambda item: EnumValue(_DRIVE_TYPE, 3 if item.drive else 1))
DRIVE.prop("DriveFormat", "string", lambda item: "NTFS")
DRIVE.static("GetDrives()", machine=True)(
    lambda machine: PSArray([DriveInfo(machine, letter) for letter in sorted(need(machine).fs.drives)], DRIVE)
)
_ = (NotSimulated, UTF8_DEFAULT)
