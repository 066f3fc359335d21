"""What is checked, what was seen, and what it means. Policy turns samples into verdicts; nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

Vantage = Literal["host", "controller"]


@dataclass(frozen=True, slots=True)
class TcpCheck:
    """The port accepts a connection."""

    name: str
    port: int
    timeout_s: float = 2.0
    vantage: Vantage = "host"
    kind: Literal["tcp"] = "tcp"

    @property
    def compares_target(self) -> bool:
        """True if the check compares with the version being rolled out."""
        return False


@dataclass(frozen=True, slots=True)
class HttpCheck:
    """GET answers with an allowed status; ``{version}`` in ``contains`` and ``equals`` is the target's version."""

    name: str
    port: int
    path: str = "/healthz"
    status: tuple[int, ...] = (200,)
    contains: str | None = None
    json_path: str | None = None
    equals: str | None = None
    scheme: Literal["http", "https"] = "http"
    timeout_s: float = 2.0
    vantage: Vantage = "host"
    kind: Literal["http"] = "http"

    @property
    def compares_target(self) -> bool:
        """True if the check compares with the version being rolled out."""
        return "{version}" in (self.contains or "") or "{version}" in (self.equals or "")


@dataclass(frozen=True, slots=True)
class ScriptCheck:
    """A PowerShell file of the project, run on the host: good if it ends without error and returns $true."""

    name: str
    script: str
    file: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 10.0
    vantage: Literal["host"] = "host"
    kind: Literal["script"] = "script"

    @property
    def compares_target(self) -> bool:
        """True if a parameter holds the version being rolled out."""
        return any("{version}" in value for _, value in self.parameters)


CheckSpec = TcpCheck | HttpCheck | ScriptCheck


@dataclass(frozen=True, slots=True)
class HealthSpec:
    """Checks and their timing, all in seconds (design.md section 5)."""

    checks: tuple[CheckSpec, ...] = ()
    min_healthy_s: float = 30.0
    deadline_s: float = 120.0
    interval_s: float = 2.0
    min_samples: int = 3

    @property
    def timing(self) -> dict[str, float]:
        """The times alone, as they are stored on a host."""
        return {
            "min_healthy_s": self.min_healthy_s,
            "deadline_s": self.deadline_s,
            "interval_s": self.interval_s,
            "min_samples": self.min_samples,
        }

    def with_timing(self, stored: Mapping[str, float]) -> HealthSpec:
        """These checks with stored times; what was not stored stays."""
        times = {**self.timing, **{k: v for k, v in stored.items() if k in self.timing and v > 0}}
        return replace(
            self,
            min_healthy_s=float(times["min_healthy_s"]),
            deadline_s=float(times["deadline_s"]),
            interval_s=float(times["interval_s"]),
            min_samples=int(times["min_samples"]),
        )


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """One check that failed in one sample. ``detail`` is for people and never decides anything."""

    check: str
    detail: str
    compares_target: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a host. ``at`` is the controller's monotonic time in seconds; ``pid`` 0 = no process.

    ``image_ok`` is true if the running image equals the target; ``failures`` is empty if all checks passed.
    """

    at: float
    pid: int
    started: str
    state: str
    image_ok: bool
    failures: tuple[CheckFailure, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """All that one look can show is well."""
        return self.state == "Running" and self.pid != 0 and self.image_ok and not self.failures


class Verdict(Enum):
    """Three-valued: no samples never means healthy, no answer never means unhealthy."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
