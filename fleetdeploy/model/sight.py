"""One host as a survey saw it: the observation, one health sample, or why it could not be asked. Only values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fleetdeploy.model.health import Sample
from fleetdeploy.model.verbs import Observation


class Lost(Enum):
    """Why a host gave no answer."""

    UNREACHABLE = "unreachable"
    LOGIN = "login"
    PROTOCOL = "protocol"
    FAILED = "failed"  # it answered, but the script ended in an error


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of one host now.

    ``sample`` is one look with all checks, taken with the version that is to come: its failures say themselves whether
    they compare with that. None if there is no service or no check could be made. ``tried`` is false for a host that
    was spared because another one had refused the same credential.
    """

    host: str
    observation: Observation | None = None
    sample: Sample | None = None
    lost: Lost | None = None
    error: str = ""
    credential: str = ""
    tried: bool = True

    @property
    def serving(self) -> bool:
        """Runs and passes every check that does not compare with the version to come."""
        seen = self.sample
        if seen is None or seen.state != "Running" or seen.pid == 0:
            return False
        return all(f.compares_target for f in seen.failures)
