"""Logging on to a simulated host: Negotiate/NTLM through pyspnego's acceptor; Basic and certificates over TLS only.

One ``ConnectionAuth`` per TCP connection, since NTLM belongs to the connection. Decides who the client is and which
ways of logging on a host offers; what an account may do, and its lock-out, is ``windows/accounts.py``. Passwords never
leave this module's locals. Kerberos may be offered, as hosts outside a domain offer it, and then refuses every ticket;
CredSSP is not simulated and so never offered: whoever insists gets 401 and the list of what is.

pyspnego looks its acceptor's credentials up in a process-wide file. Here each host has its own accounts, so the two
look-up functions are wrapped once: inside ``_lookup_in`` (this thread, synchronously) they ask the host; for every
other thread and for clients in this process they are what they were.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import spnego
from cryptography import x509
from spnego import _ntlm
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import BadBindingsError, SpnegoError

from fleetdeploy.lab.windows.accounts import BAD_BINDINGS, NTLM_BLOCKED, Refusal
from fleetdeploy.lab.windows.audit import LogonAttempt
from fleetdeploy.lab.wsman import certificates
from fleetdeploy.lab.wsman.certificates import CertificateMapping

METHODS = ("negotiate", "ntlm", "kerberos", "basic", "certificate")
DEFAULT_METHODS = ("negotiate", "ntlm", "basic")
"""Negotiate and NTLM as on every host; Basic, which Windows has to be told to allow, as the lab's habit."""


class AccountBook(Protocol):
    """What logging on needs of a host's accounts (``windows.accounts.Accounts`` has it)."""

    def get(self, name: str) -> Any: ...

    def judge(self, account: Any, *, password_is_right: bool) -> Refusal | None: ...


def _present() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LogonPolicy:
    """``winrm/config/service/auth`` of a host, and its certificate mappings.

    ``methods`` are of METHODS. "ntlm" is no method of WinRM's but of Negotiate: a host without it has the policy
    "Restrict NTLM: deny all incoming" and answers every NTLM exchange with 401. Raises ValueError for other names.
    """

    methods: frozenset[str] = frozenset(DEFAULT_METHODS)
    mappings: tuple[CertificateMapping, ...] = ()
    roots: tuple[x509.Certificate, ...] = ()
    now: Callable[[], datetime] = _present

    def __post_init__(self) -> None:
        unknown = sorted(self.methods - set(METHODS))
        if unknown:
            known = ", ".join(METHODS)
            raise ValueError(f"no way of logging on that the lab simulates: {', '.join(unknown)} (there are: {known})")


@dataclass(frozen=True, slots=True)
class Step:
    """What one request's Authorization header came to.

    ``user`` is set when the client is known. ``token`` goes back in WWW-Authenticate. ``attempt`` is a logon that was
    judged by this request, ``refusal`` why it was refused (None: it was good).
    """

    user: str = ""
    token: str = ""
    refused: bool = False
    attempt: LogonAttempt | None = None
    refusal: Refusal | None = None


_local = threading.local()
_STORE = "the accounts of a simulated host"


@dataclass(slots=True)
class _Lookup:
    book: AccountBook
    tried: str = ""


def _install() -> None:
    if getattr(_ntlm, "_fleetdeploy_lab", False):
        return
    real_file, real_credential = _ntlm._get_credential_file, _ntlm._get_credential

    def credential_file() -> str | None:
        return _STORE if getattr(_local, "lookup", None) is not None else real_file()

    def credential(
        store: str | None, domain: str | None = None, username: str | None = None
    ) -> tuple[str | None, str | None, bytes, bytes]:
        lookup: _Lookup | None = getattr(_local, "lookup", None)
        if lookup is None or store != _STORE:
            return real_credential(store, domain, username)
        name = username or ""
        lookup.tried = name
        account = lookup.book.get(name)
        if account is None:
            raise SpnegoError(context_msg="no such account")
        return domain, username, b"\x00" * 16, ntowfv1(account.password)

    _ntlm._get_credential_file = credential_file
    _ntlm._get_credential = credential
    _ntlm._fleetdeploy_lab = True  # type: ignore[attr-defined]


@contextmanager
def _lookup_in(book: AccountBook) -> Iterator[_Lookup]:
    _local.lookup = lookup = _Lookup(book)
    try:
        yield lookup
    finally:
        _local.lookup = None


class ConnectionAuth:
    """The state of one connection's log-on."""

    def __init__(
        self, book: AccountBook, *, bindings: GssChannelBindings | None, policy: LogonPolicy | None = None
    ) -> None:
        _install()
        self._book = book
        self._bindings = bindings
        self._policy = policy or LogonPolicy()
        self._negotiating: Any = None
        self._mapped = ""
        self.certificate: bytes | None = None
        """What the client showed in the TLS handshake (DER), set by the connection."""
        self.context: Any = None
        """The finished security context: what sealing uses. None before, with Basic and with a certificate."""
        self.user = ""
        self.protocol = "application/HTTP-SPNEGO-session-encrypted"

    @property
    def tls(self) -> bool:
        return self._bindings is not None

    def challenges(self) -> list[str]:
        """The WWW-Authenticate values of a first 401; Basic only where the password cannot be read on the way.

        Certificates are not among them: no document says what Windows would write.
        """
        allowed = self._policy.methods
        offered = [scheme for name, scheme in (("negotiate", "Negotiate"), ("kerberos", "Kerberos")) if name in allowed]
        return [*offered, 'Basic realm="WSMAN"'] if self.tls and "basic" in allowed else offered

    def step(self, header: str) -> Step:
        scheme, _, value = header.partition(" ")
        allowed = self._policy.methods
        if scheme == certificates.SCHEME and self.tls and "certificate" in allowed:
            return self._certificate()
        if scheme.lower() == "basic" and self.tls and "basic" in allowed:
            return self._basic(value.strip())
        if scheme.lower() in ("negotiate", "ntlm") and "negotiate" in allowed and value.strip():
            return self._negotiate(scheme, value.strip())
        return Step(refused=True)

    def _basic(self, value: str) -> Step:
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Step(refused=True)
        return self._with_password(name, password)

    def _with_password(self, name: str, password: str) -> Step:
        domain, _, user = name.rpartition("\\")
        account = self._book.get(name)
        right = account is not None and hmac.compare_digest(account.password.encode(), password.encode())
        refusal = self._book.judge(account, password_is_right=right)
        attempt = LogonAttempt(
            user if account is None else account.name, domain, logon_type=8, process="Advapi  ", package="Negotiate"
        )
        if account is None or refusal is not None:
            return Step(refused=True, attempt=attempt, refusal=refusal)
        self.user = account.name
        return Step(user=account.name, attempt=attempt)

    def _certificate(self) -> Step:
        """The account that the connection's certificate stands for, with the password that its mapping keeps."""
        if self._mapped:
            self.user = self._mapped
            return Step(user=self._mapped)
        policy = self._policy
        if self.certificate is None:
            return Step(refused=True)
        mapping = certificates.mapped(self.certificate, policy.mappings, policy.roots, policy.now())
        if mapping is None:
            return Step(refused=True)
        step = self._with_password(mapping.user, mapping.password or "")
        self._mapped = step.user
        return step

    def _negotiate(self, scheme: str, value: str) -> Step:
        try:
            token = base64.b64decode(value, validate=True)
        except binascii.Error:
            return Step(refused=True)
        with _lookup_in(self._book) as lookup:
            if self._negotiating is None:
                self.user, self.context = "", None
                options = spnego.NegotiateOptions.use_negotiate | spnego.NegotiateOptions.use_ntlm
                self._negotiating = spnego.server(protocol="negotiate", options=options)
            context = self._negotiating
            try:
                out = context.step(token, channel_bindings=self._bindings)
            except Exception as error:  # noqa: BLE001 - a bad token, whatever its kind, is a refused log-on
                self._negotiating = None
                return self._refuse(lookup.tried, token, bindings=_is_bad_binding(error))
        text = f"{scheme} {base64.b64encode(out).decode()}" if out else ""
        if not context.complete:
            return Step(token=text)
        self._negotiating = None
        account = self._book.get(lookup.tried or str(context.client_principal or ""))
        if account is None:
            return self._refuse(lookup.tried, token)
        attempt = _ntlm_attempt(account.name, token)
        blocked = NTLM_BLOCKED if "ntlm" not in self._policy.methods else None
        refusal = blocked or self._book.judge(account, password_is_right=True)
        if refusal is not None:
            return Step(refused=True, attempt=attempt, refusal=refusal)
        self.context, self.user = context, account.name
        return Step(user=account.name, token=text, attempt=attempt)

    def _refuse(self, tried: str, token: bytes, *, bindings: bool = False) -> Step:
        """A failed exchange. Only one that named an account is an attempt, and only a wrong password counts."""
        if not tried:
            return Step(refused=True)
        account = self._book.get(tried)
        attempt = _ntlm_attempt(tried if account is None else account.name, token)
        if "ntlm" not in self._policy.methods:
            return Step(refused=True, attempt=attempt, refusal=NTLM_BLOCKED)
        if bindings:
            return Step(refused=True, attempt=attempt, refusal=BAD_BINDINGS)
        return Step(refused=True, attempt=attempt, refusal=self._book.judge(account, password_is_right=False))


def _is_bad_binding(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, BadBindingsError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _ntlm_attempt(user: str, token: bytes) -> LogonAttempt:
    """What the AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3) inside the token says of domain and workstation."""
    start = token.find(b"NTLMSSP\x00\x03\x00\x00\x00")
    message = token[start:] if start >= 0 else b""

    def text(at: int) -> str:
        length, _, offset = struct.unpack_from("<HHI", message, at)
        return message[offset : offset + length].decode("utf-16-le", "replace")

    if len(message) < 64:
        return LogonAttempt(user)
    return LogonAttempt(user, text(28), workstation=text(44) or "-")
