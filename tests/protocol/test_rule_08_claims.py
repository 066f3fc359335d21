"""Rule 8: a changing verb proceeds for the very id, conductor, token and step only; what comes late changes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from fleetdeploy.engine.executor import Tools
from fleetdeploy.engine.heartbeat import Heartbeat
from fleetdeploy.errors import AnswerLost, HostError, Stale
from fleetdeploy.hosts.verbs import HostVerbs
from fleetdeploy.lab.windows.faults import FaultKind
from fleetdeploy.model.verbs import ActivateOutcome, ActivateRequest
from fleetdeploy.rollout.host_task import activate
from tests.hosts.conftest import Rig, until
from tests.protocol.adversary import Party, entry, memory, party, rolled_out


def counts(rig: Rig) -> dict[str, int]:
    return {kind: rig.host.effects.count(kind) for kind in ("stop", "start", "config", "kill")}


def test_every_changing_verb_shows_id_conductor_and_token(rig: Rig) -> None:
    artifact = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(artifact)
    before = counts(rig)
    for wrong in ({"rollout": "R9"}, {"conductor": "C9"}, {"token": 9}, {"token": 0}):
        thief = replace(one, **{"step": 50, **wrong})
        moves = (
            lambda t=thief: t.activate(artifact),
            lambda t=thief: t.back(artifact),
            lambda t=thief: t.turn(),
            lambda t=thief: t.stage(artifact),
            lambda t=thief: t.beat(),
            lambda t=thief: t.verbs.prune(t.claim(), 1),
        )
        for move in moves:
            with pytest.raises(Stale):
                move()  # type: ignore[no-untyped-call]
    assert counts(rig) == before
    state = memory(rig)
    assert state.token_high == 1
    assert state.open is not None
    assert state.open.direction == "forward"


def test_a_late_activate_does_not_undo_a_put_back(rig: Rig) -> None:
    good = rig.artifact("v1.4.2")
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(good)
    late = one.request(good)
    assert one.activate(good).outcome is ActivateOutcome.ACTIVATED
    old = replace(one)
    one.turn()
    assert one.back(good).outcome is ActivateOutcome.RESTORED
    before = counts(rig)
    # With the old token; with the new one, which it cannot have; with a step of its own that is long past.
    for request in (
        late,
        replace(late, claim=replace(late.claim, step=99)),
        replace(late, claim=replace(late.claim, token=one.token, step=99)),
        replace(late, claim=replace(late.claim, token=one.token)),
        old.request(good),
    ):
        with pytest.raises(Stale):
            one.verbs.activate(request)
    assert counts(rig) == before


def tools_of(verbs: Any) -> Tools[Any]:
    return Tools("web01", verbs, lambda _: None, lambda: None, Heartbeat(60.0), threading.Event())


class Late:
    """Verbs whose first ``activate`` is still on its way when its sender gives up waiting."""

    def __init__(self, verbs: HostVerbs) -> None:
        self._verbs = verbs
        self.on_its_way: list[ActivateRequest] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._verbs, name)

    def activate(self, request: ActivateRequest, **more: Any) -> Any:
        if not self.on_its_way:
            self.on_its_way.append(request)
            raise AnswerLost("web01: no answer", host="web01")
        return self._verbs.activate(request, **more)


def test_the_request_that_was_given_up_comes_after_its_successor(rig: Rig) -> None:
    rig.host.machine.connect_timeout = 1.0
    bad = rig.artifact("v1.4.3", crash_on_start=True)
    one = party(rig, "R1", "C1")
    one.open()
    one.stage(bad)
    slow = Late(one.verbs)
    result = activate(tools_of(slow), one.request(bad), patience_s=1.0, again=one.claim)
    assert result.outcome is ActivateOutcome.PUT_BACK
    before = counts(rig)
    with pytest.raises(Stale):
        one.verbs.activate(slow.on_its_way[0])
    assert counts(rig) == before, "the bad release was not tried a second time behind the conductor's back"


CHANGING = {
    "open": "Protocol rules 1 to 5",
    "turn": "Protocol rule 9",
    "stage": "Nothing that runs is touched",
    "activate": "App, then machine",
    "beat": "Protocol rule 14. While",
    "close": "Protocol rule 6",
    "prune": "Protocol rule 18",
}


@pytest.mark.parametrize("verb", CHANGING)
def test_a_changing_verb_is_never_sent_again_by_itself(rig: Rig, verb: str) -> None:
    artifact = rig.artifact("v1.4.2")
    one: Party = party(rig, "R1", "C1")
    one.verbs = rig.connect(attempts=3)
    if verb != "open":
        one.open()
    if verb in ("activate", "prune"):
        one.stage(artifact)
    ran: list[str] = []
    ended = rig.host.service.injection.ended

    def count(command: Any) -> None:
        if CHANGING[verb] in command.text:
            ran.append(verb)
        ended(command)

    rig.host.service.injection.ended = count  # type: ignore[method-assign]
    rig.host.faults.add(FaultKind.LOSE_ANSWER, pattern=CHANGING[verb])
    moves = {
        "open": one.open,
        "turn": one.turn,
        "stage": lambda: one.stage(artifact),
        "activate": lambda: one.activate(artifact),
        "beat": one.beat,
        "close": lambda: one.close("aborted"),
        "prune": lambda: one.verbs.prune(one.claim(), 0),
    }
    if verb == "stage":
        # Staging changes nothing that runs and looks first: it alone picks itself up.
        moves[verb]()
        assert len(ran) == 3
        return
    with pytest.raises(AnswerLost):
        moves[verb]()
    until(lambda: rig.seen().running_verb == "")
    assert len(ran) == 1


def test_a_lost_turn_is_asked_for_again_by_the_beat(rig: Rig) -> None:
    """Else the next beat would show the old token, and the conductor would take itself for taken over (rule 7)."""
    from fleetdeploy.model.run import HostState
    from fleetdeploy.rollout.rollback import _turn_host

    one = rolled_out(rig, rig.artifact("v1.4.2"), close=False)
    page = SimpleNamespace(turned=False, turn_in_doubt=False, token=one.token, state=HostState.UNKNOWN)

    def claim(_: str) -> Any:
        return replace(one.claim(), token=page.token)

    book: Any = SimpleNamespace(pages={"web01": page}, claim=claim)
    heartbeat = Heartbeat(0.0)
    tools: Tools[Any] = Tools("web01", one.verbs, lambda _: None, heartbeat.pulse, heartbeat, threading.Event())
    heartbeat.start(lambda: one.verbs.beat(book.claim("web01")))
    rig.host.faults.add(FaultKind.LOSE_ANSWER, pattern="Protocol rule 9")
    with pytest.raises(HostError):
        _turn_host(book, tools, "web01", 0.0)
    assert entry(rig).token == 2, "it had taken effect"
    heartbeat.pulse()
    assert (page.turned, page.token) == (True, 2)
    heartbeat.pulse()
    assert entry(rig).token == 2
