"""How a rollout proceeds, as the project file and the command line say it: amounts, canaries, budget, pauses.

Only values. Rounding an ``Amount`` to hosts is done in ``plan/batches.py``, judging in ``policy/``; reading them from
``fleetdeploy.yml`` and the environment in ``settings/``. Nothing here knows how many hosts there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

StrategyKind = Literal["rolling", "canary", "all-at-once"]
OnUnknown = Literal["wait", "rollback", "stop"]
OnUnreachable = Literal["refuse", "skip"]
OnExpiry = Literal["rollback", "leave"]

_AMOUNT = re.compile(r"^(\d{1,6})\s*(%?)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of hosts (``5``) or a share of them (``25%``), as written; never zero."""

    value: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str | int) -> Amount:
        """Read ``5`` or ``"25%"``.

        Raises:
            ValueError: not a whole number, zero, or more than 100 %.
        """
        found = None if isinstance(text, bool) else _AMOUNT.match(str(text).strip())
        if not found:
            raise ValueError(f"{str(text)!r} is no amount: write a number of hosts (5) or a share (25%)")
        value, percent = int(found[1]), bool(found[2])
        if value == 0:
            raise ValueError("0 would never touch a host: write at least 1 (or 1%)")
        if percent and value > 100:
            raise ValueError(f"{value}% is more than all hosts: write at most 100%")
        return cls(value, percent)

    def __str__(self) -> str:
        return f"{self.value}%" if self.percent else str(self.value)


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Canaries are the hosts with this label (``--canary label:NAME=VALUE``)."""

    name: str
    value: str

    @classmethod
    def parse(cls, text: str) -> LabelSelector:
        """Read ``label:NAME=VALUE``.

        Raises:
            ValueError: not of that form.
        """
        name, separator, value = text.removeprefix("label:").partition("=")
        if not text.startswith("label:") or not separator or not name.strip() or not value.strip():
            raise ValueError(f"{text!r} is no label selector: write label:NAME=VALUE")
        return cls(name.strip(), value.strip())

    def __str__(self) -> str:
        return f"label:{self.name}={self.value}"


Canary = tuple[Amount, ...] | LabelSelector


def parse_canary(text: str) -> Canary:
    """Read ``10%``, ``2``, growing steps ``1,5,20%`` or ``label:NAME=VALUE``.

    Raises:
        ValueError: none of these.
    """
    if text.strip().startswith("label:"):
        return LabelSelector.parse(text.strip())
    return tuple(Amount.parse(part) for part in text.split(","))


@dataclass(frozen=True, slots=True)
class StrategySettings:
    """What a rollout may do and when it waits (design.md section 5). All times in seconds.

    Attributes:
        kind: which strategy; the table ``plan/strategies`` knows the names.
        batch: hosts at a time, as a share of those that will change.
        canary: growing first steps, or the label of the canary hosts; used by ``canary`` only.
        max_unavailable: most hosts that may be not healthy at once; None means: the batch size.
        bake_canary_s, bake_batch_s: observed healthy seconds after the canary and between batches.
        budget: failures that are put up with; one more breaks it and undoes the rollout.
        pause_timeout_s: how long an unattended pause lasts before ``on_unknown`` decides.
        on_unknown: what ends such a pause: ``wait`` ends with 7 and leaves the rollout open.
        zone_spread: spread batches over zones (never enlarges one).
        repair: hosts that are down at the start may be touched, and only those.
        all_at_once_rollback: put healthy hosts back without regard to the floor.
        pause_after_canary: wait for ``promote`` after the canary's bake.
        pause_after_batch: wait for ``promote`` after these batches, counted from 1 as they are shown.
        promote_within_s: how long such a wait may last, then ``on_expiry`` decides; None: ``pause_timeout_s`` and
            ``on_unknown`` do.
        unreachable: hosts that do not answer at the start refuse the rollout, or are set aside and listed (8).
    """

    kind: StrategyKind = "rolling"
    batch: Amount = Amount(25, percent=True)
    canary: Canary = (Amount(10, percent=True),)
    max_unavailable: Amount | None = None
    bake_canary_s: float = 300.0
    bake_batch_s: float = 0.0
    budget: int = 0
    pause_timeout_s: float = 600.0
    on_unknown: OnUnknown = "wait"
    zone_spread: bool = True
    repair: bool = False
    all_at_once_rollback: bool = False
    pause_after_canary: bool = False
    pause_after_batch: tuple[int, ...] = ()
    promote_within_s: float | None = None
    on_expiry: OnExpiry = "leave"
    unreachable: OnUnreachable = "refuse"
