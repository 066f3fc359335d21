"""What commands return. They never print: ``output/render.py`` draws these as text or JSON.

``data`` is what ``--output json`` prints, ``exit_code`` what the process ends with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fleetdeploy.errors import ExitCode


@dataclass(frozen=True, slots=True)
class Lines:
    """Plain text, one entry a line."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column heads. ``styles`` maps a column to a rich style."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    styles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that goes out byte for byte (a script, a file)."""

    text: str


Block = Lines | Table | Verbatim


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The answer of one command: ``data`` for machines, ``blocks`` for people (in order)."""

    data: Mapping[str, Any] | Sequence[Any]
    blocks: Sequence[Block] = ()
    exit_code: ExitCode = ExitCode.OK
    streamed: bool = False


def message(text: str, *, exit_code: ExitCode = ExitCode.OK, **data: Any) -> CommandResult:
    """A result of one or more lines of text."""
    return CommandResult(data={"message": text, **data}, blocks=(Lines(text.split("\n")),), exit_code=exit_code)
