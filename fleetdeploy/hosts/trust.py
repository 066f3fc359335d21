"""Which authorities are trusted when the inventory names none: the machine's own, whatever the environment says.

Without this, ``requests`` would trust the list that ships with it, and not a company's CA that the machine knows.
"""

from __future__ import annotations

import os
import ssl


def system_store() -> str | bool:
    """File or folder of the machine's authorities; True (the list of ``requests``) where there is none."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.openssl_cafile, paths.openssl_capath):
        if os.path.isfile(path) or (os.path.isdir(path) and os.listdir(path)):
            return path
    return True
