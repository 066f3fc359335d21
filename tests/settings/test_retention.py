"""Releases on hosts and rollouts in the store, written short or in full."""

from __future__ import annotations

import pytest

from fleetdeploy.documents import parse
from fleetdeploy.errors import ConfigError
from fleetdeploy.settings.retention import Retention, parse_keep, read_retention

DAY = 86400.0


def read(text: str) -> Retention:
    return read_retention(parse(text, "f.yml").get("retention"))


@pytest.mark.parametrize(
    ("text", "releases", "journal_s"),
    [
        ("x: 1", 3, None),
        ("retention:", 3, None),
        ("retention: 5", 5, None),
        ("retention: 180d", 3, 180 * DAY),
        ("retention: 1d12h", 3, 1.5 * DAY),
        ("retention: {releases: 7, journal: 180d}", 7, 180 * DAY),
        ("retention: {releases: 7}", 7, None),
        ("retention: {journal: 12h}", 3, DAY / 2),
    ],
)
def test_what_is_kept(text: str, releases: int, journal_s: float | None) -> None:
    found = read(text)
    assert (found.releases, found.journal_s) == (releases, journal_s)


def test_a_short_form_says_where_it_stands() -> None:
    assert read("x: 1\nretention: 5").place == (("retention.releases", "f.yml:2"),)
    assert read("x: 1\nretention: 5d").place == (("retention.journal", "f.yml:2"),)
    assert read("retention: {journal: 5d}").place == (), "its keys say that themselves"


@pytest.mark.parametrize(
    "value", ["0", "101", "-1", "3.5", "10m", "long", "[1]", "{journal: 0s}", "{kept: 3}", "99999d"]
)
def test_nonsense_is_refused_with_its_line(value: str) -> None:
    with pytest.raises(ConfigError) as failure:
        read(f"retention: {value}")
    assert failure.value.line == 1


@pytest.mark.parametrize("text", ["10m", "0", "180 days", "x"])
def test_nonsense_in_the_environment(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|within"):
        parse_keep(text)
    assert parse_keep("180d") == 180 * DAY
