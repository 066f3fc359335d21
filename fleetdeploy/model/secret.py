"""A secret that masks itself. Only ``hosts/`` calls ``reveal`` (grep for it)."""

from __future__ import annotations

import re
from typing import final

MASK = "********"
_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key", re.IGNORECASE
)


def looks_secret(name: str) -> bool:
    """True if the *name* of a setting says that its value should not be shown (``DB_PASSWORD``, ``--api-key``)."""
    return bool(_SECRET_NAME.search(name))


@final
class Secret:
    """A value that never shows in str, repr, format, JSON or a traceback's locals.

    ``source`` says where it came from ("env FLEETDEPLOY_PASSWORD"); it is safe to print.
    """

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "") -> None:
        self._value = value
        self.source = source

    def reveal(self) -> str:
        """The clear text. Keep it no longer than the call that needs it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r}, source={self.source!r})"

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is never pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@final
class SecretRef:
    """Where a secret is to be read from: ``env:NAME``, ``file:PATH`` or ``cmd:COMMAND``. Holds no secret."""

    __slots__ = ("kind", "target")

    def __init__(self, kind: str, target: str) -> None:
        self.kind = kind
        self.target = target

    @classmethod
    def parse(cls, text: str) -> SecretRef:
        """Read ``env:NAME``, ``file:PATH`` or ``cmd:COMMAND``.

        Raises:
            ValueError: none of these. The text is not repeated: somebody may have written the secret itself.
        """
        kind, separator, target = text.partition(":")
        if not separator or kind not in ("env", "file", "cmd") or not target.strip():
            raise ValueError("is no secret reference: write env:NAME, file:PATH or cmd:COMMAND, never the secret")
        return cls(kind, target.strip())

    def __str__(self) -> str:
        return f"{self.kind}:{self.target}"

    def __repr__(self) -> str:
        return f"SecretRef({self.kind!r}, {self.target!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and (other.kind, other.target) == (self.kind, self.target)

    def __hash__(self) -> int:
        return hash((self.kind, self.target))
