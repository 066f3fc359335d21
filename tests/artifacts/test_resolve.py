"""Finding and verifying a version."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fleetdeploy.artifacts import latest, list_versions, resolve
from fleetdeploy.errors import RefusalReason, Refused
from fleetdeploy.model.project import ArtifactSource
from tests.artifacts.exes import pe

SOURCE = ArtifactSource("dist/{version}/shop.exe")


def put(root: Path, version: str, *, sums: str | None = "{hash}  shop.exe\n", name: str = "shop.exe.sha256") -> str:
    """One version below ``root``; returns its hash."""
    folder = root / "dist" / version
    folder.mkdir(parents=True)
    data = pe() + version.encode()
    (folder / "shop.exe").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    if sums is not None:
        (folder / name).write_text(sums.format(hash=digest, upper=digest.upper()))
    return digest


def test_a_version_is_found_and_verified(tmp_path: Path) -> None:
    digest = put(tmp_path, "v1.4.2")
    artifact = resolve(SOURCE, "v1.4.2", tmp_path, exe="till.exe")
    assert (artifact.version, artifact.exe, artifact.exe_sha256) == ("v1.4.2", "till.exe", digest)
    assert artifact.manifest.files[0].size == (tmp_path / "dist/v1.4.2/shop.exe").stat().st_size
    assert artifact.local_paths["till.exe"] == str(tmp_path / "dist/v1.4.2/shop.exe")
    assert artifact.build.go_version == "go1.22.4"
    assert artifact.release_name == f"v1.4.2-{artifact.manifest.sha256[:8]}"


@pytest.mark.parametrize(
    ("sums", "name"),
    [
        ("{hash}", "shop.exe.sha256"),
        ("{upper}\r\n", "shop.exe.sha256"),
        ("\ufeff{hash} *shop.exe\n", "shop.exe.sha256"),
        ("SHA256 (shop.exe) = {hash}\n", "shop.exe.sha256"),
        ("# sums\n" + "0" * 64 + "  other.txt\n{hash}  ./shop.exe\n", "SHA256SUMS"),
        ("0" * 64 + "  old/shop.exe\n{hash}  shop.exe\n", "checksums.txt"),
    ],
)
def test_checksum_files(tmp_path: Path, sums: str, name: str) -> None:
    put(tmp_path, "v1.0.0", sums=sums, name=name)
    assert resolve(SOURCE, "v1.0.0", tmp_path).exe == "shop.exe"


def test_a_named_checksum_file_and_none(tmp_path: Path) -> None:
    put(tmp_path, "v1.0.0", sums="{hash}  shop.exe\n", name="here")
    named = ArtifactSource(SOURCE.path, "file", sha256="dist/{version}/here")
    assert resolve(named, "v1.0.0", tmp_path).version == "v1.0.0"
    assert resolve(ArtifactSource(SOURCE.path, "none"), "v1.0.0", tmp_path).version == "v1.0.0"
    missing = ArtifactSource(SOURCE.path, "file", sha256="dist/{version}/there")
    with pytest.raises(Refused, match="cannot be read"):
        resolve(missing, "v1.0.0", tmp_path)


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (None, "there is no checksum for"),
        ("0" * 64 + "  shop.exe\n", "is not the file that shop.exe.sha256 promises"),
        ("{hash}  other.exe\n", "does not name shop.exe"),
        ("{hash}  a/shop.exe\n" + "1" * 64 + "  b/shop.exe\n", "does not name shop.exe"),
        ("hello\n", ":1: not a checksum line"),
        ("\n", "is empty"),
    ],
)
def test_what_is_not_as_promised_is_refused(tmp_path: Path, sums: str | None, words: str) -> None:
    put(tmp_path, "v1.0.0", sums=sums)
    with pytest.raises(Refused, match=words) as caught:
        resolve(SOURCE, "v1.0.0", tmp_path)
    assert caught.value.reason is RefusalReason.ARTIFACT


@pytest.mark.parametrize("wanted", ["../v1.0.0", "v1/..", "", "v1.0.0 ", "con", "v1.", "v1:2", "a" * 64])
def test_unsafe_names_never_become_paths(tmp_path: Path, wanted: str) -> None:
    put(tmp_path, "v1.0.0")
    with pytest.raises(Refused, match="cannot be a version"):
        resolve(SOURCE, wanted, tmp_path)


def test_an_unknown_version_says_what_there_is(tmp_path: Path) -> None:
    put(tmp_path, "v1.4.2")
    with pytest.raises(Refused, match="there is no version") as caught:
        resolve(SOURCE, "1.4.2", tmp_path)
    assert caught.value.next_steps == ("did you mean v1.4.2?",)


def test_latest_is_the_highest_release(tmp_path: Path) -> None:
    for version in ("v1.9.0", "v1.10.0", "v1.11.0-rc.1", "nightly", "v1.2.0"):
        put(tmp_path, version)
    (tmp_path / "dist/v9.0.0").mkdir()
    assert list_versions(SOURCE, tmp_path) == ("v1.2.0", "v1.9.0", "v1.10.0", "v1.11.0-rc.1", "nightly")
    assert resolve(SOURCE, "latest", tmp_path).version == "v1.10.0"
    assert resolve(SOURCE, "nightly", tmp_path).version == "nightly"


def test_latest_without_a_release(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no released version at dist"):
        resolve(SOURCE, "latest", tmp_path)
    with pytest.raises(Refused, match="which are pre-releases"):
        latest(["v1.0.0-rc.1"], "dist")
    with pytest.raises(Refused, match=r"ambiguous: 1\.0\.0 and v1\.0\.0"):
        latest(["v1.0.0", "1.0.0"], "dist")


def test_a_pattern_may_name_the_version_twice_and_be_absolute(tmp_path: Path) -> None:
    for file in ("v1/shop-v1.exe", "v2/shop-v1.exe", "v3/shop-v3.exe"):
        (tmp_path / "a [b]" / file).parent.mkdir(parents=True)
        (tmp_path / "a [b]" / file).write_bytes(pe())
    assert list_versions(ArtifactSource("./a [b]/{version}/shop-{version}.exe"), tmp_path) == ("v1", "v3")
    absolute = ArtifactSource(str(tmp_path / "a [b]/{version}/shop-{version}.exe"))
    assert list_versions(absolute, "/elsewhere") == ("v1", "v3")


def bundle(root: Path, lines: list[tuple[str, bytes]]) -> ArtifactSource:
    """An artifact of several files with a manifest."""
    text = ""
    for name, data in lines:
        path = root / "dist/v1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        text += f"{hashlib.sha256(data).hexdigest()}  {name}\n"
    (root / "dist/v1/SHA256SUMS").write_text(text)
    return ArtifactSource("dist/{version}/bin/shop.exe", "manifest", manifest="dist/{version}/SHA256SUMS")


def test_a_manifest_names_every_file(tmp_path: Path) -> None:
    source = bundle(tmp_path, [("web/_index.html", b"hi"), ("bin/shop.exe", pe()), ("read me.txt", b"")])
    artifact = resolve(source, "v1", tmp_path, exe="bin/shop.exe")
    assert [entry.path for entry in artifact.manifest.files] == ["bin/shop.exe", "read me.txt", "web/_index.html"]
    with pytest.raises(Refused, match=r"does not name shop\.exe, the exe"):
        resolve(source, "v1", tmp_path, exe="shop.exe")
    (tmp_path / "dist/v1/web/_index.html").write_bytes(b"ho")
    with pytest.raises(Refused, match="is not the file"):
        resolve(source, "v1", tmp_path, exe="bin/shop.exe")
    (tmp_path / "dist/v1/web/_index.html").unlink()
    with pytest.raises(Refused, match="cannot be read"):
        resolve(source, "v1", tmp_path, exe="bin/shop.exe")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../b", "con.txt", "a:b", "a./b", "nul"])
def test_a_manifest_stays_below_its_folder(tmp_path: Path, name: str) -> None:
    source = bundle(tmp_path, [("bin/shop.exe", pe())])
    with (tmp_path / "dist/v1/SHA256SUMS").open("a") as stream:
        stream.write("0" * 64 + f"  {name}\n")
    with pytest.raises(Refused, match="cannot be a file of a release"):
        resolve(source, "v1", tmp_path, exe="bin/shop.exe")


def test_a_manifest_names_each_file_once(tmp_path: Path) -> None:
    source = bundle(tmp_path, [("bin/shop.exe", pe())])
    sums = tmp_path / "dist/v1/SHA256SUMS"
    sums.write_text(sums.read_text() + sums.read_text().replace("bin", "BIN"))
    with pytest.raises(Refused, match="twice"):
        resolve(source, "v1", tmp_path, exe="bin/shop.exe")
