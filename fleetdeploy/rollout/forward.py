"""The way forward: staged, then batch after batch, a gate after every result, a bake after every batch.

Walks the plan's batches and knows no strategy's name. Every decision is the gate's; this file carries it out and
returns how the way ended. Copying is in ``staging.py``, going back in ``rollback.py``, waiting for a person in
``hold.py``, watching in ``baking.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace

from fleetdeploy.engine.crash import crashpoint
from fleetdeploy.engine.executor import Done, Task, Tools
from fleetdeploy.errors import HostError
from fleetdeploy.model import events as ev
from fleetdeploy.model.paths import release_exe
from fleetdeploy.model.plan import Batch, HostAction
from fleetdeploy.model.run import Hold, HostState, PauseReason, Phase
from fleetdeploy.model.verbs import ActivateRequest, RolloutRecord
from fleetdeploy.policy import gate
from fleetdeploy.policy.canaries import unproved
from fleetdeploy.policy.floor import room
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.another_try import again, turn_forward
from fleetdeploy.rollout.baking import Vigil, bake
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.calendar import wait_for_calendar
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper
from fleetdeploy.rollout.hold import ASKED, Promotion, pause
from fleetdeploy.rollout.host_task import Target, Worked, bring, settle_s
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.readiness import prove, prove_one
from fleetdeploy.rollout.recorded import BAKE, GATE, PROMOTION, of_batch
from fleetdeploy.rollout.rollback import put_back
from fleetdeploy.rollout.staging import STAGE_PATIENCE_S, stage_all, stage_one
from fleetdeploy.rollout.way import Stir, Way, way_of

FORWARD = "forward"
_WAITING = frozenset({HostState.PENDING, HostState.STAGED})


class Forward:
    """One conductor's way forward."""

    def __init__(self, book: Book, crew: Crew) -> None:
        self.book = book
        self.crew = crew
        self.gate = Gatekeeper(book, crew)
        self.desk = crew.desk
        self.unproved = False  # a person was asked already whether it goes on without a canary

    def walk(self) -> Way:
        """Stage and roll until it is done, or something else has to happen."""
        way = self._walk()
        self.desk.ending = f"this way ends ({way.value}); fleetdeploy status shows what becomes of it"
        return way

    def _walk(self) -> Way:
        book = self.book
        if book.run.resume:
            self._recall()
        way = stage_all(book, self.crew, self.gate)
        if way is not Way.ON:
            return way
        batches = book.plan.batches
        passed = self._passed()
        for batch in batches:
            way = self._batch(batch, len(batches), skip_bake=batch.index < passed)
            if way is not Way.ON:
                return way
        return Way.DONE

    def _recall(self) -> None:
        """What people asked of earlier conductors of this rollout; and what the one who resumes it said."""
        book, run = self.book, self.book.run
        events = [row.event for row in book.ports.log.events(run.id) or ()]
        self.unproved = any(isinstance(e, ev.HoldChanged) and e.reason is PauseReason.NO_CANARY for e in events)
        self.desk.recall(events)
        if run.decision.startswith("promote"):
            how = "full" if self.desk.full else ""
            actor = f"{run.actor.user}@{run.actor.machine}"
            book.say(ev.Asked("promote", actor, run.actor.reason, how, text="by the conductor that goes on"))

    def _passed(self) -> int:
        """Batches whose bake an earlier conductor saw to its end: a later one was begun, or a person said so."""
        if not self.book.run.resume:
            return 0
        begun = -1
        finished = -1
        for batch in self.book.plan.batches:
            names = [name for name in batch.hosts if name not in self.desk.excluded]
            records = [self._record(name) for name in names]
            if any(r is not None and r.intent for r in records):
                begun = batch.index
            # Put back within the budget is a result, too; those that never got so far are looked at anew.
            if records and all(r is not None and (r.done or r.put_back) for r in records):
                finished = batch.index
        if self.book.run.decision.startswith("promote"):
            return max(begun, finished + 1)
        promoted = max(self.desk.promoted, default=-1)
        return max(begun, 0, promoted + 1 if promoted == finished else 0)

    def _record(self, name: str) -> RolloutRecord | None:
        seen = self.book.pages[name].observation
        return seen.state.rollout(self.book.run.id) if seen and seen.state else None

    # -- batches ---------------------------------------------------------------------------------------------------

    def _batch(self, batch: Batch, of: int, *, skip_bake: bool) -> Way:
        """Work, bake, promotion; anew whenever something came between (a pause, another try, a sick host)."""
        book, desk = self.book, self.desk
        desk.batch = batch.index
        promotion = Promotion(book, self.crew, batch)
        known = book.record.decided if book.run.resume else lambda step: None
        promoted = skip_bake or not batch.promotion or known(of_batch(batch.index, PROMOTION)) is not None
        looked = skip_bake or known(of_batch(batch.index, BAKE)) is not None
        while True:
            book.phase(Phase.ROLLING)
            if book.state.hold is not Hold.NONE:
                book.hold(Hold.NONE)  # a sick host came in between: whether it still waits is found out anew
            found = self._before(batch, of) or self._work(batch)
            if isinstance(found, gate.Bake) and not looked:
                book.say(ev.BatchDone(batch.index, of))
                found = self._bake(batch, found)
                looked = isinstance(found, gate.Proceed)
            if looked and isinstance(found, (gate.Proceed, gate.Bake)):
                if not promoted and not desk.full:
                    found = promotion.wait(self._vigil)
                    if found is Way.ON:
                        # Others may have been lost while nobody but the wait looked: a fresh sample of each.
                        book.record.decide(of_batch(batch.index, PROMOTION))
                        promoted, looked, batch = True, False, replace(batch, bake_s=0.0)
                        continue
                else:
                    found = desk.outside or Way.ON
            if found is Stir.SICK:
                found = self._sick(batch)
                if isinstance(found, (gate.Proceed, gate.Bake)):
                    continue
            if found is Stir.RETRY:
                looked = False
                continue
            if found is Stir.PAUSE or isinstance(found, gate.Pause):
                found = self._pause(batch, ASKED if isinstance(found, Stir) else found)
                if found is Way.ON:
                    continue
            return found if isinstance(found, Way) else way_of(found)

    def _pause(self, batch: Batch, why: gate.Pause) -> Way:
        """Held, for the gravest reason there is, until it goes on or ends."""
        sick = functools.partial(self._sick, batch)
        found: Way | gate.Pause = why
        while isinstance(found, gate.Pause):
            found = pause(self.book, self.crew, self.gate, found, recheck=self._recheck, watch=self._vigil, sick=sick)
        return found

    def _before(self, batch: Batch, of: int) -> gate.Decision | Way | Stir | None:
        """What must be true before the first host of a batch starts."""
        book = self.book
        if not any(book.pages[n].state in _WAITING for n in batch.hosts):
            return None
        missing = unproved(book.plan.batches, {n: p.state for n, p in book.pages.items()}, batch.index)
        if missing and not self.unproved and not self._baked_before(batch.index):
            self.unproved = True
            return gate.Pause(gate.Reason.NO_CANARY, PauseReason.NO_CANARY, missing)
        held = wait_for_calendar(book, self.crew, batch, self.desk.stop, self._vigil)
        return held or self._proved(batch, of)

    def _baked_before(self, index: int) -> bool:
        """An earlier conductor of this rollout saw a canary's bake to its end: what is silent now was well then."""
        canaries = [b.index for b in self.book.plan.batches if b.is_canary and b.index < index]
        decided = self.book.record.decided
        return self.book.run.resume and any(decided(of_batch(i, BAKE)) is not None for i in canaries)

    def _proved(self, batch: Batch, of: int) -> gate.Decision | None:
        crashpoint("before-batch")
        self.book.say(ev.BatchStarted(batch.index, of, batch.hosts, batch.is_canary))
        return prove(self.book, self.crew, self.gate, batch)

    def _vigil(self) -> Vigil:
        return Vigil(self.book, self.crew, self.target)

    def _sick(self, batch: Batch) -> gate.Decision:
        """What the gate says of updated hosts that are not well; within the budget they go back."""
        decision = self.gate.decide(batch)
        if isinstance(decision, (gate.Bake, gate.Proceed)):
            self._put_back_sick(batch)
        return decision

    def _work(self, batch: Batch) -> gate.Decision | Way | Stir:
        """Every host of the batch, as the floor lets them; ends when all have a result or none may start."""
        book, crew, desk = self.book, self.crew, self.desk
        waiting = [n for n in batch.hosts if book.pages[n].state in _WAITING]
        working: set[str] = set()
        stopping: gate.Decision | Way | Stir | None = None
        while True:
            stopping = stopping or desk.stop()
            if stopping is None:
                waiting = self._still(waiting)
                waiting += again(book, desk)
                down, most = book.not_serving(), book.plan.max_unavailable
                ready = room(waiting, not_serving=down, max_unavailable=most, running=working)
                if waiting and not ready and not working:
                    stopping = gate.Pause(gate.Reason.FLOOR, PauseReason.FLOOR, tuple(sorted(down)))
                for name in ready:
                    waiting.remove(name)
                    working.add(name)
                    crew.submit(name, FORWARD, self._task(name))
            if stopping is not None:
                desk.retries += [n for n in waiting if n not in batch.hosts or book.pages[n].state not in _WAITING]
                waiting.clear()
                if not isinstance(stopping, (gate.Pause, Stir)):
                    crew.workers.cancel_waits()
            if not working:
                break
            done = crew.pump(tags=frozenset({FORWARD}))
            if done is None:
                continue
            working.discard(done.host)
            self._took(done)
            decision = self.gate.decide(batch)
            if stopping is None and isinstance(decision, (gate.Pause, gate.RollBack, gate.Stop)):
                stopping = decision
            elif stopping is None and not isinstance(decision, gate.RollBack):
                self._put_back_sick(batch, but=working)
        crew.workers.allow_waits()
        crashpoint("after-batch")
        decision = self._sick(batch)  # also who fell ill while it stopped for something else
        book.record.decide(of_batch(batch.index, GATE), decision=type(decision).__name__, reason=decision.reason.value)
        if isinstance(stopping, Stir) and isinstance(decision, (gate.RollBack, gate.Stop)):
            return decision  # what a person asked for meanwhile does not keep a bad release alive
        return stopping or decision

    def _still(self, waiting: list[str]) -> list[str]:
        """Without those that a person took out meanwhile."""
        return [n for n in waiting if self.book.pages[n].state is not HostState.EXCLUDED]

    def _took(self, done: Done) -> None:
        if isinstance(done.value, Worked):
            turns.forward_done(self.book, done.host, done.value)
        elif isinstance(done.error, HostError):
            turns.forward_done(self.book, done.host, Worked(error=done.error))

    def _put_back_sick(self, batch: Batch, but: Collection[str] = ()) -> None:
        """Within the budget an unhealthy host goes back by itself, at once; the rollout does not turn for it."""
        if self.book.plan.rollback_floor:
            return  # not behind a one-way migration: it stays, and counts
        pages = self.book.pages
        begun = [n for b in self.book.plan.batches if b.index <= batch.index for n in b.hosts if n not in but]
        names = [n for n in begun if pages[n].state is HostState.UNHEALTHY and pages[n].touched]
        for name in names:
            self.book.note("unhealthy, within the budget: it is put back", name, "warning")
        if names:
            put_back(self.book, self.crew, names)

    def _task(self, name: str) -> Task[HostPort]:
        book, page = self.book, self.book.pages[name]
        plan, ports, desk = book.plan, book.ports, self.desk
        artifact = plan.artifact
        assert artifact is not None  # noqa: S101 - a plan that goes forward has one
        # One whose way back ended unwell keeps its state; it was turned all the same (rule 9).
        staged = page.state is not HostState.PENDING and not page.turned
        request = ActivateRequest(
            claim=book.next_claim(name),
            direction="forward",
            spec=plan.app,
            release=artifact.release_name,
            version=artifact.version,
            manifest_sha256=artifact.manifest.sha256,
            exe_sha256=artifact.exe_sha256,
            exe=artifact.exe,
            expected=page.plan.expected,
            checks=plan.health.checks,
            timing=plan.health.timing,
            allow_stopped=plan.strategy.repair,
            stop_timeout_s=plan.app.stop_timeout_s,
            start_timeout_s=plan.app.start_timeout_s,
            lock_wait_s=book.run.timeouts.lock_wait_s,
            settle_s=settle_s(plan.health),
            one_way=bool(plan.rollback_floor),
        )
        target = self.target(name)

        def task(tools: Tools[HostPort]) -> Worked:
            first = request
            if not staged:  # another try: of a host that went back, or that never got so far
                turn_forward(book, tools, name, STAGE_PATIENCE_S)
                stage_one(book, tools, name, desk)
                prove_one(book, desk, tools, name)
                first = replace(request, claim=book.next_claim(name))
            return bring(
                tools,
                (first,),
                target,
                patience_s=book.run.timeouts.call_s / 2,
                password=ports.password,
                previous_password=ports.previous_password,
                again=lambda: book.next_claim(name),
            )

        return task

    def target(self, name: str) -> Target:
        """What this host should be running when it is done."""
        plan = self.book.plan
        artifact = plan.artifact
        assert artifact is not None  # noqa: S101 - a plan that goes forward has one
        image = release_exe(plan.app.root, plan.app.app, artifact.release_name, artifact.exe)
        address = self.book.ports.fleet.host(name).connection.address
        return Target(plan.health, address, image, artifact.exe_sha256, plan.version)

    # -- bake and recheck ------------------------------------------------------------------------------------------

    def _bake(self, batch: Batch, decision: gate.Bake) -> gate.Decision | Way | Stir:
        crashpoint("before-bake")
        found = bake(self.book, self.crew, decision.seconds, self.target)
        if isinstance(found, Way):
            return found
        verdict = self.gate.decide(batch)
        if isinstance(verdict, (gate.Bake, gate.Proceed)):
            if found is None:
                crashpoint("after-bake")
                self.book.record.decide(of_batch(batch.index, BAKE), seconds=decision.seconds)
                crashpoint("after-bake-recorded")
            return found or gate.Proceed()
        return verdict

    def _recheck(self, batch_wide: bool) -> None:
        """While paused: ask unknown hosts again, and unhealthy ones if a person resumed, as if their turn came anew."""
        book = self.book
        states = {HostState.UNKNOWN} | ({HostState.UNHEALTHY} if batch_wide else set())
        change = HostAction.CHANGE
        # One that was turned, or was told to, waits for its way back: it cannot go forward.
        on_its_way = {n for n, p in book.pages.items() if p.turned or p.turn_in_doubt or p.going_back}
        names = [n for n, p in book.pages.items() if p.state in states and p.plan.action is change]
        names = [n for n in names if n not in on_its_way]
        if batch_wide:
            for page in book.pages.values():
                page.failed = page.different = False
        answers = self.crew.each(names, "observe", lambda _: lambda tools: tools.resource.observe())
        back = [n for n in names if not isinstance(answers[n], HostError) and not answers[n].running_verb]
        for name in back:
            book.pages[name].failed = False
            book.pages[name].in_doubt = True  # what runs there may be ours, whether it answers now or not
            self.crew.submit(name, FORWARD, self._task(name))
        for done in self.crew.drain(frozenset({FORWARD})):
            self._took(done)
