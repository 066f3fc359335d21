"""The seam between what is asked of a host (``verbs.py``) and how it is carried there (``psrp.py``).

Decides nothing. Must not name a library: whoever implements ``Session`` raises only ``fleetdeploy.errors`` kinds.
Look next at ``psrp.py`` for the one real implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Script:
    """A constant text and the values it is called with.

    ``changing`` says whether it may change the host: after a transport error the shell of a changing script is
    never ended (design.md section 4), and its lost answer is ``AnswerLost``, not ``Unreachable``.
    """

    name: str
    text: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    changing: bool = False


@dataclass(frozen=True, slots=True)
class ScriptError:
    """One ErrorRecord: its FullyQualifiedErrorId, the message for people, the script's line (0 if unknown)."""

    error_id: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """What came back. ``failed`` is true for a pipeline that ended in Failed, whatever it had said before."""

    output: tuple[str, ...]
    errors: tuple[ScriptError, ...] = ()
    failed: bool = False
    exit_code: int | None = None


class Session(Protocol):
    """One login to one host, used by one thread at a time."""

    def run(self, script: Script, *, feed: Iterator[bytes | str] | None = None, deadline_s: float) -> ScriptResult:
        """Run a script to its end.

        Args:
            script: text and parameters; ``None`` values are not sent.
            feed: pipeline input, item by item; each ``bytes`` arrives whole as ``byte[]``.
            deadline_s: seconds after which ``AnswerLost`` is raised; the script on the host goes on.

        Raises:
            Unreachable, LoginRefused, ProtocolRefused, Busy: nothing ran.
            AnswerLost: it may have run.
        """

    def close(self) -> None:
        """Give the shell back. Never raises; ends no shell in which a changing script may still run."""

    @property
    def idle_s(self) -> float:
        """Seconds since the last call ended."""

    @property
    def may_be_changing(self) -> bool:
        """True if a changing script was sent whose end was not seen."""


SessionFactory = Callable[[], Session]
