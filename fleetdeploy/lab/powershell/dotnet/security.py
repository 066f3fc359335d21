"""Security.Principal: who a script runs as, and whether that is an administrator. Other tokens and SIDs are refused.

The answer comes from the host's accounts (``windows/accounts.py``); a pipeline runs as the account that logged on.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet import core  # noqa: F401 - WindowsBuiltInRole
from fleetdeploy.lab.powershell.values import EnumValue, NetObject, define
from fleetdeploy.lab.windows.ownership import current_owner


class WindowsIdentity(NetObject):
    """The account of this pipeline."""

    def __init__(self, machine: Any) -> None:
        if machine is None:
            raise NotSimulated("an account without a machine")
        self.machine = machine
        # The shell that the pipeline runs in knows who logged on.
        self.user = str(getattr(current_owner(), "user", ""))

    @property
    def account(self) -> Any:
        found = self.machine.accounts.get(self.user)
        if found is None:
            raise NotSimulated(f"the account {self.user!r}, which the host does not have")
        return found


IDENTITY = define("System.Security.Principal.WindowsIdentity", py=WindowsIdentity)
IDENTITY.static("GetCurrent()", machine=True)(WindowsIdentity)
IDENTITY.prop("Name", "string", lambda one: f"{one.machine.name.partition('.')[0].upper()}\\{one.user}")
IDENTITY.prop("IsSystem", "bool", lambda _: False)


class WindowsPrincipal(NetObject):
    """Roles of an identity: being an administrator is all that is simulated."""

    def __init__(self, identity: WindowsIdentity) -> None:
        self.identity = identity

    def is_in_role(self, role: EnumValue) -> bool:
        if role.name != "Administrator":
            raise NotSimulated(f"the role {role.name}")
        return bool(self.identity.account.admin)


PRINCIPAL = define("System.Security.Principal.WindowsPrincipal", py=WindowsPrincipal)
PRINCIPAL.ctor("(System.Security.Principal.WindowsIdentity ntIdentity)")(WindowsPrincipal)
PRINCIPAL.method("IsInRole(System.Security.Principal.WindowsBuiltInRole role)")(WindowsPrincipal.is_in_role)
PRINCIPAL.prop("Identity", "object", lambda one: one.identity)
