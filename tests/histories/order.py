"""How histories end: every command that ended is judged, and at the end everything is healed and put in order.

A third person with an empty store types sensible commands until nothing is open; then no service may be down or
disarmed, and whoever ran a release that was undone must be back.
"""

from __future__ import annotations

import shutil
import sys
import time
from contextlib import closing

from hypothesis.errors import HypothesisException

from fleetdeploy.model import events as ev
from fleetdeploy.model.replay import replay
from fleetdeploy.model.run import Hold, HostState, Outcome
from fleetdeploy.policy import asked
from fleetdeploy.rollout.result import RolloutResult
from tests.histories.ground import TTL_S, Ground, tally
from tests.histories.operators import Conductor
from tests.scenarios.steps import HAND_MADE_IMAGE

stories: list[str] = []
"""What the last histories told when they failed: hypothesis shows only the last error."""
told: list[str] = []
"""The same of the last history, however it went."""
played: list[float] = []
"""Seconds of each history played in this process."""


class Order(Ground):
    """What is looked at while and after it happens."""

    def _advance(self, one: Conductor, steps: int, then: str = "stays") -> None:
        self._tell(f"{one.title} goes on for {steps}")
        one.advance(steps)
        if then != "stays" and one.living:
            one.kill()
        if then == "died long ago" and one.killed:
            for host in self.fleet.hosts.values():
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
        for event in one.events:
            if isinstance(event, ev.Asked):
                tally[f"{event.kind} asked, {'accepted' if event.accepted else 'refused'}"] += 1
        assert not one.problem(), one.problem()
        if isinstance(one.result, RolloutResult):
            self._replays(one, one.result)

    def _replays(self, one: Conductor, result: RolloutResult) -> None:
        """The journal says what the hosts show, where nobody else has touched them since."""
        with closing(one.operator.journal()) as journal:
            shown = replay(row.event for row in journal.events(result.rollout))
        assert not shown.misfits, f"the journal of {one.title} does not fit: {shown.misfits}"
        plan = self.plans.get(result.rollout)
        if plan is None or result.outcome is None:
            return
        if one.conductor not in shown.conductors:  # it was not let in, so the journal is another conductor's
            assert result.outcome is Outcome.REFUSED, one.title
            return
        assert (shown.outcome, shown.exit_code) == (result.outcome, int(result.exit_code)), one.title
        for page in plan.hosts:
            name, seen = page.host, shown.hosts[page.host]
            if self.watch.others(name, result.rollout, one.since) or seen.state is HostState.UNCHANGED:
                continue
            image = self.watch.image(self.fleet.hosts[name])
            if plan.kind == "forward" and seen.state is HostState.HEALTHY:
                assert page.to_release in image, f"{name} is told to run {page.to_label}, it has {image}"
            if plan.kind == "forward" and seen.state is HostState.ROLLED_BACK:
                assert page.to_release not in image, f"{name} is told to be back, it has {image}"

    def _disturbed(self) -> bool:
        return bool(
            self.points.name
            or any(d.armed or d.late for d in self.doors.values())
            or any(k._pattern for k in self.knives.values())
        )

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
        for name, host in self.fleet.hosts.items():
            self.doors[name].armed.clear()
            self.knives[name].put_away()
            host.faults.heal()
        self._up()
        for one in self.living:
            one.advance(10_000, 20.0)
            if one.living and one.waits_for_a_person():
                waits = isinstance(one.last_hold, ev.HoldChanged) and one.last_hold.hold is Hold.AWAITING_PROMOTION
                self.ask(one, asked.PROMOTE if waits else asked.RESUME)
                one.advance(10_000, 20.0)
            self._result(one)
        for one in self.living:
            self._tell(f"{one.title} does not end")
            one.kill()
        self._late_ones()
        for host in self.fleet.hosts.values():
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
        refused = {n: [str(e) for e in h.not_simulated] for n, h in self.fleet.hosts.items() if h.not_simulated}
        assert not refused, refused

    def _up(self) -> None:
        until = time.monotonic() + 20
        while not all(h.machine.up and h.server.open for h in self.fleet.hosts.values()):
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
        return self.watch.runs(self.fleet.hosts[name]) or name in self.watch.by_hand

    def _leads_back(self) -> dict[tuple[str, str], str]:
        """(Host, rollout) → the image it leads back to, of hosts that run that rollout's release."""
        found: dict[tuple[str, str], str] = {}
        for name, host in self.fleet.hosts.items():
            state = self.watch.memory(host)
            for record in state.rollouts if state else ():
                if record.intent and record.origin and record.to_image_path == self.watch.image(host):
                    found[name, record.id] = record.origin.image_path
        return found

    def _is_back(self, result: RolloutResult, wanted: dict[tuple[str, str], str]) -> None:
        for (name, rollout), image in wanted.items():
            if rollout == result.undoes:
                now = self.watch.image(self.fleet.hosts[name])
                assert now == image, f"{name} ran the release of {rollout}, it is not back on {image} but on {now}"
                assert self.watch.runs(self.fleet.hosts[name]), f"{name} is back from {rollout}, and does not run"

    def _is_well(self, name: str) -> None:
        assert self._settled(name), f"{name} is stopped"
        if name in self.watch.edited:
            return
        config = self._config(name)
        assert config.failure, f"{name} is disarmed"
        assert config.failure.actions, f"{name} is disarmed"
        if config.image_path == HAND_MADE_IMAGE:
            assert config == self.before[name], f"{name} is not as it was: {config}"

    def story(self, what: str) -> str:
        lines = [what, *self.log]
        if self.lab is not None:
            for name, host in self.fleet.hosts.items():
                lines.append(f"{name}: {self.watch.image(host)} {self.world.service_state(name)}")
                if not self.watch.runs(host):
                    lines += [f"    {e.id} {e.message}" for e in (host.machine.eventlog.read("System") or [])[-12:]]
        return "\n".join(lines)
