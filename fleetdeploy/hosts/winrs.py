"""One command over WinRS, the oldest and plainest way in. The only importer of pywinrm; only ``doctor.py`` uses it.

It tells "WinRM is down", "login refused" and "PSRP refused" apart: a login that works here and not over PSRP is a
matter of the PowerShell endpoint. One attempt, never repeated.
"""

from __future__ import annotations

import time

import requests
import winrm.exceptions
from winrm.protocol import Protocol

from fleetdeploy.errors import LoginRefused, ProtocolRefused, Unreachable
from fleetdeploy.hosts.trust import system_store
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret

_OPERATION_S = 10
_READ_S = 20

TRANSPORTS = {"negotiate": "ntlm", "ntlm": "ntlm", "kerberos": "kerberos", "basic": "ssl", "certificate": "certificate"}
"""pywinrm's names of our logins."""


def can_ask(connection: Connection) -> bool:
    """Whether pywinrm can log in so: it knows neither pinned certificates nor keys with a passphrase."""
    locked_key = connection.auth == "certificate" and connection.secret is not None
    return connection.auth in TRANSPORTS and connection.fingerprint is None and not locked_key


def hostname(host: str, connection: Connection, secret: Secret | None, *, deadline_s: float = 30.0) -> str:
    """What the host calls itself, asked over WinRS.

    Raises:
        LoginRefused, ProtocolRefused, Unreachable: why it could not be asked.
    """
    if not can_ask(connection):
        raise ProtocolRefused(f"{host}: WinRS is not asked with this kind of login", host=host)
    transport = TRANSPORTS[connection.auth]
    if connection.transport == "http" and connection.auth == "basic":
        raise ProtocolRefused(f"{host}: basic over http would show the password", host=host)
    store = system_store()
    protocol = Protocol(
        f"{connection.transport}://{_bracketed(connection.address)}:{connection.port}/wsman",
        transport=transport,  # type: ignore[arg-type]
        username=connection.user,
        cert_pem=connection.certificate,
        cert_key_pem=connection.certificate_key or connection.certificate,
        password=None if secret is None else secret.reveal(),
        # Explicit, so that no environment variable changes what is trusted.
        ca_trust_path=connection.ca_file
        or (store if isinstance(store, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH),
        server_cert_validation="validate",
        read_timeout_sec=_READ_S,
        operation_timeout_sec=_OPERATION_S,
        message_encryption="always" if connection.transport == "http" else "auto",
        proxy=None,
    )
    try:
        return _run(protocol, time.monotonic() + deadline_s)
    except winrm.exceptions.AuthenticationError as error:
        raise LoginRefused(f"{host}: login refused for {connection.login!r}", host=host, code=401) from error
    except requests.exceptions.SSLError as error:
        raise ProtocolRefused(f"{host}: the certificate was not accepted", host=host) from error
    except (requests.RequestException, OSError) as error:
        raise Unreachable(f"{host}: WinRS does not answer ({type(error).__name__})", host=host) from error
    except (winrm.exceptions.WinRMError, winrm.exceptions.WinRMTransportError) as error:
        raise ProtocolRefused(f"{host}: WinRS was refused ({error})", host=host) from error
    except winrm.exceptions.WinRMOperationTimeoutError as error:
        raise Unreachable(f"{host}: WinRS does not answer in time", host=host) from error
    finally:
        protocol.transport.close_session()


def _run(protocol: Protocol, until: float) -> str:
    shell = protocol.open_shell()
    try:
        command = protocol.run_command(shell, "hostname")
        try:
            out = b""
            while time.monotonic() < until:
                try:
                    # The other call of pywinrm loops for ever when a host goes silent.
                    more, _, _, done = protocol.get_command_output_raw(shell, command)
                except winrm.exceptions.WinRMOperationTimeoutError:
                    continue
                out += more
                if done:
                    return out.decode("cp437", "replace").strip()
            raise winrm.exceptions.WinRMOperationTimeoutError
        finally:
            protocol.cleanup_command(shell, command)
    finally:
        protocol.close_shell(shell)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
