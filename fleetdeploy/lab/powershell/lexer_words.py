"""Variables and bare words: what is neither quoted nor punctuation.

Decides where a name ends and when, in command mode, what looked like a variable is part of a word.
"""

from __future__ import annotations

from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.lexer_strings import StringScanner
from fleetdeploy.lab.powershell.tokens import COMMAND, Tok

_SCOPES = frozenset({"global", "local", "script", "private", "variable"})


class WordScanner(StringScanner):
    """Variables and words."""

    # -- variables ---------------------------------------------------------------------------------------------

    def variable(self, splatted: bool, in_string: bool = False) -> Tok:
        """A variable; `$` or `@` is read. In command mode it may turn out to be a bare word."""
        c = self.peek()
        if c == "{" and not splatted:
            return self._braced_variable(in_string)
        if not self.is_variable_start(c) or self.pos >= self.length:
            return self.generic(1)
        begin = self.pos
        self.pos += 1
        if c in "$?^":
            if self.mode == COMMAND and self.peek() not in t.FORCE_CHARS:
                return self.generic(0)
        else:
            match = t.VARIABLE_REST.match(self.text, self.pos)
            if match is not None:
                self.pos = match.end()
            after = self.peek()
            if (
                self.mode == COMMAND
                and after not in t.VARIABLE_STOP
                and after not in t.FORCE_CHARS
                and not (after == ":" and self.peek(1) == ":")
            ):
                return self.generic(0)
        name = self.text[begin : self.pos]
        if ":" in name:
            drive, _, rest = name.partition(":")
            if not rest:
                known = not drive or drive.lower() in _SCOPES
                error = "InvalidVariableReference" if known else "InvalidVariableReferenceWithDrive"
                self.report(self.start, self.pos, error)
        return self.token("SplattedVariable" if splatted else "Variable", value=name, flag=splatted)

    def _braced_variable(self, in_string: bool) -> Tok:
        text = self.text
        error_start = self.pos
        self.pos += 1
        out: list[str] = []
        closed = False
        while self.pos < self.length:
            c = text[self.pos]
            self.pos += 1
            if c == "}":
                closed = True
                break
            if c == "`":
                if self.pos >= self.length:
                    break
                c = self._escape()
            elif c in t.DOUBLE_QUOTES and in_string:
                if self.peek() in t.DOUBLE_QUOTES and self.pos < self.length:
                    c = self.peek()
                    self.pos += 1
            elif c == "{":
                self.report(self.pos, self.pos + 1, "OpenBraceNeedsToBeBackTickedInVariableName")
            out.append(c)
        name = "".join(out)
        if not closed:
            self.report_incomplete(error_start, self.pos, "IncompleteDollarVariableReference")
        if not name:
            if closed:
                self.report(self.pos - 1, self.pos, "EmptyVariableReference")
            name = ":Error:"
        after = self.peek()
        if self.mode == COMMAND and after not in t.FORCE_CHARS and after not in ".[":
            return self.generic(0)
        if name.endswith(":") and name.count(":") == 1:
            self.report(self.start, self.pos, "InvalidBracedVariableReference")
        return self.token("Variable", value=name)

    # -- bare words --------------------------------------------------------------------------------------------

    def generic(self, literal: int) -> Tok:
        """A bare word from `start` on, its first `literal` characters taken as they are."""
        text = self.text
        start = self.start
        self.pos = start + literal
        match = t.GENERIC_RUN.match(text, self.pos)
        end = match.end() if match is not None else self.pos
        if end >= self.length or text[end] in t.FORCE_CHARS:
            self.pos = end
            return self.token("Generic", value=text[start:end])
        out: list[str] = [text[start : self.pos]]
        parts: list[str | int] = [text[start : self.pos]]
        nested: list[Tok] = []
        while True:
            match = t.GENERIC_RUN.match(text, self.pos)
            if match is not None and match.end() > self.pos:
                out.append(match.group())
                parts.append(match.group())
                self.pos = match.end()
            if self.pos >= self.length:
                break
            c = text[self.pos]
            if c in t.FORCE_CHARS:
                break
            self.pos += 1
            if c == "`":
                c = self._escape()
            elif c == "$":
                if self._expand_dollar(out, parts, nested, here_string=False):
                    continue
            elif c in t.SINGLE_QUOTES:
                c = self._literal()
            else:
                self._expandable(out, parts, nested)
                continue
            out.append(c)
            parts.append(c)
        self.start = start
        return self._string_token("Generic", out, parts, nested)
