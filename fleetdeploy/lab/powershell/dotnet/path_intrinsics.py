"""$ExecutionContext.SessionState.Path: the full path that a file system path stands for, whether or not it exists.

Only absolute paths of drives; what depends on the current location or on other providers is NotSimulated.
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
    if not re.match(r"^[A-Za-z]:[\\/]", path or ""):
        raise NotSimulated(f"GetUnresolvedProviderPathFromPSPath('{path}')")
    return full_path(path)
