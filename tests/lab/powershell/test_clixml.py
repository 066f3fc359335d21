"""CLIXML of values, both ways; the recorded PSRP conversations (tests/lab/wsman) cover whole messages."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import Any

import psrpcore.types as wire
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.powershell import clixml, clixml_reading, types
from fleetdeploy.lab.powershell.spelled import doubted, spelled
from fleetdeploy.lab.powershell.values import (
    ArrayList,
    BigInteger,
    Byte,
    ByteArray,
    Char,
    DateTime,
    DotNetException,
    ErrorRecord,
    Guid,
    Hashtable,
    Int64,
    PSArray,
    PSCustomObject,
    SecureString,
    Single,
    TimeSpan,
    Version,
)


@pytest.fixture(autouse=True)
def _tables() -> None:
    types.load()


def text(value: Any) -> str:
    return ET.tostring(clixml.to_element(value), encoding="unicode")


@pytest.mark.parametrize(
    ("value", "xml"),
    [
        (None, "<Nil />"),
        (True, "<B>true</B>"),
        (42, "<I32>42</I32>"),
        (Int64(5), "<I64>5</I64>"),
        (Byte(255), "<By>255</By>"),
        (2.5, "<Db>2.5</Db>"),
        (1.0, "<Db>1</Db>"),
        (1e20, "<Db>1E+20</Db>"),
        (1e15, "<Db>1E+15</Db>"),
        (1e-5, "<Db>1E-05</Db>"),
        (float("nan"), "<Db>NaN</Db>"),
        (float("-inf"), "<Db>-INF</Db>"),
        (Single(0.1), "<Sg>0.1</Sg>"),
        (Decimal("1.50"), "<D>1.50</D>"),
        (Char("c"), "<C>99</C>"),
        ("a\nb_x0041_\U0001f600<", "<S>a_x000A_b_x005F_x0041__xD83D__xDE00_&lt;</S>"),
        (Guid(uuid.UUID(int=1)), "<G>00000000-0000-0000-0000-000000000001</G>"),
        (Version(1, 2, 3), "<Version>1.2.3</Version>"),
        (TimeSpan(0), "<TS>PT0S</TS>"),
        (TimeSpan(-(86_400 + 3_661) * 10_000_000 - 5_000_000), "<TS>-P1DT1H1M1.5S</TS>"),
        (DateTime.from_parts(2026, 1, 2, 3, 4, 5, ticks=1, kind="Utc"), "<DT>2026-01-02T03:04:05.0000001Z</DT>"),
        (ByteArray(b"\x01\x02\xff"), "<BA>AQL/</BA>"),
    ],
)
def test_primitives(value: Any, xml: str) -> None:
    assert text(value) == xml


def test_containers_are_written_whole() -> None:
    deep: Any = 1
    for _ in range(5):
        deep = PSCustomObject([("inner", deep)])
    assert text(deep).count('N="inner"') == 5
    assert "<LST><I32>1</I32><S>x</S></LST>" in text(PSArray([1, "x"]))
    assert '<En><S N="Key">a</S><Nil N="Value" /></En>' in text(Hashtable([("a", None)]))


def test_reference_ids_are_unique_in_a_document() -> None:
    root = ET.fromstring(clixml.to_clixml(PSArray([PSArray([]), PSArray([])])))
    ids = [node.get("RefId") for node in root.iter() if node.tag.endswith("Obj")]
    assert ids == ["0", "1", "2"]


def test_an_error_carries_what_clients_read() -> None:
    record = ErrorRecord(DotNetException("System.IO.IOException", "locked"), "My.Id", "ResourceBusy", "target")
    record.reason, record.target_name, record.target_type = "IOException", "target", "String"
    xml = clixml.to_psrp(record).element
    found = {node.get("N"): node.text for node in xml.iter() if node.get("N")}
    assert found["FullyQualifiedErrorId"] == "My.Id"
    assert found["ErrorCategory_Category"] == "19"
    assert found["ErrorCategory_Message"] == "ResourceBusy: (target:String) [], IOException"
    assert [t.text for t in xml.findall("./MS/Obj[@N='Exception']/TN/T")][:2] == [
        "System.IO.IOException",
        "System.SystemException",
    ]


@pytest.mark.parametrize("value", [BigInteger(1), SecureString("pw"), types.resolve("int")])
def test_what_has_no_known_form_is_refused(value: Any) -> None:
    with pytest.raises(NotSimulated):
        clixml.to_element(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (wire.PSInt(3), 3),
        (wire.PSInt64(3), Int64(3)),
        (wire.PSString("x"), "x"),
        (wire.PSByte(7), Byte(7)),
        (wire.PSVersion("1.2.3"), Version(1, 2, 3)),
        (wire.PSDuration(seconds=5), TimeSpan(50_000_000)),
        (None, None),
        (True, True),
    ],
)
def test_what_arrives_becomes_a_lab_value(value: Any, expected: Any) -> None:
    made = clixml_reading.from_psrp(value)
    assert made == expected
    assert type(made) is type(expected)


def test_bytes_lists_and_objects_arrive() -> None:
    data = clixml_reading.from_psrp(wire.PSByteArray(b"ab"))
    assert isinstance(data, ByteArray)
    assert data.data == b"ab"
    assert isinstance(clixml_reading.from_psrp([1, 2]), ArrayList)
    table = clixml_reading.from_psrp({"a": [1]})
    assert isinstance(table, Hashtable)
    assert table.contains("A")


@settings(deadline=None)  # the first example loads tables
@given(st.text())
def test_every_string_survives_the_wire(value: str) -> None:
    """psrpcore, an independent reader, gets back what was written."""
    element = clixml.to_element(value)
    again = wire.deserialize(ET.fromstring(ET.tostring(element, encoding="utf-8")), _Cipher())
    assert str(again) == value


class _Cipher(wire.PSCryptoProvider):
    def decrypt(self, value: bytes) -> bytes:
        raise AssertionError

    def encrypt(self, value: bytes) -> bytes:
        raise AssertionError

    def register_key(self, key: bytes) -> None: ...


@pytest.mark.parametrize(
    ("number", "text", "tag", "plain"),
    [
        (16, "0x10", "I32", "16"),
        (Int64(5), "5L", "I64", "5"),
        (1.5, "1.50", "Db", "1.5"),
        (Decimal("1.5"), "1.5d", "D", "1.5"),
    ],
)
def test_a_number_that_was_an_argument_travels_with_what_was_written(
    number: Any, text: str, tag: str, plain: str
) -> None:
    """InternalSerializer.WritePrimitiveTypePSObjectWithNotes of 5.1: the text, then the number; psrpcore reads it."""
    made = clixml.to_element(PSArray([spelled(number, text)]))
    obj = made.find("LST/Obj")
    assert obj is not None
    assert [(child.tag, child.text) for child in obj] == [("ToString", text), (tag, plain)]
    with pytest.raises(NotSimulated):
        clixml.to_element(doubted(spelled(number, text)))
