"""Text operators: -f, -join, -split, -match, -replace, -like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, formatting, regex, types, wildcard
from fleetdeploy.lab.powershell.convert import is_collection, to_string
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
    template = to_string(left)
    args = list(right) if isinstance(right, PSArray) else [right]
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
    return to_string(value)


def join(left: Any, right: Any) -> str:
    separator = to_string(right)
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
        return regex.compile_regex(to_string(value), options | (regex.IGNORE_CASE if ignore_case else 0))
    except regex.BadPattern as failure:
        raise _bad_pattern(failure, for_match=for_match) from None


def match(left: Any, right: Any, *, ignore_case: bool) -> tuple[bool, Hashtable | None]:
    net = _pattern(right, ignore_case, for_match=True)
    found = net.compiled.search(to_string(left))
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
        return PSArray([item for item in left if (net.compiled.search(to_string(item)) is not None) == positive])
    return (net.compiled.search(to_string(left)) is not None) == positive


def like(left: Any, right: Any, *, ignore_case: bool, positive: bool) -> Any:
    try:
        pattern = wildcard.compile_wildcard(to_string(right), ignore_case)
    except ValueError:
        text = to_string(right)
        message = f"The specified wildcard character pattern is not valid: {text}"
        exception = DotNetException("System.Management.Automation.WildcardPatternException", message)
        raise PSRuntimeError("RuntimeException", "NotSpecified", exception) from None
    if is_collection(left):
        return PSArray([item for item in left if (pattern.fullmatch(to_string(item)) is not None) == positive])
    return (pattern.fullmatch(to_string(left)) is not None) == positive


def replace(left: Any, right: Any, *, ignore_case: bool) -> Any:
    pattern, template = right, ""
    if is_collection(right):
        items = list(right)
        if len(items) > 2:
            message = f"The -ireplace operator allows only two elements to follow it, not {len(items)}."
            raise PSRuntimeError("BadReplaceArgument", "InvalidOperation", DotNetException(RUNTIME_EXCEPTION, message))
        pattern = items[0] if items else ""
        template = to_string(items[1]) if len(items) > 1 else ""
    net = _pattern(pattern, ignore_case)
    expand = regex.replacement(net, template)
    if is_collection(left):
        return PSArray([net.compiled.sub(expand, to_string(item)) for item in left])
    return net.compiled.sub(expand, to_string(left))


def unary_split(value: Any) -> PSArray:
    items = value if is_collection(value) else [value]
    return PSArray([piece for item in items for piece in (to_string(item).split() or [""])], STRING)


def split(left: Any, right: Any, *, ignore_case: bool) -> PSArray:
    """-split with a pattern or script block, a limit and options."""
    arguments = list(right) if is_collection(right) else [right]
    pattern = arguments[0] if arguments else ""
    limit = convert.to_type(arguments[1], types.resolve("int") or STRING) if len(arguments) > 1 else 0
    options = {name.strip().lower() for name in to_string(arguments[2]).split(",")} if len(arguments) > 2 else set()
    if limit < 0:
        raise NotSimulated("-split with a negative limit")
    texts = [to_string(item) for item in left] if is_collection(left) else [to_string(left)]
    if hasattr(pattern, "invoke_delegate"):
        return PSArray([piece for text in texts for piece in _split_by_block(text, pattern, limit)], STRING)
    flags = (regex.MULTILINE if "multiline" in options else 0) | (regex.SINGLELINE if "singleline" in options else 0)
    ignore = ignore_case or "ignorecase" in options
    source = regex.escape(to_string(pattern)) if "simplematch" in options else pattern
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
