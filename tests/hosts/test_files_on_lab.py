"""The verb ``files``: what lies in a release's folder, hashed on the host; nothing is changed, no lock is taken."""

from __future__ import annotations

import hashlib

import pytest

from fleetdeploy.hosts import verbs
from fleetdeploy.model.artifact import FileEntry, Manifest
from tests.hosts.conftest import MakeRig, program


@pytest.mark.parametrize("powershell", ["5.1", "4.0"])
def test_the_folder_of_a_release(make_rig: MakeRig, powershell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = make_rig(program("v1.4.0"), powershell=powershell)
    artifact = rig.artifact("v1.4.2")
    assert not rig.verbs.files("nothing").exists  # a host that knows nothing yet
    rig.open()
    rig.stage(artifact)
    found = rig.verbs.files(artifact.release_name)
    assert found.exists
    assert Manifest(found.files) == artifact.manifest
    # What somebody puts there is seen, below folders, too
    folder = rf"C:\fd\shop\releases\{artifact.release_name}"
    rig.host.machine.fs.mkdir(rf"{folder}\web")
    rig.host.machine.fs.write_bytes(rf"{folder}\web\Index.html", b"hello")
    entry = FileEntry("web/Index.html", hashlib.sha256(b"hello").hexdigest(), 5)
    assert set(rig.verbs.files(artifact.release_name).files) == {*artifact.manifest.files, entry}
    # Bounded: a person may have put anything there
    monkeypatch.setattr(verbs, "_MAX_FILES", 1)
    bounded = rig.verbs.files(artifact.release_name)
    assert (bounded.truncated, len(bounded.files)) == (True, 1)
    monkeypatch.setattr(verbs, "_MAX_FILES", 10)
    monkeypatch.setattr(verbs, "_MAX_BYTES", 10)
    assert rig.verbs.files(artifact.release_name).truncated
    assert not rig.verbs.files("v9.9.9-00000000").exists


def test_what_was_there_before_is_not_listed(make_rig: MakeRig) -> None:
    """An adopted release lies anywhere, also in a folder with all the programs of a server."""
    rig = make_rig(program("v1.4.0"))
    rig.open()
    artifact = rig.artifact("v1.4.2")
    rig.stage(artifact)
    rig.activate(artifact)
    state = rig.seen().state
    assert state is not None
    adopted = next(key for key, release in state.releases.items() if release.mark == "adopted")
    assert rig.verbs.files(adopted).files == ()
    assert not rig.verbs.files(adopted).exists
