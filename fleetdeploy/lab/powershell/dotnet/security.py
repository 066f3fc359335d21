"""Security.Principal: who a script runs as, and whether that is an administrator. Other tokens are refused.

The answer comes from the host's accounts (``windows/accounts.py``); a pipeline runs as the account that logged on.
Access control is taken as SDDL and not simulated further: nothing of it can be read back.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.dotnet import core  # noqa: F401 - WindowsBuiltInRole
from fleetdeploy.lab.powershell.typesystem import NOTHING
from fleetdeploy.lab.powershell.values import EnumValue, NetObject, PSType, define, define_enum
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


class SecurityIdentifier(NetObject):
    """A SID."""

    def __init__(self, value: str) -> None:
        self.value = value

    def to_net_string(self) -> str:
        return self.value


SID = define("System.Security.Principal.SecurityIdentifier", py=SecurityIdentifier)
SID.prop("Value", "string", lambda one: one.value)

_WELL_KNOWN = {
    "nt authority\\system": "S-1-5-18",
    "nt authority\\localservice": "S-1-5-19",
    "nt authority\\local service": "S-1-5-19",
    "nt authority\\networkservice": "S-1-5-20",
    "nt authority\\network service": "S-1-5-20",
    "builtin\\administrators": "S-1-5-32-544",
    "builtin\\users": "S-1-5-32-545",
}


class NTAccount(NetObject):
    """An account by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def to_net_string(self) -> str:
        return self.name


ACCOUNT = define("System.Security.Principal.NTAccount", py=NTAccount)
ACCOUNT.ctor("(string name)")(NTAccount)
ACCOUNT.prop("Value", "string", lambda one: one.name)


@ACCOUNT.method("Translate(type targetType)", machine=True)
def _translate(account: NTAccount, machine: Any, target: PSType) -> SecurityIdentifier:
    if target is not SID or machine is None:
        raise NotSimulated("NTAccount.Translate to anything but a SID")
    known = _WELL_KNOWN.get(account.name.lower())
    if known is not None:
        return SecurityIdentifier(known)
    found = machine.accounts.get(account.name)
    if found is None:
        raise NotSimulated(f"the SID of {account.name!r}")
    return SecurityIdentifier(found.sid(machine.name))


define_enum(
    "System.Security.AccessControl.AccessControlSections", "None=0 Audit=1 Access=2 Owner=4 Group=8 All=15", flags=True
)


class DirectorySecurity(NetObject):
    """The rights of a folder to be made, as SDDL."""

    def __init__(self) -> None:
        self.sddl = ""

    def take(self, sddl: str, sections: Any = None) -> Any:
        if not sddl.startswith(("D:", "O:", "G:")):
            raise NotSimulated(f"the security descriptor {sddl!r}")
        self.sddl = sddl
        return NOTHING


RIGHTS = define("System.Security.AccessControl.DirectorySecurity", py=DirectorySecurity)
RIGHTS.ctor("()")(DirectorySecurity)
RIGHTS.method(
    "SetSecurityDescriptorSddlForm(string sddlForm)",
    "SetSecurityDescriptorSddlForm(string sddl, System.Security.AccessControl.AccessControlSections includeSections)",
)(DirectorySecurity.take)
