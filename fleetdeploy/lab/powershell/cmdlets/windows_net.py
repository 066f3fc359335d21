"""Is a port open, who listens on it: Test-NetConnection -Port, Test-Connection -Quiet, Get-NetTCPConnection -LocalPort.

Only what the lab's network knows: listeners of simulated programs, names of hosts. Pings, routes and established
connections are refused.
"""

from __future__ import annotations

from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets.registry import Cmdlet, CmdletContext, Param, cmdlet
from fleetdeploy.lab.powershell.cmdlets.windows_support import machine_of
from fleetdeploy.lab.powershell.dotnet.net import connect
from fleetdeploy.lab.powershell.runtime.values_ext import TypedObject
from fleetdeploy.lab.powershell.values import EnumValue, NetError, PSCustomObject, UInt16, UInt32, define_enum
from fleetdeploy.lab.windows.host import WindowsHost

STATE = define_enum(
    "Microsoft.PowerShell.Cmdletization.GeneratedTypes.NetTCPConnection.State",
    {"Closed": 1, "Listen": 2, "SynSent": 3, "SynReceived": 4, "Established": 5, "FinWait1": 6, "FinWait2": 7,
     "CloseWait": 8, "Closing": 9, "LastAck": 10, "TimeWait": 11, "DeleteTCB": 12, "Bound": 100},
)  # fmt: skip
_CIM = "Microsoft.Management.Infrastructure.CimInstance"
_CLASS = "MSFT_NetTCPConnection"
# Windows itself listens there on most servers; the lab does not keep a list.
_SYSTEM_PORTS = frozenset({80, 135, 139, 443, 445, 3389, 5985, 5986, 47001})
_COMMON_PORTS = {"http": 80, "rdp": 3389, "smb": 445, "winrm": 5985}
_CIM_ONLY = ("CimSession", "ThrottleLimit", "AsJob", "AppliedSetting", "CreationTime", "OffloadState")


def opens(host: WindowsHost, name: str, port: int) -> bool:
    """Whether a TCP connection to that name and port is accepted."""
    if host.network.endpoint(name, port) is None:
        raise NotSimulated(f"a connection to {name}, which the lab does not know")
    try:
        connect(host, name, port, 5).close()
    except NetError:
        return False
    return True


@cmdlet("Test-NetConnection", aliases=("TNC",), implementing="Test-NetConnection")
class TestNetConnection(Cmdlet):
    parameters = (
        Param("ComputerName", "string", position=0, pipeline=True, by_property=True,
              aliases=("RemoteAddress", "cn")),
        Param("CommonTCPPort", "string", position=1, validate_set=("HTTP", "RDP", "SMB", "WINRM")),
        Param("Port", "int", by_property=True, aliases=("RemotePort",), validate_range=(1, 65535)),
        Param("InformationLevel", "string", validate_set=("Quiet", "Detailed")),
        *(Param(name, unsupported=True) for name in ("TraceRoute", "Hops", "DiagnoseRouting",
                                                      "ConstrainSourceAddress", "ConstrainInterface")),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        name = self.get("ComputerName")
        port = self.get("Port") if self.bound("Port") else None
        if self.bound("CommonTCPPort"):
            port = _COMMON_PORTS[str(self.get("CommonTCPPort")).lower()]
        level = str(self.get("InformationLevel") or "").lower()
        if port is None or not name or level == "detailed":
            raise NotSimulated("Test-NetConnection without a name and a port, or in detail", ctx.line)
        found = opens(host, str(name), int(port))
        if not found:
            # The real one pings as well, once the port did not answer.
            endpoint = host.network.endpoint(str(name), int(port))
            ctx.warning(f"TCP connect to ({endpoint[0] if endpoint else name} : {port}) failed")
        if level == "quiet":
            ctx.write(found)
            return
        pairs = [("ComputerName", name), ("RemotePort", UInt32(int(port))), ("TcpTestSucceeded", found)]
        ctx.write(_Refusing(pairs))


class _Refusing(TypedObject):
    """A TestNetConnectionResult: what is not in it the lab does not know."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        from fleetdeploy.lab.powershell.dotnet.windows_records import refused_properties

        super().__init__("TestNetConnectionResult", pairs)
        for member in refused_properties("TestNetConnectionResult", _NET_RESULT):
            self.members.add(member)


_NET_RESULT = (
    "RemoteAddress PingSucceeded PingReplyDetails TraceRoute Detailed InterfaceAlias InterfaceIndex "
    "InterfaceDescription NetAdapter NetRoute SourceAddress NameResolutionSucceeded BasicNameResolution "
    "LLMNRNetbiosRecords DNSOnlyRecords AllNameResolutionResults IsAdmin NetworkIsolationContext "
    "MatchingIPsecRules ResolvedAddresses TcpClientSocket"
)


@cmdlet("Test-Connection")
class TestConnection(Cmdlet):
    parameters = (
        Param("ComputerName", "string[]", position=0, mandatory=True, pipeline=True, by_property=True,
              aliases=("CN", "IPAddress", "__SERVER", "Server", "Destination")),
        Param("Count", "int", default=4),
        Param("Quiet", "switch"),
        Param("Delay", "int"),
        Param("BufferSize", "int"),
        Param("TimeToLive", "int"),
        *(Param(name, unsupported=True) for name in ("AsJob", "DcomAuthentication", "WsmanAuthentication", "Protocol",
                                                      "Source", "Credential", "ThrottleLimit", "Impersonation")),
    )  # fmt: skip

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        if not self.get("Quiet"):
            raise NotSimulated("Test-Connection without -Quiet", ctx.line)
        for name in self.get("ComputerName"):
            if host.network.endpoint(str(name), 7) is None:
                raise NotSimulated(f"a ping to {name}, which the lab does not know", ctx.line)
            ctx.write(True)


@cmdlet("Get-NetTCPConnection", implementing="Get-NetTCPConnection")
class GetNetTCPConnection(Cmdlet):
    """Listeners by port: -LocalPort with -State Listen, or a port that nobody listens on."""

    parameters = (
        Param("LocalAddress", "string[]", position=0, by_property=True),
        Param("LocalPort", "int[]", position=1, by_property=True),
        Param("RemoteAddress", "string[]", by_property=True),
        Param("RemotePort", "int[]", by_property=True),
        Param("State", "string[]", by_property=True),
        Param("OwningProcess", "int[]", by_property=True),
        *(Param(name, unsupported=True) for name in _CIM_ONLY),
    )

    def process(self, ctx: CmdletContext) -> None:
        host = machine_of(ctx)
        states = [str(one).lower() for one in self.get("State") or ()]
        others = any(self.bound(name) for name in ("LocalAddress", "RemoteAddress", "RemotePort", "OwningProcess"))
        if not self.bound("LocalPort") or others or states not in ([], ["listen"]):
            raise NotSimulated("Get-NetTCPConnection other than -LocalPort with -State Listen", ctx.line)
        with host.lock:
            owners = dict(host.network.owners)
        for port in self.get("LocalPort"):
            if port in owners and not states:
                raise NotSimulated("established connections (Get-NetTCPConnection without -State Listen)", ctx.line)
            if port not in owners and port in _SYSTEM_PORTS:
                raise NotSimulated(f"who listens on port {port}", ctx.line)
        found = [port for port in self.get("LocalPort") if port in owners]
        for port in found:
            ctx.write(_connection(port, owners[port]))
        if found:
            return
        if not states and len(list(self.get("LocalPort"))) == 1:
            suffix, text = "_LocalPort", f"with property 'LocalPort' equal to '{next(iter(self.get('LocalPort')))}'"
        else:
            suffix, text = "", "by CIM query"
        ctx.fail(f"CmdletizationQuery_NotFound{suffix}", "ObjectNotFound",
                 "Microsoft.PowerShell.Cmdletization.Cim.CimJobException",
                 f"No {_CLASS} objects found {text}.  Verify the value of the property and retry.",
                 target=_CLASS)  # fmt: skip


def _connection(port: int, pid: int) -> PSCustomObject:
    base = f"{_CIM}#ROOT/StandardCimv2/{_CLASS}"
    pairs: list[tuple[str, Any]] = [
        ("LocalAddress", "::"),
        ("LocalPort", UInt16(port)),
        ("RemoteAddress", "::"),
        ("RemotePort", UInt16(0)),
        ("State", EnumValue(STATE, 2)),
        ("OwningProcess", UInt32(pid)),
    ]
    return PSCustomObject(pairs, [base, f"{_CIM}#{_CLASS}", _CIM, "System.Object"])
