"""Strings: the part of the scanner that looks inside quotes.

Decides what in a string is literal and what is to be expanded. `$( )` inside a string is only cut out here (as the real
scanner does: parentheses counted, doubled quotes halved); the parser scans it later with `start_nested`.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.lexer_base import ScannerBase
from fleetdeploy.lab.powershell.tokens import EXPRESSION, Tok

_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class StringScanner(ScannerBase):
    """Everything about quotes; variables in strings are WordScanner's."""

    @staticmethod
    def is_variable_start(c: str) -> bool:
        """May `c` follow the dollar?"""
        return c.isalnum() or c in "_?^$:"

    def variable(self, splatted: bool, in_string: bool = False) -> Tok:
        """A variable behind its `$` (lexer_words)."""
        raise NotImplementedError

    # -- strings -----------------------------------------------------------------------------------------------

    def single_quoted(self) -> Tok:
        """`'…'`, the opening quote read."""
        return self.token("StringLiteral", value=self._literal())

    def _literal(self) -> str:
        text = self.text
        open_quote = self.pos - 1
        pos = self.pos
        out: list[str] = []
        while True:
            match = t.LITERAL_RUN.match(text, pos)
            end = match.end() if match is not None else pos
            out.append(text[pos:end])
            if end >= self.length:
                self.pos = self.length
                self.report_incomplete(open_quote, self.length, "TerminatorExpectedAtEndOfString", "'")
                break
            after = text[end + 1] if end + 1 < self.length else "\0"
            if after not in t.SINGLE_QUOTES:
                self.pos = end + 1
                break
            out.append(after)
            pos = end + 2
        return "".join(out)

    def double_quoted(self) -> Tok:
        """`"…"`, the opening quote read."""
        start = self.start
        out: list[str] = []
        parts: list[str | int] = []
        nested: list[Tok] = []
        self._expandable(out, parts, nested)
        self.start = start
        return self._string_token("StringExpandable", out, parts, nested)

    def _string_token(self, kind: str, out: list[str], parts: list[str | int], nested: list[Tok]) -> Tok:
        if nested:
            return self.token(kind, value="".join(out), nested=nested, parts=_merge(parts))
        return self.token(kind, value="".join(out))

    def _expandable(self, out: list[str], parts: list[str | int], nested: list[Tok]) -> None:
        """Up to the closing double quote; literal text goes to out and parts, what expands to nested."""
        text = self.text
        open_quote = self.pos - 1
        while True:
            match = t.EXPANDABLE_RUN.match(text, self.pos)
            if match is not None and match.end() > self.pos:
                run = match.group()
                out.append(run)
                parts.append(run)
                self.pos = match.end()
            if self.pos >= self.length:
                self.report_incomplete(open_quote, self.length, "TerminatorExpectedAtEndOfString", '"')
                return
            c = text[self.pos]
            self.pos += 1
            if c == "$":
                if self._expand_dollar(out, parts, nested, here_string=False):
                    continue
            elif c == "`":
                c = self._escape()
            else:
                if self.peek() not in t.DOUBLE_QUOTES:
                    return
                c = self.peek()
                self.pos += 1
            out.append(c)
            parts.append(c)

    def _escape(self) -> str:
        """What stands behind a backtick; the backtick itself at the very end."""
        c = self.peek()
        if c == "\0":
            return "`"
        self.pos += 1
        if self.version == "7":
            if c == "e":
                return "\x1b"
            if c == "u":
                self.not_in_this_lab("`u{ } in a string", self.pos - 2)
        return _ESCAPES.get(c, c)

    def _expand_dollar(self, out: list[str], parts: list[str | int], nested: list[Tok], here_string: bool) -> bool:
        """A variable or `$( )` behind a dollar; False: the dollar is just a dollar."""
        dollar = self.pos - 1
        c = self.peek()
        start, mode, saved = self.start, self.mode, self.saved
        self.saved = None
        self.mode = EXPRESSION
        if c == "(":
            self.pos += 1
            token = self._cut_subexpression(here_string)
        elif c == "{" or self.is_variable_start(c):
            self.start = dollar
            token = self.variable(splatted=False, in_string=True)
        else:
            self.saved, self.start, self.mode = saved, start, mode
            return False
        self.saved, self.start, self.mode = saved, start, mode
        out.append(self.text[dollar : self.pos])
        parts.append(len(nested))
        nested.append(token)
        return True

    def _cut_subexpression(self, here_string: bool) -> Tok:
        """The text of a `$( )`, not scanned yet."""
        text = self.text
        self.start = self.pos - 2
        out = ["$("]
        skipped: list[int] = []
        depth = 1
        while depth:
            match = t.SUBEXPRESSION_RUN.match(text, self.pos)
            if match is not None and match.end() > self.pos:
                out.append(match.group())
                self.pos = match.end()
            if self.pos >= self.length:
                self.report_incomplete(self.start, self.length, "IncompleteDollarSubexpressionReference")
                break
            c = text[self.pos]
            self.pos += 1
            if c == "(":
                depth += 1
            elif c == ")":
                depth -= 1
            elif not here_string and self.peek() in t.DOUBLE_QUOTES and self.peek() != "\0":
                # a doubled or escaped quote stands for one quote inside
                skipped.append(self.pos - 1)
                c = self.peek()
                self.pos += 1
            out.append(c)
        value = "".join(out)
        origins: list[int] | None = None
        if skipped or self._origins is not None:
            gone = frozenset(skipped)
            origins = [self.absolute(i) for i in range(self.start, self.pos) if i not in gone]
        first = self.absolute(self.start)
        last = self.absolute(self.pos - 1) + 1
        return Tok("Subexpression", first, last, self.start, text[self.start : self.pos], value, origins=origins)

    # -- here-strings ------------------------------------------------------------------------------------------

    def here_string(self, expandable: bool) -> Tok:
        """`@'` or `@"` read: up to the footer at the beginning of a line."""
        start = self.start
        kind = "HereStringExpandable" if expandable else "HereStringLiteral"
        quotes = t.DOUBLE_QUOTES if expandable else t.SINGLE_QUOTES
        quote = '"' if expandable else "'"
        if not self._here_header(start, quote):
            return self.token(kind, value="")
        text = self.text
        out: list[str] = []
        parts: list[str | int] = []
        nested: list[Tok] = []
        false_footer = -1

        def add(piece: str) -> None:
            out.append(piece)
            parts.append(piece)

        def footer() -> bool:
            nonlocal false_footer
            if self.peek() in quotes and self.peek(1) == "@":
                self.pos += 2
                return True
            match = t.WHITE.match(text, self.pos)
            if match is not None and match.end() > self.pos:
                add(match.group())
                self.pos = match.end()
            if self.pos < self.length and self.peek() in quotes and self.peek(1) == "@":
                if false_footer < 0:
                    false_footer = self.pos
                add(text[self.pos : self.pos + 2])
                self.pos += 2
            return False

        done = footer()
        while not done:
            if self.pos >= self.length:
                if false_footer >= 0:
                    self.report_incomplete(false_footer, self.length, "WhitespaceBeforeHereStringFooter")
                else:
                    self.report_incomplete(start, self.length, "TerminatorExpectedAtEndOfString", quote + "@")
                break
            c = text[self.pos]
            self.pos += 1
            if c in "\r\n":
                keep, keep_parts = len(out), len(parts)
                add(c + "\n" if c == "\r" and self.eat("\n") else c)
                if footer():
                    del out[keep:], parts[keep_parts:]
                    done = True
                continue
            if expandable and c == "$":
                if self._expand_dollar(out, parts, nested, here_string=True):
                    continue
            elif expandable and c == "`":
                c = self._escape()
            add(c)
        self.start = start
        return self._string_token(kind, out, parts, nested)

    def _here_header(self, start: int, quote: str) -> bool:
        text = self.text
        match = t.WHITE.match(text, self.pos)
        if match is not None:
            self.pos = match.end()
        if self.pos >= self.length:
            self.report_incomplete(start, self.length, "TerminatorExpectedAtEndOfString", quote + "@")
            return False
        c = text[self.pos]
        if c in "\r\n":
            self.pos += 1
            if c == "\r":
                self.eat("\n")
            return True
        self.report(self.pos, self.pos + 1, "UnexpectedCharactersAfterHereStringHeader")
        while self.pos < self.length and text[self.pos] not in "\r\n":
            self.pos += 1
            if text[self.pos - 1] == quote and self.peek() == "@":
                self.pos += 1
                break
        return False


def _merge(parts: list[str | int]) -> list[str | int]:
    """Neighbouring texts joined, empty ones dropped."""
    out: list[str | int] = []
    for part in parts:
        if isinstance(part, str):
            if not part:
                continue
            if out and isinstance(out[-1], str):
                out[-1] += part
                continue
        out.append(part)
    return out
