"""What is refused before any host is touched."""

from __future__ import annotations

import pytest

from fleetdeploy.artifacts import HostFacts, check, normalise_arch
from fleetdeploy.model.artifact import Artifact, BuildInfo, FileEntry, Manifest

MANIFEST = Manifest((FileEntry("shop.exe", "a" * 64, 1),))


def artifact(machine: str = "amd64", go: str = "go1.22.4", version: str = "v1.4.2", **settings: str) -> Artifact:
    named = {key.replace("_", "."): value for key, value in settings.items()}
    return Artifact(version, MANIFEST, BuildInfo(machine, go, settings=named), "shop.exe")


def kinds(found: Artifact, *hosts: HostFacts, allow_dirty: bool = False) -> list[tuple[str, tuple[str, ...]]]:
    return [(problem.kind, problem.hosts) for problem in check(found, hosts, allow_dirty=allow_dirty)]


def test_nothing_wrong() -> None:
    hosts = [
        HostFacts("a", 14393, "AMD64", {"v1.4.2": MANIFEST.sha256}),
        HostFacts("b", 20348, "64-bit"),
        HostFacts("c"),
    ]
    assert check(artifact(vcs_modified="false"), hosts) == ()


@pytest.mark.parametrize(
    ("machine", "arch", "refused"),
    [
        ("amd64", "AMD64", False),
        ("386", "AMD64", False),
        ("386", "x86", False),
        ("arm64", "ARM64", False),
        ("arm64", "AMD64", True),
        ("amd64", "x86", True),
        ("amd64", "ARM64", True),
        ("arm64", "", False),
    ],
)
def test_architecture(machine: str, arch: str, refused: bool) -> None:
    expected = [("architecture", ("a",))] if refused else []
    assert kinds(artifact(machine), HostFacts("a", 20348, arch)) == expected


@pytest.mark.parametrize(
    ("go", "build", "refused"),
    [
        ("go1.21", 9600, True),
        ("go1.21rc2", 9600, True),
        ("devel go1.24-abcdef", 14392, True),
        ("go1.100.1", 9600, True),
        ("go1.21", 14393, False),
        ("go1.20.14", 9600, False),
        ("go1.20.14", 6003, True),
        ("", 9600, False),
        ("go1.21", 0, False),
    ],
)
def test_windows_too_old(go: str, build: int, refused: bool) -> None:
    expected = [("windows-too-old", ("a",))] if refused else []
    assert kinds(artifact(go=go), HostFacts("a", build), HostFacts("b", 20348)) == expected


def test_dirty_unless_allowed() -> None:
    dirty = artifact(vcs_modified="true", vcs_revision="0123456789abcdef")
    assert kinds(dirty) == [("dirty", ())]
    assert "0123456789ab" in check(dirty, [])[0].what
    assert kinds(dirty, allow_dirty=True) == []


def test_a_version_that_is_no_folder_name() -> None:
    assert kinds(artifact(version="v1/..")) == [("unsafe-version", ())]


def test_known_with_another_hash() -> None:
    hosts = [HostFacts(f"h{n}", releases={"v1.4.2": "b" * 64, "v1.4.1": "c" * 64}) for n in range(7)]
    same = HostFacts("same", releases={"v1.4.2": MANIFEST.sha256})
    (problem,) = check(artifact(), [*hosts, same])
    assert problem.kind == "different-hash"
    assert problem.hosts == tuple(f"h{n}" for n in range(7))
    assert "and 2 more" in problem.what


def test_all_problems_at_once() -> None:
    found = kinds(artifact("arm64", vcs_modified="true"), HostFacts("a", 9600, "AMD64"))
    assert [kind for kind, _ in found] == ["dirty", "architecture", "windows-too-old"]


def test_names_of_architectures() -> None:
    assert [normalise_arch(text) for text in ("AMD64", "x86", "ARM64", "64-bit", "ia64")] == [
        "amd64",
        "386",
        "arm64",
        "amd64",
        "",
    ]
