"""Why a host cannot be worked with: one finding per layer, from the name up to the disk.

Each layer is asked only if the ones below it answered, so that the first finding that is not well is the cause. Looks
only; one login attempt per way in (a locked account helps nobody). Prints nothing: ``cli/`` shows findings.
"""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from fleetdeploy.errors import HostError, LoginRefused, ProtocolRefused
from fleetdeploy.hosts import identify, winrs
from fleetdeploy.hosts.psrp import PsrpSession
from fleetdeploy.hosts.session import Script
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret
from fleetdeploy.model.verbs import AppRef, Observation

Layer = Literal["dns", "tcp", "tls", "winrm", "login", "psrp", "language", "admin", "disk", "powershell"]

LOW_DISK_BYTES = 1024**3
_LANGUAGE = "[CmdletBinding()] param() $ExecutionContext.SessionState.LanguageMode"


@dataclass(frozen=True, slots=True)
class Finding:
    """One layer. ``ok`` is None for a layer that was not asked since one below it failed.

    ``refused``: the host said no to the credential, which must not be shown to another host.
    """

    layer: Layer
    ok: bool | None
    detail: str
    next_step: str = ""
    refused: bool = False


def diagnose(host: str, connection: Connection, secret: Secret | None, app: AppRef) -> tuple[Finding, ...]:
    """All layers of one host, lowest first."""
    findings: list[Finding] = []
    for layer, ask in _layers(host, connection, secret, app):
        if any(f.ok is False for f in findings):
            findings.append(Finding(layer, None, "not asked"))
            continue
        findings.extend(ask())
    return tuple(findings)


def healthy(findings: tuple[Finding, ...]) -> bool:
    """Whether the host can be worked with."""
    return all(finding.ok for finding in findings)


def _layers(
    host: str, connection: Connection, secret: Secret | None, app: AppRef
) -> Iterator[tuple[Layer, Callable[[], list[Finding]]]]:
    yield "dns", lambda: [_dns(connection)]
    yield "tcp", lambda: [_tcp(connection)]
    if connection.transport == "https":
        yield "tls", lambda: [_tls(connection)]
    offered: set[str] = set()
    yield "winrm", lambda: [_winrm(connection, offered)]
    yield "login", lambda: [_login(host, connection, secret, offered)]
    yield "psrp", lambda: _psrp(host, connection, secret, app)


def _dns(connection: Connection) -> Finding:
    try:
        found = socket.getaddrinfo(connection.address, connection.port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Finding(
            "dns", False, f"{connection.address} has no address: {error}", "check the address in the inventory"
        )
    return Finding("dns", True, ", ".join(sorted({str(one[4][0]) for one in found})))


def _tcp(connection: Connection) -> Finding:
    where = f"{connection.address}:{connection.port}"
    try:
        socket.create_connection((connection.address, connection.port), connection.connect_timeout_s).close()
    except ConnectionRefusedError:
        return Finding("tcp", False, f"{where} refuses: nothing listens there", "winrm quickconfig on the host")
    except OSError as error:
        return Finding(
            "tcp", False, f"{where} does not answer: {error}", "is the host up, does a firewall let us through?"
        )
    return Finding("tcp", True, where)


def _tls(connection: Connection) -> Finding:
    context = ssl.create_default_context(cafile=connection.ca_file)
    if connection.fingerprint is not None:
        # The pin is the check: compared below, before anything is sent.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((connection.address, connection.port), connection.connect_timeout_s) as raw,
            context.wrap_socket(raw, server_hostname=connection.address) as secured,
        ):
            certificate = secured.getpeercert(binary_form=True) or b""
            version = secured.version() or ""
    except ssl.SSLCertVerificationError as error:
        return Finding(
            "tls", False, f"the certificate was not accepted: {error.verify_message}", "set ca_file or fingerprint"
        )
    except OSError as error:
        return Finding("tls", False, f"no TLS there: {error}", "is there an HTTPS listener on this port?")
    found = hashlib.sha256(certificate).hexdigest()
    if connection.fingerprint is not None and found != connection.fingerprint.replace(":", "").lower():
        return Finding("tls", False, f"the certificate is another one: {found}", "was it renewed?")
    return Finding("tls", True, f"{version}, certificate {found[:16]}")


def _winrm(connection: Connection, offered: set[str]) -> Finding:
    """Identify, without login: any answer of WinRM's is an answer, 401 too. ``offered`` gets the ways to log in."""
    try:
        status, offers = identify.offers(connection)
    except (OSError, http.client.HTTPException) as error:
        return Finding(
            "winrm", False, f"the port answers, WinRM does not: {type(error).__name__}", "Restart-Service WinRM"
        )
    if status == 503:
        return Finding("winrm", False, "HTTP 503: WinRM is down or starting", "Restart-Service WinRM on the host")
    if status not in (200, 401, 500):
        return Finding("winrm", False, f"HTTP {status}: something else listens there", "check the port")
    offered |= offers
    return Finding("winrm", True, f"answers{f', offers {_listed(offers)}' if offers else ''}")


_SCHEMES = {
    "negotiate": {"negotiate", "kerberos"},
    "ntlm": {"negotiate", "ntlm"},
    "kerberos": {"negotiate", "kerberos"},
    "basic": {"basic"},
}
"""Which of the schemes that a host names serve a login; certificates are not told in headers."""


def _listed(schemes: Collection[str]) -> str:
    return ", ".join(sorted(schemes))


def _login(host: str, connection: Connection, secret: Secret | None, offered: set[str]) -> Finding:
    wanted = _SCHEMES.get(connection.auth, set())
    if offered and wanted and not wanted & {one.lower() for one in offered}:
        detail = f"the host takes no login by {connection.auth}: it offers {_listed(offered)}"
        step = f"set auth: to what it offers, or allow {connection.auth} there (WSMan:\\localhost\\Service\\Auth)"
        return Finding("login", False, detail, step)
    if not winrs.can_ask(connection):
        return Finding("login", True, "tried with PSRP only (WinRS takes neither pins nor this login)")
    try:
        name = winrs.hostname(host, connection, secret)
    except LoginRefused as error:
        step = "check user, password, lock-out and the rights of the account"
        return Finding("login", False, str(error), step, refused=True)
    except HostError as error:
        # Hosts may allow PowerShell alone.
        return Finding("login", True, f"WinRS is not open here ({error}); PSRP decides")
    return Finding("login", True, f"WinRS answers as {name}")


def _psrp(host: str, connection: Connection, secret: Secret | None, app: AppRef) -> list[Finding]:
    session = PsrpSession(host, connection, secret)
    try:
        said = session.run(Script("language", _LANGUAGE), deadline_s=30.0)
    except LoginRefused as error:
        step = "check user and password; is the account an administrator there?"
        return [Finding("psrp", False, f"PSRP refused the login: {error}", step, refused=True)]
    except ProtocolRefused as error:
        return [Finding("psrp", False, f"PSRP refused: {error}", "Enable-PSRemoting on the host")]
    except HostError as error:
        return [Finding("psrp", False, str(error), "try again; then look at the host's event log")]
    finally:
        session.close()
    mode = said.output[0] if said.output else "unknown"
    findings = [Finding("psrp", True, "a PowerShell session opens")]
    if mode != "FullLanguage":
        hint = "fleetdeploy needs FullLanguage: an AppLocker or WDAC rule for its account"
        return [*findings, Finding("language", False, f"PowerShell runs in {mode}", hint)]
    findings.append(Finding("language", True, mode))
    verbs = HostVerbs(host, lambda: PsrpSession(host, connection, secret), app)
    try:
        return [*findings, *_observed(verbs.observe())]
    except HostError as error:
        return [*findings, Finding("powershell", False, f"observe failed: {error}", "fleetdeploy render observe")]
    finally:
        verbs.disconnect()


def _observed(seen: Observation) -> list[Finding]:
    free = seen.free_bytes / 1024**3
    return [
        Finding("powershell", True, f"{seen.powershell} on build {seen.os_build} ({seen.arch}), {seen.computer_name}"),
        Finding(
            "admin", seen.is_admin, "administrator" if seen.is_admin else "not an administrator", "add the account"
        ),
        Finding("disk", seen.free_bytes >= LOW_DISK_BYTES, f"{free:.1f} GB free", "make room on the drive of `root`"),
    ]
