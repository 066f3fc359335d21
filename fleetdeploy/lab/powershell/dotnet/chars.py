"""System.Char: its tests, conversions and constants."""

from __future__ import annotations

from collections.abc import Callable

from fleetdeploy.lab.powershell.values import CHAR, Char

CHAR.closed = True
CHAR.static_prop("MaxValue", "char", lambda _: Char("\uffff"))
CHAR.static_prop("MinValue", "char", lambda _: Char("\0"))
CHAR.method("ToString()")(str)
CHAR.method("CompareTo(char value)")(lambda one, two: ord(one) - ord(two))
CHAR.method("Equals(object value)")(lambda one, two: isinstance(two, Char) and str(one) == str(two))


def _char_test(name: str, test: Callable[[str], bool]) -> None:
    CHAR.static(f"{name}(char c)")(lambda char: test(str(char)))
    CHAR.static(f"{name}(string s, int index)")(lambda text, at: test(text[at]))


_char_test("IsDigit", lambda char: char.isdecimal())
_char_test("IsNumber", lambda char: char.isnumeric())
_char_test("IsLetter", lambda char: char.isalpha())
_char_test("IsLetterOrDigit", lambda char: char.isalpha() or char.isdecimal())
_char_test("IsWhiteSpace", lambda char: char.isspace())
_char_test("IsUpper", lambda char: char.isupper())
_char_test("IsLower", lambda char: char.islower())
_char_test("IsControl", lambda char: ord(char) < 32 or 127 <= ord(char) < 160)
CHAR.static("ToUpper(char c)", "ToUpperInvariant(char c)")(lambda char: Char(char.upper()))
CHAR.static("ToLower(char c)", "ToLowerInvariant(char c)")(lambda char: Char(char.lower()))
CHAR.static("GetNumericValue(char c)")(lambda char: float(char) if char.isdecimal() else -1.0)
CHAR.static("ConvertFromUtf32(int value)")(chr)


@CHAR.static("Parse(string value)")
def _char_parse(text: str) -> Char:
    from fleetdeploy.lab.powershell.dotnet.raising import throw

    if len(text) != 1:
        throw("FormatException", "String must be exactly one character long.")
    return Char(text)
