"""The options that say how a rollout goes: one list for ``plan`` and ``rollout``, which must mean the same by them.

``spread`` lets a command take them as one value although typer reads options from a signature. A new option is one
field here, and one line in ``overrides`` or ``permits``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.flags import OptionValue
from fleetdeploy.cli.frame import need_reason
from fleetdeploy.errors import UsageError
from fleetdeploy.model.permits import Permits

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class RolloutOptions:
    """What was typed; a field's name is the option's name."""

    canary: flags.Canary = None
    batch: flags.Batch = None
    strategy: flags.Strategy = None
    max_unavailable: flags.MaxUnavailable = None
    unreachable: flags.Unreachable = None
    repair: flags.Repair = False
    pause_after: flags.PauseAfter = None
    promote_within: Annotated[
        str | None, typer.Option("--promote-within", help="how long to wait for a promotion: 24h")
    ] = None
    on_expiry: Annotated[
        str | None, typer.Option("--on-expiry", help="what ends that wait: leave (exit 7) or rollback")
    ] = None
    allow_dirty: flags.AllowDirty = False
    allow_downgrade: Annotated[
        bool, typer.Option("--allow-downgrade", help="the version may be older than what runs")
    ] = False
    accept_drift: Annotated[
        bool, typer.Option("--accept-drift", help="change hosts that differ from what fleetdeploy recorded")
    ] = False
    retry_bad: Annotated[bool, typer.Option("--retry-bad", help="a version that is marked bad (needs --reason)")] = (
        False
    )
    no_way_back: Annotated[
        bool, typer.Option("--no-way-back", help="hosts that cannot prove their way back, too (needs --reason)")
    ] = False
    override_freeze: Annotated[
        bool, typer.Option("--override-freeze", help="in spite of the freeze calendar (needs --reason)")
    ] = False
    not_before: Annotated[
        str | None, typer.Option("--not-before", help="change no host before then: 2026-11-22T02:00+01:00")
    ] = None
    reason: flags.Reason = ""

    def overrides(self) -> dict[str, OptionValue]:
        """Options as ``settings.OVERRIDES`` names them; what was not given is left out.

        Raises:
            UsageError: ``--pause-after`` names no known point.
        """
        canary, batches = _pauses(self.pause_after)
        given: dict[str, OptionValue] = {
            "canary": self.canary,
            "batch": self.batch,
            "strategy": self.strategy,
            "max_unavailable": self.max_unavailable,
            "unreachable": self.unreachable,
            "repair": self.repair or None,
            "pause_after_canary": canary or None,
            "pause_after_batch": batches,
            "promote_within": self.promote_within,
            "on_expiry": self.on_expiry,
            "allow_dirty": self.allow_dirty or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def permits(self) -> Permits:
        """Guards that are overridden.

        Raises:
            UsageError: one that needs a reason has none, or ``--not-before`` is no time.
        """
        for name in ("retry_bad", "no_way_back", "override_freeze"):
            need_reason("--" + name.replace("_", "-"), self.reason, given=getattr(self, name))
        return Permits(
            no_way_back=self.no_way_back,
            retry_bad=self.retry_bad,
            allow_downgrade=self.allow_downgrade,
            accept_drift=self.accept_drift,
            override_freeze=self.override_freeze,
            not_before=_time(self.not_before),
            reason=self.reason,
        )

    def as_typed(self, **more: OptionValue) -> str:
        """The options (and ``more``) as a person types them again, each with a space before it."""
        given = {field.name: getattr(self, field.name) or None for field in fields(self)}
        return flags.as_typed(**given, **more)


def _pauses(text: str | None) -> tuple[bool, str | None]:
    """``canary``, ``batch:N`` or several of them, comma-joined: (after the canary, numbers of batches)."""
    canary, numbers = False, []
    for part in (text or "").split(",") if text else ():
        kind, _, number = part.strip().partition(":")
        if kind == "canary" and not number:
            canary = True
        elif kind == "batch" and number.isascii() and number.isdigit() and int(number):
            numbers.append(number)
        else:
            raise UsageError(
                f"--pause-after {text}: 'canary' and 'batch:N' are known",
                next_steps=("--pause-after canary", "--pause-after batch:2"),
            )
    return canary, ",".join(numbers) or None


def _time(text: str | None) -> str:
    if not text:
        return ""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise UsageError(
            f"--not-before {text}: no time with an offset", next_steps=("--not-before 2026-11-22T02:00+01:00",)
        )
    return when.isoformat()


def spread(function: F) -> F:
    """Gives ``function(…, options: RolloutOptions, …)`` the signature in which each option stands by itself."""
    hints = get_type_hints(RolloutOptions, include_extras=True)
    single = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
        for f in fields(RolloutOptions)
    ]
    own = inspect.signature(function, eval_str=True)
    rest = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, p in own.parameters.items() if name != "options"]
    split = next((i for i, p in enumerate(rest) if p.default is not inspect.Parameter.empty), len(rest))

    @functools.wraps(function)
    def collected(**given: Any) -> Any:
        options = RolloutOptions(**{f.name: given.pop(f.name, f.default) for f in fields(RolloutOptions)})
        return function(**given, options=options)

    collected.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*rest[:split], *single, *rest[split:]]
    )
    return collected  # type: ignore[return-value]
