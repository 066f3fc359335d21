"""The scanner: script text to tokens, one at a time, in the mode the parser asks for.

Decides where a token ends and of what kind it is. It must not know the grammar: the parser sets `mode`,
`want_simple_name` and `allow_signed_numbers`, and may go back (`resync`). Strings and variables: lexer_strings.py;
numbers: lexer_numbers.py; the tables: tokens.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.lexer_numbers import scan_number
from fleetdeploy.lab.powershell.lexer_strings import StringScanner
from fleetdeploy.lab.powershell.tokens import COMMAND, EXPRESSION, SIGNATURE, TYPE_NAME, Tok

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
_ARITHMETIC = {"*": "Multiply", "/": "Divide", "%": "Rem"}
_ASSIGN = {"*": "MultiplyEquals", "/": "DivideEquals", "%": "RemainderEquals"}


class Lexer(StringScanner):
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

    # -- one method per first character; None: nothing to return, scan on --------------------------------------

    def _operator(self, kind: str) -> Tok:
        """An operator; in command mode, with something behind it, it is the beginning of a word."""
        if self.mode == COMMAND and self.peek() not in t.FORCE_CHARS:
            return self.generic(1)
        return self.token(kind)

    def _at(self, _: str) -> Tok:
        c = self.peek()
        if c == "{" or c == "(":
            self.pos += 1
            return self.token("AtCurly" if c == "{" else "AtParen")
        if c in t.SINGLE_QUOTES or c in t.DOUBLE_QUOTES:
            self.pos += 1
            return self.here_string(c in t.DOUBLE_QUOTES)
        if self.is_variable_start(c):
            return self.variable(splatted=True)
        self.report(self.pos - 1, self.pos, "UnrecognizedToken")
        return self.token("Unknown")

    def _line_comment(self, _: str) -> None:
        text = self.text
        end = self.pos
        while end < self.length and text[end] not in "\r\n":
            end += 1
        self.pos = end
        self.token("Comment")

    def _block_comment(self) -> None:
        end = self.text.find("#>", self.pos)
        if end < 0:
            self.pos = self.length
            self.report_incomplete(self.start, self.length, "MissingTerminatorMultiLineComment")
        else:
            self.pos = end + 2
        self.token("Comment")

    def _new_line(self, _: str) -> Tok:
        self.eat("\n")
        return self.token("NewLine")

    def _line_continuation(self) -> None:
        if self.peek() == "\r":
            self.pos += 1
            self.eat("\n")
        else:
            self.pos += 1
        self.token("LineContinuation")

    def _backtick(self, _: str) -> Tok | None:
        c = self.peek()
        if self.pos >= self.length:
            self.report_incomplete(self.pos + 1, self.pos + 1, "IncompleteString")
            return None
        if c in "\r\n":
            self._line_continuation()
            return None
        if c.isspace():
            self.pos += 1
            return None
        return self.generic(0)

    def _equals(self, _: str) -> Tok:
        return self._operator("Equals")

    def _plus(self, _: str) -> Tok:
        c = self.peek()
        if c == "+" or c == "=":
            self.pos += 1
            return self._operator("PlusPlus" if c == "+" else "PlusEquals")
        if self.allow_signed_numbers and (c.isdigit() or c == "."):
            return self._number(c)
        return self._operator("Plus")

    def _dash(self, _: str) -> Tok:
        c = self.peek()
        if c in t.DASHES or c == "=":
            self.pos += 1
            return self._operator("MinusEquals" if c == "=" else "MinusMinus")
        if c.isalpha() or c in "_?":
            return self._parameter()
        if self.allow_signed_numbers and (c.isdigit() or c == "."):
            return self._number(c)
        return self._operator("Minus")

    def _arithmetic(self, c: str) -> Tok:
        after = self.peek()
        if after == "=":
            self.pos += 1
            return self._operator(_ASSIGN[c])
        if c == "*" and after == ">":
            return self._redirection(0, explicit=False)
        return self._operator(_ARITHMETIC[c])

    def _dollar(self, _: str) -> Tok:
        if self.eat("("):
            return self.token("DollarParen")
        return self.variable(splatted=False)

    def _less(self, _: str) -> Tok | None:
        if self.eat("#"):
            self._block_comment()
            return None
        return self.token("RedirectInStd")

    def _greater(self, _: str) -> Tok:
        self.pos -= 1
        return self._redirection(1, explicit=False)

    def _redirection(self, stream: int, explicit: bool) -> Tok:
        """`>`, `>>` or `>&1` behind the stream's digit or `*`."""
        self.pos += 1
        if self.eat(">"):
            append = True
        else:
            append = False
            after = self.peek(1)
            if self.pos - self.start > 1 and self.peek() == "&" and (after == "1" or (explicit and after == "2")):
                self.pos += 2
                return self.token("Redirection", streams=(stream, int(after)))
        if explicit and self.mode == EXPRESSION:
            # in an expression `2>` is the number 2
            self.pos = self.start + 1
            return self.token("Number", value=stream, type_name="Int32")
        return self.token("Redirection", streams=(stream, 0), flag=append)

    def _digit(self, c: str) -> Tok:
        if self.peek() == ">":
            return self._redirection(int(c), explicit=True)
        return self._number(c)

    def _number(self, _: str) -> Tok:
        found = scan_number(self.text, self.start, self.mode == EXPRESSION, self.version)
        if found is None:
            return self.generic(0)
        end, value, type_name = found
        self.pos = end
        if not type_name:
            if self.mode != EXPRESSION:
                return self.generic(0)
            self.report(end, end + 1, "BadNumericConstant", self.text[self.start : end])
        return self.token("Number", value=value, type_name=type_name)

    def _bracket(self, _: str) -> Tok:
        if self.mode == COMMAND and self.peek() not in t.FORCE_CHARS:
            return self.generic(0)
        return self.token("LBracket")

    def _dot(self, _: str) -> Tok:
        c = self.peek()
        if c == ".":
            self.pos += 1
            return self._operator("DotDot")
        if "0" <= c <= "9":
            return self._number(c)
        if self.mode == COMMAND and c not in t.FORCE_CHARS and c not in "$\"'":
            return self.generic(0)
        return self.token("Dot")

    def _ampersand(self, _: str) -> Tok:
        return self.token("AndAnd" if self.eat("&") else "Ampersand")

    def _pipe(self, _: str) -> Tok:
        return self.token("OrOr" if self.eat("|") else "Pipe")

    def _exclaim(self, _: str) -> Tok:
        c = self.peek()
        if self.mode == COMMAND and c not in t.FORCE_CHARS:
            return self.generic(0)
        if self.mode == EXPRESSION and (c.isalpha() or c == "_"):
            return self.generic(0)
        if (
            self.version == "7"
            and self.mode == EXPRESSION
            and (c.isdigit() or c == ".")
            and scan_number(self.text, self.pos, True, self.version) is None
        ):
            return self.generic(0)
        return self.token("Exclaim")

    def _colon(self, _: str) -> Tok:
        if self.eat(":"):
            if self.mode == COMMAND and not self.want_simple_name and self.peek() not in t.FORCE_CHARS:
                return self.generic(0)
            return self.token("ColonColon")
        if self.mode != COMMAND:
            return self.token("Colon")
        c = self.peek()
        if not (c.isalpha() or c == "_"):
            return self.generic(0)
        match = t.IDENTIFIER.match(self.text, self.pos)
        end = match.end() if match is not None else self.pos
        label = self.text[self.pos : end]
        self.pos = end
        if self.peek() not in t.FORCE_CHARS:
            return self.generic(0)
        return self.token("Label", value=label)

    def _parameter(self) -> Tok:
        """A dash and letters: an operator in an expression, else a parameter."""
        in_command = self.mode == COMMAND
        match = (t.PARAMETER_IN_COMMAND if in_command else t.PARAMETER_IN_EXPRESSION).match(self.text, self.pos)
        end = match.end() if match is not None else self.pos
        name = self.text[self.pos : end]
        self.pos = end
        c = self.peek()
        if in_command and (c in t.SINGLE_QUOTES or c in t.DOUBLE_QUOTES):
            return self.generic(0)
        if self.mode == EXPRESSION:
            kind = t.DASH_OPERATORS.get(name.lower())
            if kind is not None:
                return self.token(kind)
        if not name:
            return self.token("Minus")
        colon = c == ":"
        if colon and in_command:
            self.pos += 1
        return self.token("Parameter", value=name, flag=colon)

    def _identifier(self) -> Tok:
        text = self.text
        match = t.IDENTIFIER.match(text, self.pos)
        if match is not None:
            self.pos = match.end()
        mode = self.mode
        if mode == TYPE_NAME:
            match = t.TYPE_NAME_REST.match(text, self.pos)
            if match is not None:
                self.pos = match.end()
            return self.token("Identifier")
        if not self.want_simple_name:
            if mode == COMMAND and self.peek() not in t.FORCE_CHARS:
                return self.generic(0)
            if mode in (COMMAND, SIGNATURE):
                kind = t.KEYWORDS.get(text[self.start : self.pos].lower())
                if kind is not None and kind != "InlineScript":
                    return self.token(kind)
        return self.token("Identifier")
