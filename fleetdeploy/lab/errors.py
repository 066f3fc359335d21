"""What the lab raises when asked for something it does not simulate. Never caught by simulated scripts."""

from __future__ import annotations


class NotSimulated(Exception):
    """The lab does not simulate ``construct``: the pipeline fails, whatever the script catches.

    Attributes:
        construct: what was asked for, in the words of the script ("Get-Service -RequiredServices").
        line: 1-based line in the script, 0 where there is none.
    """

    def __init__(self, construct: str, line: int = 0) -> None:
        super().__init__(construct, line)
        self.construct = construct
        self.line = line

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"not simulated by the lab: {self.construct}{where}"
