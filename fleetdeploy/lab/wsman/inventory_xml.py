"""The bodies a host answers about itself: Identify, winrm/config, the list of shells. No state, no decisions."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from fleetdeploy.lab.wsman import soap

if TYPE_CHECKING:
    from fleetdeploy.lab.wsman.limits import ServiceLimits
    from fleetdeploy.lab.wsman.shells import ShellCommand


def identify(os_version: str, methods: Collection[str], *, known: bool, tls: bool) -> str:
    """A client that has not logged on learns the stack and how it could, not the build ("6.3.9600", "10.0.20348")."""
    product = f"OS: {os_version} SP: 0.0 Stack: 3.0" if known else "OS: 0.0.0 SP: 0.0 Stack: 3.0"
    names = "".join(
        f"<wsmid:SecurityProfileName>{one}</wsmid:SecurityProfileName>" for one in security_profiles(methods, tls=tls)
    )
    return (
        f'<wsmid:IdentifyResponse xmlns:wsmid="{soap.IDENTITY}">'
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        f"<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>{product}</wsmid:ProductVersion>"
        f"<wsmid:SecurityProfiles>{names}</wsmid:SecurityProfiles></wsmid:IdentifyResponse>"
    )


def security_profiles(methods: Collection[str], *, tls: bool) -> list[str]:
    """What MS-WSMV 3.1.4.1.29.2 makes of the allowed ways of logging on, in the order that 2012 R2 was seen to have."""
    scheme = "https" if tls else "http"
    profiles = {
        f"{scheme}/basic": tls and "basic" in methods,
        f"{scheme}/spnego-kerberos": "negotiate" in methods or "kerberos" in methods,
        "https/mutual": tls and "certificate" in methods,
    }
    return [f"http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/{name}" for name, on in profiles.items() if on]


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
        f"<cfg:MaxConcurrentOperationsPerUser>{limits.max_operations_per_user}</cfg:MaxConcurrentOperationsPerUser>"
        "<cfg:EnumerationTimeoutms>240000</cfg:EnumerationTimeoutms>"
        f"<cfg:MaxConnections>{limits.max_connections}</cfg:MaxConnections>"
        "<cfg:MaxPacketRetrievalTimeSeconds>120</cfg:MaxPacketRetrievalTimeSeconds>"
        "<cfg:AllowUnencrypted>false</cfg:AllowUnencrypted><cfg:Auth>"
        f"<cfg:Basic>{allowed['basic']}</cfg:Basic>"
        f"<cfg:Kerberos>{allowed['kerberos']}</cfg:Kerberos><cfg:Negotiate>{allowed['negotiate']}</cfg:Negotiate>"
        f"<cfg:Certificate>{allowed['certificate']}</cfg:Certificate>"
        "<cfg:CredSSP>false</cfg:CredSSP><cfg:CbtHardeningLevel>Relaxed</cfg:CbtHardeningLevel></cfg:Auth>"
        "</cfg:Service><cfg:Winrs><cfg:AllowRemoteShellAccess>true</cfg:AllowRemoteShellAccess>"
        f"<cfg:IdleTimeout>{int(limits.idle_timeout_s * 1000)}</cfg:IdleTimeout>"
        f"<cfg:MaxConcurrentUsers>{limits.max_concurrent_users}</cfg:MaxConcurrentUsers>"
        "<cfg:MaxShellRunTime>2147483647</cfg:MaxShellRunTime>"
        f"<cfg:MaxProcessesPerShell>{limits.max_processes_per_shell}</cfg:MaxProcessesPerShell>"
        f"<cfg:MaxMemoryPerShellMB>{limits.max_memory_per_shell_mb}</cfg:MaxMemoryPerShellMB>"
        f"<cfg:MaxShellsPerUser>{limits.max_shells_per_user}</cfg:MaxShellsPerUser></cfg:Winrs></cfg:Config>"
    )


def command(running: ShellCommand) -> str:
    """One command in the list of a shell's commands, as recorded; a pipeline has no command line."""
    line = escape(running.text) if running.shell.kind == "cmd" else ""
    state = "Done" if running.queue.finished else "Running"
    return (
        f'<rsp:Command xmlns:rsp="{soap.RSP}"><rsp:CommandId>{running.id}</rsp:CommandId>'
        f"<rsp:CommandLine>{line}</rsp:CommandLine><rsp:CommandState>{state}</rsp:CommandState></rsp:Command>"
    )


def enumeration(parts: list[str]) -> str:
    items = "".join(parts)
    return (
        f'<n:EnumerateResponse xmlns:n="{soap.N}"><n:EnumerationContext></n:EnumerationContext>'
        f"<w:Items>{items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>"
    )
