"""System.String; the enum of number styles. System.Char: ``chars``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, formatting
from fleetdeploy.lab.powershell.dotnet.raising import argument_null, out_of_range
from fleetdeploy.lab.powershell.operators_compare import compare_text
from fleetdeploy.lab.powershell.values import CHAR, STRING, Char, EnumValue, PSArray, define_enum

STRING.closed = True
_WHITE = None


def _plain(text: str) -> str:
    if utf16_length(text) != len(text):
        raise NotSimulated("positions in a string with characters beyond U+FFFF")
    return text


def utf16_length(text: str) -> int:
    # Encoding is a hundred times faster than a loop over the characters, and scripts read whole files as text.
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


STRING.prop("Length", "int", utf16_length)
STRING.static_prop("Empty", "string", lambda _: "")


def _fold(comparison: EnumValue | None) -> Callable[[str], str]:
    name = comparison.name if comparison is not None else "Ordinal"
    return str.upper if name.endswith("IgnoreCase") else str


@STRING.method("Substring(int startIndex)", "Substring(int startIndex, int length)")
def _substring(text: str, start: int, length: int | None = None) -> str:
    text = _plain(text)
    if start < 0:
        out_of_range("startIndex", "StartIndex cannot be less than zero.")
    if start > len(text):
        out_of_range("startIndex", "startIndex cannot be larger than length of string.")
    if length is None:
        return text[start:]
    if length < 0:
        out_of_range("length", "Length cannot be less than zero.")
    if start + length > len(text):
        out_of_range("length", "Index and length must refer to a location within the string.")
    return text[start : start + length]


@STRING.method("Insert(int startIndex, string value)")
def _insert(text: str, start: int, value: str) -> str:
    if not 0 <= start <= len(text):
        out_of_range("startIndex", "Specified argument was out of the range of valid values.")
    return _plain(text)[:start] + value + text[start:]


@STRING.method("Remove(int startIndex)", "Remove(int startIndex, int count)")
def _remove(text: str, start: int, count: int | None = None) -> str:
    text = _plain(text)
    if start < 0:
        out_of_range("startIndex", "StartIndex cannot be less than zero.")
    if count is None:
        if start >= len(text):
            out_of_range("startIndex", "startIndex must be less than length of string.")
        return text[:start]
    if count < 0 or start + count > len(text):
        out_of_range("count", "Index and count must refer to a location within the string.")
    return text[:start] + text[start + count :]


STRING.method("ToUpper()", "ToUpperInvariant()", "ToUpper(System.Globalization.CultureInfo culture)")(
    lambda text, culture=None: str.upper(text)
)
STRING.method("ToLower()", "ToLowerInvariant()", "ToLower(System.Globalization.CultureInfo culture)")(
    lambda text, culture=None: str.lower(text)
)
STRING.method("ToString()", "ToString(System.IFormatProvider provider)")(lambda text, provider=None: str(text))
STRING.method("ToCharArray()")(lambda text: PSArray([Char(char) for char in _plain(text)], CHAR))
STRING.method("Clone()")(str)


@STRING.method("ToCharArray(int startIndex, int length)")
def _chars(text: str, start: int, length: int) -> PSArray:
    return PSArray([Char(char) for char in _substring(text, start, length)], CHAR)


@STRING.method("get_Chars(int index)", "Chars(int index)")
def _char_at(text: str, at: int) -> Char:
    if not 0 <= at < len(text):
        from fleetdeploy.lab.powershell.dotnet.raising import throw

        throw("IndexOutOfRangeException", "Index was outside the bounds of the array.")
    return Char(_plain(text)[at])


@STRING.method("Equals(string value)", "Equals(object value)")
def _equals(text: str, value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, Char) and str(text) == str(value)


@STRING.method("Equals(string value, System.StringComparison comparisonType)")
def _equals_by(text: str, value: str | None, comparison: EnumValue) -> bool:
    fold = _fold(comparison)
    return value is not None and fold(text) == fold(value)


@STRING.method("Contains(string value)", "Contains(string value, System.StringComparison comparisonType)")
def _contains(text: str, value: str, comparison: EnumValue | None = None) -> bool:
    fold = _fold(comparison)
    return fold(value) in fold(text)


@STRING.method("StartsWith(string value)", "StartsWith(string value, System.StringComparison comparisonType)")
def _starts(text: str, value: str, comparison: EnumValue | None = None) -> bool:
    fold = _fold(comparison)
    return fold(text).startswith(fold(value))


@STRING.method("EndsWith(string value)", "EndsWith(string value, System.StringComparison comparisonType)")
def _ends(text: str, value: str, comparison: EnumValue | None = None) -> bool:
    fold = _fold(comparison)
    return fold(text).endswith(fold(value))


@STRING.method("StartsWith(string value, bool ignoreCase, System.Globalization.CultureInfo culture)")
def _starts_culture(text: str, value: str, ignore: bool, culture: Any) -> bool:
    del culture
    return text.upper().startswith(value.upper()) if ignore else text.startswith(value)


@STRING.method("EndsWith(string value, bool ignoreCase, System.Globalization.CultureInfo culture)")
def _ends_culture(text: str, value: str, ignore: bool, culture: Any) -> bool:
    del culture
    return text.upper().endswith(value.upper()) if ignore else text.endswith(value)


@STRING.method(
    "IndexOf(char value)", "IndexOf(string value)", "IndexOf(char value, int start)", "IndexOf(string value, int start)"
)
def _index_of(text: str, value: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        out_of_range(
            "startIndex", "Index was out of range. Must be non-negative and less than the size of the collection."
        )
    return _plain(text).find(value, start)


@STRING.method("IndexOf(string value, System.StringComparison comparisonType)")
def _index_by(text: str, value: str, comparison: EnumValue) -> int:
    fold = _fold(comparison)
    return fold(_plain(text)).find(fold(value))


@STRING.method("IndexOf(string value, int start, System.StringComparison comparisonType)")
def _index_from(text: str, value: str, start: int, comparison: EnumValue) -> int:
    fold = _fold(comparison)
    return fold(_plain(text)).find(fold(value), start)


@STRING.method("LastIndexOf(char value)", "LastIndexOf(string value)")
def _last_index(text: str, value: str) -> int:
    found = _plain(text).rfind(value)
    return max(len(text) - 1, 0) if value == "" else found


@STRING.method("LastIndexOf(string value, System.StringComparison comparisonType)")
def _last_by(text: str, value: str, comparison: EnumValue) -> int:
    fold = _fold(comparison)
    return fold(_plain(text)).rfind(fold(value))


@STRING.method("IndexOfAny(char[] anyOf)")
def _index_any(text: str, chars: PSArray) -> int:
    return next((at for at, char in enumerate(_plain(text)) if char in chars.items), -1)


@STRING.method("LastIndexOfAny(char[] anyOf)")
def _last_any(text: str, chars: PSArray) -> int:
    return next((at for at in range(len(text) - 1, -1, -1) if text[at] in chars.items), -1)


def _trim_set(chars: PSArray | None) -> str | None:
    return "".join(chars.items) if chars is not None and len(chars) else None


STRING.method("Trim()", "Trim(params char[] trimChars)")(lambda text, chars=None: str.strip(text, _trim_set(chars)))
STRING.method("TrimStart()", "TrimStart(params char[] trimChars)")(
    lambda text, chars=None: str.lstrip(text, _trim_set(chars))
)
STRING.method("TrimEnd()", "TrimEnd(params char[] trimChars)")(
    lambda text, chars=None: str.rstrip(text, _trim_set(chars))
)


@STRING.method("PadLeft(int totalWidth)", "PadLeft(int totalWidth, char paddingChar)")
def _pad_left(text: str, width: int, char: str = " ") -> str:
    if width < 0:
        out_of_range("totalWidth", "Non-negative number required.")
    return text.rjust(width, char)


@STRING.method("PadRight(int totalWidth)", "PadRight(int totalWidth, char paddingChar)")
def _pad_right(text: str, width: int, char: str = " ") -> str:
    if width < 0:
        out_of_range("totalWidth", "Non-negative number required.")
    return text.ljust(width, char)


@STRING.method("Replace(string oldValue, string newValue)", "Replace(char oldChar, char newChar)")
def _replace(text: str, old: str, new: str | None) -> str:
    from fleetdeploy.lab.powershell.dotnet.raising import throw

    if not old:
        throw("ArgumentException", "String cannot be of zero length.\r\nParameter name: oldValue")
    return text.replace(old, new or "")


def _cut(text: str, separators: list[str], count: int, drop_empty: bool) -> PSArray:
    """Split at the first separator that matches at each place."""
    out: list[str] = []
    piece = ""
    at = 0
    if count == 0:
        return PSArray([], STRING)
    while at < len(text):
        found = next((one for one in separators if one and text.startswith(one, at)), None)
        if found is not None and (count < 0 or len(out) < count - 1):
            if piece or not drop_empty:
                out.append(piece)
            piece = ""
            at += len(found)
            continue
        piece += text[at]
        at += 1
    if piece or not drop_empty:
        out.append(piece)
    return PSArray(out, STRING)


@STRING.method("Split(params char[] separator)", "Split(char[] separator, int count)")
def _split(text: str, chars: PSArray | None, count: int = -1) -> PSArray:
    separators = list(chars) if chars is not None and len(chars) else list(" \t\n\r\v\f\u0085\u00a0")
    return _cut(text, separators, count, False)


@STRING.method(
    "Split(char[] separator, System.StringSplitOptions options)",
    "Split(string[] separator, System.StringSplitOptions options)",
)
def _split_options(text: str, separators: PSArray | None, options: EnumValue) -> PSArray:
    marks = list(separators) if separators is not None and len(separators) else list(" \t\n\r\v\f")
    return _cut(text, marks, -1, options.value == 1)


@STRING.method(
    "Split(char[] separator, int count, System.StringSplitOptions options)",
    "Split(string[] separator, int count, System.StringSplitOptions options)",
)
def _split_all(text: str, separators: PSArray, count: int, options: EnumValue) -> PSArray:
    return _cut(text, list(separators), count, options.value == 1)


@STRING.method("CompareTo(string other)", "CompareTo(object other)")
def _compare_to(text: str, other: Any) -> int:
    return 1 if other is None else compare_text(text, convert.to_string(other), ignore_case=False)


# -- statics ------------------------------------------------------------------------------------------------------
STRING.static("IsNullOrEmpty(string value)")(lambda value: not value)
STRING.static("IsNullOrWhiteSpace(string value)")(lambda value: not (value or "").strip())


@STRING.static("Join(string separator, params string[] value)", "Join(string separator, params object[] value)")
def _join(separator: str, values: PSArray) -> str:
    return separator.join(convert.net_to_string(item) for item in values)


@STRING.static("Join(string separator, object value, int startIndex, int count)")
def _join_part(separator: str, values: Any, start: int, count: int) -> str:
    """Of a string[]. With single values in front of two numbers nobody has recorded which overload is taken."""
    from fleetdeploy.lab.powershell.dotnet.raising import throw

    if not isinstance(values, PSArray):
        raise NotSimulated("[string]::Join() of values that end in two numbers")
    if start < 0 or count < 0 or start + count > len(values):
        throw("ArgumentOutOfRangeException", "Index was out of range.\r\nParameter name: startIndex")
    return separator.join(convert.net_to_string(item) for item in list(values)[start : start + count])


@STRING.static("Format(string format, params object[] args)")
def _format(template: str, args: PSArray) -> str:
    return formatting.composite(template, list(args))


@STRING.static("Format(System.Globalization.CultureInfo provider, string format, params object[] args)")
def _format_culture(provider: Any, template: str, args: PSArray) -> str:
    return formatting.composite(template, list(args), invariant=provider is not None and provider.invariant)


@STRING.static("Concat(params object[] args)")
def _concat(args: PSArray) -> str:
    return "".join(convert.net_to_string(item) for item in args)


@STRING.static("Equals(string a, string b)")
def _static_equals(one: str | None, two: str | None) -> bool:
    return one == two


@STRING.static("Equals(string a, string b, System.StringComparison comparisonType)")
def _static_equals_by(one: str, two: str, comparison: EnumValue) -> bool:
    fold = _fold(comparison)
    return fold(one) == fold(two)


@STRING.static("Compare(string a, string b)", "Compare(string a, string b, bool ignoreCase)")
def _compare(one: str, two: str, ignore_case: bool = False) -> int:
    return compare_text(one or "", two or "", ignore_case=ignore_case)


@STRING.static("Compare(string a, string b, System.StringComparison comparisonType)")
def _compare_by(one: str, two: str, comparison: EnumValue) -> int:
    if comparison.name.startswith("Ordinal"):
        fold = _fold(comparison)
        return _ordinal(fold(one), fold(two))
    return compare_text(one, two, ignore_case=comparison.name.endswith("IgnoreCase"))


STRING.static("CompareOrdinal(string a, string b)")(lambda one, two: _ordinal(one, two))


def _ordinal(one: str, two: str) -> int:
    for mine, theirs in zip(one, two, strict=False):
        if mine != theirs:
            return ord(mine) - ord(theirs)
    return len(one) - len(two)


STRING.ctor("(char c, int count)")(lambda char, count: str(char) * count)


@STRING.ctor("(char[] value)")
def _from_chars(chars: PSArray | None) -> str:
    return "".join(chars.items) if chars is not None else ""


@STRING.static("Copy(string value)")
def _copy(text: str) -> str:
    if text is None:
        argument_null("str")
    return str(text)


define_enum(
    "System.Globalization.NumberStyles",
    {
        "None": 0,
        "AllowLeadingWhite": 1,
        "AllowTrailingWhite": 2,
        "AllowLeadingSign": 4,
        "Integer": 7,
        "AllowTrailingSign": 8,
        "AllowParentheses": 16,
        "AllowDecimalPoint": 32,
        "AllowThousands": 64,
        "Number": 111,
        "AllowExponent": 128,
        "Float": 167,
        "AllowCurrencySymbol": 256,
        "Currency": 383,
        "Any": 511,
        "AllowHexSpecifier": 512,
        "HexNumber": 515,
    },
    flags=True,
)


@STRING.method("GetEnumerator()")
def _characters(text: str) -> Any:
    from fleetdeploy.lab.powershell.runtime.values_ext import PSEnumerator

    return PSEnumerator([Char(one) for one in text])
