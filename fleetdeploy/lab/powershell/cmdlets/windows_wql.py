"""The little of WQL that filters need: comparisons of properties with literals, AND, OR, NOT, parentheses.

Pure: text to a predicate over property look-ups. ``parse_query`` takes ``SELECT * FROM Class [WHERE …]``. What is not
WQL raises ``WqlError`` (HRESULT 0x80041017); WQL that is not simulated raises NotSimulated. Look next: ``windows_cim``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated

Lookup = Callable[[str], Any]
Predicate = Callable[[Lookup], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<op><=|>=|<>|!=|=|<|>)|(?P<paren>[()])|(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_]*))"""
)
_ANY_CASE = re.IGNORECASE | re.DOTALL
_QUERY = re.compile(r"^\s*select\s+(?P<what>.+?)\s+from\s+(?P<cls>\w+)(?:\s+where\s+(?P<where>.+))?\s*$", _ANY_CASE)
_REFUSED = {"associators", "references", "isa", "within", "group", "having", "is"}


class WqlError(Exception):
    """The text is no query."""


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise WqlError(text)
            self._tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        self._at = 0

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _keyword(self, word: str) -> bool:
        kind, text = self._peek()
        if kind == "word" and text.lower() == word:
            self._at += 1
            return True
        return False

    def whole(self) -> Predicate:
        predicate = self._either()
        if self._peek()[0] != "end":
            raise WqlError
        return predicate

    def _either(self) -> Predicate:
        left = self._both()
        while self._keyword("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Predicate:
        left = self._one()
        while self._keyword("and"):
            left = _and(left, self._one())
        return left

    def _one(self) -> Predicate:
        if self._keyword("not"):
            inner = self._one()
            return lambda look: not inner(look)
        kind, text = self._next()
        if (kind, text) == ("paren", "("):
            inside = self._either()
            if self._next() != ("paren", ")"):
                raise WqlError
            return inside
        if kind != "word":
            raise WqlError
        if text.lower() in _REFUSED:
            raise NotSimulated(f"WQL with {text}")
        return self._comparison(text)

    def _comparison(self, name: str) -> Predicate:
        kind, op = self._next()
        if kind == "word" and op.lower() == "like":
            wanted, literal = self._next()
            if wanted != "string":
                raise WqlError
            pattern = _like(_unquote(literal))
            return lambda look: isinstance(look(name), str) and pattern.fullmatch(look(name)) is not None
        if kind == "word" and op.lower() in _REFUSED:
            raise NotSimulated(f"WQL with {op}")
        if kind != "op":
            raise WqlError
        kind, literal = self._next()
        value: Any
        if kind == "string":
            value = _unquote(literal)
        elif kind == "number":
            value = float(literal) if "." in literal else int(literal)
        elif kind == "word" and literal.lower() in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[literal.lower()]
        else:
            raise WqlError
        return lambda look: _compare(look(name), op, value)


def _or(left: Predicate, right: Predicate) -> Predicate:
    return lambda look: left(look) or right(look)


def _and(left: Predicate, right: Predicate) -> Predicate:
    return lambda look: left(look) and right(look)


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _like(text: str) -> re.Pattern[str]:
    if "[" in text:
        raise NotSimulated("WQL LIKE with a set")
    return re.compile("".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text), _ANY_CASE)


def _compare(actual: Any, op: str, wanted: Any) -> bool:
    if wanted is None:
        return (actual is None) == (op == "=")
    if actual is None:
        return False
    left, right = actual, wanted
    if isinstance(left, bool) or isinstance(right, bool):
        left = left if isinstance(left, bool) else str(left).lower() in ("true", "1")
        right = right if isinstance(right, bool) else str(right).lower() in ("true", "1")
    elif isinstance(left, str):
        left, right = left.lower(), str(right).lower()
    elif isinstance(left, (int, float)):
        try:
            right = float(right)
        except (TypeError, ValueError) as error:
            raise WqlError from error
    else:
        raise NotSimulated("WQL comparing a property that is neither text nor number")
    table: dict[str, bool] = {"=": left == right, "<>": left != right, "!=": left != right}
    if op in table:
        return table[op]
    ordered: dict[str, bool] = {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}
    return ordered[op]


def parse_filter(text: str) -> Predicate:
    """A -Filter: what stands behind WHERE."""
    return _Parser(text).whole()


def parse_query(text: str) -> tuple[str, Predicate]:
    """The class and the condition of a query for whole instances."""
    match = _QUERY.match(text)
    if match is None:
        if re.match(r"^\s*(associators|references)\b", text, re.IGNORECASE):
            raise NotSimulated("WQL with ASSOCIATORS or REFERENCES")
        raise WqlError(text)
    if match["what"].strip() != "*":
        raise NotSimulated("WQL that selects properties")
    where = match["where"]
    return match["cls"], parse_filter(where) if where else (lambda _: True)
