"""The lab's throw-away certificate authority and the certificates of its hosts and of their clients.

Made anew for each lab and kept in memory (only the authority's public certificate is ever written out, and a client's
certificate where its user asks for files). Also makes the channel binding that a certificate implies (RFC 5929,
tls-server-end-point). No policy about who trusts it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import ssl
from asyncio import sslproto
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from spnego.channel_bindings import GssChannelBindings

from fleetdeploy.lab.wsman.certificates import principal_name

# X509_V_FLAG_NO_CHECK_TIME: whether a client's certificate has expired is for the host and its clock to say.
_NO_CHECK_TIME = 0x200000
_PARTIAL_CHAIN = 0x80000

TLS_RECORD = 16 * 1024
"""Bytes of the largest record's text (RFC 8446 5.1)."""


@dataclass(frozen=True, slots=True)
class HostTls:
    """What one HTTPS listener needs."""

    context: ssl.SSLContext
    channel_bindings: GssChannelBindings
    fingerprint_sha256: str


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate that a client logs on with, and its key, both PEM."""

    certificate_pem: bytes
    key_pem: bytes = field(repr=False)

    def write(self, directory: Path, name: str = "client") -> tuple[Path, Path]:
        """As two files, certificate and key; only their owner can read the key."""
        certificate, key = directory / f"{name}.pem", directory / f"{name}.key"
        certificate.write_bytes(self.certificate_pem)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            stream.write(self.key_pem)
        return certificate, key


_HANDSHAKE, _CERTIFICATE = 22, 11


def _take_any_issuer(context: ssl.SSLContext) -> None:
    """The handshake takes a client's certificate whoever signed it, as Windows does, and leaves the rest to the log-on.

    The ssl module can either refuse such a certificate or not show it. So the certificate itself is made an anchor of
    trust (X509_V_FLAG_PARTIAL_CHAIN) when it has arrived and is not yet judged: in the callback for messages that
    CPython has for debugging. A Python without that callback ends the handshake with an alert instead.
    """
    if not hasattr(ssl.SSLContext, "_msg_callback"):
        return
    context.verify_flags |= ssl.VerifyFlags(_PARTIAL_CHAIN)

    def seen(_: object, direction: str, version: int, content_type: int, message: int, data: bytes) -> None:
        if (direction, content_type, message) != ("read", _HANDSHAKE, _CERTIFICATE):
            return
        shown = _first_certificate(data, tls13=version >= ssl.TLSVersion.TLSv1_3)
        if shown:
            with contextlib.suppress(ssl.SSLError, ValueError):  # no certificate: OpenSSL says so itself
                context.load_verify_locations(cadata=shown)

    setattr(context, "_msg_callback", seen)  # noqa: B010 - no stub knows it


def _first_certificate(message: bytes, *, tls13: bool) -> bytes:
    """The client's own certificate (DER) in a handshake message Certificate (RFC 8446 4.4.2, RFC 5246 7.4.2)."""
    body = message[4:]
    if tls13 and body:
        body = body[1 + body[0] :]  # less the context of the request
    size = int.from_bytes(body[3:6], "big")
    return bytes(body[6 : 6 + size])


def small_buffers() -> None:
    """For a process that is the lab's alone: each TLS connection reads into a record's worth of memory.

    asyncio gives every one 256 KB, filled, which are 256 MB for a thousand sessions. A property of the whole process:
    never call this in somebody else's.
    """
    sslproto.SSLProtocol.max_size = TLS_RECORD


class LabAuthority:
    """One certificate authority per lab."""

    def __init__(self) -> None:
        self._ca = trustme.CA(key_type=trustme.KeyType.ECDSA)

    @property
    def pem(self) -> bytes:
        return self._ca.cert_pem.bytes()

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.pem)

    def issue(self, *names: str, client_roots: Sequence[x509.Certificate] = ()) -> HostTls:
        """A server certificate for host names and IP addresses.

        ``client_roots``: who may have signed a client's certificate (wsman/certificates.py judges it); with none,
        clients are not asked for one.
        """
        leaf = self._ca.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        leaf.configure_cert(context)
        if client_roots:
            context.verify_mode = ssl.CERT_OPTIONAL
            context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
            for root in client_roots:
                context.load_verify_locations(cadata=root.public_bytes(serialization.Encoding.PEM).decode())
            _take_any_issuer(context)
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        digest = _binding_hash(certificate)
        value = certificate.fingerprint(digest)
        return HostTls(
            context=context,
            channel_bindings=GssChannelBindings(application_data=b"tls-server-end-point:" + value),
            fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        )

    def issue_client(
        self,
        principal: str,
        *,
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        passphrase: bytes | None = None,
    ) -> ClientCertificate:
        """A client's certificate with the user principal name ``principal`` ("deploy@localhost"), valid for a day."""
        now = dt.datetime.now(dt.UTC)
        signer = serialization.load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError("the lab's authority signs with an elliptic curve")
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, principal)]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before or now - dt.timedelta(hours=1))
            .not_valid_after(not_after or now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([principal_name(principal)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            protection = serialization.BestAvailableEncryption(passphrase)
        return ClientCertificate(
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection),
        )

    @staticmethod
    def fingerprint(der: bytes) -> str:
        return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()


def _binding_hash(certificate: x509.Certificate) -> hashes.HashAlgorithm:
    """MD5 and SHA-1 signatures bind with SHA-256, all others with their own hash."""
    own = certificate.signature_hash_algorithm
    if own is None or own.name in ("md5", "sha1"):
        return hashes.SHA256()
    return own


__all__ = ["ClientCertificate", "HostTls", "LabAuthority", "small_buffers"]
