"""$ExecutionContext.SessionState.Path: the full path that a file system path stands for, whether or not it exists.

Paths of drives and, for a location in the file system, relative ones; other providers are NotSimulated.
"""

from __future__ import annotations

import re

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet.session_state import STATE
from fleetdeploy.lab.powershell.values import NetObject, define
from fleetdeploy.lab.windows.paths import full_path


class PathIntrinsics(NetObject):
    """What SessionState.Path holds."""


STATE.prop("Path", "object", lambda _: PathIntrinsics())
PATH = define("System.Management.Automation.PathIntrinsics", py=PathIntrinsics)


@PATH.method("GetUnresolvedProviderPathFromPSPath(string path)")
def _unresolved(_: PathIntrinsics, path: str) -> str:
    from fleetdeploy.lab.powershell.cmdlets.provider_paths import location_of
    from fleetdeploy.lab.powershell.runtime.values_ext import current

    if re.match(r"^[A-Za-z]:[\\/]", path or ""):
        return full_path(path)
    here = location_of(current().runspace)
    if not path or ":" in path or path.startswith(("\\", "/", "~")) or not re.match(r"^[A-Za-z]:\\", here):
        raise NotSimulated(f"GetUnresolvedProviderPathFromPSPath('{path}')")
    return full_path(here.rstrip("\\") + "\\" + path)
