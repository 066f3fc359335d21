"""What counts as drift: against which record a host is compared, and what is shown of it."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.model.artifact import FileEntry, Manifest
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import HostAction
from fleetdeploy.model.secret import MASK
from fleetdeploy.model.strategy import Amount, StrategySettings
from fleetdeploy.model.verbs import (
    FilesResult,
    HostState,
    Observation,
    ObservedService,
    Origin,
    ReleaseRecord,
    RolloutRecord,
    Snapshot,
)
from fleetdeploy.plan.build import PlanRequest, build_plan
from fleetdeploy.plan.drift import (
    baseline_of,
    drift_of,
    drift_words,
    exe_of,
    file_drift,
    recorded_anything,
)
from tests.plan.sights import ARTIFACT, SPEC, host, observation, record, service, sight

OLD, NEW = r"C:\apps\shop\releases\v1.4.1-11111111\shop.exe", r"C:\apps\shop\releases\v1.4.2-22222222\shop.exe"
HAND = r"D:\old\shop.exe"
OLD_SHA, NEW_SHA, HAND_SHA = "11" * 32, "22" * 32, "aa" * 32
BASE: dict[str, Any] = {
    "start_type": "auto",
    "delayed": False,
    "account": "LocalSystem",
    "dependencies": [],
    "environment": ["MODE=prod", "DB_PASSWORD=geheim"],
    "failure_actions": None,
    "failure_flag": 0,
}


def recovery(reset: int, *pairs: tuple[int, int]) -> str:
    blob = struct.pack("<IIIII", reset, 0, 0, len(pairs), 20) + b"".join(struct.pack("<II", *p) for p in pairs)
    return base64.b64encode(blob).decode()


def snapshot(image: str, **more: Any) -> Snapshot:
    return Snapshot({**BASE, "image_path": f'"{image}"', **more})


def running(image: str, sha: str, **more: Any) -> ObservedService:
    return replace(service(image=image, sha=sha), snapshot=snapshot(image, **more))


def release(key: str, image: str, sha: str, **more: Any) -> ReleaseRecord:
    shot = snapshot(image, **more)
    return ReleaseRecord(key, key.split("-")[0], "ff" * 32, sha, image.rsplit("\\", 1)[0], f'"{image}"', "", shot)


def origin(image: str, sha: str, key: str, **more: Any) -> Origin:
    return Origin("v", key, f'"{image}"', sha, True, True, snapshot(image, **more))


RELEASES = {r.key: r for r in (release("v1.4.1-11111111", OLD, OLD_SHA), release("v1.4.2-22222222", NEW, NEW_SHA))}


def to(rollout: str, token: int, key: str, **more: Any) -> RolloutRecord:
    return replace(record(rollout, token), to_release=key, **more)


def state(active: str, *records: RolloutRecord) -> HostState:
    return HostState(9, active, RELEASES, records, None)


def seen(found: ObservedService | None, remembered: HostState | None) -> Observation:
    return observation("web1", found, remembered)


FORWARD = state("v1.4.2-22222222", to("R1", 1, "v1.4.2-22222222"))


def test_a_host_that_fleetdeploy_never_changed_has_no_record() -> None:
    assert drift_of(seen(running(HAND, HAND_SHA), None)) == ()
    untouched = state("", replace(record("R1", 1), intent=False, done=False))
    assert baseline_of(untouched) is None
    assert not recorded_anything(untouched)
    assert recorded_anything(FORWARD)


def test_as_it_was_left() -> None:
    assert drift_of(seen(running(NEW, NEW_SHA), FORWARD)) == ()


@pytest.mark.parametrize(
    ("edit", "key", "recorded", "found"),
    [
        ({"start_type": "demand"}, "start_type", "auto", "demand"),
        ({"delayed": True}, "start_type", "auto", "delayed-auto"),
        ({"start_type": "disabled"}, "start_type", "auto", "disabled"),
        ({"account": r"CORP\svc"}, "account", "LocalSystem", r"CORP\svc"),
        ({"dependencies": ["Tcpip"]}, "dependencies", "(none)", "Tcpip"),
        ({"environment": ["MODE=test", "DB_PASSWORD=geheim"]}, "environment MODE", "prod", "test"),
        ({"environment": ["DB_PASSWORD=geheim"]}, "environment MODE", "prod", "(not set)"),
        ({"environment": None}, "environment DB_PASSWORD", MASK, "(not set)"),
        ({"environment": ["MODE=prod", "DB_PASSWORD=x"]}, "environment DB_PASSWORD", MASK, f"{MASK} (another one)"),
        ({"failure_actions": recovery(60, (1, 1000))}, "recovery", "(none)", "restart after 1s, reset 60s"),
        ({"failure_flag": 1}, "recovery.on_non_crash", "false", "true"),
        ({"image_path": f'"{NEW}" --debug'}, "image_path", f'"{NEW}"', f'"{NEW}" --debug'),
    ],
)
def test_every_field_that_a_person_may_edit(edit: dict[str, Any], key: str, recorded: str, found: str) -> None:
    differences = {d.key: d for d in drift_of(seen(running(NEW, NEW_SHA, **edit), FORWARD))}
    assert key in differences
    assert (differences[key].recorded, differences[key].found) == (recorded, found)
    assert "geheim" not in str(differences)


@pytest.mark.parametrize(
    "edit",
    [
        {"account": r"NT AUTHORITY\SYSTEM"},
        {"environment": ["DB_PASSWORD=geheim", "mode=prod"]},
        {"display_name": "Shop (EU)"},
        {"description": "ask Eva"},
        {"failure_actions": recovery(99)},
    ],
)
def test_what_means_the_same_is_no_drift(edit: dict[str, Any]) -> None:
    assert drift_of(seen(running(NEW, NEW_SHA, **edit), FORWARD)) == ()


def test_another_exe_in_the_same_place_and_one_that_was_never_restarted() -> None:
    swapped = replace(running(NEW, "33" * 32), running_sha256="33" * 32)
    assert [d.key for d in drift_of(seen(swapped, FORWARD))] == ["exe", "running exe"]
    stale = replace(running(NEW, NEW_SHA), running_image=OLD, running_sha256=OLD_SHA)
    assert [d.key for d in drift_of(seen(stale, FORWARD))] == ["running image"]
    stopped = replace(running(NEW, NEW_SHA), running_image="", running_sha256="", state="Stopped", pid=0)
    assert drift_of(seen(stopped, FORWARD)) == ()


def test_a_service_that_is_gone_or_came_back() -> None:
    assert [d.found for d in drift_of(seen(None, FORWARD))] == ["absent"]
    nothing = Origin("absent", "", "", "", False, False, None)
    removed = state("", replace(to("R1", 1, "v1.4.2-22222222"), put_back=True, origin=nothing))
    assert drift_of(seen(None, removed)) == ()
    assert [d.found for d in drift_of(seen(running(HAND, HAND_SHA), removed))] == ["installed"]


def test_arguments_that_look_secret_are_not_shown() -> None:
    told = drift_of(seen(running(NEW, NEW_SHA, image_path=f'"{NEW}" --token geheim'), FORWARD))
    assert "geheim" not in str(told)
    url = ["MODE=prod", "DB_PASSWORD=geheim", "DB=postgres://u:geheim@db/x"]
    assert "geheim" not in str(drift_of(seen(running(NEW, NEW_SHA, environment=url), FORWARD)))


# -- which record ---------------------------------------------------------------------------------------------------


def test_after_a_put_back_of_the_first_rollout_the_origin_is_the_record() -> None:
    put_back = to("R1", 1, "v1.4.2-22222222", put_back=True, done=False, origin=origin(HAND, HAND_SHA, "adopted-aa"))
    assert drift_of(seen(running(HAND, HAND_SHA), state("", put_back))) == ()
    edited = seen(running(HAND, HAND_SHA, start_type="demand"), state("", put_back))
    assert drift_words(edited) == "start_type"


def test_after_a_put_back_of_a_later_one() -> None:
    records = (
        to("R1", 1, "v1.4.1-11111111"),
        to("R2", 2, "v1.4.2-22222222", put_back=True, done=False, origin=origin(OLD, OLD_SHA, "v1.4.1-11111111")),
    )
    assert drift_of(seen(running(OLD, OLD_SHA), state("v1.4.1-11111111", *records))) == ()


def test_what_was_accepted_and_put_back_is_the_record_then() -> None:
    # R2 found a start type that a person had changed, was allowed to go on, and put it back as it had found it.
    found = origin(OLD, OLD_SHA, "v1.4.1-11111111", start_type="demand")
    records = (to("R1", 1, "v1.4.1-11111111"), to("R2", 2, "v1.4.2-22222222", put_back=True, origin=found))
    remembered = state("v1.4.1-11111111", *records)
    assert drift_of(seen(running(OLD, OLD_SHA, start_type="demand"), remembered)) == ()
    assert drift_words(seen(running(OLD, OLD_SHA), remembered)) == "start_type"


def test_after_two_rollbacks_the_oldest_origin_is_the_record() -> None:
    records = (
        to("R1", 1, "v1.4.1-11111111", put_back=True, origin=origin(HAND, HAND_SHA, "adopted-aa")),
        to("R2", 2, "v1.4.2-22222222", put_back=True, origin=origin(OLD, OLD_SHA, "v1.4.1-11111111")),
        replace(record("R3", 3, kind="back", undoes="R2"), intent=False),
        replace(record("R4", 4, kind="back", undoes="R1"), intent=False),
    )
    assert drift_of(seen(running(HAND, HAND_SHA), state("adopted-aa", *records))) == ()


def test_forward_again_after_a_rollback() -> None:
    records = (
        to("R1", 1, "v1.4.2-22222222", put_back=True, origin=origin(HAND, HAND_SHA, "adopted-aa")),
        to("R2", 2, "v1.4.2-22222222"),
    )
    assert drift_of(seen(running(NEW, NEW_SHA), state("v1.4.2-22222222", *records))) == ()


def test_nothing_is_said_of_what_is_half_done() -> None:
    half = to("R2", 2, "v1.4.2-22222222", done=False, ended=False)
    middle = seen(
        running(NEW, "33" * 32, failure_flag=1), state("v1.4.1-11111111", to("R1", 1, "v1.4.1-11111111"), half)
    )
    assert drift_of(middle) == ()
    assert baseline_of(middle.state) is None
    undoing = to("R1", 1, "v1.4.2-22222222", undoing=True)
    assert drift_of(seen(running(HAND, HAND_SHA), state("v1.4.2-22222222", undoing))) == ()
    # A later rollout that came through settles it
    later = state("v1.4.2-22222222", undoing, to("R2", 2, "v1.4.2-22222222"))
    assert drift_words(seen(running(NEW, NEW_SHA, failure_flag=1), later)) == "recovery.on_non_crash"


def test_a_record_without_a_snapshot_says_less_and_nothing_wrong() -> None:
    bare = {**RELEASES, "v1.4.2-22222222": replace(RELEASES["v1.4.2-22222222"], snapshot=None)}
    remembered = replace(FORWARD, releases=bare)
    assert drift_of(seen(running(NEW, NEW_SHA, start_type="demand"), remembered)) == ()
    assert drift_words(seen(running(OLD, OLD_SHA), remembered)) == "image_path, running image"
    assert drift_of(seen(running(OLD, OLD_SHA), replace(FORWARD, releases={}))) == ()


@given(
    st.sampled_from(["", "v1.4.1-11111111", "v1.4.2-22222222", "adopted-aa", "gone"]),
    st.lists(
        st.builds(
            lambda token, key, **flags: to("R", token, key, **flags),
            st.integers(1, 9),
            st.sampled_from(["v1.4.1-11111111", "v1.4.2-22222222", ""]),
            intent=st.booleans(),
            done=st.booleans(),
            put_back=st.booleans(),
            undoing=st.booleans(),
            ended=st.booleans(),
            origin=st.sampled_from(
                [None, origin(HAND, HAND_SHA, "adopted-aa"), origin(OLD, OLD_SHA, "v1.4.1-11111111")]
            ),
        ),
        max_size=5,
    ),
)
def test_any_memory_can_be_read(active: str, records: list[RolloutRecord]) -> None:
    remembered = state(active, *records)
    wanted = baseline_of(remembered)
    if wanted is None or not wanted.exists or wanted.snapshot is None:
        return
    image = wanted.image_path.strip('"')
    left = replace(service(image=image, sha=wanted.sha256), snapshot=wanted.snapshot)
    assert drift_of(seen(left, remembered)) == ()


# -- in a plan ------------------------------------------------------------------------------------------------------


def plan(*observations: Observation, permits: Permits | None = None, **strategy: Any) -> Any:
    settings = StrategySettings(kind="rolling", batch=Amount(2), **strategy)
    hosts = tuple(host(o.host) for o in observations)
    request = PlanRequest("prod", hosts, SPEC, ARTIFACT, settings, HealthSpec(), permits=permits or Permits())
    return build_plan(request, {o.host: replace(sight(o.host, o.service), observation=o) for o in observations})


def test_a_plan_leaves_a_drifted_host_alone_and_says_why() -> None:
    drifted = seen(running(NEW, NEW_SHA, start_type="demand"), FORWARD)
    clean = replace(seen(running(NEW, NEW_SHA), FORWARD), host="web2", machine_id="other")
    made = plan(drifted, clean)
    assert made.host("web1").action is HostAction.SKIP
    assert made.host("web1").why == "drifted: start_type; take it as it is with --accept-drift, or put it right"
    assert made.changing == ("web2",)
    assert any("web1" in note and "drifted" in note for note in made.notes)
    assert made.problems == ()


def test_accepted_it_is_changed_and_still_shown() -> None:
    drifted = seen(running(NEW, NEW_SHA, start_type="demand"), FORWARD)
    made = plan(drifted, permits=Permits(accept_drift=True))
    assert made.changing == ("web1",)
    assert made.host("web1").why == "drifted: start_type"
    assert made.digest != plan(drifted).digest


def test_repair_may_touch_what_a_person_disabled() -> None:
    down = replace(running(NEW, NEW_SHA, start_type="disabled"), state="Stopped", running_image="", running_sha256="")
    assert plan(seen(down, FORWARD), repair=True).changing == ("web1",)
    edited = replace(down, snapshot=snapshot(NEW, start_type="disabled", failure_flag=1))
    assert plan(seen(edited, FORWARD), repair=True).host("web1").why.startswith("drifted: recovery.on_non_crash")


def test_many_differences_are_counted() -> None:
    edits = {"start_type": "demand", "account": "x", "failure_flag": 1, "environment": ["A=1", "B=2"]}
    assert drift_words(seen(running(NEW, NEW_SHA, **edits), FORWARD)).endswith("and 3 more")


# -- files ----------------------------------------------------------------------------------------------------------

FILES = (FileEntry("shop.exe", "11" * 32, 5), FileEntry("web/Index.html", "22" * 32, 6))
MANIFEST = Manifest(FILES)


def folder(*files: FileEntry, **more: Any) -> FilesResult:
    return FilesResult(r"C:\apps\shop\releases\v1", True, files, **more)


def test_the_folder_as_staged() -> None:
    assert file_drift(MANIFEST.sha256, folder(*reversed(FILES)), MANIFEST) == ()
    assert file_drift(MANIFEST.sha256, folder(*FILES), None) == ()
    assert file_drift("", folder(), None) == ()


def test_missing_changed_and_extra_files_are_named() -> None:
    found = folder(FileEntry("shop.exe", "33" * 32, 5), FileEntry("app.log", "44" * 32, 1))
    told = {d.key: d.found for d in file_drift(MANIFEST.sha256, found, MANIFEST)}
    assert told == {
        "file app.log": "sha256 444444444444…",
        "file shop.exe": "sha256 333333333333…",
        "file web/Index.html": "missing",
    }


def test_a_file_that_cannot_be_read_is_said() -> None:
    found = folder(FILES[0], replace(FILES[1], sha256=""), FileEntry("app.log", "", 1))
    told = {d.key: d.found for d in file_drift(MANIFEST.sha256, found, MANIFEST)}
    assert told == {"file app.log": "cannot be read", "file web/Index.html": "cannot be read"}


def test_without_the_manifest_only_that_it_differs() -> None:
    other = Manifest((FileEntry("else.exe", "55" * 32, 1),))
    for manifest in (None, other):
        (told,) = file_drift(MANIFEST.sha256, folder(FILES[0]), manifest)
        assert told.key == "release folder"
        assert MANIFEST.sha256[:12] in told.recorded


def test_a_folder_that_is_gone_or_too_large() -> None:
    gone = FilesResult(r"C:\apps\shop\releases\v1", False)
    assert file_drift(MANIFEST.sha256, gone, MANIFEST)[0].found == "gone"
    assert "too much" in file_drift(MANIFEST.sha256, folder(*FILES, truncated=True), MANIFEST)[0].found
    many = folder(*(FileEntry(f"log{i:03}", "66" * 32, 1) for i in range(100)))
    told = file_drift(MANIFEST.sha256, many, MANIFEST)
    assert len(told) == 21
    assert told[-1].found == "82 more differ"


@pytest.mark.parametrize(
    ("image", "exe"),
    [
        (r'"C:\Program Files\shop.exe" --port 1', r"C:\Program Files\shop.exe"),
        (r"C:\Program Files\shop.exe --port 1", r"C:\Program Files\shop.exe"),
        (r"C:\shop.EXE", r"C:\shop.EXE"),
        (r"C:\shop", ""),
        ("", ""),
    ],
)
def test_the_exe_of_an_image_path(image: str, exe: str) -> None:
    assert exe_of(image) == exe
