"""The bodies a host answers about itself: Identify, winrm/config, the list of shells. No state, no decisions."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from fleetdeploy.lab.wsman import soap

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.service import ServiceLimits


def identify(os_build: int, *, known: bool) -> str:
    """A client that has not logged on learns the stack, not the build."""
    product = f"OS: 10.0.{os_build} SP: 0.0 Stack: 3.0" if known else "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    return (
        f'<wsmid:IdentifyResponse xmlns:wsmid="{soap.IDENTITY}">'
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        f"<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>{product}</wsmid:ProductVersion></wsmid:IdentifyResponse>"
    )


def config(limits: ServiceLimits, methods: Collection[str]) -> str:
    allowed = {name: str(name in methods).lower() for name in ("basic", "kerberos", "negotiate", "certificate")}
    return (
        f'<cfg:Config xmlns:cfg="{soap.CFG}" xml:lang="en-US">'
        f"<cfg:MaxEnvelopeSizekb>{limits.max_envelope_kb}</cfg:MaxEnvelopeSizekb>"
        f"<cfg:MaxTimeoutms>{int(limits.max_timeout_s * 1000)}</cfg:MaxTimeoutms>"
        "<cfg:MaxBatchItems>32000</cfg:MaxBatchItems>"
        "<cfg:MaxProviderRequests>4294967295</cfg:MaxProviderRequests>"
        "<cfg:Client><cfg:NetworkDelayms>5000</cfg:NetworkDelayms><cfg:AllowUnencrypted>false</cfg:AllowUnencrypted>"
        "</cfg:Client><cfg:Service><cfg:MaxConcurrentOperations>4294967295</cfg:MaxConcurrentOperations>"
        "<cfg:MaxConcurrentOperationsPerUser>1500</cfg:MaxConcurrentOperationsPerUser>"
        "<cfg:EnumerationTimeoutms>240000</cfg:EnumerationTimeoutms><cfg:MaxConnections>300</cfg:MaxConnections>"
        "<cfg:MaxPacketRetrievalTimeSeconds>120</cfg:MaxPacketRetrievalTimeSeconds>"
        "<cfg:AllowUnencrypted>false</cfg:AllowUnencrypted><cfg:Auth>"
        f"<cfg:Basic>{allowed['basic']}</cfg:Basic>"
        f"<cfg:Kerberos>{allowed['kerberos']}</cfg:Kerberos><cfg:Negotiate>{allowed['negotiate']}</cfg:Negotiate>"
        f"<cfg:Certificate>{allowed['certificate']}</cfg:Certificate>"
        "<cfg:CredSSP>false</cfg:CredSSP><cfg:CbtHardeningLevel>Relaxed</cfg:CbtHardeningLevel></cfg:Auth>"
        "</cfg:Service><cfg:Winrs><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess>"
        f"<cfg:IdleTimeout>{int(limits.idle_timeout_s * 1000)}</cfg:IdleTimeout>"
        "<cfg:MaxConcurrentUsers>2147483647</cfg:MaxConcurrentUsers>"
        "<cfg:MaxShellRunTime>2147483647</cfg:MaxShellRunTime>"
        "<cfg:MaxProcessesPerShell>2147483647</cfg:MaxProcessesPerShell>"
        "<cfg:MaxMemoryPerShellMB>2147483647</cfg:MaxMemoryPerShellMB>"
        f"<cfg:MaxShellsPerUser>{limits.max_shells_per_user}</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>"
    )


def command(shell_id: str, command_id: str) -> str:
    return (
        f"<rsp:Command><rsp:ShellId>{shell_id}</rsp:ShellId><rsp:CommandId>{command_id}</rsp:CommandId>"
        "<rsp:State>Connected</rsp:State></rsp:Command>"
    )


def enumeration(parts: list[str]) -> str:
    items = "".join(parts)
    return (
        f'<n:EnumerateResponse xmlns:n="{soap.N}"><n:EnumerationContext></n:EnumerationContext>'
        f"<w:Items>{items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"
    )
