"""The filters of CIM and WMI cmdlets."""

from __future__ import annotations

from typing import Any

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell.cmdlets.windows_wql import WqlError, parse_filter, parse_query

ROW: dict[str, Any] = {
    "Name": "app",
    "State": "Running",
    "ProcessId": 12,
    "Started": True,
    "Path": "C:\\a'b",
    "Note": None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Name='app'", True),
        ('Name = "APP"', True),
        ("Name<>'app'", False),
        ("Name!='x' AND State='Running'", True),
        ("Name='x' OR (State='Running' AND NOT Name='y')", True),
        ("Name='x' OR State='Running' AND Name='x'", False),
        ("ProcessId=12", True),
        ("ProcessId > 11 and ProcessId <= 12", True),
        ("ProcessId='12'", True),
        ("Name LIKE 'a%'", True),
        ("Name LIKE '_pp'", True),
        ("Name LIKE 'pp'", False),
        ("Started=TRUE", True),
        ("Note = NULL", True),
        ("Name <> NULL", True),
        ("Path='C:\\\\a\\'b'", True),
    ],
)
def test_filters(text: str, expected: bool) -> None:
    assert parse_filter(text)(lambda name: ROW[name]) is expected


@pytest.mark.parametrize("text", ["Name=", "Name='x", "='x'", "Name='x' Name='y'", "(Name='x'", "Name LIKE 5", ""])
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(WqlError):
        parse_filter(text)(lambda name: ROW[name])


@pytest.mark.parametrize("text", ["Name ISA 'x'", "Name LIKE '[ab]'", "Name IS NULL"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(NotSimulated):
        parse_filter(text)(lambda name: ROW[name])


def test_queries() -> None:
    name, condition = parse_query("select * from Win32_Service where Name = 'app'")
    assert name == "Win32_Service"
    assert condition(lambda key: ROW[key])
    assert parse_query("SELECT * FROM Win32_Process")[0] == "Win32_Process"
    with pytest.raises(NotSimulated):
        parse_query("SELECT Name FROM Win32_Service")
    with pytest.raises(NotSimulated):
        parse_query("ASSOCIATORS OF {x}")
    with pytest.raises(WqlError):
        parse_query("nonsense")
