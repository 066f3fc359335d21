"""A scene is read back as it was written, and from whatever another version of fleetdeploy has written."""

from __future__ import annotations

import json

from fleetdeploy.model.scene import (
    Listener,
    LoggedEvent,
    LogTail,
    Scene,
    SceneProcess,
    SceneService,
    scene_from_json,
)

SCENE = Scene(
    at="2026-11-21T17:00:05.0000000Z",
    rollout="R1",
    since="2026-11-21T17:00:00.0000000Z",
    service=SceneService(
        "Shop", "The Shop", "Stopped", 0, "", '"C:\\x.exe"', "C:\\x.exe", False, "", 1067, 0, "me", "Auto"
    ),
    events=(LoggedEvent("t", "System", "Service Control Manager", 7034, 2, ("Shop", "1"), "It ended\n unexpectedly"),),
    logs=(LogTail("C:\\x.log", 10, "t", ("a", "b"), True, ""),),
    processes=(SceneProcess(4, "x.exe", "C:\\x.exe", "t", True),),
    listeners=(Listener(8080, 4, "x.exe"),),
    free_bytes=5,
    free_memory_kb=6,
    notes=("n",),
)


def test_there_and_back() -> None:
    assert scene_from_json(json.loads(json.dumps(SCENE.to_json()))) == SCENE


def test_what_is_missing_is_empty_and_what_is_unknown_is_left_out() -> None:
    assert scene_from_json({}) == Scene("", "", "", None)
    odd = {"at": "t", "new": 1, "events": [7, {"id": "x"}], "logs": "no", "service": [], "free_bytes": None}
    assert scene_from_json(odd) == Scene("t", "", "", None, events=(LoggedEvent("", "", "", 0, 0),))


def test_no_character_that_a_store_cannot_hold() -> None:
    seen = scene_from_json({"logs": [{"path": "p", "lines": ["a\x00b", "\ud83d"]}]})
    assert seen.logs[0].lines == ("ab", "?")


def test_an_event_as_one_line() -> None:
    assert SCENE.events[0].text == "It ended unexpectedly"
    assert LoggedEvent("t", "System", "p", 7000, 2, ("Shop", "%%1053")).text == "Shop, %%1053"


def test_log_lines_are_in_no_repr() -> None:
    assert "'a', 'b'" not in repr(SCENE)
