"""What a person allowed that a guard would refuse. Part of a plan, so that ``resume`` knows it; never of its digest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permits:
    """One field per guard; each one used is journaled with ``reason``.

    Attributes:
        no_way_back: a host that cannot prove its way back is changed all the same.
        retry_bad: the version may be marked bad.
        allow_downgrade: the version may be older than what runs.
        accept_drift: hosts that differ from what fleetdeploy recorded are changed all the same.
        override_freeze: the freeze calendar is not obeyed.
        not_before: wall clock (ISO 8601 with an offset) before which no host is changed; "" for at once.
    """

    no_way_back: bool = False
    retry_bad: bool = False
    allow_downgrade: bool = False
    accept_drift: bool = False
    override_freeze: bool = False
    not_before: str = ""
    reason: str = ""


NO_PERMITS = Permits()
