"""The scanner's state: text, position, mode; positions in the whole script; errors; scans inside strings.

Decides nothing of the language. lexer_strings.py, lexer_words.py and lexer.py build on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.tokens import COMMAND, Tok

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.ast import Source
    from fleetdeploy.lab.powershell.parser_errors import ErrorList

NestedState = tuple[str, int, int, int, "list[int] | None", "list[Tok] | None"]


class ScannerBase:
    """State of a scan."""

    def __init__(self, source: Source, errors: ErrorList, version: str) -> None:
        self.source = source
        self.errors = errors
        self.version = version
        self.text = source.text
        self.length = len(self.text)
        self.pos = 0
        self.start = 0
        self.mode = COMMAND
        self.want_simple_name = False
        self.allow_signed_numbers = False
        self.saved: list[Tok] | None = []
        self._base = 0
        self._origins: list[int] | None = None

    # -- positions -------------------------------------------------------------------------------------------

    def absolute(self, offset: int) -> int:
        """Offset in the whole script of an offset in the text being scanned."""
        origins = self._origins
        if origins is None:
            return self._base + offset
        if offset < len(origins):
            return origins[offset]
        return origins[-1] + 1 + offset - len(origins)

    def relative(self, offset: int) -> int:
        """The reverse of `absolute`."""
        origins = self._origins
        if origins is None:
            return offset - self._base
        return next((i for i, origin in enumerate(origins) if origin >= offset), len(origins))

    def peek(self, ahead: int = 0) -> str:
        """The next character, NUL at the end."""
        at = self.pos + ahead
        return self.text[at] if at < self.length else "\0"

    def eat(self, c: str) -> bool:
        """Skip `c` if it is next."""
        if self.pos < self.length and self.text[self.pos] == c:
            self.pos += 1
            return True
        return False

    def token(
        self,
        kind: str,
        value: object = None,
        *,
        flag: bool = False,
        streams: tuple[int, int] | None = None,
        nested: list[Tok] | None = None,
        parts: list[str | int] | None = None,
        type_name: str = "",
    ) -> Tok:
        """The token from `start` to `pos`, saved."""
        start, end = self.start, self.pos
        if self._origins is None:
            first, last = self._base + start, self._base + end
        else:
            first = self.absolute(start)
            last = self.absolute(end - 1) + 1 if end > start else first
        text = self.text[start:end]
        return self.save(Tok(kind, first, last, start, text, value, nested, parts, flag, streams, type_name=type_name))

    def save(self, token: Tok) -> Tok:
        """Remember a token for ParseResult.tokens."""
        if self.saved is not None:
            self.saved.append(token)
        return token

    # -- errors ----------------------------------------------------------------------------------------------

    def report(self, start: int, end: int, error_id: str, *args: str) -> None:
        """An error at offsets of the text being scanned."""
        first = self.absolute(start)
        self.errors.add(first, first + end - start, error_id, False, *args)

    def report_incomplete(self, start: int, end: int, error_id: str, *args: str) -> None:
        """An error that more text might cure, if nothing but blanks follows."""
        first = self.absolute(start)
        last = first + end - start
        self.errors.add(first, last, error_id, self.at_end(last), *args)

    def at_end(self, end: int) -> bool:
        """Nothing but blanks and comments from here to the end (a line end counts as something)."""
        text = self.text
        i = end
        while i < len(text):
            c = text[i]
            if c == "#":
                while i < len(text) and text[i] not in "\r\n":
                    i += 1
            elif c == "<" and text[i + 1 : i + 2] == "#":
                close = text.find("#>", i + 2)
                i = len(text) if close < 0 else close + 2
            elif c in t.WHITE_CHARS:
                i += 1
            else:
                return False
        return True

    def not_in_this_lab(self, construct: str, at: int) -> NoReturn:
        """Refuse what this parser does not do."""
        raise NotSimulated(construct, self.source.line_of(self.absolute(at)))

    # -- scans inside strings ----------------------------------------------------------------------------------

    def start_nested(self, token: Tok) -> NestedState:
        """Scan the text of a `$( )` token from now on; give the result to `finish_nested`."""
        state = (self.text, self.pos, self.start, self._base, self._origins, self.saved)
        self.text = token.string
        self.length = len(self.text)
        self.pos = self.start = 0
        self._base = token.start
        self._origins = token.origins
        self.saved = []
        return state

    def finish_nested(self, state: NestedState) -> None:
        """Go on where `start_nested` left."""
        self.text, self.pos, self.start, self._base, self._origins, self.saved = state
        self.length = len(self.text)
