"""The ``strategy`` section. ``budget`` stands at the top of the file and travels with it.

Reads only; what the words mean is in ``model/strategy.py``, the rounding in ``plan/batches.py``.
"""

from __future__ import annotations

from typing import get_args

from fleetdeploy.documents import Section, Value
from fleetdeploy.model.strategy import (
    Amount,
    Canary,
    LabelSelector,
    OnExpiry,
    OnUnknown,
    OnUnreachable,
    StrategyKind,
    StrategySettings,
    parse_canary,
)

KINDS: tuple[StrategyKind, ...] = get_args(StrategyKind)
ON_UNKNOWN: tuple[OnUnknown, ...] = get_args(OnUnknown)
ON_UNREACHABLE: tuple[OnUnreachable, ...] = get_args(OnUnreachable)
ON_EXPIRY: tuple[OnExpiry, ...] = get_args(OnExpiry)


def read_strategy(section: Section, budget: int) -> StrategySettings:
    """The strategy of the file; a file that names canaries and no kind means ``canary``."""
    default = StrategySettings()
    kind = section.get("kind")
    canary = section.get("canary")
    batch = section.get("batch")
    floor = section.get("max_unavailable")
    on_unknown = section.get("on_unknown")
    unreachable = section.get("unreachable")
    on_expiry = section.get("on_expiry")
    settings = StrategySettings(
        kind=kind.choice(KINDS) if kind else ("canary" if canary else default.kind),
        batch=_amount(batch) if batch else default.batch,
        canary=_canary(canary) if canary else default.canary,
        max_unavailable=_amount(floor) if floor else None,
        bake_canary_s=v.duration() if (v := section.get("bake_canary")) else default.bake_canary_s,
        bake_batch_s=v.duration() if (v := section.get("bake_batch")) else default.bake_batch_s,
        budget=budget,
        pause_timeout_s=v.duration() if (v := section.get("pause_timeout")) else default.pause_timeout_s,
        on_unknown=on_unknown.choice(ON_UNKNOWN) if on_unknown else default.on_unknown,
        zone_spread=v.boolean() if (v := section.get("zone_spread")) else default.zone_spread,
        pause_after_canary=v.boolean() if (v := section.get("pause_after_canary")) else default.pause_after_canary,
        all_at_once_rollback=v.boolean()
        if (v := section.get("all_at_once_rollback"))
        else default.all_at_once_rollback,
        unreachable=unreachable.choice(ON_UNREACHABLE) if unreachable else default.unreachable,
        promote_within_s=v.duration() if (v := section.get("promote_within")) else default.promote_within_s,
        on_expiry=on_expiry.choice(ON_EXPIRY) if on_expiry else default.on_expiry,
    )
    section.done()
    return settings


def _amount(value: Value) -> Amount:
    try:
        return Amount.parse(value.text("an amount (5 or 25%)"))
    except ValueError as problem:
        raise value.error(str(problem)) from None


def _canary(value: Value) -> Canary:
    """``10%``, ``2``, ``label:NAME=VALUE`` or growing steps ``[1, 5, 20%]``."""
    if value.is_list:
        steps = tuple(_amount(item) for item in value.items())
        if not steps:
            raise value.error("a list of canary steps needs at least one")
        for item, before, after in zip(value.items()[1:], steps, steps[1:], strict=False):
            if before.percent == after.percent and after.value <= before.value:
                raise item.error(f"steps must grow: {after} comes after {before}")
        return steps
    try:
        canary = parse_canary(value.text("an amount, a list of growing steps or label:NAME=VALUE"))
    except ValueError as problem:
        raise value.error(str(problem)) from None
    if not isinstance(canary, LabelSelector) and len(canary) > 1:
        raise value.error("write growing steps as a list: [1, 5, 20%]")
    return canary
