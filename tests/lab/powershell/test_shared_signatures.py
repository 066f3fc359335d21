"""A signature is shared by all hosts: nobody sees one that another thread has half filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.lab.powershell.runtime.signature import InSet, Signature


@dataclass
class _Asked:
    """A parameter that, when it is looked at, lets another thread ask the same."""

    position: int
    ask: list[Any] = field(default_factory=list)

    def in_set(self, name: str) -> InSet:
        if self.ask:
            self.ask.pop()()
        return InSet(position=self.position)


def test_positions_are_whole_for_whoever_comes_in_between() -> None:
    seen: list[int] = []
    parts = [_Asked(0), _Asked(1), _Asked(2)]
    signature = Signature(parts)  # type: ignore[arg-type]
    parts[1].ask.append(lambda: seen.append(len(signature.positional("all"))))
    assert len(signature.positional("all")) == 3
    assert seen == [3]
