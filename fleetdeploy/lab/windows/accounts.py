"""The accounts of one simulated host: passwords, rights, lock-out.

Decides who may log on and with what. Passwords never appear in a repr. Knows no protocol: the WinRM side asks
``accounts.check``; the SCM asks ``service_logon``. Look next: ``scm.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
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


@dataclass(slots=True)
class Account:
    """One local account; ``failures`` counts refused logons since the last good one."""

    name: str
    password: str = field(repr=False)
    admin: bool = True
    service_logon_right: bool = False
    enabled: bool = True
    failures: int = 0
    total_failures: int = 0

    def sid(self, host: str) -> str:
        digest = hashlib.sha256(f"{host}|{self.name}".lower().encode()).digest()
        a, b, c = (int.from_bytes(digest[i : i + 4], "big") for i in (0, 4, 8))
        return f"S-1-5-21-{a}-{b}-{c}-{1000 + digest[12]}"


class Accounts:
    """All accounts of a host, found by name without case; a domain or host prefix is cut off."""

    def __init__(self, host_name: str, *, lockout_threshold: int = 10) -> None:
        self.host_name = host_name
        self.lockout_threshold = lockout_threshold
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

    def locked(self, account: Account) -> bool:
        return 0 < self.lockout_threshold <= account.failures

    def check(self, name: str, password: str) -> bool:
        """A network logon. A wrong password counts towards the lock-out; a locked account is always refused."""
        account = self.get(name)
        if account is None:
            return False
        good = account.enabled and account.password == password and not self.locked(account)
        self.record(account, good)
        return good

    def record(self, account: Account, good: bool) -> None:
        """For logons that were judged elsewhere (NTLM): count the outcome."""
        if good:
            account.failures = 0
        else:
            account.failures += 1
            account.total_failures += 1

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
        if account is None or not account.enabled or account.password != (password or "") or self.locked(account):
            if account is not None:
                self.record(account, good=False)
            return 1326
        return 0 if account.service_logon_right else 1385
