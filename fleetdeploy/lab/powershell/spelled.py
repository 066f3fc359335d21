"""Numbers that remember how they were written: bare number literals among the arguments of a command.

`f 0x10` gives `f` the number 16 in a PSObject that keeps the text `0x10` (Compiler.GetCommandArgumentExpression and
ParserOps.WrappedNumber of Windows PowerShell 5.1; the field is PSObject.TokenText). Whoever makes a text of that
PSObject gets what was written ([string]$x, -f, -join, Write-Host, Set-Content, CLIXML's ToString); whoever takes the
number out of it first does not ("$x", $x.ToString(), arithmetic and comparison). Such a value is here a subclass of
the number, so that it works wherever the number does. Its text is for those to ask for who know which one a real
engine takes there (``written`` and ``plain``); all others are refused. Data only: see ``text_forms``.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from fleetdeploy.lab.powershell.scalars import DECIMAL, DOUBLE, INT32, INT64, Int64
from fleetdeploy.lab.powershell.typesystem import BY_CLASS


class Spelled:
    """What the four kinds have in common; ``spelling`` None: nobody here knows whether the text is still there."""

    spelling: str | None = None

    @property
    def plain(self) -> Any:
        """The number by itself."""
        raise NotImplementedError


class SpelledInt32(Spelled, int):
    @property
    def plain(self) -> int:
        return int(self)


class SpelledInt64(Spelled, Int64):
    @property
    def plain(self) -> Int64:
        return Int64(self)


class SpelledDouble(Spelled, float):
    @property
    def plain(self) -> float:
        return float(self)


class SpelledDecimal(Spelled, Decimal):
    """A decimal loses its text as soon as it is assigned or written: 5.1 copies structs that could be changed
    (PSVariableAssignmentBinder.IsValueTypeMutable), and the copy is the number alone."""

    @property
    def plain(self) -> Decimal:
        return Decimal(self)


BY_CLASS.update({SpelledInt32: INT32, SpelledInt64: INT64, SpelledDouble: DOUBLE, SpelledDecimal: DECIMAL})
_KINDS: dict[type, Any] = {int: SpelledInt32, Int64: SpelledInt64, float: SpelledDouble, Decimal: SpelledDecimal}


def spelled(number: Any, text: str) -> Any:
    """The number of a literal with the text it was written as; a kind that no literal has is returned as it is."""
    kind = _KINDS.get(type(number))
    if kind is None:
        return number
    made = kind(number)
    made.spelling = text
    return made


def plain(value: Any) -> Any:
    """PSObject.Base: the number without its text; any other value as it is."""
    return value.plain if isinstance(value, Spelled) else value


def doubted(value: Any) -> Any:
    """The same number where it is not known whether a real engine still has the text: asking for it is refused."""
    return _KINDS[type(value.plain)](value) if isinstance(value, Spelled) else value


def as_elements(values: Iterable[Any]) -> list[Any]:
    """Arguments as elements of $args or of the list of remaining ones: what becomes of a decimal there depends on
    who takes it out."""
    return [doubted(value) if isinstance(value, SpelledDecimal) else value for value in values]
