"""What a rollout hands back when its conductor ends: values that the command line draws and turns into an exit code.

Values only: the exit code is chosen in ``finish.py`` (the table of design.md section 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.errors import ExitCode
from fleetdeploy.model.aftermath import Aftermath
from fleetdeploy.model.codec import to_plain
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.project import Timeouts
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason, Phase
from fleetdeploy.model.verbs import Actor, HostFailure, RolloutKind
from fleetdeploy.plan.drift import Difference


@dataclass(frozen=True, slots=True)
class HostReport:
    """One host at the end. ``label`` is what it runs as far as known; ``changed``: this rollout stopped or wrote it.

    ``differences``: what somebody changed there after this rollout had brought it to the target, and before its end.
    """

    host: str
    state: HostState
    label: str = ""
    changed: bool = False
    on_target: bool = False
    failure: HostFailure | None = None
    notes: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """How it ended. ``outcome`` None: still open (paused or interrupted), ``hold`` says which.

    ``aftermath``: how the whole fleet is after something was undone, asked live; None if nothing was undone.
    """

    rollout: str
    kind: RolloutKind
    fleet: str
    app: str
    version: str
    outcome: Outcome | None
    phase: Phase
    hold: Hold
    exit_code: ExitCode
    hosts: tuple[HostReport, ...] = ()
    reason: PauseReason | None = None
    detail: str = ""
    next_steps: tuple[str, ...] = ()
    undoes: str = ""
    actor: str = ""
    aftermath: Aftermath | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain form for ``--output json``."""
        plain: dict[str, Any] = to_plain(self)
        return plain


@dataclass(frozen=True, slots=True)
class RolloutRun:
    """One conductor's job. ``id`` stays over ``resume``; ``conductor`` is new with each process (both ULIDs).

    ``resume``: hosts may already hold this id; the work that they show done counts. ``take_over``: replace a living
    owner, ``actor.reason`` says why. ``decision``: what a person decided when resuming a held rollout.
    """

    id: str
    conductor: str
    plan: Plan
    actor: Actor
    timeouts: Timeouts = field(default_factory=Timeouts)
    parallel: int = 50
    upload_parallel: int = 10
    resume: bool = False
    take_over: bool = False
    decision: str = ""
