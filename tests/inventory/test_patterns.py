"""Patterns choose hosts; a term that matches nothing never passes silently."""

from __future__ import annotations

import pytest

from fleetdeploy.errors import UsageError
from fleetdeploy.inventory import check_duplicates_by_machine_id, select
from fleetdeploy.model.host import Connection, Fleet, Host


def host(name: str, groups: tuple[str, ...], zone: str, **labels: str) -> Host:
    return Host(name, Connection(name, 5986), groups, labels, zone)


FLEET = Fleet(
    "prod",
    (
        *(host(f"web{n:02}", ("eu", "web"), f"z{n % 3}", tier="front") for n in range(1, 11)),
        host("db01", ("eu", "db"), "z1", tier="back", canary="true"),
        host("us01", ("us",), "z9"),
    ),
)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, [h.name for h in FLEET.hosts]),
        ("all", [h.name for h in FLEET.hosts]),
        ("web0[12]", ["web01", "web02"]),
        ("WEB1?", ["web10"]),
        ("us01,db01", ["db01", "us01"]),
        ("group:db", ["db01"]),
        ("group:eu,!web*", ["db01"]),
        ("!web*", ["db01", "us01"]),
        ("!web*,db*", ["db01"]),
        ("!web01,web01,web02", ["web02"]),
        ("zone=z1,&web*", ["web01", "web04", "web07", "web10"]),
        ("zone=z1", ["web01", "web04", "web07", "web10", "db01"]),
        ("tier=b*", ["db01"]),
        ("label:canary=true", ["db01"]),
        ("first 10%", ["web01", "web02"]),
        ("group:web,first 10%", ["web01"]),
        ("first 2,web*,!web01", ["web02", "web03"]),
        ("first 100", [h.name for h in FLEET.hosts]),
    ],
)
def test_select(pattern: str | None, names: list[str]) -> None:
    assert [h.name for h in select(FLEET, pattern)] == names


@pytest.mark.parametrize(
    ("pattern", "words", "hint"),
    [
        ("webb01", "no host is called 'webb01'", "did you mean web01"),
        ("web01,!wbe02", "no host is called 'wbe02'", "web02"),
        ("group:ue", "no host is in group 'ue'", "eu"),
        ("zone=z7", "no host has zone=z7", "z1"),
        ("teir=front", "no host has teir=front", "did you mean tier?"),
        ("web01,!web*", "leaves no host", ""),
        ("", "empty", "all"),
        (" , ", "empty", ""),
        ("first 0", "0 would never", ""),
        ("first 120%", "more than all", ""),
    ],
)
def test_what_matches_nothing_is_an_error(pattern: str, words: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        select(FLEET, pattern)
    assert words in str(caught.value)
    assert hint in " ".join(caught.value.next_steps)


def test_one_machine_under_two_names() -> None:
    ids = {"a": "M1", "b": "m2", "c": " m1 ", "d": "", "e": ""}
    assert check_duplicates_by_machine_id(ids) == (("a", "c"),)
