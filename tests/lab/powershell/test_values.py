"""Conversions, formats and operators of the lab's PowerShell, beside what the recorded cases hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import convert, formatting, operators, regex, types
from fleetdeploy.lab.powershell.formatting_dates import format_date, parse_date, parse_exact
from fleetdeploy.lab.powershell.values import (
    Byte,
    ByteArray,
    Char,
    DateTime,
    EnumValue,
    Hashtable,
    Int64,
    PSArray,
    PSRuntimeError,
    PSType,
    type_of,
)


def kind(name: str) -> PSType:
    found = types.resolve(name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    ("value", "target", "wanted"),
    [
        ("0x10", "int", 16),
        ("1,000", "int", 1000),
        (2.5, "int", 2),
        ("2147483648", "long", Int64(2147483648)),
        (None, "string", ""),
        ("fri", "System.DayOfWeek", "Friday"),
        (PSArray([1, 2]), "string", "1 2"),
        ("True", "bool", True),
        ("7", "byte", Byte(7)),
    ],
)
def test_cast(value: Any, target: str, wanted: Any) -> None:
    result = convert.to_type(value, kind(target))
    if isinstance(result, EnumValue):
        assert result.name == wanted
    else:
        assert result == wanted
        assert type(result) is type(wanted)


@pytest.mark.parametrize(
    ("value", "target", "error_id"),
    [
        ("abc", "int", "InvalidCastFromStringToInteger"),
        (256, "byte", "InvalidCastIConvertible"),
        (None, "datetime", "nullToObjectInvalidCast"),
        ("T", "System.DayOfWeek", "SubstringDisambiguationEnumParseThrewAnException"),
        ("nope", "guid", "InvalidCastParseTargetInvocationWithFormatProvider"),
        (Hashtable(), "int", "ConvertToFinalInvalidCastException"),
    ],
)
def test_failed_cast(value: Any, target: str, error_id: str) -> None:
    with pytest.raises(PSRuntimeError) as caught:
        convert.to_type(value, kind(target))
    assert caught.value.error_id == error_id
    inner = caught.value.exception.inner_exception
    assert inner is not None
    assert inner.type_name == "System.Management.Automation.PSInvalidCastException"


@pytest.mark.parametrize(
    ("op", "left", "right", "wanted"),
    [
        ("Plus", 2**31 - 1, 1, 2147483648.0),
        ("Plus", "a", 1, "a1"),
        ("Plus", Char("a"), 1, "a1"),
        ("Divide", 7, 2, 3.5),
        ("Rem", -7, 3, -1),
        ("Multiply", Decimal("1.50"), 2, Decimal("3.00")),
        ("Band", "12", "10", 8),
        ("Shl", 1, 31, -(2**31)),
        ("Ieq", "ABC", "abc", True),
        ("Ceq", "ABC", "abc", False),
        ("Ilt", None, -1, False),
        ("Icontains", PSArray([1, 2]), "2", True),
        ("Ilike", "a[b]c", "a`[b`]c", True),
        ("Inotmatch", "abc", "x", True),
        ("Ireplace", "John Smith", PSArray([r"(\w+) (\w+)", "$2, $1"]), "Smith, John"),
        ("Format", "{0,-6}|{1,4:N1}", PSArray(["cpu", 12.34]), "cpu   |12.3"),
        ("Join", PSArray([1.0, True]), ";", "1;True"),
    ],
)
def test_binary(op: str, left: Any, right: Any, wanted: Any) -> None:
    result = operators.binary(op, left, right)
    assert result == wanted
    assert type(result) is type(wanted)


def test_collection_on_the_left_filters() -> None:
    assert operators.binary("Igt", PSArray([1, 5, 7]), 4).items == [5, 7]
    assert operators.binary("Imatch", PSArray(["a1", "b"]), r"\d").items == ["a1"]


def test_match_numbers_named_groups_last() -> None:
    found, groups = operators.match("k=v", r"(?<left>\w)(=)(?<right>\w)")
    assert found
    assert groups is not None
    assert (groups.get(1), groups.get("left"), groups.get("RIGHT")) == ("=", "k", "v")
    assert len(groups) == 4


@pytest.mark.parametrize("pattern", [r"[a-z-[aeiou]]", r"\p{Greek}", r"(?<a-b>x)", r"(?(x)a|b)", r"\Gx", "x(?i)y|z"])
def test_patterns_python_reads_differently_are_refused(pattern: str) -> None:
    with pytest.raises(NotSimulated):
        regex.compile_regex(pattern)


def test_end_anchors_differ_from_python() -> None:
    assert regex.compile_regex(r"end\Z").compiled.search("end\n")
    assert not regex.compile_regex(r"end\z").compiled.search("end\n")
    assert regex.compile_regex("a{,2}").compiled.search("a{,2}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333333"),
        (1e15, "1E+15"),
        (0.00001, "1E-05"),
        (-0.25, "-0.25"),
        (100.0, "100"),
    ],
)
def test_double_has_15_digits(value: float, text: str) -> None:
    assert formatting.float_to_string(value) == text


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1234567.891, "N2", "1,234,567.89"),
        (7, "D3", "007"),
        (-2, "X", "FFFFFFFE"),
        (0.256, "0.0%", "25.6%"),
        (1234.5, "#,##0.00", "1,234.50"),
        (12345.678, "E2", "1.23E+004"),
        (0.5, "P0", "50 %"),
        (5, "'no. '000", "no. 005"),
    ],
)
def test_number_formats(value: Any, spec: str, text: str) -> None:
    assert formatting.format_number(value, spec) == text


def test_bad_formats_fail() -> None:
    with pytest.raises(formatting.FormatFailure):
        formatting.format_number(1.5, "D3")
    with pytest.raises(formatting.FormatFailure):
        formatting.composite("{0} {1}", ["a"])


def test_dates() -> None:
    moment = parse_date("2024-03-05T14:07:09.5Z")
    assert moment.kind == "Local"
    assert format_date(moment, "o") == "2024-03-05T14:07:09.5000000+00:00"
    assert format_date(DateTime.from_parts(2024, 3, 5), "dddd, MMMM d") == "Tuesday, March 5"
    assert parse_exact("20240229-2305", "yyyyMMdd-HHmm").ticks == DateTime.from_parts(2024, 2, 29, 23, 5).ticks
    assert parse_exact("2024-01-02T03:04:05.1234567Z", "o").kind == "Utc"
    with pytest.raises(formatting.FormatFailure):
        parse_date("not a date")
    with pytest.raises(formatting.FormatFailure):
        parse_date("2024-13-45")


def test_type_names() -> None:
    assert kind("Collections.Generic.List[string]").name == "List`1"
    assert kind("int[]") is type_of(PSArray([], kind("int")))
    assert type_of(ByteArray(b"")) is kind("byte[]")
    assert types.resolve("No.Such.Type") is None
    assert kind("System.IO.FileNotFoundException").is_assignable_to(kind("System.IO.IOException"))
    assert convert.to_string(kind("int")) == "int"


def test_secrets_are_not_shown() -> None:
    from fleetdeploy.lab.powershell.values import PSCredential, SecureString

    secret = SecureString("hunter2")
    for text in (repr(secret), str(secret), convert.net_to_string(secret), repr(PSCredential("u", secret))):
        assert "hunter2" not in text
