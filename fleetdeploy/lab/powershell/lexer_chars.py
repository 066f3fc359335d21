"""One method per kind of first character: punctuation, operators, numbers, parameters, identifiers.

Decides what a token is once its first character is known; lexer.py chooses the method.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.lexer_numbers import scan_number
from fleetdeploy.lab.powershell.lexer_words import WordScanner
from fleetdeploy.lab.powershell.tokens import COMMAND, EXPRESSION, SIGNATURE, TYPE_NAME, Tok

_ARITHMETIC = {"*": "Multiply", "/": "Divide", "%": "Rem"}
_ASSIGN = {"*": "MultiplyEquals", "/": "DivideEquals", "%": "RemainderEquals"}


class CharScanner(WordScanner):
    """The methods return None where there is nothing to return and the scan goes on."""

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
