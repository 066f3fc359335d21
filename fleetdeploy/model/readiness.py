"""Readiness: what a host is asked before its batch begins, and how it proves that it could go back.

Values only. ``templates/powershell/ready.ps1.j2`` looks, ``rollout/readiness.py`` decides what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fleetdeploy.model.verbs import Claim, Expected


class Lacking(IntEnum):
    """What is missing for the way back, by the number that the script answers with."""

    PREVIOUS_GONE = 1  # the exe that the ImagePath names is not there
    PREVIOUS_CHANGED = 2  # it has another hash than the plan found
    NO_SNAPSHOT = 3  # the configuration could not be recorded, or reads back differently
    NOT_STAGED = 4  # the release to be activated is not on the host
    RELEASE_CHANGED = 5  # it is, with another hash
    DISK = 6  # too little room for state and logs
    STATE = 7  # the state folder cannot be written
    SCRIPT = 8  # the script itself ended in an error
    DELETED = 9  # the service is marked for deletion: a stop would make it vanish


@dataclass(frozen=True, slots=True)
class ReadyRequest:
    """Asks a host for its proof. ``expected`` is what the plan found there (None: it could not be asked then)."""

    claim: Claim
    exe_path: str
    exe_sha256: str
    expected: Expected | None
    need_bytes: int
    lock_wait_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ReadyReason:
    """One thing that is missing; ``detail`` is for people."""

    lacking: Lacking
    detail: str


@dataclass(frozen=True, slots=True)
class ReadyResult:
    """The proof. ``begun``: this rollout has changed the host before, so its way back is recorded already."""

    reasons: tuple[ReadyReason, ...] = ()
    first_install: bool = False
    begun: bool = False
    label: str = ""

    @property
    def ready(self) -> bool:
        """True if nothing is missing."""
        return not self.reasons
