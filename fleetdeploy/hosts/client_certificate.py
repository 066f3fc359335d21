"""Whether a certificate that the inventory names can be used to log in, asked before any host hears of it.

Looks at the two files only. What a host makes of the certificate is the host's word (``psrp.py``). A key that needs a
passphrase must never make OpenSSL ask on the terminal, hence the check before a library gets hold of it.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from fleetdeploy.errors import LoginRefused
from fleetdeploy.model.host import Connection
from fleetdeploy.model.secret import Secret


def files_of(host: str, connection: Connection, passphrase: Secret | None) -> tuple[str, str]:
    """Paths of the certificate and of its key (one file may hold both), both readable and belonging together.

    Raises:
        LoginRefused: they cannot be used; no host was asked.
    """
    certificate = connection.certificate or ""
    key = connection.certificate_key or certificate
    for path in (certificate, key):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as problem:
            raise _refusal(host, f"{path} cannot be read: {problem.strerror}") from None
    reason = _unusable(certificate, key, "" if passphrase is None else passphrase.reveal())
    if reason:
        raise _refusal(host, f"{certificate} and its key {key} cannot be used: {reason}")
    return certificate, key


def _unusable(certificate: str, key: str, passphrase: str) -> str:
    """Why they cannot be used; empty: they can. Raises nothing, since a traceback would hold the passphrase."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=lambda: passphrase)
    except ssl.SSLError as problem:
        if problem.reason == "KEY_VALUES_MISMATCH":
            return "they do not belong together"
        return "no PEM certificate with its key, or the key's passphrase (secret:) is missing or wrong"
    except (OSError, ValueError):
        return "no PEM certificate with its key"
    return ""


def _refusal(host: str, reason: str) -> LoginRefused:
    return LoginRefused(
        f"{host}: not asked: the client certificate {reason}",
        host=host,
        next_steps=("check connection.certificate, certificate_key and secret in the inventory",),
    )
