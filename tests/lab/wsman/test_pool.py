"""What the lab does by itself of psrpcore's work must come to the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psrpcore.types._serializer import _deserialize_string, _serialize_string

from fleetdeploy.lab.wsman.pool import _decoded, _take_scripts

CREATE = (
    '<Obj RefId="0"><MS><Obj N="PowerShell" RefId="1"><MS><Obj N="Cmds" RefId="2"><LST>{}</LST></Obj></MS></Obj>'
    "</MS></Obj>"
)
COMMAND = '<Obj RefId="3"><MS><S N="Cmd">{}</S><Obj N="Args" RefId="4"><LST><S N="Cmd">{}</S></LST></Obj></MS></Obj>'


LOADED = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
"""What a machine that is busy with other things is slow at is no finding."""


@LOADED
@given(st.text())
def test_any_text_decodes_as_psrpcore_decodes_it(text: str) -> None:
    escaped = _serialize_string(text)
    assert _decoded(escaped) == _deserialize_string(escaped) == text


@LOADED
@given(
    st.from_regex(r"(_x[0-9A-Fa-f]{4}_|_x|_|x|a|00){0,8}", fullmatch=True).filter(
        lambda text: "_xD" not in text.upper()
    )
)
def test_odd_escapes_decode_as_psrpcore_decodes_them(text: str) -> None:
    assert _decoded(text) == _deserialize_string(text)


def test_long_scripts_are_taken_out_and_arguments_stay() -> None:
    root = ET.fromstring(CREATE.format(COMMAND.format("a_x000A_" * 1000, "an argument")))
    taken = _take_scripts(root)
    assert list(taken.values()) == ["a\n" * 1000]
    assert [node.text for node in root.iter("S")] == [*taken, "an argument"]


def test_short_scripts_stay_where_they_are() -> None:
    root = ET.fromstring(CREATE.format(COMMAND.format("'x'", "y")))
    assert _take_scripts(root) == {}
    assert [node.text for node in root.iter("S")] == ["'x'", "y"]
