"""Guards of a plan: who is refused, what is said, and what a person's permit changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.health import HealthSpec
from fleetdeploy.model.marks import HeldMark
from fleetdeploy.model.permits import Permits
from fleetdeploy.model.plan import HostAction, HostPlan, Plan
from fleetdeploy.model.strategy import StrategySettings
from fleetdeploy.model.verbs import Expected, HostState, ReleaseRecord
from fleetdeploy.plan import guards
from fleetdeploy.plan.build import PlanRequest, build_plan
from tests.plan.sights import ARTIFACT, SPEC, host, service, sight

MANIFEST = ARTIFACT.manifest.sha256
BAD = HeldMark(
    "v1.4.2", MANIFEST, "bad", by="eva@laptop", at="2026-11-21T03:04:05.678Z", why="rollout R7 was rolled back"
)
YES = Permits(retry_bad=True, allow_downgrade=True, reason="the database was full")


def release(mark: str, version: str = "v1.4.2", manifest: str = MANIFEST, **more: Any) -> ReleaseRecord:
    return ReleaseRecord(f"{version}-x", version, manifest, "", "", "", mark, None, **more)


def remembering(*releases: ReleaseRecord) -> HostState:
    return HostState(1, "", {f"{r.key}{i}": r for i, r in enumerate(releases)}, (), None)


def plan_of(*labels: str, version: str = "v1.4.2", marks: tuple[HeldMark, ...] = (), **more: Any) -> Plan:
    """A plan for hosts that run these versions (``absent``: no service there)."""
    hosts = tuple(host(f"web{i}") for i in range(len(labels)))
    sights = {}
    for one, label in zip(hosts, labels, strict=True):
        seen = sight(one.name, service(build=label), absent=label == "absent", state=more.get("state"))
        sights[one.name] = seen
    artifact = replace(ARTIFACT, version=version)
    request = PlanRequest(
        "lab",
        hosts,
        SPEC,
        artifact,
        StrategySettings(),
        HealthSpec(),
        marks=marks,
        permits=more.get("permits", Permits()),
        wanted=more.get("wanted", version),
        rollback_floor=more.get("floor", ""),
    )
    return build_plan(request, sights)


def reasons(plan: Plan) -> list[RefusalReason]:
    return [p.reason for p in plan.problems]


# -- bad versions ------------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_a_version_that_nobody_marked() -> None:
    assert reasons(plan_of("v1.4.0")) == []
    good = replace(BAD, mark="good")
    assert reasons(plan_of("v1.4.0", marks=(good,))) == []


def test_a_mark_in_the_store_refuses_and_says_who_when_and_why() -> None:
    plan = plan_of("v1.4.0", marks=(BAD,))
    (problem,) = plan.problems
    assert problem.reason is RefusalReason.BAD_VERSION
    assert problem.host == ""
    for words in (
        "v1.4.2 is marked bad in the store",
        "eva@laptop",
        "2026-11-21T03:04:05Z",
        "rollout R7 was rolled back",
    ):
        assert words in problem.what
    assert any("--retry-bad --reason" in step for step in problem.next_steps)
    assert any("artifact unmark v1.4.2" in step for step in problem.next_steps)


def test_a_mark_on_one_host_refuses_the_whole_rollout() -> None:
    state = remembering(release("bad", marked_by="joe@ci", marked_at="2026-11-20T01:00:00Z", marked_why="R6"))
    plan = plan_of("v1.4.0", "v1.4.0", state=state)
    (problem,) = plan.problems
    assert "marked bad on web0, web1, by joe@ci at 2026-11-20T01:00:00Z: R6" in problem.what


def test_store_and_hosts_are_named_together_and_the_last_word_is_told() -> None:
    older = replace(BAD, host="web1", by="joe@ci", at="2026-11-01T00:00:00Z", why="R1")
    found = guards.bad_version(ARTIFACT, (older, BAD), Permits())
    assert "in the store and on web1, by eva@laptop" in found.problems[0].what


def test_a_host_that_does_not_know_who_is_no_better_source() -> None:
    silent = HeldMark("v1.4.2", MANIFEST, "bad", host="web1")
    found = guards.bad_version(ARTIFACT, (silent, BAD), Permits())
    assert "eva@laptop" in found.problems[0].what
    assert guards.bad_version(ARTIFACT, (silent,), Permits()).problems[0].what == "v1.4.2 is marked bad on web1"


@pytest.mark.parametrize(
    ("mark", "refused"),
    [
        (HeldMark("v1.4.2", MANIFEST, "bad"), True),
        (HeldMark("v1.4.2", "", "bad"), True),  # the name was marked where its files were not
        (HeldMark("nightly", MANIFEST, "bad"), True),  # the same files by another name
        (HeldMark("v1.4.2", "cc" * 32, "bad"), False),  # other files of that name
        (HeldMark("v1.4.1", "", "bad"), False),
        (HeldMark("v1.4.2", MANIFEST, ""), False),
        (HeldMark("v1.4.2", MANIFEST, "adopted"), False),
    ],
)
def test_a_mark_belongs_to_files(mark: HeldMark, refused: bool) -> None:
    assert bool(guards.bad_version(ARTIFACT, (mark,), Permits()).problems) is refused


def test_latest_says_that_nothing_older_is_taken() -> None:
    (problem,) = plan_of("v1.4.0", marks=(BAD,), wanted="latest").problems
    assert "latest is v1.4.2, an older version is never taken instead" in problem.what


def test_retry_bad_goes_on_and_stays_visible() -> None:
    plan = plan_of("v1.4.0", marks=(BAD,), permits=YES)
    assert plan.problems == ()
    assert len(plan.overridden) == 1
    assert "--retry-bad" in plan.overridden[0]
    assert any(note.startswith("permitted: v1.4.2 is marked bad") for note in plan.notes)


def test_a_bad_version_is_refused_even_where_nothing_would_change() -> None:
    """Somebody marked what runs: the nightly job must not call that a success."""
    found = plan_of("v1.4.0", marks=(BAD,), version="v1.4.2", state=None)
    assert RefusalReason.BAD_VERSION in reasons(found)


def test_what_hosts_hold_is_read_with_its_reasons() -> None:
    state = remembering(release("bad", marked_by="a@b", marked_at="t", marked_why="w"), release("adopted"), release(""))
    (held,) = guards.held_by_hosts({"web1": sight("web1", state=state)})
    assert held == HeldMark("v1.4.2", MANIFEST, "bad", "a@b", "t", "w", "web1")


# -- downgrades --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "target", "refused"),
    [
        ("v1.4.2", "v1.4.1", True),
        ("v1.4.1", "v1.4.2", False),
        ("v1.4.2", "v1.4.2", False),
        ("v1.10.0", "v1.9.0", True),  # numbers, not text
        ("v1.4.2", "v1.4.2-rc.1", True),
        ("v1.4.2-rc.1", "v1.4.2", False),
        ("v1.4.2-rc.10", "v1.4.2-rc.9", True),
        ("v1.4.2-rc.1", "v1.4.2-beta.9", True),
        ("v2.0.0", "1.9.9", True),  # with or without the v
        ("adopted-12345678", "v0.0.1", False),
        ("unknown", "v0.0.1", False),
        ("absent", "v0.0.1", False),
        ("v1.4.2", "nightly-7", False),
        ("v1.4.2+build.2", "v1.4.2+build.1", False),  # build metadata has no rank
    ],
)
def test_downgrades(runs: str, target: str, refused: bool) -> None:
    found = guards.downgrade(target, (changing(runs),), Permits())
    assert bool(found.problems) is refused
    if refused:
        (problem,) = found.problems
        assert problem.reason is RefusalReason.DOWNGRADE
        assert f"{target} is older than what runs ({runs} on web1)" == problem.what
        assert f"fleetdeploy rollback --to {target}" in problem.next_steps[0]
        assert "--allow-downgrade" in problem.next_steps[1]


def changing(label: str, name: str = "web1", action: HostAction = HostAction.CHANGE, **more: Any) -> HostPlan:
    expected = Expected(label != "absent", "", "", "")
    return HostPlan(name, "", action, label, "v1.4.2", "r", expected, **more)


def test_only_hosts_that_change_count_as_downgraded() -> None:
    left = [changing("v9.0.0", "web2", action) for action in HostAction if action is not HostAction.CHANGE]
    assert guards.downgrade("v1.4.2", [changing("v1.4.0"), *left], Permits()) == guards.NOTHING


def test_a_permitted_downgrade_is_said() -> None:
    plan = plan_of("v1.5.0", "v1.4.0", permits=YES)
    assert plan.problems == ()
    assert plan.overridden == ("v1.4.2 is older than what runs (v1.5.0 on web0); --allow-downgrade",)


def test_a_plan_refuses_a_downgrade_once_for_all_hosts() -> None:
    plan = plan_of(*["v1.5.0"] * 7, "v2.0.0")
    (problem,) = plan.problems
    assert "v1.5.0 on web0, web1, web2, web3, web4 and 2 more, v2.0.0 on web7" in problem.what


def test_a_permit_does_not_change_what_the_plan_is_called() -> None:
    assert plan_of("v1.5.0", permits=YES).digest == plan_of("v1.5.0").digest


# -- the floor of a one-way migration ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("floor", "target", "runs", "passed"),
    [
        ("v1.4.0", "v1.4.2", "v1.3.9", True),
        ("v1.4.0", "v1.4.0", "v1.3.9", True),  # the migrating version itself
        ("v1.4.0", "v1.4.2", "v1.4.0", False),  # migrated before
        ("v1.4.0", "v1.3.9", "v1.3.8", False),  # not there yet
        ("v1.4.0", "v1.4.0-rc.1", "v1.3.9", False),
        ("v1.4.0-rc.1", "v1.4.0", "v1.4.0-beta.1", True),
        ("v1.4.0", "v1.4.2", "adopted-12345678", True),  # nobody knows: a person decides
        ("v1.4.0", "v1.4.2", "unknown", True),
        ("v1.4.0", "v1.4.2", "absent", False),
        ("v1.4.0", "nightly", "v1.3.0", True),
        ("nonsense", "v1.4.2", "v1.3.0", False),
    ],
)
def test_who_passes_the_floor(floor: str, target: str, runs: str, passed: bool) -> None:
    assert guards.crossed(floor, target, (runs,)) is passed
    assert guards.crossed(floor, target, ()) is False


def test_one_host_that_passes_is_enough() -> None:
    """The data is one, however many hosts share it."""
    plan = plan_of("v1.4.1", "v1.3.0", floor="v1.4.0")
    assert plan.rollback_floor == "v1.4.0"
    assert any("no automatic way back: v1.4.0 migrated" in note for note in plan.notes)


def test_no_floor_no_word() -> None:
    plan = plan_of("v1.4.1", floor="v1.4.0")
    assert plan.rollback_floor == ""
    assert not any("rollback_floor" in note for note in plan.notes)


def test_the_floor_is_part_of_what_was_decided() -> None:
    with_floor, without = plan_of("v1.3.0", floor="v1.4.0"), plan_of("v1.3.0")
    assert with_floor.digest != without.digest
    assert "rollback_floor" not in without.digest_input()


versions = st.builds(lambda a, b, c: f"v{a}.{b}.{c}", *[st.integers(0, 12)] * 3)


@given(versions, versions, versions)
def test_passing_a_floor_is_never_a_downgrade(floor: str, target: str, runs: str) -> None:
    if guards.crossed(floor, target, (runs,)):
        assert not guards.downgrade(target, (changing(runs),), Permits()).problems
        assert not guards.crossed(floor, runs, (target,)), "the other way it is not passed"


# -- what going back would mean ----------------------------------------------------------------------------------------


def test_a_first_install_says_what_its_way_back_is() -> None:
    plan = plan_of("absent", "v1.4.0")
    assert "first install on web0: the way back is to remove it" in plan.notes
    assert plan.problems == ()


def test_a_failing_previous_version_is_a_warning_and_no_refusal() -> None:
    sick = changing("v1.4.0", healthy=False)
    assert guards.way_back_notes([sick]) == ("not healthy now: web1: going back there means: as it was",)
    assert guards.way_back_notes([replace(sick, healthy=True), replace(sick, action=HostAction.SKIP)]) == ()


def test_a_plan_with_permits_can_be_read_again() -> None:
    """``resume`` reads it from the store: what was permitted and which floor is passed must survive that."""
    from fleetdeploy.model.codec import from_plain, to_plain

    plan = plan_of("v1.5.0", "v1.3.0", floor="v1.4.0", permits=YES)
    again = from_plain(Plan, to_plain(plan))
    assert (again.permits, again.overridden, again.rollback_floor) == (YES, plan.overridden, "v1.4.0")
    older = {k: v for k, v in to_plain(plan).items() if k not in ("overridden", "rollback_floor")}
    assert from_plain(Plan, older).rollback_floor == "", "plans of an older fleetdeploy have none"
