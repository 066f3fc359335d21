"""From .NET regular expressions to Python's ``re``: the pattern translated, groups numbered the .NET way.

What differs and cannot be translated is refused (NotSimulated); what .NET rejects raises ``BadPattern``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from fleetdeploy.lab.errors import NotSimulated

IGNORE_CASE, MULTILINE, EXPLICIT_CAPTURE, COMPILED, SINGLELINE, IGNORE_WHITESPACE = 1, 2, 4, 8, 16, 32
RIGHT_TO_LEFT, ECMA_SCRIPT, CULTURE_INVARIANT = 64, 256, 512


class BadPattern(Exception):
    """The text is .NET's message (5.1 wording)."""


@dataclass(frozen=True, slots=True)
class NetRegex:
    """A compiled pattern; ``groups`` pairs .NET's group name with Python's group number, in .NET's order."""

    pattern: str
    options: int
    compiled: re.Pattern[str]
    groups: tuple[tuple[str, int], ...]

    def number(self, name: str) -> int | None:
        if name.isdigit():
            # Named groups have numbers too, after the unnamed ones.
            at = int(name)
            return self.groups[at][1] if at < len(self.groups) else None
        for known, number in self.groups:
            if known == name:
                return number
        return None


_UNICODE = {
    "L": "[^\\W\\d_]",
    "Lu": "[A-ZÀ-ÖØ-Þ]",
    "Ll": "[a-zß-öø-ÿ]",
    "N": "\\d",
    "Nd": "\\d",
}


@functools.lru_cache(maxsize=512)
def compile_regex(pattern: str, options: int = 0) -> NetRegex:
    """Compile with RegexOptions as a number."""
    if options & (RIGHT_TO_LEFT | ECMA_SCRIPT | EXPLICIT_CAPTURE):
        raise NotSimulated(f"regular expression options {options}")
    translator = _Translator(pattern, bool(options & IGNORE_WHITESPACE))
    text = translator.run()
    flags = 0
    if options & IGNORE_CASE:
        flags |= re.IGNORECASE
    if options & MULTILINE:
        flags |= re.MULTILINE
    if options & SINGLELINE:
        flags |= re.DOTALL
    if options & IGNORE_WHITESPACE:
        flags |= re.VERBOSE
    try:
        compiled = re.compile(text, flags)
    except re.error as error:
        raise _rejected(pattern, error) from None
    unnamed = [("", number) for number, name in enumerate(translator.names, 1) if name is None]
    named: list[tuple[str, int]] = []
    for number, name in enumerate(translator.names, 1):
        if name is None:
            continue
        if any(known == name for known, _ in named):
            raise NotSimulated(f"the group name '{name}' twice in a regular expression")
        named.append((name, number))
    groups = [("0", 0)]
    groups += [(str(at), number) for at, (_, number) in enumerate(unnamed, 1)]
    groups += named
    return NetRegex(pattern, options, compiled, tuple(groups))


def _rejected(pattern: str, error: re.error) -> Exception:
    text = error.msg
    if "look-behind requires fixed-width" in text:
        return NotSimulated(f"look-behind of variable width in '{pattern}'")
    head = f'parsing "{pattern}" - '
    if "missing ), unterminated subpattern" in text:
        return BadPattern(head + "Not enough )'s.")
    if "unbalanced parenthesis" in text:
        return BadPattern(head + "Too many )'s.")
    if "unterminated character set" in text:
        return BadPattern(head + "Unterminated [] set.")
    if "nothing to repeat" in text:
        return BadPattern(head + "Quantifier {x,y} following nothing.")
    if "bad character range" in text:
        return BadPattern(head + "[x-y] range in reverse order.")
    if "bad escape (end of pattern)" in text:
        return BadPattern(head + "Illegal \\ at end of pattern.")
    if "bad escape" in text:
        return BadPattern(head + "Unrecognized escape sequence.")
    if "multiple repeat" in text:
        return BadPattern(head + "Nested quantifier.")
    return NotSimulated(f"the regular expression '{pattern}' ({text})")


class _Translator:
    """One pass over the pattern. Unclosed scopes of inline options like (?i) are closed at the group's end."""

    def __init__(self, pattern: str, verbose: bool) -> None:
        self.pattern = pattern
        self.verbose = verbose
        self.names: list[str | None] = []
        self.at = 0
        self.out: list[str] = []
        self.open: list[int] = [0]

    def run(self) -> str:
        pattern = self.pattern
        self._count_groups()
        while self.at < len(pattern):
            char = pattern[self.at]
            if char == "\\":
                self._escape()
            elif char == "[":
                self._char_class()
            elif char == "(":
                self._group()
            elif char == ")":
                if len(self.open) == 1:
                    raise BadPattern(f'parsing "{pattern}" - Too many )\'s.')
                self.out.append(")" * (self.open.pop() + 1))
                self.at += 1
            elif char == "{" and re.match(r"\{(?!\d+(,\d*)?\})", pattern[self.at :]):
                self.out.append("\\{")
                self.at += 1
            elif char in "*+?}" and pattern[self.at + 1 : self.at + 2] == "+":
                if char == "}" and not re.search(r"\{\d+(,\d*)?$", pattern[: self.at]):
                    self.out.append("\\}")
                    self.at += 1
                    continue
                raise BadPattern(f'parsing "{pattern}" - Nested quantifier +.')
            else:
                self.out.append(char)
                self.at += 1
        return "".join(self.out) + ")" * self.open[0]

    def _count_groups(self) -> None:
        """The names of all groups beforehand, since a back reference may come first."""
        text = re.sub(r"\\.", "  ", self.pattern, flags=re.DOTALL)
        text = re.sub(r"\[\^?\]?[^\]]*\]", lambda found: " " * len(found[0]), text)
        for match in re.finditer(r"\((?:\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'|(.)))?", text):
            if match[1] or match[2]:
                self.names.append(match[1] or match[2])
            elif match[3] is None:
                self.names.append(None)

    def _python_number(self, net_number: int) -> int:
        unnamed = [number for number, name in enumerate(self.names, 1) if name is None]
        named = [number for number, name in enumerate(self.names, 1) if name is not None]
        order = unnamed + named
        if not 1 <= net_number <= len(order):
            raise BadPattern(f'parsing "{self.pattern}" - Reference to undefined group number {net_number}.')
        return order[net_number - 1]

    def _escape(self) -> None:
        pattern = self.pattern
        following = pattern[self.at + 1 : self.at + 2]
        step = 2
        if following == "z":
            text = "\\Z"
        elif following == "Z":
            text = "(?=\\n?\\Z)"
        elif following == "e":
            text = "\\x1b"
        elif following in "Gc":
            if not following:
                raise BadPattern(f'parsing "{pattern}" - Illegal \\ at end of pattern.')
            raise NotSimulated(f"\\{following} in a regular expression")
        elif following == "k":
            match = re.match(r"\\k(?:<(\w+)>|'(\w+)')", pattern[self.at :])
            if match is None:
                raise BadPattern(f'parsing "{pattern}" - Malformed \\k<...> named back reference.')
            name = match[1] or match[2]
            if name.isdigit():
                text = f"(?:\\{self._python_number(int(name))})"
            else:
                if name not in self.names:
                    raise BadPattern(f'parsing "{pattern}" - Reference to undefined group name {name}.')
                text = f"(?P={name})"
            step = len(match[0])
        elif following in "pP":
            match = re.match(r"\\[pP]\{(\w+)\}", pattern[self.at :])
            if match is None or match[1] not in _UNICODE or following == "P":
                raise NotSimulated(f"{pattern[self.at : self.at + 6]} in a regular expression")
            text, step = _UNICODE[match[1]], len(match[0])
        elif following.isdigit() and following != "0":
            digits = re.match(r"\d+", pattern[self.at + 1 :])
            number = digits[0] if digits else following
            if len(number) > 1:
                raise NotSimulated(f"\\{number} in a regular expression")
            text = f"(?:\\{self._python_number(int(number))})"
        else:
            text = "\\" + following
        self.out.append(text)
        self.at += step

    def _char_class(self) -> None:
        pattern = self.pattern
        at = self.at + 1
        text = "["
        if pattern[at : at + 1] == "^":
            text += "^"
            at += 1
        first = True
        while True:
            if at >= len(pattern):
                raise BadPattern(f'parsing "{pattern}" - Unterminated [] set.')
            char = pattern[at]
            if char == "]" and not first:
                break
            first = False
            if char == "\\":
                following = pattern[at + 1 : at + 2]
                if following in "pPc":
                    raise NotSimulated(f"\\{following} in a character class")
                text += "\\x1b" if following == "e" else char + following
                at += 2
                continue
            if char == "-" and pattern[at + 1 : at + 2] == "[":
                raise NotSimulated("subtraction in a character class")
            if char in "[]&|~":
                text += "\\" + char
            elif char == "-" and (pattern[at + 1 : at + 2] in ("]", "-") or text[-1] in "[^"):
                text += "\\-"
            else:
                text += char
            at += 1
        self.out.append(text + "]")
        self.at = at + 1

    def _group(self) -> None:
        rest = self.pattern[self.at :]
        options = re.match(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])", rest)
        if options is not None and (options[1] or options[2] or options[3] == ":"):
            if set((options[1] + (options[2] or "")).lower()) - set("imsx"):
                raise NotSimulated(f"inline options {options[0]} in a regular expression")
            on, off = options[1].lower(), (options[2] or "").lower()
            if "x" in on + off:
                raise NotSimulated(f"inline options {options[0]} in a regular expression")
            inner = f"(?{on}{'-' + off if off else ''}:"
            self.out.append(inner)
            self.at += len(options[0])
            if options[3] == ":":
                self.open.append(0)
            elif "|" in self._rest_of_group():
                raise NotSimulated("an inline option before an alternation")
            else:
                self.open[-1] += 1
            return
        named = re.match(r"\(\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')", rest)
        if named is not None:
            self.out.append(f"(?P<{named[1] or named[2]}>")
            self.at += len(named[0])
        elif rest.startswith("(?#"):
            end = rest.find(")")
            if end < 0:
                raise BadPattern(f'parsing "{self.pattern}" - Unterminated (?#...) comment.')
            self.at += end + 1
            return
        elif (known := re.match(r"\(\?(?:=|!|<=|<!|>)", rest)) is not None:
            self.out.append(known[0])
            self.at += len(known[0])
        elif rest.startswith("(?"):
            raise NotSimulated(f"{rest[:6]} in a regular expression")
        else:
            self.out.append("(")
            self.at += 1
        self.open.append(0)

    def _rest_of_group(self) -> str:
        if len(self.open) == 1 and not "".join(self.out[:-1]):
            return ""
        return self.pattern[self.at :]


_REFERENCE = re.compile(r"\$(?:\$|(\d+)|\{(\w+)\}|([&`'+_]))")


def replacement(regex: NetRegex, template: str) -> Callable[[re.Match[str]], str]:
    """A function for ``re.sub`` from a .NET replacement pattern; unknown groups stay literal."""

    def expand(match: re.Match[str]) -> str:
        def one(reference: re.Match[str]) -> str:
            if reference[0] == "$$":
                return "$"
            name = reference[1] or reference[2]
            if name is not None:
                number = regex.number(str(int(name)) if name.isdigit() else name)
                return reference[0] if number is None else match[number] or ""
            kind = reference[3]
            if kind == "&":
                return match[0]
            if kind == "`":
                return match.string[: match.start()]
            if kind == "'":
                return match.string[match.end() :]
            if kind == "_":
                return match.string
            return match[regex.groups[-1][1]] or ""

        return _REFERENCE.sub(one, template)

    return expand


def escape(text: str) -> str:
    """Regex.Escape."""
    table = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}
    return "".join(table.get(char, "\\" + char if char in "\\*+?|{[()^$.# " else char) for char in text)


def unescape(text: str) -> str:
    table = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
    return re.sub(r"\\(.)", lambda found: table.get(found[1], found[1]), text)
