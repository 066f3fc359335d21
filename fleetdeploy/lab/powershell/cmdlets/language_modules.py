"""Get-Module and Import-Module: a module that every server has imports without a word, one that nobody knows is an
error, and what some servers have is refused.
"""

from __future__ import annotations

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.values import DotNetException, ErrorRecord

# On each Windows Server since 2012 R2; importing one changes nothing that a script could see.
_SERVER_MODULES = """
cimcmdlets dnsclient international microsoft.powershell.archive microsoft.powershell.core
microsoft.powershell.diagnostics microsoft.powershell.host microsoft.powershell.management
microsoft.powershell.security microsoft.powershell.utility microsoft.wsman.management netadapter netconnection
netsecurity nettcpip pki psdiagnostics scheduledtasks servermanager smbshare storage
"""
_EVERYWHERE = frozenset(_SERVER_MODULES.split())
# How the names of those begin that some servers have: roles, features, products, the gallery.
_BEGINNINGS = """
active az aws azure bits bitlocker branch cluster defender dhcp dism dns failover file group hyper iis iscsi kds
microsoft.online mmagent mp ms net nfs nps package pester pos power print proc ps remote sql sto sys test tls tpm
tron update vm vpn wds web windows wsus xen vmware
"""
_SOMEWHERE = tuple(_BEGINNINGS.split())


def _kind(name: str) -> str:
    key = name.lower()
    if any(char in key for char in "\\/:*?[") or key.endswith((".psd1", ".psm1", ".dll", ".ps1")):
        return "refused"
    if key in _EVERYWHERE:
        return "everywhere"
    return "refused" if key.startswith(_SOMEWHERE) else "nowhere"


@cmdlet("Import-Module", aliases=("ipmo",))
class ImportModule(Cmdlet):
    parameters = (
        Param("Name", "string[]", position=0, mandatory=True, pipeline=True),
        Param("Force", "switch"),
        Param("DisableNameChecking", "switch"),
        Param("Scope", "string", validate_set=("Local", "Global")),
        Param("Global", "switch"),
        *(
            Param(name, unsupported=True)
            for name in (
                "Alias", "ArgumentList", "AsCustomObject", "Assembly", "CimNamespace", "CimResourceUri", "CimSession",
                "Cmdlet", "FullyQualifiedName", "Function", "MaximumVersion", "MinimumVersion", "ModuleInfo",
                "NoClobber", "PassThru", "Prefix", "PSSession", "RequiredVersion", "Variable",
            )
        ),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        for name in self.get("Name"):
            kind = _kind(name)
            if kind == "refused":
                raise NotSimulated(f"Import-Module {name}", ctx.line)
            if kind == "nowhere":
                text = (
                    f"The specified module '{name}' was not loaded because no valid module file was found in any "
                    "module directory."
                )
                exception = DotNetException("System.IO.FileNotFoundException", text)
                ctx.error(ErrorRecord(exception, "Modules_ModuleNotFound", "ResourceUnavailable", name))


@cmdlet("Get-Module", aliases=("gmo",))
class GetModule(Cmdlet):
    """Nothing for a module that nobody has; the others would have to be described."""

    parameters = (
        Param("Name", "string[]", position=0, pipeline=True),
        Param("ListAvailable", "switch"),
        Param("All", "switch"),
        Param("Refresh", "switch"),
        *(
            Param(name, unsupported=True)
            for name in ("CimNamespace", "CimResourceUri", "CimSession", "FullyQualifiedName", "PSSession")
        ),
    )

    def process(self, ctx: CmdletContext) -> None:
        names = self.get("Name")
        if not names:
            raise NotSimulated("a list of modules", ctx.line)
        for name in names:
            if _kind(name) != "nowhere":
                raise NotSimulated(f"Get-Module {name}", ctx.line)
