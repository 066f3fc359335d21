"""The PE and Go build info reader: what it finds, and that no broken file gets past it as another exception."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetdeploy.artifacts import read_build_info
from fleetdeploy.artifacts.pe import parse_build_info
from fleetdeploy.errors import Refused
from tests.artifacts.exes import MODULE, build_info, pe


def test_machine_and_build_info(tmp_path: Path) -> None:
    path = tmp_path / "shop.exe"
    path.write_bytes(pe())
    info = read_build_info(path)
    assert (info.machine, info.go_version) == ("amd64", "go1.22.4")
    assert (info.path, info.module_version) == ("example.com/shop/cmd/shop", "v1.4.2")
    assert info.settings["GOOS"] == "windows"
    assert info.settings["vcs.revision"].startswith("0123456789abcdef")
    assert not info.vcs_modified
    assert "hunter2" not in repr(info)


@pytest.mark.parametrize("machine", ["amd64", "arm64", "386"])
def test_machines(machine: str) -> None:
    assert parse_build_info(pe(machine)).machine == machine


def test_details_of_the_text() -> None:
    module = MODULE + 'build\tvcs.modified=true\nbuild\tCGO_CFLAGS="-O2 \\"-g\\""\nbuild\tX=`a b`\n'
    info = parse_build_info(pe(data=build_info(module=module)))
    assert info.vcs_modified
    assert info.settings["CGO_CFLAGS"] == '-O2 "-g"'
    assert info.settings["X"] == "a b"


def test_found_far_behind_and_only_where_it_is_aligned() -> None:
    decoy = b"\0" * 8 + b"\xff Go buildinf:" + b"\x08\x02" + b"\0" * 8
    far = decoy + b"\0" * (3 * 1024 * 1024 - len(decoy)) + build_info("go1.20.1")
    assert parse_build_info(pe(data=far)).go_version == "go1.20.1"


@pytest.mark.parametrize(
    "data",
    [
        b"no build info here",
        build_info(flags=0),  # before Go 1.18
        build_info()[:33],
        b"\xff Go buildinf:\x08\x02" + b"\0" * 16 + b"\xff" * 12,
        b"\xff Go buildinf:\x08\x02" + b"\0" * 16 + b"\xff\xff\xff\x7f" + b"go1.22",
        build_info(go="nonsense", module="x"),
    ],
)
def test_a_program_without_readable_build_info_has_no_version(data: bytes) -> None:
    info = parse_build_info(pe(data=data))
    assert (info.machine, info.go_version, info.path) == ("amd64", "", "")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "begin with MZ"),
        (b"#!/bin/sh\n" * 20, "begin with MZ"),
        (b"\x7fELF" + b"\0" * 100, "begin with MZ"),
        (b"MZ" + b"\0" * 100, "no PE header"),
        (b"MZ" + b"\xff" * 100, "no PE header"),
        (pe(0x0200), "unknown machine 0x0200"),
        (pe(flags=0x2022), "DLL"),
        (pe(count=0), "0 sections"),
        (pe(count=60000), "60000 sections"),
        (pe()[:300], "in the middle of a header"),
    ],
)
def test_what_is_no_windows_program_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "shop.exe"
    path.write_bytes(data)
    with pytest.raises(Refused, match=words):
        read_build_info(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_build_info(tmp_path / "none.exe")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1900), st.integers(0, 255)), max_size=12), st.integers(0, 2600))
def test_no_broken_file_raises_anything_else(changes: list[tuple[int, int]], keep: int) -> None:
    data = bytearray(pe())
    for at, byte in changes:
        data[at] = byte
    with contextlib.suppress(Refused):
        parse_build_info(bytes(data[:keep]))
