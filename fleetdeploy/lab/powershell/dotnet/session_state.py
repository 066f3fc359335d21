"""$ExecutionContext: only the language mode of the session is simulated; its other members ``members`` refuses."""

from __future__ import annotations

from fleetdeploy.lab.powershell.dotnet import core  # noqa: F401 - PSLanguageMode
from fleetdeploy.lab.powershell.typesystem import REGISTRY
from fleetdeploy.lab.powershell.values import EnumValue, NetObject, define


class SessionState(NetObject):
    """The session of a runspace: always full language (the lab has no AppLocker)."""


class EngineIntrinsics(NetObject):
    """What $ExecutionContext holds."""


def _full_language(_: SessionState) -> EnumValue:
    kind = REGISTRY["system.management.automation.pslanguagemode"]
    return EnumValue(kind, (kind.enum_values or {})["FullLanguage"])


STATE = define("System.Management.Automation.SessionState", py=SessionState)
STATE.prop("LanguageMode", "object", _full_language)
ENGINE = define("System.Management.Automation.EngineIntrinsics", py=EngineIntrinsics)
ENGINE.prop("SessionState", "object", lambda _: SessionState())
