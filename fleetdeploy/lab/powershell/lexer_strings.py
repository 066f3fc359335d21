"""Strings, variables and bare words: the part of the scanner that looks inside text.

Decides what in a string is literal and what is to be expanded. `$( )` inside a string is only cut out here (as the real
scanner does: parentheses counted, doubled quotes halved); the parser scans it later with `start_nested`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import tokens as t
from fleetdeploy.lab.powershell.tokens import COMMAND, EXPRESSION, Tok

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.ast import Source
    from fleetdeploy.lab.powershell.parser_errors import ErrorList

_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SCOPES = frozenset({"global", "local", "script", "private", "variable"})
NestedState = tuple[str, int, int, int, "list[int] | None", "list[Tok] | None"]


class StringScanner:
    """State of a scan and everything about quotes and dollars. Lexer completes it."""

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

    # -- variables ---------------------------------------------------------------------------------------------

    @staticmethod
    def is_variable_start(c: str) -> bool:
        """May `c` follow the dollar?"""
        return c.isalnum() or c in "_?^$:"

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
