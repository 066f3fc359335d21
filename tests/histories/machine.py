"""The state machine: what may happen, in any order. Invariants are looked at from outside (``watch.py``).

Two operators with separate stores give commands to one fleet, through the real ``app/`` code and the real scripts; the
adversary of protocol.md's last section does what it may. At the end everything is healed, a third person with an empty
store types sensible commands, and all must be well. ``story`` tells what happened; a seed plays it again, as far as
the timing of threads allows.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException
from hypothesis.stateful import (
    RuleBasedStateMachine,
    get_state_machine_test,
    initialize,
    precondition,
    rule,
)

from fleetdeploy.app import conducting, connect, control, planning
from fleetdeploy.app.conducting import Back, Decision, Said, run_back, run_forward
from fleetdeploy.app.going_on import go_on
from fleetdeploy.app.planning import make_plan
from fleetdeploy.app.undoing import find_rollback
from fleetdeploy.engine import crash
from fleetdeploy.engine.journal import Journal
from fleetdeploy.lab.fleet import Lab, make_artifact
from fleetdeploy.lab.windows.service import Action, FailureActions
from fleetdeploy.model.plan import Plan
from fleetdeploy.model.replay import replay
from fleetdeploy.model.run import HostState
from fleetdeploy.model.verbs import Actor
from fleetdeploy.rollout.conduct import conduct
from fleetdeploy.rollout.ports import Ports
from fleetdeploy.rollout.result import RolloutResult, RolloutRun
from tests.histories import direct
from tests.histories.door import WHAT, Door, Meddled
from tests.histories.operators import Conductor, CrashPoints, Operator, owned, store_of_this_thread, whose
from tests.histories.watch import Watch
from tests.protocol.adversary import Knife
from tests.scenarios.steps import HAND_MADE_IMAGE, World

PROJECT = """\
app:
  name: shop
  service: Shop
  exe: shop.exe
  arguments: ["--port", "8080"]
  root: C:\\Apps
  recovery: {actions: [restart 50ms, none], reset: 1h}
  start_timeout: 1s
  stop_timeout: 1s
artifacts:
  path: dist/{version}/shop.exe
strategy: {kind: canary, canary: 1, batch: FLOOR, max_unavailable: FLOOR, bake_canary: 50ms, pause_timeout: 100ms}
checks:
  - name: healthz
    http: {port: 8080, path: /healthz, timeout: 1s}
health: {min_healthy: 100ms, interval: 100ms, deadline: 1200ms, min_samples: 2}
timeouts: {call: 3s, lock_wait: 2s, life_ttl: 30s}
"""
TTL_S = 31.0
ARMED = FailureActions(3600, ((Action.RESTART, 60_000), (Action.NONE, 0)))
GOOD: dict[str, Any] = {"start_seconds": 0.01, "stop_seconds": 0.01}
BAD: tuple[dict[str, Any], ...] = ({"crash_on_start": True}, {"healthy": False}, {"unhealthy_after": 0.05})
VERSIONS = st.sampled_from([GOOD, GOOD, *({**GOOD, **bad} for bad in BAD)])
CUTS = (r"write .*state\.json", r"write .*journal\.jsonl", "^stop Shop", "^start Shop")
OPERATORS = st.sampled_from([0, 1])
STEPS = st.integers(1, 32)
HOSTS = st.integers(0, 2)
FLEETS = st.sampled_from([2, 2, 2, 2, 2, 3])
THEN = st.sampled_from(["stays", "dies", "died long ago"])
MOST_COMMANDS = 3

direct_sessions = False
"""Set by long soaks: scripts are handed to the lab without a wire (``direct.py``)."""
stories: list[str] = []
"""What the last histories told when they failed: hypothesis shows only the last error."""
told: list[str] = []
"""The same of the last history, however it went."""
tally: Counter[str] = Counter()
"""What happened in the last history: rules, and how commands ended."""
played: list[float] = []
"""Seconds of each history played in this process."""


class Histories(RuleBasedStateMachine):
    """One history."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []
        self.began = time.monotonic()
        self.lab: Lab | None = None
        self.stack = contextlib.ExitStack()
        self.failed = ""

    # -- given -----------------------------------------------------------------------------------------------------

    @initialize(
        number=st.integers(0, 2**30), hosts=st.sampled_from([2, 2, 2, 2, 2, 3]), floor=st.sampled_from([1, 1, 2])
    )
    def given(self, number: int, hosts: int, floor: int) -> None:
        assume(number > 0)  # hypothesis' first example, in which nothing happens, is not worth a fleet
        self.folder = Path(tempfile.mkdtemp(prefix="history-"))
        self.stack.callback(shutil.rmtree, self.folder, True)
        (self.folder / "project").mkdir()
        self.lab = Lab.start([], password="Lab-histories")
        self.world = World(
            self.folder / "project", self.folder / "store-2", self.lab, project=PROJECT.replace("FLOOR", str(floor))
        )
        self.stack.enter_context(patch.dict(os.environ, {"FLEETDEPLOY_PASSWORD": self.lab.password}))
        for name in ("FLEETDEPLOY_STORE", "FLEETDEPLOY_INVENTORY"):
            os.environ.pop(name, None)
        self.world.given_hosts(hosts, **GOOD)
        self.hosts = tuple(self.lab.hosts)
        self.plans: dict[str, Plan] = {}
        self.watch = Watch(self.lab, self.plans, floor, self._tell)
        self.knives: dict[str, Knife] = {}
        self.doors: dict[str, Door] = {}
        self._wire()
        self.operators = tuple(Operator(n, self.folder / f"store-{i}") for i, n in enumerate(("eva", "bob", "night")))
        for one in self.operators:
            one.store.mkdir()
        self.points = CrashPoints()
        self.stack.enter_context(patch.object(Journal, "default", classmethod(store_of_this_thread)))
        self.stack.enter_context(patch.object(crash, "_armed", self.points))
        for name in ("_ANSWER_S", "_QUICK_S"):  # a conductor that stands still does not answer: that is known
            self.stack.enter_context(patch.object(control, name, 0.2))
        self.conductors: list[Conductor] = []
        self.dice = random.Random(number)
        self.judged: list[Conductor] = []
        self.commands = self.version = 0
        self.before = {n: self._config(n) for n in self.hosts}

    def _wire(self) -> None:
        lab = self.lab
        assert lab is not None
        real: Callable[..., Any] = connect.PsrpSession
        if direct_sessions:
            real = direct.factory(lambda name: lab.hosts[name], lab.environment.loop)

        def session(host: str, connection: Any, secret: Any, **more: Any) -> Meddled:
            made = lambda: real(host, connection, secret, **more)  # noqa: E731
            self.doors[host].make = made
            return Meddled(made(), self.doors[host], whose())

        self.stack.enter_context(patch.object(connect, "PsrpSession", session))
        self.stack.enter_context(patch.object(conducting, "conduct", self._conduct))
        for module in (conducting, planning):
            self.stack.enter_context(patch.object(module, "connector", owned(connect.connector)))
        for name, host in lab.hosts.items():
            host.machine.boot_seconds = 0.1
            host.machine.scm.change("Shop", failure=ARMED)
            self.knives[name] = Knife(lab, host)
            self.doors[name] = Door(name, lambda: None, log=self._tell)  # type: ignore[arg-type,return-value]
            self.watch.follow(host)

    # -- commands --------------------------------------------------------------------------------------------------

    @property
    def living(self) -> list[Conductor]:
        return [c for c in self.conductors if c.living] if self.lab else []

    def _may_begin(self) -> bool:
        return self.lab is not None and self.commands < MOST_COMMANDS and len(self.living) < 2

    def _something_is_open(self) -> bool:
        return self.lab is not None and any(self._open(name) for name in self.hosts)

    def _may_be_disturbed(self) -> bool:
        if self.lab is None or not (self.living or self._may_begin()):
            return False
        armed = sum(len(d.armed) for d in self.doors.values()) + sum(bool(k._pattern) for k in self.knives.values())
        return armed < 2

    def _given_version(self, behaviour: dict[str, Any]) -> str:
        self.version += 1
        version = f"v2.{self.version}.0"
        folder = self.world.folder / "dist" / version
        folder.mkdir(parents=True)
        content = make_artifact(version, size=4096, **behaviour)
        (folder / "shop.exe").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "shop.exe.sha256").write_text(f"{digest}  shop.exe\n", encoding="ascii")
        return version

    def _begin(self, title: str, operator: int, command: Callable[[Conductor], RolloutResult | Said]) -> Conductor:
        self.commands += 1
        who = self.operators[operator]
        one = Conductor(f"{who.name}: {title}", who, command)
        one.since = len(self.watch.touched)
        self.conductors.append(one)
        one.start()
        return one

    def _actor(self, operator: int, take_over: bool) -> Actor:
        return Actor(self.operators[operator].name, "laptop", 1, reason="a history" if take_over else "")

    def rollout(self, operator: int, behaviour: dict[str, Any]) -> Conductor:
        version = self._given_version(behaviour)

        def command(one: Conductor) -> RolloutResult:
            workspace = self.world.workspace()
            plan = make_plan(workspace, version, tick=one.tick).plan
            return run_forward(workspace, plan, actor=self._actor(operator, False), reporter=one)

        bad = {k: v for k, v in behaviour.items() if k not in GOOD}
        return self._begin(f"rollout {version} {bad or ''}", operator, command)

    def rollback(self, operator: int, take_over: bool) -> Conductor:
        def command(one: Conductor) -> RolloutResult | Said:
            workspace = self.world.workspace()
            found = find_rollback(workspace, take_over=take_over, tick=one.tick)
            if not isinstance(found, Back):
                return found
            actor = self._actor(operator, take_over)
            return run_back(workspace, found, actor=actor, reporter=one, take_over=take_over)

        return self._begin(f"rollback{' --take-over' if take_over else ''}", operator, command)

    def going_on(self, operator: int, decision: Decision, take_over: bool) -> Conductor:
        def command(one: Conductor) -> RolloutResult | Said:
            return go_on(
                self.world.workspace(),
                "",
                decision=decision,
                actor=self._actor(operator, take_over),
                reporter=one,
                take_over=take_over,
                tick=one.tick,
            )

        return self._begin(f"{decision}{' --take-over' if take_over else ''}", operator, command)

    def _conduct(self, run: RolloutRun, ports: Ports) -> RolloutResult:
        """In place of the conductor's door: every plan that is carried out is known to whoever watches."""
        self.plans[run.id] = run.plan
        self._tell(f"{threading.current_thread().name} is {run.id} by {run.conductor}")
        return conduct(run, ports)

    # -- what happens ----------------------------------------------------------------------------------------------

    @precondition(_may_begin)
    @rule(operator=OPERATORS, behaviour=VERSIONS, steps=STEPS, then=THEN)
    def somebody_rolls_out(self, operator: int, behaviour: dict[str, Any], steps: int, then: str) -> None:
        self._advance(self.rollout(operator, behaviour), steps, then)

    @precondition(_may_begin)
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
        self.watch.touched.append((name, ""))
        self.lab.hosts[name].machine.reboot(seconds=0.1)

    @precondition(lambda self: self._something_is_open())
    @rule(hosts=st.integers(1, 7))
    def time_passes(self, hosts: int) -> None:
        names = [n for i, n in enumerate(self.hosts) if hosts >> i & 1] or list(self.hosts)
        self._tell(f"signs of life run out on {', '.join(names)}")
        for name in names:
            self.lab.hosts[name].machine.clock.let_pass(TTL_S)

    @precondition(lambda self: self.lab and self.plans)
    @rule(host=HOSTS, what=st.sampled_from(["stop", "start", "arguments"]))
    def somebody_by_hand(self, host: int, what: str) -> None:
        """A release of ours only: what a person did before any rollout is that person's business."""
        name = self._host(host)
        scm, image = self.lab.hosts[name].machine.scm, self.watch.image(self.lab.hosts[name])
        if "releases" not in image:
            return
        self._tell(f"{name}: {what} by hand")
        with contextlib.suppress(Exception):
            if what == "arguments":
                scm.change("Shop", image_path=image.replace("8080", "8081"))
                self.by_hand = True
            else:
                (scm.stop if what == "stop" else scm.start)("Shop")

    # -- after each event --------------------------------------------------------------------------------------------

    def _host(self, number: int) -> str:
        return self.hosts[number % len(self.hosts)]

    def _tell(self, text: str) -> None:
        self.log.append(f"{time.monotonic() - self.began:6.2f} {text}")

    def _advance(self, one: Conductor, steps: int, then: str = "stays") -> None:
        self._tell(f"{one.title} goes on for {steps}")
        one.advance(steps)
        if then != "stays" and one.living:
            one.kill()
        if then == "died long ago" and one.killed:
            for host in self.lab.hosts.values():
                host.machine.clock.let_pass(TTL_S)
        self._result(one)
        self.watch.pruned()
        self.watch.check()

    def _result(self, one: Conductor) -> None:
        if one.living:
            return
        if one in self.judged:
            return
        self.judged.append(one)
        self._tell(f"{one.title}: {one.said()}")
        tally[one.kind()] += 1
        assert not one.problem(), one.problem()
        if isinstance(one.result, RolloutResult):
            self._replays(one, one.result)

    def _replays(self, one: Conductor, result: RolloutResult) -> None:
        """The journal says what the hosts show, where nobody else has touched them since."""
        journal = Journal(one.operator.store / "journal.db")
        try:
            shown = replay(row.event for row in journal.events(result.rollout))
        finally:
            journal.close()
        assert not shown.misfits, f"the journal of {one.title} does not fit: {shown.misfits}"
        plan = self.plans.get(result.rollout)
        if plan is None or result.outcome is None:
            return
        assert (shown.outcome, shown.exit_code) == (result.outcome, int(result.exit_code)), one.title
        for page in plan.hosts:
            name, seen = page.host, shown.hosts[page.host]
            if self.watch.others(name, result.rollout, one.since) or seen.state is HostState.UNCHANGED:
                continue
            image = self.watch.image(self.lab.hosts[name])
            if plan.kind == "forward" and seen.state is HostState.HEALTHY:
                assert page.to_release in image, f"{name} is told to run {page.to_label}, it has {image}"
            if plan.kind == "forward" and seen.state is HostState.ROLLED_BACK:
                assert page.to_release not in image, f"{name} is told to be back, it has {image}"

    def _open(self, name: str) -> bool:
        state = self.watch.memory(self.lab.hosts[name])
        return state is not None and (state.open is not None or any(not r.ended for r in state.rollouts))

    def _disturbed(self) -> bool:
        return bool(
            self.points.name
            or any(d.armed or d.late for d in self.doors.values())
            or any(k._pattern for k in self.knives.values())
        )

    def _config(self, name: str) -> Any:
        return self.lab.hosts[name].machine.scm.config("Shop")

    # -- and then order ----------------------------------------------------------------------------------------------

    by_hand = False
    first = True
    """Two have not been started at once yet: it costs much."""

    def teardown(self) -> None:
        error = sys.exc_info()[1]  # hypothesis calls this in a `finally`
        try:
            if error is None and self.lab is not None:
                self._order()
        except BaseException as late:
            error = late
            raise
        finally:
            if isinstance(error, Exception) and not isinstance(error, HypothesisException):
                stories.append(self.story(f"{type(error).__name__}: {error}"))
            for one in self.living:
                one.kill()
            if self.lab is not None:
                told[:] = [self.story("")]
                self.lab.stop()
                played.append(time.monotonic() - self.began)
            self.stack.close()

    def _order(self) -> None:
        self._tell("-- order --")
        self.points.arm("", 0)
        for name, host in self.lab.hosts.items():
            self.doors[name].armed.clear()
            self.knives[name].put_away()
            host.faults.heal()
        self._up()
        for one in self.living:
            one.advance(10_000, 20.0)
            self._result(one)
        for one in self.living:
            self._tell(f"{one.title} does not end")
            one.kill()
        self._late_ones()
        for host in self.lab.hosts.values():
            host.machine.clock.let_pass(TTL_S)
        for name in self.hosts:
            self._again(name, self.dice.randrange(400), "activate")
        self._tidy_up()
        self._late_ones()
        for name in self.hosts:
            self._again(name, self.dice.randrange(400), "activate")
            self._again(name, self.dice.randrange(400), "")
        self.watch.pruned()
        self.watch.check()
        for name in self.hosts:
            self._is_well(name)
        refused = {n: [str(e) for e in h.not_simulated] for n, h in self.lab.hosts.items() if h.not_simulated}
        assert not refused, refused

    def _up(self) -> None:
        until = time.monotonic() + 20
        while not all(h.machine.up and h.server.open for h in self.lab.hosts.values()):
            assert time.monotonic() < until, "a host does not come back"
            time.sleep(0.02)

    def _again(self, name: str, which: int, verb: str) -> None:
        door = self.doors[name]
        sent = [late for late in door.sent if verb in ("", late.script.name)]
        if sent:
            late = sent[which % len(sent)]
            self._tell(f"again: {late}: {door.deliver(late)}")

    def _late_ones(self) -> None:
        for door in self.doors.values():
            for late in door.late:
                said = door.deliver(late)
                self._tell(f"late: {late}: {said}")
        self._up()
        self.watch.check()

    def _tidy_up(self) -> None:
        """Sensible commands by somebody whose store knows nothing, until nothing is open; then one rollback more."""
        store = self.operators[2].store
        for turn in range(8):
            shutil.rmtree(store, ignore_errors=True)
            store.mkdir()
            wanted = self._leads_back()
            one = self.rollback(2, True)
            one.advance(100_000, 60.0)
            assert not one.living, f"{one.title} does not end"
            self._result(one)
            self.watch.check()
            if isinstance(one.result, RolloutResult) and int(one.result.exit_code) == 0:
                self._is_back(one.result, wanted)
            settled = not any(self._open(n) for n in self.hosts) and all(map(self._settled, self.hosts))
            if settled and (turn or not isinstance(one.result, RolloutResult)):
                return
        raise AssertionError("it does not come to an end")

    def _settled(self, name: str) -> bool:
        return self.watch.runs(self.lab.hosts[name]) or name in self.watch.by_hand

    def _leads_back(self) -> dict[tuple[str, str], str]:
        """(Host, rollout) → the image it leads back to, of hosts that run that rollout's release."""
        found: dict[tuple[str, str], str] = {}
        for name, host in self.lab.hosts.items():
            state = self.watch.memory(host)
            for record in state.rollouts if state else ():
                if record.intent and record.origin and record.to_image_path == self.watch.image(host):
                    found[name, record.id] = record.origin.image_path
        return found

    def _is_back(self, result: RolloutResult, wanted: dict[tuple[str, str], str]) -> None:
        for (name, rollout), image in wanted.items():
            if rollout == result.undoes:
                now = self.watch.image(self.lab.hosts[name])
                assert now == image, f"{name} ran the release of {rollout}, it is not back on {image} but on {now}"
                assert self.watch.runs(self.lab.hosts[name]), f"{name} is back from {rollout}, and does not run"

    def _is_well(self, name: str) -> None:
        assert self._settled(name), f"{name} is stopped"
        config = self._config(name)
        assert config.failure, f"{name} is disarmed"
        assert config.failure.actions, f"{name} is disarmed"
        if config.image_path == HAND_MADE_IMAGE:
            assert config == self.before[name], f"{name} is not as it was: {config}"

    def story(self, what: str) -> str:
        lines = [what, *self.log]
        if self.lab is not None:
            for name, host in self.lab.hosts.items():
                lines.append(f"{name}: {self.watch.image(host)} {self.world.service_state(name)}")
                if not self.watch.runs(host):
                    lines += [f"    {e.id} {e.message}" for e in (host.machine.eventlog.read("System") or [])[-12:]]
        return "\n".join(lines)


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
