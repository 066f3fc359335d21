"""Tables of the language: keywords, operators, their traits, character classes; and the scanner's token.

Decides nothing by itself; lexer.py and the parser read it. The kinds are the names of .NET's TokenKind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


def _words(text: str) -> list[str]:
    return text.split()


COMMAND, EXPRESSION, TYPE_NAME, SIGNATURE = range(4)
"""Modes of the scanner: what a word means depends on where the parser is."""

KEYWORDS: dict[str, str] = {
    word.lower(): word
    for word in _words(
        "ElseIf If Else Switch Foreach From In For While Until Do Try Catch Finally Trap Data Return Continue Break "
        "Exit Throw Begin Process End Dynamicparam Function Filter Param Class Define Var Using Workflow Parallel "
        "Sequence InlineScript Configuration Public Private Static Interface Enum Namespace Module Type Assembly "
        "Command Hidden Base"
    )
}
BLOCK_NAMES = frozenset({"Begin", "Process", "End", "Dynamicparam"})
NO_ATTRIBUTES_BEFORE = frozenset(
    _words(
        "Break Catch Continue Data Do Dynamicparam Else ElseIf End Exit Filter Finally For Foreach From Function If In "
        "Process Return Switch Throw Trap Try Until Using Var While Workflow"
    )
)
"""Keywords of statements that take no attributes."""

DASH_OPERATORS: dict[str, str] = {
    "bnot": "Bnot",
    "not": "Not",
    "isnot": "IsNot",
    "is": "Is",
    "as": "As",
    "f": "Format",
    "and": "And",
    "band": "Band",
    "or": "Or",
    "bor": "Bor",
    "xor": "Xor",
    "bxor": "Bxor",
    "join": "Join",
    "shl": "Shl",
    "shr": "Shr",
}
for _word in _words("eq ne ge gt lt le like notlike match notmatch replace contains notcontains in notin split"):
    DASH_OPERATORS[_word] = DASH_OPERATORS["i" + _word] = "I" + _word
    DASH_OPERATORS["c" + _word] = "C" + _word

_PRECEDENCES = {
    1: "And Or Xor",
    2: "Band Bor Bxor",
    5: "Is IsNot As Join Shl Shr " + " ".join(sorted(k for k in DASH_OPERATORS.values() if k[0] in "IC")),
    9: "Plus Minus",
    10: "Multiply Divide Rem",
    12: "Format",
    13: "DotDot",
}
BINARY_PRECEDENCE: dict[str, int] = {kind: level for level, kinds in _PRECEDENCES.items() for kind in kinds.split()}
UNARY_OPERATORS = frozenset(_words("Comma MinusMinus PlusPlus Exclaim Plus Minus Not Bnot Join Isplit Csplit"))
ASSIGNMENT_OPERATORS = frozenset(_words("Equals PlusEquals MinusEquals MultiplyEquals DivideEquals RemainderEquals"))
MODE_INVARIANT = frozenset(
    _words(
        "NewLine LineContinuation Comment EndOfInput StringLiteral StringExpandable HereStringLiteral "
        "HereStringExpandable LParen RParen LCurly RCurly RBracket AtParen AtCurly DollarParen Semi AndAnd OrOr "
        "Ampersand Pipe Comma Redirection RedirectInStd"
    )
)
"""Kinds that mean the same in command and expression mode: no need to scan them again."""

SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES = '"\u201c\u201d\u201e'
DASHES = "-\u2013\u2014\u2015"
_SPACES = " \\t\\v\\f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
WHITE = re.compile(f"[{_SPACES}]*")
_FORCE = f"\\0{_SPACES}\\r\\n&(),;{{|}}"
FORCE_NEW_TOKEN = re.compile(f"[{_FORCE}]")
GENERIC_RUN = re.compile(f"[^{_FORCE}`${SINGLE_QUOTES}{DOUBLE_QUOTES}]*")
IDENTIFIER = re.compile(r"\w*")
TYPE_NAME_REST = re.compile(r"[\w.`+#\\]*")
VARIABLE_REST = re.compile(r"(?:[\w?]|:(?!:))*")
PARAMETER_IN_COMMAND = re.compile(f"[^{_SPACES}{{}}();,|&.\\[\\r\\n\\0:{SINGLE_QUOTES}{DOUBLE_QUOTES}]*")
PARAMETER_IN_EXPRESSION = re.compile(r"[A-Za-z]*")
SUBEXPRESSION_RUN = re.compile(f"[^()`{DOUBLE_QUOTES}]*")
LITERAL_RUN = re.compile(f"[^{SINGLE_QUOTES}]*")
EXPANDABLE_RUN = re.compile(f"[^{DOUBLE_QUOTES}$`]*")
VARIABLE_STOP = frozenset("\0\t\r\n &(),;{}|.[=:")
AFTER_NUMBER = frozenset("!#%*+-./<=>]" + DASHES)
"""What may follow a number in an expression without a space."""
WHITE_CHARS = frozenset(
    " \t\v\f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(chr(c) for c in range(0x2000, 0x200B))
)
FORCE_CHARS = WHITE_CHARS | frozenset("\0\r\n&(),;{|}")

STREAMS = ("All", "Output", "Error", "Warning", "Verbose", "Debug", "Information")


@dataclass(slots=True, eq=False)
class Tok:
    """A token as the parser needs it. `start`/`end` are offsets in the whole script, `at` in the text being scanned.

    value: of a string, its text; of a number, its value; of a variable, its path; of a parameter, its name; of a label,
    the label; of a `$( )` inside a string, its text. parts/nested: see ast.ExpandableStringExpression.
    """

    kind: str
    start: int
    end: int
    at: int
    text: str
    value: object = None
    nested: list[Tok] | None = None
    parts: list[str | int] | None = None
    flag: bool = False
    """A variable: splatted. A parameter: followed by a colon. A redirection: appends."""
    streams: tuple[int, int] | None = None
    """A redirection: from, to (0 where it goes to a file)."""
    origins: list[int] | None = None
    """A `$( )` inside a string: where each of its characters stands in the script, if not one after the other."""
    type_name: str = ""
    """A number: the name of its .NET type."""

    @property
    def string(self) -> str:
        """The value of a token that has text for a value."""
        return self.value if isinstance(self.value, str) else self.text
