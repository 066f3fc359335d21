"""Text operators: -f, -join, -split, -match, -replace, -like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, formatting, regex, types, wildcard
from fleetdeploy.lab.powershell.convert import is_collection, to_string, written
from fleetdeploy.lab.powershell.spelled import Spelled, plain
from fleetdeploy.lab.powershell.values import (
    STRING,
    DateTime,
    DotNetException,
    Hashtable,
    PSArray,
    PSRuntimeError,
    Regex,
)

RUNTIME_EXCEPTION = "System.Management.Automation.RuntimeException"


def format_operator(left: Any, right: Any) -> str:
    """-f: an array on the right is the arguments."""
    template = to_string(plain(left))  # PSToStringBinder
    given = right if isinstance(right, PSArray) else [right]
    # String.Format asks the PSObject, whatever format is asked for: '{0:N2}' -f a number written as 0x1a is 0x1a.
    args = [written(one) if isinstance(one, Spelled) else one for one in given]
    try:
        return formatting.composite(template, args)
    except formatting.FormatFailure as failure:
        message = f"Error formatting a string: {failure}."
        # The record shows no inner exception for this error.
        exception = DotNetException(RUNTIME_EXCEPTION, message)
        raise PSRuntimeError("FormatError", "InvalidOperation", exception, template) from None


def _join_text(value: Any) -> str:
    if isinstance(value, DateTime) or is_collection(value):
        return convert.net_to_string(value)
    return written(value)


def join(left: Any, right: Any) -> str:
    separator = written(right)
    if not is_collection(left):
        return _join_text(left)
    return separator.join(_join_text(item) for item in left)


def _bad_pattern(failure: regex.BadPattern, *, for_match: bool) -> PSRuntimeError:
    inner = DotNetException("System.Text.RegularExpressions.RegexParseException", str(failure))
    if for_match:
        return PSRuntimeError(inner.type_name, "OperationStopped", inner)
    exception = DotNetException(RUNTIME_EXCEPTION, str(failure), inner)
    return PSRuntimeError("InvalidRegularExpression", "InvalidOperation", exception)


def _pattern(value: Any, ignore_case: bool, *, for_match: bool = False, options: int = 0) -> regex.NetRegex:
    if isinstance(value, Regex):
        net: regex.NetRegex = value.net
        return net
    try:
        return regex.compile_regex(written(value), options | (regex.IGNORE_CASE if ignore_case else 0))
    except regex.BadPattern as failure:
        raise _bad_pattern(failure, for_match=for_match) from None


def match(left: Any, right: Any, *, ignore_case: bool) -> tuple[bool, Hashtable | None]:
    net = _pattern(right, ignore_case, for_match=True)
    found = net.compiled.search(written(left))
    if found is None:
        return False, None
    table = Hashtable()
    for name, number in net.groups:
        if found[number] is not None:
            table.set(int(name) if name.isdigit() else name, found[number])
    return True, table


def match_operator(left: Any, right: Any, *, ignore_case: bool, positive: bool) -> Any:
    net = _pattern(right, ignore_case, for_match=True)
    if is_collection(left):
        return PSArray([item for item in left if (net.compiled.search(written(item)) is not None) == positive])
    return (net.compiled.search(written(left)) is not None) == positive


def like(left: Any, right: Any, *, ignore_case: bool, positive: bool) -> Any:
    try:
        pattern = wildcard.compile_wildcard(written(right), ignore_case)
    except ValueError:
        text = written(right)
        message = f"The specified wildcard character pattern is not valid: {text}"
        exception = DotNetException("System.Management.Automation.WildcardPatternException", message)
        raise PSRuntimeError("RuntimeException", "NotSpecified", exception) from None
    if is_collection(left):
        # Not the items: LikeOperator lists their texts.
        texts = [written(item) for item in left]
        return PSArray([text for text in texts if (pattern.fullmatch(text) is not None) == positive])
    return (pattern.fullmatch(written(left)) is not None) == positive


def replace(left: Any, right: Any, *, ignore_case: bool) -> Any:
    pattern, template = plain(right), ""
    if is_collection(right):
        items = list(right)
        if len(items) > 2:
            message = f"The -ireplace operator allows only two elements to follow it, not {len(items)}."
            raise PSRuntimeError("BadReplaceArgument", "InvalidOperation", DotNetException(RUNTIME_EXCEPTION, message))
        pattern = items[0] if items else ""
        template = written(items[1]) if len(items) > 1 else ""
    net = _pattern(pattern, ignore_case)
    expand = regex.replacement(net, template)
    if is_collection(left):
        return PSArray([net.compiled.sub(expand, written(item)) for item in left])
    return net.compiled.sub(expand, written(left))


def unary_split(value: Any) -> PSArray:
    items = value if is_collection(value) else [value]
    return PSArray([piece for item in items for piece in (written(item).split() or [""])], STRING)


def split(left: Any, right: Any, *, ignore_case: bool) -> PSArray:
    """-split with a pattern or script block, a limit and options."""
    arguments = list(right) if is_collection(right) else [right]
    pattern = arguments[0] if arguments else ""
    limit = convert.to_type(arguments[1], types.resolve("int") or STRING) if len(arguments) > 1 else 0
    options = {name.strip().lower() for name in written(arguments[2]).split(",")} if len(arguments) > 2 else set()
    if limit < 0:
        raise NotSimulated("-split with a negative limit")
    texts = [written(item) for item in left] if is_collection(left) else [written(left)]
    if hasattr(pattern, "invoke_delegate"):
        return PSArray([piece for text in texts for piece in _split_by_block(text, pattern, limit)], STRING)
    flags = (regex.MULTILINE if "multiline" in options else 0) | (regex.SINGLELINE if "singleline" in options else 0)
    ignore = ignore_case or "ignorecase" in options
    source = regex.escape(written(pattern)) if "simplematch" in options else pattern
    try:
        net = _pattern(source, ignore, options=flags)
    except PSRuntimeError as failure:
        if failure.error_id != "InvalidRegularExpression":
            raise
        exception = DotNetException("System.ArgumentException", failure.message)
        raise PSRuntimeError(exception.type_name, "OperationStopped", exception) from None
    return PSArray([piece for text in texts for piece in _pieces(net, text, limit)], STRING)


def _pieces(net: regex.NetRegex, text: str, limit: int) -> list[str]:
    """Regex.Split with a count: captures are kept; a negative limit counts from the right."""
    if limit == 1:
        return [text]
    spans = list(net.compiled.finditer(text))
    if limit > 1:
        spans = spans[: limit - 1]
    elif limit < -1:
        spans = spans[limit + 1 :]
    elif limit == -1:
        return [text]
    out: list[str] = []
    position = 0
    for found in spans:
        out.append(text[position : found.start()])
        out += [found[number] for _, number in net.groups[1:] if found[number] is not None]
        position = found.end()
    out.append(text[position:])
    return out


def _split_by_block(text: str, block: Any, limit: int) -> list[str]:
    out: list[str] = []
    piece = ""
    run: Callable[..., Any] = block.invoke_predicate if hasattr(block, "invoke_predicate") else _predicate(block)
    for at, char in enumerate(text):
        if limit > 0 and len(out) == limit - 1:
            piece += text[at:]
            break
        if convert.to_bool(run(char)):
            out.append(piece)
            piece = ""
        else:
            piece += char
    out.append(piece)
    return out


def _predicate(block: Any) -> Callable[[str], Any]:
    def run(char: str) -> Any:
        return block.invoke_with_underscore(char)

    return run
