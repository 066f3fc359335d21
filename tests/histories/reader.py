"""Reads along, event by event, what conductors say, and holds it against the machines and against what people asked.

The journal is a promise in three ways: what it says of a host is so at that moment; what is about to be done stands in
the store before it is done; what a person asked for and was told is accepted is obeyed. A broken promise goes to the
watch, which raises it. An event of one conductor says nothing of a host that somebody else has touched since.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing

from fleetdeploy.model import events as ev
from fleetdeploy.model.plan import HostPlan, Plan
from fleetdeploy.model.replay import RolloutState, replay
from fleetdeploy.model.run import HostState, PauseReason
from fleetdeploy.policy import asked
from fleetdeploy.rollout.ports import EventLog
from tests.histories.operators import Conductor
from tests.histories.watch import Cause, Watch

_BEGINS = frozenset({HostState.ACTIVATING})
_GO = frozenset({asked.RESUME, asked.PROMOTE})
_HOPELESS = frozenset({HostState.ROLLBACK_FAILED, HostState.UNKNOWN, HostState.UNREACHABLE})
_BEFORE_IT_IS_SEEN_S = 0.05
"""A service changes its state a moment before the watch notes who did it."""
_CHANGING = ("activate", "put-back")


class Reader:
    """One fleet's conductors, by their own words.

    Args:
        watch: sees the machines; it is told what is wrong.
        plans: by rollout.
    """

    def __init__(self, watch: Watch, plans: Mapping[str, Plan]) -> None:
        self.watch, self.plans = watch, plans
        self._by_id: dict[str, Conductor] = {}
        self._said: dict[str, list[ev.Event]] = {}
        """Of each rollout, by whoever conducted it, whatever store it went to."""
        self._recorded: set[str] = set()

    # -- what conductors do ----------------------------------------------------------------------------------------

    def begins(self, one: Conductor, rollout: str, conductor: str, log: EventLog) -> None:
        """This command conducts that rollout from now on; its store has what it had until now."""
        one.rollout, one.conductor = rollout, conductor
        one.book = [row.event for row in log.events(rollout) or ()]
        self._by_id[conductor] = one

    def hears(self, one: Conductor, event: ev.Event) -> None:
        """An event that has just been written and is being shown."""
        if not one.rollout or isinstance(event, ev.TRANSIENT):
            return
        said = self._said.setdefault(one.rollout, [])
        if isinstance(event, ev.HostChanged) and event.state in _BEGINS:
            self._obeys(one, event.host)
        one.book.append(event)
        said.append(event)
        state = replay(one.book)
        for misfit in state.misfits:
            self._say(one, f"the journal does not fit: {misfit}")
        if state.outcome is None:
            self._shows(one, event, state)

    def _say(self, one: Conductor, what: str) -> None:
        text = f"{one.title}: {what}"
        self.watch.log(f"!! {text}")
        if text not in self.watch.broken:
            self.watch.broken.append(text)

    # -- what is said of a host is so --------------------------------------------------------------------------------

    def _shows(self, one: Conductor, event: ev.Event, state: RolloutState) -> None:
        """At the event itself all of it; at later ones as long as nobody has touched the host since, it neither.

        (Its own workers are ahead of its words: a host that is being put back is told so a moment later.)
        """
        for page in self.plans[one.rollout].hosts:
            seen = state.hosts.get(page.host)
            if seen is None:
                continue
            now = isinstance(event, ev.HostChanged) and event.host == page.host
            if now:
                one.told[page.host] = len(self.watch.touched)
            wrong = self._wrong(one, page, seen.state, now)
            if wrong:
                time.sleep(_BEFORE_IT_IS_SEEN_S)
                wrong = self._wrong(one, page, seen.state, now)
            if wrong:
                self._say(one, wrong)

    def _wrong(self, one: Conductor, page: HostPlan, state: HostState, now: bool) -> str:
        """What is not so of what was said of a host; "" too if somebody has touched it, so that it may have changed."""
        plan, touched = self.plans[one.rollout], self.watch.touched
        if self.watch.others(page.host, one.rollout, one.since, conductor=one.conductor):
            return ""
        if any(name == page.host for name, _, _ in touched[one.told.get(page.host, 0) :]):
            return ""
        host = self.watch.lab.hosts[page.host]
        image, remembered = self.watch.image(host), self.watch.memory(host)
        if state is HostState.HEALTHY and plan.kind == "forward":
            record = remembered.rollout(one.rollout) if remembered else None
            kept = record is not None and record.done
            if page.to_release not in image or (now and not kept) or not self.watch.runs(host):
                return f"{page.host} is told to run {page.to_label}: {image}, {record}"
        elif state is HostState.ROLLED_BACK:
            undone = one.rollout if plan.kind == "forward" else plan.undoes
            record = remembered.rollout(undone) if remembered else None
            origin = record.origin if record is not None and record.intent else None
            # The old version may be sick, and then this is told, too; where it points to is not a matter of health.
            if origin is not None and image != origin.image_path:
                return f"{page.host} is told to be back on {origin.image_path}: {image}"
        return ""

    # -- what is about to be done stands in the store ------------------------------------------------------------------

    def acts(self, host: str, cause: Cause) -> None:
        """A script of a conductor changes a service: it must have been written before, where that conductor writes."""
        one = self._by_id.get(cause.conductor)
        if one is None or not one.living or one.killed or cause.command in self._recorded:
            return
        self._recorded.add(cause.command)
        with closing(one.operator.journal()) as journal:
            steps = [s for s in journal.steps(cause.rollout) if s.host == host and s.name in _CHANGING]
        if not steps:
            self._say(one, f"{host} is changed ({cause}), and the store has no such step")

    # -- what was accepted is obeyed -----------------------------------------------------------------------------------

    def _obeys(self, one: Conductor, host: str) -> None:
        """A host begins to be changed by this conductor: nobody was promised the contrary.

        A word is obeyed at the next safe point: hosts whose turn was handed to a worker before it may still begin.
        """
        held, excluded = "", False
        begun: set[str] = set()
        late: set[str] = set()
        for event in (*one.book, ev.HostChanged(host, HostState.ACTIVATING)):
            match event:
                case ev.RolloutStarted():
                    held = "" if held == asked.PAUSE else held  # whoever resumes goes on
                    late.clear()
                case ev.Asked(kind=kind, accepted=True) if kind in _GO:
                    held = ""
                    late.clear()
                case ev.Asked(kind=asked.PAUSE | asked.ABORT_ROLLBACK | asked.ABORT_LEAVE, accepted=True):
                    held = event.kind
                    late.clear()
                case ev.Asked(kind=asked.EXCLUDE, accepted=True) if event.argument == host:
                    excluded = True
                case ev.Asked(kind=asked.RETRY, accepted=True) if event.argument == host:
                    excluded = False
                case ev.HostChanged(state=HostState.ACTIVATING):
                    if held and event.host not in begun:
                        late.add(event.host)
                    begun.add(event.host)
                case _:
                    pass
        if excluded:
            self._say(one, f"{host} begins, and it was excluded")
        if held and len(late) > self.plans[one.rollout].max_unavailable:
            self._say(one, f"{', '.join(sorted(late))} begin after {held} was accepted")

    # -- for the watch -----------------------------------------------------------------------------------------------

    def went_without_canary(self, rollout: str) -> bool:
        """It was held because no canary had proved anything, and a person said that it goes on."""
        held = False
        for event in self._said.get(rollout, ()):
            if isinstance(event, ev.HoldChanged) and event.reason is PauseReason.NO_CANARY:
                held = True
            elif held and (
                (isinstance(event, ev.Asked) and event.accepted and event.kind in _GO)
                or (isinstance(event, ev.RolloutStarted) and event.resumed)
            ):
                return True
        return False

    def on_the_way_back(self, conductor: str, but: str) -> tuple[bool, list[str]]:
        """Whether ``but`` was well when it was put back, and which others are being put back now, by that conductor."""
        one = self._by_id.get(conductor)
        if one is None:
            return False, []
        state = replay(one.book)
        plan = self.plans[one.rollout]
        page = next((p for p in plan.hosts if p.host == but), None)
        seen = state.hosts.get(but)
        failed = any(isinstance(e, ev.HostFailed) and e.host == but for e in one.book)
        if page is None or seen is None:
            return False, []
        well = page.healthy is True if plan.kind == "back" else not failed and seen.state is not HostState.UNKNOWN
        busy = [n for n, h in state.hosts.items() if n != but and h.state is HostState.ROLLING_BACK]
        return well and seen.state not in _HOPELESS, busy
