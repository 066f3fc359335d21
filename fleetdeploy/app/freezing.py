"""May a rollout begin now, by the calendars of project and fleet? A plan made in a frozen time has a problem.

The next batch of one that runs is held in ``rollout/calendar.py``; a rollback is never asked.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fleetdeploy.app.workspace import Workspace
from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.freeze import FreezeWindow
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import Problem
from fleetdeploy.policy.freeze import closed


def windows_of(workspace: Workspace) -> tuple[FreezeWindow, ...]:
    """Those of the project and those of the fleet: either may close."""
    own = workspace.project.freeze if workspace.project else ()
    return (*own, *workspace.fleet.freeze)


def freeze_problems(
    windows: tuple[FreezeWindow, ...], permits: Permits, now: datetime | None = None
) -> tuple[Problem, ...]:
    """Why nothing may begin ``now`` (or at ``--not-before``, if that is later); none if it may, or if overridden."""
    if permits.override_freeze:
        return ()
    when = datetime.now(UTC) if now is None else now
    if permits.not_before:
        when = max(when, datetime.fromisoformat(permits.not_before))
    frozen = closed(windows, when)
    if frozen is None:
        return ()
    steps = ["--override-freeze --reason '...'   (if it cannot wait)", "a rollback is never refused for this"]
    if frozen.until is not None:
        later = frozen.until.isoformat(timespec="minutes")
        steps.insert(0, f"--not-before {later}   (stages now, changes hosts from then on)")
    return (Problem(RefusalReason.FREEZE, str(frozen), next_steps=tuple(steps)),)
