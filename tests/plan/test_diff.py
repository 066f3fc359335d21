"""What of a configuration differs, and how paths are written."""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from typing import Any

import pytest

from fleetdeploy.model.paths import image_path, quote_argument
from fleetdeploy.model.service import Recovery
from fleetdeploy.model.verbs import Snapshot
from fleetdeploy.plan.diff import account_key, config_diff, recovery_of
from tests.plan.sights import SPEC

PATH = r'"C:\apps\shop\releases\v1\shop.exe"'


def keys(spec: Any, **have: Any) -> list[str]:
    return [c.key for c in config_diff(spec, Snapshot({"image_path": PATH, **have}), "v1", "shop.exe")]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("a b", '"a b"'),
        (r"C:\x y" + "\\", '"C:\\x y\\\\"'),
        ('say "hi"', r'"say \"hi\""'),
        (r"C:\x" + "\\", "C:\\x\\"),
        ('a\\"b', r'"a\\\"b"'),
    ],
)
def test_arguments_are_quoted_as_windows_reads_them(text: str, quoted: str) -> None:
    assert quote_argument(text) == quoted


def test_image_path() -> None:
    spec = replace(SPEC, arguments=("--dir", "{workdir}", "a b"))
    assert image_path(spec, "v1", "bin/shop.exe") == (
        r'"C:\apps\shop\releases\v1\bin\shop.exe" --dir C:\apps\shop\data "a b"'
    )


@pytest.mark.parametrize("argument", ["--token=hunter2", "--dsn=pg://u:hunter2@db/x"])
def test_arguments_that_look_secret_are_not_shown(argument: str) -> None:
    spec = replace(SPEC, arguments=(argument,))
    (change,) = config_diff(spec, Snapshot({"image_path": f"{PATH} --password hunter1"}), "v1", "shop.exe")
    assert "hunter" not in change.old + change.new
    assert change.new == f"{PATH} (********)"
    (same,) = config_diff(replace(SPEC, arguments=("--port", "80")), Snapshot({"image_path": PATH}), "v1", "shop.exe")
    assert same.new == f"{PATH} --port 80"


def test_what_is_not_named_is_left_alone() -> None:
    assert keys(SPEC, start_type="disabled", account="x", description="y") == []


@pytest.mark.parametrize(
    ("given", "have", "differs"),
    [
        ({"start_type": "delayed-auto"}, {"start_type": "auto", "delayed": True}, False),
        ({"start_type": "auto"}, {"start_type": "auto", "delayed": True}, True),
        ({"account": r"NT AUTHORITY\LocalService"}, {"account": r"nt authority\local service"}, False),
        ({"account": "LocalSystem"}, {"account": ""}, False),
        ({"account": r"CORP\svc"}, {"account": "LocalSystem"}, True),
        ({"dependencies": ("Tcpip",)}, {"dependencies": ["tcpip"]}, False),
        ({"dependencies": ()}, {"dependencies": ["Tcpip"]}, True),
        ({"environment": (("A", "1"),)}, {"environment": ["A=1"]}, False),
        ({"environment": ()}, {"environment": None}, False),
        ({"display_name": "Shop"}, {"display_name": "Old"}, True),
    ],
)
def test_named_values(given: dict[str, Any], have: dict[str, Any], differs: bool) -> None:
    assert bool(keys(replace(SPEC, **given), **have)) is differs


def test_environment_values_are_never_shown() -> None:
    spec = replace(SPEC, environment=(("TOKEN", "s3cret"),))
    shown = repr(config_diff(spec, Snapshot({"image_path": PATH, "environment": ["TOKEN=0ld"]}), "v1", "shop.exe"))
    assert "TOKEN" in shown
    assert "s3cret" not in shown
    assert "0ld" not in shown


def test_recovery_is_read_from_the_registry_value() -> None:
    blob = struct.pack("<IIIII", 86400, 0, 0, 2, 20) + struct.pack("<IIII", 1, 5000, 0, 0)
    text = base64.b64encode(blob).decode()
    assert recovery_of(Snapshot({"failure_actions": text})) == (86400, (("restart", 5000), ("none", 0)))
    assert recovery_of(Snapshot({"failure_actions": "!!"})) == (0, ())
    wanted = replace(SPEC, recovery=Recovery(86400, (("restart", 5000), ("none", 0))))
    assert keys(wanted, failure_actions=text) == []
    assert keys(wanted, failure_actions=text, failure_flag=1) == ["recovery.on_non_crash"]
    assert keys(wanted) == ["recovery"]


def test_account_names() -> None:
    assert account_key(r"CORP\Svc") == account_key(r"corp\svc")
