"""System.IO.Directory, and what a DirectoryInfo lists."""

from __future__ import annotations

import re
from typing import Any

from fleetdeploy.lab.powershell import wildcard
from fleetdeploy.lab.powershell.dotnet.io_files import DIRECTORY, existing
from fleetdeploy.lab.powershell.dotnet.io_items import (
    DIRECTORY_INFO,
    FILE_INFO,
    FILE_SYSTEM_INFO,
    DirectoryInfo,
    FileInfo,
)
from fleetdeploy.lab.powershell.dotnet.io_streams import CWD, need, path_of
from fleetdeploy.lab.powershell.dotnet.raising import throw
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import STRING, PSArray
from fleetdeploy.lab.windows.files import Info
from fleetdeploy.lab.windows.paths import parent as parent_path

DIRECTORY.static("Exists(string path)", machine=True)(lambda machine, path: existing(machine, path, directory=True))


@DIRECTORY.static(
    "CreateDirectory(string path)",
    "CreateDirectory(string path, System.Security.AccessControl.DirectorySecurity directorySecurity)",
    machine=True,
)
def _create_directory(machine: Any, path: str, rights: Any = None) -> DirectoryInfo:
    # Every account of the lab may do everything to files: rights are taken and never asked for.
    full = path_of(path)
    need(machine).fs.mkdir(full)
    return DirectoryInfo(machine, full)


@DIRECTORY.static("Delete(string path)", "Delete(string path, bool recursive)", machine=True)
def _delete_directory(machine: Any, path: str, recursive: bool = False) -> Any:
    need(machine).fs.rmdir(path_of(path), recursive=recursive)
    return NOTHING


@DIRECTORY.static("Move(string source, string target)", machine=True)
def _move_directory(machine: Any, source: str, target: str) -> Any:
    full = path_of(source)
    if not need(machine).fs.exists(full):
        throw(
            "System.IO.DirectoryNotFoundException", f"Could not find a part of the path '{full}'.", hresult=-2147024893
        )
    need(machine).fs.move(full, path_of(target))
    return NOTHING


def walk(machine: Any, full: str, pattern: str, *, deep: bool, kinds: str) -> list[Info]:
    """Items below a directory whose name fits a file pattern; ``kinds`` is 'f', 'd' or both."""
    if re.search(r"[\[\]`]", pattern):
        pattern = wildcard.escape(pattern).replace("`*", "*").replace("`?", "?")
    if pattern == "*.*":
        pattern = "*"
    if re.fullmatch(r"\*\.[^.*?]{3}", pattern):
        # .NET Framework matches three-letter extensions as prefixes (8.3 names).
        pattern += "*"
    found: list[Info] = []
    inner: list[Info] = []
    for item in need(machine).fs.list(full):
        if wildcard.like(item.name, pattern) and ("d" if item.is_dir else "f") in kinds:
            found.append(item)
        if item.is_dir and deep:
            inner += walk(machine, item.path, pattern, deep=True, kinds=kinds)
    return found + inner


def _listing(name: str, kinds: str) -> None:
    option = "System.IO.SearchOption option"

    @DIRECTORY.static(
        f"{name}(string path)",
        f"{name}(string path, string pattern)",
        f"{name}(string path, string pattern, {option})",
        machine=True,
    )
    def listing(machine: Any, path: str, pattern: str = "*", deep: Any = None) -> PSArray:
        items = walk(machine, path_of(path), pattern, deep=deep is not None and deep.value == 1, kinds=kinds)
        base, full = path.rstrip("\\/"), path_of(path).rstrip("\\")
        return PSArray([base + item.path[len(full) :] for item in items], STRING)


for _name, _kinds in (("Files", "f"), ("Directories", "d"), ("FileSystemEntries", "fd")):
    _listing(f"Get{_name}", _kinds)
    _listing(f"Enumerate{_name}", _kinds)


def _info_listing(name: str, kinds: str) -> None:
    option = "System.IO.SearchOption option"

    @DIRECTORY_INFO.method(f"{name}()", f"{name}(string pattern)", f"{name}(string pattern, {option})")
    def listing(item: DirectoryInfo, pattern: str = "*", deep: Any = None) -> PSArray:
        items = walk(item.machine, item.path, pattern, deep=deep is not None and deep.value == 1, kinds=kinds)
        kind = FILE_INFO if kinds == "f" else DIRECTORY_INFO if kinds == "d" else FILE_SYSTEM_INFO
        made: list[Any] = []
        for one in items:
            child = (DirectoryInfo if one.is_dir else FileInfo)(item.machine, one.path, one.name)
            child.take(one)
            made.append(child)
        return PSArray(made, kind)


for _name, _kinds in (("Files", "f"), ("Directories", "d"), ("FileSystemInfos", "fd")):
    _info_listing(f"Get{_name}", _kinds)
    _info_listing(f"Enumerate{_name}", _kinds)
DIRECTORY.static("GetCurrentDirectory()")(lambda: CWD)
DIRECTORY.static("GetParent(string path)", machine=True)(
    lambda machine, path: DirectoryInfo(need(machine), parent_path(path_of(path)))
)
