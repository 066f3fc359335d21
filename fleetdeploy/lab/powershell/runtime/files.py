"""Script files: `& path.ps1` and dot-sourcing read them from the simulated drive."""

from __future__ import annotations

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
