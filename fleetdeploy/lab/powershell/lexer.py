"""The scanner: script text to tokens, one at a time, in the mode the parser asks for.

Decides where a token ends and of what kind it is. It must not know the grammar: the parser sets `mode`,
`want_simple_name` and `allow_signed_numbers`, and may go back (`resync`). By first character: lexer_chars.py;
strings: lexer_strings.py; words: lexer_words.py; numbers: lexer_numbers.py; the tables: tokens.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.lexer_chars import CharScanner
from fleetdeploy.lab.powershell.tokens import COMMAND, Tok

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleetdeploy.lab.powershell.ast import Source
    from fleetdeploy.lab.powershell.parser_errors import ErrorList

_ONE_CHAR = {
    "(": "LParen",
    ")": "RParen",
    "{": "LCurly",
    "}": "RCurly",
    "]": "RBracket",
    ";": "Semi",
    ",": "Comma",
    "\n": "NewLine",
}


class Lexer(CharScanner):
    """Scans one script; nested scans of `$( )` in strings use the same object (`start_nested`)."""

    def __init__(self, source: Source, errors: ErrorList, version: str) -> None:
        super().__init__(source, errors, version)
        table: dict[str, Callable[[str], Tok | None]] = {
            "@": self._at,
            "#": self._line_comment,
            "\r": self._new_line,
            "`": self._backtick,
            "=": self._equals,
            "+": self._plus,
            "$": self._dollar,
            "<": self._less,
            ">": self._greater,
            "[": self._bracket,
            ".": self._dot,
            "&": self._ampersand,
            "|": self._pipe,
            "!": self._exclaim,
            ":": self._colon,
        }
        table.update(dict.fromkeys(t.SINGLE_QUOTES, lambda _: self.single_quoted()))
        table.update(dict.fromkeys(t.DOUBLE_QUOTES, lambda _: self.double_quoted()))
        table.update(dict.fromkeys(t.DASHES, self._dash))
        table.update(dict.fromkeys("*/%", self._arithmetic))
        table.update(dict.fromkeys("0789", self._number))
        table.update(dict.fromkeys("123456", self._digit))
        self._table = table

    # -- the parser's entry points ---------------------------------------------------------------------------

    def next_token(self) -> Tok:
        """The next token in the current mode. Comments and line continuations are saved and skipped."""
        text = self.text
        while True:
            pos = self.pos
            match = t.WHITE.match(text, pos)
            if match is not None:
                pos = match.end()
            self.start = pos
            if pos >= self.length:
                self.pos = self.length
                end = self.absolute(self.length) + 1
                return self.save(Tok("EndOfInput", end, end, self.length, ""))
            c = text[pos]
            self.pos = pos + 1
            kind = _ONE_CHAR.get(c)
            if kind is not None:
                return self.token(kind)
            handler = self._table.get(c)
            if handler is None:
                if c.isalpha() or c == "_":
                    return self._identifier()
                return self.generic(1)
            token = handler(c)
            if token is not None:
                return token

    def skip_newlines(self, semicolons: bool = False) -> None:
        """Skip blanks, comments and line ends (and semicolons)."""
        text = self.text
        while True:
            match = t.WHITE.match(text, self.pos)
            if match is not None:
                self.pos = match.end()
            if self.pos >= self.length:
                return
            self.start = self.pos
            c = text[self.pos]
            if c in "\r\n" or (semicolons and c == ";"):
                self.pos += 1
                if c == "\r":
                    self.eat("\n")
                self.token("Semi" if c == ";" else "NewLine")
            elif c == "#":
                self.pos += 1
                self._line_comment(c)
            elif c == "<" and self.peek(1) == "#":
                self.pos += 2
                self._block_comment()
            elif c == "`" and self.peek(1) in "\r\n":
                self.pos += 1
                self._line_continuation()
            elif c == "`" and self.peek(1).isspace():
                self.pos += 2
            else:
                return

    def resync(self, start: int) -> None:
        """Go back to an offset (in the whole script) and forget the tokens saved from there on."""
        self.pos = min(max(self.relative(start), 0), self.length)
        saved = self.saved
        if saved is not None:
            keep = len(saved)
            if keep and saved[-1].kind == "EndOfInput":
                keep -= 1
            while keep and saved[keep - 1].end > start:
                keep -= 1
            del saved[keep:]

    def member_access(self, allow_bracket: bool) -> Tok | None:
        """`.`, `::` or `[` directly behind an expression, or None."""
        c = self.peek()
        while c == "<" and self.peek(1) == "#":
            self.start = self.pos
            self.pos += 2
            self._block_comment()
            c = self.peek()
        self.start = self.pos
        if c == "." and self.peek(1) != ".":
            return self._access("Dot", 1)
        if c == ":" and self.peek(1) == ":":
            return self._access("ColonColon", 2)
        if c == "[" and allow_bracket:
            self.pos += 1
            return self.token("LBracket")
        return None

    def _access(self, kind: str, width: int) -> Tok | None:
        after = self.peek(width)
        if self.mode == COMMAND and (after in "\0\r\n" or after in t.WHITE_CHARS):
            return None
        self.pos += width
        return self.token(kind)

    def invoke_member_open(self) -> Tok | None:
        """`(` or `{` directly behind a member's name, or None."""
        c = self.peek()
        if c not in "({":
            return None
        self.start = self.pos
        self.pos += 1
        return self.token("LParen" if c == "(" else "LCurly")

    def open_bracket(self) -> Tok | None:
        """`[` after blanks and comments, or None: where an attribute or type may stand."""
        resync_point = self.pos
        spaced = False
        while True:
            match = t.WHITE.match(self.text, self.pos)
            if match is not None and match.end() > self.pos:
                self.pos = match.end()
                spaced = True
            self.start = self.pos
            c = self.peek()
            if c == "#":
                spaced = True
                self.pos += 1
                self._line_comment(c)
            elif c == "<" and self.peek(1) == "#":
                # blanks before a block comment do not count against a member access behind it
                spaced = False
                self.pos += 2
                self._block_comment()
            elif c == "[":
                self.pos += 1
                return self.token("LBracket")
            else:
                if c in ".:" and c != "\0" and spaced:
                    self.resync(self.absolute(resync_point))
                return None

    def verbatim_argument(self) -> Tok:
        """Everything behind `--%` up to the end of the line or a pipe."""
        match = t.WHITE.match(self.text, self.pos)
        if match is not None:
            self.pos = match.end()
        self.start = self.pos
        quoted = False
        while self.pos < self.length:
            c = self.text[self.pos]
            if c in "\r\n" or (not quoted and (c == "|" or (c == "&" and self.peek(1) == "&"))):
                break
            if c in t.DOUBLE_QUOTES:
                quoted = not quoted
            self.pos += 1
        return self.token("Generic", value=self.text[self.start : self.pos])

    def assembly_name(self) -> str:
        """The assembly behind a comma in a type's name."""
        out = [self._assembly_word()]
        while self.peek() == ",":
            self.start = self.pos
            self.pos += 1
            self.token("Comma")
            out.append(", " + self._assembly_word())
            if self.peek() == "=":
                self.start = self.pos
                self.pos += 1
                self.token("Equals")
                out.append("=" + self._assembly_word())
        return "".join(out)

    def _assembly_word(self) -> str:
        text = self.text
        while self.peek() in t.WHITE_CHARS:
            self.pos += 1
        self.start = self.pos
        while self.pos < self.length and text[self.pos] not in ",=]\r\n" and text[self.pos] not in t.WHITE_CHARS:
            self.pos += 1
        word = text[self.start : self.pos]
        self.token("Identifier")
        while self.peek() in t.WHITE_CHARS:
            self.pos += 1
        return word
