"""A script's text with its lines, and stretches of it. Data only; the tree's nodes (ast.py) carry extents."""

from __future__ import annotations

from bisect import bisect_right


class Source:
    """A script's text and where its lines begin. Shared by all extents of one parse."""

    __slots__ = ("_line_starts", "file", "text")

    def __init__(self, text: str, file: str | None = None) -> None:
        self.text = text
        self.file = file
        self._line_starts: list[int] | None = None

    def line_starts(self) -> list[int]:
        """Offsets at which lines begin; CR, LF and CRLF each end one."""
        starts = self._line_starts
        if starts is None:
            text = self.text
            starts = [0]
            if "\r" in text:
                for i, c in enumerate(text):
                    if c == "\n" or (c == "\r" and text[i + 1 : i + 2] != "\n"):
                        starts.append(i + 1)
            else:
                at = text.find("\n")
                while at >= 0:
                    starts.append(at + 1)
                    at = text.find("\n", at + 1)
            self._line_starts = starts
        return starts

    def line_of(self, offset: int) -> int:
        """1-based line of an offset."""
        return bisect_right(self.line_starts(), offset)

    def line_text(self, line: int) -> str:
        """The text of a 1-based line, without its end."""
        starts = self.line_starts()
        if not 1 <= line <= len(starts):
            return ""
        end = starts[line] if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r\n")

    def utf16_offset(self, offset: int) -> int:
        """The offset in UTF-16 units, as .NET counts."""
        if self.text.isascii():
            return offset
        return offset + sum(1 for c in self.text[:offset] if ord(c) > 0xFFFF)


class Extent:
    """A stretch of the script. `start`/`end` are Python str indices (end exclusive); lines and columns are 1-based."""

    __slots__ = ("_line", "_place", "end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end
        self._line = 0
        self._place: tuple[int, int, str, str] | None = None

    @property
    def line(self) -> int:
        # Kept: a script's tree is shared by all hosts, and each command and variable of it is asked again and again.
        if not self._line:
            self._line = self.source.line_of(self.start)
        return self._line

    @property
    def place(self) -> tuple[int, int, str, str]:
        """Line, column, the text of the line and the stretch's own: what every command of a script is asked for."""
        place = self._place
        if place is None:
            line = self.line
            place = self._place = (line, self.column, self.source.line_text(line), self.text)
        return place

    @property
    def column(self) -> int:
        starts = self.source.line_starts()
        return self.start - starts[bisect_right(starts, self.start) - 1] + 1

    @property
    def end_line(self) -> int:
        return self.source.line_of(self.end)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def utf16_start(self) -> int:
        return self.source.utf16_offset(self.start)

    @property
    def utf16_end(self) -> int:
        return self.source.utf16_offset(self.end)

    def __repr__(self) -> str:
        return f"Extent({self.start}, {self.end}, line {self.line})"
