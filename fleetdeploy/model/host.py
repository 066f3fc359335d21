"""Hosts and fleets as the inventory names them. Nothing here knows how to reach one; ``hosts/`` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fleetdeploy.model.freeze import FreezeWindow
from fleetdeploy.model.secret import SecretRef

Transport = Literal["https", "http"]
Auth = Literal["negotiate", "ntlm", "kerberos", "basic", "certificate"]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to log in to one host.

    Attributes:
        address: DNS name or IP address to connect to.
        port: TCP port (5986 for https, 5985 for http unless set).
        transport: ``https`` (default) or ``http``, which is always sealed (message encryption).
        user: account, ``DOMAIN\\name`` or ``name``; empty only for certificate login.
        secret: where the password comes from; None for kerberos with a ticket. For a certificate: its key's passphrase.
        ca_file: PEM file with the CA to trust, None for the system's.
        fingerprint: SHA-256 of the host's certificate in hex, pins it instead of a CA.
        certificate: PEM file to log in with (``auth`` certificate), which the host maps to a local account.
        certificate_key: PEM file of its key; None: it is in the certificate's file.
    """

    address: str
    port: int
    transport: Transport = "https"
    auth: Auth = "negotiate"
    user: str = ""
    secret: SecretRef | None = None
    ca_file: str | None = None
    fingerprint: str | None = None
    connect_timeout_s: float = 10.0
    certificate: str | None = None
    certificate_key: str | None = None

    @property
    def login(self) -> str:
        """Who logs in, for people: the account, or the certificate."""
        return f"the certificate {self.certificate}" if self.auth == "certificate" else self.user

    @property
    def credential_key(self) -> tuple[str, str]:
        """Hosts with an equal key log in with the same credential (one refused login stops them all).

        How it is presented (Basic, NTLM) does not matter: a wrong password counts towards the lock-out either way.
        """
        if self.auth == "certificate":
            return ("", f"certificate:{self.certificate}")
        return (self.user.lower(), str(self.secret))


@dataclass(frozen=True, slots=True)
class Host:
    """One Windows Server of a fleet. ``name`` is unique in the fleet, case-insensitively."""

    name: str
    connection: Connection
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    vars: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fleet:
    """A named set of hosts, in inventory order. ``source`` is the file it was read from; ``freeze`` its own windows."""

    name: str
    hosts: tuple[Host, ...]
    source: str = ""
    freeze: tuple[FreezeWindow, ...] = ()

    def host(self, name: str) -> Host:
        """The host of that name.

        Raises:
            KeyError: no such host.
        """
        for host in self.hosts:
            if host.name.lower() == name.lower():
                return host
        raise KeyError(name)

    def names(self) -> tuple[str, ...]:
        """Names in inventory order."""
        return tuple(host.name for host in self.hosts)
