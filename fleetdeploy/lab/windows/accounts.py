"""The accounts of one simulated host: passwords, rights, restrictions, lock-out.

Decides who may log on over the network and with what, and says why not in Windows' own numbers (NTSTATUS, as event
4625 shows them). Passwords never appear in a repr. Knows no protocol and writes no event: the WinRM side asks
``judge``, the SCM asks ``service_logon``, ``audit.py`` writes what came of it. Look next: ``audit.py``, ``scm.py``.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

BUILT_IN_SERVICE_ACCOUNTS = {
    "localsystem": "LocalSystem",
    ".\\localsystem": "LocalSystem",
    "nt authority\\system": "LocalSystem",
    "nt authority\\localservice": "NT AUTHORITY\\LocalService",
    "nt authority\\local service": "NT AUTHORITY\\LocalService",
    "localservice": "NT AUTHORITY\\LocalService",
    "nt authority\\networkservice": "NT AUTHORITY\\NetworkService",
    "nt authority\\network service": "NT AUTHORITY\\NetworkService",
    "networkservice": "NT AUTHORITY\\NetworkService",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a logon was refused. Only the host's Security log tells it: over WinRM every one of them is a bare 401.

    Attributes:
        status, sub_status: NTSTATUS of event 4625 (its documentation, tables "Status" and "Sub Status").
        reason: the message number behind the event's Failure Reason (``%%2313``).
        text: what that number reads as.
    """

    status: int
    sub_status: int
    reason: int
    text: str


UNKNOWN_USER = Refusal(0xC000006D, 0xC0000064, 2313, "Unknown user name or bad password.")
WRONG_PASSWORD = Refusal(0xC000006D, 0xC000006A, 2313, "Unknown user name or bad password.")
LOCKED = Refusal(0xC0000234, 0x0, 2307, "Account locked out.")
DISABLED = Refusal(0xC000006E, 0xC0000072, 2310, "Account currently disabled.")
EXPIRED = Refusal(0xC000006E, 0xC0000193, 2305, "The specified user account has expired.")
PASSWORD_EXPIRED = Refusal(0xC000006E, 0xC0000071, 2309, "The specified account's password has expired.")
MUST_CHANGE = Refusal(0xC0000224, 0x0, 2309, "The specified account's password has expired.")
NO_RIGHT = Refusal(0xC000015B, 0x0, 2308, "The user has not been granted the requested logon type at this machine.")
NTLM_BLOCKED = Refusal(0xC0000418, 0x0, 2304, "An Error occured during Logon.")
BAD_BINDINGS = Refusal(0xC000035B, 0x0, 2304, "An Error occured during Logon.")


@dataclass(slots=True)
class Account:
    """One local account. ``failures`` counts wrong passwords as the lock-out does, ``total_failures`` every refusal.

    ``network_logon`` False: denied the right "Access this computer from the network" (or given its Deny twin).
    ``remote_management``: a member of Remote Management Users, whom WinRM serves although no administrator.
    """

    name: str
    password: str = field(repr=False)
    admin: bool = True
    service_logon_right: bool = False
    enabled: bool = True
    failures: int = 0
    total_failures: int = 0
    expired: bool = False
    password_expired: bool = False
    must_change_password: bool = False
    network_logon: bool = True
    remote_management: bool = False
    last_failure: float = 0.0
    locked_since: float | None = None

    def sid(self, host: str) -> str:
        digest = hashlib.sha256(f"{host}|{self.name}".lower().encode()).digest()
        a, b, c = (int.from_bytes(digest[i : i + 4], "big") for i in (0, 4, 8))
        return f"S-1-5-21-{a}-{b}-{c}-{1000 + digest[12]}"

    @property
    def restriction(self) -> Refusal | None:
        """What forbids this account a network logon although its password is right, in the order Windows asks."""
        if not self.enabled:
            return DISABLED
        if self.expired:
            return EXPIRED
        if self.must_change_password:
            return MUST_CHANGE
        if self.password_expired:
            return PASSWORD_EXPIRED
        return None if self.network_logon else NO_RIGHT


class Accounts:
    """All accounts of a host, found by name without case; a domain or host prefix is cut off.

    Lock-out as in the local policy: ``lockout_threshold`` wrong passwords (0: never), counted anew
    ``lockout_window_s`` after the last one; locked for ``lockout_duration_s`` (0: until an administrator unlocks).
    ``now``: seconds by the host's clock.
    """

    def __init__(
        self, host_name: str, *, lockout_threshold: int = 10, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.host_name = host_name
        self.lockout_threshold = lockout_threshold
        self.lockout_window_s = 600.0
        self.lockout_duration_s = 600.0
        self.on_locked: list[Callable[[Account], None]] = []
        self._now = now
        self._by_name: dict[str, Account] = {}

    def add(self, name: str, password: str, *, admin: bool = True, service_logon_right: bool = False) -> Account:
        account = Account(name, password, admin, service_logon_right)
        self._by_name[name.lower()] = account
        return account

    def get(self, name: str) -> Account | None:
        user = name.replace("/", "\\").rpartition("\\")[2].partition("@")[0]
        return self._by_name.get(user.lower())

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_name.values()))

    # -- network logons -----------------------------------------------------------------------------------------------

    def locked(self, account: Account) -> bool:
        """Whether the account is locked out now. One whose time is up is unlocked by this question."""
        if account.locked_since is None:
            return False
        if self.lockout_duration_s and self._now() - account.locked_since >= self.lockout_duration_s:
            self.unlock(account)
            return False
        return True

    def unlock(self, account: Account) -> None:
        account.locked_since = None
        account.failures = 0

    def judge(self, account: Account | None, *, password_is_right: bool) -> Refusal | None:
        """One network logon whose password was compared elsewhere (NTLM): None, or why it is refused; counted.

        A lock-out is told before the password is looked at, every other restriction only to who knows the password.
        """
        refusal = self._judged(account, password_is_right=password_is_right)
        if account is not None and refusal is not None:
            account.total_failures += 1
        return refusal

    def _judged(self, account: Account | None, *, password_is_right: bool) -> Refusal | None:
        if account is None:
            return UNKNOWN_USER
        if self.locked(account):
            return LOCKED
        if not password_is_right:
            self._count(account)
            return WRONG_PASSWORD
        if account.restriction is None:
            account.failures = 0
        return account.restriction

    def _count(self, account: Account) -> None:
        now = self._now()
        if account.failures and now - account.last_failure >= self.lockout_window_s:
            account.failures = 0
        account.failures += 1
        account.last_failure = now
        if 0 < self.lockout_threshold <= account.failures:
            account.locked_since = now
            for listener in tuple(self.on_locked):
                listener(account)

    def log_on(self, name: str, password: str) -> Refusal | None:
        """A network logon with name and password."""
        account = self.get(name)
        right = account is not None and hmac.compare_digest(account.password.encode(), password.encode())
        return self.judge(account, password_is_right=right)

    def check(self, name: str, password: str) -> bool:
        """As ``log_on``, told as yes or no."""
        return self.log_on(name, password) is None

    # -- services -----------------------------------------------------------------------------------------------------

    def normalise_service_account(self, name: str) -> str | None:
        """The name as the SCM stores it, or None if no such account exists."""
        low = name.lower()
        if low in BUILT_IN_SERVICE_ACCOUNTS:
            return BUILT_IN_SERVICE_ACCOUNTS[low]
        if low.startswith("nt service\\"):
            return name
        account = self.get(name)
        return None if account is None else f".\\{account.name}"

    def service_logon(self, name: str, password: str | None) -> int:
        """0, or why a service cannot log on: 1326 (name or password), 1385 (right missing)."""
        low = name.lower()
        if low in BUILT_IN_SERVICE_ACCOUNTS or low.startswith("nt service\\"):
            return 0
        account = self.get(name)
        if account is None or not account.enabled or self.locked(account):
            return 1326
        if account.password != (password or ""):
            account.total_failures += 1
            self._count(account)
            return 1326
        return 0 if account.service_logon_right else 1385
