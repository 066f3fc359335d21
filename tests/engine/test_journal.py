"""The journal: what is written comes back, in order, from another process's point of view."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fleetdeploy.engine.journal import Journal, state_dir
from fleetdeploy.errors import FleetdeployError
from fleetdeploy.model import events as ev
from fleetdeploy.model.run import Phase

HEAD = {
    "kind": "forward",
    "fleet": "f",
    "app": "shop",
    "version": "v1",
    "digest": "d",
    "undoes": "",
    "actor": "me",
    "conductor": "C1",
}


def begun(path: Path, rollout: str = "01ABC", **more: str) -> Journal:
    journal = Journal(path)
    journal.begin(rollout, plan={"a": 1}, **{**HEAD, **more})
    return journal


def test_events_come_back_in_order_with_their_envelope(tmp_path: Path) -> None:
    journal = begun(tmp_path / "deep" / "journal.sqlite3")
    first = journal.append("01ABC", ev.Note("one"))
    journal.begin("01OTHER", **HEAD, plan={})
    journal.append("01OTHER", ev.Note("not mine"))
    journal.append("01ABC", ev.PhaseChanged(Phase.STAGING))
    journal.close()
    again = Journal(tmp_path / "deep" / "journal.sqlite3")
    rows = again.events("01ABC")
    assert [r.event for r in rows] == [ev.Note("one"), ev.PhaseChanged(Phase.STAGING)]
    assert rows[0].to_json()["rollout"] == "01ABC"
    assert [r.event for r in again.events("01ABC", after=first)] == [ev.PhaseChanged(Phase.STAGING)]
    assert again.plan("01ABC") == {"a": 1}
    assert again.plan("nope") is None
    again.close()


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    journal = begun(tmp_path / "s" / "journal.sqlite3")
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    journal.close()


def test_the_end_and_a_new_conductor(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j.sqlite3")
    journal.end("01ABC", None, 130)
    row = journal.rollout("01ABC")
    assert row is not None
    assert (row.outcome, row.exit_code) == (None, 130)
    journal.begin(
        "01ABC",
        kind="forward",
        fleet="f",
        app="shop",
        version="v1",
        digest="d",
        undoes="",
        actor="me",
        conductor="C2",
        plan={"a": 2},
    )
    journal.claim("01ABC")
    row = journal.rollout("01abc")
    assert row is not None
    assert (row.conductor, row.exit_code, row.ended_at) == ("C2", None, None)
    assert journal.plan("01ABC") == {"a": 1}, "the plan is the one it began with"
    journal.close()


def test_finding_rollouts(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j.sqlite3", "01AAAX")
    journal.begin(
        "01AABY",
        kind="back",
        fleet="g",
        app="shop",
        version="v0",
        digest="d",
        undoes="01AAAX",
        actor="me",
        conductor="C",
        plan={},
    )
    assert [r.id for r in journal.rollouts()] == ["01AABY", "01AAAX"]
    assert [r.id for r in journal.rollouts(fleet="f")] == ["01AAAX"]
    assert journal.rollout("01AA") is None, "ambiguous"
    found = journal.rollout("aaax")
    assert found is not None
    assert found.id == "01AAAX"
    journal.close()


def test_a_request_is_handed_out_once(tmp_path: Path) -> None:
    conductor = begun(tmp_path / "j.sqlite3")
    person = Journal(tmp_path / "j.sqlite3")
    number = person.request("01ABC", "promote", "me")
    assert not person.was_taken(number)
    assert conductor.take_requests("nope") == ()
    assert [r.kind for r in conductor.take_requests("01ABC")] == ["promote"]
    assert conductor.take_requests("01ABC") == ()
    assert person.was_taken(number)
    person.close()
    conductor.close()


def test_a_place_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FleetdeployError) as failure:
        Journal(tmp_path / "file" / "j.sqlite3")
    assert "FLEETDEPLOY_STATE_DIR" in failure.value.next_steps[0]


def test_where_it_lies() -> None:
    assert state_dir({"FLEETDEPLOY_STATE_DIR": "/x", "HOME": "/h"}) == Path("/x")
    assert state_dir({"XDG_STATE_HOME": "/s", "HOME": "/h"}).name == "fleetdeploy"


def test_what_a_plan_covered_is_remembered(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite3")
    assert journal.kept_plan("abc") is None
    for i in range(60):
        journal.keep_plan(f"d{i}", {"n": i})
    journal.keep_plan("abc", {"hosts": {"a": 1}})
    assert journal.kept_plan("abc") == {"hosts": {"a": 1}}
    assert journal.kept_plan("d0") is None, "only the newest are kept"
    journal.close()


def test_a_step_is_written_before_and_after(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j.sqlite3")
    assert journal.step_begin("01ABC", "web01", 30, "activate", "C1") is None
    before = journal.step_begin("01ABC", "web01", 30, "activate", "C2")
    assert before is not None
    assert (before.conductor, before.ended, before.tries) == ("C1", False, 1)
    journal.step_end("01ABC", "web01", 30, {"outcome": "done"})
    stood = journal.step_begin("01ABC", "web01", 30, "activate", "C3")
    assert stood is not None
    assert (stood.result, stood.tries, stood.conductor) == ({"outcome": "done"}, 2, "C2")
    assert journal.steps("01ABC") == (stood,), "what has ended stays"
    other = journal.step_begin("01ABC", "web01", 30, "stage", "C3", again=True)
    assert other == stood
    assert journal.steps("01ABC") == (stood,), "and nothing is written over another name"
    journal.step_begin("01ABC", "web01", 30, "activate", "C3", again=True)
    assert [(s.ended, s.result, s.tries) for s in journal.steps("01ABC")] == [(False, None, 3)]
    journal.close()


def test_a_request_has_an_argument_a_reason_and_an_answer(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j.sqlite3")
    number = journal.request("01ABC", "exclude", "me@here", argument="web07", reason="disk")
    (taken,) = journal.take_requests("01ABC")
    assert (taken.id, taken.argument, taken.reason) == (number, "web07", "disk")
    assert journal.answer_of(number) is None
    journal.answer(number, False, "web07 is done already")
    answer = journal.answer_of(number)
    assert answer is not None
    assert (answer.accepted, answer.text) == (False, "web07 is done already")
    journal.close()


def test_marks_and_evidence(tmp_path: Path) -> None:
    journal = begun(tmp_path / "j.sqlite3")
    journal.set_mark("shop", "v1", "aa", "bad", "rolled back", "me")
    journal.set_mark("shop", "v1", "aa", "good", "was the database", "you")
    journal.set_mark("other", "v1", "aa", "bad", "", "me")
    assert [(m.version, m.mark, m.actor) for m in journal.marks("shop")] == [("v1", "good", "you")]
    journal.keep_evidence("01ABC", "web01", {"log": ["größer"]})
    journal.keep_evidence("01ABC", "web02", {"log": []})
    assert [e.data for e in journal.evidence("01ABC", "web01")] == [{"log": ["größer"]}]
    assert [e.host for e in journal.evidence("01ABC")] == ["web01", "web02"]
    journal.close()
