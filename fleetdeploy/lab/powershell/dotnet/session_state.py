"""$ExecutionContext: only the language mode of the session is simulated; its other members ``members`` refuses.

What the mode forbids is ``runtime/language_mode.py``."""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet import core  # noqa: F401 - PSLanguageMode
from fleetdeploy.lab.powershell.typesystem import REGISTRY
from fleetdeploy.lab.powershell.values import EnumValue, NetObject, define


class SessionState(NetObject):
    """The session of a runspace; ``constrained``: the host is locked down."""

    def __init__(self, *, constrained: bool) -> None:
        self.constrained = constrained


class EngineIntrinsics(NetObject):
    """What $ExecutionContext holds."""

    def __init__(self, *, constrained: bool = False) -> None:
        self.constrained = constrained


def _language_mode(state: SessionState) -> EnumValue:
    kind = REGISTRY["system.management.automation.pslanguagemode"]
    return EnumValue(kind, (kind.enum_values or {})["ConstrainedLanguage" if state.constrained else "FullLanguage"])


def _refuse_setting(_: SessionState, _value: object) -> None:
    raise NotSimulated("setting the language mode of a session")


STATE = define("System.Management.Automation.SessionState", py=SessionState)
STATE.prop("LanguageMode", "object", _language_mode, _refuse_setting)
ENGINE = define("System.Management.Automation.EngineIntrinsics", py=EngineIntrinsics)
ENGINE.prop("SessionState", "object", lambda one: SessionState(constrained=one.constrained))
