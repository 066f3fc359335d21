"""Everything that runs or undoes a rollout, under one name; each lives in a file of its own."""

from __future__ import annotations

from fleetdeploy.app.conducting import Back, Decision, Said, run_back, run_forward
from fleetdeploy.app.going_on import go_on
from fleetdeploy.app.undoing import find_rollback

__all__ = ["Back", "Decision", "Said", "find_rollback", "go_on", "run_back", "run_forward"]
