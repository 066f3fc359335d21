"""A store that makes no sense, or breaks while it is asked: what needs none goes on; what needs one says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleetdeploy.app import control, going_on
from fleetdeploy.app.open_entries import OpenRollout
from fleetdeploy.app.recorded import open_journal
from fleetdeploy.app.settling import settle_from_hosts
from fleetdeploy.app.workspace import Workspace
from fleetdeploy.engine.journal import Journal
from fleetdeploy.engine.store.trouble import store_error
from fleetdeploy.errors import FleetdeployError, Refused, StoreError, StoreTrouble, UsageError
from fleetdeploy.model.host import Fleet
from fleetdeploy.model.verbs import Actor, AppRef

WORKSPACE = Workspace(Path("."), None, Fleet("prod", ()), (), AppRef("shop", "", ""))
ACTOR = Actor("eva", "laptop", 1)


@pytest.fixture
def nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETDEPLOY_STORE", "mysql://u:pw@x/y")


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """A store with a rollout that runs on another machine, as far as it knows."""
    monkeypatch.delenv("FLEETDEPLOY_STORE", raising=False)
    monkeypatch.setenv("FLEETDEPLOY_STATE_DIR", str(tmp_path))
    made = Journal.default()
    head = {"kind": "forward", "fleet": "prod", "app": "shop", "version": "v1", "digest": "d", "undoes": ""}
    made.begin("01R1", **head, actor="otto@elsewhere", conductor="C", plan={"of": "another version"})
    made.close()
    return made


@pytest.mark.usefixtures("nonsense")
def test_a_variable_that_names_no_store_is_in_no_way_backs_way() -> None:
    journal = open_journal(required=False)
    assert "FLEETDEPLOY_STORE" in journal.why_not_kept
    journal.close()
    settle_from_hosts(WORKSPACE, {})
    assert control.ask_by_store(WORKSPACE, "", "abort-rollback", ACTOR) is None
    with pytest.raises(UsageError):
        open_journal()


@pytest.mark.usefixtures("journal")
def test_a_store_that_cannot_be_written_leaves_the_question_to_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*values: object, **named: object) -> int:
        raise store_error(StoreTrouble.FULL, "there")

    monkeypatch.setattr(Journal, "request", full)
    assert control.ask_by_store(WORKSPACE, "", "abort-rollback", ACTOR) is None
    with pytest.raises(Refused, match="takes no requests from this machine's store") as refused:
        control.ask_conductor(OpenRollout("01R1", alive=True), "abort-rollback", ACTOR)
    assert "no room left" in refused.value.why[0]
    assert any("--take-over" in step for step in refused.value.next_steps)


@pytest.mark.usefixtures("journal")
@pytest.mark.parametrize("broken", [False, True], ids=["another version's plan", "store away"])
def test_an_end_needs_no_plan_that_can_be_read(broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*values: object) -> None:
        raise store_error(StoreTrouble.UNREACHABLE, "there")

    if broken:
        monkeypatch.setattr(Journal, "rollout", away)
    found = OpenRollout("01R1")
    assert going_on._plan_of(found, None, needed=False) is None
    with pytest.raises(FleetdeployError) as failure:
        going_on._plan_of(found, None, needed=True)
    assert isinstance(failure.value, StoreError if broken else Refused)
    assert failure.value.exit_code == 6
