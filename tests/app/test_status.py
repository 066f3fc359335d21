"""What ``status`` says of a mark: that of what runs, from the host or the store, the bad one first. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.app.status import HostStatus, counts, describe
from fleetdeploy.model.health import Sample
from fleetdeploy.model.marks import HeldMark
from fleetdeploy.model.sight import Sight
from fleetdeploy.model.verbs import HostState, ObservedService, ReleaseRecord
from tests.plan.sights import lost, observation, service

ROOT = r"C:\apps\shop\releases"
BB, CC = "bb" * 32, "cc" * 32


def release(version: str, sha: str = BB, mark: str = "", manifest: str = "", **more: str) -> ReleaseRecord:
    key = f"{version}-{manifest[:2] or 'xx'}"
    folder = rf"{ROOT}\{key}"
    return ReleaseRecord(key, version, manifest, sha, folder, rf'"{folder}\shop.exe"', mark, None, **more)  # type: ignore[arg-type]


def running(one: ReleaseRecord, state: str = "Running") -> ObservedService:
    return service(state, rf"{one.folder}\shop.exe", one.exe_sha256)


def row(seen: ObservedService, *releases: ReleaseRecord, marks: tuple[HeldMark, ...] = ()) -> HostStatus:
    state = HostState(1, "", {r.key: r for r in releases}, (), None)
    return describe(
        "web1", "z1", Sight("web1", observation("web1", seen, state), Sample(0, 1, "1", "Running", True)), "", marks
    )


BAD = release("v1.4.3", mark="bad", manifest="m1", marked_by="eva@laptop", marked_why="it eats orders")
GOOD = release("v1.4.2", CC, mark="good", manifest="m2")
WORD = HeldMark("v1.4.2", "", "bad", by="joe@ci", why="slow")


@pytest.mark.parametrize(
    ("seen", "marks", "mark", "words"),
    [
        (running(BAD), (), "bad", "there, by eva@laptop: it eats orders"),
        (running(GOOD), (), "good", ""),
        (running(BAD, "Stopped"), (), "bad", "there, by eva@laptop"),  # nothing runs: what would be started
        (running(GOOD), (WORD,), "bad", "in the store, by joe@ci: slow"),  # the host was not told
        (running(GOOD), (replace(WORD, mark=""),), "good", ""),
        (running(GOOD), (replace(WORD, manifest_sha256="other files"),), "good", ""),
        (running(GOOD), (replace(WORD, version="another", manifest_sha256="m2"),), "bad", "in the store"),
        # Somebody swapped the exe behind the running process: what runs counts
        (replace(running(GOOD), running_sha256=BB, running_image=rf"{BAD.folder}\shop.exe"), (), "bad", "there"),
        (service(build="v1.4.2", sha="ee" * 32), (WORD,), "bad", "in the store"),  # put there by hand
        (replace(running(GOOD, "Stopped"), exe_sha256=""), (), "", ""),  # its exe is gone
    ],
)
def test_the_mark_of_what_runs(seen: ObservedService, marks: tuple[HeldMark, ...], mark: str, words: str) -> None:
    never = release("v9", "", mark="bad", manifest="m9")  # marked, and never lay here
    found = row(seen, never, GOOD, BAD, marks=marks)
    assert found.mark == mark
    assert words in found.marked
    assert bool(found.marked) == bool(words)


def test_two_releases_with_the_same_exe_are_told_apart_by_their_folder() -> None:
    other = release("v1.4.4", mark="good", manifest="m4")
    for first, second in ((BAD, other), (other, BAD)):
        assert row(running(BAD), first, second).mark == "bad"
        assert row(running(other), first, second).mark == "good"


def test_the_one_line_says_it_too() -> None:
    rows = (row(running(BAD), BAD), row(running(GOOD), GOOD), describe("web9", "z1", lost("web9")))
    assert counts(rows) == {"v1.4.3 healthy (MARKED BAD)": 1, "v1.4.2 healthy": 1, "cannot be asked": 1}
