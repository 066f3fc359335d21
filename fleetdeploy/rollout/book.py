"""What one conductor knows: the state of its rollout and of each host. Changed by the conductor's one thread only.

Every move goes through the tables of ``model/run.py`` and is reported as an event, to the journal first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fleetdeploy.errors import FleetdeployError, HostError, StoreError
from fleetdeploy.model import events as ev
from fleetdeploy.model.health import Sample
from fleetdeploy.model.owner import age_text
from fleetdeploy.model.plan import HostPlan
from fleetdeploy.model.run import NOT_SERVING, Hold, HostState, PauseReason, Phase, RunState, move_host
from fleetdeploy.model.scene import Scene
from fleetdeploy.model.verbs import Claim, HostFailure, Observation, OpenEntry
from fleetdeploy.plan.drift import Difference
from fleetdeploy.policy.explain import advice
from fleetdeploy.rollout.ports import Ports
from fleetdeploy.rollout.recorded import Record
from fleetdeploy.rollout.result import RolloutRun


@dataclass(slots=True)
class HostPage:
    """One host.

    Attributes:
        touched: this rollout may have changed it and it is not known to be back.
        changed: this rollout began to change it, whatever came of it.
        in_doubt: an answer to a changing verb was lost and nothing was heard since.
        turned: it knows that the direction is back; ``turn_in_doubt``: the answer to that was lost.
        left_out: a person excluded it; it keeps its weight in floor and budget.
        replaced: the entry that a take-over put aside (rule 4).
        failures: all of this conductor's, forward and back; ``failure`` is the newest that still counts.
        differences: what somebody changed there after this rollout had brought it to the target.
    """

    plan: HostPlan
    state: HostState = HostState.PENDING
    label: str = ""
    opened: bool = False
    token: int = 0
    step: int = 0
    touched: bool = False
    changed: bool = False
    turned: bool = False
    turn_in_doubt: bool = False
    going_back: bool = False
    in_doubt: bool = False
    failed: bool = False
    different: bool = False
    left_out: bool = False
    observation: Observation | None = None
    baseline: Sample | None = None
    samples: list[Sample] = field(default_factory=list)
    image: str = ""
    failure: HostFailure | None = None
    failures: list[HostFailure] = field(default_factory=list)
    scene: Scene | None = field(default=None, repr=False)
    likely: str = ""
    notes: list[str] = field(default_factory=list)
    replaced: object = None
    owner: OpenEntry | None = None
    error: HostError | None = None
    silent_since: float | None = None
    boot: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """The host's name."""
        return self.plan.host

    @property
    def replaced_conductor(self) -> str:
        """The conductor whose entry a take-over put aside here, "" if there was none."""
        return str(self.replaced.get("conductor") or "") if isinstance(self.replaced, Mapping) else ""

    @property
    def replaced_rollout(self) -> str:
        """Id of the rollout whose entry a take-over put aside here, "" if there was none."""
        return str(self.replaced.get("rollout") or "") if isinstance(self.replaced, Mapping) else ""


class TakenOver(FleetdeployError):
    """A host said "stale" or "ended by another": the whole conductor stops (protocol.md rule 7)."""


class Book:
    """The pages of one run, and the voice that reports what is written in them."""

    def __init__(self, run: RolloutRun, ports: Ports, record: Record | None = None) -> None:
        self.run = run
        self.plan = run.plan
        self.ports = ports
        self.record = record or Record(ports.log, run.id, run.conductor, lambda: None)
        self.state = RunState()
        self.pages: dict[str, HostPage] = {
            h.host: HostPage(h, label=h.from_label if h.from_label != "unknown" else "") for h in run.plan.hosts
        }
        self.turned = False
        self.turn_reason = ""
        self.began: dict[Phase, float] = {}  # monotonic
        self.ended_hosts: dict[str, str] = {}
        self._last_word = time.monotonic()
        self.held_for = ""  # why it holds, in words
        self._hold_ends: float | None = None
        self._mute = False
        self._said_once: set[tuple[str, str]] = set()
        self._store_told = False

    def say(self, event: ev.Event) -> None:
        """Journal, then report."""
        if not isinstance(event, ev.TRANSIENT):
            self.ports.log.append(self.run.id, event)
            self._last_word = time.monotonic()
        if self._mute:
            return
        try:
            self.ports.reporter.report(event)
        except OSError:
            # Nobody listens any more (a closed pipe, a lost terminal): that must not stop a rollout half way.
            self._mute = True

    def note(self, text: str, host: str = "", level: str = "info") -> None:
        """Something that a person should know; kept on the host's page too."""
        if host in self.pages:
            self.pages[host].notes.append(text)
        self.say(ev.Note(text, host, level))

    def note_once(self, text: str, host: str = "", level: str = "info") -> None:
        """The same, unless this conductor has said it before: what is looked at again is not news."""
        if (host, text) not in self._said_once:
            self._said_once.add((host, text))
            self.note(text, host, level)

    def heartbeat(self) -> None:
        """A line if nothing was said for a while, or if the store has broken meanwhile."""
        if self.record.lost is not None and not self._store_told:
            self._store_told = True
            self.note(self._store_text(self.record.lost), level="warning" if self.turned else "error")
        if time.monotonic() - self._last_word >= self.ports.heartbeat_s:
            self._last_word = time.monotonic()
            counts: dict[str, int] = {}
            for page in self.pages.values():
                counts[page.state.value] = counts.get(page.state.value, 0) + 1
            listed = ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in sorted(counts.items()))
            self.say(ev.Heartbeat(f"{self._doing()}: {listed}"))

    def _doing(self) -> str:
        """The phase, or what it waits for and how long yet."""
        if self.state.hold is Hold.NONE:
            return self.state.phase.value.replace("_", " ")
        what = (
            f"{self.state.hold.value.replace('_', ' ')}{f' ({self.state.reason.value})' if self.state.reason else ''}"
        )
        if self._hold_ends is None:
            return f"{what}, without a time-out"
        return f"{what}, {age_text(max(0.0, self._hold_ends - time.monotonic()))} left"

    def _store_text(self, lost: StoreError) -> str:
        if self.turned or self.plan.kind == "back" or self.run.decision.startswith("abort"):
            return f"the store cannot be written ({lost.what}): going back needs none and goes on"
        return f"the store cannot be written any more ({lost.what}): no new host is started"

    def phase(self, phase: Phase) -> None:
        """Go on to a phase."""
        if phase is not self.state.phase:
            self.state = self.state.to(phase)
            self.began.setdefault(phase, time.monotonic())
            self.say(ev.PhaseChanged(phase))

    def hold(
        self,
        hold: Hold,
        reason: PauseReason | None = None,
        *,
        detail: str = "",
        ends_in_s: float | None = None,
        next_steps: tuple[str, ...] = (),
    ) -> None:
        """Hold, or go on."""
        self.state = self.state.held(hold, reason)
        self.held_for = "" if hold is Hold.NONE else detail or self.held_for
        self._hold_ends = None if ends_in_s is None else time.monotonic() + ends_in_s
        self.say(ev.HoldChanged(hold, reason, detail, ends_in_s, next_steps))

    def move(self, name: str, state: HostState, detail: str = "", label: str | None = None) -> None:
        """A host moves on."""
        page = self.pages[name]
        before = page.state
        page.state = move_host(name, before, state)
        if label:
            page.label = label
        if before is not state or detail:
            self.say(ev.HostChanged(name, state, detail, page.label))

    def fail(self, name: str, failure: HostFailure, now: str, next_steps: tuple[str, ...] = ()) -> None:
        """A host failed: remembered and said."""
        page = self.pages[name]
        page.failed = True
        page.failure = failure
        page.failures.append(failure)
        page.likely, steps = advice(name, failure, page.scene)
        self.say(ev.HostFailed(name, failure, now, tuple(dict.fromkeys((*next_steps, *steps))), page.likely))

    def claim(self, name: str) -> Claim:
        """What a changing verb shows at this host's door."""
        page = self.pages[name]
        return Claim(self.run.id, self.run.conductor, page.token, page.step)

    def next_claim(self, name: str) -> Claim:
        """The same, one step on (protocol.md rule 8)."""
        self.pages[name].step += 1
        return self.claim(name)

    def link(self, name: str, undo: str) -> int:
        """Which one in the chain of rollouts that are undone on this host that is, from 0."""
        chain = self.pages[name].plan.undo if name in self.pages else ()
        return chain.index(undo) if undo in chain else 0

    def in_state(self, states: Iterable[HostState]) -> tuple[str, ...]:
        """Hosts in one of these states."""
        wanted = frozenset(states)
        return tuple(name for name, page in self.pages.items() if page.state in wanted)

    def not_serving(self) -> frozenset[str]:
        """Hosts that count against the floor now: down at the start and not healthy since, or made so by us."""
        never = frozenset({HostState.PENDING, HostState.STAGED, HostState.UNCHANGED, HostState.SKIPPED})
        pages = self.pages
        # One that is set aside because it is silent leaves the count, one that a person left out does not.
        down = {n for n in self.plan.down_at_start if n in pages and (pages[n].state in never or pages[n].left_out)}
        return frozenset(down | set(self.in_state(NOT_SERVING)))
