"""The way forward: stage everywhere, then batch after batch, a gate after every result, a bake after every batch.

Walks the plan's batches and knows no strategy's name. Every decision is the gate's; this file carries it out and
returns how the way ended. Going back is in ``rollback.py``, waiting for a person in ``hold.py``, watching in
``baking.py``.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from fleetdeploy.engine.executor import CancelledTask, Done, Task, Tools
from fleetdeploy.errors import AnswerLost, Busy, HostError, Unreachable
from fleetdeploy.model import events as ev
from fleetdeploy.model.paths import release_exe
from fleetdeploy.model.plan import Batch, HostAction
from fleetdeploy.model.run import HostState, PauseReason, Phase
from fleetdeploy.model.verbs import ActivateRequest, RolloutRecord, StageResult
from fleetdeploy.policy import gate
from fleetdeploy.policy.floor import room
from fleetdeploy.rollout import turns
from fleetdeploy.rollout.baking import bake
from fleetdeploy.rollout.book import Book
from fleetdeploy.rollout.calendar import wait_for_calendar
from fleetdeploy.rollout.crew import Crew
from fleetdeploy.rollout.gatekeeper import Gatekeeper
from fleetdeploy.rollout.hold import Way, await_promotion, pause, way_of
from fleetdeploy.rollout.host_task import Target, Worked, bring, settle_s, settled
from fleetdeploy.rollout.ports import HostPort
from fleetdeploy.rollout.rollback import put_back

FORWARD = "forward"
_STAGE_PATIENCE_S = 20.0
_SLOT_S = 1.0
_WAITING = frozenset({HostState.PENDING, HostState.STAGED})


class Forward:
    """One conductor's way forward."""

    def __init__(self, book: Book, crew: Crew) -> None:
        self.book = book
        self.crew = crew
        self.gate = Gatekeeper(book, crew)
        self.uploads = threading.BoundedSemaphore(max(book.run.upload_parallel, 1))

    def walk(self) -> Way:
        """Stage and roll until it is done, or something else has to happen."""
        way = self.stage()
        if way is not Way.ON:
            return way
        batches = self.book.plan.batches
        passed = self._passed()
        for batch in batches:
            way = self._batch(batch, len(batches), skip_bake=batch.index < passed)
            if way is not Way.ON:
                return way
        return Way.DONE

    def _passed(self) -> int:
        """Batches whose bake an earlier conductor saw to its end: a later one was begun, or a person said so."""
        if not self.book.run.resume:
            return 0
        begun = -1
        finished = -1
        for batch in self.book.plan.batches:
            records = [self._record(name) for name in batch.hosts]
            if any(r is not None and r.intent for r in records):
                begun = batch.index
            if records and all(r is not None and r.done for r in records):
                finished = batch.index
        if self.book.run.decision == "promote":
            return max(begun, finished + 1)
        return max(begun, 0)

    def _record(self, name: str) -> RolloutRecord | None:
        seen = self.book.pages[name].observation
        return seen.state.rollout(self.book.run.id) if seen and seen.state else None

    # -- staging ---------------------------------------------------------------------------------------------------

    def stage(self) -> Way:
        """The release goes to one host first, then to all; nothing that runs is changed."""
        book = self.book
        names = [n for n in book.plan.changing if book.pages[n].state is HostState.PENDING]
        if not names:
            return Way.ON
        book.phase(Phase.STAGING)
        for group in (names[:1], names[1:]):
            for name, answer in self.crew.each(group, "stage", self._stage_task).items():
                if isinstance(answer, CancelledTask):
                    continue
                if isinstance(answer, HostError):
                    book.pages[name].error = answer
                    now = "nothing was changed there"
                    book.fail(name, turns.failure_of(answer), now, (f"fleetdeploy doctor --limit {name}",))
                    book.move(name, HostState.UNREACHABLE if _is_lost(answer) else HostState.EXCLUDED, answer.what)
                else:
                    book.say(ev.HostStaged(name, answer.release, answer.sent_bytes))
                    book.move(name, HostState.STAGED)
            if book.ports.interrupt.requested:
                return Way.INTERRUPTED
            decision = self.gate.decide(None)
            if isinstance(decision, (gate.Stop, gate.RollBack)):
                return Way.BACK if any(p.changed for p in book.pages.values()) else Way.STOP
        return Way.ON

    def _stage_task(self, name: str) -> Task[HostPort]:
        book, artifact, uploads = self.book, self.book.plan.artifact, self.uploads
        assert artifact is not None  # noqa: S101 - a plan that goes forward has one

        def task(tools: Tools[HostPort]) -> StageResult:
            def progress(sent: int, total: int) -> None:
                if book.ports.interrupt.requested:
                    raise CancelledTask  # an upload changes nothing that runs: it may be cut anywhere
                tools.tell(ev.StageProgress(name, sent, total))

            def call() -> StageResult:
                return tools.resource.stage(book.claim(name), artifact, progress=progress)

            while not uploads.acquire(timeout=_SLOT_S):
                tools.pulse()
                if book.ports.interrupt.requested:
                    raise CancelledTask
            try:
                return settled(tools, call, _STAGE_PATIENCE_S)
            finally:
                uploads.release()

        return task

    # -- batches ---------------------------------------------------------------------------------------------------

    def _batch(self, batch: Batch, of: int, *, skip_bake: bool) -> Way:
        book = self.book
        promoted = skip_bake or not batch.promotion
        looked = skip_bake
        while True:
            book.phase(Phase.ROLLING)
            if any(book.pages[n].state in _WAITING for n in batch.hosts):
                held = wait_for_calendar(book, self.crew, batch, self._outside)
                if held is not None:
                    return held
                book.say(ev.BatchStarted(batch.index, of, batch.hosts, batch.is_canary))
            decision = self._work(batch)
            if isinstance(decision, gate.Bake) and not looked:
                book.say(ev.BatchDone(batch.index, of))
                decision = self._bake(batch, decision)
            if isinstance(decision, gate.Pause):
                way = pause(book, self.crew, self.gate, decision, recheck=self._recheck)
                if way is not Way.ON:
                    return way
                continue
            way = decision if isinstance(decision, Way) else way_of(decision)
            if way is not Way.ON or promoted:
                return way
            way = await_promotion(book, self.crew)
            if way is not Way.ON:
                return way
            # Nobody looked while it waited, perhaps for hours: one fresh sample of each before it goes on.
            promoted = True
            batch = replace(batch, bake_s=0.0)

    def _work(self, batch: Batch) -> gate.Decision | Way:
        """Every host of the batch, as the floor lets them; ends when all have a result or none may start."""
        book, crew = self.book, self.crew
        waiting = [n for n in batch.hosts if book.pages[n].state in _WAITING]
        working: set[str] = set()
        stopping: gate.Decision | Way | None = None
        while waiting or working:
            stopping = stopping or self._outside()
            if stopping is None:
                down, most = book.not_serving(), book.plan.max_unavailable
                ready = room(waiting, not_serving=down, max_unavailable=most, running=working)
                if waiting and not ready and not working:
                    stopping = gate.Pause(gate.Reason.FLOOR, PauseReason.FLOOR, tuple(sorted(down)))
                for name in ready:
                    waiting.remove(name)
                    working.add(name)
                    crew.submit(name, FORWARD, self._task(name))
            if stopping is not None:
                waiting.clear()
                if not isinstance(stopping, gate.Pause):
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
                self._put_back_sick(batch)
        crew.workers.allow_waits()
        return stopping or self.gate.decide(batch)

    def _took(self, done: Done) -> None:
        if isinstance(done.value, Worked):
            turns.forward_done(self.book, done.host, done.value)
        elif isinstance(done.error, HostError):
            turns.forward_done(self.book, done.host, Worked(error=done.error))

    def _outside(self) -> Way | None:
        """A signal, or a command from outside."""
        if self.book.ports.interrupt.requested:
            return Way.INTERRUPTED
        request = self.crew.take_request()
        if request is None:
            return None
        self.book.note(f"{request.kind} was asked for by {request.actor}")
        return {"abort-rollback": Way.ABORT, "abort-leave": Way.LEAVE}.get(request.kind)

    def _put_back_sick(self, batch: Batch) -> None:
        """Within the budget an unhealthy host goes back by itself, at once; the rollout does not turn for it."""
        names = [
            n for n in batch.hosts if self.book.pages[n].state is HostState.UNHEALTHY and self.book.pages[n].touched
        ]
        for name in names:
            self.book.note("unhealthy, within the budget: it is put back", name, "warning")
        if names:
            put_back(self.book, self.crew, names)

    def _task(self, name: str) -> Task[HostPort]:
        book, page = self.book, self.book.pages[name]
        plan, ports = book.plan, book.ports
        artifact = plan.artifact
        assert artifact is not None  # noqa: S101 - a plan that goes forward has one
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
        )
        target = self.target(name)

        def task(tools: Tools[HostPort]) -> Worked:
            return bring(
                tools,
                (request,),
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

    def _bake(self, batch: Batch, decision: gate.Bake) -> gate.Decision | Way:
        found = bake(self.book, self.crew, decision.seconds, self.target, self._outside)
        if isinstance(found, Way):
            return found
        verdict = self.gate.decide(batch)
        return gate.Proceed() if isinstance(verdict, gate.Bake) else verdict

    def _recheck(self, batch_wide: bool) -> None:
        """While paused: ask unknown hosts again, and unhealthy ones if a person resumed, as if their turn came anew."""
        book = self.book
        states = {HostState.UNKNOWN} | ({HostState.UNHEALTHY} if batch_wide else set())
        names = [n for n, p in book.pages.items() if p.state in states and p.plan.action is HostAction.CHANGE]
        if batch_wide:
            for page in book.pages.values():
                page.failed = page.different = False
        answers = self.crew.each(names, "observe", lambda _: lambda tools: tools.resource.observe())
        back = [n for n in names if not isinstance(answers[n], HostError) and not answers[n].running_verb]
        for name in back:
            book.pages[name].failed = False
            self.crew.submit(name, FORWARD, self._task(name))
        for done in self.crew.drain(frozenset({FORWARD})):
            self._took(done)


def _is_lost(error: HostError) -> bool:
    return isinstance(error, (Unreachable, Busy, AnswerLost))
