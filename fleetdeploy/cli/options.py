"""Options that go together: how a rollout goes (``plan`` and ``rollout`` must mean the same), a person's word to one.

``spread`` lets a command take them as one value although typer reads options from a signature. A new option is one
field here; one of a rollout needs a line in ``overrides`` or ``permits`` as well.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from fleetdeploy.cli import flags
from fleetdeploy.cli.flags import OptionValue
from fleetdeploy.cli.frame import need_reason
from fleetdeploy.errors import UsageError
from fleetdeploy.model.permits import Permits

if TYPE_CHECKING:
    from fleetdeploy.app.workspace import Workspace
    from fleetdeploy.model.verbs import Actor

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


@dataclass(frozen=True, slots=True)
class WordOptions:
    """What every word to a rollout that was begun needs: which fleet, who says so and why."""

    app: flags.App = ""
    reason: flags.Reason = ""
    inventory: flags.Inventory = None
    project: flags.Project = Path(".")
    output: flags.Output = "text"

    def workspace(self, *, lenient: bool = False) -> Workspace:
        """The fleet and the project that are meant; ``lenient`` as in ``load_workspace``."""
        from fleetdeploy.app.workspace import load_workspace

        return load_workspace(self.project, inventory=self.inventory, app=self.app, lenient=lenient)

    @property
    def actor(self) -> Actor:
        """Whoever types this, with the reason."""
        from fleetdeploy.app.workspace import current_actor

        return current_actor(self.reason)


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
    """Gives ``function(…, options: SomeOptions, …)`` the signature in which each option stands by itself.

    Every parameter that is annotated with one of this module's classes is spread, where it stands.
    """
    own = inspect.signature(function, eval_str=True)
    bundles: dict[str, type[Any]] = {}
    flat: list[inspect.Parameter] = []
    for name, parameter in own.parameters.items():
        kind = parameter.annotation
        if not is_dataclass(kind) or not isinstance(kind, type):
            flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        bundles[name] = kind
        hints = get_type_hints(kind, include_extras=True)
        flat += [
            inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=hints[f.name])
            for f in fields(kind)
        ]

    @functools.wraps(function)
    def collected(**given: Any) -> Any:
        bundled = {
            name: kind(**{f.name: given.pop(f.name, f.default) for f in fields(kind)}) for name, kind in bundles.items()
        }
        return function(**given, **bundled)

    collected.__signature__ = own.replace(parameters=flat)  # type: ignore[attr-defined]
    return collected  # type: ignore[return-value]
