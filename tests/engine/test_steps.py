"""Record-or-run: begun, ended, found again by number, checked by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.steps import OtherVersion, Steps
from fleetdeploy.errors import ExitCode

NAMES = {10: "open", 20: "stage"}


def name_of(step: int) -> str:
    return NAMES.get(step, "")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal.sqlite3")
    yield made
    made.close()


def steps(journal: Journal, conductor: str = "C1") -> Steps:
    return Steps(journal, "R1", conductor, name_of)


def test_a_step_is_in_flight_until_its_end_is_written(journal: Journal) -> None:
    first = steps(journal)
    assert first.begin("web1", 10) is None
    assert [(s.host, s.name) for s in first.in_flight] == [("web1", "open")]
    first.end("web1", 10, {"token": 1})
    assert first.in_flight == ()
    assert first.result("web1", 10) == {"token": 1}
    assert first.result("web1", 20) is None


def test_another_conductor_reads_what_the_first_one_wrote(journal: Journal) -> None:
    first = steps(journal)
    first.begin("web1", 10)
    first.end("web1", 10, {"token": 1})
    first.begin("web1", 20)
    second = steps(journal, "C2")
    assert second.all == ()  # nothing is read unasked: a new rollout has nothing before it
    second.load()
    assert second.result("web1", 10) == {"token": 1}
    assert [(s.name, s.conductor) for s in second.in_flight] == [("stage", "C1")]


def test_what_is_done_again_is_in_flight_again(journal: Journal) -> None:
    first = steps(journal)
    first.begin("web1", 10)
    first.end("web1", 10, {"token": 1})
    second = steps(journal, "C2")
    second.load()
    before = second.begin("web1", 10)
    assert before is not None
    assert (before.conductor, before.result) == ("C1", {"token": 1})
    assert [s.conductor for s in second.in_flight] == ["C2"]
    third = steps(journal, "C3")
    third.load()
    assert [s.conductor for s in third.in_flight] == ["C2"]


def test_rollouts_do_not_see_each_other(journal: Journal) -> None:
    steps(journal).begin("web1", 10)
    other = Steps(journal, "R2", "C2", name_of)
    other.load()
    assert other.all == ()


@pytest.mark.parametrize(("number", "name"), [(10, "opened"), (30, "activate")])
def test_a_record_of_another_version_is_refused(journal: Journal, number: int, name: str) -> None:
    Steps(journal, "R1", "C0", lambda step: name).begin("web1", number)
    with pytest.raises(OtherVersion) as caught:
        steps(journal).load()
    error = caught.value
    assert error.exit_code is ExitCode.REFUSED
    assert "another version" in error.what
    assert repr(name) in error.what
    assert "web1" in error.what
    assert any("fleetdeploy rollback" in step for step in error.next_steps)


def test_the_name_is_checked_when_a_step_begins_too(journal: Journal) -> None:
    Steps(journal, "R1", "C0", lambda step: "opened").begin("web1", 10)
    with pytest.raises(OtherVersion):
        steps(journal).begin("web1", 10)
    assert [row.name for row in journal.steps("R1")] == ["opened"]  # and nothing was written over it
