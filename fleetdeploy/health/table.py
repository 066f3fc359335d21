"""The table of controller probes, and how their results join the host's samples.

A new probe is one file with ``probe(check, address, version)``, one line here, its check in ``model/health.py``, one
test. Nothing here judges: ``policy/verdict.py`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fleetdeploy.health import http, tcp
from fleetdeploy.model.health import CheckFailure, CheckSpec, Sample

PROBES: dict[str, Callable[[Any, str, str], CheckFailure | None]] = {"tcp": tcp.probe, "http": http.probe}


def from_host(checks: Sequence[CheckSpec]) -> tuple[CheckSpec, ...]:
    """Checks that the host makes itself."""
    return tuple(c for c in checks if c.vantage == "host")


def from_controller(checks: Sequence[CheckSpec]) -> tuple[CheckSpec, ...]:
    """Checks that are made from here."""
    return tuple(c for c in checks if c.vantage == "controller")


def look(checks: Sequence[CheckSpec], address: str, version: str) -> tuple[CheckFailure, ...]:
    """Failures of the controller's checks, made once, now."""
    found = (PROBES[c.kind](c, address, version) for c in from_controller(checks))
    return tuple(f for f in found if f is not None)


def joined(samples: Sequence[Sample], failures: Sequence[CheckFailure]) -> tuple[Sample, ...]:
    """The host's samples with what the controller saw at their end added to the last one."""
    if not samples or not failures:
        return tuple(samples)
    last = samples[-1]
    return (*samples[:-1], replace(last, failures=(*last.failures, *failures)))
