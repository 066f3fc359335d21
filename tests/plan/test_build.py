"""What a plan says of hosts as they were seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleetdeploy.errors import RefusalReason
from fleetdeploy.model.codec import from_plain, to_plain
from fleetdeploy.model.health import HealthSpec, HttpCheck, TcpCheck
from fleetdeploy.model.plan import HostAction, Plan, moved
from fleetdeploy.model.service import Recovery
from fleetdeploy.model.sight import Lost, Sight
from fleetdeploy.model.strategy import Amount, StrategySettings
from fleetdeploy.model.verbs import ServiceKind
from fleetdeploy.plan.build import PlanRequest, build_plan
from tests.plan.sights import ARTIFACT, SPEC, TARGET, host, lost, service, sight

ROLLING = StrategySettings(kind="rolling", batch=Amount(2))


def plan(*sights: Sight, strategy: StrategySettings = ROLLING, **more: object) -> Plan:
    hosts = tuple(host(s.host) for s in sights)
    request = PlanRequest("prod", hosts, SPEC, ARTIFACT, strategy, HealthSpec(checks=(TcpCheck("t", 80),)))
    return build_plan(replace(request, **more), {s.host: s for s in sights})  # type: ignore[arg-type]


def at_target(name: str) -> Sight:
    return sight(name, service(image=TARGET, sha="bb" * 32))


def reasons(made: Plan) -> set[RefusalReason]:
    return {p.reason for p in made.problems}


def test_unchanged_needs_image_hash_configuration_and_health() -> None:
    made = plan(at_target("a"))
    assert made.host("a").action is HostAction.UNCHANGED
    assert made.is_empty
    assert plan(sight("a", service(image=TARGET))).host("a").action is HostAction.CHANGE
    assert plan(sight("a", service(image=TARGET, sha="bb" * 32), failing="t")).host("a").action is HostAction.CHANGE
    named = replace(SPEC, start_type="demand")
    made = plan(at_target("a"), app=named)
    assert [c.key for c in made.host("a").changes] == ["start_type"]


def test_what_a_host_already_has_is_not_sent() -> None:
    made = plan(sight("a"), sight("b", staged=(ARTIFACT.release_name,)))
    assert (made.host("a").bytes_to_send, made.host("b").bytes_to_send) == (1000, 0)
    # It is no part of the plan's name: an hour later the bytes may be there.
    assert plan(sight("a")).digest == plan(sight("a", staged=(ARTIFACT.release_name,))).digest


def test_the_digest_names_what_was_decided() -> None:
    one = plan(sight("a"), sight("b"))
    assert one.digest == plan(sight("a"), sight("b")).digest
    other = plan(sight("a"), sight("b", service(image=r"D:\else\shop.exe")))
    assert one.digest != other.digest
    assert any("hosts.b.from.image_path" in line for line in moved(one.digest_input(), other.digest_input()))
    assert one.digest != plan(sight("a"), sight("b"), strategy=replace(ROLLING, batch=Amount(1))).digest
    assert one.digest != plan(sight("a"), sight("b"), app=replace(SPEC, description="x")).digest
    assert one.digest != plan(sight("a"), lost("b")).digest


def test_a_plan_survives_the_journal() -> None:
    check = HttpCheck("h", 80, equals="{version}", json_path="v")
    spec = replace(SPEC, recovery=Recovery(60, (("restart", 100),)), environment=(("A", "b"),))
    made = plan(sight("a"), lost("b"), app=spec, health=HealthSpec(checks=(check, TcpCheck("t", 80))))
    assert from_plain(Plan, to_plain(made)) == made


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (sight("a", service(kind=ServiceKind("nssm"))), RefusalReason.UNSUPPORTED_SERVICE),
        (sight("a", is_admin=False), RefusalReason.PREFLIGHT),
        (sight("a", language_mode="ConstrainedLanguage"), RefusalReason.PREFLIGHT),
        (sight("a", free_bytes=2**20), RefusalReason.PREFLIGHT),
        (lost("a"), RefusalReason.PREFLIGHT),
        (lost("a", Lost.LOGIN), RefusalReason.LOGIN),
    ],
)
def test_why_not(seen: Sight, reason: RefusalReason) -> None:
    assert reasons(plan(seen, sight("b"))) == {reason}


@pytest.mark.parametrize(
    ("current", "wanted", "refused"),
    [
        (r"CORP\old", r"CORP\new", True),
        (r"CORP\old", r"corp\OLD", False),
        ("LocalSystem", r"CORP\new", False),
        (r"CORP\managed$", r"CORP\new", False),
        (r"NT SERVICE\Shop", r"CORP\new", False),
        (r"CORP\old", "LocalSystem", True),
        (r"CORP\old", None, False),
    ],
)
def test_an_account_that_could_not_be_put_back_is_not_replaced(current: str, wanted: str | None, refused: bool) -> None:
    made = plan(sight("a", service(snapshot={"account": current})), app=replace(SPEC, account=wanted))
    assert bool(made.problems) is refused


def test_the_same_machine_twice_is_refused() -> None:
    assert reasons(plan(sight("a", machine_id="m"), sight("b", machine_id="m"))) == {RefusalReason.PREFLIGHT}


def test_set_aside_hosts_leave_the_count() -> None:
    made = plan(sight("a"), sight("b"), lost("c"), strategy=replace(ROLLING, unreachable="skip"))
    assert made.problems == ()
    assert made.host("c").action is HostAction.SKIP
    assert made.down_at_start == ()
    assert made.changing == ("a", "b")


def test_stopped_by_a_person_is_skipped_and_counts_as_down() -> None:
    made = plan(sight("a", service("Stopped")), sight("b"), sight("c"), sight("d"))
    assert made.host("a").action is HostAction.SKIP
    assert made.down_at_start == ("a",)
    assert made.problems == ()
    assert [b.hosts for b in made.batches] == [("b",), ("c",), ("d",)], "one is down, so one at a time"


def test_more_down_than_the_floor_is_refused_but_for_repair() -> None:
    sights = (sight("a", failing="t"), sight("b", failing="t"), sight("c", failing="t"), sight("d"))
    assert reasons(plan(*sights)) == {RefusalReason.FLOOR}
    made = plan(*sights, strategy=replace(ROLLING, repair=True))
    assert made.problems == ()
    assert set(made.changing) == {"a", "b", "c"}


def test_a_first_install_is_nothing_that_is_down() -> None:
    made = plan(*(sight(n, absent=True) for n in "abcd"))
    assert (made.down_at_start, made.problems) == ((), ())
    assert made.host("a").from_label == "absent"
    assert made.host("a").first_install


def test_a_canary_nobody_is_and_a_canary_that_is_all() -> None:
    chosen = StrategySettings(kind="canary", canary=(Amount(100, percent=True),), batch=Amount(100, percent=True))
    assert any("every host" in note for note in plan(sight("a"), sight("b"), strategy=chosen).notes)


def test_all_at_once_gives_up_the_floor_and_says_so() -> None:
    made = plan(*(sight(n) for n in "abc"), strategy=StrategySettings(kind="all-at-once"))
    assert [b.hosts for b in made.batches] == [("a", "b", "c")]
    assert any("floor" in note for note in made.notes)


def test_a_pause_after_a_batch_that_there_is_not_is_a_problem() -> None:
    three = plan(*(sight(n) for n in "abc"), strategy=replace(ROLLING, batch=Amount(1), pause_after_batch=(2, 5)))
    assert [b.promotion for b in three.batches] == [False, True, False]
    (problem,) = three.problems
    assert "no batch 5" in problem.what
    assert "has 3" in problem.what
    assert problem.next_steps == ("--pause-after batch:3",)
    assert not plan(sight("a"), strategy=replace(ROLLING, pause_after_batch=(1,))).problems
    assert not plan(at_target("a"), strategy=replace(ROLLING, pause_after_batch=(1,))).problems, "nothing to do"
