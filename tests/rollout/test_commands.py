"""Words from another terminal while the conductor lives: answered at once, obeyed at the next safe point."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fleetdeploy.engine.store.rows import Answer
from fleetdeploy.errors import ExitCode
from fleetdeploy.model import events as ev
from fleetdeploy.model.plan import Batch
from fleetdeploy.model.run import Hold, HostState, Outcome, PauseReason
from fleetdeploy.model.strategy import Amount
from fleetdeploy.policy.gate import Reason
from fleetdeploy.rollout import crew
from fleetdeploy.rollout.forward import Forward
from fleetdeploy.rollout.result import RolloutResult
from fleetdeploy.rollout.resume import stored_plan
from tests.rollout.conftest import Scene
from tests.rollout.fake_fleet import FakeHost

pytestmark = pytest.mark.timeout(120)  # a word that nobody types would be waited for all night

Condition = Callable[[ev.Event], bool]


class Died(BaseException):
    """The conductor's process is gone, between two of its lines."""


@dataclass
class Person:
    """Somebody who sees what is reported and types, each thing once."""

    scene: Scene
    plans: list[tuple[Condition, Callable[[], object]]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        real = self.scene.report

        def report(event: ev.Event) -> None:
            real(event)
            for one in [p for p in self.plans if p[0](event)]:
                self.plans.remove(one)
                one[1]()

        self.scene.report = report  # type: ignore[method-assign]

    def when(self, condition: Condition, act: Callable[[], object]) -> None:
        self.plans.append((condition, act))

    def types(self, condition: Condition, *words: str, reason: str = "") -> None:
        """``kind`` and its argument, when the event is seen."""

        def ask() -> None:
            assert self.scene.journal is not None
            kind, argument = words[0], "".join(words[1:])
            name = " ".join(words)
            self.asked[name] = self.scene.journal.request("R1", kind, "eva@laptop", argument=argument, reason=reason)

        self.when(condition, ask)

    def answer(self, *words: str) -> Answer:
        assert self.scene.journal is not None
        answer = self.scene.journal.answer_of(self.asked[" ".join(words)])
        assert answer is not None, f"{words} was not answered"
        return answer

    def goes(self, version: str = "v1.4.2", **strategy: object) -> RolloutResult:
        return self.scene.go(self.scene.plan(version, **strategy), rollout="R1")

    def resumes(self, **more: object) -> RolloutResult:
        assert self.scene.journal is not None
        plan = stored_plan(self.scene.journal, "R1")
        assert plan is not None
        for host in self.scene.hosts.values():
            host.beaten_at = -1e9
        return self.scene.go(plan, rollout="R1", resume=True, **more)

    def holds(self) -> list[tuple[Hold, PauseReason | None]]:
        return [(e.hold, e.reason) for e in self.scene.events if isinstance(e, ev.HoldChanged)]


@pytest.fixture
def person(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.setattr(crew, "_REQUESTS_EVERY_S", 0.0)
    scene.with_hosts(5)
    return Person(scene)


def is_now(host: str, state: HostState) -> Condition:
    return lambda e: isinstance(e, ev.HostChanged) and e.host == host and e.state is state


def held(hold: Hold, reason: PauseReason | None = None) -> Condition:
    return lambda e: isinstance(e, ev.HoldChanged) and e.hold is hold and reason in (None, e.reason)


def said(kind: str, argument: str = "") -> Condition:
    return lambda e: isinstance(e, ev.Asked) and e.kind == kind and argument in ("", e.argument)


def baking(e: ev.Event) -> bool:
    return isinstance(e, ev.BakeProgress)


def canary(person: Person, **strategy: object) -> str:
    return person.scene.plan("v1.4.2", **strategy).batches[0].hosts[0]


AWAITING = held(Hold.AWAITING_PROMOTION)
PAUSED = held(Hold.PAUSED, PauseReason.ASKED)


def sicken(scene: Scene, version: str = "v1.4.2") -> None:
    for host in scene.hosts.values():
        host.sick = lambda h: h.version == version


def test_a_pause_waits_for_a_person_and_has_no_time_out(person: Person) -> None:
    first = canary(person)
    person.types(is_now(first, HostState.HEALTHY), "pause", reason="lunch")
    seen: list[int] = []
    person.when(PAUSED, lambda: seen.append(sum(h.stops for h in person.scene.hosts.values())))
    beats = iter(range(1000))
    # Looked at while it is paused, and longer than pause_timeout.
    person.types(lambda e: bool(seen) and isinstance(e, ev.ProbeSeen) and next(beats) >= 8, "resume")
    result = person.goes(pause_timeout_s=0.05)
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert seen == [1], "only the canary was changed when it held"
    hold = next(e for e in person.scene.events if isinstance(e, ev.HoldChanged))
    assert (hold.detail, hold.ends_in_s) == ("eva@laptop: lunch", None)
    assert person.answer("pause").accepted
    assert "goes on now" in person.answer("resume").text
    kept = [row.event for row in person.scene.journal.events("R1")]  # type: ignore[union-attr]
    asked = [(e.kind, e.actor, e.reason, e.accepted) for e in kept if isinstance(e, ev.Asked)]
    assert asked == [("pause", "eva@laptop", "lunch", True), ("resume", "eva@laptop", "", True)]


def test_hosts_at_work_finish_before_a_pause(person: Person) -> None:
    rest = person.scene.plan("v1.4.2").batches[1].hosts
    assert len(rest) == 2
    for name in rest:
        # Asked while both are at work.
        person.types(is_now(name, HostState.ACTIVATING), "pause")
    person.types(PAUSED, "resume")
    states: list[set[str]] = []

    def look() -> None:
        labels = {e.host: e.state for e in person.scene.events if isinstance(e, ev.HostChanged)}
        states.append({labels[name].value for name in rest})

    person.when(PAUSED, look)
    assert person.goes().outcome is Outcome.SUCCEEDED
    assert states == [{"healthy"}]


def test_a_pause_in_front_of_a_promotion(person: Person) -> None:
    person.types(AWAITING, "pause")
    person.types(PAUSED, "promote")
    person.types(said("promote"), "resume")
    person.when(held(Hold.NONE), lambda: person.types(AWAITING, "promote", "1"))
    result = person.goes(pause_after_canary=True, pause_timeout_s=30.0)
    assert result.outcome is Outcome.SUCCEEDED
    assert not person.answer("promote").accepted
    assert "resume R1 first" in person.answer("promote").text
    assert person.answer("promote", "1").accepted
    waits = [hold for hold, _ in person.holds()]
    assert waits == [
        Hold.AWAITING_PROMOTION,
        Hold.NONE,
        Hold.PAUSED,
        Hold.NONE,
        Hold.AWAITING_PROMOTION,
        Hold.NONE,
    ]


def test_an_updated_host_that_falls_ill_while_a_promotion_is_awaited_goes_back(person: Person) -> None:
    person.when(AWAITING, lambda: sicken(person.scene))
    result = person.goes(pause_after_canary=True, pause_timeout_s=30.0)
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)
    assert sum(1 for h in person.scene.hosts.values() if h.stops) == 1


def test_an_updated_host_that_falls_ill_in_a_pause_goes_back(person: Person) -> None:
    first = canary(person)
    person.types(is_now(first, HostState.HEALTHY), "pause")
    person.when(PAUSED, lambda: sicken(person.scene))
    result = person.goes()
    assert (result.outcome, result.exit_code) == (Outcome.ROLLED_BACK, ExitCode.UNDONE)


def test_within_the_budget_the_sick_one_goes_back_and_the_wait_goes_on(person: Person) -> None:
    first = canary(person, canary=(Amount(2),), max_unavailable=Amount(2))
    person.when(AWAITING, lambda: setattr(person.scene.hosts[first], "sick", lambda h: h.version == "v1.4.2"))
    person.when(is_now(first, HostState.ROLLED_BACK), lambda: person.types(AWAITING, "promote"))
    result = person.goes(
        pause_after_canary=True, pause_timeout_s=30.0, budget=1, canary=(Amount(2),), max_unavailable=Amount(2)
    )
    assert result.exit_code is ExitCode.PARTIAL
    assert person.scene.states(result)[first] == "rolled_back"
    assert person.scene.versions() == {"v1.4.0", "v1.4.2"}


def test_promoted_while_a_sick_canary_goes_back_it_waits_no_more(person: Person) -> None:
    """The wait is over then; later words are judged by what is, not by a hold that nobody took away."""
    more = {
        "canary": (Amount(2),),
        "budget": 1,
        "pause_after_canary": True,
        "bake_canary_s": 0.0,
        "pause_timeout_s": 60,
    }
    plan = person.scene.plan("v1.4.2", **more, max_unavailable=Amount(2))
    name = plan.batches[0].hosts[0]
    person.when(AWAITING, lambda: setattr(person.scene.hosts[name], "sick", lambda h: h.version == "v1.4.2"))
    person.types(is_now(name, HostState.UNHEALTHY), "promote")
    result = person.scene.go(plan, rollout="R1")
    assert person.answer("promote").accepted
    assert result.outcome is Outcome.SUCCEEDED_IN_PART
    assert person.holds() == [(Hold.AWAITING_PROMOTION, None), (Hold.NONE, None)]


def test_promote_full_ends_bakes_and_promotions_but_not_the_gates(person: Person) -> None:
    person.types(baking, "promote")
    person.types(said("promote"), "promote", "full")
    result = person.goes(bake_canary_s=500.0, bake_batch_s=500.0, pause_after_canary=True, pause_after_batch=(2, 3))
    assert result.outcome is Outcome.SUCCEEDED
    assert "it will after batch 1" in person.answer("promote").text
    assert person.answer("promote", "full").accepted
    assert person.holds() == []


def test_after_promote_full_a_sick_host_still_goes_back(person: Person) -> None:
    person.types(baking, "promote", "full")
    person.when(said("promote"), lambda: sicken(person.scene))
    result = person.goes(bake_canary_s=500.0)
    assert result.outcome is Outcome.ROLLED_BACK


def test_pauses_after_batches_one_word_for_each(person: Person) -> None:
    person.types(AWAITING, "promote")
    person.types(said("promote", "1"), "pause")
    person.types(PAUSED, "resume")
    person.when(said("resume"), lambda: person.types(AWAITING, "promote", "2"))
    result = person.goes(pause_after_batch=(1, 2), pause_timeout_s=30.0)
    assert result.outcome is Outcome.SUCCEEDED
    assert [h for h, _ in person.holds()].count(Hold.AWAITING_PROMOTION) == 2


@pytest.mark.parametrize(
    ("on_expiry", "outcome", "code"),
    [("rollback", Outcome.ROLLED_BACK, ExitCode.UNDONE), ("leave", None, ExitCode.PAUSED)],
)
def test_what_ends_a_wait_for_promotion(
    person: Person, on_expiry: str, outcome: Outcome | None, code: ExitCode
) -> None:
    result = person.goes(pause_after_canary=True, promote_within_s=0.3, on_expiry=on_expiry, pause_timeout_s=900.0)
    assert (result.outcome, result.exit_code) == (outcome, code)
    (hold, *_) = [e for e in person.scene.events if isinstance(e, ev.HoldChanged)]
    assert hold.ends_in_s == 0.3
    if outcome is not None:
        (turned,) = [e for e in person.scene.events if isinstance(e, ev.Turned)]
        assert turned.reason == "expired"
    else:
        done = person.resumes(decision="promote")
        assert done.outcome is Outcome.SUCCEEDED
        assert all(h.stops == 1 for h in person.scene.hosts.values())


def test_a_host_that_is_left_out_is_listed_with_what_finishes_it(person: Person) -> None:
    first = canary(person)
    last = person.scene.plan("v1.4.2").batches[-1].hosts[-1]
    person.types(is_now(first, HostState.ACTIVATING), "exclude", last, reason="its disk is being replaced")
    person.types(is_now(first, HostState.ACTIVATING), "exclude", first)
    result = person.goes()
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED_IN_PART, ExitCode.PARTIAL)
    assert person.scene.states(result)[last] == "excluded"
    assert person.scene.hosts[last].stops == 0
    assert any(f"fleetdeploy rollout v1.4.2 --limit {last}" in step for step in result.next_steps)
    assert "is at work" in person.answer("exclude", first).text
    (change,) = [e for e in person.scene.events if isinstance(e, ev.HostChanged) and e.state is HostState.EXCLUDED]
    assert change.detail == "left out by eva@laptop: its disk is being replaced"


def test_what_was_left_out_is_left_out_after_a_crash_too(person: Person) -> None:
    first = canary(person)
    last = person.scene.plan("v1.4.2").batches[-1].hosts[-1]
    person.types(is_now(first, HostState.ACTIVATING), "exclude", last)

    def die() -> None:
        raise Died

    person.when(is_now(first, HostState.HEALTHY), die)
    with pytest.raises(Died):
        person.goes()
    result = person.resumes()
    assert result.exit_code is ExitCode.PARTIAL
    assert person.scene.states(result)[last] == "excluded"
    assert all(h.stops == (0 if n == last else 1) for n, h in person.scene.hosts.items())


def test_one_that_was_left_out_may_come_back_in(person: Person) -> None:
    first = canary(person)
    last = person.scene.plan("v1.4.2").batches[-1].hosts[-1]
    person.types(is_now(first, HostState.ACTIVATING), "exclude", last)
    person.types(said("exclude"), "retry", last)
    assert person.goes().outcome is Outcome.SUCCEEDED
    assert "with its batch (3 of 3)" in person.answer("retry", last).text


def test_a_down_host_that_is_left_out_keeps_its_weight_in_the_floor(person: Person) -> None:
    person.scene.hosts["web5"].sick = lambda h: h.version == "v1.4.0"
    plan = person.scene.plan("v1.4.2", kind="rolling", batch=Amount(1), max_unavailable=Amount(2))
    assert plan.down_at_start == ("web5",)
    first, *rest = (name for name in plan.changing if name != "web5")
    groups = ((first,), tuple(rest), ("web5",))
    plan = replace(plan, batches=tuple(Batch(i, names) for i, names in enumerate(groups)))
    person.types(lambda e: isinstance(e, ev.BatchStarted), "exclude", "web5")
    at_work = {HostState.ACTIVATING, HostState.VERIFYING}
    states: dict[str, HostState] = {}
    most: list[int] = []

    def count(e: ev.Event) -> bool:
        if isinstance(e, ev.HostChanged):
            states[e.host] = e.state
            most.append(sum(state in at_work for state in states.values()))
        return False

    person.when(count, lambda: None)
    result = person.scene.go(plan, rollout="R1")
    assert person.answer("exclude", "web5").accepted
    assert person.scene.states(result)["web5"] == "excluded"
    assert max(most) == 1, "two may be down, and one is"


def test_a_host_that_put_itself_back_gets_another_turn(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    host = person.scene.hosts[name]
    host.never_starts = True
    person.when(is_now(name, HostState.ROLLED_BACK), lambda: setattr(host, "never_starts", False))
    person.types(is_now(name, HostState.ROLLED_BACK), "retry", name)
    result = person.scene.go(plan, rollout="R1")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert host.version == "v1.4.2"
    assert "turn" not in host.log
    decided = [e for e in person.scene.events if isinstance(e, ev.GateDecided)]
    assert decided[-1].failures == 0, "what it did before no longer counts"


def test_a_host_that_was_put_back_is_turned_forward_again(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    host = person.scene.hosts[name]
    host.sick = lambda h: h.version == "v1.4.2"
    person.when(is_now(name, HostState.ROLLED_BACK), lambda: setattr(host, "sick", lambda h: False))
    person.types(is_now(name, HostState.ROLLED_BACK), "retry", name)
    result = person.scene.go(plan, rollout="R1")
    assert (result.outcome, result.exit_code) == (Outcome.SUCCEEDED, ExitCode.OK)
    assert [line for line in host.log if line.startswith("turn")] == ["turn", "turn forward"]
    assert host.stops == 3, "there, back and there again"
    assert host.rollouts["R1"].outcome == "succeeded"


def test_one_that_fails_again_counts_again(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name, other = plan.batches[1].hosts
    person.scene.hosts[name].never_starts = True
    person.types(is_now(name, HostState.ROLLED_BACK), "retry", name)
    person.when(said("retry"), lambda: setattr(person.scene.hosts[plan.batches[2].hosts[0]], "never_starts", True))
    result = person.scene.go(plan, rollout="R1")
    assert result.outcome is Outcome.ROLLED_BACK
    assert person.scene.versions() == {"v1.4.0"}
    del other


def test_retry_in_a_bake_and_the_bake_begins_anew(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", canary=(Amount(2),), max_unavailable=Amount(2), budget=1, bake_canary_s=0.4)
    name, other = plan.batches[0].hosts
    host = person.scene.hosts[name]
    host.never_starts = True
    person.when(baking, lambda: setattr(host, "never_starts", False))
    person.types(baking, "retry", name)
    result = person.scene.go(plan, rollout="R1")
    assert result.exit_code is ExitCode.OK
    assert "as soon as the floor has room" in person.answer("retry", name).text
    del other


def test_a_pause_keeps_a_retry_for_later(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    host = person.scene.hosts[name]
    host.never_starts = True
    person.types(is_now(name, HostState.ROLLED_BACK), "pause")
    person.when(PAUSED, lambda: setattr(host, "never_starts", False))
    person.types(PAUSED, "retry", name)
    person.types(said("retry"), "resume")
    result = person.scene.go(plan, rollout="R1")
    assert "once it is resumed" in person.answer("retry", name).text
    assert result.exit_code is ExitCode.OK


@pytest.mark.parametrize("kind", ["abort-rollback", "abort-leave"])
def test_abort_in_a_bake(person: Person, kind: str) -> None:
    person.types(baking, kind, reason="wrong version")
    person.types(said(kind), "promote", "full")
    result = person.goes(bake_canary_s=500.0)
    assert result.outcome is Outcome.ABORTED
    back = kind == "abort-rollback"
    assert result.exit_code is (ExitCode.UNDONE if back else ExitCode.PARTIAL)
    assert person.scene.versions() == ({"v1.4.0"} if back else {"v1.4.0", "v1.4.2"})
    if "promote full" in person.asked:
        assert not person.answer("promote", "full").accepted


def test_an_abort_cuts_uploads(person: Person) -> None:
    first = canary(person)
    person.types(lambda e: isinstance(e, ev.StageProgress) and e.host == first, "abort-leave")
    result = person.goes()
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.UNDONE)
    assert all(h.stops == 0 and h.open is None for h in person.scene.hosts.values())


def test_nothing_is_taken_while_hosts_go_back(person: Person) -> None:
    sicken(person.scene)
    person.types(lambda e: isinstance(e, ev.Turned), "pause")
    person.types(lambda e: isinstance(e, ev.Turned), "abort-leave")
    assert person.goes().outcome is Outcome.ROLLED_BACK
    for kind in ("pause", "abort-leave"):
        assert not person.answer(kind).accepted
        assert "being put back" in person.answer(kind).text


def test_what_was_asked_before_this_conductor_is_not_obeyed(person: Person) -> None:
    journal = person.scene.journal
    assert journal is not None
    number = journal.request("R1", "abort-rollback", "eva@laptop")
    assert person.goes().outcome is Outcome.SUCCEEDED
    answer = journal.answer_of(number)
    assert answer is not None
    assert not answer.accepted
    assert "before the conductor that runs now" in answer.text


def test_a_request_that_was_withdrawn_is_not_obeyed(person: Person) -> None:
    journal = person.scene.journal
    assert journal is not None
    taken: list[bool] = []

    def ask() -> None:
        taken.append(journal.withdraw(journal.request("R1", "abort-rollback", "eva@laptop")))

    person.when(baking, ask)
    assert person.goes().outcome is Outcome.SUCCEEDED
    assert taken == [True]


def _dies_after(person: Person, kind: str) -> None:
    def die() -> None:
        raise Died

    person.when(said(kind), die)


def test_an_abort_that_was_accepted_is_carried_out_after_a_crash(person: Person) -> None:
    person.types(baking, "abort-rollback")
    _dies_after(person, "abort-rollback")
    with pytest.raises(Died):
        person.goes(bake_canary_s=500.0)
    result = person.resumes()
    assert (result.outcome, result.exit_code) == (Outcome.ABORTED, ExitCode.UNDONE)
    assert person.scene.versions() == {"v1.4.0"}


def test_a_promotion_that_was_accepted_holds_after_a_crash(person: Person) -> None:
    person.types(AWAITING, "promote")
    _dies_after(person, "promote")
    with pytest.raises(Died):
        person.goes(pause_after_canary=True, pause_timeout_s=30.0)
    result = person.resumes()
    assert result.outcome is Outcome.SUCCEEDED
    assert person.holds() == [], "it does not ask again"


def test_a_try_that_was_promised_is_made_after_a_crash(person: Person) -> None:
    plan = person.scene.plan("v1.4.2", budget=1)
    name = plan.batches[1].hosts[0]
    host = person.scene.hosts[name]
    host.sick = lambda h: h.version == "v1.4.2"
    person.types(is_now(name, HostState.ROLLED_BACK), "retry", name)
    _dies_after(person, "retry")
    with pytest.raises(Died):
        person.scene.go(plan, rollout="R1")
    host.sick = lambda h: False
    result = person.resumes()
    assert result.exit_code is ExitCode.OK, person.scene.states(result)
    assert "turn forward" in host.log


def test_a_pause_is_over_when_somebody_resumes(person: Person) -> None:
    first = canary(person)
    person.types(is_now(first, HostState.HEALTHY), "pause")

    def die() -> None:
        raise Died

    person.when(PAUSED, die)
    with pytest.raises(Died):
        person.goes()
    assert person.resumes().outcome is Outcome.SUCCEEDED


def test_promote_full_by_another_conductor(person: Person) -> None:
    assert person.goes(pause_after_batch=(1, 2)).exit_code is ExitCode.PAUSED
    result = person.resumes(decision="promote-full")
    assert result.outcome is Outcome.SUCCEEDED
    assert person.holds() == []
    kept = [row.event for row in person.scene.journal.events("R1")]  # type: ignore[union-attr]
    assert any(isinstance(e, ev.Asked) and e.argument == "full" for e in kept)


def test_promote_by_another_conductor_looks_first(person: Person) -> None:
    assert person.goes(pause_after_canary=True).exit_code is ExitCode.PAUSED
    sicken(person.scene)
    result = person.resumes(decision="promote")
    assert result.outcome is Outcome.ROLLED_BACK
    assert sum(1 for h in person.scene.hosts.values() if h.stops) == 1


def test_promotion_after_a_failure_within_the_budget_by_another_conductor(person: Person) -> None:
    more: dict[str, Any] = {
        "canary": (Amount(2),),
        "max_unavailable": Amount(2),
        "budget": 1,
        "pause_after_canary": True,
    }
    first = canary(person, **more)
    person.scene.hosts[first].never_starts = True
    assert person.goes(**more).exit_code is ExitCode.PAUSED
    result = person.resumes(decision="promote")
    assert result.exit_code is ExitCode.PARTIAL, "it does not wait again"
    assert person.scene.states(result)[first] == "rolled_back"


def test_the_reason_of_the_gate_for_a_pause_that_was_asked_for() -> None:
    assert Reason.ASKED.value == PauseReason.ASKED.value


def test_while_it_waits_it_says_how_long_yet(person: Person) -> None:
    real = person.scene.ports
    person.scene.ports = lambda: replace(real(), heartbeat_s=0.05)  # type: ignore[method-assign]
    waits: list[str] = []

    def collect(e: ev.Event) -> bool:
        if isinstance(e, ev.Heartbeat) and e.text.startswith(("awaiting", "paused")):
            waits.append(e.text)
        return False

    person.when(collect, lambda: None)
    person.types(lambda e: bool(waits), "pause")
    person.types(lambda e: bool(waits) and waits[-1].startswith("paused"), "resume")
    person.when(said("resume"), lambda: person.types(AWAITING, "promote"))
    assert person.goes(pause_after_canary=True, promote_within_s=86_000.0).outcome is Outcome.SUCCEEDED
    assert waits[0].startswith("awaiting promotion, 23 h 53 min left: 1 healthy")
    assert any(text.startswith("paused (asked), without a time-out: 1 healthy") for text in waits)


def test_a_line_that_comes_back_between_two_looks_is_no_lost_host(person: Person) -> None:
    """The silent canary was asked just before, the untouched hosts just after: it is asked again, not undone."""
    plan = person.scene.plan("v1.4.2", pause_timeout_s=0.2)
    first = person.scene.hosts[plan.batches[0].hosts[0]]

    def cut(host: FakeHost, request: object) -> None:
        for one in person.scene.hosts.values():
            one.dead = True

    def mend() -> None:
        first.on_activate = lambda h, r: None
        for one in person.scene.hosts.values():
            one.dead = False

    first.on_activate = cut
    looks: list[bool] = []
    real = Forward._recheck

    def slow(forward: Forward, by_person: bool) -> None:
        real(forward, by_person)
        if not looks:
            time.sleep(0.3)  # longer than the pause may last
            mend()  # too late for the look that has just been taken
        looks.append(by_person)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forward, "_recheck", slow)
        result = person.scene.go(plan, rollout="R1")
    assert len(looks) == 2
    assert result.outcome is Outcome.SUCCEEDED
