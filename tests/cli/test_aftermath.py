"""The 3 a.m. summary: counts by what is true, each host that needs a person, the mark, what to type. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.cli.output.aftermath import aftermath_lines
from fleetdeploy.errors import ExitCode
from fleetdeploy.model.aftermath import Aftermath, HostNow, Now
from fleetdeploy.model.run import Hold, Outcome, Phase
from fleetdeploy.rollout.result import RolloutResult

WELL = tuple(HostNow(f"web{i:02}", Now.RESTORED if i < 12 else Now.UNTOUCHED, "v1.4.2") for i in range(1, 119))
AFTER = Aftermath("v1.4.3", "R142", "v1.4.2", "2026-11-21T03:06:50Z", 38.0, True, WELL)
RESULT = RolloutResult(
    rollout="R143",
    kind="back",
    fleet="prod",
    app="payment",
    version="v1.4.2",
    outcome=Outcome.SUCCEEDED,
    phase=Phase.DONE,
    hold=Hold.NONE,
    exit_code=ExitCode.OK,
    actor="eva",
    undoes="R142",
    aftermath=AFTER,
)


def lines(*more: HostNow, outcome: Outcome = Outcome.SUCCEEDED, code: ExitCode = ExitCode.OK) -> list[str]:
    after = replace(AFTER, hosts=(*WELL, *more))
    return aftermath_lines(replace(RESULT, aftermath=after, outcome=outcome, exit_code=code))


def test_all_well() -> None:
    assert lines() == [
        "ROLLED BACK   prod / payment / v1.4.3 -> v1.4.2 / R143 undoes R142 / by eva",
        "  118  v1.4.2, healthy (11 restored in 38 s, 107 never touched), asked live at 2026-11-21T03:06:50Z",
        "  v1.4.3 is marked bad: the next scheduled job will refuse it.",
        "  next    fleetdeploy show R143   (exit 0)",
    ]


def test_each_host_that_needs_a_person_is_named() -> None:
    told = lines(
        HostNow("web09", Now.STILL_NEW, "v1.4.3", True, "did not stop in 60 s, killing PID 4312 was refused (5)."),
        HostNow("web31", Now.UNKNOWN, "", False, "no answer; not part of it; last seen with v1.4.2"),
        outcome=Outcome.ROLLBACK_INCOMPLETE,
        code=ExitCode.MIXED,
    )
    assert told[0].startswith("ROLLBACK INCOMPLETE: 2 of 120 hosts need you   prod / payment /")
    assert told[2] == (
        "    1  v1.4.3 STILL RUNNING  web09: did not stop in 60 s, killing PID 4312 was refused (5)."
        " Take it out of the load balancer."
    )
    assert told[3] == "    1  UNKNOWN  web31: no answer; not part of it; last seen with v1.4.2."
    text = "\n".join(told[5:])
    assert "next    fleetdeploy logs web09" in text
    assert "fleetdeploy doctor --limit web31" in text
    assert "fleetdeploy rollback R142" in text
    assert told[-1].endswith("(exit 4)")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (HostNow("a", Now.DOWN, "", True, "the service is Stopped"), "NOT RUNNING  a: the service is Stopped. Take it"),
        (HostNow("a", Now.UNHEALTHY, "v1.4.2", True, "healthz: 503"), "v1.4.2 NOT HEALTHY  a: healthz: 503. Take it"),
        (HostNow("a", Now.OTHER, "v9", True, "left alone"), "v9 LEFT ALONE  a: left alone."),
        (HostNow("a", Now.UNHEALTHY, "v1.4.2", False, "x"), "NOT HEALTHY  a: x; not part of R142. Take it"),
    ],
)
def test_what_is_said_of_a_host(host: HostNow, words: str) -> None:
    assert any(words in line for line in lines(host)), lines(host)
    assert "1 of 119 hosts needs you" in lines(host)[0]


def test_hosts_that_are_as_before_need_nobody() -> None:
    told = lines(HostNow("new1", Now.ABSENT), HostNow("off1", Now.IDLE, detail="stopped"))
    assert "need" not in told[0]
    assert "    1  no service, as before (new1)" in told
    assert "    1  not running, as before (off1)" in told


def test_a_release_that_is_not_marked_is_said() -> None:
    result = replace(RESULT, aftermath=replace(AFTER, marked_bad=False))
    assert "  v1.4.3 is not marked bad." in aftermath_lines(result)


def test_why_a_release_is_not_marked_is_said() -> None:
    result = replace(RESULT, aftermath=replace(AFTER, marked_bad=False, spared="the disk is full (112)"))
    (told,) = [line for line in aftermath_lines(result) if "not marked bad" in line]
    assert told.startswith("  v1.4.3 is not marked bad: the disk is full (112). If it is to blame: fleetdeploy")
