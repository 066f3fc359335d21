"""What a rule is and what it finds. Data only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.source import Extent
    from fleetdeploy.powershell_rules.script import Script

VERSIONS = ("5.1", "4.0")
"""Windows PowerShell of Windows Server 2016 and later, and of Windows Server 2012 R2."""

Kind = Literal["template", "check"]
"""A script of a verb, whole; or a project's own check, which such a script runs (``parts/checks.ps1.j2``)."""

Level = Literal["error", "warning"]
"""An error does not run, or waits for ever. A warning runs, but means something else than it reads on some hosts."""


def words(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that is refused.

    Attributes:
        rule: name of the rule, a key of ``RULES``.
        message: what is wrong, and why.
        line, column: 1-based, in the text that was walked.
        next: what to write instead.
        path: of the text, as the caller named it.
        level: of a template always "error": what is refused there is refused.
    """

    rule: str
    message: str
    line: int
    column: int
    next: str
    path: str = ""
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Note:
    """What a rule's function yields: a stretch of the script, what is wrong with it, and what to write instead.

    ``sure`` is false where a host may have what the tables here lack (a module, a newer framework): too little for
    a template, and no reason to refuse a check that somebody has seen work.
    """

    extent: Extent
    message: str
    next: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table.

    Attributes:
        name: as it stands in brackets behind a finding.
        what: what the rule refuses.
        why: what would happen on a host.
        find: finds it. With ``needs_tree`` it is not asked about a text that does not parse.
        in_checks: what it is in a project's own check, None if it is not asked there.
        because: why it is no more than that in a check.
    """

    name: str
    what: str
    why: str
    find: Callable[[Script], Iterable[Note]]
    needs_tree: bool = True
    in_checks: Level | None = "error"
    because: str = ""

    def level(self, note: Note, kind: Kind) -> Level | None:
        """What a note of this rule is in a script of that kind, None: nothing."""
        if kind == "template":
            return "error"
        return self.in_checks if note.sure or self.in_checks is None else "warning"
