"""The state machine: what may happen, in any order. ``watch.py`` and ``reader.py`` look on from outside.

Two operators with separate stores give commands to one fleet, through the real ``app/`` code and the real scripts; the
adversary of protocol.md's last section does what it may. After every event floor, canaries, plans and journals are
held against the machines; at the end everything is put in order (``order.py``). A seed plays a history again, as far
as the timing of threads allows.
"""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import get_state_machine_test, initialize, invariant, precondition, rule

from fleetdeploy.app.conducting import Decision
from fleetdeploy.engine import crash
from fleetdeploy.policy import asked
from tests.histories.door import WHAT
from tests.histories.ground import GOOD, MOST_COMMANDS, TTL_S, tally
from tests.histories.operators import Conductor
from tests.histories.order import Order, played, stories

BAD: tuple[dict[str, Any], ...] = ({"crash_on_start": True}, {"healthy": False}, {"unhealthy_after": 0.05})
VERSIONS = st.sampled_from([GOOD, GOOD, *({**GOOD, **bad} for bad in BAD)])
CUTS = (r"write .*state\.json", r"write .*journal\.jsonl", "^stop Shop", "^start Shop")
OPERATORS = st.sampled_from([0, 1])
STEPS = st.integers(1, 32)
HOSTS = st.integers(0, 2)
FLEETS = st.sampled_from([2, 2, 2, 2, 3])
LIMITS = st.sampled_from([0, 0, 0, 0, 0b001, 0b010, 0b011, 0b101, 0b110])
"""Bits of hosts; 0 and what names no host: all."""
WAITS = st.sampled_from([False, False, False, True])
THEN = st.sampled_from(["stays", "stays", "dies", "died long ago"])
WISHES = st.sampled_from(
    [
        (asked.PAUSE, ""),
        (asked.PAUSE, ""),
        (asked.RESUME, ""),
        (asked.RESUME, ""),
        (asked.PROMOTE, ""),
        (asked.PROMOTE, asked.FULL),
        (asked.RETRY, "host"),
        (asked.EXCLUDE, "host"),
        (asked.EXCLUDE, "host"),
        (asked.ABORT_ROLLBACK, ""),
        (asked.ABORT_LEAVE, ""),
    ]
)


class Histories(Order):
    """One history."""

    @initialize(number=st.integers(0, 2**30), hosts=FLEETS, floor=st.sampled_from([1, 1, 2]))
    def given(self, number: int, hosts: int, floor: int) -> None:
        assume(number > 0)  # hypothesis' first example, in which nothing happens, is not worth a fleet
        self._given(number, hosts, floor)

    @precondition(lambda self: self.lab)
    @invariant()
    def nothing_is_broken(self) -> None:
        """Whatever has just happened; what watch and reader saw on other threads meanwhile, too."""
        self.watch.check()

    # -- what happens ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self._may_begin())
    @rule(operator=OPERATORS, behaviour=VERSIONS, limit=LIMITS, waits=WAITS, steps=STEPS, then=THEN)
    def somebody_rolls_out(
        self, operator: int, behaviour: dict[str, Any], limit: int, waits: bool, steps: int, then: str
    ) -> None:
        names = [n for i, n in enumerate(self.hosts) if limit >> i & 1]
        chosen = ",".join(names) if 0 < len(names) < len(self.hosts) else ""
        self._advance(self.rollout(operator, behaviour, limit=chosen, waits=waits), steps, then)

    @precondition(lambda self: self._may_begin())
    @rule(operator=OPERATORS, behaviour=VERSIONS)
    def somebody_rolls_out_to_the_end(self, operator: int, behaviour: dict[str, Any]) -> None:
        self._advance(self.rollout(operator, behaviour), 10_000)

    @precondition(lambda self: self._may_begin() and self.plans)
    @rule(operator=OPERATORS, take_over=st.booleans(), steps=STEPS, then=THEN)
    def somebody_rolls_back(self, operator: int, take_over: bool, steps: int, then: str) -> None:
        self._advance(self.rollback(operator, take_over), steps, then)

    @precondition(lambda self: self._may_begin() and self._something_is_open())
    @rule(same=st.sampled_from([True, True, False]), take_over=st.booleans(), steps=STEPS, then=THEN)
    def somebody_resumes(self, same: bool, take_over: bool, steps: int, then: str) -> None:
        """Whose store knows the rollout, or not."""
        last = next((i for i, one in enumerate(self.operators) if one is self.conductors[-1].operator), 0)
        self._advance(self.going_on(last if same else 1 - last, "resume", take_over), steps, then)

    @precondition(lambda self: self._may_begin() and self._something_is_open())
    @rule(
        operator=OPERATORS,
        decision=st.sampled_from(["resume", "promote", "abort-rollback", "abort-leave"]),
        take_over=st.booleans(),
        steps=STEPS,
    )
    def somebody_goes_on(self, operator: int, decision: Decision, take_over: bool, steps: int) -> None:
        self._advance(self.going_on(operator, decision, take_over), steps)

    @precondition(
        lambda self: self._may_begin() and not self.living and self.commands < MOST_COMMANDS - 1 and self.first
    )
    @rule(kinds=st.tuples(st.sampled_from(["rollout", "rollback", "resume"]), st.sampled_from(["rollout", "rollback"])))
    def two_at_once(self, kinds: tuple[str, str]) -> None:
        self.first = False
        quiet = not any(self._open(n) for n in self.hosts) and not self._disturbed()
        made = [self._named(kind, operator) for operator, kind in enumerate(kinds)]
        for one in made:
            with one._parked:
                one._credit = 10_000
                one._parked.notify_all()
        for one in made:
            one.ended.wait(60.0)
            self._result(one)
        if quiet and all(not one.killed for one in made):
            assert not all(one.refused_by_another() for one in made), "two met, and none went on"

    def _named(self, kind: str, operator: int) -> Conductor:
        if kind == "rollout":
            return self.rollout(operator, GOOD)
        return self.rollback(operator, False) if kind == "rollback" else self.going_on(operator, "resume", False)

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 1), steps=STEPS)
    def it_goes_on(self, which: int, steps: int) -> None:
        self._advance(self.living[which % len(self.living)], steps)

    @precondition(lambda self: self._may_begin())
    @rule(
        operator=OPERATORS,
        behaviour=st.sampled_from([GOOD, GOOD, GOOD, {**GOOD, "healthy": False}]),
        waits=WAITS,
        wishes=st.lists(st.tuples(st.integers(1, 20), WISHES, HOSTS), min_size=1, max_size=4),
    )
    def somebody_rolls_out_and_changes_the_mind(
        self, operator: int, behaviour: dict[str, Any], waits: bool, wishes: list[tuple[int, tuple[str, str], int]]
    ) -> None:
        one = self.rollout(operator, behaviour, waits=waits)
        for steps, (kind, argument), host in wishes:
            self._advance(one, steps)
            if one.living and one.rollout:
                self.ask(one, kind, self._host(host) if argument == "host" else argument)
        self._advance(one, 10_000)

    @precondition(lambda self: any(c.rollout for c in self.living))
    @rule(which=st.integers(0, 1), wish=WISHES, host=HOSTS, steps=STEPS)
    def somebody_asks_for_it(self, which: int, wish: tuple[str, str], host: int, steps: int) -> None:
        """From another terminal, with the same store."""
        conducting = [c for c in self.living if c.rollout]
        one = conducting[which % len(conducting)]
        kind, argument = wish
        self.ask(one, kind, self._host(host) if argument == "host" else argument)
        self._advance(one, steps)

    @precondition(lambda self: self.living)
    @rule(which=st.integers(0, 1))
    def it_is_killed(self, which: int) -> None:
        one = self.living[which % len(self.living)]
        self._tell(f"kill {one.title}")
        one.kill()

    @precondition(lambda self: self.lab and not self.points.name and (self.living or self._may_begin()))
    @rule(point=st.sampled_from(sorted(crash.POINTS)), nth=st.integers(1, 2))
    def it_will_be_killed_at(self, point: str, nth: int) -> None:
        self._tell(f"the next that comes to {point} dies there ({nth})")
        self.points.arm(point, nth)

    @precondition(lambda self: self._may_be_disturbed())
    @rule(host=HOSTS, what=st.sampled_from(WHAT), verb=st.sampled_from(["", "activate", "activate", "turn"]))
    def the_line_is_bad(self, host: int, what: str, verb: str) -> None:
        name = self._host(host)
        self._tell(f"the next {verb or 'change'} of {name}: {what}")
        self.doors[name].armed.append((what, verb))

    @precondition(lambda self: self.lab)
    @rule(
        host=HOSTS,
        at=st.sampled_from(CUTS),
        skip=st.integers(0, 3),
        how=st.sampled_from(["shell", "reboot"]),
    )
    def a_script_will_be_cut(self, host: int, at: str, skip: int, how: str) -> None:
        name = self._host(host)
        self._tell(f"{name}: the {how} ends at {at} +{skip}")
        self.knives[name].arm(at, skip=skip if "write" in at else 0, how=how)

    @precondition(lambda self: self.lab and any(door.late for door in self.doors.values()))
    @rule(which=st.integers(0, 5))
    def a_request_arrives_late(self, which: int) -> None:
        waiting = [late for door in self.doors.values() for late in door.late]
        late = waiting[which % len(waiting)]
        said = self.doors[late.host].deliver(late)
        self._tell(f"late: {late}: {said}")

    @precondition(lambda self: self.lab and any(door.sent for door in self.doors.values()))
    @rule(host=HOSTS, which=st.integers(0, 400), verb=st.sampled_from(["activate", "activate", "turn", ""]))
    def an_old_request_comes_again(self, host: int, which: int, verb: str) -> None:
        self._again(self._host(host), which, verb)

    @precondition(lambda self: self.lab and self.plans)
    @rule(host=HOSTS)
    def a_host_reboots(self, host: int) -> None:
        name = self._host(host)
        self._tell(f"{name} reboots")
        self.watch.power(name)
        self.fleet.hosts[name].machine.reboot(seconds=0.1)

    @precondition(lambda self: self._something_is_open())
    @rule(hosts=st.integers(1, 7))
    def time_passes(self, hosts: int) -> None:
        names = [n for i, n in enumerate(self.hosts) if hosts >> i & 1] or list(self.hosts)
        self._tell(f"signs of life run out on {', '.join(names)}")
        for name in names:
            self.fleet.hosts[name].machine.clock.let_pass(TTL_S)

    @precondition(lambda self: self.lab and self.plans)
    @rule(host=HOSTS, what=st.sampled_from(["stop", "start", "arguments"]))
    def somebody_by_hand(self, host: int, what: str) -> None:
        """A release of ours only: what a person did before any rollout is that person's business."""
        name = self._host(host)
        scm, image = self.fleet.hosts[name].machine.scm, self.watch.image(self.fleet.hosts[name])
        if "releases" not in image:
            return
        self._tell(f"{name}: {what} by hand")
        with contextlib.suppress(Exception):
            if what == "arguments":
                scm.change("Shop", image_path=image.replace("8080", "8081"))
                self.by_hand = True
                if not self.watch.runs(self.fleet.hosts[name]):
                    # It is neither what a rollout made nor what was there before: reported, and left to that person.
                    self.watch.by_hand.add(name)
                    self.watch.edited.add(name)
            else:
                (scm.stop if what == "stop" else scm.start)("Shop")


def play(number: int, *, steps: int = 8) -> float:
    """Play the history of this number; seconds it took.

    Raises:
        AssertionError: what went wrong, what happened until then, and how to play it again.
    """
    del stories[:], played[:]
    tally.clear()
    how = settings(
        max_examples=1,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(number)(get_state_machine_test(Histories, settings=how))()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        what = stories[0] if stories else f"{type(error).__name__}: {error}"
        again = f"python -m tests.histories.soak {number}-{number + 1} --restart"
        raise AssertionError(f"history {number}: {what}\nto play it again: {again}") from error
    return sum(played)
