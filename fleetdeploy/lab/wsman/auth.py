"""Logging on to a simulated host: Negotiate/NTLM through pyspnego's acceptor, Basic over TLS only.

One ``ConnectionAuth`` per TCP connection, since NTLM belongs to the connection. Decides who the client is; what an
account may do, and its lock-out, is ``windows/accounts.py``. Passwords never leave this module's locals.

pyspnego looks its acceptor's credentials up in a process-wide file. Here each host has its own accounts, so the two
look-up functions are wrapped once: inside ``_lookup_in`` (this thread, synchronously) they ask the host; for every
other thread and for clients in this process they are what they were.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import spnego
from spnego import _ntlm
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError


class AccountLike(Protocol):
    name: str
    password: str
    enabled: bool


class AccountBook(Protocol):
    """What logging on needs of a host's accounts (``windows.accounts.Accounts`` has it)."""

    def get(self, name: str) -> Any: ...

    def locked(self, account: Any) -> bool: ...

    def record(self, account: Any, good: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one request's Authorization header came to.

    ``user`` is set when the client is known. ``token`` goes back in WWW-Authenticate. ``attempted`` is the name of an
    account that was tried in vain (empty while the exchange goes on).
    """

    user: str = ""
    token: str = ""
    refused: bool = False
    attempted: str = ""


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
        if account is None or not account.enabled or lookup.book.locked(account):
            raise SpnegoError(context_msg="no such account, or it may not log on")
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

    def __init__(self, book: AccountBook, *, bindings: GssChannelBindings | None) -> None:
        _install()
        self._book = book
        self._bindings = bindings
        self._negotiating: Any = None
        self.context: Any = None
        """The finished security context: what sealing uses. None before, and with Basic."""
        self.user = ""
        self.protocol = "application/HTTP-SPNEGO-session-encrypted"

    @property
    def tls(self) -> bool:
        return self._bindings is not None

    def challenges(self) -> list[str]:
        """The WWW-Authenticate values of a first 401; Basic only where the password cannot be read on the way."""
        return ["Negotiate", 'Basic realm="WSMAN"'] if self.tls else ["Negotiate"]

    def step(self, header: str) -> Step:
        scheme, _, value = header.partition(" ")
        if scheme.lower() == "basic" and self.tls:
            return self._basic(value.strip())
        if scheme.lower() in ("negotiate", "ntlm") and value.strip():
            return self._negotiate(scheme, value.strip())
        return Step(refused=True)

    def _basic(self, value: str) -> Step:
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Step(refused=True)
        account = self._book.get(name)
        if account is None:
            return Step(refused=True, attempted=name)
        if self._book.locked(account) or not account.enabled:
            return Step(refused=True, attempted=account.name)
        good = bool(account.password == password)
        self._book.record(account, good)
        if not good:
            return Step(refused=True, attempted=account.name)
        self.user = account.name
        return Step(user=account.name)

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
            except Exception:  # noqa: BLE001 - a bad token, whatever its kind, is a refused log-on
                self._negotiating = None
                return self._refuse(lookup.tried)
        text = f"{scheme} {base64.b64encode(out).decode()}" if out else ""
        if not context.complete:
            return Step(token=text)
        self._negotiating = None
        account = self._book.get(lookup.tried or str(context.client_principal or ""))
        if account is None:
            return self._refuse(lookup.tried)
        self._book.record(account, True)
        self.context, self.user = context, account.name
        return Step(user=account.name, token=text)

    def _refuse(self, tried: str) -> Step:
        """A failed exchange. Only one that named an account counts as an attempt on it."""
        account = self._book.get(tried) if tried else None
        if account is not None and not self._book.locked(account):
            self._book.record(account, False)
        return Step(refused=True, attempted=account.name if account is not None else tried)
