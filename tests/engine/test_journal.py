"""The journal, in a file and in PostgreSQL: what is written comes back, in order, also in another process."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.export import read_export
from fleetdeploy.engine.store.verify import verify
from fleetdeploy.errors import StoreError, StoreTrouble
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import HostState, Outcome, Phase
from tests.engine.conftest import HEAD, Open, begun


def test_events_come_back_in_order_with_their_envelope(opened: Open) -> None:
    journal = begun(opened())
    first = journal.append("01ABC", ev.Note("one"))
    begun(journal, "01OTHER").append("01OTHER", ev.Note("not mine"))
    journal.append("01ABC", ev.PhaseChanged(Phase.STAGING))
    journal.close()
    again = opened()
    rows = again.events("01ABC")
    assert [r.event for r in rows] == [ev.Note("one"), ev.PhaseChanged(Phase.STAGING)]
    assert rows[0].to_json()["rollout"] == "01ABC"
    assert [r.event for r in again.events("01ABC", after=first)] == [ev.PhaseChanged(Phase.STAGING)]
    assert again.plan("01ABC") == {"a": 1}
    assert again.plan("nope") is None


@pytest.mark.parametrize("text", ["größer 50 % ? %s", "half \ud83d a face", "a\u0000b", "''; DROP TABLE events"])
def test_any_text_comes_back(opened: Open, text: str) -> None:
    journal = begun(opened())
    journal.append("01ABC", ev.Note(text))
    journal.step_begin("01ABC", "web01", 30, "activate", "C1")
    journal.step_end("01ABC", "web01", 30, {"log": text})
    journal.keep_evidence("01ABC", "web01", {"log": [text]})
    assert [r.event for r in opened().events("01ABC")] == [ev.Note(text)]
    assert journal.steps("01ABC")[0].result == {"log": text}
    assert journal.evidence("01ABC", "web01")[0].data == {"log": [text]}
    verdict = journal.verify("01ABC")
    assert verdict is not None
    assert verdict.broken is None


def test_the_end_is_written(opened: Open) -> None:
    journal = begun(opened())
    journal.end("01ABC", None, 130)
    row = opened().rollout("01ABC")
    assert row is not None
    assert (row.outcome, row.exit_code, row.conductor) == (None, 130, "C1")


def test_an_end_that_is_told_is_written_with_it(opened: Open) -> None:
    begun(opened()).append("01ABC", ev.RolloutEnded(Outcome.ROLLED_BACK, 3))  # and then it is killed
    row = opened().rollout("01ABC")
    assert row is not None
    assert (row.outcome, row.exit_code, bool(row.ended_at)) == ("rolled_back", 3, True)


def test_a_later_conductor_writes_nothing_until_the_hosts_are_its_own(opened: Open) -> None:
    first, second = begun(opened()), opened()
    first.append("01ABC", ev.Note("one"))
    second.begin("01ABC", plan={"a": 2}, **{**HEAD, "conductor": "C2", "actor": "you@there"})
    assert second.append("01ABC", ev.Note("mine, if it is mine")) == 0
    first.append("01ABC", ev.Note("two"))
    number = first.request("01ABC", "pause", "me")
    assert second.take_requests("01ABC") == (), "they are for the one that lives"
    second.claim("01ABC")
    assert [r.id for r in second.take_requests("01ABC")] == [number]
    second.append("01ABC", ev.Note("three"))
    assert [r.event for r in first.events("01ABC")] == [
        ev.Note("one"),
        ev.Note("two"),
        ev.Note("mine, if it is mine"),
        ev.Note("three"),
    ]
    row = first.rollout("01abc")
    assert row is not None
    assert (row.conductor, row.exit_code, row.ended_at) == ("C2", None, None)
    assert (row.actor, row.holder) == ("me", "you@there")
    assert first.plan("01ABC") == {"a": 1}, "the plan is the one it began with"


def test_one_that_was_refused_leaves_the_living_one_alone(opened: Open) -> None:
    first, second = begun(opened()), opened()
    second.begin("01ABC", plan={"a": 2}, **{**HEAD, "conductor": "C2"})
    second.append("01ABC", ev.RolloutEnded(Outcome.REFUSED, 6))
    second.end("01ABC", "refused", 6)
    row = first.rollout("01ABC")
    assert row is not None
    assert (row.conductor, row.outcome) == ("C1", None)
    assert first.events("01ABC") == ()
    assert first.append("01ABC", ev.Note("still here"))


def test_one_that_was_replaced_writes_nothing_any_more(opened: Open) -> None:
    zombie, second = begun(opened()), opened()
    second.begin("01ABC", plan={}, **{**HEAD, "conductor": "C2"})
    second.claim("01ABC")
    for write in (lambda: zombie.append("01ABC", ev.Note("late")), lambda: zombie.end("01ABC", "failed", 4)):
        with pytest.raises(StoreError) as failure:
            write()
        assert failure.value.trouble is StoreTrouble.REPLACED
        assert "C2" in str(failure.value)
    zombie.request("01ABC", "pause", "me")
    assert zombie.take_requests("01ABC") == ()
    row = second.rollout("01ABC")
    assert row is not None
    assert row.outcome is None
    assert second.events("01ABC") == ()


def test_steps_follow_the_same_rule(opened: Open) -> None:
    first, second = begun(opened()), opened()
    first.step_begin("01ABC", "web01", 10, "open", "C1")
    first.step_end("01ABC", "web01", 10, {"token": 1})
    second.begin("01ABC", plan={}, **{**HEAD, "conductor": "C2"})
    stood = second.step_begin("01ABC", "web01", 10, "open", "C2", again=True)
    assert stood is not None
    assert stood.result == {"token": 1}
    second.step_end("01ABC", "web01", 10, {"token": 2})
    assert [s.result for s in first.steps("01ABC")] == [{"token": 1}], "the hosts have not said whose they are"
    second.claim("01ABC")
    assert [(s.conductor, s.result, s.tries) for s in first.steps("01ABC")] == [("C2", {"token": 2}, 2)]
    for write in (
        lambda: first.step_begin("01ABC", "web01", 30, "activate", "C1"),
        lambda: first.step_end("01ABC", "web01", 10, {}),
    ):
        with pytest.raises(StoreError) as failure:
            write()
        assert failure.value.trouble is StoreTrouble.REPLACED, "it must not even begin"
    assert [s.result for s in second.steps("01ABC")] == [{"token": 2}]


def test_steps_of_one_that_was_refused_are_nobodys(opened: Open) -> None:
    first, second = begun(opened()), opened()
    second.begin("01ABC", plan={}, **{**HEAD, "conductor": "C2"})
    second.step_begin("01ABC", "web01", 10, "open", "C2")
    second.step_end("01ABC", "web01", 10, {"error": "Occupied"})
    second.end("01ABC", "refused", 6)
    assert first.steps("01ABC") == ()


def test_who_did_not_begin_does_not_write(opened: Open) -> None:
    begun(opened())
    with pytest.raises(StoreError, match="not begun here"):
        opened().append("01ABC", ev.Note("x"))


def test_what_the_hosts_say_is_over_is_settled(opened: Open) -> None:
    first = begun(opened())
    first.append("01ABC", ev.Note("then it was killed"))
    first.step_begin("01ABC", "web01", 20, "stage", "C1")
    first.step_end("01ABC", "web01", 20, {"sent": 1})
    first.step_begin("01ABC", "web01", 30, "activate", "C1")
    other = opened()
    assert other.settle("01ABC", "rolled_back", 3, conductor="C9", detail="found so on the hosts")
    assert not other.settle("01ABC", "aborted", 3, conductor="C9"), "once"
    assert not other.settle("01NONE", "aborted", 3, conductor="C9")
    row = other.rollout("01ABC")
    assert row is not None
    assert (row.outcome, row.exit_code) == ("rolled_back", 3)
    verdict = other.verify("01ABC")
    assert verdict is not None
    assert (verdict.broken, verdict.events, verdict.in_flight) == (None, 2, ())
    assert [s.result for s in other.steps("01ABC")] == [{"sent": 1}, {"settled": "rolled_back", "by": "C9"}]


def test_finding_rollouts(opened: Open) -> None:
    journal = begun(opened(), "01AAAX")
    begun(journal, "01AABY", kind="back", fleet="g", version="v0", undoes="01AAAX", conductor="C")
    assert [r.id for r in journal.rollouts()] == ["01AABY", "01AAAX"]
    assert [r.id for r in journal.rollouts(limit=1)] == ["01AABY"]
    assert [r.id for r in journal.rollouts(fleet="f", app="shop")] == ["01AAAX"]
    assert journal.rollouts(fleet="f", app="other") == ()
    assert journal.rollout("01AA") is None, "ambiguous"
    assert journal.rollout("") is None
    assert journal.rollout("01AA%X") is None, "no pattern"
    found = journal.rollout("aaax")
    assert found is not None
    assert found.id == "01AAAX"


def test_a_request_is_handed_out_once(opened: Open) -> None:
    conductor, person = begun(opened()), opened()
    number = person.request("01ABC", "promote", "me")
    assert not person.was_taken(number)
    assert conductor.take_requests("nope") == ()
    assert [r.kind for r in conductor.take_requests("01ABC")] == ["promote"]
    assert conductor.take_requests("01ABC") == ()
    assert person.was_taken(number)


def test_a_request_has_an_argument_a_reason_and_an_answer(opened: Open) -> None:
    journal, person = begun(opened()), opened()
    number = person.request("01ABC", "exclude", "me@here", argument="web07", reason="disk")
    (taken,) = journal.take_requests("01ABC")
    assert (taken.id, taken.argument, taken.reason) == (number, "web07", "disk")
    assert person.answer_of(number) is None
    journal.answer(number, False, "web07 is done already")
    answer = person.answer_of(number)
    assert answer is not None
    assert (answer.accepted, answer.text) == (False, "web07 is done already")


def test_a_step_is_written_before_and_after(opened: Open) -> None:
    journal = begun(opened())
    assert journal.step_begin("01ABC", "web01", 30, "activate", "C1") is None
    before = journal.step_begin("01ABC", "web01", 30, "activate", "C2")
    assert before is not None
    assert (before.conductor, before.ended, before.tries) == ("C1", False, 1)
    journal.step_end("01ABC", "web01", 30, {"outcome": "done"})
    stood = journal.step_begin("01ABC", "web01", 30, "activate", "C3")
    assert stood is not None
    assert (stood.result, stood.tries, stood.conductor) == ({"outcome": "done"}, 2, "C2")
    assert opened().steps("01ABC") == (stood,), "what has ended stays"
    other = journal.step_begin("01ABC", "web01", 30, "stage", "C3", again=True)
    assert other == stood
    assert journal.steps("01ABC") == (stood,), "and nothing is written over another name"
    journal.step_begin("01ABC", "web01", 30, "activate", "C3", again=True)
    assert [(s.ended, s.result, s.tries) for s in journal.steps("01ABC")] == [(False, None, 3)]


def test_marks_and_evidence(opened: Open) -> None:
    journal = begun(opened())
    journal.set_mark("shop", "v1", "aa", "bad", "rolled back", "me")
    journal.set_mark("shop", "v1", "aa", "good", "was the database", "you")
    journal.set_mark("other", "v1", "aa", "bad", "", "me")
    assert [(m.version, m.mark, m.actor) for m in journal.marks("shop")] == [("v1", "good", "you")]
    journal.keep_evidence("01ABC", "web01", {"log": ["größer"]})
    journal.keep_evidence("01ABC", "web02", {"log": []})
    assert [e.data for e in journal.evidence("01ABC", "web01")] == [{"log": ["größer"]}]
    assert [e.host for e in journal.evidence("01ABC")] == ["web01", "web02"]
    assert journal.evidence("01ABC", "web0_") == ()


def test_what_a_plan_covered_is_remembered(opened: Open) -> None:
    journal = opened()
    assert journal.kept_plan("abc") is None
    for i in range(60):
        journal.keep_plan(f"d{i}", {"n": i})
    journal.keep_plan("abc", {"hosts": {"a": 1}})
    journal.keep_plan("abc", {"hosts": {"a": 2}})
    assert journal.kept_plan("abc") == {"hosts": {"a": 2}}
    assert journal.kept_plan("d0") is None, "only the newest are kept"


def test_an_event_of_a_newer_version_is_kept_as_it_stands(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = begun(opened())
    newer = {"event": "sung", "song": "la", "host": "web01"}
    monkeypatch.setattr(ev.Note, "to_json", lambda self: newer)
    journal.append("01ABC", ev.Note(""))
    monkeypatch.undo()
    (row,) = journal.events("01ABC")
    assert row.event == ev.UnknownEvent(newer)
    assert row.to_json()["song"] == "la"


def test_two_that_write_at_once_keep_the_chain(opened: Open) -> None:
    """Threads of one conductor (its own lock) and another rollout's process (the store's)."""
    one, two = begun(opened()), begun(opened(), "01DEF", conductor="C2")

    def write(journal: Journal, rollout: str, word: str) -> None:
        for i in range(15):
            journal.append(rollout, ev.Note(f"{word}{i}"))

    def step(journal: Journal, rollout: str, host: str) -> None:
        for i in range(15):
            journal.step_begin(rollout, host, i, "activate", "C1")
            journal.step_end(rollout, host, i, {})

    jobs = [
        (write, one, "01ABC", "a"),
        (write, one, "01ABC", "b"),
        (write, two, "01DEF", "c"),
        (step, one, "01ABC", "h"),
    ]
    threads = [threading.Thread(target=job, args=args, daemon=True) for job, *args in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "they wait for one another"
    for rollout, number in (("01ABC", 30), ("01DEF", 15)):
        verdict = two.verify(rollout)
        assert verdict is not None
        assert (verdict.broken, verdict.events) == (None, number)


def whole(opened: Open) -> Journal:
    """A rollout from its beginning to its end."""
    journal = begun(opened())
    journal.append("01ABC", ev.Note("one"))
    journal.step_begin("01ABC", "web01", 30, "activate", "C1")
    journal.step_end("01ABC", "web01", 30, {"outcome": "done"})
    journal.append("01ABC", ev.HostChanged("web01", HostState.HEALTHY, label="v1"))
    journal.append("01ABC", ev.RolloutEnded(Outcome.SUCCEEDED, 0))
    journal.end("01ABC", "succeeded", 0)
    return journal


TAMPERED = {
    'UPDATE events SET event=\'{"event":"note","text":"two"}\' WHERE n=1': ("event 1", "not as it was written"),
    "UPDATE events SET at='2020-01-01T00:00:00.000Z' WHERE n=2": ("event 2", "not as it was written"),
    "UPDATE events SET conductor='C7' WHERE n=2": ("event 2", "not as it was written"),
    "UPDATE events SET event='{' WHERE n=2": ("event 2", "cannot be read"),
    "DELETE FROM events WHERE n=2": ("event 2", "event 2 is missing, number 3 follows"),
    "DELETE FROM events WHERE n=3": ("event 3", "3 events were written, 2 are there"),
    "DELETE FROM events": ("event 1", "3 events were written, 0 are there"),
    "UPDATE events SET n=n+1 WHERE n=3": ("event 3", "event 3 is missing, number 4 follows"),
    "UPDATE rollouts SET plan='{\"a\": 2}'": ("event 1", "the rollout's own row or plan"),
    "UPDATE rollouts SET actor='somebody'": ("event 1", "the rollout's own row or plan"),
    "UPDATE rollouts SET outcome='failed'": ("the rollout's row", "its outcome is failed, its events say succeeded"),
    "UPDATE rollouts SET plan='{'": ("event 1", "the rollout's own row or plan"),
    "UPDATE steps SET result='{'": ("step 30 activate on web01", "its result cannot be read"),
    "UPDATE steps SET result=NULL": ("step 30 activate on web01", "an end without a result"),
    "UPDATE steps SET ended_at='2020-01-01T00:00:00.000Z'": ("step 30 activate on web01", "before it began"),
}


@pytest.mark.parametrize("sql", TAMPERED)
def test_verify_names_the_first_row_that_is_wrong(opened: Open, sql: str) -> None:
    journal = whole(opened)
    verdict = journal.verify("01ABC")
    assert verdict is not None
    assert (verdict.broken, verdict.events, verdict.steps) == (None, 3, 1)
    with journal._backend.write() as tx:
        assert tx.change(sql)
    verdict = journal.verify("01ABC")
    assert verdict is not None
    assert verdict.broken is not None
    where, what = TAMPERED[sql]
    assert verdict.broken.where.startswith(where)
    assert what in verdict.broken.what
    assert journal.verify("01NONE") is None


def test_what_somebody_damaged_fails_nobody_who_only_reads(opened: Open) -> None:
    journal = whole(opened)
    journal.keep_evidence("01ABC", "web01", {"scene": None})
    with journal._backend.write() as tx:
        for sql in (
            "UPDATE events SET event='{' WHERE n=1",
            "UPDATE events SET event='[]' WHERE n=2",
            "UPDATE steps SET result='['",
            "UPDATE evidence SET data='{'",
            "UPDATE rollouts SET plan='{'",
        ):
            assert tx.change(sql)
    assert [type(e.event) for e in journal.events("01ABC")] == [ev.UnknownEvent, ev.UnknownEvent, ev.RolloutEnded]
    assert [s.ended for s in journal.steps("01ABC")] == [True]
    assert journal.evidence("01ABC") == ()
    assert len(list(journal.export())) == 7, "what there is can still be kept"
    with pytest.raises(StoreError, match="cannot be read"):
        journal.plan("01ABC")


def test_a_name_that_is_no_unicode_is_an_error_of_the_store(opened: Open) -> None:
    with pytest.raises(StoreError, match="no valid Unicode"):
        begun(opened(), actor="eva\udcff@ci")


def test_a_step_without_an_end_is_named_but_no_fault(opened: Open) -> None:
    journal = begun(opened())
    journal.step_begin("01ABC", "web01", 30, "activate", "C1")
    verdict = journal.verify("01ABC")
    assert verdict is not None
    assert verdict.broken is None
    assert [s.host for s in verdict.in_flight] == ["web01"]


def test_an_export_round_trips(opened: Open) -> None:
    journal = whole(opened)
    begun(journal, "01DEF", app="other").append("01DEF", ev.Note("größer"))
    journal.request("01DEF", "pause", "me", reason="lunch")
    journal.keep_evidence("01DEF", "web01", {"exit": 2})
    journal.set_mark("shop", "v1", "aa", "bad", "", "me")
    lines = list(journal.export())
    rows = [json.loads(line) for line in lines]
    assert [r["record"] for r in rows] == [
        *("export", "rollout", "event", "event", "event", "step"),
        *("rollout", "event", "request", "evidence", "mark"),
    ]
    assert all("\n" not in line for line in lines)
    assert [r["event"]["event"] for r in rows if r["record"] == "event" and r["rollout"] == "01ABC"] == [
        "note",
        "host-changed",
        "rollout-ended",
    ]
    first, second = read_export(lines)
    assert (first.head["id"], second.head["id"]) == ("01ABC", "01DEF")
    assert first.steps == list(journal.steps("01ABC"))
    assert verify(first).broken is None
    assert verify(second).broken is None
    changed = [line.replace("größer", "kleiner") for line in lines]
    broken = verify(read_export(changed)[1]).broken
    assert broken is not None
    assert "not as it was written" in broken.what
    with pytest.raises(ValueError, match="line 2 is no line of an export"):
        read_export([lines[0], '{"x": 1}'])


def test_an_export_may_be_of_one_app_or_rollout(opened: Open) -> None:
    journal = whole(opened)
    begun(journal, "01DEF", app="other", fleet="g")
    journal.set_mark("other", "v1", "aa", "bad", "", "me")

    def ids(lines: object) -> list[str]:
        rows = [json.loads(line) for line in lines]  # type: ignore[attr-defined]
        return [str(r.get("id") or r["app"]) for r in rows if r["record"] in ("rollout", "mark")]

    assert ids(journal.export(app="shop")) == ["01ABC"]
    assert ids(journal.export(fleet="g")) == ["01DEF", "other"]
    assert ids(journal.export(rollout="01ABC", app="shop")) == ["01ABC"]


def test_what_is_old_is_forgotten_a_little_at_a_time(opened: Open) -> None:
    journal = opened()
    for i in range(5):
        begun(journal, f"01A{i}", conductor=f"C{i}").append(f"01A{i}", ev.Note("x"))
        journal.step_begin(f"01A{i}", "web01", 30, "activate", "C")
        journal.keep_evidence(f"01A{i}", "web01", {})
        journal.end(f"01A{i}", None if i == 1 else "succeeded", 0)
    later = datetime.now(UTC) + timedelta(days=200)
    day = 86400.0
    assert journal.forget(keep_s=180 * day) == (), "none is that old"
    assert journal.forget(keep_s=180 * day, now=later, limit=1) == ("01A0",)
    assert journal.forget(keep_s=180 * day, now=later) == ("01A2", "01A3"), "neither the open one nor the newest"
    assert [r.id for r in journal.rollouts()] == ["01A4", "01A1"]
    assert journal.events("01A0") == ()
    assert journal.steps("01A0") == ()
    assert journal.evidence("01A0") == ()
    assert journal.events("01A4")
