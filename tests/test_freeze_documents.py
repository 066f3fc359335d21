"""The ``freeze`` section: read in the project and in the inventory, every mistake with its line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest

from fleetdeploy.documents import parse
from fleetdeploy.errors import ConfigError
from fleetdeploy.freeze_documents import read_freeze
from fleetdeploy.inventory import load_inventory
from fleetdeploy.inventory.example import example_text as inventory_example
from fleetdeploy.model.codec import from_plain, to_plain
from fleetdeploy.model.freeze import Dates, FreezeWindow, Weekly
from fleetdeploy.policy.freeze import closed
from fleetdeploy.settings import load_project
from fleetdeploy.settings.example import render_example
from fleetdeploy.settings.explain import explain

PROJECT = "app: {name: shop, exe: shop.exe, root: 'C:\\Apps'}\nartifacts: {path: 'dist/{version}/shop.exe'}\n"
INVENTORY = "hosts:\n  web1: {connection: {user: u, secret: 'env:P'}}\n"
WEEKEND = 'freeze:\n  - {weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin, why: nobody is here}\n'


def read(text: str) -> tuple[FreezeWindow, ...]:
    return read_freeze(parse(text, "f.yml").get("freeze"))


def one(window: str) -> FreezeWindow:
    return read(f"freeze:\n  - {window}\n")[0]


def test_weekly_and_dates() -> None:
    assert one('{weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin}').when == Weekly(6720, 360)
    assert one('{weekly: "friday 16:00-Monday 6:00", zone: UTC}').when == Weekly(6720, 360)
    assert one('{weekly: "Sun 00:00 - Sun 24:00", zone: UTC}').when == Weekly(8640, 0)
    assert one("{from: 2026-12-20, to: 2027-01-02, zone: UTC}").when == Dates("2026-12-20T00:00", "2027-01-03T00:00")
    moment = one('{from: "2026-12-20 08:00", to: "2026-12-20T20:30", zone: UTC}')
    assert moment.when == Dates("2026-12-20T08:00", "2026-12-20T20:30")
    assert str(one('{weekly: "Fri 16:00 - Mon 06:00", zone: UTC, why: x}')) == "Fri 16:00 - Mon 06:00 UTC (x)"
    assert str(moment) == "2026-12-20 08:00 - 2026-12-20 20:30 UTC"
    assert moment.source == "f.yml:2"


def test_it_travels_with_a_plan() -> None:
    for window in (
        one('{weekly: "Fri 16:00 - Mon 06:00", zone: UTC}'),
        one("{from: 2026-12-20, to: 2026-12-21, zone: UTC}"),
    ):
        assert from_plain(FreezeWindow, to_plain(window)) == window


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("{zone: UTC}", "either weekly, or from and to"),
        ('{weekly: "Fri 16:00 - Mon 06:00", from: 2026-12-20, to: 2026-12-21, zone: UTC}', "either weekly"),
        ('{weekly: "Fri 16:00 - Mon 06:00"}', "zone is missing"),
        ('{weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlim}', "is no time zone"),
        ('{weekly: "Fri 16:00 - Mon 06:00", zone: ../../etc/passwd}', "is no time zone"),
        ('{weekly: "Fri 16:00", zone: UTC}', "no part of the week"),
        ('{weekly: "Fri 16:00 - Foo 06:00", zone: UTC}', "no moment of the week"),
        ('{weekly: "Fri 25:00 - Mon 06:00", zone: UTC}', "no time of day"),
        ('{weekly: "Fri 16:00 - Fri 16:00", zone: UTC}', "the whole week"),
        ("{from: 2026-12-20, zone: UTC}", "belong together"),
        ("{from: 2026-12-20, to: 2026-12-19, zone: UTC}", "is not after"),
        ("{from: 2026-02-30, to: 2026-12-19, zone: UTC}", "neither a day nor a moment"),
        ("{from: 0001-01-01, to: 9999-12-31, zone: UTC}", "neither a day nor a moment"),
        ("{from: yesterday, to: 2026-12-19, zone: UTC}", "neither a day nor a moment"),
        ('{weekly: "Fri 16:00 - Mon 06:00", zone: UTC, reason: x}', "unknown key"),
        ("Fri 16:00 - Mon 06:00", "expected a mapping"),
    ],
)
def test_mistakes_name_their_line(window: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        one(window)
    assert error.value.line == 2
    assert "f.yml:2" in str(error.value)


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(ConfigError) as error:
        one('{weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlim}')
    assert any("Europe/Berlin" in step for step in error.value.next_steps)


def test_a_machine_without_a_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("fleetdeploy.freeze_documents.ZoneInfo", unknown)
    monkeypatch.setattr("fleetdeploy.freeze_documents.available_timezones", set)
    monkeypatch.setattr("fleetdeploy.policy.freeze.ZoneInfo", unknown)
    window = one('{weekly: "Fri 16:00 - Mon 06:00", zone: Europe/Berlin}')
    frozen = closed((window,), datetime.now(UTC))
    assert "tzdata" in str(frozen), "a rollout is refused, and told why; status and rollback can read the file"


def test_project_and_inventory_have_windows_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "fleetdeploy.yml").write_text(PROJECT + WEEKEND, encoding="utf-8")
    (tmp_path / "prod.yml").write_text(WEEKEND.replace("nobody is here", "prod only") + INVENTORY, encoding="utf-8")
    (tmp_path / "test.yml").write_text(INVENTORY, encoding="utf-8")
    project = load_project(tmp_path)
    assert [w.why for w in project.freeze] == ["nobody is here"]
    assert [w.why for w in load_inventory(tmp_path / "prod.yml").freeze] == ["prod only"]
    assert load_inventory(tmp_path / "test.yml").freeze == ()
    row = next(s for s in explain(project) if s.key == "freeze[0]")
    assert row.shown == "Fri 16:00 - Mon 06:00 Europe/Berlin (nobody is here)"
    assert row.source.endswith("fleetdeploy.yml:4")


@pytest.mark.parametrize("example", [lambda: render_example("shop"), inventory_example])
def test_the_lines_of_the_examples_can_be_read(example: Callable[[], str]) -> None:
    lines = example().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("# freeze:"))
    block = [lines[at], *itertools.takewhile(lambda line: line.startswith("#   - {"), lines[at + 1 :])]
    windows = read("\n".join(line.removeprefix("# ") for line in block) + "\n")
    assert len(windows) == len(block) - 1 > 0
