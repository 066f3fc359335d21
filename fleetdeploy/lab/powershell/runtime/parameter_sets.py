"""What is bound so far, and which parameter sets that leaves: the free positions, what is missing, what is ambiguous.

Decides the set of a call with PowerShell's error ids. Which argument goes to which parameter is binder.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.runtime.coercion import Coercion
from fleetdeploy.lab.powershell.runtime.errors import binding_error
from fleetdeploy.lab.powershell.runtime.signature import ALL_SETS, Spec
from fleetdeploy.lab.powershell.runtime.values_ext import ScriptBlockValue


@dataclass(slots=True)
class Bound:
    """What binding gave."""

    values: dict[str, Any] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    common: dict[str, Any] = field(default_factory=dict)
    rest: list[Any] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)
    delayed: dict[str, ScriptBlockValue] = field(default_factory=dict)
    set_name: str = ALL_SETS


class ParameterSets(Coercion):
    """The sets that are still possible; the base of Binder."""

    bound: Bound

    def choose_sets(self) -> None:
        names = self.signature.set_names
        if not names:
            # One set only: every parameter is in it.
            self.bound.candidates = [ALL_SETS]
            return
        given = self.bound.given.keys()
        left = [name for name in names if given <= self.signature.taking_part(name)]
        if not left and self.bound.given:
            # Only parameters of all sets were given: every set is still possible.
            self._ambiguous()
        self.bound.candidates = left

    def _ambiguous(self) -> None:
        raise binding_error(
            "AmbiguousParameterSet", "Parameter set cannot be resolved using the specified named parameters."
        )

    def _preferred(self) -> list[str]:
        if len(self.bound.candidates) < 2:
            return self.bound.candidates
        default = self.signature.default_set.lower()
        names = list(self.bound.candidates)
        names.sort(key=lambda name: name.lower() != default)
        return names

    def next_slots(self) -> list[Spec]:
        """The parameters at the lowest free position, those of the default set first."""
        found: list[tuple[int, int, Spec]] = []
        given = self.bound.given
        sets = self._preferred()
        if len(sets) == 1:
            free = [pair for pair in self.signature.positional(sets[0]) if pair[1].key not in given]
            if not free:
                return []
            lowest = min(position for position, _ in free)
            return [spec for position, spec in free if position == lowest]
        for rank, set_name in enumerate(sets):
            for at, spec in self.signature.positional(set_name):
                if spec.key not in given and all(spec is not known for _, _, known in found):
                    found.append((at, rank, spec))
        if not found:
            return []
        lowest = min(position for position, _, _ in found)
        here = [(rank, spec) for position, rank, spec in found if position == lowest]
        here.sort(key=lambda pair: pair[0])
        return [spec for _, spec in here]

    def finish(self, *, final: bool) -> None:
        """Settle the set and refuse what is missing (`final`: nothing comes from the pipeline any more)."""
        bound = self.bound
        candidates = bound.candidates or [ALL_SETS]
        default = self.signature.default_set
        if not self.signature.set_names:
            self._settle(default or ALL_SETS, final=final)
            return
        complete = [name for name in candidates if not self.missing(name)]
        chosen: str
        if default and default.lower() in (name.lower() for name in candidates):
            chosen = default
            if self.missing(default) and len(complete) == 1:
                chosen = complete[0]
        elif len(candidates) == 1:
            chosen = candidates[0]
        elif complete:
            chosen = complete[0]
            with_own = [name for name in complete if self._own(name)]
            if len(with_own) == 1:
                chosen = with_own[0]
            elif len(complete) > 1 and default:
                chosen = default
            elif len(complete) > 1 and not default:
                self._ambiguous()
        elif len(candidates) > 1:
            self._ambiguous()
            chosen = candidates[0]
        else:
            chosen = ALL_SETS
        if default and default.lower() not in (name.lower() for name in candidates) and not complete:
            chosen = candidates[0]
        self._settle(chosen, final=final)

    def _settle(self, chosen: str, *, final: bool) -> None:
        self.bound.set_name = self.signature.spelled(chosen)
        missing = self.missing(chosen)
        if missing and final:
            screen = getattr(self.rt.runspace, "client_host", None)
            if screen is not None and screen.has_ui:  # the client would be asked for them
                raise NotSimulated(f"{self.command}: a prompt for mandatory parameters at the client")
            shown = " ".join(spec.name for spec in missing)
            raise binding_error(
                "MissingMandatoryParameter",
                f"Cannot process command because of one or more missing mandatory parameters: {shown}.",
                parameter="".join(f" {spec.name}" for spec in missing),
            )

    def missing(self, set_name: str) -> list[Spec]:
        return [spec for spec in self.signature.mandatory(set_name) if spec.key not in self.bound.given]

    def _own(self, set_name: str) -> bool:
        key = set_name.lower()
        return any(key in self.signature.by_key[given].sets for given in self.bound.given)

    def in_some_set(self, spec: Spec, what: str) -> bool:
        return any(
            getattr(part, what)
            for name in (self.bound.candidates or [ALL_SETS])
            if (part := spec.in_set(name)) is not None
        )
