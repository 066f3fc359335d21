"""Whose certificates are trusted: a pinned one, or those of the machine's own authorities, never the environment's.

Without the latter, ``requests`` would trust the list that ships with it, and not a company's CA that the machine knows.
"""

from __future__ import annotations

import os
import ssl
from typing import Any

import requests.adapters


def system_store() -> str | bool:
    """File or folder of the machine's authorities; True (the list of ``requests``) where there is none."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.openssl_cafile, paths.openssl_capath):
        if os.path.isfile(path) or (os.path.isdir(path) and os.listdir(path)):
            return path
    return True


class PinnedAdapter(requests.adapters.HTTPAdapter):
    """Trusts exactly one certificate, by its SHA-256."""

    def __init__(self, fingerprint: str, passphrase: str | None) -> None:
        self._fingerprint = fingerprint.replace(":", "").lower()
        self._passphrase = passphrase
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        kwargs |= {"assert_fingerprint": self._fingerprint, "key_password": self._passphrase}
        return super().init_poolmanager(*args, **kwargs)
