"""Who holds a host, in words; ages by the host's own clock since its boot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.model.owner import age_text, life_age_s, owner_text, who
from fleetdeploy.model.verbs import Actor, BootIdentity, OpenEntry, SignOfLife
from tests.plan.sights import observation, service

BOOT = BootIdentity(4, "1")
ACTOR = Actor("eva", "ci-7", 812, "https://ci/job/9", "release")
ENTRY = OpenEntry(
    "R1", "C1", 1, "forward", "running", "forward", ACTOR, (), "2026-11-21T03:00:00Z", SignOfLife(BOOT, 100.0, 60), True
)
SEEN = replace(observation("a", service()), boot=BOOT, uptime_s=104.0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (4.9, "4 s"),
        (119.0, "119 s"),
        (120.0, "2 min"),
        (7199.0, "119 min"),
        (12_000.0, "3 h 20 min"),
        (187_200.0, "2 d 4 h"),
    ],
)
def test_an_age_is_as_exact_as_somebody_who_waits_wants_it(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_the_age_is_by_uptime_of_the_same_boot() -> None:
    assert life_age_s(ENTRY, SEEN) == 4.0
    assert life_age_s(ENTRY, replace(SEEN, boot=BootIdentity(4, "2"))) is None
    assert life_age_s(replace(ENTRY, life=None), SEEN) is None
    assert life_age_s(ENTRY, replace(SEEN, uptime_s=99.0)) == 0.0


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        (ACTOR, "eva on ci-7 (pid 812, https://ci/job/9)"),
        (Actor("eva", "laptop", 1), "eva on laptop (pid 1)"),
        (Actor("eva", "", 0), "eva"),
        (Actor("", "laptop", 0), "somebody on laptop"),
        (Actor("", "", 0), "somebody who left no name"),
    ],
)
def test_who(actor: Actor, text: str) -> None:
    assert who(actor) == text


def test_the_owner_in_one_breath() -> None:
    assert owner_text(ENTRY, 4.0) == 'opened 2026-11-21T03:00:00Z, last sign of life 4 s ago, reason: "release"'
    assert "no sign of life since the host was restarted" in owner_text(ENTRY, None)
    assert "its conductor signed off" in owner_text(replace(ENTRY, life=None), None)
