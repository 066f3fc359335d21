"""Drives and files: sharing, in-use locks, replacing, space, paths."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from fleetdeploy.lab.errors import NotSimulated
from fleetdeploy.lab.windows import blobs, paths
from fleetdeploy.lab.windows.errors import FileError, FileErrorKind
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.lab.windows.host import WindowsHost
from fleetdeploy.lab.windows.nodes import Access, Share
from fleetdeploy.lab.windows.ownership import acting_as

BOTH = Access.READ | Access.WRITE


def kind(action: Callable[[], object]) -> FileErrorKind:
    with pytest.raises(FileError) as caught:
        action()
    return caught.value.kind


def test_names_compare_without_case_and_keep_theirs(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\Data\\Sub")
    host.fs.write_bytes("C:\\DATA\\One.txt", b"1")
    assert host.fs.read_bytes("c:\\data\\ONE.TXT") == b"1"
    assert [i.name for i in host.fs.list("C:\\data")] == ["One.txt", "Sub"]
    assert host.fs.true_path("c:\\data\\one.TXT") == "C:\\Data\\One.txt"


def test_missing_files_and_directories_are_told_apart(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    assert kind(lambda: host.fs.open("C:\\d\\x")) is FileErrorKind.NOT_FOUND
    assert kind(lambda: host.fs.open("C:\\e\\x")) is FileErrorKind.NO_DIRECTORY
    assert kind(lambda: host.fs.open("Q:\\x")) is FileErrorKind.NO_DIRECTORY
    assert kind(lambda: host.fs.open("C:\\d")) is FileErrorKind.DENIED
    host.fs.delete("C:\\d\\x")
    assert kind(lambda: host.fs.delete("C:\\e\\x")) is FileErrorKind.NO_DIRECTORY


def test_sharing_rules(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    lock = host.fs.open("C:\\d\\lock", "OpenOrCreate", BOTH, Share.NONE)
    assert kind(lambda: host.fs.open("C:\\d\\lock", "OpenOrCreate", BOTH, Share.NONE)) is FileErrorKind.SHARING
    assert kind(lambda: host.fs.open("C:\\d\\lock", "Open", Access.READ, Share.READ_WRITE)) is FileErrorKind.SHARING
    assert kind(lambda: host.fs.delete("C:\\d\\lock")) is FileErrorKind.SHARING
    assert kind(lambda: host.fs.move("C:\\d", "C:\\e")) is FileErrorKind.DENIED_DIRECTORY
    lock.close()
    writer = host.fs.open("C:\\d\\lock", "Open", Access.WRITE, Share.READ)
    assert kind(lambda: host.fs.open("C:\\d\\lock")) is FileErrorKind.SHARING
    reader = host.fs.open("C:\\d\\lock", "Open", Access.READ, Share.READ_WRITE)
    writer.write(b"abc")
    assert reader.read() == b"abc"
    writer.close()
    reader.close()


def test_handles_die_with_their_shell(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    shell = object()
    with acting_as(shell):
        handle = host.fs.open("C:\\d\\lock", "OpenOrCreate", BOTH, Share.NONE)
    other = host.fs.open("C:\\d\\other", "OpenOrCreate", BOTH, Share.NONE)
    host.release(shell)
    assert handle.closed
    assert not other.closed
    host.fs.open("C:\\d\\lock", "Open", BOTH, Share.NONE).close()
    other.close()


def test_modes(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    host.fs.write_bytes("C:\\d\\f", b"12345")
    assert kind(lambda: host.fs.open("C:\\d\\f", "CreateNew", Access.WRITE)) is FileErrorKind.EXISTS
    with_append = host.fs.open("C:\\d\\f", "Append", Access.WRITE)
    with_append.write(b"67")
    with_append.close()
    assert host.fs.read_bytes("C:\\d\\f") == b"1234567"
    middle = host.fs.open("C:\\d\\f", "Open", BOTH, Share.NONE)
    middle.position = 2
    middle.write(b"xx")
    middle.set_length(5)
    middle.close()
    assert host.fs.read_bytes("C:\\d\\f") == b"12xx5"
    host.fs.open("C:\\d\\f", "Truncate", Access.WRITE).close()
    assert host.fs.stat("C:\\d\\f").length == 0


def test_replace_keeps_a_backup(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    for name in ("new", "state", "old.bak"):
        host.fs.write_bytes(f"C:\\d\\{name}", name.encode())
    host.fs.replace("C:\\d\\new", "C:\\d\\state", "C:\\d\\old.bak")
    assert [i.name for i in host.fs.list("C:\\d")] == ["old.bak", "state"]
    assert host.fs.read_bytes("C:\\d\\state") == b"new"
    assert host.fs.read_bytes("C:\\d\\old.bak") == b"state"
    assert kind(lambda: host.fs.replace("C:\\d\\new", "C:\\d\\state", None)) is FileErrorKind.NOT_FOUND


def test_moving(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d\\in")
    host.fs.write_bytes("C:\\d\\a", b"a")
    host.fs.write_bytes("C:\\d\\b", b"b")
    assert kind(lambda: host.fs.move("C:\\d\\a", "C:\\d\\b")) is FileErrorKind.MOVE_EXISTS
    host.fs.move("C:\\d\\a", "C:\\d\\b", overwrite=True)
    host.fs.move("C:\\d", "C:\\e")
    assert host.fs.read_bytes("C:\\e\\b") == b"a"
    assert not host.fs.exists("C:\\d")
    assert kind(lambda: host.fs.rmdir("C:\\e")) is FileErrorKind.NOT_EMPTY
    host.fs.rmdir("C:\\e", recursive=True)
    assert not host.fs.exists("C:\\e")


def test_contents_are_shared_between_hosts(make_host: Callable[..., WindowsHost]) -> None:
    one, two = make_host("a"), make_host("b")
    data = b"x" * 100_000
    one.fs.write_bytes("C:\\f", data)
    two.fs.write_bytes("C:\\g", data)
    assert one.fs.blob("C:\\f") is two.fs.blob("C:\\g")
    assert one.fs.sha256("C:\\f") == blobs.intern(data).sha256


def test_disk_space_is_counted_and_runs_out(make_host: Callable[..., WindowsHost]) -> None:
    host = make_host("small", drives={"C": 1_000_000})
    free = host.fs.drives["C"].free
    host.fs.write_bytes("C:\\f", bytes(500_000))
    assert host.fs.drives["C"].free == free - 500_000
    assert kind(lambda: host.fs.write_bytes("C:\\g", bytes(600_000))) is FileErrorKind.DISK_FULL
    host.fs.delete("C:\\f")
    host.fs.delete("C:\\g")
    assert host.fs.drives["C"].free == free
    host.faults.add("disk-full", count=None)
    assert host.fs.drives["C"].free == 0
    assert kind(lambda: host.fs.write_bytes("C:\\g", b"1")) is FileErrorKind.DISK_FULL
    host.faults.heal("disk-full")
    host.faults.add("disk-full", pattern="h$")
    host.fs.write_bytes("C:\\g", b"1")
    assert kind(lambda: host.fs.write_bytes("C:\\h", b"1")) is FileErrorKind.DISK_FULL
    host.fs.write_bytes("C:\\h", b"1")


def test_faults_of_files(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    host.faults.add(FaultKind.TAMPER, pattern=r"\.exe$")
    host.fs.write_bytes("C:\\d\\x.tmp", b"hello")
    host.fs.move("C:\\d\\x.tmp", "C:\\d\\x.exe")
    assert host.fs.read_bytes("C:\\d\\x.exe") != b"hello"
    host.faults.add(FaultKind.LOCK_FILE, pattern=r"\.exe$", seconds=1.0)
    host.fs.write_bytes("C:\\d\\y.exe", b"hello")
    assert kind(lambda: host.fs.read_bytes("C:\\d\\y.exe")) is FileErrorKind.SHARING
    end = time.monotonic() + 20.0
    content = b""
    while not content:
        assert time.monotonic() < end, "the scanner never let go"
        time.sleep(0.02)
        with contextlib.suppress(FileError):
            content = host.fs.read_bytes("C:\\d\\y.exe")
    assert content == b"hello"
    assert [k for k, _ in host.faults.fired] == [FaultKind.TAMPER, FaultKind.LOCK_FILE]


def test_writes_are_counted_once_per_close(host: WindowsHost) -> None:
    host.fs.mkdir("C:\\d")
    handle = host.fs.open("C:\\d\\f", "Create", Access.WRITE, Share.NONE)
    for _ in range(10):
        handle.write(b"abc")
    handle.close()
    host.fs.read_bytes("C:\\d\\f")
    assert host.effects.count("write", "c:\\D\\F") == 1


def test_read_only_files(host: WindowsHost) -> None:
    host.fs.write_bytes("C:\\f", b"1")
    host.fs.set_attributes("C:\\f", 1)
    assert kind(lambda: host.fs.write_bytes("C:\\f", b"2")) is FileErrorKind.DENIED
    assert kind(lambda: host.fs.delete("C:\\f")) is FileErrorKind.DENIED


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("C:\\a\\..\\b\\.\\c", "C:\\b\\c"),
        ("C:/a//b/", "C:\\a\\b\\"),
        ("x.txt", "C:\\cwd\\x.txt"),
        ("\\x", "C:\\x"),
        ("C:\\a\\name. ", "C:\\a\\name"),
        ("..\\..\\..", "C:\\"),
        ("\\\\?\\C:\\long", "C:\\long"),
        ("D:x", "D:\\x"),
    ],
)
def test_full_paths(given: str, full: str) -> None:
    assert paths.full_path(given, "C:\\cwd") == full


def test_paths_that_are_refused() -> None:
    assert kind(lambda: paths.full_path("C:\\" + "x" * 257)) is FileErrorKind.TOO_LONG
    assert len(paths.full_path("C:\\" + "x" * 256)) == 259
    assert kind(lambda: paths.full_path("C:\\a|b")) is FileErrorKind.BAD_PATH
    assert kind(lambda: paths.full_path("C:\\a:b")) is FileErrorKind.BAD_FORMAT
    with pytest.raises(NotSimulated):
        paths.full_path("\\\\server\\share\\x")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('"C:\\Program Files\\a.exe" --port 1', ["C:\\Program Files\\a.exe", "--port", "1"]),
        ('a.exe "b c" d\\"e', ["a.exe", "b c", 'd"e']),
        ('a.exe "b\\\\" c\\\\d', ["a.exe", "b\\", "c\\\\d"]),
        ("", []),
    ],
)
def test_command_lines(line: str, words: list[str]) -> None:
    assert paths.split_command_line(line) == words
