"""System.Text: StringBuilder; regular expressions and their results; WildcardPattern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, formatting, regex, wildcard
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range, throw
from fleetdeploy.lab.powershell.typesystem import NOTHING, REGISTRY
from fleetdeploy.lab.powershell.values import (
    INT32,
    STRING,
    Char,
    EnumValue,
    NetObject,
    PSArray,
    Regex,
    define,
    define_enum,
    type_of,
)


# -- StringBuilder ------------------------------------------------------------------------------------------------
class StringBuilder(NetObject):
    def __init__(self, text: str = "") -> None:
        self.text_value = text

    def to_net_string(self) -> str:
        return self.text_value

    def net_index(self, key: Any) -> Char:
        at = convert.to_type(key, INT32)
        if not 0 <= at < len(self.text_value):
            throw("IndexOutOfRangeException", "Index was outside the bounds of the array.")
        return Char(self.text_value[at])


BUILDER = define("System.Text.StringBuilder", py=StringBuilder, closed=True)
BUILDER.ctor("()")(StringBuilder)
BUILDER.ctor("(string value)")(StringBuilder)
BUILDER.ctor("(int capacity)")(lambda capacity: _Sized())


def _set_length(builder: StringBuilder, length: int) -> None:
    builder.text_value = builder.text_value[:length].ljust(length, "\0")


BUILDER.prop("Length", "int", lambda builder: len(builder.text_value), _set_length)


class _Sized(StringBuilder):
    """Made with a capacity of its own, which nobody asks for."""


def _capacity(builder: StringBuilder) -> int:
    if len(builder.text_value) > _FIRST_CAPACITY or isinstance(builder, _Sized):
        raise NotSimulated("the capacity of a StringBuilder that has grown")
    return _FIRST_CAPACITY


_FIRST_CAPACITY = 16
BUILDER.prop("Capacity", "int", _capacity)


@BUILDER.method("Append(string value)", "Append(object value)")
def _append(builder: StringBuilder, value: Any) -> StringBuilder:
    builder.text_value += convert.net_to_string(value)
    return builder


BUILDER.method("Append(char value, int count)")(lambda builder, char, count: _append(builder, str(char) * count))
BUILDER.method("Append(char[] value)")(lambda builder, chars: _append(builder, "".join(chars)))
BUILDER.method("AppendLine()", "AppendLine(string value)")(
    lambda builder, value="": _append(builder, (value or "") + "\r\n")
)
BUILDER.method("AppendFormat(string format, params object[] args)")(
    lambda builder, template, args: _append(builder, formatting.composite(template, list(args)))
)
BUILDER.method("ToString()")(lambda builder: builder.text_value)
BUILDER.method("ToString(int start, int length)")(lambda builder, at, size: builder.text_value[at : at + size])


@BUILDER.method("Insert(int index, string value)")
def _insert(builder: StringBuilder, at: int, value: str) -> StringBuilder:
    if not 0 <= at <= len(builder.text_value):
        out_of_range("index", "Index was out of range. Must be non-negative and less than the size of the collection.")
    builder.text_value = builder.text_value[:at] + value + builder.text_value[at:]
    return builder


@BUILDER.method("Remove(int start, int length)")
def _remove(builder: StringBuilder, at: int, size: int) -> StringBuilder:
    if at < 0 or size < 0 or at + size > len(builder.text_value):
        out_of_range("index", "Index was out of range. Must be non-negative and less than the size of the collection.")
    builder.text_value = builder.text_value[:at] + builder.text_value[at + size :]
    return builder


@BUILDER.method("Replace(string old, string new)")
def _replace(builder: StringBuilder, old: str, new: str) -> StringBuilder:
    builder.text_value = builder.text_value.replace(old, new)
    return builder


@BUILDER.method("Clear()")
def _clear(builder: StringBuilder) -> StringBuilder:
    builder.text_value = ""
    return builder


# -- regular expressions ------------------------------------------------------------------------------------------
OPTIONS = define_enum(
    "System.Text.RegularExpressions.RegexOptions",
    "None IgnoreCase=1 Multiline=2 ExplicitCapture=4 Compiled=8 Singleline=16 IgnorePatternWhitespace=32"
    " RightToLeft=64 ECMAScript=256 CultureInvariant=512",
    flags=True,
)


class Capture(NetObject):
    """A Group of a match; ``success`` is false where the group took no part."""

    def __init__(self, text: str | None, at: int, name: str) -> None:
        self.success = text is not None
        self.value = text or ""
        self.at = max(at, 0)
        self.name = name

    def to_net_string(self) -> str:
        return self.value


class Match(Capture):
    """A match, or the failed one."""

    def __init__(self, net: regex.NetRegex, found: re.Match[str] | None) -> None:
        super().__init__(None if found is None else found[0], -1 if found is None else found.start(), "0")
        self.net = net
        self.found = found

    def groups(self) -> list[Capture]:
        if self.found is None:
            return [self]
        rest = [Capture(self.found[number], self.found.start(number), name) for name, number in self.net.groups[1:]]
        return [self, *rest]


class GroupCollection(NetObject):
    def __init__(self, items: list[Capture]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Capture]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def net_index(self, key: Any) -> Capture:
        if isinstance(key, int) and not isinstance(key, bool):
            at = int(key)
            return self.items[at] if 0 <= at < len(self.items) else Capture(None, -1, str(at))
        wanted = convert.to_string(key)
        return next((group for group in self.items if group.name == wanted), Capture(None, -1, wanted))


class MatchCollection(NetObject):
    def __init__(self, items: list[Match]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Match]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def net_index(self, key: Any) -> Any:
        at = convert.to_type(key, type_of(0))
        if not 0 <= at < len(self.items):
            return None
        return self.items[at]


_RE = "System.Text.RegularExpressions."
_SEQUENCE = ("System.Collections.ICollection", "System.Collections.IEnumerable")
GROUP = define(f"{_RE}Group", define(f"{_RE}Capture", closed=True), py=Capture, closed=True)
MATCH = define(f"{_RE}Match", GROUP, py=Match, closed=True)
GROUPS = define(f"{_RE}GroupCollection", py=GroupCollection, interfaces=_SEQUENCE, closed=True)
MATCHES = define(f"{_RE}MatchCollection", py=MatchCollection, interfaces=_SEQUENCE, closed=True)
for _kind in (GROUPS, MATCHES):
    _kind.prop("Count", "int", len)
    _kind.method("Item(object key)")(lambda items, key: items.net_index(key))
GROUP.prop("Success", "bool", lambda group: group.success)
GROUP.prop("Value", "string", lambda group: group.value)
GROUP.prop("Index", "int", lambda group: group.at)
GROUP.prop("Length", "int", lambda group: len(group.value))
MATCH.prop("Groups", "object", lambda found: GroupCollection(found.groups()))


@MATCH.method("NextMatch()")
def _next(found: Match) -> Match:
    if found.found is None:
        return found
    end = found.found.end() + (1 if found.found.end() == found.found.start() else 0)
    return Match(found.net, found.net.compiled.search(found.found.string, end))


@MATCH.method("Result(string replacement)")
def _result(found: Match, template: str) -> str:
    if found.found is None:
        throw("NotSupportedException", "Result cannot be called on a failed Match.")
    return regex.replacement(found.net, template)(found.found)


REGEX = REGISTRY[f"{_RE}regex".lower()]
REGEX.closed = True


def _compile(pattern: str, options: Any = None) -> regex.NetRegex:
    if pattern is None:
        argument_null("pattern")
    try:
        return regex.compile_regex(pattern, options.value if isinstance(options, EnumValue) else 0)
    except regex.BadPattern as failure:
        throw("ArgumentException", str(failure))


REGEX.ctor("(string pattern)", f"(string pattern, {_RE}RegexOptions options)")(
    lambda pattern, options=None: Regex(_compile(pattern, options))
)
REGEX.prop("Options", f"{_RE}RegexOptions", lambda found: EnumValue(OPTIONS, found.net.options))


def _search(net: regex.NetRegex, text: str, at: int = 0) -> Match:
    if text is None:
        argument_null("input")
    return Match(net, net.compiled.search(text, at))


def _all(net: regex.NetRegex, text: str) -> MatchCollection:
    if text is None:
        argument_null("input")
    return MatchCollection([Match(net, found) for found in net.compiled.finditer(text)])


def _substitute(net: regex.NetRegex, text: str, by: Any, count: int = -1) -> str:
    if text is None:
        argument_null("input")
    if count == 0:
        return text
    if hasattr(by, "invoke_delegate"):
        return net.compiled.sub(
            lambda found: convert.to_string(by.invoke_delegate([Match(net, found)])), text, max(count, 0)
        )
    return net.compiled.sub(regex.replacement(net, by), text, max(count, 0))


def _divide(net: regex.NetRegex, text: str, count: int = 0) -> PSArray:
    from fleetdeploy.lab.powershell.operators_text import _pieces

    return PSArray(_pieces(net, text, count), STRING)


REGEX.method("IsMatch(string input)")(lambda found, text: _search(found.net, text).success)
REGEX.method("Match(string input)", "Match(string input, int start)")(
    lambda found, text, at=0: _search(found.net, text, at)
)
REGEX.method("Matches(string input)")(lambda found, text: _all(found.net, text))
REGEX.method("Replace(string input, string by)", "Replace(string input, string by, int count)")(
    lambda found, text, by, count=-1: _substitute(found.net, text, by, count)
)
_EVALUATOR = f"{_RE}MatchEvaluator"
define(_EVALUATOR)
REGEX.method(f"Replace(string input, {_EVALUATOR} by)", f"Replace(string input, {_EVALUATOR} by, int count)")(
    lambda found, text, by, count=-1: _substitute(found.net, text, by, count)
)
REGEX.method("Split(string input)", "Split(string input, int count)")(
    lambda found, text, count=0: _divide(found.net, text, count)
)
REGEX.method("ToString()")(lambda found: found.net.pattern)
REGEX.method("GetGroupNames()")(lambda found: PSArray([name for name, _ in found.net.groups], STRING))
_O = f"{_RE}RegexOptions options"
REGEX.static("IsMatch(string input, string pattern)", f"IsMatch(string input, string pattern, {_O})")(
    lambda text, pattern, options=None: _search(_compile(pattern, options), text).success
)
REGEX.static("Match(string input, string pattern)", f"Match(string input, string pattern, {_O})")(
    lambda text, pattern, options=None: _search(_compile(pattern, options), text)
)
REGEX.static("Matches(string input, string pattern)", f"Matches(string input, string pattern, {_O})")(
    lambda text, pattern, options=None: _all(_compile(pattern, options), text)
)
for _by in (_EVALUATOR, "string"):
    REGEX.static(
        f"Replace(string input, string pattern, {_by} by)", f"Replace(string input, string pattern, {_by} by, {_O})"
    )(lambda text, pattern, by, options=None: _substitute(_compile(pattern, options), text, by))
REGEX.static("Split(string input, string pattern)", f"Split(string input, string pattern, {_O})")(
    lambda text, pattern, options=None: _divide(_compile(pattern, options), text)
)
REGEX.static("Escape(string text)")(regex.escape)
REGEX.static("Unescape(string text)")(regex.unescape)

# -- wildcards ----------------------------------------------------------------------------------------------------
WILDCARD = define("System.Management.Automation.WildcardPattern", aliases=("WildcardPattern",))
WILDCARD.static("Escape(string pattern)")(wildcard.escape)
WILDCARD.static("Unescape(string pattern)")(wildcard.unescape)
WILDCARD.static("ContainsWildcardCharacters(string pattern)")(wildcard.has_wildcards)


class WildcardPattern(NetObject):
    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.compiled = wildcard.compile_wildcard(pattern, ignore_case)


_PATTERN_OPTIONS = define_enum(
    "System.Management.Automation.WildcardOptions", "None Compiled=1 IgnoreCase=2 CultureInvariant=4", flags=True
)
from fleetdeploy.lab.powershell.typesystem import BY_CLASS  # noqa: E402

BY_CLASS[WildcardPattern] = WILDCARD
WILDCARD.ctor("(string pattern)")(lambda pattern: WildcardPattern(pattern, False))
WILDCARD.ctor("(string pattern, System.Management.Automation.WildcardOptions options)")(
    lambda pattern, options: WildcardPattern(pattern, bool(options.value & 2))
)
WILDCARD.method("IsMatch(string input)")(lambda found, text: found.compiled.fullmatch(text) is not None)
_ = NOTHING
