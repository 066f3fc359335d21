"""What is suggested can be typed as it stands; failures are worded as the event viewer words them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from fleetdeploy.app.conducting import Said
from fleetdeploy.cli import flags
from fleetdeploy.cli.ended import said
from fleetdeploy.cli.main import app
from fleetdeploy.cli.options import RolloutOptions
from fleetdeploy.cli.output.plain import JsonReporter
from fleetdeploy.cli.output.wording import failure_text
from fleetdeploy.cli.retype import remember, retyped
from fleetdeploy.model.events import RolloutEnded
from fleetdeploy.model.verbs import HostFailure


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    remember({})


@pytest.mark.parametrize(
    ("options", "text", "shown"),
    [
        ({}, "fleetdeploy status", "fleetdeploy status"),
        ({"inventory": None, "project": ".", "app": ""}, "fleetdeploy status", "fleetdeploy status"),
        ({"inventory": "prod"}, "or undo it: fleetdeploy rollback", "or undo it: fleetdeploy rollback -i prod"),
        ({"inventory": "a b"}, "fleetdeploy resume 01AB  (later)", "fleetdeploy resume -i 'a b' 01AB  (later)"),
        ({"project": "/x", "app": "shop"}, "fleetdeploy plan v1", "fleetdeploy plan -C /x v1"),
        ({"app": "shop"}, "fleetdeploy rollback --to V", "fleetdeploy rollback --app shop --to V"),
        ({"inventory": "prod"}, "fleetdeploy init makes one", "fleetdeploy init makes one"),
        ({"inventory": "prod"}, "fleetdeploy show 01AB", "fleetdeploy show -i prod 01AB"),
        ({"app": "shop"}, "fleetdeploy open close 01AB --leave", "fleetdeploy open close --app shop 01AB --leave"),
        ({"inventory": "prod"}, "fleetdeploy open show", "fleetdeploy open show -i prod"),
        ({"inventory": "prod"}, "fleetdeploy status -i stage", "fleetdeploy status -i stage"),
        ({"inventory": "prod"}, "fleetdeploy inventory list", "fleetdeploy inventory list -i prod"),
        ({"inventory": "prod", "project": "/x"}, "fleetdeploy artifact list", "fleetdeploy artifact list -C /x"),
    ],
)
def test_next_steps_reach_the_same_fleet(options: dict[str, Any], text: str, shown: str) -> None:
    remember(options)
    assert retyped(text) == shown


def test_what_is_repeated_is_taken_by_every_command_that_gets_it() -> None:
    def commands(group: Any, name: str = "fleetdeploy") -> Iterator[tuple[str, set[str]]]:
        for word, one in group.commands.items():
            if hasattr(one, "commands"):
                yield from commands(one, f"{name} {word}")
            else:
                yield f"{name} {word}", {flag for option in one.params for flag in option.opts}

    remember({"inventory": "i", "project": "c", "app": "a"})
    every = dict(commands(typer.main.get_command(app)))
    assert len(every) > 30
    for command, taken in every.items():
        added = set(retyped(command).removeprefix(command).split()[::2])
        assert added <= taken, command
        if "--output" in taken and added:
            assert added == taken & {"-i", "-C", "--app"}, command


def test_machines_are_told_the_same() -> None:
    remember({"inventory": "prod"})
    told = said(Said("no", "01AB", ("fleetdeploy rollback",))).data
    assert isinstance(told, dict)
    assert told["next"] == ["fleetdeploy rollback -i prod"]
    lines: list[str] = []
    JsonReporter(lines.append).report(RolloutEnded(None, 7, "", ("fleetdeploy resume 01AB",)))
    assert json.loads(lines[0])["next_steps"] == ["fleetdeploy resume -i prod 01AB"]


def test_options_are_repeated_as_they_are_typed() -> None:
    options = RolloutOptions(canary="10%", pause_after="canary,batch:2", allow_dirty=True)
    assert options.as_typed(limit="!web1") == (
        " --canary 10% --pause-after canary,batch:2 --allow-dirty --limit '!web1'"
    )
    assert options.overrides() == {
        "canary": "10%",
        "pause_after_canary": True,
        "pause_after_batch": "2",
        "allow_dirty": True,
    }
    assert flags.as_typed() == ""


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (
            HostFailure("start", "it ended (event 7034: Shop, 1)", win32=1067, event_id=7034, exit_code=1067),
            "it ended (event 7034: the Shop service terminated unexpectedly; it has done this 1 time(s))"
            " (error 1067: the process terminated unexpectedly)",
        ),
        (
            HostFailure("start", "no start: error 1053 (event 7000: Shop, %%1053)", win32=1053, event_id=7000),
            "no start: error 1053 (event 7000: the Shop service failed to start: the service did not respond to the"
            " start request in time)",
        ),
        (HostFailure("start", "odd (event 7031: Shop)", win32=None, event_id=7031), "odd (event 7031: Shop)"),
        (HostFailure("start", "odd (event 9999: {0})", exit_code=3), "odd (event 9999: {0}) (exit code 3)"),
    ],
)
def test_failures_in_the_words_of_the_event_viewer(failure: HostFailure, words: str) -> None:
    assert failure_text(failure) == words
