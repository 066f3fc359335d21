"""Logging on with a client certificate: which local account of a host a certificate stands for.

Facts: MS-WSMV 3.1.4.1.29.3 (certmapping: the issuer's thumbprint, a subject that may begin with one ``*``); the
certificate needs the client-authentication usage and a user principal name in its alternative names. Decides nothing
about the account itself: its password, which the mapping keeps a copy of, is judged by ``windows/accounts.py``.

Not here: a certificate that may not be used by clients at all (its usages leave client authentication out) never comes
this far, since OpenSSL ends its TLS handshake, where Windows finishes it and answers 401.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

SCHEME = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""The whole value of the Authorization header."""

UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
_UTF8_STRING = 0x0C


@dataclass(frozen=True, slots=True)
class CertificateMapping:
    """One entry of ``WSMan:\\localhost\\ClientCertificate``.

    Attributes:
        user: the local account.
        subject: what the certificate's principal name must be; a leading ``*`` stands for any beginning.
        issuer: thumbprint (SHA-1, hex) of the certificate that signed it; empty: the lab's own authority.
        password: the account's password as it was when the mapping was made; None: the one it has now. Windows keeps
            such a copy, so that a changed password makes the mapping useless.
        enabled: a disabled entry maps nothing.
    """

    user: str
    subject: str = "*"
    issuer: str = ""
    password: str | None = field(default=None, repr=False)
    enabled: bool = True

    def __post_init__(self) -> None:
        if not self.subject or "*" in self.subject[1:]:
            raise ValueError(f"a mapped subject may have one *, as its first character: {self.subject!r}")

    def fits(self, principal: str) -> bool:
        wanted, found = self.subject.lower(), principal.lower()
        return found.endswith(wanted[1:]) if wanted.startswith("*") else found == wanted


def mapped(
    der: bytes, mappings: Sequence[CertificateMapping], roots: Sequence[x509.Certificate], now: datetime
) -> CertificateMapping | None:
    """The first mapping that the certificate fits, or None.

    Args:
        der: the client's certificate as TLS handed it over.
        roots: what the host trusts; one of them must have signed it.
        now: the host's clock, aware.
    """
    certificate = x509.load_der_x509_certificate(der)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return None
    if not _for_clients(certificate):
        return None
    issuer = next((root for root in roots if _signed_by(certificate, root)), None)
    if issuer is None:
        return None
    names = principals(certificate)
    signed = thumbprint(issuer)
    return next(
        (
            one
            for one in mappings
            if one.enabled and one.issuer.lower() in ("", signed) and any(one.fits(name) for name in names)
        ),
        None,
    )


def principals(certificate: x509.Certificate) -> list[str]:
    """The user principal names among the certificate's alternative names."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [_utf8(other.value) for other in names.get_values_for_type(x509.OtherName) if other.type_id == UPN]


def principal_name(name: str) -> x509.OtherName:
    """The alternative name that says ``name``: an UTF8String in DER (short form: fewer than 128 bytes)."""
    data = name.encode()
    if len(data) >= 0x80:
        raise ValueError("the principal name is too long")
    return x509.OtherName(UPN, bytes((_UTF8_STRING, len(data))) + data)


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 in lower-case hex: what Windows calls a thumbprint; it protects nothing."""
    return certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - a name, not a protection


def _utf8(der: bytes) -> str:
    known = len(der) >= 2 and der[0] == _UTF8_STRING and der[1] == len(der) - 2
    return der[2:].decode("utf-8", "replace") if known else ""


def _for_clients(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages


def _signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
