"""The lab's executables: valid PE headers, Go build info, the trailer."""

from __future__ import annotations

import gzip
import struct

import pytest

from fleetdeploy.lab.windows import pe, program


def test_layout_and_build_info() -> None:
    build = pe.GoBuild(go_version="go1.22.4", version="v1.4.2", settings=(("vcs.modified", "false"),))
    data = pe.make_exe({"version": "v1.4.2"}, build=build, size=200_000)
    assert len(data) == 200_000
    assert pe.machine_of(data) == 0x8664
    offset = data.index(pe.BUILD_INFO_MAGIC)
    assert offset % 16 == 0
    assert data[offset + 15] & 2
    assert data[offset + 32 : offset + 41] == b"\x08go1.22.4"
    assert b"mod\texample.com/app\tv1.4.2\t\n" in data
    assert b"build\tvcs.modified=false\n" in data
    assert pe.go_version(data) == (1, 22)
    assert pe.read_trailer(data) == {"version": "v1.4.2"}
    (header,) = struct.unpack_from("<I", data, 0x3C)
    sections = struct.unpack_from("<H", data, header + 6)[0]
    optional = struct.unpack_from("<H", data, header + 20)[0]
    table = header + 24 + optional
    rows = [struct.unpack_from("<8sIIIIIIHHI", data, table + 40 * i) for i in range(sections)]
    assert [r[0].rstrip(b"\0") for r in rows] == [b".text", b".data"]
    raw, at = rows[1][3:5]
    assert at <= offset < at + raw
    assert rows[1][9] & 0xC0000000 == 0xC0000000


@pytest.mark.parametrize(("arch", "number"), [("amd64", 0x8664), ("arm64", 0xAA64), ("386", 0x14C)])
def test_machines(arch: str, number: int) -> None:
    assert pe.machine_of(pe.make_exe({}, build=pe.GoBuild(goarch=arch))) == number


def test_padding_is_reproducible_and_compresses_like_a_binary() -> None:
    one, two = (pe.make_exe({"version": "v1"}, size=500_000, seed=7) for _ in range(2))
    assert one == two
    assert one != pe.make_exe({"version": "v1"}, size=500_000, seed=8)
    assert 0.3 < len(gzip.compress(one, 6)) / len(one) < 0.5


def test_what_is_no_program() -> None:
    assert pe.machine_of(b"hello") is None
    assert pe.machine_of(b"MZ" + bytes(100)) is None
    assert pe.read_trailer(b"x" * 100) is None
    assert pe.read_trailer(b"LABPROG1") is None
    assert pe.go_version(bytes(1000)) is None


def test_an_unknown_behaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="helthy"):
        program.from_mapping({"helthy": False})


@pytest.mark.parametrize(
    ("words", "environment", "port"),
    [
        (["--port", "9001"], {"PORT": "9002"}, 9001),
        (["--port=9003"], {}, 9003),
        (["-port", "9004"], {}, 9004),
        (["--x"], {"port": "9005"}, 9005),
        ([], {}, 8080),
    ],
)
def test_where_it_listens(words: list[str], environment: dict[str, str], port: int) -> None:
    assert program.port_of(program.Behaviour(), words, environment) == port
