"""Files that the language itself reads from the simulated drive: scripts (`& path.ps1`) and `switch -File`."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptInfo

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp


def load_script(rt: Interp, name: str) -> ScriptInfo | None:
    """The script of that path on the host, or None where there is no such file."""
    path = name.replace("/", "\\")
    if ":" not in path[:3]:
        raise NotSimulated(f"the script {name} by a relative path")
    fs = rt.machine.fs
    if not fs.is_file(path):
        return None
    data = bytes(fs.read_bytes(path))
    text = data.decode("utf-8-sig") if data.startswith(b"\xef\xbb\xbf") or data.isascii() else data.decode("cp1252")
    if data.startswith(b"\xff\xfe"):
        text = data[2:].decode("utf-16-le")
    block = rt.runspace.compile_block(text, file=path)
    return ScriptInfo(path.rsplit("\\", 1)[-1], path, block)


def read_lines(rt: Interp, path: str, line: int) -> list[str]:
    """The lines of a text file for `switch -File`, as a StreamReader reads them (UTF-8 unless a mark says else)."""
    from fleetdeploy.lab.powershell.cmdlets import provider_paths as pp
    from fleetdeploy.lab.powershell.wildcard import has_wildcards

    if has_wildcards(path):
        raise NotSimulated("switch -File with wildcards", line)
    try:
        found = pp.literal(SimpleNamespace(runspace=rt.runspace, machine=rt.machine, line=line), path)
    except pp.DriveMissing:
        raise NotSimulated(f"switch -File {path}", line) from None
    if found.provider != pp.FILE or not rt.machine.fs.is_file(found.path):
        raise NotSimulated(f"switch -File {path}, which is no file", line)
    data = bytes(rt.machine.fs.read_bytes(found.path))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16")
    else:
        text = data.decode("utf-8-sig", "replace")
    lines = re.split(r"\r\n|\n|\r", text)
    if lines[-1] == "":
        lines.pop()
    return lines
