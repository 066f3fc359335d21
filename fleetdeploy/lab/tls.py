"""The lab's throw-away certificate authority and the certificates of its hosts.

Made anew for each lab and kept in memory (only the authority's public certificate is ever written out). Also makes
the channel binding that a certificate implies (RFC 5929, tls-server-end-point). No policy about who trusts it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings


@dataclass(frozen=True, slots=True)
class HostTls:
    """What one HTTPS listener needs."""

    context: ssl.SSLContext
    channel_bindings: GssChannelBindings
    fingerprint_sha256: str


class LabAuthority:
    """One certificate authority per lab."""

    def __init__(self) -> None:
        self._ca = trustme.CA(key_type=trustme.KeyType.ECDSA)

    @property
    def pem(self) -> bytes:
        return self._ca.cert_pem.bytes()

    def issue(self, *names: str) -> HostTls:
        """A server certificate for host names and IP addresses."""
        leaf = self._ca.issue_cert(*names, key_type=trustme.KeyType.ECDSA)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        leaf.configure_cert(context)
        certificate = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        digest = _binding_hash(certificate)
        value = certificate.fingerprint(digest)
        return HostTls(
            context=context,
            channel_bindings=GssChannelBindings(application_data=b"tls-server-end-point:" + value),
            fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
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


__all__ = ["HostTls", "LabAuthority"]
